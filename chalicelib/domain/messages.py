"""Messages, their immutable revisions, and the status that follows from their deliveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.certifications import Submission
from chalicelib.domain.channels import ChannelName, Wording
from chalicelib.domain.deliveries import Delivery
from chalicelib.domain.states import Status


class MessageStatus(StrEnum):
    """What the API and the lists show; the last seven follow from the deliveries."""

    DRAFT = "draft"
    PENDING_REVIEW = "pending_review"
    REJECTED = "rejected"
    SCHEDULED = "scheduled"
    PUBLISHING = "publishing"
    NEEDS_REVIEW = "needs_review"
    DELIVERED = "delivered"
    PARTIALLY_DELIVERED = "partially_delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNPUBLISHED = frozenset({MessageStatus.DRAFT, MessageStatus.PENDING_REVIEW})
"""Written but not accepted for publishing: there are no deliveries yet."""


class LateAction(StrEnum):
    """What to do with a delivery that could not be made in time."""

    SEND = "send"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class LatePolicy:
    """From `after` past the due minute on, `action` applies."""

    after: timedelta = timedelta(minutes=60)
    action: LateAction = LateAction.SEND

    @property
    def skip_after(self) -> timedelta | None:
        """Return how late it is left out; None if it is published however late."""
        return self.after if self.action is LateAction.SKIP else None


@dataclass(frozen=True, slots=True)
class MediaRef:
    """An uploaded picture, by its upload id."""

    upload_id: str
    alt_text: str = ""


@dataclass(frozen=True, slots=True)
class Variant:
    """The author's own text for one channel."""

    content: str
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What is to be said. `announcement` marks text made from a certification.

    While `announcement` is set and `edited` is not, every channel's text is generated in its own
    tone from the announcement; `text` is then the canonical wording shown in lists.
    """

    text: str
    subject: str | None = None
    media: tuple[MediaRef, ...] = ()
    variants: Mapping[ChannelName, Variant] = field(default_factory=dict)
    announcement: Submission | None = None
    edited: bool = False
    own_words: tuple[ChannelName, ...] = ()
    """Channels that say what they would without a model, whatever one finds."""

    @property
    def is_generated(self) -> bool:
        """Return whether each channel's text is made by rule rather than by the author."""
        return self.announcement is not None and not self.edited

    def authored(self, channel: ChannelName) -> Wording | None:
        """Return the author's words for a channel; None where the text is generated."""
        variant = self.variants.get(channel)
        if variant is not None:
            return self._worded(variant.content, variant.subject or self.subject)
        if self.is_generated:
            return None
        return self._worded(self.text, self.subject)

    def _worded(self, text: str, subject: str | None) -> Wording:
        """Return an author's words, with what an announcement asks of them."""
        about = self.announcement
        if about is None:
            return Wording(text, subject=subject)
        return Wording(text, subject=subject, keep=(about.member_name,), language=about.written_in)

    def says_as_much(self, other: Content, channel: ChannelName) -> bool:
        """Return whether both offer a channel the same."""

        def offered(content: Content) -> object:
            return content.authored(channel), content.media, channel in content.own_words

        return offered(self) == offered(other)


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as its author hands it in. `scheduled_at` None means now."""

    content: Content
    channels: tuple[ChannelName, ...]
    scheduled_at: datetime | None = None
    time_zone: str | None = None
    keep_as_draft: bool = False
    late_policy: LatePolicy = LatePolicy()


@dataclass(frozen=True, slots=True)
class Changes:
    """An edit: only what is not None changes; `reschedule` says whether `scheduled_at` counts."""

    text: str | None = None
    subject: str | None = None
    clear_subject: bool = False
    media: tuple[MediaRef, ...] | None = None
    variants: Mapping[ChannelName, Variant] | None = None
    own_words: tuple[ChannelName, ...] | None = None
    channels: tuple[ChannelName, ...] | None = None
    reschedule: bool = False
    scheduled_at: datetime | None = None
    time_zone: str | None = None
    late_policy: LatePolicy | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message for 1..n channels; `content` is that of `revision`, the current one."""

    id: str
    author: str
    author_name: str
    status: MessageStatus
    revision: int
    content: Content
    channels: tuple[ChannelName, ...]
    created_at: datetime
    due_at: datetime
    """When it is to appear: `scheduled_at`, or the moment it was accepted."""
    scheduled_at: datetime | None = None
    time_zone: str | None = None
    late_policy: LatePolicy = LatePolicy()
    certification_id: str | None = None
    correlation_id: str = ""
    reason: str | None = None
    """Why a manager rejected it."""
    approved_by: str | None = None
    """The manager who let it be published, where that was asked for."""
    version: int = 1

    @property
    def is_unpublished(self) -> bool:
        """Return whether nothing was handed to the channels yet."""
        return self.status in UNPUBLISHED


@dataclass(frozen=True, slots=True)
class Revision:
    """One immutable version of a message's content."""

    message_id: str
    number: int
    content: Content
    created_at: datetime
    author: str


def changed(message: Message, changes: Changes, now: datetime) -> Message:
    """Return the message with an author's changes, as its next revision."""
    content = message.content
    if changes.text is not None:
        content = replace(content, text=changes.text, edited=content.announcement is not None)
    if changes.subject is not None or changes.clear_subject:
        content = replace(content, subject=changes.subject)
    if changes.media is not None:
        content = replace(content, media=changes.media)
    channels = changes.channels or message.channels
    variants = content.variants if changes.variants is None else changes.variants
    chosen = {name: variant for name, variant in variants.items() if name in channels}
    own_words = content.own_words if changes.own_words is None else changes.own_words
    kept = tuple(name for name in own_words if name in channels)
    content = replace(content, variants=chosen, own_words=kept)
    scheduled_at = changes.scheduled_at if changes.reschedule else message.scheduled_at
    due_at = message.due_at
    if changes.reschedule:
        due_at = changes.scheduled_at or now
    return replace(
        message,
        content=content,
        channels=channels,
        scheduled_at=scheduled_at,
        due_at=due_at,
        time_zone=changes.time_zone or message.time_zone,
        late_policy=changes.late_policy or message.late_policy,
        revision=message.revision + 1,
        version=message.version + 1,
    )


def roll_up(deliveries: Iterable[Delivery]) -> MessageStatus:
    """Return the status of an accepted message from its deliveries (parents, not recipients)."""
    parts = list(deliveries)
    statuses = {part.status for part in parts}
    if statuses == {Status.PENDING}:
        return MessageStatus.SCHEDULED
    if any(not status.is_terminal for status in statuses):
        return MessageStatus.PUBLISHING
    if Status.NEEDS_REVIEW in statuses:
        return MessageStatus.NEEDS_REVIEW
    if statuses == {Status.CANCELLED}:
        return MessageStatus.CANCELLED
    live = statuses & {Status.DELIVERED, Status.DELETED}
    if not live:
        return MessageStatus.FAILED
    whole = statuses == live and all(part.counts.is_whole for part in parts)
    return MessageStatus.DELIVERED if whole else MessageStatus.PARTIALLY_DELIVERED
