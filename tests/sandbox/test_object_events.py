"""New objects reach the function that waits for them, in EventBridge's shape."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.object_events import as_eventbridge, matches, to

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


def test_each_event_reaches_the_function_that_waits_for_it() -> None:
    events: list[dict[str, Any]] = []
    deliver = to([(PATTERN, events.append)])
    for body in (notification(), notification(key="ready/x.jpg"), {"Event": "s3:TestEvent"}):
        deliver(json.dumps(body))
    assert [event["detail"]["object"]["key"] for event in events] == ["uploads/a bé.png"]


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
