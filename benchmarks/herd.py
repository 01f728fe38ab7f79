"""A herd: many deliveries due at one and the same minute, and how they get through.

In a process of their own, production services work on the in-memory table, with real threads and
in real time: the scheduler ticks each minute and as many workers serve batches of ten as are
deployed. Each request to a platform takes `LATENCY_SECONDS` and always succeeds; the spacing of an
account's posts is lifted. What is shared with AWS is all but its latency, and one interpreter does
the work of ten.

    python -m benchmarks.herd DELIVERIES FILE
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from queue import Empty, SimpleQueue
from random import Random
from threading import Event, Thread

from benchmarks.figures import Figure
from benchmarks.memory import PROCESSES, peak_bytes, resident_bytes
from benchmarks.stage import AUTHOR, Worker, environment, wired
from benchmarks.surroundings import LEAVING_SECONDS
from chalicelib import wiring
from chalicelib.domain.channels import Account, AwsCall, ChannelName, HttpRequest, Response
from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.domain.messages import Content, Draft
from chalicelib.domain.ports import AccountState, AccountStatus, Hint
from chalicelib.domain.states import Status
from chalicelib.gateways.ground import SystemClock
from chalicelib.observability import JsonTelemetry
from chalicelib.repositories.store import Store
from sandbox import embedded, processes
from sandbox.environment import isolated, until
from sandbox.state import PROJECT, Trouble
from tests.fakes.platforms import reply
from tests.fakes.stores import FakeSecrets, FakeSigner
from tests.fakes.table import MemoryTable
from tests.fakes.world import SECRETS, SETTINGS

CLAIMS_PER_SECOND = 1000
"""What has to be set to claim 100,000 within two ticks: the usual number saves small platforms."""
WORKERS = 10
"""At once, as `deliver` is deployed."""
BATCH = 10
"""Records that one of them is handed."""
LATENCY_SECONDS = 0.02
FEEDS = (ChannelName("facebook"), ChannelName("linkedin"))
MINUTE_SECONDS = 60.0
POLL_SECONDS = 0.2
SLOWEST_RATE = 20
"""Deliveries a second below which we would rather not wait for the end."""
CLAIMED_SECONDS, DRAIN_RATE, RETRIES, GROWTH = 120, 300, 0.05, 1.1


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a herd got through."""

    deliveries: int
    claimed_seconds: float
    """From the minute on until the last one was on the stream."""
    drained_seconds: float
    """From the minute on until the last one was settled."""
    delivered: int
    attempts: int
    posts: int
    hints: int
    growth_bytes: int
    """Resident memory at its peak, over what it was before there was any delivery."""

    @property
    def rate(self) -> float:
        """Deliveries a second."""
        return self.deliveries / self.drained_seconds

    @property
    def retry_ratio(self) -> float:
        """Attempts beyond the first, over the deliveries."""
        return self.attempts / self.deliveries - 1

    @property
    def growth(self) -> float:
        """Kilobytes for each delivery."""
        return self.growth_bytes / self.deliveries / 1024


