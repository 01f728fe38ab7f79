"""Drive a Kinesis consumer the way Lambda's event source mapping is documented to.

    poll ──▶ lane ──▶ batch ──▶ handler ──▶ all well: the batch is done with
              (10 records or 5 s)   │
                                    ├─▶ batchItemFailures: what is before the lowest failed record
                                    │   is done with; it and what follows are retried
                                    └─▶ error: the batch is cut in two, then each half retried;
                                        one record alone is retried 3 times, then put aside

A shard has as many lanes as the parallelization factor says; one partition key is always in one
lane, and a lane waits for its failing batch, so order is kept. Cutting costs no retry. A child
shard begins when its parents are used up. Records older than the limit are put aside without a
call. Behind which record all is done is kept on disk, so that a killed process repeats at most what
was read after it.

Read 2026-11-21: docs.aws.amazon.com/lambda/latest/dg, services-kinesis-batchfailurereporting,
services-kinesis-parameters and kinesis-on-failure-destination.
"""

from __future__ import annotations

import base64
import json
import threading
import uuid
import zlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.reporting import report
from sandbox.state import read_json, write_json

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
RECORDS_PER_POLL = 500
HELD_RECORDS = 2 * RECORDS_PER_POLL
"""A shard with so many records that are not done with is not read on."""
POLL_SECONDS = 0.2
TROUBLED_SECONDS = 2.0
RESHARD_SECONDS = 10.0
END = "SHARD_END"
MAPPING = "00000000-0000-4000-8000-000000000000"
"""The event source mapping's id; there is only one here."""

Handler = Callable[[dict[str, Any]], Any]
Record = Mapping[str, Any]
Begin = Callable[[Callable[[], None]], object]
"""Runs something, now or soon."""


class Kinesis(Protocol):
    """What is used of boto3's Kinesis client."""

    def list_shards(self, **arguments: Any) -> Any: ...
    def get_shard_iterator(self, **arguments: Any) -> Any: ...
    def get_records(self, **arguments: Any) -> Any: ...


@dataclass(frozen=True)
class EventSource:
    """How a function is fed from a stream; the same words as Lambda's API."""

    stream: str
    stream_arn: str
    region: str
    batch_size: int = 10
    batching_window_seconds: float = 5
    parallelization_factor: int = 1
    retry_attempts: int = 3
    record_age_seconds: float = 3600
    retry_base_seconds: float = 1


class Positions:
    """Where each shard stands, on disk. Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Read back what an earlier process wrote."""
        self._path = path
        self._guard = threading.Lock()
        self._positions: dict[str, str] = read_json(path) or {}

    def get(self, shard: str) -> str | None:
        """Return the last record's number that is done with, END, or None for a new shard."""
        return self._positions.get(shard)

    def move(self, shard: str, position: str) -> None:
        """Keep a position; when this returns it survives the end of the process."""
        with self._guard:
            self._positions[shard] = position
            write_json(self._path, self._positions)


class Aside:
    """The failure destination: a bucket, its objects named as Lambda names them."""

    def __init__(self, s3: Any, bucket: str) -> None:
        """Write to a bucket that exists."""
        self._s3 = s3
        self._bucket = bucket

    def put(self, document: Mapping[str, Any]) -> None:
        """Keep one document; when this returns it can't get lost."""
        at = datetime.fromisoformat(document["timestamp"])
        shard = document["KinesisBatchInfo"]["shardId"]
        key = f"aws/lambda/{MAPPING}/{shard}/{at:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=json.dumps(document).encode())


@dataclass(frozen=True)
class Batch:
    """Neighbouring records of one shard that go to the handler together."""

    records: tuple[Record, ...]
    tries: int = 0
    not_before: float = 0


def _at_once(work: Callable[[], None]) -> None:
    work()


