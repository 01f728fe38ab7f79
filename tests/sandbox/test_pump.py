"""The stream pump keeps to Lambda's documented rules for Kinesis event source mappings."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.domain.ports import Hint
from chalicelib.gateways.failures import understood
from chalicelib.gateways.stream import encode
from sandbox.stream_pump import (
    END,
    HELD_RECORDS,
    Aside,
    EventSource,
    Positions,
    Pump,
    ShardReader,
    lowest_failure,
)

START = 1_800_000_000.0
NOW = datetime.fromtimestamp(START, UTC)
SHARD = "shardId-000000000000"
SOURCE = EventSource(
    stream="messages",
    stream_arn="arn:aws:kinesis:us-east-1:000000000000:stream/messages",
    region="us-east-1",
)


class FakeKinesis:
    """A stream in memory; an iterator is "<shard>@<index>"."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.shards: list[dict[str, str]] = [{"ShardId": SHARD}]
        self.records: dict[str, list[dict[str, Any]]] = {SHARD: []}
        self.closed: set[str] = set()
        self.handed_out = 0
        self.troubles: list[str] = []

    def put(
        self, *contents: str, shard: str = SHARD, at: float | None = None, key: str = "key"
    ) -> None:
        for content in contents:
            records = self.records.setdefault(shard, [])
            arrived = datetime.fromtimestamp(self.clock() if at is None else at, UTC)
            records.append(
                {
                    "SequenceNumber": f"{len(records) + 1:03d}",
                    "PartitionKey": key,
                    "Data": content.encode(),
                    "ApproximateArrivalTimestamp": arrived,
                }
            )

    def list_shards(self, **_: Any) -> Any:
        return {"Shards": self.shards}

    def get_shard_iterator(self, **wish: Any) -> Any:
        numbers = [record["SequenceNumber"] for record in self.records[wish["ShardId"]]]
        after = wish.get("StartingSequenceNumber")
        return {"ShardIterator": f"{wish['ShardId']}@{numbers.index(after) + 1 if after else 0}"}

    def get_records(self, **wish: Any) -> Any:
        if self.troubles:
            raise ClientError({"Error": {"Code": self.troubles.pop(0)}}, "GetRecords")
        shard, _, index = wish["ShardIterator"].partition("@")
        found = self.records[shard][int(index) : int(index) + wish["Limit"]]
        self.handed_out += len(found)
        end = shard in self.closed and int(index) + len(found) == len(self.records[shard])
        following = None if end else f"{shard}@{int(index) + len(found)}"
        return {"Records": found, "NextShardIterator": following}


class FakeBucket:
    """What is used of boto3's S3 client, for one bucket."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.troubles = 0
        self.aside = Aside(self, "failures")

    def put_object(self, **wish: Any) -> None:
        if self.troubles:
            self.troubles -= 1
            raise OSError("The disk is full.")
        self.objects[wish["Key"]] = wish["Body"]


class Bench:
    """A reader with its stream, its handler and a clock that moves as far as the reader waits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = START
        self.kinesis = FakeKinesis(lambda: self.now)
        self.calls: list[list[str]] = []
        self.times: list[float] = []
        self.answer: Callable[[list[str], Mapping[str, Any]], Any] = lambda contents, event: None
        self.bucket = FakeBucket()
        self.reader = self.fresh_reader()

    def fresh_reader(self, source: EventSource = SOURCE) -> ShardReader:
        self.positions = Positions(self.folder / "positions.json")
        return ShardReader(SHARD, source, *self.parts())

    def parts(self) -> Any:
        return self.kinesis, self.handle, self.positions, self.bucket.aside, self.clock

    def clock(self) -> float:
        return self.now

    def handle(self, event: dict[str, Any]) -> Any:
        contents = [base64.b64decode(r["kinesis"]["data"]).decode() for r in event["Records"]]
        self.calls.append(contents)
        self.times.append(self.now - START)
        return self.answer(contents, event)

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            wait = self.reader.step()
            if wait is None:
                return
            self.now += wait

    def aside(self) -> list[dict[str, Any]]:
        return [json.loads(content) for content in self.bucket.objects.values()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def failing(*names: str) -> Callable[[list[str], Mapping[str, Any]], Any]:
    def answer(contents: list[str], _: Mapping[str, Any]) -> Any:
        if any(name in contents for name in names):
            raise RuntimeError("boom")

    return answer


def reporting(*names: str) -> Callable[[list[str], Mapping[str, Any]], Any]:
    def answer(contents: list[str], event: Mapping[str, Any]) -> Any:
        numbers = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
        failed = [n for n, content in zip(numbers, contents, strict=True) if content in names]
        return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}

    return answer


