"""Deliveries: one message on one channel, or to one recipient of a direct channel; as values.

The due index is the outbox: `next_at` is set exactly while a delivery is not terminal, and a claim
only ever moves it. How a delivery gets from one value to the next stands in `steps`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

from chalicelib.domain.channels import ChannelName, Receipt
from chalicelib.domain.errors import (
    ChannelError,
    IllegalTransition,
)
from chalicelib.domain.retry import RetryPolicy
from chalicelib.domain.states import Event, Status, step

S = Status
RESERVE = timedelta(seconds=2)
"""What an invocation keeps of its time to write outcomes: nothing is begun within it."""


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
    returned: int = 0
    """How many of those delivered did not arrive after all, as far as was reported."""

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

    @property
    def tries(self) -> int:
        """Return how many attempts count towards giving up."""
        return self.attempts - self.forgiven

    @property
    def is_editable(self) -> bool:
        """Return whether it can be bound to a new revision: nobody has been offered the old one."""
        return self.can(Event.EDIT) and not self.counts.total

    def can(self, event: Event) -> bool:
        """Return whether the table has this step from here."""
        try:
            step(self.status, event, doubt=self.doubt, parent=self.parent)
        except IllegalTransition:
            return False
        return True


@dataclass(frozen=True, slots=True)
class TooShort:
    """A duration that has to be longer than it is."""

    duration: str
    limit: timedelta
    """What it has to exceed."""
    follows_from: str
    """The duration that the limit grows with."""
    words: str


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
    spacing: timedelta | None = None
    """Between two attempts of an account; None: what the channel declares."""
    catch_up_spacing: timedelta = timedelta(seconds=10)
    """Between two posts on a feed that are late."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)

    def check(self) -> list[TooShort]:
        """Return every broken inequality; empty is good."""
        written = self.call + self.early + RESERVE
        rules = (
            (
                self.attempt_lease,
                TooShort(
                    "attempt_lease",
                    self.invocation,
                    "invocation",
                    "the attempt lease must outlive the worker",
                ),
            ),
            (
                self.queue_lease,
                TooShort(
                    "queue_lease",
                    self.invocation,
                    "invocation",
                    "the queue lease must outlive the worker",
                ),
            ),
            (
                self.invocation,
                TooShort(
                    "invocation",
                    written,
                    "call",
                    "the worker must outlive one call and wait, and write what came of it",
                ),
            ),
        )
        return [broken for duration, broken in rules if duration <= broken.limit]

    def check_settle(self, settle: timedelta) -> list[TooShort]:
        """Return what is wrong with a settle time: an answer may come as late as a call's end."""
        words = "the settle time must outlive one call"
        return [] if settle > self.call else [TooShort("settle", self.call, "call", words)]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a delivery; `outcome` stays empty until an answer is known."""

    key: DeliveryKey
    number: int
    revision: int
    started_at: datetime
    claim: str
    digest: str = ""
    finished_at: datetime | None = None
    outcome: str = ""
    detail: str = ""
    external_id: str | None = None
    url: str | None = None
    action: str = "publish"
    """``publish``, or ``unpublish`` for one that takes the post back."""
    late: bool = False
    """The answer came after the lease had been taken by another worker: evidence only."""

    @classmethod
    def begun(
        cls, delivery: Delivery, now: datetime, *, digest: str = "", action: str = "publish"
    ) -> Attempt:
        """Return the attempt that a delivery, as it was just begun, stands for."""
        return cls(
            key=delivery.key,
            number=delivery.attempts,
            revision=delivery.revision,
            started_at=now,
            claim=delivery.claim or "",
            digest=digest,
            action=action,
        )

    refuted: bool = False
    """The platform took it and reported later that it came to nothing."""

    @property
    def proof(self) -> Receipt | None:
        """Return what shows that the platform has it, if anything does."""
        if not self.external_id or self.refuted:
            return None
        return Receipt(self.external_id, self.url)


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
