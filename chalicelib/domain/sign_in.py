"""Sign-in with GitHub as an OpenID provider would do it: what is asked, proved and said.

GitHub speaks OAuth 2 for people, and no OpenID Connect, which a Cognito user pool needs:

    Cognito ── authorize ──▶ we ── state ──▶ GitHub ── a person agrees ──┐
       ◀────── our code ──── we ◀─────────── GitHub's code ──────────────┘
       ── token, our code ─▶ we ── GitHub's code, who is it ──▶ GitHub
       ◀────── ID token ──── we

Nothing is stored. State and code carry, signed, what has to be known later, for `LIFETIME`; a code
is good for once because GitHub's own, which is in it, is.

RFC 6749 (OAuth 2.0), RFC 7636 (PKCE), RFC 7638 (key ids) and OpenID Connect Core 1.0, 2026-11-21.
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

LIFETIME = timedelta(minutes=10)
"""Of what people need to agree, and of what is proved by it; GitHub's own codes last as long."""
LONGEST_PARAMETER = 4096
SCOPES = ("openid", "email", "profile")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_GITHUB_CODE = re.compile(r"[A-Za-z0-9_-]{1,128}")
_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,253}")
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f]")


class OAuthError(Exception):
    """A refusal in OAuth's own words; `code` is one of those that its standards name."""

    def __init__(self, code: str, detail: str, status: int = 400) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status


class Declined(OAuthError):
    """A refusal that goes back to who asked, with its state: it proved to be our client."""

    def __init__(self, code: str, detail: str, state: str) -> None:
        super().__init__(code, detail)
        self.state = state


@dataclass(frozen=True, slots=True)
class Client:
    """The one client there is, the user pool. It has the credentials of our application at GitHub.

    So one secret is kept, and whoever knows it could ask GitHub anyway.
    """

    id: str
    secret: str = field(repr=False)
    redirect_uri: str
    """Where the user pool takes codes."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What the client wants back: its state, its nonce, and what its verifier must match."""

    state: str = ""
    nonce: str = ""
    challenge: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in, as GitHub says."""

    id: str
    login: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What proves our signatures: an RSA key's modulus and exponent."""

    modulus: int
    exponent: int

    @property
    def fields(self) -> Mapping[str, str]:
        """Return the members of the key that every JSON Web Key of it has."""
        return {"e": _number(self.exponent), "kty": "RSA", "n": _number(self.modulus)}

    @property
    def id(self) -> str:
        """Return the key's thumbprint."""
        return _text(sha256(_json(self.fields)).digest())

    def published(self) -> Mapping[str, str]:
        """Return the key as others fetch it."""
        return {**self.fields, "kid": self.id, "alg": "RS256", "use": "sig"}


def asked(given: Mapping[str, str], client: Client) -> Ask:
    """Return what an authorization request asks for.

    `OAuthError` where the address to send people back to can't be trusted, `Declined` for the rest.
    """
    _check_sizes(given)
    if given.get("client_id") != client.id:
        raise OAuthError("unauthorized_client", "There is no such client.")
    if given.get("redirect_uri") != client.redirect_uri:
        raise OAuthError("invalid_request", "The redirect_uri is not the one that is registered.")
    state, challenge = given.get("state", ""), given.get("code_challenge", "")
    is_hashed = given.get("code_challenge_method") == "S256" and _CHALLENGE.fullmatch(challenge)
    for code, detail, holds in (
        (
            "unsupported_response_type",
            "The response_type is code.",
            given.get("response_type") == "code",
        ),
        ("invalid_scope", "The scope has openid.", "openid" in given.get("scope", "").split()),
        ("invalid_request", "A code_challenge is hashed by S256.", not challenge or is_hashed),
    ):
        if not holds:
            raise Declined(code, detail, state)
    return Ask(state, given.get("nonce", ""), challenge)


def agreed(given: Mapping[str, str], ask: Ask) -> str:
    """Return the code that GitHub sends people back with; `Declined` if they did not agree."""
    if "error" in given:
        raise Declined("access_denied", "GitHub was not allowed to say who it is.", ask.state)
    code = given.get("code", "")
    if not _GITHUB_CODE.fullmatch(code):
        raise Declined("server_error", "GitHub sent no code.", ask.state)
    return code


