"""GitHub's three endpoints for an OAuth application, and a key that signs as KMS would.

As docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps describes them,
2026-11-21: the exchange of a code answers 200 also where it refuses it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.domain.channels import Account, AwsCall, HttpRequest, Response
from chalicelib.domain.sign_in import PublicKey

APPLICATION = {"client_id": "Iv1.ours", "client_secret": "hush"}
ADA: Mapping[str, Any] = {"id": 1815, "login": "ada", "name": "Ada Lovelace", "email": None}
EMAILS: tuple[Mapping[str, Any], ...] = (
    {"email": "old@example.org", "primary": False, "verified": True, "visibility": None},
    {"email": "ada@example.org", "primary": True, "verified": True, "visibility": "private"},
)


@dataclass
class GitHub:
    """Knows one person, and every code until it is used."""

    user: Any = field(default_factory=lambda: dict(ADA))
    emails: Any = field(default_factory=lambda: list(EMAILS))
    application: Mapping[str, str] = field(default_factory=lambda: dict(APPLICATION))
    codes: set[str] = field(default_factory=lambda: {"abc123"})
    error: Exception | None = None
    asked: list[HttpRequest] = field(default_factory=list)

    def perform(
        self, step: HttpRequest | AwsCall, account: Account, until: object = None
    ) -> Response:
        """Answer as GitHub does."""
        assert isinstance(step, HttpRequest)
        self.asked.append(step)
        if self.error is not None:
            raise self.error
        address = urlsplit(step.url)
        match (step.method, address.netloc, address.path):
            case ("POST", "github.com", "/login/oauth/access_token"):
                return _said(self._exchange(step.form or {}))
            case ("GET", "api.github.com", "/user"):
                return self._known(step, self.user)
            case ("GET", "api.github.com", "/user/emails"):
                return self._known(step, self.emails)
        return _said({"message": "Not Found"}, 404)

    def _exchange(self, form: Mapping[str, Any]) -> Mapping[str, str]:
        given = {name: form.get(name) for name in self.application}
        if given != dict(self.application):
            return {"error": "incorrect_client_credentials"}
        if form["code"] not in self.codes:
            return {"error": "bad_verification_code"}
        self.codes.remove(form["code"])
        return {
            "access_token": "gho_token",
            "scope": "read:user,user:email",
            "token_type": "bearer",
        }

    def _known(self, step: HttpRequest, value: Any) -> Response:
        if step.headers.get("Authorization") != "Bearer gho_token":
            return _said({"message": "Bad credentials"}, 401)
        return _said(value)


def _said(value: Any, status: int = 200) -> Response:
    return Response(status, body=json.dumps(value).encode())


class FakeKey:
    """Signs like KMS, with a key of its own."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature of RS256."""
        return _pair().sign(data, padding.PKCS1v15(), SHA256())

    def public(self) -> PublicKey:
        """Return what proves the signatures."""
        numbers = _pair().public_key().public_numbers()
        return PublicKey(numbers.n, numbers.e)


def der() -> bytes:
    """Return the public key as KMS gives it out."""
    return _pair().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@cache
def _pair() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