@dataclass
class Lane:
    """Some of a shard's partition keys: their records in order, one batch at a time.

    While it is busy only whoever made it so may touch more than `arrived`.
    """

    source: EventSource
    window_ends: float
    arrived: deque[Record] = field(default_factory=deque)
    again: deque[Batch] = field(default_factory=deque)
    is_busy: bool = False

    def is_empty(self) -> bool:
        """Return whether nothing waits here."""
        return not self.arrived and not self.again

    def wait(self, now: float, *, is_open: bool) -> float | None:
        """Return the seconds until there is a batch, None if that depends on what comes."""
        if self.again:
            return max(self.again[0].not_before - now, 0.0)
        if not self.arrived:
            return None
        if len(self.arrived) >= self.source.batch_size or not is_open:
            return 0.0
        return max(self.window_ends - now, 0.0)

    def take(self) -> Batch:
        """Return the next batch."""
        if self.again:
            return self.again.popleft()
        taken: list[Record] = []
        size = 0
        while self.arrived and len(taken) < self.source.batch_size:
            size += len(self.arrived[0]["Data"]) * 4 // 3
            if taken and size > MAX_PAYLOAD_BYTES:
                break
            taken.append(self.arrived.popleft())
        return Batch(tuple(taken))

    def renew(self, now: float) -> None:
        """Begin another window if this one is over, or was used."""
        self.window_ends = now + self.source.batching_window_seconds


class Checkpoint:
    """Behind which record of a shard everything is done with. Thread-safe."""

    def __init__(self, shard: str, positions: Positions) -> None:
        """Go on where an earlier process stood."""
        self._shard = shard
        self._positions = positions
        self._guard = threading.Lock()
        self._open: deque[str] = deque()
        self._done: set[str] = set()

    def __len__(self) -> int:
        """Return how many records are not done with, and those behind them."""
        return len(self._open)

    @property
    def stored(self) -> str | None:
        """Return the position that survives the end of the process."""
        return self._positions.get(self._shard)

    def read(self, records: Sequence[Record]) -> None:
        """Take note of records that are to be done."""
        with self._guard:
            self._open.extend(_number(record) for record in records)

    def done(self, records: Sequence[Record]) -> None:
        """Move as far as everything is done with; when this returns that is kept."""
        with self._guard:
            self._done.update(_number(record) for record in records)
            behind = list(takewhile(self._done.__contains__, self._open))
            if behind:
                self._positions.move(self._shard, behind[-1])
            for number in behind:
                self._open.popleft()
                self._done.discard(number)

    def end(self) -> None:
        """Note that the shard is used up."""
        self._positions.move(self._shard, END)


