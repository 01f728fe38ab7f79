"""Puts hints on the Kinesis stream: ids and claims, never content or addresses."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
)

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.domain.ports import Hint

BATCH = 500
"""PutRecords takes at most 500 records; botocore Kinesis model, checked 2026-11-21."""
SCHEMA = 1
_NAME = re.compile(r"[A-Za-z0-9._:/-]{1,128}")
"""What ids, channels and claims are made of: a claim that was begun ends in its attempt."""


class KinesisStream:
    """The accelerator between accepting and delivering."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def put(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        """Send the hints; return those that were certainly not taken.

        After a call without an answer nothing is certain: its hints count as taken, and the due
        index brings them up again when their lease ends.
        """
        lost: list[Hint] = []
        for start in range(0, len(hints), BATCH):
            lost += self._put_batch(hints[start : start + BATCH])
        return lost

    def _put_batch(self, hints: Sequence[Hint]) -> list[Hint]:
        records = [{"Data": encode(hint), "PartitionKey": lane(hint.key)} for hint in hints]
        try:
            answer = self._client.put_records(StreamName=self._name, Records=records)
        except (ClientError, ConnectTimeoutError, EndpointConnectionError):
            return list(hints)
        except BotoCoreError:
            return []
        results = answer["Records"]
        return [hint for hint, result in zip(hints, results, strict=True) if "ErrorCode" in result]


def lane(key: DeliveryKey) -> str:
    """Return what is handed to the worker together: a message's channels, which it serves at once.

    Recipients of a direct channel are shared out: there may be thousands, and only so many threads.
    """
    return key.message_id if key.recipient_id is None else str(key)


def encode(hint: Hint) -> bytes:
    """Return a hint as a stream record's data."""
    fields = {
        "v": SCHEMA,
        "message": hint.key.message_id,
        "channel": hint.key.channel,
        "recipient": hint.key.recipient_id,
        "claim": hint.claim,
        "correlation": hint.correlation_id,
    }
    return json.dumps(fields, separators=(",", ":")).encode()


def decode(data: bytes) -> Hint:
    """Return the hint in a record's data, whatever else is in it; ValueError if there is none."""
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError("The record is not JSON.") from error
    if not isinstance(fields, Mapping):
        raise ValueError("The record is not an object.")
    message, channel, claim = (_name(fields, name) for name in ("message", "channel", "claim"))
    recipient, correlation = _name(fields, "recipient"), _name(fields, "correlation")
    if message is None or channel is None or claim is None:
        raise ValueError("The record names no delivery and claim.")
    return Hint(DeliveryKey(message, ChannelName(channel), recipient), claim, correlation or "")


def _name(fields: Mapping[str, object], name: str) -> str | None:
    """Return a name in a record; None if it is left empty, ValueError if nothing is named so."""
    value = fields.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError(f"The record's {name} is no name of ours.")
    return value
