"""The key that signs our ID tokens: in KMS, which never gives it away."""

from __future__ import annotations

from functools import cached_property
from hashlib import sha256
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.sign_in import PublicKey

ALGORITHM = "RSASSA_PKCS1_V1_5_SHA_256"
"""KMS's name of RS256."""


class KmsKey:
    """Implements `ports.TokenKey`."""

    def __init__(self, client: Any, key_id: str) -> None:
        self._client = client
        self._key_id = key_id

    def sign(self, data: bytes) -> bytes:
        """Return the signature of RS256."""
        answer = self._call(
            "sign",
            Message=sha256(data).digest(),
            MessageType="DIGEST",
            SigningAlgorithm=ALGORITHM,
        )
        signature: bytes = answer["Signature"]
        return signature

    def public(self) -> PublicKey:
        """Return what proves the signatures; asked for once."""
        return self._public

    @cached_property
    def _public(self) -> PublicKey:
        return public_key(self._call("get_public_key")["PublicKey"])

    def _call(self, operation: str, **params: object) -> Any:
        try:
            return getattr(self._client, operation)(KeyId=self._key_id, **params)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable("The key of ID tokens can't be used.") from error


def public_key(der: bytes) -> PublicKey:
    """Return the RSA key in a SubjectPublicKeyInfo (RFC 5280, RFC 8017).

    SEQUENCE { SEQUENCE { algorithm }, BIT STRING { 0, SEQUENCE { modulus, exponent } } }
    """
    _, rest = _element(_element(der)[0])
    bits, _ = _element(rest)
    modulus, rest = _element(_element(bits[1:])[0])
    exponent, _ = _element(rest)
    return PublicKey(int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big"))


def _element(der: bytes) -> tuple[bytes, bytes]:
    """Return what the first element holds, and what follows it."""
    length, start = der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start], "big")
    return der[start : start + length], der[start + length :]
