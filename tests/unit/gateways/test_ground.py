"""Time, identifiers and the start of another invocation."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID

import pytest
from botocore.stub import ANY
from chalice.app import CloudWatchEvent

from chalicelib.gateways.ground import (
    LambdaErrand,
    LambdaStarter,
    NoErrand,
    NoStarter,
    SystemClock,
    TimeOrderedIds,
)
from tests.fakes.aws import SILENCE, Raising, scripted

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_the_clock_shows_utc_in_whole_milliseconds() -> None:
    now = SystemClock().now()

    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize("seconds", [-1.0, 0.0])
def test_waiting_for_the_past_does_not_wait(seconds: float) -> None:
    SystemClock().sleep(seconds)


def test_waiting_lasts_at_least_as_long_as_asked() -> None:
    begun = time.monotonic()
    SystemClock().sleep(0.002)

    assert time.monotonic() - begun >= 0.002


def test_identifiers_are_version_7_and_differ() -> None:
    made = [UUID(TimeOrderedIds().new()) for _ in range(1000)]

    assert {(identifier.version, identifier.variant) for identifier in made} == {
        (7, "specified in RFC 4122")
    }
    assert len(set(made)) == 1000


def test_identifiers_carry_their_millisecond_in_front() -> None:
    before = time.time_ns() // 1_000_000
    stamp = UUID(TimeOrderedIds().new()).int >> 80

    assert before <= stamp <= time.time_ns() // 1_000_000


def test_another_release_is_started_without_waiting_for_it() -> None:
    expected = {"FunctionName": "release", "InvocationType": "Event", "Payload": ANY}
    with scripted("lambda") as stub:
        stub.add_response("invoke", {"StatusCode": 202}, expected)

        LambdaStarter(stub.client, "release").release(AT)


def test_what_starts_a_release_reads_like_a_scheduled_event() -> None:
    sent: list[str] = []
    client = SimpleNamespace(
        meta=SimpleNamespace(region_name="us-east-1"),
        invoke=lambda **params: sent.append(params["Payload"]),
    )
    LambdaStarter(client, "release").release(AT)
    event = CloudWatchEvent(json.loads(sent[0]), None)

    assert (event.source, event.time) == ("omnichannel.release", "2026-11-21T12:00:00.000Z")
    assert (event.region, event.detail) == ("us-east-1", {})


def test_a_release_that_cannot_be_started_is_left_to_the_tick() -> None:
    with scripted("lambda") as stub:
        stub.add_client_error("invoke", "TooManyRequestsException")

        LambdaStarter(stub.client, "release").release(AT)


def test_a_start_without_an_answer_is_left_to_the_tick() -> None:
    LambdaStarter(Raising(SILENCE), "release").release(AT)


def test_where_nobody_can_be_started_nothing_happens() -> None:
    NoStarter().release(AT)


def test_words_are_sent_for_without_waiting_for_them() -> None:
    payload = '{"message_id": "m", "revision": 2}'
    expected = {"FunctionName": "adapt", "InvocationType": "Event", "Payload": payload}
    with scripted("lambda") as stub:
        stub.add_response("invoke", {"StatusCode": 202}, expected)
        LambdaErrand(stub.client, "adapt").adapt("m", 2)


def test_words_that_cannot_be_sent_for_are_done_without() -> None:
    LambdaErrand(Raising(SILENCE), "adapt").adapt("m", 2)
    NoErrand().adapt("m", 2)
