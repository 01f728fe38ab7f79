"""New objects reach the function that waits for them, in EventBridge's shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.object_events import ObjectEvents, as_eventbridge, matches

PATTERN = {
    "source": ["aws.s3"],
    "detail-type": ["Object Created"],
    "detail": {"bucket": {"name": ["media"]}, "object": {"key": [{"prefix": "uploads/"}]}},
}


def notification(key: str = "uploads/a+b%C3%A9.png", event: str = "ObjectCreated:Post") -> Any:
    return {
        "Records": [
            {
                "eventName": event,
                "eventTime": "2026-11-21T12:00:00.000Z",
                "awsRegion": "us-east-1",
                "s3": {"bucket": {"name": "media"}, "object": {"key": key, "size": 7}},
            }
        ]
    }


class FakeSqs:
    """A queue that hands out each message until it is deleted."""

    def __init__(self, *bodies: Any) -> None:
        self.messages = {f"r{n}": json.dumps(body) for n, body in enumerate(bodies)}

    def receive_message(self, **_: Any) -> Any:
        return {"Messages": [{"Body": b, "ReceiptHandle": r} for r, b in self.messages.items()]}

    def delete_message(self, **wish: Any) -> None:
        del self.messages[wish["ReceiptHandle"]]


def test_an_event_has_eventbridges_shape_and_the_decoded_key() -> None:
    event = next(as_eventbridge(notification()))
    assert (event["source"], event["detail-type"]) == ("aws.s3", "Object Created")
    assert event["detail"]["bucket"] == {"name": "media"}
    assert event["detail"]["object"]["key"] == "uploads/a bé.png"
    assert event["detail"]["object"]["size"] == 7


@pytest.mark.parametrize(
    "body", [{"Event": "s3:TestEvent"}, notification(event="ObjectRemoved:Delete")]
)
def test_what_is_no_creation_is_no_event(body: Any) -> None:
    assert list(as_eventbridge(body)) == []


def test_a_delivered_event_leaves_the_queue() -> None:
    events: list[dict[str, Any]] = []
    sqs = FakeSqs(notification(), {"Event": "s3:TestEvent"})
    ObjectEvents(sqs, "queue", [(PATTERN, events.append)]).once()
    assert (len(events), sqs.messages) == (1, {})


def test_an_event_for_nobody_is_dropped() -> None:
    events: list[dict[str, Any]] = []
    sqs = FakeSqs(notification(key="ready/x.jpg"))
    ObjectEvents(sqs, "queue", [(PATTERN, events.append)]).once()
    assert (events, sqs.messages) == ([], {})


def test_a_failed_event_stays_and_the_next_one_is_delivered() -> None:
    seen: list[str] = []

    def handler(event: dict[str, Any]) -> None:
        seen.append(event["detail"]["object"]["key"])
        if seen[-1] == "uploads/bad":
            raise RuntimeError("boom")

    sqs = FakeSqs(notification(key="uploads/bad"), notification(key="uploads/good"))
    ObjectEvents(sqs, "queue", [(PATTERN, handler)]).once()
    assert seen == ["uploads/bad", "uploads/good"]
    assert list(sqs.messages) == ["r0"]


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ({"a": ["x", "y"]}, {"a": "y"}, True),
        ({"a": ["x"]}, {"a": "z"}, False),
        ({"a": ["x"]}, {}, False),
        ({"a": {"b": ["x"]}}, {"a": "x"}, False),
        ({"a": [{"prefix": "up"}]}, {"a": "upper"}, True),
        ({"a": [{"prefix": "up"}]}, {"a": 5}, False),
        ({"a": [{"suffix": "er"}]}, {"a": "upper"}, True),
        ({"a": [{"anything-but": "x"}]}, {"a": "y"}, False),
    ],
)
def test_a_pattern_matches_as_eventbridge_has_it(pattern: Any, value: Any, fits: bool) -> None:
    assert matches(pattern, value) is fits
