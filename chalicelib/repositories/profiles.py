"""What members choose about themselves."""

from __future__ import annotations

from chalicelib.domain.ports import Profile
from chalicelib.repositories import schema
from chalicelib.repositories.codec import pack_fields, unpack
from chalicelib.repositories.items import keyed
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import Put


class Profiles:
    """Members' own settings; the last one saved counts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, user: str) -> Profile | None:
        """Return a member's settings; None before the first change."""
        item = self._store.get(schema.profile(user))
        return unpack(Profile, item) if item else None

    def save(self, profile: Profile) -> None:
        """Store a member's settings."""
        self._store.commit([Put(keyed(schema.profile(profile.user)) | pack_fields(profile))])
