"""Stand-ins for what keeps secrets and pictures, and a table that breaks on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from chalicelib.domain.channels import MediaRule
from chalicelib.domain.errors import ContentRejected, StoreUnavailable
from chalicelib.domain.ports import CardFacts, Hint, Picture, PutAside, UploadTicket
from chalicelib.services.preparing import CARD_SIZES

WRITES = frozenset({"write", "transact"})


@dataclass
class FakeSecrets:
    """Secrets in memory; `stale` is what a cache still shows."""

    fields: dict[str, Mapping[str, str]] = field(default_factory=dict)
    stale: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def read(
        self, name: str, *, version: int | None = None, fresh: bool = False
    ) -> Mapping[str, str]:
        """Return a secret; what is stale unless asked for a fresh one."""
        if not fresh and name in self.stale:
            return self.stale[name]
        return self.fields.get(name, {})

    def write(self, name: str, fields: Mapping[str, str]) -> None:
        """Store a secret."""
        self.fields[name] = dict(fields)


class FakeSigner:
    """Opaque ids by hashing; tokens that carry their purpose and a checksum."""

    def opaque(self, *parts: str) -> str:
        """Return a stable id."""
        return sha256("\x00".join(parts).encode()).hexdigest()[:26]

    def sign(self, purpose: str, value: str) -> str:
        """Return the value with its proof."""
        return f"{value.encode().hex()}-{self.opaque('sign', purpose, value)}"

    def verify(self, purpose: str, token: str) -> str | None:
        """Return the value if we signed it for this purpose."""
        text, _, _ = token.partition("-")
        try:
            value = bytes.fromhex(text).decode()
        except ValueError:
            return None
        return value if self.sign(purpose, value) == token else None


@dataclass
class FakeFailures:
    """What was put aside, by reference; `done` are those that are listed no more."""

    kept: dict[str, PutAside] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    def add(self, at: datetime, *hints: Hint, unreadable: int = 0) -> str:
        """Put an object with these records aside; return its reference."""
        ref = f"aside-{len(self.kept)}"
        self.kept[ref] = PutAside(ref, at, "RetryAttemptsExhausted", hints, unreadable)
        return ref

    def put_aside(self, since: datetime, until: datetime) -> Iterator[PutAside]:
        """Yield what is listed and of that time, oldest first."""
        listed = [found for ref, found in self.kept.items() if ref not in self.done]
        for found in sorted(listed, key=lambda found: found.at):
            if since <= found.at <= until:
                yield found

    def done_with(self, ref: str) -> None:
        """List it no more."""
        self.done.append(ref)


@dataclass
class FakeMedia:
    """Objects by key; `arrived` are raw uploads."""

    objects: dict[str, bytes] = field(default_factory=dict)
    arrived: dict[str, bytes] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    sizes: dict[str, tuple[int, int]] = field(default_factory=dict)

    def ticket(
        self, upload_id: str, content_type: str, size_bytes: int, now: datetime
    ) -> UploadTicket:
        """Return a ticket."""
        wanted = {"key": upload_id, "type": content_type, "size": str(size_bytes)}
        return UploadTicket("https://media.example/", wanted, now + timedelta(minutes=5))

    def uploaded(self, upload_id: str) -> bytes | None:
        """Return what arrived."""
        return self.arrived.get(upload_id)

    def exists(self, ref: str) -> bool:
        """Return whether an object is there."""
        return ref in self.objects

    def size(self, ref: str) -> tuple[int, int] | None:
        """Return the size that an object was written with."""
        return self.sizes.get(ref)

    def read(self, ref: str) -> bytes:
        """Return an object."""
        if ref not in self.objects:
            raise StoreUnavailable(f"There is no {ref}.")
        return self.objects[ref]

    def write(self, ref: str, picture: Picture) -> None:
        """Store an object."""
        self.written.append(ref)
        self.objects[ref] = picture.data
        self.sizes[ref] = (picture.width, picture.height)


class FakeStudio:
    """Says what it was asked to draw instead of drawing it; `rules` are those it fitted to."""

    def __init__(self) -> None:
        self.rules: list[MediaRule] = []

    def sanitise(self, data: bytes) -> Picture:
        """Return a safe copy of whatever is not called bad."""
        if data.startswith(b"bad"):
            raise ContentRejected("This is no picture.")
        return Picture(b"clean " + data, 800, 600)

    def fit(self, data: bytes, rule: MediaRule) -> Picture:
        """Return the picture, fitted once."""
        self.rules.append(rule)
        mark = b"fitted "
        return Picture(data if data.startswith(mark) else mark + data, rule.max_width, 500)

    def card(self, facts: CardFacts, shape: str, photo: bytes | None) -> Picture:
        """Return the card as text."""
        return Picture(f"card {shape} {facts.name} {photo!r}".encode(), *CARD_SIZES[shape])


@dataclass
class Breaker:
    """A hook for `Watched`: counts the writes and breaks one of them, or whatever `when` picks."""

    writes: int = 0
    when: Callable[[str, str, Any], BaseException | None] = lambda *_: None

    def __call__(self, moment: str, operation: str, request: Any) -> None:
        """Count, then raise what is planned for this request."""
        if moment == "before" and operation in WRITES:
            self.writes += 1
        error = self.when(moment, operation, request)
        if error is not None:
            raise error

    def break_write(self, number: int, moment: str, error: BaseException) -> None:
        """Raise `error` around the write of this number, counted from now on (1 is the next)."""
        wanted = self.writes + number

        def when(at: str, operation: str, _: Any) -> BaseException | None:
            is_it = at == moment and operation in WRITES and self.writes == wanted
            return error if is_it else None

        self.when = when

    def mend(self) -> None:
        """Break nothing any more."""
        self.when = lambda *_: None
