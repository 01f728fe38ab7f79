"""Verify tokens as API Gateway's Cognito authorizer does, against the embedded user pool.

Unlike the authorizer in AWS this one also refuses access tokens: the application does so anyway,
and here nothing is gained by waiting for it.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import jwt

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.edge.problems import Unauthenticated

REQUIRED = ["sub", "iss", "aud", "exp", "iat", "token_use"]
MAX_TOKEN_LENGTH = 16 * 1024
REFETCH_SECONDS = 10.0
_BEARER = re.compile(r"(?:bearer +)?([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)", re.I)
_TIMES = ("exp", "iat", "nbf")

Jwks = Mapping[str, Any]


class KeyRing:
    """A user pool's public keys by id, fetched when an unknown one is met, but not at any rate."""

    def __init__(
        self, fetch: Callable[[], Jwks | None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`fetch` returns the pool's JWKS document; None while it can't be had."""
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._guard = threading.Lock()

    def key(self, key_id: str) -> jwt.PyJWK | None:
        """Return a key; `StoreUnavailable` while no key at all could be fetched."""
        with self._guard:
            if key_id not in self._keys and self._may_fetch():
                self._fetched_at = self._clock()
                self._keys = _usable(self._fetch() or {}) or self._keys
            if not self._keys:
                self._fetched_at = float("-inf")
                raise StoreUnavailable("The user pool's keys can't be read.")
            return self._keys.get(key_id)

    def _may_fetch(self) -> bool:
        return self._clock() - self._fetched_at >= REFETCH_SECONDS


class Bearers:
    """Whom an ``Authorization`` header speaks for."""

    def __init__(self, issuer: str, client_id: str, keys: KeyRing) -> None:
        """Accept ID tokens of one pool, made for one of its clients."""
        self._issuer = issuer
        self._client_id = client_id
        self._keys = keys

    def claims(self, header: str) -> dict[str, str]:
        """Return an ID token's claims as API Gateway passes them on; else `Unauthenticated`."""
        found = _BEARER.fullmatch(header.strip()) if len(header) <= MAX_TOKEN_LENGTH else None
        if found is None:
            raise Unauthenticated("Send an ID token in the Authorization header.")
        claims = self._verified(found[1])
        if claims.get("token_use") != "id":
            raise Unauthenticated("Send the ID token, not another one.")
        return {name: _as_text(name, value) for name, value in claims.items()}

    def _verified(self, token: str) -> dict[str, Any]:
        try:
            key = self._keys.key(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise Unauthenticated("The token is not signed by our user pool.")
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=self._client_id,
                issuer=self._issuer,
                options={"require": REQUIRED, "strict_aud": True},
            )
        except jwt.ExpiredSignatureError as error:
            raise Unauthenticated("The token has expired.") from error
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise Unauthenticated("The token is not valid.") from error
        return claims


def _usable(jwks: Jwks) -> dict[str, jwt.PyJWK]:
    found = jwks.get("keys")
    entries = found if isinstance(found, list) else []
    return {entry["kid"]: jwt.PyJWK(entry, algorithm="RS256") for entry in entries}


def _as_text(name: str, value: Any) -> str:
    """Write a claim the way API Gateway does, for instance ``Sat Nov 21 03:00:00 UTC 2026``."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(str, value))
    if name in _TIMES and isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
    return str(value)
