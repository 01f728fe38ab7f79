"""Uploads: a ticket first, then the bytes are judged and a safe copy is kept."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.domain.errors import InvalidMessage, LostRace, NotFound, StoreUnavailable
from chalicelib.domain.messages import MediaRef
from chalicelib.domain.ports import UploadStatus
from chalicelib.services.intake import CONTENT_TYPES, MAX_BYTES
from tests.fakes.ground import START
from tests.fakes.world import ADA, BOB, MAX, World


def arrived(world: World, data: bytes = b"bytes") -> str:
    """Have a file requested and sent; return the upload's id."""
    upload, _ = world.intake.request_upload(ADA, "image/png", len(data))
    world.media.arrived[upload.id] = data
    return upload.id


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
@pytest.mark.parametrize("size", [1, MAX_BYTES])
def test_a_ticket_is_bound_to_key_type_size_and_five_minutes(
    world: World, content_type: str, size: int
) -> None:
    upload, ticket = world.intake.request_upload(ADA, content_type, size)

    assert upload.status is UploadStatus.PENDING
    assert ticket.fields == {"key": upload.id, "type": content_type, "size": str(size)}
    assert ticket.expires_at == START + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("content_type", "size", "pointers"),
    [
        ("image/svg+xml", 10, ["/content_type"]),
        ("image/png", 0, ["/size_bytes"]),
        ("image/png", MAX_BYTES + 1, ["/size_bytes"]),
        ("text/html", -1, ["/content_type", "/size_bytes"]),
    ],
)
def test_what_is_no_picture_gets_no_ticket(
    world: World, content_type: str, size: int, pointers: list[str]
) -> None:
    with pytest.raises(InvalidMessage) as refused:
        world.intake.request_upload(ADA, content_type, size)
    assert [fault.pointer for fault in refused.value.faults] == pointers


def test_authors_and_managers_read_an_upload(world: World) -> None:
    upload, _ = world.intake.request_upload(ADA, "image/png", 10)

    assert world.intake.read(upload.id, ADA) == world.intake.read(upload.id, MAX) == upload


@pytest.mark.parametrize("known", [True, False])
def test_anothers_upload_is_not_found(world: World, known: bool) -> None:
    upload, _ = world.intake.request_upload(ADA, "image/png", 10)

    with pytest.raises(NotFound):
        world.intake.read(upload.id if known else "nothing", BOB)


def test_a_picture_becomes_ready_as_a_safe_copy(world: World) -> None:
    upload_id = arrived(world)
    world.intake.prepare(upload_id)
    upload = world.intake.read(upload_id, ADA)

    assert (upload.status, upload.width, upload.height) == (UploadStatus.READY, 800, 600)
    assert upload.ref is not None and world.media.objects[upload.ref] == b"clean bytes"


def test_what_is_no_picture_is_rejected_with_a_reason(world: World) -> None:
    upload_id = arrived(world, b"bad bytes")
    world.intake.prepare(upload_id)
    upload = world.intake.read(upload_id, ADA)

    assert (upload.status, upload.detail) == (UploadStatus.REJECTED, "This is no picture.")
    assert world.media.objects == {}


def test_a_prepared_picture_is_published(world: World) -> None:
    upload_id = arrived(world)
    world.intake.prepare(upload_id)
    world.submit("Hello", "instagram", media=(MediaRef(upload_id),))
    world.run()

    assert world.shown("instagram") == ["Hello"]


def test_the_same_event_again_changes_nothing(world: World) -> None:
    upload_id = arrived(world)
    world.intake.prepare(upload_id)
    first = world.intake.read(upload_id, ADA)
    world.media.arrived[upload_id] = b"other bytes"
    world.intake.prepare(upload_id)

    assert world.intake.read(upload_id, ADA) == first
    assert len(world.heard.named("upload_ignored")) == 1


def test_the_same_event_twice_at_once_is_settled_once(world: World) -> None:
    upload_id = arrived(world)
    world.breaker.break_write(1, "before", LostRace())
    world.intake.prepare(upload_id)

    assert world.heard.named("upload_prepared") == []


def test_an_event_for_something_else_is_ignored(world: World) -> None:
    world.intake.prepare("nothing")

    assert len(world.heard.named("upload_ignored")) == 1


def test_an_event_without_bytes_changes_nothing(world: World) -> None:
    upload, _ = world.intake.request_upload(ADA, "image/png", 10)
    world.intake.prepare(upload.id)

    assert world.intake.read(upload.id, ADA) == upload


def test_a_store_that_fails_is_told_so_that_the_event_comes_again(world: World) -> None:
    upload_id = arrived(world)
    world.breaker.break_write(1, "before", StoreUnavailable("no"))
    with pytest.raises(StoreUnavailable):
        world.intake.prepare(upload_id)

    world.breaker.mend()
    world.intake.prepare(upload_id)
    assert world.intake.read(upload_id, ADA).status is UploadStatus.READY
