"""Submitted certifications, each person's only once a year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from heapq import merge
from itertools import islice

from chalicelib.domain.certifications import achievement_key
from chalicelib.domain.errors import AlreadyAnnounced
from chalicelib.domain.instants import format_instant
from chalicelib.domain.ports import Achievement, CertificationStatus, Cursor, Page
from chalicelib.repositories import schema
from chalicelib.repositories.codec import pack_fields, unpack
from chalicelib.repositories.items import Attributes, changes, keyed
from chalicelib.repositories.lists import filtered, resolved
from chalicelib.repositories.schema import GSI2, GSI2PK, GSI2SK
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import (
    NEW,
    AnyOf,
    AtMost,
    Delete,
    Equals,
    Item,
    Put,
    Query,
    Update,
    Write,
)

HOLDER, EXPIRES_AT = "holder", "expires_at"


class Certifications:
    """Achievements; `GSI2` keeps one list a status, newest first, which lists of all merge."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def adding(self, achievement: Achievement, key: str, expires_at: datetime) -> Sequence[Write]:
        """Store with its uniqueness key; conflict on a live key: `AlreadyAnnounced`."""
        held = {
            **keyed(schema.certification_key(key)),
            HOLDER: achievement.id,
            EXPIRES_AT: format_instant(expires_at),
        }
        free = AnyOf((NEW, AtMost(EXPIRES_AT, format_instant(achievement.submitted_at))))
        return [Put(achievement_item(achievement), NEW), Put(held, free, AlreadyAnnounced)]

    def saving(
        self, before: Achievement, after: Achievement, *, release_key: bool = False
    ) -> Sequence[Write]:
        """Store a changed achievement on condition of its version; conflict: `LostRace`.

        `release_key` lets it be announced again, unless somebody else holds the key by now.
        """
        to_set, to_remove = changes(achievement_item(before), achievement_item(after))
        update = Update(
            schema.certification(after.id),
            set=to_set,
            remove=to_remove,
            condition=Equals("version", before.version),
        )
        return [update, *(self._releasing(before) if release_key else ())]

    def _releasing(self, achievement: Achievement) -> Sequence[Write]:
        submission = achievement.submission
        key = schema.certification_key(
            achievement_key(submission.member_name, submission.family_id)
        )
        held = self._store.get(key)
        if held is None or held[HOLDER] != achievement.id:
            return []
        return [Delete(key, Equals(HOLDER, achievement.id))]

    def get(self, achievement_id: str) -> Achievement | None:
        """Return an achievement."""
        item = self._store.get(schema.certification(achievement_id))
        return to_achievement(item) if item else None

    def holder(self, key: str, now: datetime) -> str | None:
        """Return the id of the achievement that holds a live key."""
        held = self._store.get(schema.certification_key(key))
        if held is None or held[EXPIRES_AT] <= format_instant(now):
            return None
        return str(held[HOLDER])

    def by_author(self, author: str, limit: int, cursor: Cursor | None) -> Page[Achievement]:
        """Return an author's achievements, newest first, in one call."""
        own = Query(
            f"USER#{author}", schema.GSI1, prefix=schema.CERTIFICATIONS, forward=False, start=cursor
        )
        return filtered(self._store, own, limit, to_achievement, lambda _: True)

    def waiting(self, limit: int, cursor: Cursor | None) -> Page[Achievement]:
        """Return what awaits approval, newest first."""
        return self.everyone(CertificationStatus.PENDING_REVIEW, limit, cursor)

    def everyone(
        self, status: CertificationStatus | None, limit: int, cursor: Cursor | None
    ) -> Page[Achievement]:
        """Return everyone's achievements, newest first, of one status or of all."""
        position = cursor[GSI2SK] if cursor else None
        wanted = (status,) if status else tuple(CertificationStatus)
        lists = [self._before(each, position, limit) for each in wanted]
        newest_first = merge(*lists, key=lambda entry: entry[GSI2SK], reverse=True)
        entries = list(islice(newest_first, limit))
        found = [to_achievement(item) for _, item in resolved(self._store, entries)]
        is_full = len(entries) == limit
        return Page(found, {GSI2SK: entries[-1][GSI2SK]} if is_full else None)

    def _before(self, status: CertificationStatus, position: str | None, limit: int) -> list[Item]:
        """Return entries of one status that are older than a position."""
        query = Query(
            schema.certification_status(status),
            GSI2,
            high=position,
            forward=False,
            limit=limit + 1,
        )
        return [item for item in self._store.query(query).items if item[GSI2SK] != position]


def achievement_item(achievement: Achievement) -> Attributes:
    """Return an achievement's item."""
    key = schema.certification(achievement.id)
    return {
        **keyed(key),
        **schema.own(achievement.author, key),
        GSI2PK: schema.certification_status(achievement.status),
        GSI2SK: f"{format_instant(achievement.submitted_at)}#{achievement.id}",
        **pack_fields(achievement),
    }


def to_achievement(item: Item) -> Achievement:
    """Return the achievement of an item."""
    return unpack(Achievement, item)
