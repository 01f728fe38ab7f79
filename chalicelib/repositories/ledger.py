"""Writes of deliveries, attempts and audit entries: the steps of the state table, made conditional.

Every step is conditional on the version that was read, so of several workers one wins. A parent's
counters change only by ADD: its recipients' steps never wait for one another's versions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from chalicelib.domain.deliveries import Attempt, AuditEntry, Delivery
from chalicelib.domain.states import Status
from chalicelib.repositories import items, schema
from chalicelib.repositories.table import (
    NEW,
    STORED,
    Absent,
    AnyOf,
    Condition,
    Equals,
    Exists,
    Put,
    Update,
    Write,
    all_of,
)

_LASTING = frozenset({schema.PK, schema.SK, "version", "attempts", "audit_count"})
"""What a removed delivery keeps."""
_PROOF = "external_id"


def added(delivery: Delivery) -> list[Write]:
    """Store a delivery of a new message."""
    return [Put(whole(delivery), NEW)]


def starting(delivery: Delivery) -> list[Write]:
    """Store a delivery that must not exist; one that was removed goes on counting."""
    item = whole(delivery)
    start = Update(
        schema.delivery(delivery.key),
        set={name: value for name, value in item.items() if name not in _LASTING},
        remove=frozenset({items.REMOVED}),
        add={"version": delivery.version},
        condition=AnyOf((NEW, Exists(items.REMOVED))),
    )
    return [start, *_counting(delivery, None, delivery)]


def removing(delivery: Delivery) -> list[Write]:
    """Empty a delivery on condition of its version, keeping what counts its changes.

    Were it to start again at version 1, a worker that still holds the removed one could act on it,
    and its audit entries would meet those written before.
    """
    empty = Update(
        schema.delivery(delivery.key),
        set={items.REMOVED: True},
        remove=frozenset(whole(delivery)) - _LASTING,
        add={"version": 1},
        condition=Equals("version", delivery.version),
    )
    return [empty]


def moving(
    before: Delivery, after: Delivery, entry: AuditEntry | None, attempt: Attempt | None
) -> list[Write]:
    """Store a step with its audit entry and attempt, and count a recipient on its parent."""
    to_set, to_remove = items.delivery_changes(before, after)
    step = Update(
        schema.delivery(after.key),
        set=to_set,
        remove=to_remove,
        add=_difference(before, after),
        condition=_unchanged(before, after),
    )
    writes: list[Write] = [step, *_counting(after, before, after)]
    if attempt is not None:
        writes.append(_trying(attempt))
    if entry is not None:
        writes.append(Put(items.audit_item(entry), NEW))
    return writes


def noting(attempt: Attempt) -> list[Write]:
    """Add what is known of an attempt now; a proof that is stored already stays."""
    return [_known(attempt, None)]


def proving(attempt: Attempt, external_id: str) -> list[Write]:
    """Add the platform's own id of its post to an attempt that has none; else change nothing."""
    key = schema.attempt(attempt.key, attempt.number)
    is_unproven = all_of(STORED, Absent(_PROOF))
    return [Update(key, {_PROOF: external_id}, condition=is_unproven, conflict=None)]


def whole(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery's item, a parent's with its counters."""
    counted = items.counters(delivery.counts) if delivery.parent else {}
    return items.delivery_item(delivery) | counted


def _unchanged(before: Delivery, after: Delivery) -> Condition | None:
    """Return the condition that nobody moved it; a parent is closed only on the counts read."""
    version = Equals("version", before.version)
    if not (after.parent and after.status.is_terminal):
        return version
    counted = items.deciding(before.counts)
    return all_of(version, *(Equals(name, count) for name, count in counted.items()))


def _difference(before: Delivery, after: Delivery) -> dict[str, int]:
    old, new = items.counters(before.counts), items.counters(after.counts)
    return {name: new[name] - old[name] for name in new if new[name] != old[name]}


def _counting(delivery: Delivery, before: Delivery | None, after: Delivery) -> Iterator[Write]:
    """Yield the change of the parent's counters when a recipient counts on others than before.

    A recipient leaves a counter only under an open parent: a closed one would keep an outcome that
    is none any more.
    """
    if delivery.key.recipient_id is None:
        return
    left, entered = items.counters_of(before), items.counters_of(after)
    if left == entered:
        return
    sums = dict.fromkeys(left - entered, -1) | dict.fromkeys(entered - left, 1)
    parent = schema.delivery(replace(delivery.key, recipient_id=None))
    is_open = AnyOf((Equals("status", Status.SENDING.value), Exists(items.REMOVED)))
    yield Update(parent, add=sums, condition=is_open if left - entered else STORED)


def _trying(attempt: Attempt) -> Write:
    """Append an attempt that begins, or complete one that was written before."""
    if attempt.finished_at is None:
        return Put(items.attempt_item(attempt), NEW)
    return _known(attempt, STORED)


def _known(attempt: Attempt, condition: Condition | None) -> Update:
    """Set what is known of an attempt and leave the rest as it is."""
    key = schema.attempt(attempt.key, attempt.number)
    item = items.attempt_item(attempt)
    changed = {name: value for name, value in item.items() if name not in schema.KEY_ATTRIBUTES}
    return Update(key, set=changed, condition=condition)
