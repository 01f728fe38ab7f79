"""Who agreed to be written to on a direct channel, under an opaque id made from the address.

Whoever opted out stays opted out: if such a recipient is removed, name and address are erased, but
the id and the date remain, so that adding the same address again is refused.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.errors import LostRace
from chalicelib.domain.instants import format_instant
from chalicelib.domain.ports import Page, Subscription
from chalicelib.repositories import schema
from chalicelib.repositories.codec import pack_fields, unpack
from chalicelib.repositories.schema import PK, SK
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import STORED, Absent, Delete, Query, Update, all_of

OPTED_OUT_AT = "opted_out_at"
PERSON = "recipient"


class Subscriptions:
    """Recipients of the direct channels."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, subscription: Subscription) -> bool:
        """Store; an address that opted out stays opted out and False is returned."""
        key = schema.recipient(subscription.channel, subscription.recipient.id)
        store = Update(key, set=pack_fields(subscription), condition=Absent(OPTED_OUT_AT))
        try:
            self._store.commit([store])
        except LostRace:
            return False
        return True

    def get(self, channel: ChannelName, recipient_id: str) -> Subscription | None:
        """Return a recipient; None after removal."""
        item = self._store.get(schema.recipient(channel, recipient_id))
        return unpack(Subscription, item) if item and PERSON in item else None

    def page(self, channel: ChannelName, limit: int, after: str | None) -> Page[Subscription]:
        """Return recipients in the order of their ids, after a given one; the cursor holds `after`.

        Those who opted out are among them.
        """
        start = schema.recipient(channel, after) if after else None
        query = Query(
            schema.account(channel).pk,
            prefix=schema.RECIPIENTS,
            limit=limit,
            start={PK: start.pk, SK: start.sk} if start else None,
        )
        found = self._store.query(query)
        people = [unpack(Subscription, item) for item in found.items if PERSON in item]
        if found.cursor is None:
            return Page(people)
        return Page(people, {"after": found.cursor[SK].removeprefix(schema.RECIPIENTS)})

    def opt_out(self, channel: ChannelName, recipient_id: str, now: datetime) -> bool:
        """Never write to them again; False if they are unknown. Again: the first date stays."""
        known = self.get(channel, recipient_id)
        if known is None or known.opted_out_at is not None:
            return known is not None
        update = Update(
            schema.recipient(channel, recipient_id),
            set={OPTED_OUT_AT: format_instant(now)},
            condition=STORED,
        )
        try:
            self._store.commit([update])
        except LostRace:
            return False
        return True

    def remove(self, channel: ChannelName, recipient_id: str) -> bool:
        """Forget name and address; False if they are unknown."""
        known = self.get(channel, recipient_id)
        if known is None:
            return False
        key = schema.recipient(channel, recipient_id)
        if known.opted_out_at is not None:
            self._store.commit([Update(key, remove=frozenset({PERSON, "consent"}))])
            return True
        is_subscribed = all_of(STORED, Absent(OPTED_OUT_AT))
        try:
            self._store.commit([Delete(key, is_subscribed)])
        except LostRace:
            return self.remove(channel, recipient_id)
        return True
