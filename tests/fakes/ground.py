"""What a virtual world stands on: clock, identifiers, threads, stream, voice."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from chalicelib.domain.errors import PushFailed
from chalicelib.domain.ports import Hint

P = ParamSpec("P")
T = TypeVar("T")
START = datetime(2026, 11, 21, 12, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class VirtualClock:
    """Time that passes only when somebody sleeps; what was planned meanwhile happens then."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._agenda: list[tuple[datetime, int, Callable[[], object]]] = []
        self._order = count()
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Return the present."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let time pass, in whole milliseconds."""
        self.slept.append(seconds)
        self.pass_until(self._now + -(-timedelta(seconds=seconds) // MILLISECOND) * MILLISECOND)

    def pass_until(self, moment: datetime) -> None:
        """Let time pass up to a moment; a past one changes nothing."""
        while self._agenda and self._agenda[0][0] <= moment:
            at, _, action = heapq.heappop(self._agenda)
            self._now = max(self._now, at)
            action()
        self._now = max(self._now, moment)

    def advance(self, **duration: float) -> None:
        """Let a duration pass, given as for `timedelta`."""
        self.pass_until(self._now + timedelta(**duration))

    def show(self, moment: datetime) -> None:
        """Be a clock that goes wrong: show another moment, the past too."""
        self._now = moment

    def plan(self, moment: datetime, action: Callable[[], object]) -> None:
        """Have something happen at a moment, while whoever is working sleeps."""
        heapq.heappush(self._agenda, (moment, next(self._order), action))


class CountedIds:
    """Version 7 UUIDs that carry the virtual time and a running number instead of chance."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._numbers = count(1)

    def new(self) -> str:
        """Return the next identifier; they sort in the order of their making."""
        stamp = int(self._clock.now().timestamp() * 1000)
        return str(UUID(int=stamp << 80 | 7 << 76 | 2 << 62 | next(self._numbers)))


class InlineExecutor(Executor):
    """Runs work at once in the caller's thread; what kills the process is not kept back."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Return what came of the work."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Died(BaseException):
    """The process is gone between two steps; nobody may catch this but the test."""


class FakeStream:
    """Keeps records to be drained; `refuses` says which are not taken, `loses` which vanish."""

    def __init__(self) -> None:
        self.waiting: deque[Hint] = deque()
        self.everything: list[Hint] = []
        self.refuses: Callable[[Hint], bool] = lambda _: False
        self.loses: Callable[[Hint], bool] = lambda _: False

    def put(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        """Take the hints; return those that were refused."""
        refused = [hint for hint in hints if self.refuses(hint)]
        taken = [hint for hint in hints if hint not in refused]
        self.everything += taken
        self.waiting.extend(hint for hint in taken if not self.loses(hint))
        return refused

    def take(self, most: int = 10) -> list[Hint]:
        """Return the next batch, oldest first."""
        return [self.waiting.popleft() for _ in range(min(most, len(self.waiting)))]


@dataclass
class FakeStarter:
    """Remembers for when extra releases were asked for."""

    asked: list[datetime] = field(default_factory=list)

    def release(self, at: datetime) -> None:
        """Note the request."""
        self.asked.append(at)


@dataclass
class FakeTelemetry:
    """Remembers every line, metric and span with the correlation id it was written under."""

    lines: list[dict[str, Any]] = field(default_factory=list)
    metrics: list[dict[str, Any]] = field(default_factory=list)
    spans: list[dict[str, Any]] = field(default_factory=list)
    failures: list[tuple[str, BaseException]] = field(default_factory=list)
    _context: list[dict[str, str]] = field(default_factory=lambda: [{}])

    @property
    def correlation_id(self) -> str:
        """Return the id of what is being worked on."""
        return self._context[-1].get("correlation_id", "")

    def event(self, name: str, /, **fields: object) -> None:
        """Keep a line."""
        self.lines.append({**self._context[-1], "event": name, **fields})

    def count(self, name: str, /, value: float = 1, unit: str = "Count", **dimensions: str) -> None:
        """Keep a metric."""
        self.metrics.append({"name": name, "value": value, "unit": unit, **dimensions})

    def failure(self, name: str, error: BaseException, /) -> None:
        """Keep an unexpected error."""
        self.failures.append((name, error))

    @contextmanager
    def span(self, name: str, /, **annotations: str) -> Iterator[None]:
        """Keep a span."""
        self.spans.append({**self._context[-1], "name": name, **annotations})
        yield

    def carried(self, work: Callable[..., T]) -> Callable[..., T]:
        """Return the work."""
        return work

    @contextmanager
    def correlated(self, correlation_id: str, /, **fields: str) -> Iterator[None]:
        """Put an id on everything within."""
        self._context.append({"correlation_id": correlation_id, **fields})
        try:
            yield
        finally:
            self._context.pop()

    def named(self, name: str) -> list[dict[str, Any]]:
        """Return the lines of one event."""
        return [line for line in self.lines if line["event"] == name]


class FakeObservers:
    """Remembers which messages changed."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def changed(self, message_id: str) -> None:
        """Take note."""
        self.told.append(message_id)

    def finish(self, seconds: float) -> None:
        """Have nothing to wait for."""


class FakePush:
    """Live connections: which are open, what each heard; a test may break any of them."""

    def __init__(self) -> None:
        self.heard: dict[str, list[str]] = {}
        self.is_broken = False

    def __call__(self) -> FakePush:
        """Be the factory of itself."""
        return self

    def open(self, watcher_id: str) -> None:
        """Open a connection, as the gateway does."""
        self.heard[watcher_id] = []

    def send(self, watcher_id: str, frame: str) -> bool:
        """Deliver a frame; False where nobody is."""
        if self.is_broken:
            raise PushFailed("The connection hangs.")
        if watcher_id not in self.heard:
            return False
        self.heard[watcher_id].append(frame)
        return True