def measure(folder: Path, number: int) -> list[Figure]:
    """Return what a herd did, and whether ten times as many need more memory for each."""
    return told(*(_apart(folder, size) for size in (number // 10, number)))


def told(few: Outcome, many: Outcome) -> list[Figure]:
    """Return what a small herd and a great one say."""
    setting = f"CLAIMS_PER_SECOND={CLAIMS_PER_SECOND}, {WORKERS} workers, spacing lifted"
    told = f"{many.delivered} delivered, {many.posts} posts, {many.hints} hints"
    figures = [
        Figure("deliveries due at one minute", many.deliveries, note=setting),
        Figure("all of them claimed after", many.claimed_seconds, "s", CLAIMED_SECONDS),
        Figure("drained", many.rate, "/s", at_least=DRAIN_RATE, note=told),
        Figure("attempts that were repeated", many.retry_ratio * 100, "%", RETRIES * 100),
        Figure("not delivered", many.deliveries - many.delivered, "", 0),
        Figure("posted more than once", many.posts - many.delivered, "", 0),
    ]
    if PROCESSES.is_dir():
        note = f"{few.growth:.1f} kB when they are {few.deliveries}"
        figures += [
            Figure("memory for each, the table's included", many.growth, "kB", note=note),
            Figure("over a tenth of the herd's", many.growth / few.growth, "×", GROWTH),
        ]
    return figures


def _apart(folder: Path, number: int) -> Outcome:
    """Return what a herd did in a fresh process."""
    path, log = folder / f"herd-{number}.json", folder / f"herd-{number}.log"
    command = [sys.executable, "-m", "benchmarks.herd", str(number), str(path)]
    child = processes.spawn("herd", command, isolated(os.environ), log=log, folder=PROJECT)
    try:
        if child.process.wait() != 0:
            raise RuntimeError(f"The herd of {number} failed:{child.last_words()}")
    finally:
        processes.stop([child], LEAVING_SECONDS)
    return Outcome(**json.loads(path.read_text(encoding="utf-8")))


# --- in a process of its own --------------------------------------------------------------------


class SetForward:
    """Implements `ports.Clock`: real time, which can be set forward."""

    def __init__(self) -> None:
        self._real = SystemClock()
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """Return the present as set."""
        return self._real.now() + self._ahead

    def sleep(self, seconds: float) -> None:
        """Wait at least this long."""
        self._real.sleep(seconds)

    def set(self, moment: datetime) -> None:
        """Let it be this moment now."""
        self._ahead = moment - self._real.now()


class SlowFeeds:
    """Implements `ports.Transport`: two platforms that take every text, not at once."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self.posts: list[tuple[ChannelName, str]] = []

    def perform(
        self, step: HttpRequest | AwsCall, account: Account, until: datetime | None = None
    ) -> Response:
        """Take a post and answer as the platform does."""
        if not isinstance(step, HttpRequest) or not step.publishes:
            raise ValueError(f"Nobody has asked {account.channel} anything here.")
        time.sleep(LATENCY_SECONDS)
        identifier = f"{account.channel}_{next(self._numbers)}"
        if account.channel == "facebook":
            self.posts.append((account.channel, step.json["message"]))
            return reply({"id": identifier})
        self.posts.append((account.channel, step.json["commentary"]))
        return reply({}, 201, {"x-restli-id": f"urn:li:share:{identifier}"})


class Lanes:
    """Implements `ports.Stream`: workers take batches side by side, the oldest records first."""

    def __init__(self, worker: Callable[[], Worker]) -> None:
        self._worker = worker
        self._queue: SimpleQueue[Hint | None] = SimpleQueue()
        self._threads = [Thread(target=self._serve) for _ in range(WORKERS)]
        self._is_ending = False
        self.hints = 0
        self.put_at: list[tuple[int, float]] = []
        """How many hints there had been at which moment of the monotonic clock."""

    def put(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        """Take every hint."""
        for hint in hints:
            self._queue.put(hint)
        self.hints += len(hints)
        self.put_at.append((self.hints, time.monotonic()))
        return ()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Have workers within."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._is_ending = True
            for _ in self._threads:
                self._queue.put(None)
            for thread in self._threads:
                thread.join()

    def _serve(self) -> None:
        while (hint := self._queue.get()) is not None and not self._is_ending:
            self._worker()([hint, *self._more()])

    def _more(self) -> Iterator[Hint]:
        for _ in range(BATCH - 1):
            try:
                hint = self._queue.get_nowait()
            except Empty:
                return
            if hint is None:
                self._queue.put(None)  # another worker's end
                return
            yield hint


def drive(number: int) -> Outcome:
    """Accept a herd for one minute, let that minute come and see it through."""
    clock, feeds = SetForward(), SlowFeeds()
    lanes = Lanes(lambda: wiring.delivering().deliver_all)
    with ExitStack() as held:
        held.enter_context(environment(_configured()))
        log = held.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        secrets = FakeSecrets({name: SECRETS[name] for name in FEEDS})
        replaced = {
            "clock": clock,
            "transport": feeds,
            "stream": lanes,
            "telemetry": JsonTelemetry(log),
            "secrets": secrets,
            "signer": FakeSigner(),
            "store": Store(MemoryTable(), wiring.ids(), Random(1), clock.sleep),  # noqa: S311 jitter
        }
        held.enter_context(wired(**replaced))
        _connect()
        before = _resident()
        due_at = clock.now() + timedelta(hours=1)
        keys = accepted(number, due_at)
        clock.set(due_at)
        began = time.monotonic()
        with lanes.running(), _ticking():
            patience = 2 * MINUTE_SECONDS + number / SLOWEST_RATE
            until(_is_settled, "The last one", patience, lambda _: time.sleep(POLL_SECONDS))
            drained = time.monotonic() - began
        growth = _peak() - before
        rows = wiring.messages().deliveries(keys)
    claimed = next(at for hints, at in lanes.put_at if hints >= number) - began
    return Outcome(
        deliveries=number,
        claimed_seconds=claimed,
        drained_seconds=drained,
        delivered=sum(row.status is Status.DELIVERED for row in rows),
        attempts=sum(row.attempts for row in rows),
        posts=len(feeds.posts),
        hints=lanes.hints,
        growth_bytes=growth,
    )


def accepted(number: int, due_at: datetime) -> list[DeliveryKey]:
    """Accept messages on both feeds; return their deliveries."""
    keys: list[DeliveryKey] = []
    while len(keys) < number:
        channels = FEEDS[: number - len(keys)]
        draft = Draft(Content(f"Number {len(keys)} of the herd."), channels, scheduled_at=due_at)
        snapshot = wiring.publishing().submit(draft, AUTHOR)
        keys += [delivery.key for delivery in snapshot.deliveries]
    return keys


@contextmanager
def _ticking() -> Iterator[None]:
    """Run the scheduler now and each minute from now on within."""
    releasing, ended, began = wiring.releasing(), Event(), time.monotonic()

    def tick() -> None:
        for number in count(1):
            releasing.release()
            if ended.wait(max(began + number * MINUTE_SECONDS - time.monotonic(), 0)):
                return

    ticks = Thread(target=tick)
    ticks.start()
    try:
        yield
    finally:
        ended.set()
        ticks.join()


def _is_settled() -> bool:
    """Return whether the due index is empty: what is not settled stands there."""
    far = wiring.clock().now() + timedelta(days=1)
    shards = range(wiring.messages().shards)
    return not any(wiring.messages().due(shard, far, None).items for shard in shards)


def _connect() -> None:
    for name in FEEDS:
        before = wiring.accounts().state(name)
        state = AccountState(name, AccountStatus.CONNECTED, settings=SETTINGS[name], version=1)
        wiring.store().commit(wiring.accounts().saving(before, state))


def _configured() -> dict[str, str]:
    return {
        **isolated(os.environ),
        "AWS_ACCESS_KEY_ID": embedded.ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": embedded.ACCESS_KEY,
        "AWS_DEFAULT_REGION": embedded.REGION,
        "CLAIMS_PER_SECOND": str(CLAIMS_PER_SECOND),
        "SPACING_SECONDS": "0",
        "CATCH_UP_SPACING_SECONDS": "0",
        "WORKER_THREADS": str(WORKERS * BATCH),
    }


def _resident() -> int:
    return resident_bytes(os.getpid()) if PROCESSES.is_dir() else 0


def _peak() -> int:
    return peak_bytes(os.getpid()) if PROCESSES.is_dir() else 0


def main(number: int, path: Path) -> None:
    """Drive a herd and write down how it got through."""
    try:
        outcome = drive(number)
    except Trouble as trouble:
        sys.exit(str(trouble))
    path.write_text(json.dumps(asdict(outcome)), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
