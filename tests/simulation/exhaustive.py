"""Every interleaving of a small world, with every fault that may hit it: not one seed, but all.

One delivery of one channel; two workers that were handed the same record, however late; the
scheduler that released it; somebody who cancels it at any moment. Each is a strand of production
code that stops before every step that others can see, and a search takes each of them on from
every state it reaches, with and without a fault, until nobody can do anything any more. Then time
passes to the next entry of the due index, a scheduler and a worker come, and so on to the end.

What a strand does next depends on nothing but what it has been told. So two ways that led to the
same table, the same posts and the same answers are one state, which is searched once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from greenlet import getcurrent, greenlet

from chalicelib.domain.channels import Account, ChannelName, HttpRequest, Reconcilability, Response
from chalicelib.domain.deliveries import Policy
from chalicelib.domain.errors import Ambiguous, InFlight, PlatformUnavailable, PublisherError
from chalicelib.domain.ports import Hint
from chalicelib.domain.states import Status
from chalicelib.repositories import schema
from chalicelib.repositories.schema import GSI2PK, Key
from chalicelib.repositories.table import Batch, Found, Item, Query, Unanswered, Write
from chalicelib.services.progress import Progress
from tests.fakes.channels import FakeChannel
from tests.fakes.ground import START, InlineExecutor
from tests.fakes.platforms import FakePlatforms, reply
from tests.fakes.table import MemoryTable
from tests.fakes.world import ADA, World
from tests.simulation.simulation import Silent

MOST_GENERATIONS = 12
"""How often time may pass; whoever is not through then is stuck."""
CALM = ""
ENDED = frozenset({Status.FAILED, Status.CANCELLED, Status.SKIPPED})
WRITE_FAULTS = ("crash", "unanswered", "unanswered, done")
READ_FAULTS = ("crash",)
PUT_FAULTS = ("crash", "lost")
PUBLISH_FAULTS = ("crash", "crash, done", "no answer", "no answer, done", "refused", "busy")
ASK_FAULTS = ("crash", "no answer")


class Gone(BaseException):
    """This process is gone."""


@dataclass
class Actor:
    """One process: what it is about to do, and what it has been told so far."""

    name: str
    work: Callable[[], object]
    is_optional: bool = False
    """Whether time may pass without it: it may come very late, or never."""
    twin: Actor | None = None
    """Who has the same work and begins first: which of the two does is of no consequence."""
    strand: Any = None
    faults: tuple[str, ...] = ()
    """What may happen to the step it is about to take."""
    step: str = ""
    told: Any = field(default_factory=lambda: blake2b(digest_size=12))
    is_begun: bool = False
    """Whether others can have seen anything of it."""
    is_over: bool = False
    made: int = 0
    """How many identifiers it was given."""
    result: object = None
    error: PublisherError | None = None


class Outside(FakePlatforms):
    """A platform that notes when a request that publishes begins."""

    begun: list[tuple[str, bool]]


class Run:
    """One way through: the world, its actors, and the choices that led here."""

    def __init__(self, how: Reconcilability, budget: int) -> None:
        self.now = START
        self.budget = budget
        self.broken: list[str] = []
        self.main = getcurrent()
        self.actors: list[Actor] = []
        self.hints: list[Hint] = []
        self.generation = 0
        self.is_cancelled = False
        self.story: list[str] = []
        self.calls = 0
        self.world = _World(self, how)
        shown = self.world.submit("Hello", f"{how}-feed", at=START + timedelta(minutes=1))
        self.message = shown.message
        self.key = shown.deliveries[0].key
        self.world.stream.drop()
        self.now = START + timedelta(minutes=1)
        self.add("scheduler 1", self._release)
        self.add("canceller", self._cancel, is_optional=True)

    # --- actors -------------------------------------------------------------------------------

    def add(
        self,
        name: str,
        work: Callable[[], object],
        *,
        is_optional: bool = False,
        twin: Actor | None = None,
    ) -> Actor:
        """Have somebody come as far as their first step."""
        actor = Actor(name, work, is_optional, twin)
        self.actors.append(actor)
        actor.strand = greenlet(lambda: self._live(actor), self.main)
        if getcurrent() is self.main:
            actor.strand.switch()
        return actor

    def _release(self) -> None:
        """Look once at what is due: how time passes is not the scheduler's choice here."""
        self.world.releasing.release(self.now)

    def _cancel(self) -> None:
        try:
            self.world.deciding.cancel(self.message.id, ADA)
        except InFlight:
            return
        self.is_cancelled = True

    def handed(self, hints: Sequence[Hint]) -> None:
        """Hand a record to a worker; the first one to two, one of which may be very late."""
        for hint in hints:
            is_first = not self.hints
            self.hints.append(hint)
            name = f"worker {len(self.hints)}"
            work = partial(self.world.delivering.deliver_all, [hint])
            worker = self.add(f"{name}a", work)
            if is_first:
                self.add(f"{name}b", work, is_optional=True, twin=worker)

    def actor(self) -> Actor | None:
        """Return who is running, if it is one of us."""
        strand = getcurrent()
        return next((actor for actor in self.actors if actor.strand is strand), None)

    def turn(self, step: str, faults: tuple[str, ...]) -> str:
        """Stop before a step that others can see; return the fault that hits it."""
        actor = self.actor()
        if actor is None:
            return CALM
        actor.step, actor.faults = step, faults
        fault = str(self.main.switch())
        if fault == "crash":
            raise Gone
        return fault

    def tell(self, answer: object) -> None:
        """Note what the running actor learns."""
        actor = self.actor()
        if actor is not None:
            actor.told.update(f"{actor.step}|{answer!r};".encode())

    # --- what can happen next -----------------------------------------------------------------

    def options(self) -> list[tuple[Actor | None, str]]:
        """Return who can go on, and with which faults; None: time can."""
        ready = [
            actor
            for actor in self.actors
            if not actor.is_over and (actor.twin is None or actor.twin.is_begun)
        ]
        options: list[tuple[Actor | None, str]] = [(actor, CALM) for actor in ready]
        if self.budget:
            options += [(actor, fault) for actor in ready for fault in actor.faults]
        if all(actor.is_optional and not actor.is_begun for actor in ready):
            options.append((None, CALM))
        return options

    def go_on(self, actor: Actor, fault: str) -> None:
        """Let one actor take one step."""
        self.story.append(f"{actor.name}: {actor.step}{f' ({fault})' if fault else ''}")
        self.budget -= bool(fault)
        actor.is_begun = True
        actor.strand.switch(fault)
        for other in self.actors:
            if not (other.strand or other.strand.dead):
                other.strand.switch()

    def _live(self, actor: Actor) -> None:
        try:
            actor.result = actor.work()
        except Gone:
            pass
        except PublisherError as error:
            actor.error = error
        actor.is_over, actor.faults = True, ()

    def pass_time(self) -> bool:
        """Go to the next entry of the due index, if there is one, with a new scheduler."""
        soonest = self.world.next_due()
        if soonest is None:
            return False
        self.generation += 1
        if self.generation > MOST_GENERATIONS:
            self.broken.append("stuck")
            return False
        self.now = max(self.now, soonest)
        self.story.append(f"time passes to {self.now - START}")
        self.add(f"scheduler {self.generation + 1}", self._release)
        return True

    def close(self) -> None:
        """End every strand."""
        for actor in self.actors:
            if actor.strand is not None and not actor.strand.dead:
                actor.strand.throw(Gone)

    # --- states and promises ------------------------------------------------------------------

    def state(self) -> bytes:
        """Return what everything that can still happen depends on."""
        told = blake2b(digest_size=12)
        world = self.world
        told.update(f"{self.now}{self.budget}{self.is_cancelled}{self.generation}".encode())
        told.update(repr(sorted(world.table.fingerprints.items())).encode())
        told.update(repr((world.platforms.posts, world.platforms.containers)).encode())
        for actor in self.actors:
            if not actor.is_over:
                told.update(f"{actor.name}{actor.is_begun}{actor.step}".encode())
                told.update(actor.told.digest())
        return told.digest()

    def judge_call(self) -> None:
        """Judge a request that publishes, when it begins."""
        self.calls += 1
        stored = self.world.table.get(schema.delivery(self.key)) or {}
        if stored.get("status") not in ("sending", "in_doubt"):
            self.broken.append(f"a request begins while it is {stored.get('status')}")
        if self.is_cancelled:
            self.broken.append("a request begins after the cancel was acknowledged")

    def judge_end(self) -> str:
        """Judge what is left when nobody does anything any more; return the status."""
        delivery = self.world.messages.delivery(self.key)
        posts = len(self.world.platforms.posts)
        if delivery is None:
            self.broken.append("lost")
            return "lost"
        status = delivery.status
        if posts > 1:
            self.broken.append(f"{posts} posts")
        if not status.is_terminal:
            self.broken.append(f"stuck while {status}")
        if status is Status.DELIVERED and not posts:
            self.broken.append("it is said to be delivered and was never there")
        if status in ENDED and posts:
            self.broken.append(f"it is said to be {status} and is there")
        if self.is_cancelled and status not in ENDED:
            self.broken.append(f"its cancel was acknowledged and it is {status}")
        return status


