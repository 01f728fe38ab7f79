"""The stream pump reads a stream that is split and merged while it reads, in order, once.

Against kinesalite, whose shards are closed and have children as in AWS; MiniStack's never change.
"""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from time import time
from typing import Any

import boto3
import pytest
from botocore.config import Config

from benchmarks.surroundings import free_ports
from sandbox import processes
from sandbox.environment import isolated, until
from sandbox.ports import is_free
from sandbox.stream_pump import END, Aside, EventSource, Positions, Pump, ShardReader

pytestmark = [pytest.mark.slow, pytest.mark.emulator]

EMULATORS = Path(__file__).parents[1] / "emulators"
QUICK = "{createStreamMs: 10, updateStreamMs: 10}"
SERVE = f"require('kinesalite')({QUICK}).listen(+process.argv[1], '127.0.0.1')"
KEYS = [f"key-{number}" for number in range(12)]
ROUNDS = 10_000
LEAVING_SECONDS = 5.0


@pytest.fixture(scope="module")
def kinesis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Install and run kinesalite; skip where Node is not there or can't fetch it."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("Node is not installed: resharding is shown where it is")
    folder = tmp_path_factory.mktemp("kinesalite")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(EMULATORS / name, folder)
    install = ["npm", "ci", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund"]
    fetched = subprocess.run(install, cwd=folder, capture_output=True, text=True)
    if fetched.returncode != 0:
        pytest.skip(f"npm could not install kinesalite: {fetched.stderr.strip()[-200:]}")
    port = free_ports().aws
    child = processes.spawn(
        "kinesalite",
        ["node", "-e", SERVE, str(port)],
        isolated(os.environ),
        log=folder / "log",
        folder=folder,
    )
    try:
        until(lambda: not is_free(port), "kinesalite")
        yield boto3.client(
            "kinesis",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )
    finally:
        processes.stop([child], LEAVING_SECONDS)


class Bench:
    """A stream of its own, a pump on it, and what the handler was given."""

    def __init__(self, kinesis: Any, name: str, folder: Path) -> None:
        self.kinesis, self.name, self.folder = kinesis, name, folder
        self.seen: list[tuple[str, int]] = []
        self.shards: list[str] = []
        self.sent: dict[str, int] = defaultdict(int)
        self.failures = 0
        self.is_broken = False
        kinesis.create_stream(StreamName=name, ShardCount=1)
        self._until_active()
        self.start()

    def start(self) -> None:
        """Read with a new pump, as a process that was started again."""
        self.readers: list[ShardReader] = []
        self.positions = Positions(self.folder / "positions.json")
        arn = f"arn:aws:kinesis:::stream/{self.name}"
        source = EventSource(self.name, arn, "us-east-1", 5, 0, parallelization_factor=3)
        aside = Aside(self.kinesis, "nothing is put aside")
        self.pump = Pump(source, self.kinesis, self.handle, self.positions, aside, time)

    def handle(self, event: dict[str, Any]) -> None:
        if self.is_broken:
            self.failures += 1
            raise RuntimeError("not now")
        for record in event["Records"]:
            number = int(base64.b64decode(record["kinesis"]["data"]))
            self.seen.append((record["kinesis"]["partitionKey"], number))
            self.shards.append(record["eventID"].partition(":")[0])

    def put(self, rounds: int) -> None:
        """Put the next numbers for every key."""
        for _ in range(rounds):
            for key in KEYS:
                self.sent[key] += 1
                data = str(self.sent[key]).encode()
                self.kinesis.put_record(StreamName=self.name, Data=data, PartitionKey=key)

    def open_shards(self) -> list[dict[str, Any]]:
        shards = self.kinesis.list_shards(StreamName=self.name)["Shards"]
        ended = "EndingSequenceNumber"
        return [shard for shard in shards if ended not in shard["SequenceNumberRange"]]

    def split(self) -> None:
        """Split the first open shard in its middle."""
        shard = self.open_shards()[0]
        hashes = shard["HashKeyRange"]
        middle = (int(hashes["StartingHashKey"]) + int(hashes["EndingHashKey"])) // 2
        self.kinesis.split_shard(
            StreamName=self.name,
            ShardToSplit=shard["ShardId"],
            NewStartingHashKey=str(middle),
        )
        self._until_active()

    def merge(self) -> None:
        """Merge the two open shards."""
        left, right = self.open_shards()
        self.kinesis.merge_shards(
            StreamName=self.name,
            ShardToMerge=left["ShardId"],
            AdjacentShardToMerge=right["ShardId"],
        )
        self._until_active()

    def run(self, is_done: Callable[[], bool]) -> None:
        """Read with all readers in turn, the youngest first, until that is so."""
        for _ in range(ROUNDS):
            if is_done():
                return
            self.readers += self.pump.ready()
            for reader in reversed(self.readers):
                if reader.step() is None:
                    self.readers = [other for other in self.readers if other is not reader]
        raise AssertionError(f"Only {len(self.seen)} records were read.")

    def read_all(self) -> None:
        total = sum(self.sent.values())
        self.run(lambda: len(self.seen) >= total)

    def _until_active(self) -> None:
        def is_active() -> bool:
            summary = self.kinesis.describe_stream_summary(StreamName=self.name)
            return bool(summary["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE")

        until(is_active, "The stream", pause=Event().wait)


@pytest.fixture
def bench(kinesis: Any, request: pytest.FixtureRequest, tmp_path: Path) -> Bench:
    return Bench(kinesis, request.node.originalname[:60], tmp_path)


def in_order(bench: Bench) -> bool:
    """Return whether each key's numbers came as they were put, once each."""
    by_key: dict[str, list[int]] = defaultdict(list)
    for key, number in bench.seen:
        by_key[key].append(number)
    return by_key == {key: list(range(1, last + 1)) for key, last in bench.sent.items()}


def test_a_split_shard_is_used_up_before_its_children_are_read(bench: Bench) -> None:
    bench.put(4)
    parent = bench.open_shards()[0]["ShardId"]
    bench.split()
    bench.put(4)
    bench.read_all()

    assert in_order(bench)
    assert bench.shards[: 4 * len(KEYS)] == [parent] * 4 * len(KEYS)
    assert len(set(bench.shards)) == 3
    assert bench.positions.get(parent) == END


def test_merged_shards_are_both_used_up_before_the_one_they_became(bench: Bench) -> None:
    bench.split()
    bench.put(4)
    parents = {shard["ShardId"] for shard in bench.open_shards()}
    bench.merge()
    bench.put(4)
    bench.read_all()

    assert in_order(bench)
    assert set(bench.shards[: 4 * len(KEYS)]) == parents
    assert len(set(bench.shards[4 * len(KEYS) :])) == 1


def test_splits_and_merges_while_it_reads_lose_and_reorder_nothing(bench: Bench) -> None:
    for change in (bench.split, bench.merge, bench.split, bench.merge):
        bench.put(3)
        some = len(bench.seen) + len(KEYS)
        bench.run(lambda some=some: len(bench.seen) >= some)  # type: ignore[misc] # bound now
        change()
    bench.put(2)
    bench.read_all()

    assert in_order(bench)


def test_a_pump_that_is_started_again_amid_a_split_goes_on_where_it_was(bench: Bench) -> None:
    bench.put(3)
    bench.run(lambda: len(bench.seen) >= 10)
    bench.split()
    bench.put(3)
    bench.start()
    bench.read_all()

    assert in_order(bench)


def test_a_child_waits_for_a_parent_that_fails(bench: Bench) -> None:
    bench.put(1)
    parent = bench.open_shards()[0]["ShardId"]
    bench.split()
    bench.put(1)
    bench.is_broken = True
    bench.run(lambda: bench.failures >= 3)
    assert [reader.shard for reader in bench.readers] == [parent]
    assert bench.positions.get(parent) != END
    bench.is_broken = False
    bench.read_all()

    assert in_order(bench)
