"""The failure destination: what Lambda wrote there is found, understood and set aside."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.response import StreamingBody

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.ports import Hint
from chalicelib.gateways.failures import NOT_TOLD, S3FailureDestination, understood
from chalicelib.gateways.stream import encode
from tests.fakes.aws import SILENCE, Raising, scripted

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BUCKET = "failures"
FOLDER = "aws/lambda/mapping/shardId-000000000000/2026/11/21"
HOUR = timedelta(hours=1)
HINT = Hint(DeliveryKey("m-1", ChannelName("email"), "r-1"), "c-1", "x-1")


def document(*data: bytes, at: str = "2026-11-21T12:00:00.000Z") -> bytes:
    """Return what Lambda writes about a batch it gave up on."""
    records = [{"kinesis": {"data": base64.b64encode(content).decode()}} for content in data]
    return json.dumps(
        {
            "requestContext": {"condition": "RetryAttemptsExhausted"},
            "version": "1.0",
            "timestamp": at,
            "KinesisBatchInfo": {"batchSize": len(data)},
            "payload": json.dumps({"Records": records}),
        }
    ).encode()


def listed(*names: str, at: datetime = NOW, token: str | None = None) -> dict[str, Any]:
    """Return a page of S3's list."""
    contents = [{"Key": f"{FOLDER}/{name}", "LastModified": at} for name in names]
    more = {"IsTruncated": True, "NextContinuationToken": token} if token else {}
    return {"Contents": contents, **more}


def body(content: bytes) -> dict[str, Any]:
    return {"Body": StreamingBody(io.BytesIO(content), len(content))}


def test_what_was_given_up_on_is_read_with_its_reason() -> None:
    with scripted("s3") as stub:
        stub.add_response(
            "list_objects_v2", listed("a"), {"Bucket": BUCKET, "Prefix": "aws/lambda/"}
        )
        stub.add_response(
            "get_object", body(document(encode(HINT))), {"Bucket": BUCKET, "Key": f"{FOLDER}/a"}
        )
        (found,) = S3FailureDestination(stub.client, BUCKET).put_aside(NOW - HOUR, NOW)

    assert (found.ref, found.at, found.reason) == (f"{FOLDER}/a", NOW, "RetryAttemptsExhausted")
    assert (found.hints, found.unreadable) == ([HINT], 0)


def test_every_page_is_read() -> None:
    with scripted("s3") as stub:
        stub.add_response("list_objects_v2", listed("a", token="next"))
        stub.add_response(
            "list_objects_v2",
            listed("b"),
            {"Bucket": BUCKET, "Prefix": "aws/lambda/", "ContinuationToken": "next"},
        )
        for _ in "ab":
            stub.add_response("get_object", body(document(encode(HINT))))
        found = S3FailureDestination(stub.client, BUCKET).put_aside(NOW - HOUR, NOW)

        assert [one.ref for one in found] == [f"{FOLDER}/a", f"{FOLDER}/b"]


def test_what_somebody_else_is_done_with_meanwhile_is_left_out() -> None:
    with scripted("s3") as stub:
        stub.add_response("list_objects_v2", listed("a", "b"))
        stub.add_client_error("get_object", "NoSuchKey", http_status_code=404)
        stub.add_response("get_object", body(document(encode(HINT))))
        found = S3FailureDestination(stub.client, BUCKET).put_aside(NOW - HOUR, NOW)

        assert [one.ref for one in found] == [f"{FOLDER}/b"]


def test_an_object_that_is_refused_is_our_own_trouble() -> None:
    with scripted("s3") as stub:
        stub.add_response("list_objects_v2", listed("a"))
        stub.add_client_error("get_object", "AccessDenied", http_status_code=403)
        with pytest.raises(StoreUnavailable):
            list(S3FailureDestination(stub.client, BUCKET).put_aside(NOW - HOUR, NOW))


def test_an_empty_destination_yields_nothing() -> None:
    with scripted("s3") as stub:
        stub.add_response("list_objects_v2", {})

        assert not list(S3FailureDestination(stub.client, BUCKET).put_aside(NOW - HOUR, NOW))


@pytest.mark.parametrize("written", [NOW - 2 * HOUR, NOW + timedelta(days=2)])
def test_what_was_written_at_another_time_is_not_even_fetched(written: datetime) -> None:
    with scripted("s3") as stub:
        stub.add_response("list_objects_v2", listed("a", at=written))

        assert not list(S3FailureDestination(stub.client, BUCKET).put_aside(NOW - HOUR, NOW))


def test_what_failed_later_than_wanted_is_left_out() -> None:
    with scripted("s3") as stub:
        stub.add_response("list_objects_v2", listed("a"))
        late = document(encode(HINT), at="2026-11-21T12:00:01.000Z")
        stub.add_response("get_object", body(late))

        assert not list(S3FailureDestination(stub.client, BUCKET).put_aside(NOW - HOUR, NOW))


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b"\xff", b'{"payload": 1}', b"[" * 100_000, document()[:-2]]
)
def test_what_is_no_such_document_is_one_unreadable_record(content: bytes) -> None:
    found = understood("a", content, NOW)

    assert (found.at, found.reason, found.hints, found.unreadable) == (NOW, NOT_TOLD, (), 1)


def test_records_that_are_no_hints_are_counted() -> None:
    found = understood("a", document(encode(HINT), b"nonsense", b"{}"), NOW)

    assert (found.hints, found.unreadable) == ([HINT], 2)


@pytest.mark.parametrize("records", [[None], [{}], [{"kinesis": {"data": "%"}}], [{"kinesis": 1}]])
def test_records_without_data_are_counted(records: list[Any]) -> None:
    whole = json.loads(document())
    whole["payload"] = json.dumps({"Records": records})

    assert understood("a", json.dumps(whole).encode(), NOW).unreadable == 1


def test_what_is_done_with_is_moved_out_of_the_inbox() -> None:
    with scripted("s3") as stub:
        copy = {"Bucket": BUCKET, "Key": "replayed/aws/lambda/a"}
        source = {"Bucket": BUCKET, "Key": "aws/lambda/a"}
        stub.add_response("copy_object", {}, {**copy, "CopySource": source})
        stub.add_response("delete_object", {}, source)
        S3FailureDestination(stub.client, BUCKET).done_with("aws/lambda/a")


def test_what_somebody_else_is_done_with_is_done() -> None:
    with scripted("s3") as stub:
        stub.add_client_error("copy_object", "NoSuchKey", http_status_code=404)
        S3FailureDestination(stub.client, BUCKET).done_with("aws/lambda/a")


CALLS: dict[str, tuple[str, Callable[[S3FailureDestination], object]]] = {
    "put_aside": ("list_objects_v2", lambda found: list(found.put_aside(NOW - HOUR, NOW))),
    "done_with": ("copy_object", lambda found: found.done_with("a")),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_refusal_is_our_own_trouble(name: str) -> None:
    operation, call = CALLS[name]
    with scripted("s3") as stub:
        stub.add_client_error(operation, "AccessDenied", http_status_code=403)
        with pytest.raises(StoreUnavailable):
            call(S3FailureDestination(stub.client, BUCKET))


@pytest.mark.parametrize("name", CALLS)
def test_silence_is_our_own_trouble(name: str) -> None:
    with pytest.raises(StoreUnavailable):
        CALLS[name][1](S3FailureDestination(Raising(SILENCE), BUCKET))


def test_a_record_of_a_claim_that_was_begun_is_read() -> None:
    begun = Hint(DeliveryKey("m-1", ChannelName("email")), "c-1/1", "x-1")

    assert understood("a", document(encode(begun)), NOW).hints == [begun]