class _World(World):
    """The small world of the unit tests, each of whose ports is a turn."""

    def __init__(self, run: Run, how: Reconcilability) -> None:
        self._run = run
        name = ChannelName(f"{how}-feed")
        # Without pauses between attempts: how time passes is the search's choice alone.
        policy = Policy(catch_up_spacing=timedelta(0))
        super().__init__(channels={name: FakeChannel(name, how)}, policy=policy)

    def _surroundings(self, page: int, seed: int) -> None:
        super()._surroundings(page, seed)
        run = self._run
        self.clock = SimpleNamespace(now=lambda: run.now, sleep=lambda _: None)
        self.ids = SimpleNamespace(new=self._new_id)
        self.random = SimpleNamespace(random=lambda: 0.5, uniform=lambda low, high: high / 2)
        self.table: Any = _Table(page)
        self.port = _Port(run, self.table)
        self.stream = _Stream(run)
        self.platforms = _Platforms(run)
        self.pool = InlineExecutor()
        self.heard: Any = Silent(lambda name, error: run.broken.append(f"{name}: {error!r}"))
        self._numbers = 0

    def _new_id(self) -> str:
        actor = self._run.actor() if hasattr(self._run, "actors") else None
        if actor is None:
            self._numbers += 1
            return f"before.{self._numbers}"
        actor.made += 1
        return f"{actor.name}.{actor.made}"

    def next_due(self) -> datetime | None:
        """Return when the due index next wants somebody to look."""
        stored = self.table.get(schema.delivery(self._run.key)) or {}
        return datetime.fromisoformat(stored["next_at"]) if GSI2PK in stored else None


