"""Tell the product what happened on a platform, the way the platform would."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

PATIENCE_SECONDS = 10


@dataclass(frozen=True)
class Told:
    """One call to the product: where its door is, and what is said there."""

    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Writable(Protocol):
    """A stand-in whose platform tells the product what people write."""

    def hear(self, number: str, text: str) -> Told:
        """Take a person's words to the account, and return what the product is told of them."""


def tell(api: str, told: Told) -> int | None:
    """Call the product once; return the status of its answer, None without one."""
    address = urlsplit(api)
    connection = http.client.HTTPConnection(
        str(address.hostname), address.port, timeout=PATIENCE_SECONDS
    )
    try:
        connection.request("POST", told.path, told.body, dict(told.headers))
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return answer.status