def test_an_event_record_looks_as_lambda_sends_it(bench: Bench) -> None:
    events: list[Mapping[str, Any]] = []
    bench.answer = lambda _, event: events.append(event)
    bench.kinesis.put("hello")
    bench.run(6)
    assert events == [
        {
            "Records": [
                {
                    "kinesis": {
                        "kinesisSchemaVersion": "1.0",
                        "partitionKey": "key",
                        "sequenceNumber": "001",
                        "data": "aGVsbG8=",
                        "approximateArrivalTimestamp": START,
                    },
                    "eventSource": "aws:kinesis",
                    "eventVersion": "1.0",
                    "eventID": f"{SHARD}:001",
                    "eventName": "aws:kinesis:record",
                    "invokeIdentityArn": "arn:aws:iam::000000000000:role/local",
                    "awsRegion": "us-east-1",
                    "eventSourceARN": SOURCE.stream_arn,
                }
            ]
        }
    ]


def test_a_few_records_wait_for_the_batching_window_and_no_longer(bench: Bench) -> None:
    bench.kinesis.put("a", "b")
    bench.run(20)
    assert bench.calls == [["a", "b"]]
    assert 5 <= bench.times[0] < 5.5


def test_a_full_batch_does_not_wait(bench: Bench) -> None:
    bench.kinesis.put(*"abcdefghij")
    bench.run(1)
    assert (bench.calls, bench.times) == ([list("abcdefghij")], [0])


def test_a_batch_never_exceeds_its_size(bench: Bench) -> None:
    bench.kinesis.put(*map(str, range(25)))
    bench.run(6)
    assert [len(call) for call in bench.calls] == [10, 10, 5]


def test_a_batch_never_exceeds_the_payload_of_an_invocation(bench: Bench) -> None:
    bench.kinesis.put("a" * 3_000_000, "b" * 3_000_000)
    bench.run(12)
    assert [len(call) for call in bench.calls] == [1, 1]


def test_the_next_window_begins_when_the_invocation_ends(bench: Bench) -> None:
    bench.kinesis.put("a")
    bench.run(6)
    bench.kinesis.put("b")
    bench.run(6)
    assert bench.times[1] - bench.times[0] == pytest.approx(5, abs=0.5)


def test_nothing_is_called_without_records(bench: Bench) -> None:
    bench.run(60)
    assert bench.calls == []


def test_an_idle_stream_is_asked_four_times_a_second_or_more(bench: Bench) -> None:
    assert 0 < (bench.reader.step() or 0) <= 0.25


@pytest.mark.parametrize(
    "answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}]
)
def test_an_answer_without_failures_is_success(bench: Bench, answer: Any) -> None:
    bench.answer = lambda contents, event: answer
    bench.kinesis.put("a", "b")
    bench.run(30)
    assert bench.calls == [["a", "b"]]


@pytest.mark.parametrize(
    "failures",
    [
        [{"itemIdentifier": ""}],
        [{"itemIdentifier": None}],
        [{"identifier": "2"}],
        [{"itemIdentifier": "99"}],
        ["2"],
        "2",
        [{"itemIdentifier": "2"}, {"itemIdentifier": ""}],
    ],
)
def test_a_malformed_failure_fails_the_whole_batch(failures: Any) -> None:
    assert lowest_failure({"batchItemFailures": failures}, ["1", "2", "3"]) == 0