class _Table(MemoryTable):
    """Items with a fingerprint each."""

    def __init__(self, page: int) -> None:
        super().__init__(page)
        self.fingerprints: dict[Key, str] = {}

    def _store(self, key: Key, item: dict[str, Any] | None) -> None:
        super()._store(key, item)
        if not key.sk.startswith(schema.AUDITS):
            self.fingerprints[key] = repr(sorted((item or {}).items()))


def _is_seen(keys: Sequence[Key]) -> bool:
    """Return whether others can change, or look at, any of these while the protocol runs."""
    return any(key.sk.startswith(("CHANNEL#", "METADATA")) for key in keys)


class _Port:
    """Implements `repositories.table.Table`: what others can see is a turn of its own."""

    def __init__(self, run: Run, base: MemoryTable) -> None:
        self._run = run
        self._base = base

    def get(self, key: Key) -> Item | None:
        """Return an item."""
        return self._read([key], "reads", lambda: self._base.get(key))  # type: ignore[no-any-return]

    def batch_get(self, keys: Sequence[Key]) -> Batch:
        """Return items."""
        return self._read(keys, "reads all", lambda: self._base.batch_get(keys))  # type: ignore[no-any-return]

    def query(self, query: Query) -> Found:
        """Return a page."""
        seen = [Key(query.pk, "CHANNEL#")] if query.index or query.prefix is None else []
        return self._read(seen, "asks the index", lambda: self._base.query(query))  # type: ignore[no-any-return]

    def write(self, write: Write) -> None:
        """Perform one write."""
        self._write([write], lambda: self._base.write(write))

    def transact(self, writes: Sequence[Write], token: str) -> None:
        """Perform all writes or none."""
        self._write(writes, lambda: self._base.transact(writes, token))

    def increase(self, key: Key, name: str, by: int, most: int) -> int:
        """Add to a number and return the sum."""
        return self._base.increase(key, name, by, most)

    def _read(self, keys: Sequence[Key], step: str, ask: Callable[[], Any]) -> Any:
        if _is_seen(keys):
            self._run.turn(step, READ_FAULTS)
        answer = ask()
        self._run.tell(answer)
        return answer

    def _write(self, writes: Sequence[Write], effect: Callable[[], None]) -> None:
        fault = CALM
        if _is_seen([write.key for write in writes]):
            fault = self._run.turn("writes", WRITE_FAULTS)
        if fault == "unanswered":
            self._run.tell("unanswered")
            raise Unanswered("time-out")
        try:
            effect()
        except Exception as error:
            self._run.tell(error)
            raise
        self._run.tell(fault)
        if fault == "unanswered, done":
            raise Unanswered("time-out")


