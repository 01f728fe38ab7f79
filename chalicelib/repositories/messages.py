"""Messages and everything that stands under their key.

METADATA embeds the current content, so that reading a message with its deliveries is one batch
read of known keys. Its status is a roll-up of the deliveries, stored only for lists: `rolled`
orders such roll-ups by the message's version, then by the sum of the deliveries' versions, so that
a slow worker can't put an older one over a newer one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from chalicelib.domain.channels import ChannelName, Post
from chalicelib.domain.deliveries import Attempt, AuditEntry, Delivery, DeliveryKey
from chalicelib.domain.errors import LostRace
from chalicelib.domain.instants import format_instant
from chalicelib.domain.messages import Message, MessageStatus, Revision
from chalicelib.domain.ports import Cursor, Due, Filter, Listed, Page, Snapshot, Timeline
from chalicelib.repositories import items, ledger, schema
from chalicelib.repositories.calendar import Calendar
from chalicelib.repositories.items import ROLLED, SUMMARY
from chalicelib.repositories.lists import filtered, wants
from chalicelib.repositories.schema import LAST, Key
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import (
    NEW,
    STORED,
    Absent,
    AnyOf,
    Equals,
    LessThan,
    Put,
    Query,
    Update,
    Write,
    all_of,
)

DUE_PAGE = 500
"""How many entries of the due index one request reads."""
_ROLLS_PER_VERSION = 1_000_000_000
"""More than the versions of one message's deliveries ever add up to."""


