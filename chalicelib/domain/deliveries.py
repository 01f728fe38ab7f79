"""Deliveries: the state table, and each step as a pure function from one delivery to the next.

    pending ─claim→ queued ─begin→ sending ─delivered→ delivered ─unpublished→ deleted
                      ↑               ├─transient→ retrying ─claim→ queued
                      │               ├─permanent→ failed
                      │               ├─credentials→ blocked ─unblock→ queued
                      │               └─no answer, lease expired→ in_doubt
                      └──────── proven absent: begin ←────────────┤
                                 found → delivered                └→ needs_review

Doubt is sticky: once an attempt went unanswered, no later definite "no" makes the delivery failed;
it is looked up until it is found, proven absent, or a person decides. The due index is the outbox:
`next_at` is set exactly while a delivery is not terminal, and a claim only ever moves it.

Every step returns a new value with `version + 1`; a repository stores it on condition that the
version read is still the stored one. That condition is what makes begin-attempt the one point that
decides "will be posted".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from types import MappingProxyType

from chalicelib.domain.channels import ChannelName, Receipt
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    CredentialsRejected,
    IllegalTransition,
    RateLimited,
    Transient,
)
from chalicelib.domain.retry import RetryPolicy


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
    UNBLOCK = "unblock"
    SKIP = "skip"
    CANCEL = "cancel"
    EDIT = "edit"
    RETRY = "retry"
    CONFIRM = "confirm"
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
        (S.SENDING, E.TRANSIENT): S.RETRYING,
        (S.SENDING, E.PERMANENT): S.FAILED,
        (S.QUEUED, E.PERMANENT): S.FAILED,
        (S.SENDING, E.NO_ANSWER): S.IN_DOUBT,
        (S.SENDING, E.CREDENTIALS): S.BLOCKED,
        (S.QUEUED, E.CREDENTIALS): S.BLOCKED,
        (S.SENDING, E.EXHAUSTED): S.FAILED,
        (S.SENDING, E.LEASE_EXPIRED): S.IN_DOUBT,
        (S.IN_DOUBT, E.UNDECIDABLE): S.NEEDS_REVIEW,
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
        (S.FAILED, E.RETRY): S.QUEUED,
        (S.SKIPPED, E.RETRY): S.QUEUED,
        (S.NEEDS_REVIEW, E.RETRY): S.QUEUED,
        (S.NEEDS_REVIEW, E.CONFIRM): S.DELIVERED,
        (S.DELIVERED, E.UNPUBLISHED): S.DELETED,
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
        (S.SENDING, E.BEGIN): S.SENDING,
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


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """Which delivery: message, channel and, on direct channels, the recipient's opaque id."""

    message_id: str
    channel: ChannelName
    recipient_id: str | None = None

    def __str__(self) -> str:
        tail = f"#{self.recipient_id}" if self.recipient_id else ""
        return f"{self.message_id}#{self.channel}{tail}"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of a parent's recipients stand where."""

    total: int = 0
    delivered: int = 0
    failed: int = 0
    skipped: int = 0
    cancelled: int = 0
    needs_review: int = 0

    @property
    def settled(self) -> int:
        """How many are terminal."""
        return self.delivered + self.failed + self.skipped + self.cancelled + self.needs_review

    @property
    def is_whole(self) -> bool:
        """Return whether nobody was left out (true for a channel without recipients)."""
        return self.delivered == self.total

    @property
    def outcome(self) -> Status:
        """Return the parent's terminal status once all recipients are settled."""
        if self.needs_review:
            return S.NEEDS_REVIEW
        if self.delivered:
            return S.DELIVERED
        for status, count in ((S.FAILED, self.failed), (S.SKIPPED, self.skipped)):
            if count:
                return status
        return S.CANCELLED if self.cancelled else S.FAILED