class ShardReader:
    """Reads one shard and feeds its lanes; `step` does what is to be done now."""

    def __init__(
        self,
        shard: str,
        source: EventSource,
        kinesis: Kinesis,
        handler: Handler,
        positions: Positions,
        aside: Aside,
        clock: Callable[[], float],
    ) -> None:
        """Read nothing yet."""
        self.shard = shard
        self._source = source
        self._kinesis = kinesis
        self._handler = handler
        self._aside = aside
        self._clock = clock
        self._checkpoint = Checkpoint(shard, positions)
        ends = clock() + source.batching_window_seconds
        self._lanes = [Lane(source, ends) for _ in range(source.parallelization_factor)]
        self._iterator: str | None = None
        self._is_open = True
        self._read: str | None = None
        self._polls_at = 0.0
        self._stopping = threading.Event()

    def run(self, stopping: threading.Event) -> None:
        """Read until the shard is used up or `stopping` is set, and its lanes' batches are over."""
        self._stopping = stopping
        with ThreadPoolExecutor(len(self._lanes), f"lane-{self.shard}") as lanes:
            while not stopping.is_set():
                try:
                    wait = self.step(lanes.submit)
                except Exception as error:  # a full disk, say: no position moved, so try again
                    report("stream_pump_failed", shard=self.shard, error=error)
                    wait = TROUBLED_SECONDS
                if wait is None:
                    return
                stopping.wait(wait)

    def step(self, begin: Begin = _at_once) -> float | None:
        """Do what can be done; return the seconds to wait then, None when the shard is used up.

        `begin` runs the batches of one lane.
        """
        now = self._clock()
        if self._is_open and now >= self._polls_at and len(self._checkpoint) < HELD_RECORDS:
            self._polls_at = now + self._poll()
        for lane in self._lanes:
            if not lane.is_busy:
                self._turn(lane, now, begin)
        if not self._is_open and not len(self._checkpoint):
            self._checkpoint.end()
            return None
        return self._until_next()

    def _turn(self, lane: Lane, now: float, begin: Begin) -> None:
        if lane.wait(now, is_open=self._is_open) == 0:
            lane.is_busy = True
            begin(partial(self._drive, lane))
        elif lane.is_empty() and now >= lane.window_ends:
            lane.renew(now)

    def _until_next(self) -> float:
        now = self._clock()
        free = [lane for lane in self._lanes if not lane.is_busy]
        waits = [
            wait for lane in free if (wait := lane.wait(now, is_open=self._is_open)) is not None
        ]
        if self._is_open:
            waits.append(max(self._polls_at - now, 0.0))
        is_held = len(self._checkpoint) >= HELD_RECORDS
        return max(min(waits, default=POLL_SECONDS), POLL_SECONDS if is_held else 0.0)

    def _drive(self, lane: Lane) -> None:
        """Hand over what a lane has, batch by batch."""
        while not self._stopping.is_set() and lane.wait(self._clock(), is_open=self._is_open) == 0:
            batch = lane.take()
            try:
                self._invoke(lane, batch)
            except Exception as error:  # a full disk, say: nothing was moved, so try again
                report("stream_pump_failed", shard=self.shard, error=error)
                later = self._clock() + TROUBLED_SECONDS
                lane.again.appendleft(replace(batch, not_before=later))
            lane.renew(self._clock())
        lane.is_busy = False

    def _poll(self) -> float:
        """Read on; return the seconds until the next time."""
        try:
            if self._iterator is None:
                self._iterator = self._start()
            answer = self._kinesis.get_records(ShardIterator=self._iterator, Limit=RECORDS_PER_POLL)
        except (BotoCoreError, ClientError) as error:
            self._iterator = None
            report("stream_unreadable", shard=self.shard, error=error)
            return TROUBLED_SECONDS
        self._checkpoint.read(answer["Records"])
        for record in answer["Records"]:
            self._lane(record).arrived.append(record)
            self._read = _number(record)
        self._iterator = answer.get("NextShardIterator")
        self._is_open = self._iterator is not None
        return POLL_SECONDS if len(answer["Records"]) < RECORDS_PER_POLL else 0.0

    def _lane(self, record: Record) -> Lane:
        return self._lanes[zlib.crc32(record["PartitionKey"].encode()) % len(self._lanes)]

    def _start(self) -> str:
        """Return an iterator behind what was read, else behind what was done, else at the start."""
        read = self._read or self._checkpoint.stored
        where = (
            {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": read}
            if read
            else {"ShardIteratorType": "TRIM_HORIZON"}
        )
        name = {"StreamName": self._source.stream, "ShardId": self.shard}
        return str(self._kinesis.get_shard_iterator(**name, **where)["ShardIterator"])

    def _invoke(self, lane: Lane, batch: Batch) -> None:
        """Call the handler for what is young enough, and act on its answer."""
        oldest = self._clock() - self._source.record_age_seconds
        if expired := tuple(r for r in batch.records if _arrival(r) < oldest):
            self._give_up(replace(batch, records=expired), "RecordAgeExceeded")
            batch = replace(batch, records=tuple(r for r in batch.records if _arrival(r) >= oldest))
        if batch.records:
            self._settle(lane, batch, self._first_failure(batch))

    def _first_failure(self, batch: Batch) -> int | None:
        """Return the index of the lowest failed record; None if all is well."""
        try:
            answer = self._handler(self._event(batch))
        except Exception as error:  # whatever a function raises fails its batch
            report("batch_failed", shard=self.shard, records=len(batch.records), error=error)
            return 0
        numbers = [_number(record) for record in batch.records]
        return lowest_failure(answer, numbers)

    def _settle(self, lane: Lane, batch: Batch, failed: int | None) -> None:
        if failed is None:
            self._checkpoint.done(batch.records)
        elif failed:
            self._checkpoint.done(batch.records[:failed])
            self._again(lane, replace(batch, records=batch.records[failed:]))
        elif len(batch.records) > 1:
            middle = len(batch.records) // 2
            self._again(lane, replace(batch, records=batch.records[middle:]))
            self._again(lane, replace(batch, records=batch.records[:middle]))
        elif batch.tries < self._source.retry_attempts:
            self._again(lane, replace(batch, tries=batch.tries + 1))
        else:
            self._give_up(batch, "RetryAttemptsExhausted")

    def _again(self, lane: Lane, batch: Batch) -> None:
        wait = self._source.retry_base_seconds * 2 ** (batch.tries - 1) if batch.tries else 0.0
        lane.again.appendleft(replace(batch, not_before=self._clock() + wait))

    def _give_up(self, batch: Batch, condition: str) -> None:
        report("records_put_aside", shard=self.shard, records=len(batch.records), why=condition)
        self._aside.put(self._document(batch, condition))
        self._checkpoint.done(batch.records)

    def _event(self, batch: Batch) -> dict[str, Any]:
        return {"Records": [self._event_record(record) for record in batch.records]}

    def _event_record(self, record: Record) -> dict[str, Any]:
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record["PartitionKey"],
                "sequenceNumber": record["SequenceNumber"],
                "data": base64.b64encode(record["Data"]).decode("ascii"),
                "approximateArrivalTimestamp": _arrival(record),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{self.shard}:{record['SequenceNumber']}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": "arn:aws:iam::000000000000:role/local",
            "awsRegion": self._source.region,
            "eventSourceARN": self._source.stream_arn,
        }

    def _document(self, batch: Batch, condition: str) -> dict[str, Any]:
        first, last = batch.records[0], batch.records[-1]
        return {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": "local",
                "condition": condition,
                "approximateInvokeCount": batch.tries + 1,
            },
            "version": "1.0",
            "timestamp": _instant(self._clock()),
            "KinesisBatchInfo": {
                "shardId": self.shard,
                "startSequenceNumber": first["SequenceNumber"],
                "endSequenceNumber": last["SequenceNumber"],
                "approximateArrivalOfFirstRecord": _instant(_arrival(first)),
                "approximateArrivalOfLastRecord": _instant(_arrival(last)),
                "batchSize": len(batch.records),
                "streamArn": self._source.stream_arn,
            },
            "payload": json.dumps(self._event(batch)),
        }


