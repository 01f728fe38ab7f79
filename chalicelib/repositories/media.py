"""What is known of uploads; their bytes are in the media store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chalicelib.domain.ports import Upload
from chalicelib.repositories import schema
from chalicelib.repositories.codec import pack_fields, unpack
from chalicelib.repositories.items import Attributes, changes, keyed
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import NEW, Equals, Put, Update, Write


class Uploads:
    """Uploads by id."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def adding(self, upload: Upload) -> Sequence[Write]:
        """Store a new upload."""
        return [Put(upload_item(upload), NEW)]

    def saving(self, before: Upload, after: Upload) -> Sequence[Write]:
        """Store a changed upload on condition of its version; conflict: `LostRace`."""
        to_set, to_remove = changes(upload_item(before), upload_item(after))
        condition = Equals("version", before.version)
        return [Update(schema.media(after.id), to_set, to_remove, condition=condition)]

    def get(self, upload_id: str) -> Upload | None:
        """Return an upload."""
        return self.many([upload_id]).get(upload_id)

    def many(self, upload_ids: Sequence[str]) -> Mapping[str, Upload]:
        """Return those uploads that there are, in one call."""
        keys = {upload_id: schema.media(upload_id) for upload_id in upload_ids}
        found = self._store.batch_get(list(keys.values()))
        return {name: unpack(Upload, found[key]) for name, key in keys.items() if key in found}


def upload_item(upload: Upload) -> Attributes:
    """Return an upload's item."""
    key = schema.media(upload.id)
    return {**keyed(key), **schema.own(upload.author, key), **pack_fields(upload)}
