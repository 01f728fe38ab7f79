"""Items of a message's ledger ⇄ domain values.

A delivery's counters are attributes of their own, because ADD takes only those. Optional attributes
are left out, so an index holds an item exactly while both its key attributes are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.channels import ChannelName, Post
from chalicelib.domain.deliveries import COUNTED, Attempt, AuditEntry, Counts, Delivery
from chalicelib.domain.instants import format_instant
from chalicelib.domain.messages import Message, Revision
from chalicelib.domain.ports import Due, Listed
from chalicelib.domain.reports import came_back
from chalicelib.repositories import schema
from chalicelib.repositories.codec import names_of, pack_fields, pack_some, unpack
from chalicelib.repositories.schema import GSI2SK, PK, SK, Key
from chalicelib.repositories.table import Item

Attributes = dict[str, Any]

ROLLED = "rolled"
"""Order of the stored roll-up: later ones are greater."""
SUMMARY = "summary"
REMOVED = "removed"
"""Marks what is left of a delivery that an edit dropped."""

_COUNTERS = {field.name: f"count_{field.name}" for field in fields(Counts)}
_RETURNED = _COUNTERS["returned"]
_MESSAGE_FIELDS = frozenset({"summary"})
_DELIVERY_FIELDS = frozenset({"key", "counts"})
_ATTEMPT_KEY = frozenset({"key", "number"})
_AUDIT_KEY = frozenset({"message_id", "channel", "recipient_id", "sequence"})
_POST_FIELDS = frozenset({"token", "handle", "recipient"})


def keyed(key: Key) -> Attributes:
    """Return the key attributes of an item."""
    return {PK: key.pk, SK: key.sk}


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[Attributes, frozenset[str]]:
    """Return which attributes are to be set and which removed to get from one item to another."""
    to_set = {name: value for name, value in after.items() if before.get(name) != value}
    return to_set, frozenset(before.keys() - after.keys())


# --- messages ---------------------------------------------------------------------------------


def message_item(message: Message) -> Attributes:
    """Return a message's item without its roll-up."""
    key = schema.message(message.id)
    return {
        **keyed(key),
        **schema.own(message.author, key),
        **schema.scheduled(format_instant(message.due_at), message.id),
        **pack_fields(message, without=_MESSAGE_FIELDS),
    }


def to_message(item: Item) -> Message:
    """Return the message of an item."""
    return unpack(Message, item)


def to_listed(item: Item) -> Listed:
    """Return the message of an item with what its last roll-up says of each channel."""
    return unpack(Listed, item)


def summary(deliveries: Sequence[Delivery]) -> Attributes:
    """Return where each channel stands, as an attribute value."""
    return {delivery.key.channel: delivery.status.value for delivery in deliveries}


def revision_item(revision: Revision) -> Attributes:
    """Return a revision's item."""
    key = schema.revision(revision.message_id, revision.number)
    return {**keyed(key), **pack_fields(revision)}


def to_revision(item: Item) -> Revision:
    """Return the revision of an item."""
    return unpack(Revision, item)


# --- deliveries -------------------------------------------------------------------------------


def delivery_item(delivery: Delivery) -> Attributes:
    """Return a delivery's item without its counters."""
    return {
        **keyed(schema.delivery(delivery.key)),
        **_delivery_part(delivery, names_of(delivery)),
    }


def delivery_changes(before: Delivery, after: Delivery) -> tuple[Attributes, frozenset[str]]:
    """Return what a step sets and removes; only what differs is looked at closely."""
    names = [name for name in names_of(after) if getattr(before, name) != getattr(after, name)]
    return changes(_delivery_part(before, names), _delivery_part(after, names))


def _delivery_part(delivery: Delivery, names: Iterable[str]) -> Attributes:
    """Return the attributes of some of a delivery's fields."""
    wanted = [name for name in names if name not in _DELIVERY_FIELDS]
    part = _told(pack_some(delivery, wanted))
    if "next_at" in part:
        part |= schema.due(delivery.key, part["next_at"])
    return part


def counters(counts: Counts) -> dict[str, int]:
    """Return counts by the names of their attributes."""
    return {name: getattr(counts, field) for field, name in _COUNTERS.items()}


def to_delivery(item: Item | None) -> Delivery | None:
    """Return the delivery of an item; None where there is none any more."""
    if item is None or REMOVED in item:
        return None
    counts = Counts(**{field: item.get(name, 0) for field, name in _COUNTERS.items()})
    key = schema.delivery_of(Key(item[PK], item[SK]))
    return unpack(Delivery, item, key=key, counts=counts)


def to_due(entry: Item) -> Due:
    """Return what an entry of the due index says."""
    moment, _, _ = entry[GSI2SK].partition("#")
    key = schema.delivery_of(Key(entry[PK], entry[SK]))
    return Due(key, datetime.fromisoformat(moment).astimezone(UTC))


def deciding(counts: Counts) -> dict[str, int]:
    """Return those counters that a parent's outcome depends on."""
    return {name: count for name, count in counters(counts).items() if name != _RETURNED}


def counters_of(delivery: Delivery | None) -> frozenset[str]:
    """Return the counters that a recipient's delivery counts on; none while it is open."""
    if delivery is None or delivery.status not in COUNTED:
        return frozenset()
    returned = {_RETURNED} if came_back(delivery) else set()
    return frozenset({_COUNTERS[COUNTED[delivery.status]], *returned})


def attempt_item(attempt: Attempt) -> Attributes:
    """Return an attempt's item; its key says of which delivery."""
    key = schema.attempt(attempt.key, attempt.number)
    return {**keyed(key), **_told(pack_fields(attempt, without=_ATTEMPT_KEY))}


def to_attempt(item: Item) -> Attempt:
    """Return the attempt of an item."""
    key, number = schema.numbered(Key(item[PK], item[SK]))
    return unpack(Attempt, item, key=key, number=number)


def audit_item(entry: AuditEntry) -> Attributes:
    """Return an audit entry's item; its key says of what."""
    key = schema.audit(entry.message_id, entry.channel, entry.recipient_id, entry.sequence)
    return {**keyed(key), **_told(pack_fields(entry, without=_AUDIT_KEY))}


def to_audit(item: Item) -> AuditEntry:
    """Return the audit entry of an item."""
    key, sequence = schema.numbered(Key(item[PK], item[SK]))
    return unpack(
        AuditEntry,
        item,
        message_id=key.message_id,
        channel=str(key.channel),
        recipient_id=key.recipient_id,
        sequence=sequence,
    )


def _told(attributes: Attributes) -> Attributes:
    """Return the attributes that differ from nothing: of these items there are the most by far.

    No lateness at all is not nothing: without it every lateness would be allowed.
    """
    return {
        name: value
        for name, value in attributes.items()
        if value not in ("", 0, False) or name == "late_after"
    }


def post_item(message_id: str, channel: ChannelName, revision: int, post: Post) -> Attributes:
    """Return the item of a prepared post; what belongs to one attempt is not in it."""
    key = schema.post(message_id, channel, revision)
    return {**keyed(key), "post": pack_fields(post, without=_POST_FIELDS)}


def to_post(item: Item) -> Post:
    """Return the prepared post of an item."""
    return unpack(Post, item["post"])
