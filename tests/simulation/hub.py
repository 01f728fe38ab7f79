"""Virtual time and everything that happens in it: a heap of (instant, number) and greenlets.

Production code is plain and synchronous. Each process of it (an API request, an invocation of the
worker with its threads, a run of the scheduler) is a set of strands, and each port call of a strand
switches to the hub, which goes on with whoever is next in time. A process that is killed is never
resumed: its strands unwind, and a port call made while unwinding raises and has no effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor
from datetime import datetime, timedelta
from heapq import heappop, heappush
from typing import Any, NamedTuple

from greenlet import getcurrent, greenlet

from tests.fakes.ground import START

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


class Killed(BaseException):
    """This process is gone."""


class Process:
    """One running copy of our program: strands that live and die together."""

    def __init__(self, kind: str, name: str, skew: int, on_end: Callable[[Process], None]) -> None:
        self.kind = kind
        self.name = name
        self.skew = skew
        """How far its clock is ahead, in milliseconds."""
        self.on_end = on_end
        self.is_dead = False
        self.is_over = False
        self.frozen_until = 0
        self.overslept = 0
        """How long it was stopped: when its life should end it is given up, and goes on later."""
        self.is_given_up = False
        self.strands: set[Strand] = set()
        self.result: Any = None
        self.error: BaseException | None = None
        self.waiting: list[Strand] = []
        self.calls: set[str] = set()
        """The kinds of port calls that it made."""
        self.first_id = ""
        """The identifier that is handed out first, so that it depends on nothing else."""


class Strand(greenlet):
    """One thread of a process. `entity` says what it works on."""

    process: Process
    entity: str
    stops = 0
    """How often it stopped: a wake-up meant for an earlier stop is none."""
    is_away = False
    """Its request is on the wire: what the other side does goes on though its process is frozen."""


class Task:
    """What came of work handed to a pool; as much of a `Future` as production uses."""

    __slots__ = ("_hub", "error", "is_done", "value", "waiting")

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.is_done = False
        self.value: Any = None
        self.error: Exception | None = None
        self.waiting: list[Strand] = []

    def result(self, timeout: float | None = None) -> Any:
        """Return what came of it, however long that takes."""
        while not self.is_done:
            self.waiting.append(current())
            self._hub.park()
        if self.error is not None:
            raise self.error
        return self.value


class Waited(NamedTuple):
    """As `concurrent.futures.wait` answers."""

    done: set[Any]
    not_done: set[Any]


def current() -> Strand:
    """Return the strand that is running."""
    strand = getcurrent()
    assert isinstance(strand, Strand), "only a process can do this"
    return strand


def in_process() -> bool:
    """Return whether somebody of our program is running, and not the world around it."""
    return isinstance(getcurrent(), Strand)


def entity() -> str:
    """Return what the running strand works on."""
    return current().entity


class Hub:
    """The scheduler of everything."""

    def __init__(self) -> None:
        self.now = 0
        self.steps = 0
        self._heap: list[tuple[int, int, Strand | None, Any]] = []
        self._order = 0
        self._main = getcurrent()
        self.processes: set[Process] = set()
        self.is_closing = False
        self.log: list[tuple[int, str, str]] | None = None

    # --- time ---------------------------------------------------------------------------------

    def plan(self, at: float, action: Callable[[], object]) -> None:
        """Have something happen outside of our program."""
        self._order += 1
        heappush(self._heap, (max(int(at), self.now), self._order, None, action))

    def run(self, until: float, finished: Callable[[], bool] = lambda: False) -> None:
        """Let time pass up to an instant, or until nothing is left to happen."""
        self._main = getcurrent()
        heap = self._heap
        while heap and heap[0][0] <= until:
            at, _, strand, what = heappop(heap)
            self.now = at
            if strand is None:
                what()
                if finished():
                    return
            elif what == strand.stops and not strand.process.is_dead:
                if strand.process.frozen_until > at and not strand.is_away:
                    self._resume(strand, strand.process.frozen_until)
                    continue
                self.steps += 1
                strand.stops += 1
                strand.switch()
        if heap:
            self.now = max(self.now, int(until))

    def close(self) -> None:
        """End whatever still runs, so that nothing of this run outlives it."""
        self.is_closing = True
        for process in list(self.processes):
            self.kill(process)
        while self._heap and self.processes:
            _, _, _, what = heappop(self._heap)
            if getattr(what, "reaps", False):
                what()
        self._heap.clear()

    def _resume(self, strand: Strand, at: int) -> None:
        self._order += 1
        heappush(self._heap, (at, self._order, strand, strand.stops))

    def pause(self, milliseconds: float) -> None:
        """Let the running strand's time pass."""
        strand = getcurrent()
        if strand.process.is_dead:
            raise Killed
        self._order += 1
        heappush(self._heap, (self.now + int(milliseconds), self._order, strand, strand.stops))
        self._main.switch()

    def park(self) -> None:
        """Stop the running strand until somebody wakes it."""
        if current().process.is_dead:
            raise Killed
        self._main.switch()

    def wake(self, strands: list[Strand]) -> None:
        """Let parked strands go on."""
        for strand in strands:
            self._resume(strand, self.now)
        strands.clear()

    def tell(self, who: str, what: str) -> None:
        """Add a line to the story, if one is being told."""
        if self.log is not None:
            self.log.append((self.now, who, what))

    # --- processes ----------------------------------------------------------------------------

    def start(
        self,
        kind: str,
        name: str,
        work: Callable[[], Any],
        *,
        skew: int = 0,
        life: float | None = None,
        on_end: Callable[[Process], None] = lambda _: None,
    ) -> Process:
        """Start a process; it is killed when its life is over."""
        process = Process(kind, name, skew, on_end)
        self.processes.add(process)

        def main() -> None:
            try:
                process.result = work()
            except Killed:
                return
            except Exception as error:
                process.error = error
            if not process.is_dead:
                self._over(process)

        self._spawn(process, name, main)
        if life is not None:
            self._end_after(process, life)
        return process

    def _end_after(self, process: Process, life: float) -> None:
        """End a process when its life is over; who was stopped is only given up at first."""

        def end() -> None:
            if not process.overslept or process.is_over:
                self.kill(process)
                return
            rest, process.overslept = process.overslept, 0
            self._give_up(process)
            self._end_after(process, rest)

        self.plan(self.now + life, end)

    def _give_up(self, process: Process) -> None:
        """Let whoever started a process believe that it is gone."""
        if not process.is_given_up:
            process.is_given_up = True
            self.tell(process.name, "is given up, and may wake up again")
            process.on_end(process)

    def _spawn(self, process: Process, name: str, run: Callable[[], None]) -> Strand:
        strand = Strand(run, self._main)
        strand.process = process
        strand.entity = name
        process.strands.add(strand)
        self._resume(strand, self.now)
        return strand

    def _over(self, process: Process) -> None:
        process.is_over = True
        self.processes.discard(process)
        process.strands.clear()
        self.wake(process.waiting)
        if not self.is_closing and not process.is_given_up:
            process.on_end(process)

    def kill(self, process: Process) -> None:
        """End a process between two steps; nothing of it happens any more."""
        if process.is_over or process.is_dead:
            return
        process.is_dead = True
        self.tell(process.name, "is killed")

        def reap() -> None:
            for strand in sorted(process.strands, key=lambda s: s.entity):
                if strand and not strand.dead:
                    strand.throw(Killed)
            self._over(process)

        reap.reaps = True  # type: ignore[attr-defined]
        self.plan(self.now, reap)

    def freeze(self, process: Process, milliseconds: float) -> None:
        """Stop a process for a while; time goes on without it."""
        process.frozen_until = self.now + int(milliseconds)
        self.tell(process.name, f"is frozen for {milliseconds / SECOND:.1f} s")

    def stop(self, process: Process, milliseconds: float) -> None:
        """Stop a process for longer than its life; it will wake up as if nothing had happened."""
        if process.frozen_until > self.now:
            return
        process.overslept += int(milliseconds)
        self.freeze(process, milliseconds)

    def join(self, process: Process, timeout: float) -> bool:
        """Wait for a process; False if it takes longer than the timeout."""
        limit = self.now + int(timeout)
        strand = current()
        expired: list[Strand] = [strand]

        def give_up() -> None:
            if strand in process.waiting:
                process.waiting.remove(strand)
                self.wake(expired)

        if not process.is_over:
            process.waiting.append(strand)
            self.plan(limit, give_up)
            self.park()
        return process.is_over

    # --- threads ------------------------------------------------------------------------------

    def submit(self, entity: str, work: Callable[[], Any]) -> Task:
        """Do work in another strand of this process."""
        process = current().process
        if process.is_dead:
            raise Killed
        task = Task(self)

        def run() -> None:
            try:
                task.value = work()
            except Killed:
                return
            except Exception as error:
                task.error = error
            if not process.is_dead:
                task.is_done = True
                process.strands.discard(strand)
                self.wake(task.waiting)

        strand = self._spawn(process, entity, run)
        return task


