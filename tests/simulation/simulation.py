"""One run: production services over production repositories in a world where anything may happen.

    faults ── people create, edit, cancel, decide; everything breaks ──┐ 30 min
    quiet  ── nothing breaks any more: whatever is open must end       └──▶ judged

Built on the same small world as the unit tests; only what that world stands on is replaced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import count
from typing import Any
from unittest.mock import patch

from greenlet import getcurrent

from chalicelib.channels import CHANNELS
from chalicelib.domain import steps
from chalicelib.domain.channels import Channel, ChannelName, Reconcilability
from chalicelib.domain.instants import format_instant
from chalicelib.domain.ports import Hint
from chalicelib.domain.states import IN_DOUBT_TABLE
from chalicelib.gateways.failures import S3FailureDestination
from chalicelib.repositories import schema
from chalicelib.repositories.schema import Key
from chalicelib.services import delivering
from tests.fakes.channels import PICTURES, FakeChannel
from tests.fakes.ground import FakeObservers
from tests.fakes.stores import FakeMedia, FakeSigner, FakeStudio
from tests.fakes.world import World
from tests.simulation.aside import SimulatedBucket
from tests.simulation.chance import Chance, Draw, Fired, HashedRandom, Level
from tests.simulation.hub import (
    HOUR,
    MINUTE,
    SECOND,
    Hub,
    HubClock,
    Process,
    Strand,
    Threads,
    entity,
    instant,
    wait,
)
from tests.simulation.inspecting import Inspector
from tests.simulation.oracle import Oracle, Violation
from tests.simulation.outside import Live, SimulatedPlatforms, Vault
from tests.simulation.storage import LONGEST_LAG, LaggingTable, SimulatedTable
from tests.simulation.streaming import INVOCATION, SimulatedStream
from tests.simulation.telling import Telling, tells

FAULTS = 30 * MINUTE
END = FAULTS + 30 * HOUR
SETTLE = timedelta(seconds=180)
MARGIN = timedelta(seconds=2)
TICK = MINUTE
LOOK_AHEAD = 70 * SECOND
DUE_SHARDS = 4
"""Partitions of the due index: as few as the stream has lanes, at the scale of this world."""
SKEW = 500


def simulated(how: Reconcilability, *, direct: bool) -> Channel:
    """Return a fake channel that waits long enough for this world's latest effects."""
    name = ChannelName(f"{how}-{'direct' if direct else 'feed'}")
    return FakeChannel(
        name,
        how,
        direct,
        settle_time=SETTLE,
        media=replace(PICTURES, leaves_out_surplus=True),
        optional_settings=("footer",),
    )


CHEAP = {
    channel.name: channel
    for channel in (
        simulated(how, direct=direct) for how in Reconcilability for direct in (False, True)
    )
}
ALL = {**CHEAP, **CHANNELS}


