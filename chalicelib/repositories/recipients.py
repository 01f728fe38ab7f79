"""Who agreed to be written to on a direct channel, under an opaque id made from the address.

Whoever opted out stays opted out: if such a recipient is removed, name and address are erased, but
the id and the date remain, so that adding the same address again is refused.

An address that does not exist is no wish: whoever adds it again means to try it again.

``decided_at`` is when they last said stop or start. Their words may arrive late, twice and out of
order, so each changes something only if it is not older than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.errors import LostRace
from chalicelib.domain.instants import format_instant
from chalicelib.domain.ports import Page, Subscription
from chalicelib.repositories import schema
from chalicelib.repositories.codec import pack_fields, unpack
from chalicelib.repositories.schema import PK, SK
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import (
    STORED,
    Absent,
    AnyOf,
    AtMost,
    Delete,
    Exists,
    Item,
    LessThan,
    Query,
    Update,
    all_of,
)

OPTED_OUT_AT = "opted_out_at"
UNDELIVERABLE_AT = "undeliverable_at"
CREATED_AT = "created_at"
PERSON = "recipient"
DECIDED_AT = "decided_at"
WINDOW = "window_open_until"
"""Beside the person, because it changes by itself."""


class Subscriptions:
    """Recipients of the direct channels."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, subscription: Subscription) -> bool:
        """Store; False, and nothing is changed, if they are known or opted out.

        An address that could not be reached is taken as new.
        """
        key = schema.recipient(subscription.channel, subscription.recipient.id)
        may_be_added = AnyOf((Absent(PERSON), Exists(UNDELIVERABLE_AT)))
        store = Update(
            key,
            set=_attributes(subscription),
            remove=frozenset({UNDELIVERABLE_AT}),
            condition=all_of(may_be_added, Absent(OPTED_OUT_AT)),
        )
        try:
            self._store.commit([store])
        except LostRace:
            return False
        return True

    def get(self, channel: ChannelName, recipient_id: str) -> Subscription | None:
        """Return a recipient; None after removal."""
        item = self._store.get(schema.recipient(channel, recipient_id))
        return _subscription(item) if item and PERSON in item else None

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
        people = [_subscription(item) for item in found.items if PERSON in item]
        if found.cursor is None:
            return Page(people)
        return Page(people, {"after": found.cursor[SK].removeprefix(schema.RECIPIENTS)})

    def opt_out(self, channel: ChannelName, recipient_id: str, now: datetime) -> bool:
        """Never write to them again, unless they decided otherwise later; False if unknown.

        Again: the first date stays.
        """
        known = self.get(channel, recipient_id)
        if known is None:
            return False
        since = format_instant(known.opted_out_at or now)
        decision = Update(schema.recipient(channel, recipient_id), {OPTED_OUT_AT: since})
        return self._decide(decision, now) or self.get(channel, recipient_id) is not None

    def opt_in(self, channel: ChannelName, recipient_id: str, consent: str, now: datetime) -> bool:
        """Write again to somebody who opted out, unless they decided otherwise later.

        True if that changed anything.
        """
        known = self.get(channel, recipient_id)
        key = schema.recipient(channel, recipient_id)
        if known is None or known.opted_out_at is None:
            self._decide(Update(key), now)  # their words to the contrary may be on their way
            return False
        decision = Update(key, {"consent": consent}, remove=frozenset({OPTED_OUT_AT}))
        return self._decide(decision, now)

    def mark_undeliverable(self, channel: ChannelName, recipient_id: str, at: datetime) -> None:
        """Write to this address no more; nothing for somebody unknown, or added since."""
        moment = format_instant(at)
        is_news = all_of(Exists(PERSON), AtMost(CREATED_AT, moment), Absent(UNDELIVERABLE_AT))
        key = schema.recipient(channel, recipient_id)
        noted = Update(key, {UNDELIVERABLE_AT: moment}, condition=is_news, conflict=None)
        self._store.commit([noted])

    def open_window(self, channel: ChannelName, recipient_id: str, until: datetime) -> None:
        """Allow free text until then, or for longer if it was; nothing for somebody unknown."""
        end = format_instant(until)
        is_shorter = AnyOf((Absent(WINDOW), LessThan(WINDOW, end)))
        key = schema.recipient(channel, recipient_id)
        condition = all_of(Exists(PERSON), is_shorter)
        self._store.commit([Update(key, {WINDOW: end}, condition=condition, conflict=None)])

    def _decide(self, decision: Update, now: datetime) -> bool:
        """Write what somebody wishes; False if they are unknown or wished something later."""
        at = format_instant(now)
        is_latest = AnyOf((Absent(DECIDED_AT), AtMost(DECIDED_AT, at)))
        noted = replace(
            decision,
            set={**decision.set, DECIDED_AT: at},
            condition=all_of(Exists(PERSON), is_latest),
        )
        try:
            self._store.commit([noted])
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


def _attributes(subscription: Subscription) -> dict[str, Any]:
    """Return a subscription's attributes; the window is one of its own."""
    found = pack_fields(subscription)
    window = found[PERSON].pop(WINDOW, None)
    return {**found, WINDOW: window} if window else found


def _subscription(item: Item) -> Subscription:
    return unpack(Subscription, {**item, PERSON: {**item[PERSON], **_window(item)}})


def _window(item: Item) -> Mapping[str, Any]:
    return {WINDOW: item[WINDOW]} if WINDOW in item else {}