def wait(tasks: Iterable[Task], return_when: str = FIRST_COMPLETED) -> Waited:
    """Wait until one of the tasks is done."""
    pending = list(tasks)
    while not any(task.is_done for task in pending):
        strand = current()
        for task in pending:
            task.waiting.append(strand)
        pending[0]._hub.park()
        for task in pending:
            if strand in task.waiting:
                task.waiting.remove(strand)
    done = {task for task in pending if task.is_done}
    return Waited(done, set(pending) - done)


class Threads(Executor):
    """A pool of the running process's own threads."""

    def __init__(self, hub: Hub, named: Callable[[Any], str]) -> None:
        self._hub = hub
        self._named = named

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Start work; what it is about names its strand."""
        return self._hub.submit(self._named(args[0]), lambda: fn(*args, **kwargs))

    def map(self, fn: Callable[..., Any], *iterables: Iterable[Any], **_: Any) -> Iterator[Any]:
        """Do work for each, side by side; return what came of it in order."""
        tasks = [self.submit(fn, *args) for args in zip(*iterables, strict=True)]
        return (task.result() for task in tasks)


class HubClock:
    """The clock as the running process sees it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def now(self) -> datetime:
        """Return the present of whoever asks."""
        strand = getcurrent()
        skew = strand.process.skew if isinstance(strand, Strand) else 0
        return START + timedelta(milliseconds=self._hub.now + skew)

    def sleep(self, seconds: float) -> None:
        """Wait, in whole milliseconds."""
        self._hub.pause(-(-seconds * SECOND // 1))


class TrueClock:
    """The clock of the world outside: the one that judges."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def now(self) -> datetime:
        """Return the present."""
        return instant(self._hub.now)


def instant(milliseconds: float) -> datetime:
    """Return a moment of the run as an instant."""
    return START + timedelta(milliseconds=int(milliseconds))


def elapsed(moment: datetime) -> int:
    """Return an instant as a moment of the run."""
    return (moment - START) // timedelta(milliseconds=1)