class Silent:
    """Telemetry that keeps only what should never happen."""

    correlation_id = ""

    def __init__(self, crashed: Callable[[str, BaseException], None]) -> None:
        self._crashed = crashed
        self.events: Counter[str] = Counter()

    def event(self, name: str, /, **fields: object) -> None:
        """Count a line."""
        self.events[name] += 1

    def count(self, name: str, /, value: float = 1, unit: str = "Count", **names: str) -> None:
        """Ignore a metric."""

    def failure(self, name: str, error: BaseException, /) -> None:
        """Keep an error that nobody declared."""
        self._crashed(name, error)

    @contextmanager
    def span(self, name: str, /, **annotations: str) -> Iterator[None]:
        """Trace nothing."""
        yield

    def carried(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return the work."""
        return work

    @contextmanager
    def correlated(self, correlation_id: str, /, **fields: str) -> Iterator[None]:
        """Put an id on nothing."""
        yield


class Names:
    """Identifiers: the first of a request is its message's; others are counted."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def new(self) -> str:
        """Return the next identifier."""
        strand = getcurrent()
        if isinstance(strand, Strand) and strand.process.first_id:
            identifier, strand.process.first_id = strand.process.first_id, ""
            return identifier
        return f"{next(self._numbers):012d}"


@dataclass
class Result:
    """What came of a run."""

    seed: int
    level: str
    violations: list[Violation]
    fired: list[Fired]
    calls: Counter[str]
    accepted: int
    statuses: Counter[str]
    reviews: Counter[str]
    by_channel: Counter[str]
    lateness: list[int]
    cells: Counter[tuple[str, str, str]]
    steps: int
    digest: str
    log: list[tuple[int, str, str]] = field(default_factory=list)
    open: int = 0


class Simulation(World):
    """A world whose surroundings are simulated."""

    def __init__(
        self,
        seed: int,
        level: Level,
        *,
        only: frozenset[str] | None = None,
        authors: frozenset[str] | None = None,
        told: bool = False,
    ) -> None:
        """Prepare a run; with `only` no other fault happens, with `authors` no other is there."""
        self.authors = authors
        self.hub = Hub()
        self.hub.log = [] if told else None
        self.chance = Chance(seed, level, only)
        self.races: dict[str, Callable[[], None]] = {}
        """Who waits for a worker to begin with their message, to do something at that moment."""
        self.oracle = Oracle(self.hub)
        self.cells: Counter[tuple[str, str, str]] = Counter()
        self._numbers = count(1)
        self._storms: dict[str, list[tuple[int, int]]] = {}
        self.telling = Telling(self)
        super().__init__(channels=ALL, connected=True)
        for name in ALL:
            self.secrets.before.pop(str(name), None)

    def _surroundings(self, page: int, seed: int) -> None:
        hub, chance = self.hub, self.chance
        self.clock = HubClock(hub)
        self.ids = Names()
        self.random = HashedRandom(chance, entity)
        self.inspector = Inspector(hub, self.oracle.blame)
        self.table = LaggingTable(lambda: hub.now, self._lag, page)
        self.table.audit = self.inspector.stored
        self.port = SimulatedTable(hub, chance, self.table)
        self.stream = SimulatedStream(hub, chance, self._work, self._named)
        self.starter = _Starter(self)
        self.heard = Silent(self._crashed)  # type: ignore[assignment]
        self.platforms = SimulatedPlatforms(hub, chance)
        self.platforms.published = self._published
        self.platforms.called = self._called
        self.platforms.taken_back = self.oracle.taken_back
        self.platforms.deaf = lambda call: self.oracle.blame(
            "quota", call.channel, "our account is refused, and many call all the same"
        )
        self.platforms.tells = lambda channel: tells(self.channels[ChannelName(channel)])
        self.platforms.is_renewed = self._is_renewed
        self.bucket = SimulatedBucket(hub, chance)
        self.stream.given_up = self.bucket.keep
        self.failures: Any = S3FailureDestination(self.bucket, "failures")
        self.media = FakeMedia()
        self.studio = FakeStudio()
        self.secrets = Vault(hub, chance)
        self.signer = FakeSigner()
        self.pool = Threads(hub, self._named)
        self.observers = FakeObservers()

    # --- names and lags -----------------------------------------------------------------------

    def _named(self, about: Any) -> str:
        """Return what a strand works on, from the argument of its work."""
        key = getattr(about, "key", None)
        strand = getcurrent()
        kind = strand.process.kind if isinstance(strand, Strand) else ""
        if key is None:
            return f"{entity()}/{about}"
        return f"claim {key}" if kind == "scheduler" else str(key)

    def _lag(self, key: Key) -> int:
        fault, draw = self.chance.strike("index", f"{key.pk}{key.sk}", self.hub.now)
        return int(draw[1] * LONGEST_LAG) if fault else int(5 + draw[1] * 50)

    def _crashed(self, name: str, error: BaseException) -> None:
        # The fake channels trip over an answer that is no JSON; a real one must not.
        is_fake = "-" in entity() or entity().startswith("admin")
        if name == "channel_crashed" and isinstance(error, ValueError) and is_fake:
            return
        self.oracle.blame("crashed", entity(), f"{name}: {type(error).__name__}: {error}")

    def _is_renewed(self, channel: str) -> bool:
        known = self.secrets.fields.get(channel, {}).get("access_token")
        return known == self.platforms.token.get(channel, known)

    def _called(self, call: Any) -> None:
        self.oracle.called(call)
        self.inspector.look_at_call(call, self.table.items())

    def _published(self, post: Live) -> None:
        self.oracle.published(post)
        self.telling.watch(post)
        draw = self.chance.draw("outside", post.call.who)
        identity = f"outside|{post.call.who}|{post.id}"
        if draw[0] > 0.01 * self.chance.level.storms or self.chance.is_quiet:
            return
        if self.chance.allows(identity, "outside", "deleted", self.hub.now):
            after = SECOND + draw[1] ** 2 * 10 * MINUTE
            at = max(post.shown_at, self.hub.now) + after
            self.hub.plan(at, lambda: self.platforms.take_down(post))

    # --- processes ----------------------------------------------------------------------------

    def skew(self, name: str) -> int:
        """Return how far a process's clock is off."""
        return int(self.chance.draw("skew", name).between(0, -SKEW, SKEW))

    def _work(self, name: str, hints: Sequence[Hint], on_end: Callable[[Process], None]) -> None:
        for hint in hints:
            race = self.races.pop(hint.key.message_id.split(".")[0], None)
            if race is not None:
                race()

        def work() -> list[int]:
            deadline = self.clock.now() + timedelta(milliseconds=INVOCATION) - MARGIN
            return self.delivering.deliver_all(hints, deadline)

        self.hub.start("worker", name, work, skew=self.skew(name), life=INVOCATION, on_end=on_end)

    def tick_at(self, name: str) -> None:
        """Run the scheduler, unless it would find nothing at all."""
        if not self._is_something_due():
            return

        def work() -> int:
            return self.releasing.release(self.clock.now() + timedelta(seconds=88))

        self.hub.start("scheduler", name, work, skew=self.skew(name), life=90 * SECOND)

    def _is_something_due(self) -> bool:
        self.table.settle()
        soonest = self.table.soonest("STATUS#scheduled")
        limit = format_instant(instant(self.hub.now + LOOK_AHEAD))
        return soonest is not None and soonest <= limit

    def _ticks(self, number: int) -> None:
        now = self.hub.now
        name = f"tick.{number}"
        fault, draw = self.chance.strike("tick", name, now)
        if self.is_stormy("ticks"):
            fault = "missing"
        if fault == "late":
            self.hub.plan(now + draw[1] * 50 * SECOND, lambda: self.tick_at(name))
        elif fault != "missing":
            self.tick_at(name)
        if fault == "double":
            self.hub.plan(now + draw[1] ** 2 * 30 * SECOND, lambda: self.tick_at(f"{name}'"))
        if now < END:
            self.hub.plan((number + 1) * TICK, lambda: self._ticks(number + 1))

    # --- storms -------------------------------------------------------------------------------

    def is_stormy(self, kind: str) -> bool:
        """Return whether a lasting disturbance is going on."""
        windows = self._storms.get(kind)
        now = self.hub.now
        return bool(windows) and any(begin <= now < end for begin, end in windows)

    def _brew(self) -> None:
        """Decide on the lasting disturbances of this run."""
        for kind, shortest, longest, average in (
            ("table", 5 * SECOND, 40 * SECOND, 1.0),
            ("stream", MINUTE, 10 * MINUTE, 0.7),
            ("lanes", MINUTE, 12 * MINUTE, 0.7),
            ("answers", 20 * SECOND, 2 * MINUTE, 0.5),
            ("starts", 20 * SECOND, 2 * MINUTE, 0.5),
            ("ticks", 2 * MINUTE, 10 * MINUTE, 0.7),
        ):
            self._storms[kind] = self._windows(kind, shortest, longest, average)
        for name in self.channels:
            kind = f"platform {name}"
            self._storms[kind] = self._windows(kind, MINUTE, 12 * MINUTE, 0.25)
            if name in CHEAP:
                for label, draw in self.chance.storms(f"token {name}", 0.15, 0):
                    self._expire(str(name), label, draw)
        for label, draw in self.chance.storms("deploy", 1.0, 0):
            self.hub.plan(draw[1] * FAULTS, lambda label=label: self._deploy(label))
        self.port.is_down = lambda: self.is_stormy("table")
        self.stream.is_down = lambda: self.is_stormy("stream")
        self.stream.is_stalled = lambda: self.is_stormy("lanes")
        self.stream.is_unanswered = lambda: self.is_stormy("answers")
        self.stream.is_refused = lambda: self.is_stormy("starts")
        self.platforms.is_down = lambda channel: self.is_stormy(f"platform {channel}")

    def _windows(
        self, kind: str, shortest: int, longest: int, average: float
    ) -> list[tuple[int, int]]:
        found = []
        for _, draw in self.chance.storms(kind, average, 0):
            begin = int(draw[1] * (FAULTS - longest))
            found.append((begin, begin + int(draw.between(2, shortest, longest))))
        return found

    def _expire(self, channel: str, label: str, draw: Draw) -> None:
        """Have a token refused from some moment on, and an administrator replace it later."""
        from tests.simulation.people import Administrator

        token = f"{label} token"
        begin = draw[1] * (FAULTS - 15 * MINUTE)

        def expire() -> None:
            self.platforms.token[channel] = token
            self.platforms.refusing.pop(channel, None)
            self.hub.tell(channel, "its token expires")

        self.hub.plan(begin, expire)
        administrator = Administrator(self)
        self.hub.plan(
            begin + draw.between(2, MINUTE, 14 * MINUTE),
            lambda: administrator.reconnect(channel, {"access_token": token}, label),
        )

    def _deploy(self, label: str) -> None:
        """Replace everything that runs by another copy of the program."""
        self.hub.tell(label, "a new version replaces all processes")
        for process in sorted(self.hub.processes, key=lambda process: process.name):
            if process.kind != "client":
                self.hub.kill(process)
        self.restart()

    def _calm(self) -> None:
        """Let everything work from now on."""
        self.chance.is_quiet = True
        self._storms.clear()

    # --- the run ------------------------------------------------------------------------------

    def play(self, *, at_most_one: bool = False) -> Result:
        """Play the whole run and judge it; or only until a first promise is broken."""
        from tests.simulation.people import Story

        story = Story(self)
        with self._installed():
            self._brew()
            story.begin()
            self.hub.plan(0, lambda: self._ticks(0))
            self.hub.plan(FAULTS, self._calm)
            enough = (lambda: bool(self.oracle.violations)) if at_most_one else (lambda: False)
            self.hub.run(FAULTS + 2 * HOUR, enough)
            while self.inspector.open and self.hub.now < END and not enough():
                self.hub.run(self.hub.now + HOUR, enough)
            self.hub.close()
            if not enough():
                self._judge(story)
        return self._result()

    @contextmanager
    def _installed(self) -> Iterator[None]:
        counted = self.cells
        real = steps.step

        def step(status: Any, event: Any, *, doubt: bool = False, parent: bool = False) -> Any:
            target = real(status, event, doubt=doubt, parent=parent)
            is_sticky = doubt and (status, event) in IN_DOUBT_TABLE
            table = "parent" if parent else "doubt" if is_sticky else ""
            counted[table, str(status), str(event)] += 1
            return target

        with (
            patch.object(delivering, "wait", wait),
            patch.object(steps, "step", step),
            patch.object(schema, "SHARDS", DUE_SHARDS),
        ):
            yield

    def _judge(self, story: Any) -> None:
        answers = {name: story.answer(wish) for name, wish in self.oracle.wishes.items()}
        self.oracle.judge(
            answers,
            self.platforms,
            story.people,
            self.inspector.begun,
        )

    def _result(self) -> Result:
        oracle = self.oracle
        return Result(
            seed=self.chance.seed,
            level=self.chance.level.name,
            violations=oracle.violations,
            fired=self.chance.fired,
            calls=self.chance.calls,
            accepted=sum(oracle.statuses.values()),
            statuses=oracle.statuses,
            reviews=oracle.reviews,
            by_channel=oracle.by_channel,
            lateness=oracle.lateness,
            cells=self.cells,
            steps=self.hub.steps,
            digest=self._digest(),
            log=self.hub.log or [],
            open=len(self.inspector.open),
        )

    def _digest(self) -> str:
        """Return a hash of everything that happened and is left."""
        told = blake2b(digest_size=12)
        for post in self.platforms.live:
            told.update(f"{post}".replace(f"{post.call}", post.call.who).encode())
        for fired in self.chance.fired:
            told.update(f"{fired.id}{fired.at}".encode())
        for key, item in self.table.items().items():
            told.update(f"{key}{sorted(item.items())}".encode())
        return told.hexdigest()


class _Starter:
    """Implements `ports.Starter`: an extra run of the scheduler, which may fail to come."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation

    def release(self, at: datetime) -> None:
        """Ask for an extra run."""
        simulation = self._simulation
        fault, draw = simulation.chance.strike("starter", entity(), simulation.hub.now)
        if fault == "lost":
            return
        name = f"extra({entity()})"
        when = simulation.hub.now + 50 + 300 * draw[1]
        simulation.hub.plan(when, lambda: simulation.tick_at(name))
