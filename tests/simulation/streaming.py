"""The stream and how Lambda feeds the worker from it.

put ─▶ shard ─▶ lane (parallelization factor) ─▶ batch of ≤ 10 ─▶ invocation of ≤ 300 s
                                                    │
          lowest failed record is the checkpoint ◀──┤ partial answer
          both halves, one after the other       ◀──┤ crash or time-out (costs no retry)
          after 3 retries, or when too old       ◀──┘ on-failure destination, to be replayed
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.ports import Hint
from chalicelib.gateways.stream import lane as lane_of
from tests.simulation.chance import Chance
from tests.simulation.hub import MINUTE, SECOND, Hub, Process
from tests.simulation.storage import Faulty

SHARDS, FACTOR = 2, 2
BATCH = 10
WINDOW = 1 * SECOND
RETRIES = 3
OLDEST = 10 * MINUTE
"""An hour in truth; scaled down as this world's longest standstill is."""
INVOCATION = 300 * SECOND


@dataclass
class Record:
    """A hint on the stream."""

    hint: Hint
    at: int
    name: str


@dataclass
class Lane:
    """One of the concurrent readers of a shard: never two of its batches at once."""

    name: str
    records: deque[Record] = field(default_factory=deque)
    again: deque[tuple[tuple[Record, ...], int]] = field(default_factory=deque)
    """What is to be given again before anything new: records and retries so far."""
    is_busy: bool = False
    is_polled: bool = False
    invocations: int = 0


class SimulatedStream(Faulty):
    """Implements `ports.Stream` for processes, and invokes the worker."""

    def __init__(
        self,
        hub: Hub,
        chance: Chance,
        invoke: Callable[[str, Sequence[Hint], Callable[[Process], None]], None],
        named: Callable[[Any], str],
    ) -> None:
        super().__init__(hub, chance)
        self._invoke = invoke
        self._named = named
        self._lanes = [Lane(f"{s}.{f}") for s in range(SHARDS) for f in range(FACTOR)]
        self.given_up: Callable[[str, Sequence[Hint], str], None] = lambda *_: None
        """Is told what nobody will be given any more: of which lane, what, and why."""
        self.is_down: Callable[[], bool] = lambda: False
        self.is_stalled: Callable[[], bool] = lambda: False
        self.is_unanswered: Callable[[], bool] = lambda: False
        """Whether the worker serves what it is given, and Lambda hears nothing of it."""
        self.is_refused: Callable[[], bool] = lambda: False
        """Whether the worker can't even be started."""

    # --- the producer's side ------------------------------------------------------------------

    def put(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        """Take the hints; return those that were certainly not taken."""
        fault, draw, process = self.begin("stream.put")
        self.hub.pause(3 + 10 * draw[1])
        if fault == "refused" or self.is_down():
            return list(hints)
        refused = [hint for hint in hints if not self._take(hint)]
        if fault == "silent":
            return []
        if fault == "crash_after":
            self.die(process)
        self.hub.pause(1 + 3 * draw[2])
        return refused

    def _take(self, hint: Hint) -> bool:
        name = self._named(hint)
        fault, draw = self.chance.strike("stream.record", name, self.hub.now)
        if fault == "refused":
            return False
        if fault == "lost":
            return True
        delay = draw[1] * 200
        if fault == "delayed":
            delay += draw[2] ** 3 * 20 * MINUTE
        self._send(hint, delay)
        if fault == "doubled":
            self._send(hint, delay + draw[3] ** 4 * 15 * MINUTE)
        return True

    def _send(self, hint: Hint, delay: float) -> None:
        """Put a record on its shard."""
        name = self._named(hint)
        together = lane_of(hint.key)
        lane = self._lanes[zlib.crc32(together.encode()) % len(self._lanes)]

        def arrive() -> None:
            lane.records.append(Record(hint, self.hub.now, name))
            self._poll_soon(lane, WINDOW if len(lane.records) < BATCH else 0)

        self.hub.plan(self.hub.now + delay, arrive)

    # --- the consumer's side ------------------------------------------------------------------

    def _poll_soon(self, lane: Lane, delay: float) -> None:
        if lane.is_busy or lane.is_polled:
            return
        lane.is_polled = True
        self.hub.plan(self.hub.now + delay, lambda: self._poll(lane))

    def _poll(self, lane: Lane) -> None:
        lane.is_polled = False
        if lane.is_busy:
            return
        if self.is_stalled():
            self._poll_soon(lane, 5 * SECOND)
            return
        self._expire(lane)
        if lane.again:
            records, retries = lane.again.popleft()
            self._serve(lane, records, retries)
        elif lane.records:
            many = min(BATCH, len(lane.records))
            self._serve(lane, tuple(lane.records.popleft() for _ in range(many)), 0)

    def _expire(self, lane: Lane) -> None:
        limit = self.hub.now - OLDEST
        while lane.records and lane.records[0].at < limit:
            self.given_up(lane.name, [lane.records.popleft().hint], "MaximumRecordAgeExceeded")

    def _serve(self, lane: Lane, records: tuple[Record, ...], retries: int) -> None:
        lane.is_busy = True
        lane.invocations += 1
        # Named by what it serves, not by a count: a fault elsewhere must not rename it.
        name = f"worker({records[0].name})"
        fault, _ = self.chance.strike("stream.batch", records[0].name, self.hub.now)
        hints = [record.hint for record in records]
        if fault == "doubled":
            self._invoke(f"{name}'", hints, lambda _: None)
        is_lost = fault == "unanswered" or self.is_unanswered()

        def ended(done: Process) -> None:
            crashed = done.is_dead or done.is_given_up or done.error is not None or is_lost
            self._answered(lane, records, retries, None if crashed else list(done.result))

        if self.is_refused():
            self._answered(lane, records, retries, None)
        else:
            self._invoke(name, hints, ended)

    def _answered(
        self,
        lane: Lane,
        records: tuple[Record, ...],
        retries: int,
        answer: list[int] | None,
    ) -> None:
        """Go on after an invocation; its answer is which of the records failed, or none."""
        lane.is_busy = False
        crashed, failed = answer is None, answer or []
        wait = 0.0
        if crashed or failed:
            rest = records if crashed else records[min(failed) :]
            wait = SECOND * 2.0**retries
            if crashed and len(rest) > 1:
                half = len(rest) // 2
                lane.again.extendleft([(rest[half:], retries), (rest[:half], retries)])
            elif retries < RETRIES:
                lane.again.appendleft((rest, retries + 1))
            elif len(rest) > 1:
                half = len(rest) // 2
                lane.again.extendleft([(rest[half:], retries), (rest[:half], retries)])
            else:
                hints = [record.hint for record in rest]
                self.given_up(lane.name, hints, "RetryAttemptsExhausted")
        if lane.again or lane.records:
            self._poll_soon(lane, wait)