def test_the_lowest_of_several_failures_counts() -> None:
    failures = [{"itemIdentifier": "3"}, {"itemIdentifier": "2"}]
    assert lowest_failure({"batchItemFailures": failures}, ["1", "2", "3"]) == 1


def test_a_partial_failure_is_resumed_from_the_lowest_failed_record(bench: Bench) -> None:
    answers = iter([reporting("c"), reporting()])
    bench.answer = lambda contents, event: next(answers)(contents, event)
    bench.kinesis.put(*"abcd")
    bench.run(8)
    assert bench.calls == [list("abcd"), list("cd")]


def test_what_succeeded_before_a_partial_failure_is_not_repeated_after_a_crash(
    bench: Bench,
) -> None:
    bench.answer = reporting("c")
    bench.kinesis.put(*"abcd")
    bench.run(5.1)
    bench.calls.clear()
    bench.answer = reporting()
    bench.reader = bench.fresh_reader()
    bench.run(6)
    assert bench.calls == [list("cd")]


def test_a_failed_batch_is_cut_in_two_until_the_bad_record_is_alone(bench: Bench) -> None:
    bench.answer = failing("c")
    bench.kinesis.put(*"abcd")
    bench.run(5.4)
    assert bench.calls == [list("abcd"), list("ab"), list("cd"), ["c"]]


def test_cutting_costs_no_retry(bench: Bench) -> None:
    bench.answer = failing("c")
    bench.kinesis.put(*"abcd")
    bench.run(60)
    assert bench.calls.count(["c"]) == 1 + SOURCE.retry_attempts


def test_a_record_that_keeps_failing_is_put_aside_and_the_rest_goes_on(bench: Bench) -> None:
    bench.answer = failing("b")
    bench.kinesis.put(*"abc")
    bench.run(60)
    assert bench.calls[-1] == ["c"]
    assert [d["requestContext"]["condition"] for d in bench.aside()] == ["RetryAttemptsExhausted"]


def test_what_is_put_aside_carries_its_whole_event(bench: Bench) -> None:
    bench.answer = failing("a")
    bench.kinesis.put("a")
    bench.run(60)
    document = bench.aside()[0]
    event = json.loads(document["payload"])
    assert base64.b64decode(event["Records"][0]["kinesis"]["data"]) == b"a"
    assert document["requestContext"]["approximateInvokeCount"] == 4
    assert document["KinesisBatchInfo"]["startSequenceNumber"] == "001"


def test_retries_wait_longer_each_time(bench: Bench) -> None:
    bench.answer = failing("a")
    bench.kinesis.put("a")
    bench.run(60)
    waits = [later - earlier for earlier, later in zip(bench.times, bench.times[1:], strict=False)]
    assert waits == [1, 2, 4]


def test_a_shard_waits_for_its_failing_batch(bench: Bench) -> None:
    bench.answer = failing("a")
    bench.kinesis.put(*"abcdefghij", "later")
    bench.run(6)
    assert not any("later" in call for call in bench.calls)


def test_a_record_beyond_the_age_limit_is_put_aside_without_a_call(bench: Bench) -> None:
    bench.kinesis.put("old", at=START - 3601)
    bench.kinesis.put("young")
    bench.run(6)
    assert bench.calls == [["young"]]
    assert [d["requestContext"]["condition"] for d in bench.aside()] == ["RecordAgeExceeded"]


def test_a_record_that_grows_too_old_while_retried_is_put_aside(bench: Bench) -> None:
    bench.answer = failing("a")
    bench.kinesis.put("a", at=START - 3593.5)
    bench.run(60)
    assert bench.calls == [["a"], ["a"]]
    assert bench.aside()[0]["requestContext"]["condition"] == "RecordAgeExceeded"


