"""What is done to the product: killed at port calls, frozen there, crowded, killed at random."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from threading import Timer

from chalicelib.channels import CHANNELS
from sandbox.crashing import AFTER, BEFORE, CALLS_TO, CRASH_AT, FREEZE_AT, Moment
from tests.kill.judge import Verdict, judge
from tests.kill.nursery import KILLED, RELEASE, SERVE, STOPPED, WORK
from tests.kill.product import LEASE_SECONDS, TIGHT, Product

CASE_SECONDS = 30.0
"""How long a chosen moment may take to come."""
TRIES = 3
LAST_WORDS_SECONDS = 1.0
"""How long a process may go on after a message is final: its last calls count, too."""
SETTLED_SECONDS = 300.0
THAWED_SECONDS = 3.0
"""How long a process may go on after it was thawed."""
TOGETHER = 30
"""How many processes are frozen at the same time."""
TAKEN_OVER_SECONDS = LEASE_SECONDS + float(TIGHT["SETTLE_SECONDS"]) + 5
LIFE_SECONDS = (0.1, 3.0)
"""How long a process lives that is killed at random."""
SCHEDULERS, WORKERS = 2, 4
SCHEDULER = "scheduler"
SOON = timedelta(seconds=2)

Say = Callable[[str], None]
Start = Callable[..., int]


@dataclass
class Part:
    """What one phase did and what came of it."""

    title: str
    verdict: Verdict = field(default_factory=Verdict)
    calls: Counter[str] = field(default_factory=Counter)
    """By channel: at how many different port calls."""
    struck: Counter[str] = field(default_factory=Counter)
    """By channel: how many processes were killed or frozen there."""
    missed: list[str] = field(default_factory=list)
    """Moments that never came."""
    seconds: float = 0

    @property
    def is_kept(self) -> bool:
        """Say whether every promise was kept at every moment that was meant."""
        return not self.verdict.violations and not self.missed


def every_call(product: Product, channels: Sequence[str], say: Say, stride: int = 1) -> Part:
    """Kill the product before and after each port call that a message makes, channel by channel.

    `stride` leaves out all but every so many-th moment.
    """
    with _part("killed at every port call", product) as part:
        for channel in channels:
            moments = _recorded(product, channel, product.start)[::stride]
            part.calls[channel] = len({(moment.call, moment.number) for moment in moments})
            for moment in moments:
                _strike(part, product, channel, moment, product.start)
            say(f"{part.title}: {channel}, {part.struck[channel]} times")
    return part


def every_release(product: Product, say: Say) -> Part:
    """Kill a scheduler before and after each kind of call it makes, beside a worker that lives."""
    with _part("scheduler killed at every port call", product) as part:
        api = product.start(SERVE, WORK)
        log = product.folder / "calls-scheduler.jsonl"
        pid = _scheduling(product, {CALLS_TO: str(log)})
        product.settle(list(product.asked.values())[-1:], SETTLED_SECONDS)
        product.nursery.kill(pid)
        kinds = dict.fromkeys(call for call, _, _ in _lines(log))
        part.calls[SCHEDULER] = len(kinds)
        for moment in (Moment(call, when, 1) for call in kinds for when in (BEFORE, AFTER)):
            pid = _scheduling(product, {CRASH_AT: str(moment)})
            if product.nursery.await_change(pid, CASE_SECONDS) == KILLED:
                part.struck[SCHEDULER] += 1
            else:
                part.missed.append(f"{SCHEDULER} {moment}")
                product.nursery.kill(pid)
        product.nursery.kill(api)
        say(f"{part.title}: {part.struck[SCHEDULER]} times")
    return part


def frozen(product: Product, channels: Sequence[str], say: Say) -> Part:
    """Stop a worker at each of its port calls until another took over, then let it go on."""
    with _part("worker frozen beyond its lease", product) as part:
        api = product.start(SERVE, RELEASE)
        work = partial(product.nursery.start, WORK)
        cold: list[int] = []
        for channel in channels:
            recorded = _recorded(product, channel, work)
            meant = [m for m in recorded if m.when == BEFORE or m.call == "Transport.perform"]
            part.calls[channel] = len({(m.call, m.number) for m in meant})
            for moment in meant:
                cold += _strike(part, product, channel, moment, work, STOPPED)
                if len(cold) >= TOGETHER:
                    _thaw(product, cold)
            say(f"{part.title}: {channel}, {part.struck[channel]} times")
        _thaw(product, cold)
        product.nursery.kill(api)
    return part


def crowded(product: Product, messages: int, say: Say) -> Part:
    """Let two schedulers and four workers, all of whom see every record, serve one backlog."""
    with _part(f"{SCHEDULERS} schedulers and {WORKERS} workers at once", product) as part:
        pids = [product.start(SERVE)]
        for number in range(messages):
            at = datetime.now(UTC) + SOON if number % 2 else None
            product.publish(tuple(CHANNELS), scheduled_at=at)
        pids += [product.nursery.start(RELEASE) for _ in range(SCHEDULERS)]
        pids += [product.nursery.start(WORK) for _ in range(WORKERS)]
        product.settle(list(product.asked.values())[-messages:], SETTLED_SECONDS)
        for pid in pids:
            product.nursery.kill(pid)
        say(f"{part.title}: {messages} messages")
    return part


def at_random(product: Product, kills: int, deliveries: int, random: Random, say: Say) -> Part:
    """Kill the product so many times while so many deliveries are on their way."""
    with _part("killed at random", product) as part:
        each = sum(max(1, len(product.recipients.get(channel, ()))) for channel in CHANNELS)
        asked = 0
        for number in range(1, kills + 1):
            pid = product.start()
            timer = Timer(random.uniform(*LIFE_SECONDS), product.nursery.kill, [pid])
            timer.start()
            product.repeat_unanswered()
            while asked < deliveries * number / kills:
                product.publish(tuple(CHANNELS))
                asked += each
            timer.join()
            part.struck["product"] += 1
            if number % 20 == 0:
                say(f"{part.title}: {number} of {kills} times")
    return part


# --- what the phases share ----------------------------------------------------------------------


@contextmanager
def _part(title: str, product: Product) -> Iterator[Part]:
    """Let everything settle when the phase is over, then judge what was asked for in it."""
    part, began, first = Part(title), time.monotonic(), len(product.asked)
    yield part
    pid = product.start()
    asked = list(product.asked.values())[first:]
    told = product.settle(asked, SETTLED_SECONDS)
    part.verdict = judge(asked, told, product.posts())
    product.nursery.kill(pid)
    part.seconds = time.monotonic() - began


def _recorded(product: Product, channel: str, start: Start) -> list[Moment]:
    """Return every moment before and after a port call that a message always makes on a channel."""
    first, second = (_passed(product, channel, start) for _ in range(2))
    return [moment for moment in first if moment in second]


def _passed(product: Product, channel: str, start: Start) -> list[Moment]:
    """Return the moments that one message passes in a process of its own."""
    mark = f"record-{channel}-{len(product.asked):06d}"
    log = product.folder / f"{mark}.jsonl"
    pid = start(**{CALLS_TO: str(log)})
    asked = product.asked[product.publish([channel], correlation_id=mark)]
    product.settle([asked], SETTLED_SECONDS)
    product.pause(LAST_WORDS_SECONDS)
    product.nursery.kill(pid)
    seen: Counter[tuple[str, str]] = Counter()
    moments = []
    for call, when, correlation_id in _lines(log):
        if correlation_id == mark:
            seen[call, when] += 1
            moments.append(Moment(call, when, seen[call, when]))
    return moments


def _strike(
    part: Part, product: Product, channel: str, moment: Moment, start: Start, expected: str = KILLED
) -> list[int]:
    """Publish on a process that dies or freezes at a moment of that very message; return it.

    Somebody else may be quicker and serve the message: so it is tried three times.
    """
    for _ in range(TRIES):
        mark = f"strike-{channel}-{len(product.asked):06d}"
        chosen = Moment(moment.call, moment.when, moment.number, mark)
        pid = start(**{CRASH_AT if expected == KILLED else FREEZE_AT: str(chosen)})
        product.repeat_unanswered()
        product.publish([channel], correlation_id=mark)
        if product.nursery.await_change(pid, CASE_SECONDS) == expected:
            part.struck[channel] += 1
            return [pid]
        product.nursery.kill(pid)
    part.missed.append(f"{channel} {moment}")
    return []


def _thaw(product: Product, cold: list[int]) -> None:
    """Wait until others have taken over what these processes hold, then let them go on."""
    helper = product.nursery.start(WORK)
    product.pause(TAKEN_OVER_SECONDS)
    for pid in cold:
        product.nursery.thaw(pid)
    product.pause(THAWED_SECONDS)
    for pid in (*cold, helper):
        product.nursery.kill(pid)
    cold.clear()


def _scheduling(product: Product, environment: dict[str, str]) -> int:
    """Start a scheduler that finds a message which is due in a moment."""
    product.publish([next(iter(CHANNELS))], scheduled_at=datetime.now(UTC) + SOON)
    return product.nursery.start(RELEASE, **environment)


def _lines(path: Path) -> list[tuple[str, str, str]]:
    return [tuple(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
