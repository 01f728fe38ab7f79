"""Time, identifiers and the start of another invocation: what every process stands on."""

from __future__ import annotations

import json
import secrets
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.instants import format_instant


class SystemClock:
    """Implements `ports.Clock` with this machine's time."""

    def now(self) -> datetime:
        """Return the present in whole milliseconds."""
        return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)

    def sleep(self, seconds: float) -> None:
        """Wait at least this long."""
        time.sleep(max(seconds, 0.0))


class TimeOrderedIds:
    """Implements `ports.Ids` with version 7 UUIDs (RFC 9562, section 5.7)."""

    def new(self) -> str:
        """Return an identifier that sorts after those of earlier milliseconds."""
        stamp = time.time_ns() // 1_000_000
        value = (stamp & (1 << 48) - 1) << 80 | secrets.randbits(80)
        value = value & ~(0xF << 76) | 7 << 76
        return str(uuid.UUID(int=value & ~(0x3 << 62) | 2 << 62))


class LambdaStarter:
    """Implements `ports.Starter` by invoking the deployed scheduler without waiting for it."""

    def __init__(self, client: Any, function: str) -> None:
        self._client = client
        self._function = function

    def release(self, at: datetime) -> None:
        """Start one more release. Best effort: the next tick does the same."""
        # Chalice reads every field that EventBridge sends with a scheduled event.
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "omnichannel.release",
            "account": "",
            "time": format_instant(at),
            "region": self._client.meta.region_name,
            "resources": [],
            "detail": {},
        }
        try:
            self._client.invoke(
                FunctionName=self._function, InvocationType="Event", Payload=json.dumps(event)
            )
        except (ClientError, BotoCoreError):
            return


class LambdaErrand:
    """Implements `ports.Errand` by invoking the deployed `adapt` without waiting for it."""

    def __init__(self, client: Any, function: str) -> None:
        self._client = client
        self._function = function

    def adapt(self, message_id: str, revision: int) -> None:
        """Start it. Best effort: without it the text is published as it was written."""
        event = json.dumps({"message_id": message_id, "revision": revision})
        try:
            self._client.invoke(FunctionName=self._function, InvocationType="Event", Payload=event)
        except (ClientError, BotoCoreError):
            return


class NoErrand:
    """Implements `ports.Errand` where nobody can be started."""

    def adapt(self, message_id: str, revision: int) -> None:
        """Leave the text as it was written."""


class NoStarter:
    """Implements `ports.Starter` where nobody can be started: the tick has to do."""

    def release(self, at: datetime) -> None:
        """Leave it to the next tick."""
