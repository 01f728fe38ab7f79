"""The private media bucket: upload tickets, prepared pictures, short-lived addresses to pull from.

uploads/<id>                    raw, as sent; judged by prepare_media, expires by life-cycle
media/<id>.jpg                  sanitised
prepared/<id>/<channel>.jpg     fitted to one channel; …-<ratio>.jpg to the pictures beside it too
cards/<message>/<rev>/<shape>.jpg
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.ports import Picture, UploadTicket

TICKET_LIFE = timedelta(minutes=5)
PULL_LIFE = timedelta(hours=1)
"""Must outlast a platform's pull and its retries; a role's own session may end it earlier."""
UPLOADS = "uploads/"
_UPLOAD = re.compile(rf"{UPLOADS}([A-Za-z0-9-]{{1,128}})")
_SIZE = re.compile(r"(\d+)x(\d+)")
MAX_UPLOAD_BYTES = 10_000_000


def upload_id_of(key: str) -> str | None:
    """Return the upload an object key belongs to; None for other objects."""
    found = _UPLOAD.fullmatch(key)
    return found[1] if found else None


class S3Media:
    """Implements `ports.MediaStore` and hands media to the transport."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def ticket(
        self, upload_id: str, content_type: str, size_bytes: int, now: datetime
    ) -> UploadTicket:
        """Return a POST bound to one key, one type, one size and five minutes."""
        post = self._client.generate_presigned_post(
            self._bucket,
            UPLOADS + upload_id,
            Fields={"Content-Type": content_type},
            Conditions=[
                {"Content-Type": content_type},
                ["content-length-range", size_bytes, size_bytes],
            ],
            ExpiresIn=int(TICKET_LIFE.total_seconds()),
        )
        return UploadTicket(post["url"], post["fields"], now + TICKET_LIFE)

    def uploaded(self, upload_id: str) -> bytes | None:
        """Return what was uploaded; None while nothing is there. Oversized files are cut off."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=UPLOADS + upload_id)
            data: bytes = answer["Body"].read(MAX_UPLOAD_BYTES + 1)
        except ClientError as error:
            if _is_missing(error):
                return None
            raise StoreUnavailable("The media store refuses to be read.") from error
        except BotoCoreError as error:
            raise StoreUnavailable("The media store did not answer.") from error
        return data

    def exists(self, ref: str) -> bool:
        """Return whether an object is there."""
        return self._head(ref) is not None

    def size(self, ref: str) -> tuple[int, int] | None:
        """Return the width and height that a picture was written with; None if it is not there.

        A picture that says nothing of its size counts as absent too: write it again.
        """
        head = self._head(ref)
        told = _SIZE.fullmatch(head["Metadata"].get("size", "")) if head else None
        return (int(told[1]), int(told[2])) if told else None

    def _head(self, ref: str) -> Mapping[str, Any] | None:
        try:
            head: Mapping[str, Any] = self._client.head_object(Bucket=self._bucket, Key=ref)
        except ClientError as error:
            if _is_missing(error):
                return None
            raise StoreUnavailable("The media store refuses to be asked.") from error
        except BotoCoreError as error:
            raise StoreUnavailable("The media store did not answer.") from error
        return head

    def read(self, ref: str) -> bytes:
        """Return an object's bytes."""
        try:
            data: bytes = self._client.get_object(Bucket=self._bucket, Key=ref)["Body"].read()
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"The picture {ref} can't be read.") from error
        return data

    def write(self, ref: str, picture: Picture) -> None:
        """Store a picture; the same again changes nothing."""
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=ref,
                Body=picture.data,
                ContentType="image/jpeg",
                Metadata={"size": f"{picture.width}x{picture.height}"} if picture.width else {},
            )
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(f"The picture {ref} can't be stored.") from error

    def url(self, ref: str) -> str:
        """Return an address that a platform can GET the picture from for an hour."""
        address: str = self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": ref},
            ExpiresIn=int(PULL_LIFE.total_seconds()),
        )
        return address


def _is_missing(error: ClientError) -> bool:
    return error.response.get("Error", {}).get("Code") in {"404", "NoSuchKey", "NotFound"}
