"""The media bucket: tickets, pictures, and what its silence means."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.response import StreamingBody

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.ports import Picture
from chalicelib.gateways.media import MAX_UPLOAD_BYTES, S3Media, upload_id_of
from tests.fakes.aws import SILENCE, Raising, scripted

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BUCKET = "pictures"


def body(data: bytes) -> dict[str, Any]:
    """Return S3's answer with an object."""
    return {"Body": StreamingBody(io.BytesIO(data), len(data))}


@pytest.mark.parametrize(
    ("key", "upload_id"),
    [("uploads/u-1", "u-1"), ("uploads/", None), ("media/u-1.jpg", None), ("x/uploads/u", None)]
    + [(f"uploads/{odd}", None) for odd in ("a/b", "\ud800", "x" * 900, "u 1", "u\n", "ñ")],
)
def test_only_raw_uploads_belong_to_an_upload(key: str, upload_id: str | None) -> None:
    assert upload_id_of(key) == upload_id


def test_a_ticket_allows_one_key_one_type_and_one_size() -> None:
    with scripted("s3") as stub:
        ticket = S3Media(stub.client, BUCKET).ticket("u-1", "image/png", 77, NOW)
    policy = json.loads(base64.b64decode(ticket.fields["policy"]))

    assert (ticket.fields["key"], ticket.fields["Content-Type"]) == ("uploads/u-1", "image/png")
    assert ["content-length-range", 77, 77] in policy["conditions"]
    assert {"key": "uploads/u-1"} in policy["conditions"]
    assert {"Content-Type": "image/png"} in policy["conditions"]
    assert ticket.expires_at == NOW + timedelta(minutes=5)


def test_an_upload_is_read_as_it_was_sent() -> None:
    with scripted("s3") as stub:
        stub.add_response("get_object", body(b"raw"), {"Bucket": BUCKET, "Key": "uploads/u-1"})

        assert S3Media(stub.client, BUCKET).uploaded("u-1") == b"raw"


def test_an_upload_that_is_far_too_long_is_not_read_to_its_end() -> None:
    with scripted("s3") as stub:
        stub.add_response("get_object", body(b"x" * (MAX_UPLOAD_BYTES + 100)))

        assert len(S3Media(stub.client, BUCKET).uploaded("u-1") or b"") == MAX_UPLOAD_BYTES + 1


def test_an_upload_that_did_not_arrive_is_none() -> None:
    with scripted("s3") as stub:
        stub.add_client_error("get_object", "NoSuchKey", http_status_code=404)

        assert S3Media(stub.client, BUCKET).uploaded("u-1") is None


@pytest.mark.parametrize(("code", "there"), [(None, True), ("404", False)])
def test_an_object_is_there_or_not(code: str | None, there: bool) -> None:
    with scripted("s3") as stub:
        if code is None:
            stub.add_response("head_object", {}, {"Bucket": BUCKET, "Key": "media/a.jpg"})
        else:
            stub.add_client_error("head_object", code, http_status_code=404)

        assert S3Media(stub.client, BUCKET).exists("media/a.jpg") == there


@pytest.mark.parametrize(
    ("metadata", "size"),
    [({"size": "1080x566"}, (1080, 566)), ({}, None), ({"size": "wide"}, None)],
)
def test_a_picture_tells_its_size_unread(
    metadata: dict[str, str], size: tuple[int, int] | None
) -> None:
    with scripted("s3") as stub:
        head = {"Metadata": metadata}
        stub.add_response("head_object", head, {"Bucket": BUCKET, "Key": "media/a.jpg"})

        assert S3Media(stub.client, BUCKET).size("media/a.jpg") == size


def test_a_picture_that_is_not_there_has_no_size() -> None:
    with scripted("s3") as stub:
        stub.add_client_error("head_object", "404", http_status_code=404)

        assert S3Media(stub.client, BUCKET).size("media/a.jpg") is None


@pytest.mark.parametrize(
    ("picture", "metadata"),
    [(Picture(b"jpeg", 1080, 566), {"size": "1080x566"}), (Picture(b"jpeg"), {})],
    ids=["of a known size", "copied as it is"],
)
def test_a_picture_is_written_as_what_it_is(picture: Picture, metadata: dict[str, str]) -> None:
    expected = {
        "Bucket": BUCKET,
        "Key": "media/a.jpg",
        "Body": b"jpeg",
        "ContentType": "image/jpeg",
        "Metadata": metadata,
    }
    with scripted("s3") as stub:
        stub.add_response("put_object", {}, expected)

        S3Media(stub.client, BUCKET).write("media/a.jpg", picture)


def test_a_picture_is_read() -> None:
    with scripted("s3") as stub:
        stub.add_response("get_object", body(b"jpeg"), {"Bucket": BUCKET, "Key": "media/a.jpg"})

        assert S3Media(stub.client, BUCKET).read("media/a.jpg") == b"jpeg"


def test_a_platform_may_pull_a_picture_for_an_hour() -> None:
    with scripted("s3") as stub:
        url = urlsplit(S3Media(stub.client, BUCKET).url("media/a.jpg"))

    assert url.path == f"/{BUCKET}/media/a.jpg"
    assert parse_qs(url.query)["X-Amz-Expires"] == ["3600"]


CALLS: dict[str, tuple[str, Callable[[S3Media], object]]] = {
    "uploaded": ("get_object", lambda media: media.uploaded("u-1")),
    "exists": ("head_object", lambda media: media.exists("a")),
    "size": ("head_object", lambda media: media.size("a")),
    "read": ("get_object", lambda media: media.read("a")),
    "write": ("put_object", lambda media: media.write("a", Picture(b"x", 1, 1))),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_refusal_is_our_own_trouble(name: str) -> None:
    operation, call = CALLS[name]
    with scripted("s3") as stub:
        stub.add_client_error(operation, "AccessDenied", http_status_code=403)

        with pytest.raises(StoreUnavailable):
            call(S3Media(stub.client, BUCKET))


@pytest.mark.parametrize("name", CALLS)
def test_silence_is_our_own_trouble(name: str) -> None:
    with pytest.raises(StoreUnavailable):
        CALLS[name][1](S3Media(Raising(SILENCE), BUCKET))
