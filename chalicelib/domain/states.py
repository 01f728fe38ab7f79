"""The state table: what a delivery can be, what can happen to it, and where that leads.

    pending ─claim→ queued ─begin→ sending ─delivered→ delivered ─unpublish→ unpublishing → deleted
                      ↑               ├─transient→ retrying ─claim→ queued
                      │               ├─permanent→ failed
                      │               ├─credentials→ blocked ─unblock→ queued
                      │               └─no answer, lease expired→ in_doubt
                      └──────── proven absent: begin ←────────────┤
                                 found → delivered                └→ needs_review

Doubt is sticky: once an attempt went unanswered, no later definite "no" makes the delivery failed;
it is looked up until it is found, proven absent, reported on by the platform, or a person decides.
A proof that the platform has the post counts wherever nothing is under way, also after a failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from chalicelib.domain.errors import IllegalTransition


class Status(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    QUEUED = "queued"
    SENDING = "sending"
    RETRYING = "retrying"
    IN_DOUBT = "in_doubt"
    BLOCKED = "blocked"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"
    NEEDS_REVIEW = "needs_review"
    UNPUBLISHING = "unpublishing"
    DELETED = "deleted"

    @property
    def is_terminal(self) -> bool:
        """Return whether the machine does nothing more by itself."""
        return self in TERMINAL


TERMINAL = frozenset(
    {
        Status.DELIVERED,
        Status.FAILED,
        Status.CANCELLED,
        Status.SKIPPED,
        Status.NEEDS_REVIEW,
        Status.DELETED,
    }
)


class Event(StrEnum):
    """What can happen to a delivery."""

    CLAIM = "claim"
    BEGIN = "begin"
    POSTPONE = "postpone"
    DELIVERED = "delivered"
    TRANSIENT = "transient"
    PERMANENT = "permanent"
    NO_ANSWER = "no_answer"
    CREDENTIALS = "credentials"
    EXHAUSTED = "exhausted"
    LEASE_EXPIRED = "lease_expired"
    UNDECIDABLE = "undecidable"
    DISPROVED = "disproved"
    UNBLOCK = "unblock"
    SKIP = "skip"
    CANCEL = "cancel"
    EDIT = "edit"
    RETRY = "retry"
    CONFIRM = "confirm"
    RECHECK = "recheck"
    UNPUBLISH = "unpublish"
    UNPUBLISHED = "unpublished"
    ROLL_UP = "roll_up"


S, E = Status, Event

TABLE: Mapping[tuple[Status, Event], Status] = MappingProxyType(
    {
        (S.PENDING, E.CLAIM): S.QUEUED,
        (S.QUEUED, E.CLAIM): S.QUEUED,
        (S.RETRYING, E.CLAIM): S.QUEUED,
        (S.IN_DOUBT, E.CLAIM): S.IN_DOUBT,
        (S.BLOCKED, E.UNBLOCK): S.QUEUED,
        (S.QUEUED, E.BEGIN): S.SENDING,
        (S.IN_DOUBT, E.BEGIN): S.SENDING,
        (S.PENDING, E.POSTPONE): S.PENDING,
        (S.QUEUED, E.POSTPONE): S.QUEUED,
        (S.RETRYING, E.POSTPONE): S.RETRYING,
        (S.IN_DOUBT, E.POSTPONE): S.IN_DOUBT,
        (S.BLOCKED, E.POSTPONE): S.BLOCKED,
        (S.SENDING, E.DELIVERED): S.DELIVERED,
        (S.IN_DOUBT, E.DELIVERED): S.DELIVERED,
        (S.NEEDS_REVIEW, E.DELIVERED): S.DELIVERED,
        (S.QUEUED, E.DELIVERED): S.DELIVERED,
        (S.RETRYING, E.DELIVERED): S.DELIVERED,
        (S.BLOCKED, E.DELIVERED): S.DELIVERED,
        (S.FAILED, E.DELIVERED): S.DELIVERED,
        (S.SENDING, E.TRANSIENT): S.RETRYING,
        (S.SENDING, E.PERMANENT): S.FAILED,
        (S.QUEUED, E.PERMANENT): S.FAILED,
        (S.SENDING, E.NO_ANSWER): S.IN_DOUBT,
        (S.SENDING, E.CREDENTIALS): S.BLOCKED,
        (S.QUEUED, E.CREDENTIALS): S.BLOCKED,
        (S.SENDING, E.EXHAUSTED): S.FAILED,
        (S.SENDING, E.LEASE_EXPIRED): S.IN_DOUBT,
        (S.IN_DOUBT, E.UNDECIDABLE): S.NEEDS_REVIEW,
        (S.IN_DOUBT, E.DISPROVED): S.FAILED,
        (S.NEEDS_REVIEW, E.DISPROVED): S.FAILED,
        (S.IN_DOUBT, E.EXHAUSTED): S.FAILED,
        (S.IN_DOUBT, E.PERMANENT): S.FAILED,
        (S.IN_DOUBT, E.CREDENTIALS): S.BLOCKED,
        (S.IN_DOUBT, E.SKIP): S.SKIPPED,
        (S.QUEUED, E.SKIP): S.SKIPPED,
        (S.PENDING, E.CANCEL): S.CANCELLED,
        (S.QUEUED, E.CANCEL): S.CANCELLED,
        (S.RETRYING, E.CANCEL): S.CANCELLED,
        (S.BLOCKED, E.CANCEL): S.CANCELLED,
        (S.PENDING, E.EDIT): S.PENDING,
        (S.QUEUED, E.EDIT): S.PENDING,
        (S.RETRYING, E.EDIT): S.PENDING,
        (S.BLOCKED, E.EDIT): S.PENDING,
        (S.FAILED, E.EDIT): S.PENDING,
        (S.FAILED, E.RETRY): S.QUEUED,
        (S.SKIPPED, E.RETRY): S.QUEUED,
        (S.NEEDS_REVIEW, E.RETRY): S.QUEUED,
        (S.NEEDS_REVIEW, E.CONFIRM): S.DELIVERED,
        (S.NEEDS_REVIEW, E.RECHECK): S.IN_DOUBT,
        (S.DELIVERED, E.UNPUBLISH): S.UNPUBLISHING,
        (S.UNPUBLISHING, E.CLAIM): S.UNPUBLISHING,
        (S.UNPUBLISHING, E.BEGIN): S.UNPUBLISHING,
        (S.UNPUBLISHING, E.POSTPONE): S.UNPUBLISHING,
        (S.UNPUBLISHING, E.UNPUBLISHED): S.DELETED,
        (S.UNPUBLISHING, E.PERMANENT): S.DELIVERED,
        (S.UNPUBLISHING, E.EXHAUSTED): S.NEEDS_REVIEW,
        (S.NEEDS_REVIEW, E.UNPUBLISHED): S.DELETED,
    }
)
"""Every step there is. A pair that is not here is refused."""

IN_DOUBT_TABLE: Mapping[tuple[Status, Event], Status] = MappingProxyType(
    {
        (S.SENDING, E.TRANSIENT): S.IN_DOUBT,
        (S.SENDING, E.PERMANENT): S.IN_DOUBT,
        (S.SENDING, E.CREDENTIALS): S.IN_DOUBT,
        (S.SENDING, E.EXHAUSTED): S.NEEDS_REVIEW,
        (S.IN_DOUBT, E.EXHAUSTED): S.NEEDS_REVIEW,
        (S.IN_DOUBT, E.PERMANENT): S.NEEDS_REVIEW,
        (S.IN_DOUBT, E.CREDENTIALS): S.IN_DOUBT,
        (S.IN_DOUBT, E.SKIP): S.NEEDS_REVIEW,
    }
)
"""Where sticky doubt leads elsewhere: a "no" now says nothing about the earlier attempt."""

PARENT_TABLE: Mapping[tuple[Status, Event], Status] = MappingProxyType(
    {
        (S.PENDING, E.CLAIM): S.QUEUED,
        (S.QUEUED, E.CLAIM): S.QUEUED,
        (S.SENDING, E.CLAIM): S.SENDING,
        (S.QUEUED, E.BEGIN): S.SENDING,
        (S.PENDING, E.POSTPONE): S.PENDING,
        (S.QUEUED, E.POSTPONE): S.QUEUED,
        (S.SENDING, E.POSTPONE): S.SENDING,
        (S.BLOCKED, E.POSTPONE): S.BLOCKED,
        (S.QUEUED, E.CREDENTIALS): S.BLOCKED,
        (S.BLOCKED, E.UNBLOCK): S.QUEUED,
        (S.QUEUED, E.PERMANENT): S.FAILED,
        (S.QUEUED, E.SKIP): S.SKIPPED,
        (S.PENDING, E.CANCEL): S.CANCELLED,
        (S.QUEUED, E.CANCEL): S.CANCELLED,
        (S.BLOCKED, E.CANCEL): S.CANCELLED,
        (S.PENDING, E.EDIT): S.PENDING,
        (S.QUEUED, E.EDIT): S.PENDING,
        (S.BLOCKED, E.EDIT): S.PENDING,
        (S.FAILED, E.EDIT): S.PENDING,
        (S.FAILED, E.RETRY): S.SENDING,
        (S.SKIPPED, E.RETRY): S.SENDING,
        (S.NEEDS_REVIEW, E.RETRY): S.SENDING,
        (S.DELIVERED, E.RETRY): S.SENDING,
    }
)
"""The parent of one row per recipient: ``sending`` means that its recipients are being served.

From there `E.ROLL_UP` leads to whatever `Counts.outcome` says.
"""


def step(status: Status, event: Event, *, doubt: bool = False, parent: bool = False) -> Status:
    """Return the status that follows; `IllegalTransition` where the table has no such step."""
    table = PARENT_TABLE if parent else TABLE
    target = table.get((status, event))
    if doubt and not parent:
        target = IN_DOUBT_TABLE.get((status, event), target)
    if target is None:
        raise IllegalTransition(f"A delivery that is {status} can't take the step '{event}'.")
    return target
