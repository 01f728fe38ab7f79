"""Drive a Kinesis consumer the way Lambda's event source mapping is documented to.

    poll ──▶ buffer ──▶ batch ──▶ handler ──▶ all well: the position moves behind the batch
                (10 records or 5 s)   │
                                      ├─▶ batchItemFailures: the position moves to the lowest
                                      │   failed record; it and what follows are retried
                                      └─▶ error: the batch is cut in two, then each half retried;
                                          one record alone is retried 3 times, then put aside

Cutting costs no retry. A shard waits for its failing batch, so order is kept; a child shard begins
when its parents are used up. Records older than the limit are put aside without a call. Where a
shard stands is kept on disk, so that a killed process repeats at most one batch.

Read 2026-11-21: docs.aws.amazon.com/lambda/latest/dg, services-kinesis-batchfailurereporting and
kinesis-on-failure-destination.
"""

from __future__ import annotations

import base64
import json
import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.reporting import report
from sandbox.state import read_json, write_json

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
RECORDS_PER_POLL = 500
POLL_SECONDS = 0.2
TROUBLED_SECONDS = 2.0
RESHARD_SECONDS = 10.0
END = "SHARD_END"
MAPPING = "00000000-0000-4000-8000-000000000000"
"""The event source mapping's id; there is only one here."""

Handler = Callable[[dict[str, Any]], Any]
Record = Mapping[str, Any]


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

    @property
    def last(self) -> str:
        """Return the highest sequence number."""
        return str(self.records[-1]["SequenceNumber"])