class Messages:
    """Messages, revisions, deliveries, attempts, prepared posts and the audit trail."""

    def __init__(self, store: Store, channels: Sequence[ChannelName]) -> None:
        self._store = store
        self._channels = tuple(channels)
        self._calendar = Calendar(store)

    @property
    def shards(self) -> int:
        """How many partitions the due index has."""
        return schema.SHARDS

    # --- writes of the message itself ---------------------------------------------------------

    def adding(
        self,
        message: Message,
        revision: Revision,
        deliveries: Sequence[Delivery],
        audit: Sequence[AuditEntry],
    ) -> Sequence[Write]:
        """Store a new message with its deliveries, its first revision and how it came about."""
        rolled = {ROLLED: _order(message, deliveries), SUMMARY: items.summary(deliveries)}
        return [
            Put(items.message_item(message) | rolled, NEW),
            *self._calendar.showing(message),
            Put(items.revision_item(revision), NEW),
            *(write for part in deliveries for write in ledger.added(part)),
            *(Put(items.audit_item(entry), NEW) for entry in audit),
        ]

    def saving(self, before: Message, after: Message, audit: AuditEntry) -> Sequence[Write]:
        """Store a changed message; roll-ups of what it was before come too late from now on."""
        to_set, to_remove = items.changes(items.message_item(before), items.message_item(after))
        update = Update(
            schema.message(after.id),
            set=to_set | {"status": after.status.value, ROLLED: _order(after, ())},
            remove=to_remove,
            condition=Equals("version", before.version),
        )
        return [update, *self._calendar.showing(after), Put(items.audit_item(audit), NEW)]

    def revising(self, revision: Revision) -> Sequence[Write]:
        """Append an immutable revision."""
        return [Put(items.revision_item(revision), NEW)]

    def telling(self, entry: AuditEntry) -> Sequence[Write]:
        """Append an entry to the timeline; conflict, if it is there: `LostRace`."""
        return [Put(items.audit_item(entry), NEW)]

    def rolling_up(self, snapshot: Snapshot, status: MessageStatus) -> Sequence[Write]:
        """Store what lists show; nothing happens if a later roll-up is there. To be sent alone."""
        order = _order(snapshot.message, snapshot.deliveries)
        is_later = AnyOf((Absent(ROLLED), LessThan(ROLLED, order)))
        update = Update(
            schema.message(snapshot.message.id),
            set={
                "status": status.value,
                SUMMARY: items.summary(snapshot.deliveries),
                ROLLED: order,
            },
            condition=all_of(STORED, is_later),
            conflict=None,
        )
        return [update]

    # --- writes of deliveries -----------------------------------------------------------------

    def starting(self, delivery: Delivery) -> Sequence[Write]:
        """Store a delivery that must not exist yet; conflict: `LostRace`."""
        return ledger.starting(delivery)

    def removing(self, delivery: Delivery) -> Sequence[Write]:
        """Drop a delivery of which nothing was published, on condition of its version."""
        return ledger.removing(delivery)

    def moving(
        self,
        before: Delivery,
        after: Delivery,
        audit: AuditEntry | None = None,
        attempt: Attempt | None = None,
    ) -> Sequence[Write]:
        """Store a step on condition of the version; a recipient's moves its parent's counts too."""
        return ledger.moving(before, after, audit, attempt)

    def noting(self, attempt: Attempt) -> Sequence[Write]:
        """Keep what a worker learnt after it lost its lease, as evidence only."""
        return ledger.noting(attempt)

    def proving(self, attempt: Attempt, external_id: str) -> Sequence[Write]:
        """Keep what a report proves of an attempt under way, unless something does already."""
        return ledger.proving(attempt, external_id)

    # --- reading ------------------------------------------------------------------------------

    def get(self, message_id: str) -> Snapshot | None:
        """Return a message with its deliveries, consistently, in one call."""
        key = schema.message(message_id)
        places = {name: schema.delivery(DeliveryKey(message_id, name)) for name in self._channels}
        found = self._store.batch_get([key, *places.values()])
        if key not in found:
            return None
        self._calendar.saw(found[key])
        message = items.to_message(found[key])
        rows = [found.get(places[name]) for name in message.channels if name in places]
        parts = [items.to_delivery(row) for row in rows]
        return Snapshot(message, tuple(part for part in parts if part is not None))

    def many(self, message_ids: Sequence[str]) -> Mapping[str, Message]:
        """Return messages without their deliveries, as the last roll-up left them, in one call."""
        found = self._store.batch_get([schema.message(message_id) for message_id in message_ids])
        messages = map(items.to_message, found.values())
        return {message.id: message for message in messages}

    def revision(self, message_id: str, number: int) -> Revision | None:
        """Return one version of what was to be said."""
        item = self._store.get(schema.revision(message_id, number))
        return items.to_revision(item) if item else None

    def delivery(self, key: DeliveryKey) -> Delivery | None:
        """Return a delivery, consistently."""
        return items.to_delivery(self._store.get(schema.delivery(key)))

    def deliveries(self, keys: Sequence[DeliveryKey]) -> Sequence[Delivery]:
        """Return those deliveries that there are, consistently."""
        found = self._store.batch_get([schema.delivery(key) for key in keys])
        rows = [items.to_delivery(item) for item in found.values()]
        return [row for row in rows if row is not None]

    def recipients(
        self, message_id: str, channel: ChannelName, limit: int, cursor: Cursor | None
    ) -> Page[Delivery]:
        """Return the deliveries to a direct channel's recipients, by their ids."""
        pk, prefix = schema.recipients(message_id, channel)
        found = self._store.query(Query(pk, prefix=prefix, limit=limit, start=cursor))
        rows = [items.to_delivery(item) for item in found.items]
        return Page([row for row in rows if row is not None], found.cursor)

    def by_author(
        self, author: str, wanted: Filter, limit: int, cursor: Cursor | None
    ) -> Page[Listed]:
        """Return an author's messages, newest first, in one call."""
        own = Query(
            f"USER#{author}", schema.GSI1, prefix=schema.MESSAGES, forward=False, start=cursor
        )
        return filtered(
            self._store, own, limit, items.to_listed, lambda message: wants(wanted, message)
        )

    def calendar(self, wanted: Filter, limit: int, cursor: Cursor | None) -> Page[Listed]:
        """Return everyone's messages by due time, latest first."""
        return self._calendar.page(wanted, limit, cursor)

    def due(self, shard: int, until: datetime, cursor: Cursor | None) -> Page[Due]:
        """Return a page of what is due in a shard, soonest first; the index lags behind."""
        query = Query(
            schema.due_shard(shard),
            schema.GSI2,
            high=format_instant(until) + LAST,
            limit=DUE_PAGE,
            start=cursor,
        )
        found = self._store.query(query)
        return Page([items.to_due(item) for item in found.items], found.cursor)

    def attempts(self, key: DeliveryKey) -> Sequence[Attempt]:
        """Return a delivery's attempts, first to last."""
        pk, prefix = schema.attempts(key)
        rows = map(items.to_attempt, self._store.query_all(Query(pk, prefix=prefix)))
        return [attempt for attempt in rows if attempt.key == key]

    def timeline(self, message_id: str) -> Timeline:
        """Return every audit entry and attempt, oldest first."""
        pk, _ = schema.message(message_id)
        # ATTEMPT# and AUDIT# are neighbours: one range holds both and little else.
        rows = list(
            self._store.query_all(Query(pk, low=schema.ATTEMPTS, high=schema.AUDITS + LAST))
        )
        entries = [items.to_audit(row) for row in rows if row[schema.SK].startswith(schema.AUDITS)]
        tries = [items.to_attempt(r) for r in rows if r[schema.SK].startswith(schema.ATTEMPTS)]
        entries.sort(key=lambda entry: (entry.at, entry.sequence))
        tries.sort(key=lambda attempt: (attempt.started_at, attempt.number))
        return Timeline(tuple(entries), tuple(tries))

    # --- prepared posts -----------------------------------------------------------------------

    def post(self, message_id: str, channel: ChannelName, revision: int) -> Post | None:
        """Return what a revision says on a channel; None before it was prepared."""
        return self._post(schema.post(message_id, channel, revision))

    def keep_post(self, message_id: str, channel: ChannelName, revision: int, post: Post) -> Post:
        """Store what will be posted unless something is stored already; return what is stored."""
        try:
            self._store.commit([Put(items.post_item(message_id, channel, revision, post), NEW)])
        except LostRace:
            return self._post(schema.post(message_id, channel, revision)) or post
        return post

    def _post(self, key: Key) -> Post | None:
        item = self._store.get(key)
        return items.to_post(item) if item else None


def _order(message: Message, parts: Sequence[Delivery]) -> int:
    return message.version * _ROLLS_PER_VERSION + sum(part.version for part in parts)