def test_a_new_mapping_begins_at_the_oldest_record(bench: Bench) -> None:
    bench.kinesis.put("before")
    bench.now += 100
    bench.run(6)
    assert bench.calls == [["before"]]


def test_a_restart_goes_on_where_the_last_process_stopped(bench: Bench) -> None:
    bench.kinesis.put("a")
    bench.run(6)
    bench.kinesis.put("b")
    bench.reader = bench.fresh_reader()
    bench.run(6)
    assert bench.calls == [["a"], ["b"]]


def test_a_process_killed_in_its_handler_repeats_the_batch(bench: Bench) -> None:
    def killed(contents: list[str], event: Mapping[str, Any]) -> Any:
        raise KeyboardInterrupt

    bench.answer = killed
    bench.kinesis.put("a")
    with pytest.raises(KeyboardInterrupt):
        bench.run(6)
    bench.answer = lambda contents, event: None
    bench.reader = bench.fresh_reader()
    bench.run(6)
    assert bench.calls == [["a"], ["a"]]


@pytest.mark.parametrize(
    "trouble", ["ExpiredIteratorException", "ProvisionedThroughputExceededException"]
)
def test_a_stream_in_trouble_is_read_on_without_loss_or_repetition(
    bench: Bench, trouble: str
) -> None:
    bench.kinesis.put("a")
    bench.reader.step()
    bench.kinesis.troubles = [trouble]
    bench.kinesis.put("b")
    bench.run(20)
    assert [content for call in bench.calls for content in call] == ["a", "b"]


def test_a_closed_shard_ends_after_its_last_record(bench: Bench) -> None:
    bench.kinesis.put("last")
    bench.kinesis.closed.add(SHARD)
    bench.run(60)
    assert bench.calls == [["last"]]
    assert bench.positions.get(SHARD) == END


FAST, SLOW = "fast", "slow"
"""Partition keys in different lanes of two."""
LANES = replace(SOURCE, parallelization_factor=2)


def test_a_lane_that_holds_its_batch_holds_up_no_other(bench: Bench) -> None:
    bench.reader = bench.fresh_reader(LANES)
    begun: list[Callable[[], None]] = []
    bench.kinesis.put("waits", key=SLOW)
    bench.now += 6
    bench.reader.step(begun.append)
    bench.kinesis.put("hurries", key=FAST)
    bench.now += 6
    bench.reader.step(begun.append)
    begun[1]()
    assert bench.calls == [["hurries"]]


def test_the_batches_of_one_lane_never_overlap(bench: Bench) -> None:
    bench.reader = bench.fresh_reader(LANES)
    begun: list[Callable[[], None]] = []
    bench.kinesis.put(*map(str, range(30)), key=SLOW)
    for _ in range(3):
        bench.reader.step(begun.append)
        bench.now += 6
    assert len(begun) == 1
    begun[0]()
    assert [len(call) for call in bench.calls] == [10, 10, 10]


def test_what_a_lane_did_behind_a_failing_record_is_done_again_after_a_restart(
    bench: Bench,
) -> None:
    bench.answer = failing("bad")
    bench.reader = bench.fresh_reader(LANES)
    bench.kinesis.put("before", key=FAST)
    bench.kinesis.put("bad", key=SLOW)
    bench.kinesis.put("after", key=FAST)
    bench.run(6)
    assert ["before", "after"] in bench.calls
    assert bench.positions.get(SHARD) == "001"
    bench.reader = bench.fresh_reader(LANES)
    bench.calls.clear()
    bench.answer = lambda contents, event: None
    bench.run(6)
    assert sorted(bench.calls) == [["after"], ["bad"]]


def test_behind_records_that_are_done_with_nothing_is_repeated(bench: Bench) -> None:
    bench.reader = bench.fresh_reader(LANES)
    bench.kinesis.put("a", key=SLOW)
    bench.kinesis.put("b", key=FAST)
    bench.run(6)
    bench.reader = bench.fresh_reader(LANES)
    bench.run(6)
    assert sorted(bench.calls) == [["a"], ["b"]]