def lowest_failure(answer: Any, numbers: Sequence[str]) -> int | None:
    """Return the index of the lowest failed record in a function's answer; None if all is well.

    An identifier that is missing, empty or not of this batch fails the whole batch.
    """
    failures = answer.get("batchItemFailures") if isinstance(answer, Mapping) else None
    if not failures:
        return None
    if not isinstance(failures, list):
        return 0
    found = [f.get("itemIdentifier") if isinstance(f, Mapping) else None for f in failures]
    if any(number not in numbers for number in found):
        return 0
    return min(numbers.index(str(number)) for number in found)


class Pump:
    """Feeds a function from every shard of a stream, a thread for each."""

    def __init__(
        self,
        source: EventSource,
        kinesis: Kinesis,
        handler: Handler,
        positions: Positions,
        aside: Aside,
        clock: Callable[[], float],
    ) -> None:
        """Nothing is read before `run` or `ready`."""
        self._source = source
        self._kinesis = kinesis
        self._handler = handler
        self._positions = positions
        self._aside = aside
        self._clock = clock
        self._started: set[str] = set()

    def ready(self) -> list[ShardReader]:
        """Return readers for shards that may be read now and have none yet: parents come first."""
        try:
            shards = self._kinesis.list_shards(StreamName=self._source.stream)["Shards"]
        except (BotoCoreError, ClientError) as error:
            report("stream_unreadable", stream=self._source.stream, error=error)
            return []
        present = {str(shard["ShardId"]) for shard in shards}
        found = [str(shard["ShardId"]) for shard in shards if self._may_start(shard, present)]
        self._started.update(found)
        return [self._reader(shard) for shard in found]

    def run(self, stopping: threading.Event) -> None:
        """Read until `stopping` is set; return when every reader has finished its batches."""
        threads: list[threading.Thread] = []
        while not stopping.is_set():
            for reader in self.ready():
                thread = threading.Thread(target=reader.run, args=(stopping,), daemon=True)
                thread.start()
                threads.append(thread)
            stopping.wait(RESHARD_SECONDS if threads else TROUBLED_SECONDS)
        for thread in threads:
            thread.join()

    def _may_start(self, shard: Mapping[str, Any], present: set[str]) -> bool:
        if shard["ShardId"] in self._started or self._positions.get(shard["ShardId"]) == END:
            return False
        parents = (shard.get("ParentShardId"), shard.get("AdjacentParentShardId"))
        return all(self._positions.get(p) == END for p in parents if p in present)

    def _reader(self, shard: str) -> ShardReader:
        parts = (self._kinesis, self._handler, self._positions, self._aside, self._clock)
        return ShardReader(shard, self._source, *parts)


def _number(record: Record) -> str:
    return str(record["SequenceNumber"])


def _arrival(record: Record) -> float:
    return float(record["ApproximateArrivalTimestamp"].timestamp())


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
