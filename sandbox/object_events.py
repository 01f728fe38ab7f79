"""Carry the media bucket's object-created events to the function that waits for them.

In AWS the bucket tells EventBridge, which calls the function. The embedded AWS puts S3's own
notification on a queue; here it gets EventBridge's shape. A failing event comes again when its
visibility time ends, and goes to the dead-letter queue after its last try.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import unquote_plus

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.reporting import report

WAIT_SECONDS = 1
TROUBLED_SECONDS = 2.0

Handler = Callable[[dict[str, Any]], Any]
Rule = tuple[Mapping[str, Any], Handler]
"""An event pattern and the function that waits for what matches it."""


class Sqs(Protocol):
    """What is used of boto3's SQS client."""

    def receive_message(self, **arguments: Any) -> Any: ...
    def delete_message(self, **arguments: Any) -> Any: ...


class ObjectEvents:
    """Reads one queue of S3 notifications."""

    def __init__(self, sqs: Sqs, queue_url: str, rules: Sequence[Rule]) -> None:
        """Deliver each event to every rule it matches; read nothing before `run` or `once`."""
        self._sqs = sqs
        self._queue_url = queue_url
        self._rules = rules

    def run(self, stopping: threading.Event) -> None:
        """Read until `stopping` is set."""
        while not stopping.is_set():
            try:
                self.once()
            except (BotoCoreError, ClientError) as error:
                report("queue_unreadable", error=error)
                stopping.wait(TROUBLED_SECONDS)

    def once(self) -> None:
        """Wait for messages once and deliver them; a message is kept until its events are done."""
        answer = self._sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=WAIT_SECONDS
        )
        for message in answer.get("Messages", []):
            if self._deliver(message["Body"]):
                self._sqs.delete_message(
                    QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"]
                )

    def _deliver(self, body: str) -> bool:
        try:
            for event in as_eventbridge(json.loads(body)):
                for pattern, handler in self._rules:
                    if matches(pattern, event):
                        handler(event)
        except Exception as error:  # it comes again
            report("object_event_failed", error=error)
            return False
        return True


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
