"""Events as Lambda hands them over."""

from __future__ import annotations

import base64
from typing import Any

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.domain.ports import Hint
from tests.unit.edge.kit import NOW


class Context:
    """A Lambda context with a minute left."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def hint(number: int) -> Hint:
    key = DeliveryKey(f"message-{number}", ChannelName("sms"), None)
    return Hint(key, f"claim-{number}", f"correlation-{number}")


def batch(*payloads: bytes) -> dict[str, Any]:
    """Return a batch as Lambda hands it over, sequence numbers from 100."""
    records = [
        {
            "eventID": f"shardId-000000000000:{100 + index}",
            "eventSource": "aws:kinesis",
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": "message",
                "sequenceNumber": str(100 + index),
                "data": base64.b64encode(payload).decode(),
                "approximateArrivalTimestamp": NOW.timestamp(),
            },
        }
        for index, payload in enumerate(payloads)
    ]
    return {"Records": records}


def object_event(key: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "1",
        "source": "aws.s3",
        "detail-type": "Object Created",
        "account": "000000000000",
        "region": "us-east-1",
        "time": "2026-11-21T12:00:00Z",
        "resources": [],
        "detail": {"bucket": {"name": "media"}, "object": {"key": key}},
    }
