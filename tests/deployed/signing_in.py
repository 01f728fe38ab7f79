"""Sign in as a browser does: the pages, the code, the proof that the code is ours (RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.users import USERS
from tests.deployed.emulated_aws import EmulatedAws

SCOPE = "openid email profile"
STRANGERS = ("nobody", "a liar", "a forger", "an optimist")
"""Who is not let in: see `strangers`."""
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass(frozen=True)
class SignIn:
    """The sign-in pages of one user pool, for one client."""

    aws: EmulatedAws
    client_id: str
    redirect_uri: str

    def tokens(self, user: str) -> Mapping[str, str]:
        """Return what a demo user's browser gets: `id_token`, `access_token`, `refresh_token`."""
        verifier = secrets.token_urlsafe(48)
        code = self._code(user, verifier)
        form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        status, _, body = self._redeem(form)
        assert status == 200, (status, body)
        tokens: Mapping[str, str] = json.loads(body)
        return tokens

    def refused(self, user: str) -> Any:
        """Return what a code is answered with that somebody else redeems."""
        code = self._code(user, secrets.token_urlsafe(48))
        form = {"grant_type": "authorization_code", "code": code}
        _, _, body = self._redeem({**form, "code_verifier": secrets.token_urlsafe(48)})
        return json.loads(body)

    def _code(self, user: str, verifier: str) -> str:
        digest = hashlib.sha256(verifier.encode()).digest()
        state = secrets.token_urlsafe(16)
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPE,
            "state": state,
            "nonce": secrets.token_urlsafe(16),
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        status, _, page = self.aws.request("GET", f"/oauth2/authorize?{urlencode(query)}")
        assert status == 200, (status, page)
        hidden = dict(_HIDDEN.findall(page.decode()))
        form = {**hidden, "username": user, "password": USERS[user].password(user)}
        status, headers, page = self.aws.request("POST", "/login", form)
        assert status == 302, (status, page)
        back = urlsplit(headers["Location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == self.redirect_uri
        answer = parse_qs(back.query)
        assert answer["state"] == [state]
        return answer["code"][0]

    def _redeem(self, form: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        client = {"client_id": self.client_id, "redirect_uri": self.redirect_uri}
        return self.aws.request("POST", "/oauth2/token", {**form, **client})


def forged(token: str) -> str:
    """Return the same claims and key id, signed with a key that is not the pool's."""
    ours = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, ours, "RS256", headers={"kid": _key_id(token)})


def unsigned(token: str) -> str:
    """Return the same claims, signed by nobody."""
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, None, "none", headers={"kid": _key_id(token)})


def strangers(token: str) -> Mapping[str, str | None]:
    """Return what people send who are not let in; whoever had this token was."""
    return {
        "nobody": None,
        "a liar": "not-a-token",
        "a forger": forged(token),
        "an optimist": unsigned(token),
    }


def _key_id(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])
