"""Lets people of GitHub in: an OpenID provider in front of GitHub's OAuth, without a memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from typing import Any

from chalicelib.domain import sign_in
from chalicelib.domain.channels import Account, ChannelName, HttpRequest, Response, Step
from chalicelib.domain.errors import ChannelError, NotFound
from chalicelib.domain.ports import Clock, Secrets, Signer, TokenKey
from chalicelib.domain.sign_in import LIFETIME, Ask, Client, Declined, OAuthError, Person
from chalicelib.services.conversing import Conversing

GITHUB = ChannelName("github")
"""Under this name a stand-in may be configured, like a channel's."""
AUTHORIZE = "https://github.com/login/oauth/authorize"
EXCHANGE = "https://github.com/login/oauth/access_token"
USER = "https://api.github.com/user"
EMAILS = "https://api.github.com/user/emails"
WANTED = "read:user user:email"
API_VERSION = "2022-11-28"
"""docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps and
/en/rest/users/emails, 2026-11-21."""
REUSED = "bad_verification_code"
STATE, CODE, ACCESS = "github state", "github code", "github access"
"""What a signed text is good for, so that none passes for another."""


class SigningIn:
    """The provider's six doors. All are closed (`NotFound`) while no secret is configured."""

    def __init__(
        self,
        *,
        secret_name: str,
        issuer: str,
        redirect_uri: str,
        secrets: Secrets,
        signer: Signer,
        key: Callable[[], TokenKey],
        conversing: Conversing,
        clock: Clock,
    ) -> None:
        """`issuer` is our own address, `redirect_uri` where the user pool takes codes."""
        self._secret_name = secret_name
        self._issuer = issuer
        self._redirect_uri = redirect_uri
        self._secrets = secrets
        self._signer = signer
        self._key = key
        self._conversing = conversing
        self._clock = clock

    def require_open(self) -> None:
        """Raise `NotFound` while nobody is to sign in with GitHub."""
        self._registered()

    def configuration(self) -> Mapping[str, Any]:
        """Return where everything is."""
        self.require_open()
        return sign_in.configuration(self._issuer)

    def keys(self) -> Mapping[str, Any]:
        """Return what our ID tokens are verified with."""
        self.require_open()
        return {"keys": [self._key().public().published()]}

    def authorize(self, given: Mapping[str, str]) -> str:
        """Return where a person goes next: to GitHub, or back with what is wrong."""
        client = self._registered()
        try:
            ask = sign_in.asked(given, client)
        except Declined as error:
            return self._back(error)
        held = {"state": ask.state, "nonce": ask.nonce, "challenge": ask.challenge}
        return sign_in.with_parameters(
            AUTHORIZE,
            client_id=client.id,
            redirect_uri=self._callback,
            scope=WANTED,
            state=self._sealed(STATE, held),
        )

    def callback(self, given: Mapping[str, str]) -> str:
        """Return where a person goes that GitHub sent back: to the user pool, with our code."""
        self.require_open()
        held = self._opened(STATE, given.get("state", ""))
        if held is None:
            raise OAuthError("invalid_request", "This took too long. Start to sign in again.")
        ask = Ask(**held)
        try:
            code = sign_in.agreed(given, ask)
        except Declined as error:
            return self._back(error)
        ours = self._sealed(CODE, {"code": code, "nonce": ask.nonce, "challenge": ask.challenge})
        return sign_in.with_parameters(self._redirect_uri, code=ours, state=ask.state)

    def token(self, given: Mapping[str, str], client_id: str, secret: str) -> Mapping[str, Any]:
        """Return an ID token for a code, once; `OAuthError` says what is wrong with it."""
        client = self._registered()
        sign_in.require_client(client_id, secret, client)
        held = self._opened(CODE, sign_in.require_exchange(given, client))
        if held is None:
            raise OAuthError("invalid_grant", "The code is not ours, or has expired.")
        sign_in.require_verifier(held["challenge"], given.get("code_verifier", ""))
        who = self._introduced(held["code"], client)
        ask = Ask(nonce=held["nonce"])
        said = sign_in.claims(
            who, ask, issuer=self._issuer, audience=client.id, now=self._clock.now()
        )
        key = self._key()
        part = sign_in.unsigned(said, key.public())
        return {
            "id_token": sign_in.signed(part, key.sign(part.encode())),
            "access_token": self._sealed(ACCESS, sign_in.described(who)),
            "token_type": "Bearer",
            "expires_in": int(LIFETIME.total_seconds()),
            "scope": " ".join(sign_in.SCOPES),
        }

    def user(self, access_token: str) -> Mapping[str, Any]:
        """Return who an access token is about; `OAuthError` for any other text."""
        self.require_open()
        found = self._opened(ACCESS, access_token)
        if found is None:
            raise OAuthError("invalid_token", "The token is not ours, or has expired.", 401)
        return found

    @property
    def _callback(self) -> str:
        return f"{self._issuer}/callback"

    def _registered(self) -> Client:
        fields = self._secrets.read(self._secret_name) if self._secret_name else {}
        if not fields.get("client_id") or not fields.get("client_secret"):
            raise NotFound("Nobody signs in with GitHub here.")
        return Client(fields["client_id"], fields["client_secret"], self._redirect_uri)

    def _back(self, error: Declined) -> str:
        return sign_in.with_parameters(
            self._redirect_uri,
            error=error.code,
            error_description=error.detail,
            state=error.state,
        )

    def _introduced(self, code: str, client: Client) -> Person:
        account = Account(channel=GITHUB, settings={}, secrets={}, api_version="")
        try:
            found = self._conversing.hold(_introduction(code, client, self._callback), account)
        except ChannelError as error:
            raise OAuthError("temporarily_unavailable", "GitHub does not answer.", 503) from error
        if isinstance(found, OAuthError):
            raise found
        return found

    def _sealed(self, purpose: str, held: Mapping[str, Any]) -> str:
        until = (self._clock.now() + LIFETIME).timestamp()
        return self._signer.sign(purpose, json.dumps([until, held], separators=(",", ":")))

    def _opened(self, purpose: str, token: str) -> dict[str, Any] | None:
        value = self._signer.verify(purpose, token)
        if value is None:
            return None
        until, held = json.loads(value)
        return held if until > self._clock.now().timestamp() else None


def _introduction(
    code: str, client: Client, callback: str
) -> Generator[Step, Response, Person | OAuthError]:
    """Have GitHub say who agreed. GitHub answers 200 also where it refuses a code."""
    form = {
        "client_id": client.id,
        "client_secret": client.secret,
        "code": code,
        "redirect_uri": callback,
    }
    accept = {"Accept": "application/json"}
    answer = yield HttpRequest("POST", EXCHANGE, headers=accept, form=form)
    granted = answer.json()
    token = granted.get("access_token")
    if not isinstance(token, str) or not token:
        if granted.get("error") == REUSED:
            return OAuthError("invalid_grant", "The code was used before, or has expired.")
        return OAuthError("server_error", "GitHub refuses our application.", 502)
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {token}",
        "X-GitHub-Api-Version": API_VERSION,
    }
    user = yield HttpRequest("GET", USER, headers=headers)
    emails = yield HttpRequest("GET", EMAILS, headers=headers)
    who = sign_in.person(user.json(), emails.json())
    if who is None:
        return OAuthError(
            "invalid_grant", "The GitHub account has no primary address that is verified."
        )
    return who
