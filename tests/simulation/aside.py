"""The failure destination as a process meets it: a bucket to which Lambda writes by itself.

What the stream gave up on arrives there whole, as a document of Lambda's, some seconds later. Our
own gateway reads it through the few calls of an S3 client that are here.
"""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib.domain.instants import format_instant
from chalicelib.domain.ports import Hint
from chalicelib.gateways.failures import INBOX
from chalicelib.gateways.stream import encode
from tests.simulation.chance import Chance
from tests.simulation.hub import SECOND, Hub, instant
from tests.simulation.storage import Faulty

PAGE = 3
"""How many objects a listing shows at once."""
LATEST_WRITE = 20 * SECOND


class SimulatedBucket(Faulty):
    """The part of an S3 client that the failure destination needs, and Lambda's side of it."""

    def __init__(self, hub: Hub, chance: Chance) -> None:
        super().__init__(hub, chance)
        self._objects: dict[str, tuple[datetime, bytes]] = {}
        self._written = 0

    @property
    def inbox(self) -> Sequence[str]:
        """Return what nobody is done with."""
        return [key for key in self._objects if key.startswith(INBOX)]

    # --- Lambda's side ------------------------------------------------------------------------

    def keep(self, lane: str, hints: Sequence[Hint], condition: str) -> None:
        """Write down records that are given up on, all of each."""
        self._written += 1
        at = instant(self.hub.now)
        folder = f"{INBOX}mapping/shardId-{lane}/{at:%Y/%m/%d}"
        key = f"{folder}/{at:%Y-%m-%dT%H.%M.%S}-{self._written:06d}"
        content = _document(hints, condition, at)

        def write() -> None:
            self._objects[key] = instant(self.hub.now), content

        draw = self.chance.draw("aside", str(hints[0].key))
        self.hub.plan(self.hub.now + SECOND + draw[0] ** 3 * LATEST_WRITE, write)

    # --- our processes' side ------------------------------------------------------------------

    def list_objects_v2(
        self,
        Bucket: str,
        Prefix: str,
        ContinuationToken: str = "",
    ) -> Mapping[str, Any]:
        """Return a page of what there is, by name."""
        self._asked("ListObjectsV2")
        known = sorted(k for k in self._objects if k.startswith(Prefix) and k > ContinuationToken)
        shown = [{"Key": key, "LastModified": self._objects[key][0]} for key in known[:PAGE]]
        if len(known) <= PAGE:
            return {"Contents": shown, "IsTruncated": False}
        return {"Contents": shown, "IsTruncated": True, "NextContinuationToken": known[PAGE - 1]}

    def get_object(self, Bucket: str, Key: str) -> Mapping[str, Any]:
        """Return an object's content."""
        self._asked("GetObject")
        return {"Body": io.BytesIO(self._content(Key, "GetObject"))}

    def copy_object(
        self,
        Bucket: str,
        Key: str,
        CopySource: Mapping[str, str],
    ) -> Mapping[str, Any]:
        """Copy an object."""

        def copy() -> None:
            content = self._content(CopySource["Key"], "CopyObject")
            self._objects[Key] = instant(self.hub.now), content

        self._changed("CopyObject", copy)
        return {}

    def delete_object(self, Bucket: str, Key: str) -> None:
        """Delete an object; again: the same."""
        self._changed("DeleteObject", lambda: self._objects.pop(Key, None))

    def _content(self, key: str, operation: str) -> bytes:
        if key not in self._objects:
            raise _refusal("NoSuchKey", operation)
        return self._objects[key][1]

    def _asked(self, operation: str) -> None:
        fault, draw, _ = self.begin("failures.read")
        self.hub.pause(5 + 20 * draw[1])
        if fault == "busy":
            raise _refusal("SlowDown", operation)
        if fault == "silent":
            raise ReadTimeoutError(endpoint_url=operation)

    def _changed(self, operation: str, effect: Any) -> None:
        fault, draw, process = self.begin("failures.write")
        self.hub.pause(5 + 20 * draw[1])
        if fault == "busy":
            raise _refusal("SlowDown", operation)
        if fault == "silent_before":
            raise ReadTimeoutError(endpoint_url=operation)
        effect()
        if fault == "silent_after":
            raise ReadTimeoutError(endpoint_url=operation)
        if fault == "crash_after":
            self.die(process)
        self.hub.pause(5 + 10 * draw[2])


def _document(hints: Sequence[Hint], condition: str, at: datetime) -> bytes:
    records = [{"kinesis": {"data": b64encode(encode(hint)).decode()}} for hint in hints]
    return json.dumps(
        {
            "requestContext": {"condition": condition},
            "timestamp": format_instant(at),
            "payload": json.dumps({"Records": records}),
        }
    ).encode()


def _refusal(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "No."}}, operation)