@dataclass
class ShardReader:
    """Reads one shard in order; `step` does one thing and says when to come back."""

    shard: str
    source: EventSource
    kinesis: Kinesis
    handler: Handler
    positions: Positions
    aside: Aside
    clock: Callable[[], float]
    _iterator: str | None = None
    _is_open: bool = True
    _buffer: deque[Record] = field(default_factory=deque)
    _waiting: deque[Batch] = field(default_factory=deque)
    _window_ends: float | None = None
    _read: str | None = None

    def step(self) -> float | None:
        """Do the next thing; return the seconds to wait then, None when the shard is used up."""
        now = self.clock()
        if self._window_ends is None:
            self._window_ends = now + self.source.batching_window_seconds
        if self._waiting:
            return self._retry(now)
        if self._buffer and (len(self._buffer) >= self.source.batch_size or self._is_window_over()):
            self._invoke(Batch(self._take()))
            return 0.0
        if not self._is_open:
            self.positions.move(self.shard, END)
            return None
        if self._is_window_over():
            self._window_ends = now + self.source.batching_window_seconds
        return self._poll()

    def _is_window_over(self) -> bool:
        return not self._is_open or self.clock() >= (self._window_ends or 0)

    def _retry(self, now: float) -> float:
        if (wait := self._waiting[0].not_before - now) > 0:
            return wait
        self._invoke(self._waiting.popleft())
        return 0.0

    def _take(self) -> tuple[Record, ...]:
        taken: list[Record] = []
        size = 0
        while self._buffer and len(taken) < self.source.batch_size:
            size += len(self._buffer[0]["Data"]) * 4 // 3
            if taken and size > MAX_PAYLOAD_BYTES:
                break
            taken.append(self._buffer.popleft())
        return tuple(taken)

    def _poll(self) -> float:
        try:
            if self._iterator is None:
                self._iterator = self._start()
            answer = self.kinesis.get_records(ShardIterator=self._iterator, Limit=RECORDS_PER_POLL)
        except (BotoCoreError, ClientError) as error:
            self._iterator = None
            report("stream_unreadable", shard=self.shard, error=error)
            return TROUBLED_SECONDS
        self._buffer.extend(answer["Records"])
        if answer["Records"]:
            self._read = answer["Records"][-1]["SequenceNumber"]
        self._iterator = answer.get("NextShardIterator")
        self._is_open = self._iterator is not None
        return POLL_SECONDS if self._is_open and len(self._buffer) < self.source.batch_size else 0.0

    def _start(self) -> str:
        """Return an iterator behind what was read, else behind what was done, else at the start."""
        read = self._read or self.positions.get(self.shard)
        where = (
            {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": read}
            if read
            else {"ShardIteratorType": "TRIM_HORIZON"}
        )
        name = {"StreamName": self.source.stream, "ShardId": self.shard}
        return str(self.kinesis.get_shard_iterator(**name, **where)["ShardIterator"])

    def _invoke(self, batch: Batch) -> None:
        """Call the handler for what is young enough, and act on its answer."""
        oldest = self.clock() - self.source.record_age_seconds
        if expired := tuple(r for r in batch.records if _arrival(r) < oldest):
            self._give_up(replace(batch, records=expired), "RecordAgeExceeded")
            batch = replace(batch, records=tuple(r for r in batch.records if _arrival(r) >= oldest))
        if batch.records:
            self._settle(batch, self._first_failure(batch))
        self._window_ends = self.clock() + self.source.batching_window_seconds

    def _first_failure(self, batch: Batch) -> int | None:
        """Return the index of the lowest failed record; None if all is well."""
        try:
            answer = self.handler(self._event(batch))
        except Exception as error:  # whatever a function raises fails its batch
            report("batch_failed", shard=self.shard, records=len(batch.records), error=error)
            return 0
        numbers = [str(record["SequenceNumber"]) for record in batch.records]
        return lowest_failure(answer, numbers)

    def _settle(self, batch: Batch, failed: int | None) -> None:
        if failed is None:
            self.positions.move(self.shard, batch.last)
            return
        if failed:
            self.positions.move(self.shard, str(batch.records[failed - 1]["SequenceNumber"]))
            self._again(replace(batch, records=batch.records[failed:]))
        elif len(batch.records) > 1:
            middle = len(batch.records) // 2
            self._again(replace(batch, records=batch.records[middle:]))
            self._again(replace(batch, records=batch.records[:middle]))
        elif batch.tries < self.source.retry_attempts:
            self._again(replace(batch, tries=batch.tries + 1))
        else:
            self._give_up(batch, "RetryAttemptsExhausted")

    def _again(self, batch: Batch) -> None:
        wait = self.source.retry_base_seconds * 2 ** (batch.tries - 1) if batch.tries else 0.0
        self._waiting.appendleft(replace(batch, not_before=self.clock() + wait))

    def _give_up(self, batch: Batch, condition: str) -> None:
        report("records_put_aside", shard=self.shard, records=len(batch.records), why=condition)
        self.aside.put(self._document(batch, condition))
        self.positions.move(self.shard, batch.last)

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
            "awsRegion": self.source.region,
            "eventSourceARN": self.source.stream_arn,
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
            "timestamp": _instant(self.clock()),
            "KinesisBatchInfo": {
                "shardId": self.shard,
                "startSequenceNumber": first["SequenceNumber"],
                "endSequenceNumber": last["SequenceNumber"],
                "approximateArrivalOfFirstRecord": _instant(_arrival(first)),
                "approximateArrivalOfLastRecord": _instant(_arrival(last)),
                "batchSize": len(batch.records),
                "streamArn": self.source.stream_arn,
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
        """Read until `stopping` is set; return when every reader has finished its batch."""
        threads: list[threading.Thread] = []
        while not stopping.is_set():
            for reader in self.ready():
                thread = threading.Thread(target=_read_on, args=(reader, stopping), daemon=True)
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


def _read_on(reader: ShardReader, stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            wait = reader.step()
        except Exception as error:  # a full disk, say: the position did not move, so try again
            report("stream_pump_failed", shard=reader.shard, error=error)
            wait = TROUBLED_SECONDS
        if wait is None:
            return
        stopping.wait(wait)


def _arrival(record: Record) -> float:
    return float(record["ApproximateArrivalTimestamp"].timestamp())


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