class _Stream:
    """Implements `ports.Stream`: a record goes to its workers at once."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._is_open = False

    def drop(self) -> None:
        """Begin to take records; what was put before is lost."""
        self._is_open = True

    def put(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        """Take the hints."""
        if self._is_open and self._run.turn("puts a record", PUT_FAULTS) != "lost":
            self._run.handed(hints)
        return ()


class _Platforms(FakePlatforms):
    """A platform whose every request is a turn."""

    def __init__(self, run: Run) -> None:
        super().__init__(SimpleNamespace(now=lambda: run.now))  # type: ignore[arg-type]
        self._run = run

    def perform(self, step: Any, account: Account, until: datetime | None = None) -> Response:
        """Perform one request."""
        run = self._run
        assert isinstance(step, HttpRequest)
        if not step.publishes:
            if run.turn(f"asks {step.method} {step.url}", ASK_FAULTS):
                run.tell("no answer")
                raise PlatformUnavailable("No answer.")
            answer = self.act(step, account, timedelta(0))
            run.tell(answer.body)
            return answer
        fault = run.turn("publishes", PUBLISH_FAULTS)
        run.judge_call()
        if fault in ("refused", "busy"):
            run.tell(fault)
            return reply({}, 400 if fault == "refused" else 503)
        if fault != "no answer":
            answer = self.act(step, account, timedelta(0))
        if fault == "crash, done":
            raise Gone
        if fault:
            run.tell("no answer")
            raise Ambiguous("No answer.")
        run.tell(answer.body)
        return answer


@dataclass
class Explored:
    """What a search has seen."""

    states: int = 0
    ways: int = 0
    steps: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[str, list[str]]] = field(default_factory=list)

    def line(self) -> str:
        """Return how much was seen."""
        ends = ", ".join(f"{end} {count:,}" for end, count in sorted(self.ends.items()))
        return f"{self.states:,} states, {self.ways:,} ways, {self.steps:,} steps; ends: {ends}"


def explore(how: Reconcilability, faults: int, *, most_broken: int = 1) -> Explored:
    """Search everything that can happen with at most so many faults; stop at what is broken."""
    explored, visited = Explored(), set[bytes]()
    paths: list[tuple[int, ...]] = [()]
    with patch.object(schema, "SHARDS", 1), patch.object(Progress, "roll_up", lambda *_: None):
        while paths and len(explored.broken) < most_broken:
            path = paths.pop()
            run = Run(how, faults)
            try:
                paths += _follow(run, path, visited, explored)
            finally:
                run.close()
            explored.ways += 1
    explored.states = len(visited)
    return explored


def _follow(
    run: Run, path: tuple[int, ...], visited: set[bytes], explored: Explored
) -> Iterator[tuple[int, ...]]:
    """Go down a path and on to an end or a known state; return the paths that branch off."""
    taken: list[int] = []
    branches: list[tuple[int, ...]] = []
    while not run.broken:
        options = run.options()
        if len(taken) < len(path):
            chosen = path[len(taken)]
        else:
            state = run.state()
            if state in visited:
                break
            visited.add(state)
            chosen = 0
            branches += [(*taken, other) for other in range(1, len(options))]
        taken.append(chosen)
        actor, fault = options[chosen]
        explored.steps += 1
        if actor is not None:
            run.go_on(actor, fault)
        elif not run.pass_time():
            explored.ends[run.judge_end()] += 1
            break
    if run.broken:
        explored.broken.append((run.broken[0], run.story))
    return iter(branches)
