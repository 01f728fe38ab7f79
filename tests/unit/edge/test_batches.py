from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from chalice.app import CloudWatchEvent, KinesisEvent

import app as doors
from chalicelib import edge, wiring
from chalicelib.domain.deliveries import RESERVE
from chalicelib.domain.ports import Hint
from chalicelib.edge import batches
from chalicelib.gateways.ground import LambdaStarter
from chalicelib.gateways.stream import decode, encode
from tests.unit.edge.events import Context, batch, hint, object_event
from tests.unit.edge.kit import NOW, Api, Voice


class Worker:
    """Keeps what it was handed; fails to write some of it down."""

    def __init__(self, failing: Sequence[int] = ()) -> None:
        self.failing = failing
        self.hints: list[Hint] = []
        self.deadline: datetime | None = None

    def deliver_all(self, hints: Sequence[Hint], deadline: datetime | None) -> Sequence[int]:
        self.hints, self.deadline = list(hints), deadline
        return self.failing


def handed_over(worker: Worker, event: dict[str, Any], voice: Voice) -> edge.BatchResponse:
    return batches.each(
        KinesisEvent(event, None),
        worker.deliver_all,
        decode=decode,
        deadline=NOW,
        telemetry=voice,
    )


def test_a_batch_is_handed_over_in_its_order() -> None:
    worker = Worker()
    answer = handed_over(worker, batch(*(encode(hint(n)) for n in range(3))), Voice())
    assert worker.hints == [hint(0), hint(1), hint(2)]
    assert answer == {"batchItemFailures": []}


def test_what_could_not_be_written_is_given_again() -> None:
    worker = Worker(failing=[2, 0])
    answer = handed_over(worker, batch(*(encode(hint(n)) for n in range(3))), Voice())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "100"}, {"itemIdentifier": "102"}]}


@pytest.mark.parametrize("junk", [b"", b"hello", b"[]", b"{}", b"\xff\xfe", b'{"message": 1}'])
def test_a_record_that_is_no_hint_is_acknowledged_and_counted(junk: bytes) -> None:
    worker, voice = Worker(failing=[1]), Voice()
    answer = handed_over(worker, batch(encode(hint(0)), junk, encode(hint(2))), voice)
    assert worker.hints == [hint(0), hint(2)]
    assert answer == {"batchItemFailures": [{"itemIdentifier": "102"}]}
    assert ("records_not_decoded", {}) in voice.lines


def test_a_record_that_is_no_base_64_is_acknowledged() -> None:
    event = batch(b"")
    event["Records"][0]["kinesis"]["data"] = "not base 64!"
    assert handed_over(Worker(), event, Voice()) == {"batchItemFailures": []}


def test_a_batch_without_a_single_hint_bothers_nobody() -> None:
    worker = Worker()
    handed_over(worker, batch(b"junk"), Voice())
    assert worker.deadline is None


def test_the_deadline_leaves_time_to_write() -> None:
    assert batches.deadline(Context(), NOW) == NOW + timedelta(seconds=60) - RESERVE


def test_the_stream_consumer_hands_hints_to_the_worker(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(failing=[0])
    monkeypatch.setattr(wiring, "delivering", lambda: worker)
    answer = doors.deliver(batch(encode(hint(0))), Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "100"}]}
    assert worker.deadline == NOW + timedelta(seconds=58)


@pytest.mark.parametrize(("key", "expected"), [("uploads/1", "uploads/1"), (None, ""), (7, "")])
def test_the_key_of_a_created_object_is_read(key: Any, expected: str) -> None:
    assert batches.object_key(CloudWatchEvent(object_event(key), None)) == expected


def test_an_event_without_an_object_has_no_key() -> None:
    event = object_event("x")
    event["detail"] = {}
    assert batches.object_key(CloudWatchEvent(event, None)) == ""


def test_an_uploaded_object_is_prepared(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared: list[str] = []

    class Intake:
        def prepare(self, upload_id: str) -> None:
            prepared.append(upload_id)

    monkeypatch.setattr(wiring, "intake", Intake)
    doors.prepare_media(object_event("uploads/the-id"), Context())
    assert prepared == ["the-id"]


@pytest.fixture
def deadlines(api: Api, monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Return until when each release may last."""
    given: list[datetime] = []

    class Releasing:
        def release(self, deadline: datetime) -> int:
            given.append(deadline)
            return 0

    monkeypatch.setattr(wiring, "releasing", Releasing)
    return given


def test_the_tick_releases_within_its_time(deadlines: list[datetime]) -> None:
    doors.release_due({**object_event("x"), "source": "aws.events", "detail": {}}, Context())
    assert deadlines == [NOW + timedelta(seconds=58)]


def test_a_release_that_we_start_ourselves_is_understood(deadlines: list[datetime]) -> None:
    sent: list[str] = []

    class Lambda:
        meta = SimpleNamespace(region_name="us-east-1")

        def invoke(self, **call: str) -> None:
            sent.append(call["Payload"])

    LambdaStarter(Lambda(), "release").release(NOW)
    doors.release_due(json.loads(sent[0]), Context())
    assert deadlines == [NOW + timedelta(seconds=58)]
