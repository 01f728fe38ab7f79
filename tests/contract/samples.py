"""Values that the repository tests store, and the injected clock and ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import uuid4

from chalicelib.domain import steps
from chalicelib.domain.adaptation import Adaptation
from chalicelib.domain.certifications import Submission
from chalicelib.domain.channels import ChannelName, Receipt, Recipient
from chalicelib.domain.deliveries import Attempt, AuditEntry, Counts, Delivery, DeliveryKey, Policy
from chalicelib.domain.messages import Content, Message, MessageStatus, Revision
from chalicelib.domain.models import Usage
from chalicelib.domain.ports import (
    Achievement,
    CertificationStatus,
    Subscription,
    Upload,
    UploadStatus,
)
from chalicelib.domain.states import Status
from chalicelib.repositories.messages import Messages
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import Table

NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
LINKEDIN, SMS = ChannelName("linkedin"), ChannelName("sms")
CHANNELS = (LINKEDIN, SMS)
POLICY = Policy()


class RandomIds:
    """Ids that no other test uses: an emulator's tables share the tokens of transactions."""

    def new(self) -> str:
        """Return a new id."""
        return str(uuid4())


class FixedClock:
    """A clock that stands until it is set."""

    def __init__(self, now: datetime = NOW) -> None:
        self.at = now

    def now(self) -> datetime:
        """Return the present."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Pass time."""
        self.at += timedelta(seconds=seconds)


class World:
    """A store over some table, with what it was given."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.clock = FixedClock()
        self.waits: list[float] = []
        self.store = Store(table, RandomIds(), Random(7), self.waits.append)
        self.messages = Messages(self.store, CHANNELS)
        self.commit = self.store.commit

    def accept(self, sent: Message, *parts: Delivery) -> None:
        """Store a message with its deliveries."""
        self.commit(self.messages.adding(sent, revision(sent), parts, [entry(sent.id)]))

    def delivery(self, key: DeliveryKey) -> Delivery:
        """Return a stored delivery."""
        stored = self.messages.delivery(key)
        assert stored is not None
        return stored


def message(number: int = 1, **changes: Any) -> Message:
    due_at = changes.get("due_at", NOW)
    return replace(
        Message(
            id=f"0190a000-0000-7000-8000-{number:012d}",
            author="ana",
            author_name="Ana",
            status=MessageStatus.SCHEDULED,
            revision=1,
            content=Content(text=f"Hello {number}"),
            channels=CHANNELS,
            created_at=NOW,
            due_at=due_at,
            time_zone="Europe/Madrid",
            correlation_id="c-1",
        ),
        **changes,
    )


def revision(sent: Message) -> Revision:
    return Revision(sent.id, sent.revision, sent.content, NOW, sent.author)


def delivery(
    sent: Message, channel: ChannelName = LINKEDIN, recipient_id: str | None = None, **changes: Any
) -> Delivery:
    return replace(
        Delivery(
            key=DeliveryKey(sent.id, channel, recipient_id),
            status=Status.PENDING,
            revision=1,
            due_at=NOW,
            next_at=NOW,
            parent=channel == SMS and recipient_id is None,
            late_after=timedelta(minutes=60),
        ),
        **changes,
    )


def parent(sent: Message, total: int, **changes: Any) -> Delivery:
    """Return a direct channel's parent that is serving its recipients."""
    fields: dict[str, Any] = {
        "status": Status.SENDING,
        "counts": Counts(total=total),
        "expanded": True,
    }
    return delivery(sent, SMS, **fields | changes)


def queued(sent: Message, recipient_id: str) -> Delivery:
    return delivery(sent, SMS, recipient_id, status=Status.QUEUED, claim=f"claim-{recipient_id}")


def claimed(before: Delivery, claim: str = "claim-1") -> Delivery:
    return steps.claim(before, NOW, POLICY, claim)


def begun(before: Delivery) -> Delivery:
    return steps.begin(before, NOW, POLICY)


def delivered(before: Delivery) -> Delivery:
    return steps.settle(before, Receipt("urn:1", "https://example.org/1"), NOW)


def through(before: Delivery, *moves: Callable[[Delivery], Delivery]) -> Delivery:
    for move in moves:
        before = move(before)
    return before


def entry(
    message_id: str, sequence: int = 1, channel: str = "message", **changes: Any
) -> AuditEntry:
    made = AuditEntry(
        message_id=message_id,
        channel=channel,
        recipient_id=None,
        sequence=sequence,
        at=NOW,
        actor="ana",
        event="accepted",
        before="",
        after="scheduled",
    )
    return replace(made, **changes)


def attempt(of: Delivery, **changes: Any) -> Attempt:
    made = Attempt(of.key, of.attempts, of.revision, NOW, of.claim or "", "digest")
    return replace(made, **changes)


def achievement(number: int = 1, **changes: Any) -> Achievement:
    made = Achievement(
        id=f"0190c000-0000-7000-8000-{number:012d}",
        author="ana",
        submission=Submission(
            member_name="Zoë Ángel",
            family_id="cloud-practitioner",
            certified_on=date(2026, 11, 2),
            channels=("linkedin", "sms"),
            consent=True,
            personal_message="At last!",
            scheduled_at=NOW + timedelta(days=1),
        ),
        status=CertificationStatus.PENDING_REVIEW,
        message_id=message().id,
        submitted_at=NOW + timedelta(seconds=number),
        warnings=("The exam had not started.",),
    )
    return replace(made, **changes)


def adaptation(*, decided: bool = False) -> Adaptation:
    """Return what is known of a content's words: that somebody asks, or what was decided."""
    asked = Adaptation("5f3a", NOW)
    if not decided:
        return asked
    return replace(
        asked,
        decided_at=NOW,
        words={LINKEDIN: "News: Hello."},
        reasons={SMS: "words_added"},
        usage=Usage("us.model", 900, 80, 1200),
    )


def subscription(recipient_id: str = "r1", **changes: Any) -> Subscription:
    person = Recipient(recipient_id, "+34600000000", "Zoë")
    return replace(Subscription(person, SMS, "by form", NOW), **changes)


def upload(number: int = 1, **changes: Any) -> Upload:
    made = Upload(f"upload-{number}", "ana", UploadStatus.PENDING, "image/png", 1234, NOW)
    return replace(made, **changes)