COUNTED: Mapping[Status, str] = MappingProxyType(
    {
        S.DELIVERED: "delivered",
        S.DELETED: "delivered",
        S.FAILED: "failed",
        S.SKIPPED: "skipped",
        S.CANCELLED: "cancelled",
        S.NEEDS_REVIEW: "needs_review",
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a delivery is where it is, as the API shows it."""

    code: str
    title: str
    detail: str
    retryable: bool
    remedy: str

    @classmethod
    def of(cls, error: ChannelError) -> Problem:
        """Return the public face of a channel error."""
        return cls(error.code, error.title, error.detail, error.retryable, error.remedy)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on one channel, or to one recipient of a direct channel."""

    key: DeliveryKey
    status: Status
    revision: int
    due_at: datetime
    next_at: datetime | None = None
    claim: str | None = None
    attempts: int = 0
    forgiven: int = 0
    """How many of the attempts a person's edit or retry has made irrelevant for giving up."""
    failures: int = 0
    """Transient answers since then; the exponent of the backoff."""
    lookups: int = 0
    doubt: bool = False
    doubt_since: datetime | None = None
    handle: str | None = None
    receipt: Receipt | None = None
    problem: Problem | None = None
    delivered_at: datetime | None = None
    late_after: timedelta | None = None
    """Skip it when it is later than this; None sends it however late."""
    parent: bool = False
    counts: Counts = field(default_factory=Counts)
    cursor: str | None = None
    """Parents: the last recipient that was expanded."""
    expanded: bool = False
    correlation_id: str = ""
    audit_count: int = 0
    version: int = 1
    stamp: str = ""
    """Who wrote this version, so that an unanswered write of ours is recognised when read back."""

    @property
    def tries(self) -> int:
        """Return how many attempts count towards giving up."""
        return self.attempts - self.forgiven

    def can(self, event: Event) -> bool:
        """Return whether the table has this step from here."""
        try:
            step(self.status, event, doubt=self.doubt, parent=self.parent)
        except IllegalTransition:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Policy:
    """The protocol's durations. `check` holds the inequalities that keep it safe."""

    queue_lease: timedelta = timedelta(seconds=420)
    attempt_lease: timedelta = timedelta(seconds=540)
    invocation: timedelta = timedelta(seconds=300)
    """How long the worker lives at most."""
    call: timedelta = timedelta(seconds=30)
    """How long one platform call takes at most."""
    blocked_recheck: timedelta = timedelta(seconds=60)
    event_wait: timedelta = timedelta(minutes=15)
    """How long an event that carries our tag is awaited before a person is asked."""
    max_lookups: int = 8
    early: timedelta = timedelta(seconds=8)
    """How long the worker waits at most for a delivery that was released ahead of its minute."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)

    def check(self) -> list[str]:
        """Return every broken inequality in words; empty is good."""
        rules = (
            (self.attempt_lease > self.invocation, "attempt lease must outlive the worker"),
            (self.queue_lease > self.invocation, "queue lease must outlive the worker"),
            (self.invocation > self.call + self.early, "the worker must outlive one call and wait"),
        )
        return [text for holds, text in rules if not holds]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a delivery; `outcome` stays empty until an answer is known."""

    key: DeliveryKey
    number: int
    revision: int
    started_at: datetime
    claim: str
    digest: str
    finished_at: datetime | None = None
    outcome: str = ""
    detail: str = ""
    external_id: str | None = None
    url: str | None = None
    late: bool = False
    """The answer came after the lease had been taken by another worker: evidence only."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One step of a delivery or message, as the timeline shows it."""

    message_id: str
    channel: str
    recipient_id: str | None
    sequence: int
    at: datetime
    actor: str
    event: str
    before: str = ""
    after: str = ""
    correlation_id: str = ""
    detail: str = ""


def _moved(delivery: Delivery, event: Event, **changes: object) -> Delivery:
    status = step(delivery.status, event, doubt=delivery.doubt, parent=delivery.parent)
    fields: dict[str, object] = {"status": status, "version": delivery.version + 1, **changes}
    if status.is_terminal:
        fields |= {"next_at": None, "claim": None}
    return replace(delivery, **fields)  # type: ignore[arg-type] # names are this module's own


def claim(delivery: Delivery, now: datetime, policy: Policy, claim_id: str) -> Delivery:
    """Take the sole right to act on a due delivery until the lease ends.

    A delivery found ``sending`` lost its worker: that is doubt, not a new try.
    """
    lease = {"claim": claim_id, "stamp": claim_id, "next_at": now + policy.queue_lease}
    if delivery.status is S.SENDING and not delivery.parent:
        since = delivery.doubt_since or now
        return _moved(delivery, E.LEASE_EXPIRED, doubt=True, doubt_since=since, **lease)
    if delivery.status is S.BLOCKED:
        return _moved(delivery, E.UNBLOCK, **lease)
    return _moved(delivery, E.CLAIM, **lease)


def begin(delivery: Delivery, now: datetime, policy: Policy, stamp: str) -> Delivery:
    """Decide that it will be posted now: written before the platform is called.

    Never early: `IllegalTransition` before `due_at`.
    """
    if now < delivery.due_at:
        raise IllegalTransition("This delivery is not due yet.")
    number = delivery.attempts + 1
    return _moved(
        delivery,
        E.BEGIN,
        attempts=number,
        claim=f"{delivery.claim}/{number}",
        stamp=stamp,
        next_at=now + policy.attempt_lease,
    )


def is_too_late(delivery: Delivery, now: datetime) -> bool:
    """Return whether the author would rather not have it published any more."""
    return delivery.late_after is not None and now > delivery.due_at + delivery.late_after


TOO_LATE = Problem(
    "too_late",
    "Too late to publish",
    "Its minute had passed by more than the late policy allows.",
    retryable=True,
    remedy="Retry this channel to publish it all the same.",
)
OPTED_OUT = Problem(
    "opted_out",
    "This person opted out",
    "They no longer want to be written to on this channel.",
    retryable=False,
    remedy="Nothing to do: their wish is respected.",
)
NO_RECIPIENTS = Problem(
    "no_recipients",
    "Nobody to write to",
    "This channel has no opted-in recipients.",
    retryable=True,
    remedy="Add recipients who agreed, then retry this channel.",
)


def skip(delivery: Delivery, problem: Problem, stamp: str) -> Delivery:
    """Leave out a delivery for a reason that is nobody's failure."""
    return _moved(delivery, E.SKIP, problem=problem, stamp=stamp)


def postpone(delivery: Delivery, until: datetime, stamp: str) -> Delivery:
    """Look at it again later; burns no attempt. Stream records of the old claim become no-ops."""
    return _moved(delivery, E.POSTPONE, next_at=until, claim=None, stamp=stamp)


def settle(delivery: Delivery, receipt: Receipt, now: datetime, stamp: str) -> Delivery:
    """Record the platform's proof."""
    return _moved(
        delivery,
        E.DELIVERED,
        receipt=receipt,
        delivered_at=now,
        doubt=False,
        problem=None,
        stamp=stamp,
    )


def settle_error(
    delivery: Delivery,
    error: ChannelError,
    now: datetime,
    policy: Policy,
    settle_time: timedelta,
    random: Random,
    stamp: str,
) -> Delivery:
    """Record what a platform's refusal or silence means for this delivery."""
    fields: dict[str, object] = {"problem": Problem.of(error), "stamp": stamp}
    look_up_at = now + settle_time
    doubt = {"doubt": True, "doubt_since": delivery.doubt_since or now, "next_at": look_up_at}
    if isinstance(error, Ambiguous):
        return _moved(delivery, E.NO_ANSWER, **fields, **doubt)
    if isinstance(error, CredentialsRejected):
        again = look_up_at if delivery.doubt else now + policy.blocked_recheck
        return _moved(delivery, E.CREDENTIALS, next_at=again, **fields)
    if isinstance(error, Transient):
        if policy.retry.is_exhausted(delivery.tries, delivery.due_at, now):
            return _moved(delivery, E.EXHAUSTED, **fields)
        failures = delivery.failures + 1
        wish = error.retry_after if isinstance(error, RateLimited) else None
        again = now + policy.retry.wait(failures, random, wish)
        return _moved(delivery, E.TRANSIENT, failures=failures, next_at=again, **fields)
    return _moved(delivery, E.PERMANENT, next_at=look_up_at, **fields)


def refuse(delivery: Delivery, error: ChannelError, stamp: str) -> Delivery:
    """Fail a queued delivery that can't even be prepared: nothing was ever sent."""
    return _moved(delivery, E.PERMANENT, problem=Problem.of(error), stamp=stamp)


def block(
    delivery: Delivery, error: CredentialsRejected, now: datetime, policy: Policy, stamp: str
) -> Delivery:
    """Hold a delivery back while the account's credentials are refused."""
    return _moved(
        delivery,
        E.CREDENTIALS,
        next_at=now + policy.blocked_recheck,
        problem=Problem.of(error),
        claim=None,
        stamp=stamp,
    )


def look_again(delivery: Delivery, at: datetime, stamp: str) -> Delivery:
    """Note a look-up that could not tell; look again at `at`."""
    return replace(postpone(delivery, at, stamp), lookups=delivery.lookups + 1)


def ask_person(delivery: Delivery, stamp: str) -> Delivery:
    """Hand the question to a person: nothing else can decide it."""
    problem = Problem(
        "needs_review",
        "Is it there?",
        "The platform did not answer and can't be asked whether it published this.",
        retryable=False,
        remedy="Look on the platform, then answer “it is there” or “send it”.",
    )
    return _moved(delivery, E.UNDECIDABLE, problem=problem, stamp=stamp)


def absent(delivery: Delivery, stamp: str) -> Delivery:
    """Clear the doubt: the platform certainly has not got it. `begin` or `give_up` must follow."""
    return replace(
        delivery, doubt=False, doubt_since=None, version=delivery.version + 1, stamp=stamp
    )


def give_up(delivery: Delivery, stamp: str) -> Delivery:
    """End a delivery that has used up its tries."""
    return _moved(delivery, E.EXHAUSTED, stamp=stamp)


def with_handle(delivery: Delivery, handle: str, stamp: str) -> Delivery:
    """Remember a two-phase platform's handle while sending."""
    return replace(delivery, handle=handle, version=delivery.version + 1, stamp=stamp)


def grown(delivery: Delivery, recipients: int, cursor: str | None, stamp: str) -> Delivery:
    """Note that `recipients` more rows were made for a parent, the last one's id being `cursor`."""
    counts = replace(delivery.counts, total=delivery.counts.total + recipients)
    return replace(
        delivery, counts=counts, cursor=cursor, version=delivery.version + 1, stamp=stamp
    )


def expanded(delivery: Delivery, again_at: datetime, stamp: str) -> Delivery:
    """Note that a parent has a row for every recipient; look at it again at `again_at`."""
    problem = NO_RECIPIENTS if not delivery.counts.total else None
    return replace(
        delivery,
        expanded=True,
        next_at=again_at,
        problem=problem,
        version=delivery.version + 1,
        stamp=stamp,
    )


def reopen(delivery: Delivery, now: datetime, policy: Policy, stamp: str) -> Delivery:
    """Open a closed parent again because a recipient of it is served once more."""
    return _moved(
        delivery,
        E.RETRY,
        next_at=now + policy.queue_lease,
        claim=stamp,
        stamp=stamp,
        problem=None,
        delivered_at=None,
    )


def cancel(delivery: Delivery, stamp: str) -> Delivery:
    """Stop it for good; `IllegalTransition` once a platform call may be under way."""
    return _moved(delivery, E.CANCEL, stamp=stamp)


def edit(delivery: Delivery, revision: int, due_at: datetime, late: timedelta | None) -> Delivery:
    """Bind it to a new revision and time; records of the old claim become no-ops."""
    return _moved(
        delivery,
        E.EDIT,
        revision=revision,
        due_at=due_at,
        next_at=due_at,
        late_after=late,
        claim=None,
        forgiven=delivery.attempts,
        failures=0,
        handle=None,
        problem=None,
        stamp=f"edit/{revision}",
    )


def retry(delivery: Delivery, now: datetime, policy: Policy, claim_id: str) -> Delivery:
    """Try again because a person says so: whatever was in doubt, they have decided to send.

    Its minute is now. A parent that had nobody to write to looks for recipients anew.
    """
    return _moved(
        delivery,
        E.RETRY,
        due_at=now,
        next_at=now + policy.queue_lease,
        claim=claim_id,
        stamp=claim_id,
        forgiven=delivery.attempts,
        failures=0,
        cursor=delivery.cursor if delivery.counts.total else None,
        expanded=delivery.expanded and delivery.counts.total > 0,
        lookups=0,
        doubt=False,
        doubt_since=None,
        handle=None,
        late_after=None,
        problem=None,
    )


def confirm(delivery: Delivery, now: datetime, stamp: str) -> Delivery:
    """Accept a person's word that the platform has it."""
    return _moved(delivery, E.CONFIRM, delivered_at=now, doubt=False, problem=None, stamp=stamp)


def roll_up_recipients(delivery: Delivery, now: datetime, stamp: str) -> Delivery:
    """Close a parent whose recipients are all settled; `IllegalTransition` before that."""
    counts = delivery.counts
    if delivery.status is not S.SENDING or not delivery.expanded or counts.settled < counts.total:
        raise IllegalTransition("Some recipients are still being served.")
    outcome = counts.outcome
    return replace(
        delivery,
        status=outcome,
        version=delivery.version + 1,
        next_at=None,
        claim=None,
        stamp=stamp,
        delivered_at=now if outcome is S.DELIVERED else None,
    )
