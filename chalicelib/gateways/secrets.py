"""Platform credentials in Secrets Manager, cached briefly; and the key of our own signatures."""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from hashlib import sha256
from threading import Lock
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import StoreUnavailable

CACHE_SECONDS = 60.0
"""How long a secret is given out to those who can't tell whether it was replaced."""
ACCOUNT_SECONDS = 3600.0
"""The same for those who know the account's version, which each replacement changes: only what
somebody changed past the application stays unseen, until the platform refuses what was kept."""
MAC_CHARACTERS = 22
"""How many characters the proof at the end of a token takes: 16 bytes in base64."""


class SecretsManager:
    """Implements `ports.Secrets`: one secret per name under a prefix, a JSON object of texts."""

    def __init__(self, client: Any, prefix: str, monotonic: Callable[[], float]) -> None:
        self._client = client
        self._prefix = prefix
        self._monotonic = monotonic
        self._cache: dict[tuple[str, int | None], tuple[float, Mapping[str, str]]] = {}
        self._lock = Lock()

    def read(
        self, name: str, *, version: int | None = None, fresh: bool = False
    ) -> Mapping[str, str]:
        """Return a secret's fields; empty if there is none.

        They are at most a minute old; or, for a `version`, as that version of the account found
        them within the hour. What is fetched afresh takes the place of all that was kept.
        """
        lifetime = CACHE_SECONDS if version is None else ACCOUNT_SECONDS
        with self._lock:
            held = self._cache.get((name, version))
        if held is not None and not fresh and self._monotonic() - held[0] < lifetime:
            return held[1]
        fields = self._fetch(name)
        self._keep(name, fields, version)
        return fields

    def write(self, name: str, fields: Mapping[str, str]) -> None:
        """Store a secret, replacing what was there."""
        if not self.create(name, fields):
            self._call("put_secret_value", SecretId=self._id(name), SecretString=json.dumps(fields))
            self._keep(name, fields)

    def create(self, name: str, fields: Mapping[str, str]) -> bool:
        """Store a secret that must not exist yet; False if it does."""
        try:
            self._client.create_secret(Name=self._id(name), SecretString=json.dumps(dict(fields)))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ResourceExistsException":
                return False
            raise StoreUnavailable("The secret can't be stored.") from error
        except BotoCoreError as error:
            raise StoreUnavailable("The secret store did not answer.") from error
        self._keep(name, fields)
        return True

    def _fetch(self, name: str) -> Mapping[str, str]:
        try:
            answer = self._client.get_secret_value(SecretId=self._id(name))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
                return {}
            raise StoreUnavailable("The secret can't be read.") from error
        except BotoCoreError as error:
            raise StoreUnavailable("The secret store did not answer.") from error
        fields: Mapping[str, str] = json.loads(answer["SecretString"])
        return fields

    def _call(self, operation: str, **params: object) -> None:
        try:
            getattr(self._client, operation)(**params)
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable("The secret can't be stored.") from error

    def _keep(self, name: str, fields: Mapping[str, str], version: int | None = None) -> None:
        with self._lock:
            for known in [known for known in self._cache if known[0] == name]:
                del self._cache[known]
            self._cache[name, version] = (self._monotonic(), dict(fields))

    def _id(self, name: str) -> str:
        return f"{self._prefix}/{name}"


class KeyStore(Protocol):
    """Where the signing key lives."""

    def read(self, name: str, *, fresh: bool = False) -> Mapping[str, str]: ...
    def create(self, name: str, fields: Mapping[str, str]) -> bool: ...


class HmacSigner:
    """Implements `ports.Signer`; its key is made once and kept as the secret ``signing``."""

    NAME = "signing"

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys
        self._key: bytes | None = None

    def opaque(self, *parts: str) -> str:
        """Return 26 letters and digits, stable for the same parts."""
        text = base64.b32encode(self._mac("opaque", *parts)[:16])
        return text.decode().rstrip("=").lower()

    def sign(self, purpose: str, value: str) -> str:
        """Return letters, digits, ``-`` and ``_`` that carry the value and prove it is ours."""
        mac = self._mac("sign", purpose, value)[:16]
        return f"{_text(value.encode())}{_text(mac)}"

    def verify(self, purpose: str, token: str) -> str | None:
        """Return the signed value; None for anything else, another spelling of it included."""
        try:
            value = _bytes(token[:-MAC_CHARACTERS]).decode()
        except ValueError:
            return None
        made, given = self.sign(purpose, value).encode(), token.encode(errors="replace")
        return value if hmac.compare_digest(made, given) else None

    def _mac(self, *parts: str) -> bytes:
        text = "\x00".join(parts)
        return hmac.new(self._signing_key(), text.encode(), sha256).digest()

    def _signing_key(self) -> bytes:
        if self._key is None:
            kept = self._keys.read(self.NAME)
            if "key" not in kept:
                made = {"key": secrets.token_hex(32)}
                kept = made if self._keys.create(self.NAME, made) else {}
            if "key" not in kept:
                kept = self._keys.read(self.NAME, fresh=True)
            self._key = bytes.fromhex(kept["key"])
        return self._key


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