def require_client(client_id: str, secret: str, client: Client) -> None:
    """Raise `OAuthError` unless these are the client's credentials."""
    given, known = f"{client_id}\x00{secret}", f"{client.id}\x00{client.secret}"
    if not hmac.compare_digest(given.encode(errors="replace"), known.encode()):
        raise OAuthError("invalid_client", "The client's credentials are wrong.", 401)


def require_exchange(given: Mapping[str, str], client: Client) -> str:
    """Return the code that a token request brings; `OAuthError` unless it is one at all."""
    _check_sizes(given)
    if given.get("grant_type") != "authorization_code":
        raise OAuthError("unsupported_grant_type", "The grant_type is authorization_code.")
    if given.get("redirect_uri") != client.redirect_uri:
        raise OAuthError("invalid_grant", "The code was made for another redirect_uri.")
    return given.get("code", "")


def require_verifier(challenge: str, verifier: str) -> None:
    """Raise `OAuthError` unless the verifier is what the challenge was made of."""
    if not challenge:
        return
    made = _text(sha256(verifier.encode(errors="replace")).digest())
    if not _VERIFIER.fullmatch(verifier) or not hmac.compare_digest(made, challenge):
        raise OAuthError("invalid_grant", "The code_verifier does not match.")


def person(user: Any, emails: Any) -> Person | None:
    """Return whom GitHub describes; None without an id or a primary address that is verified."""
    if not isinstance(user, Mapping) or not isinstance(emails, list):
        return None
    number, login = user.get("id"), user.get("login")
    address = next(filter(None, map(_proven_address, emails)), None)
    if not isinstance(number, int) or isinstance(number, bool) or number < 1 or address is None:
        return None
    login = _line(login)
    return Person(str(number), login, _line(user.get("name")) or login, address)


def _proven_address(entry: Any) -> str | None:
    if not isinstance(entry, Mapping):
        return None
    address = entry.get("email")
    is_proven = entry.get("primary") is True and entry.get("verified") is True
    return address if is_proven and isinstance(address, str) and _EMAIL.fullmatch(address) else None


def described(who: Person) -> Mapping[str, Any]:
    """Return what is said of a person, in an ID token or when asked."""
    return {
        "sub": who.id,
        "name": who.name,
        "preferred_username": who.login,
        "email": who.email,
        "email_verified": True,
    }


def claims(who: Person, ask: Ask, *, issuer: str, audience: str, now: datetime) -> dict[str, Any]:
    """Return what an ID token says."""
    issued = int(now.timestamp())
    said = {
        "iss": issuer,
        "aud": audience,
        "iat": issued,
        "exp": issued + int(LIFETIME.total_seconds()),
        **described(who),
    }
    return {**said, "nonce": ask.nonce} if ask.nonce else said


def unsigned(said: Mapping[str, Any], key: PublicKey) -> str:
    """Return the part of a token that is signed."""
    header = {"alg": "RS256", "kid": key.id, "typ": "JWT"}
    return f"{_text(_json(header))}.{_text(_json(said))}"


def signed(part: str, signature: bytes) -> str:
    """Return the whole token."""
    return f"{part}.{_text(signature)}"


def configuration(issuer: str) -> Mapping[str, Any]:
    """Return what OpenID Connect Discovery 1.0 tells of the provider."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": list(SCOPES),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": [*described(Person("", "", "", "")), "nonce"],
    }


def with_parameters(address: str, **given: str) -> str:
    """Return an address with parameters; those that are empty are left out."""
    return f"{address}?{urlencode({name: text for name, text in given.items() if text})}"


def _check_sizes(given: Mapping[str, str]) -> None:
    for name, text in given.items():
        if max(len(name), len(text)) > LONGEST_PARAMETER:
            detail = f"A parameter has at most {LONGEST_PARAMETER} characters."
            raise OAuthError("invalid_request", detail)


def _line(value: Any) -> str:
    """Return a text as one line of at most 100 characters; empty if it is none."""
    return _INVISIBLE.sub("", value)[:100].strip() if isinstance(value, str) else ""


def _number(value: int) -> str:
    return _text(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True).encode()


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
