"""What was decided about the words of contents, each once and for good."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.domain.adaptation import Adaptation
from chalicelib.repositories import schema
from chalicelib.repositories.codec import pack_fields, unpack
from chalicelib.repositories.items import Attributes, keyed
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import NEW, Absent, Put, Write

DECIDED_AT = "decided_at"


class Adaptations:
    """Adaptations by the digest of what is said where."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, digest: str) -> Adaptation | None:
        """Return what is known; None if nobody has asked yet."""
        item = self._store.get(schema.adaptation(digest))
        return unpack(Adaptation, item) if item else None

    def claiming(self, adaptation: Adaptation) -> Sequence[Write]:
        """Take the sole right to ask, which nobody gets again; conflict: `LostRace`."""
        return [Put(adaptation_item(adaptation), NEW)]

    def deciding(self, adaptation: Adaptation) -> Sequence[Write]:
        """Store a decision unless there is one; conflict: `LostRace`."""
        return [Put(adaptation_item(adaptation), Absent(DECIDED_AT))]


def adaptation_item(adaptation: Adaptation) -> Attributes:
    """Return an adaptation's item."""
    return keyed(schema.adaptation(adaptation.digest)) | pack_fields(adaptation)
