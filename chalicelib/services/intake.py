"""Uploads: a ticket first, then the bytes are judged and a safe copy is kept."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.domain.errors import ContentRejected, Fault, InvalidMessage, LostRace, NotFound
from chalicelib.domain.identity import Member
from chalicelib.domain.ports import (
    Clock,
    Ids,
    MediaStore,
    Studio,
    Telemetry,
    Unit,
    Upload,
    Uploads,
    UploadStatus,
    UploadTicket,
)

CONTENT_TYPES = ("image/jpeg", "image/png", "image/webp", "image/gif")
MAX_BYTES = 10_000_000


class Intake:
    """What happens to a file from the first request to the sanitised copy."""

    def __init__(
        self,
        *,
        uploads: Uploads,
        store: MediaStore,
        studio: Studio,
        unit: Unit,
        clock: Clock,
        ids: Ids,
        telemetry: Telemetry,
    ) -> None:
        self._uploads = uploads
        self._store = store
        self._studio = studio
        self._unit = unit
        self._clock = clock
        self._ids = ids
        self._telemetry = telemetry

    def request_upload(
        self, member: Member, content_type: str, size_bytes: int
    ) -> tuple[Upload, UploadTicket]:
        """Return a ticket for one file of this type and size, good for five minutes."""
        self.check((content_type, size_bytes), member)
        now = self._clock.now()
        upload = Upload(
            id=self._ids.new(),
            author=member.id,
            status=UploadStatus.PENDING,
            content_type=content_type,
            size_bytes=size_bytes,
            created_at=now,
        )
        self._unit.commit(self._uploads.adding(upload))
        return upload, self._store.ticket(upload.id, content_type, size_bytes, now)

    def check(self, wanted: tuple[str, int], member: Member) -> None:
        """Raise what is wrong with a content type and a size in bytes, and do nothing."""
        content_type, size_bytes = wanted
        faults = []
        if content_type not in CONTENT_TYPES:
            detail = f"Upload one of: {', '.join(CONTENT_TYPES)}."
            faults.append(Fault("/content_type", "unsupported_type", detail))
        if not 1 <= size_bytes <= MAX_BYTES:
            detail = f"A picture has 1 to {MAX_BYTES} bytes."
            faults.append(Fault("/size_bytes", "out_of_range", detail))
        if faults:
            raise InvalidMessage(faults)

    def read(self, upload_id: str, member: Member) -> Upload:
        """Return an upload of the member's own, or any for a manager."""
        upload = self._uploads.get(upload_id)
        if upload is None or not member.may_read(upload.author):
            raise NotFound("There is no such upload.")
        return upload

    def prepare(self, upload_id: str) -> None:
        """Judge what arrived and keep a safe copy. Again: nothing.

        Only the ticket's owner could send the bytes; what they are decides, not their name.
        """
        upload = self._uploads.get(upload_id)
        if upload is None or upload.status is not UploadStatus.PENDING:
            self._telemetry.event("upload_ignored", upload=upload_id)
            return
        data = self._store.uploaded(upload_id)
        if data is None:
            return
        try:
            picture = self._studio.sanitise(data)
        except ContentRejected as error:
            after = replace(upload, status=UploadStatus.REJECTED, detail=error.detail)
        else:
            ref = f"media/{upload_id}.jpg"
            self._store.write(ref, picture)
            after = replace(
                upload,
                status=UploadStatus.READY,
                ref=ref,
                width=picture.width,
                height=picture.height,
            )
        after = replace(after, version=upload.version + 1)
        try:
            self._unit.commit(self._uploads.saving(upload, after))
        except LostRace:
            return  # the same event came twice, and the other one was faster
        self._telemetry.event("upload_prepared", upload=upload_id, status=after.status)
