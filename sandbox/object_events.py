"""Carry the media bucket's object-created events to the function that waits for them.

In AWS the bucket tells EventBridge, which calls the function. The embedded AWS puts S3's own
notification on a queue; here it gets EventBridge's shape.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote_plus

from sandbox.queue_reader import Deliver

Handler = Callable[[dict[str, Any]], Any]
Rule = tuple[Mapping[str, Any], Handler]
"""An event pattern and the function that waits for what matches it."""


def to(rules: Sequence[Rule]) -> Deliver:
    """Return what hands each event of a notification to every rule that it matches."""

    def deliver(body: str) -> None:
        for event in as_eventbridge(json.loads(body)):
            for pattern, handler in rules:
                if matches(pattern, event):
                    handler(event)

    return deliver


def as_eventbridge(notification: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an "Object Created" event for each object of an S3 notification."""
    for record in notification.get("Records", []):
        if not record["eventName"].startswith("ObjectCreated:"):
            continue
        bucket, thing = record["s3"]["bucket"]["name"], record["s3"]["object"]
        yield {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Object Created",
            "source": "aws.s3",
            "account": "000000000000",
            "time": record["eventTime"],
            "region": record["awsRegion"],
            "resources": [f"arn:aws:s3:::{bucket}"],
            "detail": {
                "version": "0",
                "bucket": {"name": bucket},
                "object": {
                    "key": unquote_plus(thing["key"]),
                    "size": thing.get("size", 0),
                    "etag": thing.get("eTag", ""),
                    "sequencer": thing.get("sequencer", ""),
                },
                "reason": record["eventName"].partition(":")[2],
            },
        }


def matches(pattern: Any, value: Any) -> bool:
    """Say whether an event matches a rule; of the operators only ``prefix`` and ``suffix``."""
    if isinstance(pattern, Mapping):
        return isinstance(value, Mapping) and all(
            matches(wanted, value.get(name)) for name, wanted in pattern.items()
        )
    return any(_is(wanted, value) for wanted in pattern)


def _is(wanted: Any, value: Any) -> bool:
    if not isinstance(wanted, Mapping):
        return bool(wanted == value)
    text = value if isinstance(value, str) else ""
    prefix, suffix = wanted.get("prefix"), wanted.get("suffix")
    return (prefix is not None and text.startswith(prefix)) or (
        suffix is not None and text.endswith(suffix)
    )
