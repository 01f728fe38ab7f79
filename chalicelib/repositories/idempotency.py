"""Answers by idempotency key.

    unused ─reserve→ running (60 s) ─complete→ answered (48 h) ─→ unused
      │                 └─release, or its time runs out→ unused
      └─keeping, in the transaction of what the answer speaks of→ answered

Expiry is checked here: DynamoDB removes expired items only some time later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.domain.errors import IdempotencyMismatch, StillRunning
from chalicelib.domain.instants import format_instant
from chalicelib.domain.ports import Clock, Once, OnceTaken, StoredResponse
from chalicelib.repositories import schema
from chalicelib.repositories.codec import pack, unpack
from chalicelib.repositories.items import Attributes, keyed
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import NEW, Absent, AnyOf, AtMost, Delete, Put, Write

KEPT = timedelta(hours=48)
LEASE = timedelta(seconds=60)
ANSWER, DIGEST, EXPIRES_AT = "answer", "digest", "expires_at"


class Idempotency:
    """Answers kept by idempotency key."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def find(self, once: Once) -> StoredResponse | None:
        """Return the kept answer; None if the key is unused.

        Raises `IdempotencyMismatch` for another body, `StillRunning` while there is no answer yet.
        """
        item = self._store.get(schema.once(once.user, once.key))
        if item is None or item[EXPIRES_AT] <= format_instant(self._clock.now()):
            return None
        if item[DIGEST] != once.digest:
            raise IdempotencyMismatch
        if ANSWER not in item:
            raise StillRunning
        return unpack(StoredResponse, item[ANSWER])

    def keeping(self, once: Once, response: StoredResponse, now: datetime) -> Sequence[Write]:
        """Keep an answer with the object it speaks of; conflict: `OnceTaken`."""
        return [Put(_answered(once, response, now), _free(now), OnceTaken)]

    def reserve(self, once: Once, now: datetime) -> None:
        """Mark a request as running for a minute at most; `OnceTaken` if the key is in use."""
        self._store.commit([Put(_item(once, now + LEASE), _free(now), OnceTaken)])

    def complete(self, once: Once, response: StoredResponse, now: datetime) -> None:
        """Store the answer of a reserved key; the first answer stays."""
        answered = _answered(once, response, now)
        self._store.commit([Put(answered, Absent(ANSWER), conflict=None)])

    def release(self, once: Once) -> None:
        """Give a reserved key back: the request failed and may be sent again."""
        key = schema.once(once.user, once.key)
        self._store.commit([Delete(key, Absent(ANSWER), conflict=None)])


def _free(now: datetime) -> AnyOf:
    return AnyOf((NEW, AtMost(EXPIRES_AT, format_instant(now))))


def kept_until(expires_at: datetime) -> int:
    """Return the time to live: later than the expiry that counts, so that none vanishes early."""
    return int((expires_at + LEASE).timestamp())


def _item(once: Once, expires_at: datetime) -> Attributes:
    return {
        **keyed(schema.once(once.user, once.key)),
        DIGEST: once.digest,
        EXPIRES_AT: format_instant(expires_at),
        schema.TTL: kept_until(expires_at),
    }


def _answered(once: Once, response: StoredResponse, now: datetime) -> Attributes:
    return _item(once, now + KEPT) | {ANSWER: pack(response)}
