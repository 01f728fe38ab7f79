"""What comes from elsewhere comes in held: nothing of it is published until a person says so.

pending, queued, retrying, blocked ── it certainly was not published ──▶ skipped: retry publishes it
sending, in_doubt, unpublishing ───── nobody here can tell ────────────▶ needs_review
a parent whose recipients were being served ── by what became of them ─▶ their outcome

Each of these is reached by steps of the state table, as if the worker had left it out.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from chalicelib.domain import steps
from chalicelib.domain.deliveries import COUNTED, AuditEntry, Counts, Delivery, Policy, Problem
from chalicelib.domain.ports import AccountState, AccountStatus
from chalicelib.domain.reports import came_back
from chalicelib.domain.states import Status

ACTOR = "operator"
EVENT = "held"
HELD = Problem(
    "held",
    "Held back after the move",
    "It came from another deployment, where it was still to be published.",
    retryable=True,
    remedy="Make sure that the other deployment publishes it no more, then retry this channel.",
)
UNPLUGGED = "It came from another deployment: connect it here."
POLICY = Policy()
"""A held delivery keeps no lease, so that its durations mean nothing here."""


def is_ahead(delivery: Delivery, now: datetime) -> bool:
    """Return whether nothing was begun and its minute is yet to come."""
    return delivery.status is Status.PENDING and delivery.due_at > now


def held(delivery: Delivery) -> Delivery:
    """Return a delivery as it stands where nobody serves it; one that is at its end stays.

    Of a parent that has recipients, `held_parent` says more.
    """
    if delivery.status.is_terminal:
        return delivery
    ended = delivery.next_at or delivery.due_at  # its lease: nothing is left of it here
    claimed = steps.claim(delivery, ended, POLICY, "")
    if claimed.status is Status.UNPUBLISHING:
        return steps.ask_whether_gone(claimed)
    if claimed.doubt:
        return steps.ask_person(claimed)
    return steps.skip(claimed, HELD)


def counted(counts: Counts, row: Delivery) -> Counts:
    """Return a parent's counts with one more recipient's delivery, which is at its end."""
    name = COUNTED[row.status]
    changed = {"total": counts.total + 1, name: getattr(counts, name) + 1}
    return replace(counts, **changed, returned=counts.returned + came_back(row))


def held_parent(parent: Delivery, counts: Counts, last: datetime) -> Delivery:
    """Return a parent that was serving its recipients, closed on what became of them, held too.

    `last` is when the last one was delivered. Whoever had no row yet gets none: its next retry is
    for those who have.
    """
    return steps.roll_up_recipients(replace(steps.expanded(parent, last), counts=counts), last)


def noted(before: Delivery, after: Delivery, now: datetime) -> tuple[Delivery, AuditEntry]:
    """Return a held delivery with the entry that tells of it."""
    after = replace(after, audit_count=before.audit_count + 1)
    entry = AuditEntry(
        message_id=after.key.message_id,
        channel=after.key.channel,
        recipient_id=after.key.recipient_id,
        sequence=after.audit_count,
        at=now,
        actor=ACTOR,
        event=EVENT,
        before=before.status,
        after=after.status,
        correlation_id=after.correlation_id,
        detail=after.problem.detail if after.problem else "",
    )
    return after, entry


def unplugged(state: AccountState) -> AccountState:
    """Return an account without its secrets: nothing is published as it until it is connected."""
    if state.status is AccountStatus.MISSING:
        return state
    return replace(
        state,
        status=AccountStatus.BLOCKED,
        problem=UNPLUGGED,
        failures=0,
        failing_since=None,
        openings=0,
        open_until=None,
    )
