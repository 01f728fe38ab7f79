"""Give each stand-in what it needs, and say what a stand-in is."""

from __future__ import annotations

import importlib
import pkgutil
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeVar, runtime_checkable

from sandbox.platforms.engine import moments
from sandbox.platforms.engine.journal import Journal
from sandbox.platforms.engine.outbox import Outbox
from sandbox.platforms.engine.pictures import Pictures
from sandbox.platforms.engine.posts import Post, Posts
from sandbox.platforms.engine.wire import Answer, Request

KEPT_ON_RESET = ("account", "port")
T = TypeVar("T")


class Refusal(StrEnum):
    """An answer every platform has, each in its own dialect."""

    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a kind of fault
    RATE_LIMIT = "rate_limit"
    REJECT_CONTENT = "reject_content"
    UNAVAILABLE = "error_503"
    BROKEN = "error_500_after"


class StandIn(Protocol):
    """One platform. A module that ends with ``STAND_IN = <class>`` is found by itself."""

    channel: str
    hosts: tuple[str, ...]
    """Patterns of the real API's host names: ``api.example.com``, ``sns.*.amazonaws.com``."""

    def __init__(self, world: World) -> None:
        """Seed the development account on the first start."""

    def claims(self, request: Request) -> bool:
        """Say whether a request to a host shared with other stand-ins names something of ours."""

    def publishes(self, request: Request) -> bool:
        """Say whether this request, if granted, makes a post visible."""

    def answer(self, request: Request) -> Answer:
        """Do what the platform would do."""

    def refuse(self, refusal: Refusal, request: Request, seconds: float) -> Answer:
        """Refuse in the platform's dialect; ``seconds`` is how long to stay away."""

    def account(self) -> dict[str, Any]:
        """Return the development account, for ``endpoints.json``; empty when there is none."""


@runtime_checkable
class Neighbour(Protocol):
    """A stand-in that shares its host, and so has to answer for what nobody there has."""

    def knows(self, request: Request) -> bool:
        """Say whether the caller is one of ours."""


@dataclass
class World:
    """State shared by the stand-ins of one sandbox."""

    state: Path
    aws: str | None = None
    now: Callable[[], datetime] = moments.now
    api: str | None = None
    """The product that is told what happens; None: nobody is."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    """Held while a stand-in decides and writes, so that two requests can't both be first."""

    def __post_init__(self) -> None:
        """Read back what an earlier run left."""
        self.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.journal = Journal(self.state / "outside.jsonl")
        self.pictures = Pictures(self.state / "media")
        self.posts = Posts(self.journal, self.now)
        self._last_number = 0
        self._outboxes: list[Outbox[Any]] = []

    def account(self, channel: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return the channel's account, made once and kept; it gets what was not in it before."""
        kept = self.journal.get("account", channel) or {}
        found = {**make(), **kept}
        if found.keys() != kept.keys():
            self.journal.put("account", channel, found)
        return found

    def number(self) -> int:
        """Return a number never returned before that grows with time, for platform ids."""
        with self.lock:
            stamp = int(self.now().timestamp() * 1_000_000)
            self._last_number = max(stamp, self._last_number + 1)
            return self._last_number

    def instant(self) -> str:
        """Return the present as text."""
        return moments.instant(self.now())

    @contextmanager
    def objects(self, kind: str) -> Iterator[Objects]:
        """Lock the world around reading and writing one kind of platform object."""
        with self.lock:
            yield Objects(self.journal, kind)

    def outbox(self, tell: Callable[[Sequence[T]], bool], most: int) -> Outbox[T]:
        """Return a new outbox, which is emptied and closed along with this world."""
        made = Outbox(tell, most)
        self._outboxes.append(made)
        return made

    def close(self) -> None:
        """Keep what is on record, and tell nobody anything any more."""
        for outbox in self._outboxes:
            outbox.close()
        self.journal.close()

    def reset(self) -> None:
        """Forget everything but accounts and ports."""
        for outbox in self._outboxes:
            outbox.forget()
        with self.lock:
            self.journal.forget(keep=KEPT_ON_RESET)
            self.posts.forget()
            self.pictures.forget()


@dataclass(frozen=True)
class Objects:
    """The objects of one kind that a platform keeps besides posts."""

    journal: Journal
    kind: str

    def get(self, key: str) -> MappingProxyType[str, Any] | None:
        """Return an object, or None."""
        found = self.journal.get(self.kind, key)
        return None if found is None else MappingProxyType(found)

    def put(self, key: str, **values: Any) -> None:
        """Write an object, keeping what is not named."""
        self.journal.put(self.kind, key, {**(self.journal.get(self.kind, key) or {}), **values})


def token(prefix: str) -> str:
    """Return a fresh development token that can't be mistaken for a real one."""
    return f"{prefix}-sandbox-{secrets.token_urlsafe(24)}"


def live(post: Post | None) -> Post | None:
    """Return ``post`` unless it was deleted."""
    return post if post is not None and post.is_live else None


def discover(world: World) -> dict[str, StandIn]:
    """Return every stand-in of the package, by channel name."""
    package = importlib.import_module("sandbox.platforms")
    found: dict[str, StandIn] = {}
    for module in pkgutil.iter_modules(package.__path__):
        if module.ispkg or module.name.startswith("_"):
            continue
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        if (maker := getattr(loaded, "STAND_IN", None)) is not None:
            stand_in: StandIn = maker(world)
            found[stand_in.channel] = stand_in
    return found
