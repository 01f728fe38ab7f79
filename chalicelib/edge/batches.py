"""Lambda's own events: stream records in, a partial batch response out; objects that appeared."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalice.app import CloudWatchEvent, KinesisEvent
from typing_extensions import TypedDict

from chalicelib.domain.deliveries import RESERVE
from chalicelib.domain.ports import Hint, Telemetry


class ItemFailure(TypedDict):
    """A record to be given again."""

    itemIdentifier: str


class BatchResponse(TypedDict):
    """Which records Lambda is to give again; the lowest is where it resumes."""

    batchItemFailures: list[ItemFailure]


def each(
    event: KinesisEvent,
    deliver_all: Callable[[Sequence[Hint], datetime | None], Sequence[int]],
    *,
    decode: Callable[[bytes], Hint],
    deadline: datetime,
    telemetry: Telemetry,
) -> BatchResponse:
    """Hand a batch's hints over and report the records whose outcome could not be written.

    A record that is no hint, or that has no number to report it by, can't become one: it is logged,
    counted and acknowledged.
    """
    numbers: list[str] = []
    hints: list[Hint] = []
    # Not through KinesisEvent's own records: those read the arrival time in a deprecated way.
    for record in _listed(event.to_dict(), "Records"):
        number = _text(record, "sequenceNumber")
        try:
            if not number:
                raise ValueError("The record has no number.")
            hint = decode(b64decode(_text(record, "data"), validate=True))
        except ValueError as error:
            telemetry.event("record_not_decoded", sequence_number=number, error=str(error))
            telemetry.count("records_not_decoded")
        else:
            numbers.append(number)
            hints.append(hint)
    failed = deliver_all(hints, deadline) if hints else ()
    return {"batchItemFailures": [{"itemIdentifier": numbers[index]} for index in sorted(failed)]}


def _listed(event: object, name: str) -> Sequence[object]:
    found = event.get(name) if isinstance(event, Mapping) else None
    return found if isinstance(found, list) else ()


def _text(record: object, name: str) -> str:
    """Return one of the stream's own texts of a record; empty if there is none."""
    inner = record.get("kinesis") if isinstance(record, Mapping) else None
    found = inner.get(name) if isinstance(inner, Mapping) else None
    return found if isinstance(found, str) else ""


def deadline(context: Any, now: datetime) -> datetime:
    """Return until when an invocation may begin things, from its Lambda context."""
    remaining = timedelta(milliseconds=context.get_remaining_time_in_millis())
    return now + remaining - RESERVE


def object_key(event: CloudWatchEvent) -> str:
    """Return the key of the object that an S3 event tells of; empty if it tells of none."""
    detail: Any = event.detail
    found = detail.get("object") if isinstance(detail, Mapping) else None
    key = found.get("key") if isinstance(found, Mapping) else None
    return key if isinstance(key, str) else ""
