"""A queue's messages are handed on, and kept until that is done."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from sandbox import notifications
from sandbox.queue_reader import QueueReader


class FakeSqs:
    """A queue that hands out each message until it is deleted."""

    def __init__(self, *bodies: str) -> None:
        self.messages = {f"r{number}": body for number, body in enumerate(bodies)}
        self.deletions = 0

    def receive_message(self, **_: Any) -> Any:
        if not self.messages:
            return {}
        return {"Messages": [{"Body": b, "ReceiptHandle": r} for r, b in self.messages.items()]}

    def delete_message_batch(self, **wish: Any) -> None:
        self.deletions += 1
        for entry in wish["Entries"]:
            del self.messages[entry["ReceiptHandle"]]


def test_what_was_delivered_leaves_the_queue_in_one_request() -> None:
    seen: list[str] = []
    sqs = FakeSqs("a", "b")
    QueueReader(sqs, "queue", seen.append).once()
    assert (seen, sqs.messages, sqs.deletions) == (["a", "b"], {}, 1)


def test_an_empty_queue_has_nothing_to_delete() -> None:
    sqs = FakeSqs()
    QueueReader(sqs, "queue", lambda _: None).once()
    assert sqs.deletions == 0


def test_what_failed_stays_and_the_next_one_is_delivered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen: list[str] = []

    def deliver(body: str) -> None:
        seen.append(body)
        if body == "bad":
            raise RuntimeError("boom")

    sqs = FakeSqs("bad", "good")
    QueueReader(sqs, "queue", deliver).once()
    assert (seen, list(sqs.messages)) == (["bad", "good"], ["r0"])
    assert "message_not_delivered" in capsys.readouterr().err


def test_an_unreadable_queue_is_tried_again(capsys: pytest.CaptureFixture[str]) -> None:
    stopping = threading.Event()

    class Unreadable(FakeSqs):
        def receive_message(self, **_: Any) -> Any:
            stopping.set()
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1")

    QueueReader(Unreadable(), "queue", lambda _: None).run(stopping)
    assert "queue_unreadable" in capsys.readouterr().err


ENVELOPE = """{"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:r:0:t",
"Message": "{\\"a\\": 1}", "Timestamp": "2026-11-21T12:00:00.000Z", "SigningCertURL": "https://x"}"""


def test_a_topics_envelope_becomes_what_lambda_hands_over() -> None:
    events: list[dict[str, Any]] = []
    notifications.to(events.append)(ENVELOPE)
    ((record,),) = [event["Records"] for event in events]
    assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
    told = record["Sns"]
    assert (told["Message"], told["Subject"], told["MessageAttributes"]) == ('{"a": 1}', None, {})
    assert told["SigningCertUrl"] == "https://x"