def test_a_shard_is_not_read_on_while_too_much_of_it_waits(bench: Bench) -> None:
    bench.answer = failing("bad")
    bench.kinesis.put("bad", at=bench.now)
    bench.run(6)
    bench.kinesis.put(*["waits"] * 2 * HELD_RECORDS)
    bench.run(1)
    assert bench.kinesis.handed_out == 1 + HELD_RECORDS


def test_what_could_not_be_put_aside_is_tried_again(bench: Bench) -> None:
    bench.answer = failing("bad")
    bench.bucket.troubles = 1
    bench.kinesis.put("bad")
    bench.run(60)
    assert len(bench.aside()) == 1
    assert bench.positions.get(SHARD) == "001"


def test_who_stops_waits_for_the_batches_that_have_begun(bench: Bench) -> None:
    stopping = threading.Event()
    bench.answer = lambda contents, event: stopping.set()
    bench.kinesis.put(*map(str, range(20)))
    bench.reader.run(stopping)
    assert [len(call) for call in bench.calls] == [10]
    assert bench.positions.get(SHARD) == "010"


def pump_of(bench: Bench) -> Pump:
    return Pump(SOURCE, *bench.parts())


def split(bench: Bench) -> None:
    bench.kinesis.closed.add(SHARD)
    bench.kinesis.shards += [
        {"ShardId": "left", "ParentShardId": SHARD},
        {"ShardId": "right", "ParentShardId": SHARD},
    ]


def test_children_wait_until_their_parent_is_used_up(bench: Bench) -> None:
    split(bench)
    pump = pump_of(bench)
    assert [reader.shard for reader in pump.ready()] == [SHARD]
    bench.run(60)
    assert [reader.shard for reader in pump.ready()] == ["left", "right"]


def test_a_merged_shard_waits_for_both_parents(bench: Bench) -> None:
    bench.kinesis.shards = [
        {"ShardId": "left"},
        {"ShardId": "right"},
        {"ShardId": "both", "ParentShardId": "left", "AdjacentParentShardId": "right"},
    ]
    bench.positions.move("left", END)
    assert [reader.shard for reader in pump_of(bench).ready()] == ["right"]


def test_a_child_whose_parent_is_gone_is_read(bench: Bench) -> None:
    bench.kinesis.shards = [{"ShardId": "child", "ParentShardId": "expired"}]
    assert [reader.shard for reader in pump_of(bench).ready()] == ["child"]


def test_a_shard_is_read_once_only(bench: Bench) -> None:
    pump = pump_of(bench)
    assert len(pump.ready()) == 1
    assert pump.ready() == []


def test_a_used_up_shard_is_not_read_after_a_restart(bench: Bench) -> None:
    bench.positions.move(SHARD, END)
    assert pump_of(bench).ready() == []


def test_what_is_put_aside_is_named_as_lambda_names_it(bench: Bench) -> None:
    bench.answer = failing("a")
    bench.kinesis.put("a")
    bench.run(60)
    (name,) = bench.bucket.objects
    assert re.fullmatch(
        rf"aws/lambda/[0-9a-f-]{{36}}/{SHARD}/\d{{4}}/\d\d/\d\d/"
        r"\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}",
        name,
    )


def test_what_is_put_aside_can_be_replayed(bench: Bench) -> None:
    hint = Hint(DeliveryKey("m-1", ChannelName("email"), "r-1"), "c-1", "x-1")
    bench.answer = lambda contents, event: 1 / 0
    bench.kinesis.put(encode(hint).decode())
    bench.run(60)
    found = [understood(key, content, NOW) for key, content in bench.bucket.objects.items()]
    assert [(f.reason, f.hints, f.unreadable) for f in found] == [
        ("RetryAttemptsExhausted", [hint], 0)
    ]
