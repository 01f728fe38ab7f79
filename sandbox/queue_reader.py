"""Read a queue of the embedded AWS and hand each message to what runs here instead of a function.

A message whose delivery fails comes again when its visibility time ends, and goes to the
dead-letter queue after its last try.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.reporting import report

WAIT_SECONDS = 1
TROUBLED_SECONDS = 2.0

Deliver = Callable[[str], object]
"""Takes a message's body; what it raises lets the message come again."""


class Sqs(Protocol):
    """What is used of boto3's SQS client."""

    def receive_message(self, **arguments: Any) -> Any: ...
    def delete_message_batch(self, **arguments: Any) -> Any: ...


class QueueReader:
    """Reads one queue."""

    def __init__(self, sqs: Sqs, queue_url: str, deliver: Deliver) -> None:
        """Read nothing before `run` or `once`."""
        self._sqs = sqs
        self._queue_url = queue_url
        self._deliver = deliver

    def run(self, stopping: threading.Event) -> None:
        """Read until `stopping` is set."""
        while not stopping.is_set():
            try:
                self.once()
            except (BotoCoreError, ClientError) as error:
                report("queue_unreadable", error=error)
                stopping.wait(TROUBLED_SECONDS)

    def once(self) -> None:
        """Wait for messages once and deliver them; a message is kept until that is done."""
        answer = self._sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=WAIT_SECONDS
        )
        done = [m for m in answer.get("Messages", []) if self._is_delivered(m["Body"])]
        if done:
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(done)
            ]
            self._sqs.delete_message_batch(QueueUrl=self._queue_url, Entries=entries)

    def _is_delivered(self, body: str) -> bool:
        try:
            self._deliver(body)
        except Exception as error:  # it comes again
            report("message_not_delivered", error=error)
            return False
        return True
