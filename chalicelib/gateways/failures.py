"""The failure destination: a bucket to which Lambda writes the stream records it gave up on.

aws/lambda/<mapping>/<shard>/<YYYY>/<MM>/<DD>/<instant>-<uuid>    as Lambda names them
replayed/aws/lambda/…                                             what a replay is done with

Each object is a JSON document: why (`requestContext.condition`), when (`timestamp`) and the whole
event as `payload`. Read 2026-11-21: docs.aws.amazon.com/lambda/latest/dg,
kinesis-on-failure-destination.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.instants import parse_instant
from chalicelib.domain.ports import Hint, PutAside
from chalicelib.gateways.stream import decode

INBOX = "aws/lambda/"
DONE = "replayed/"
WRITTEN_WITHIN = timedelta(days=1)
"""How much later than its failure an object may be written, generously."""
NOT_TOLD = "reason not told"


class S3FailureDestination:
    """Implements `ports.FailureDestination`."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put_aside(self, since: datetime, until: datetime) -> Iterator[PutAside]:
        """Yield what was given up on in that time, oldest first.

        Raises `StoreUnavailable`. An object that is no such document counts as one unreadable
        record, so that nobody overlooks it.
        """
        listed = sorted(
            (entry["LastModified"], str(entry["Key"]))
            for entry in self._list()
            if since <= entry["LastModified"] <= until + WRITTEN_WITHIN
        )
        for written_at, key in listed:
            content = self._content(key)
            if content is None:
                continue  # another replay is done with it by now
            found = understood(key, content, written_at)
            if since <= found.at <= until:
                yield found

    def done_with(self, ref: str) -> None:
        """Move it out of the inbox; again: the same. Raises `StoreUnavailable`."""
        source = {"Bucket": self._bucket, "Key": ref}
        wish = {"Bucket": self._bucket, "Key": DONE + ref, "CopySource": source}
        if self._found("copy_object", **wish) is not None:
            self._asked("delete_object", Bucket=self._bucket, Key=ref)

    def _list(self) -> Iterator[Mapping[str, Any]]:
        wish = {"Bucket": self._bucket, "Prefix": INBOX}
        while True:
            page = self._asked("list_objects_v2", **wish)
            yield from page.get("Contents", ())
            if not page.get("IsTruncated"):
                return
            wish = {**wish, "ContinuationToken": page["NextContinuationToken"]}

    def _content(self, key: str) -> bytes | None:
        """Return what is in an object; None if there is no such object any more."""
        found = self._found("get_object", Bucket=self._bucket, Key=key)
        return None if found is None else found["Body"].read()

    def _found(self, operation: str, **wish: Any) -> Any:
        """Return what is answered; None if the object that it is about is not there."""
        try:
            return self._asked(operation, **wish)
        except StoreUnavailable as error:
            if _is_missing(error.__cause__):
                return None
            raise

    def _asked(self, operation: str, **wish: Any) -> Any:
        try:
            return getattr(self._client, operation)(**wish)
        except ClientError as error:
            raise StoreUnavailable("The failure destination refuses this.") from error
        except BotoCoreError as error:
            raise StoreUnavailable("The failure destination did not answer.") from error


def understood(ref: str, content: bytes, written_at: datetime) -> PutAside:
    """Return what a document tells; one unreadable record if it is none."""
    try:
        document = json.loads(content)
        records = json.loads(document["payload"])["Records"]
        at = parse_instant(document["timestamp"])
        reason = str(document["requestContext"]["condition"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return PutAside(ref, written_at, NOT_TOLD, (), unreadable=1)
    hints = [hint for record in records if (hint := _hint(record)) is not None]
    return PutAside(ref, at, reason, hints, unreadable=len(records) - len(hints))


def _hint(record: Any) -> Hint | None:
    try:
        return decode(b64decode(record["kinesis"]["data"], validate=True))
    except (ValueError, TypeError, KeyError):
        return None


def _is_missing(error: BaseException | None) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] == "NoSuchKey"
