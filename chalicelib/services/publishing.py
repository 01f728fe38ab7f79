"""Accepts messages and shows them. Accepting is one transaction; the stream comes after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.channels import Channel, ChannelName
from chalicelib.domain.deliveries import AuditEntry, Delivery, DeliveryKey, Policy
from chalicelib.domain.errors import (
    Conflict,
    IllegalTransition,
    LostRace,
    NotFound,
    StoreUnavailable,
)
from chalicelib.domain.identity import Member, Role
from chalicelib.domain.messages import (
    Draft,
    Message,
    MessageStatus,
    Revision,
    roll_up,
)
from chalicelib.domain.ports import (
    Clock,
    Cursor,
    Filter,
    Idempotency,
    Ids,
    Messages,
    Observers,
    Once,
    Page,
    Snapshot,
    Starter,
    Telemetry,
    Timeline,
    Unit,
    Writes,
)
from chalicelib.domain.states import Status
from chalicelib.services.checking import Checking, pointing
from chalicelib.services.hinting import Hinting
from chalicelib.services.wording import Words

SOON = timedelta(seconds=75)
"""What is due this soon may fall between two ticks: an extra release is started for it."""
_UNDER_WAY = frozenset(
    {MessageStatus.PENDING_REVIEW, MessageStatus.SCHEDULED, MessageStatus.PUBLISHING}
)
REWRITTEN = {"/content": "/text"}
"""Where a decision has a reviewer's own text."""
WHOLE_MESSAGE = "message"
"""Channel name of audit entries that concern the message itself."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message ready to be stored, and the writes that store it."""

    snapshot: Snapshot
    writes: Writes


class Publishing:
    """What authors do with messages."""

    def __init__(
        self,
        *,
        channels: Mapping[ChannelName, Channel],
        messages: Messages,
        idempotency: Idempotency,
        checking: Checking,
        hinting: Hinting,
        starter: Starter,
        unit: Unit,
        clock: Clock,
        ids: Ids,
        policy: Policy,
        telemetry: Telemetry,
        observers: Observers,
        require_approval: bool,
        words: Words,
    ) -> None:
        self._channels = channels
        self._messages = messages
        self._idempotency = idempotency
        self._checking = checking
        self._hinting = hinting
        self._starter = starter
        self._unit = unit
        self._clock = clock
        self._ids = ids
        self._policy = policy
        self._telemetry = telemetry
        self._observers = observers
        self._require_approval = require_approval
        self._words = words

    # --- accepting ----------------------------------------------------------------------------

    def submit(self, draft: Draft, author: Member, once: Once | None = None) -> Snapshot:
        """Accept a message for publishing now or at its time.

        Raises `InvalidMessage` with every fault, `MediaNotReady`; `OnceTaken` for a used key.
        """
        accepted = self.accept(draft, author)
        self._unit.commit(accepted.writes, *self.kept_answer(once, accepted.snapshot))
        self.introduce(accepted.snapshot)
        return accepted.snapshot

    def kept_answer(self, once: Once | None, value: object) -> Sequence[Writes]:
        """Return the write that keeps a request's answer with the object it speaks of."""
        if once is None or once.answer is None:
            return ()
        return (self._idempotency.keeping(once, once.answer(value), self._clock.now()),)

    def accept(self, draft: Draft, author: Member, certification_id: str | None = None) -> Accepted:
        """Check a draft and build everything that stands for it; writes nothing yet."""
        self._checking.check(draft.content, draft.channels, author)
        now = self._clock.now()
        status = MessageStatus.SCHEDULED
        if draft.keep_as_draft:
            status = MessageStatus.DRAFT
        elif self.must_be_approved(author):
            status = MessageStatus.PENDING_REVIEW
        message = Message(
            id=self._ids.new(),
            author=author.id,
            author_name=author.name,
            status=status,
            revision=1,
            content=draft.content,
            channels=draft.channels,
            created_at=now,
            due_at=draft.scheduled_at or now,
            scheduled_at=draft.scheduled_at,
            time_zone=draft.time_zone,
            late_policy=draft.late_policy,
            certification_id=certification_id,
            correlation_id=self._telemetry.correlation_id,
        )
        deliveries = () if message.is_unpublished else self._deliveries(message, now)
        message = replace(message, status=roll_up(deliveries) if deliveries else status)
        revision = Revision(message.id, 1, draft.content, now, author.id)
        audit = self.entry(message, author, "accepted", "", message.status)
        writes = self._messages.adding(message, revision, deliveries, [audit])
        return Accepted(Snapshot(message, tuple(deliveries)), writes)

    def introduce(self, snapshot: Snapshot) -> None:
        """Have the words of a new revision found, and launch it."""
        self._words.start(snapshot.message)
        self.launch(snapshot)

    def launch(self, snapshot: Snapshot) -> None:
        """Tell the worker what is due, best effort: the due index knows it anyway.

        Whoever watches is told that the message changed.
        """
        now = self._clock.now()
        all_taken = self._hinting.tell([d for d in snapshot.deliveries if d.claim])
        pending = [d.due_at for d in snapshot.deliveries if d.status is Status.PENDING]
        if not all_taken or (pending and min(pending) <= now + SOON):
            self._starter.release(min(pending, default=now))
        self._observers.changed(snapshot.message.id)

    def fix_words(self, message: Message, member: Member) -> None:
        """Let what a member agrees to be final; see `Words.fix`."""
        self._words.fix(message, member.id)

    def _deliveries(self, message: Message, now: datetime) -> Sequence[Delivery]:
        return [self._delivery(message, channel, now) for channel in message.channels]

    def _delivery(self, message: Message, channel: ChannelName, now: datetime) -> Delivery:
        made = awaiting(message, self._channels[channel], message.due_at)
        if message.due_at > now:
            return made
        lease = now + self._policy.queue_lease
        return replace(made, status=Status.QUEUED, claim=self._ids.new(), next_at=lease)

    @property
    def requires_approval(self) -> bool:
        """Return whether what members hand in waits for a manager."""
        return self._require_approval

    def must_be_approved(self, member: Member) -> bool:
        """Return whether what a member hands in waits for a manager's decision."""
        return self.requires_approval and not member.may(Role.COMMUNITY_MANAGER)

    # --- checking -----------------------------------------------------------------------------

    def check(self, draft: Draft, author: Member) -> None:
        """Raise what `submit` would, and do nothing."""
        self._checking.check(draft.content, draft.channels, author)

    def check_rewriting(self, message_id: str, text: str | None, member: Member) -> None:
        """Raise `NotFound`, or what is wrong with a reviewer's own text; do nothing."""
        message = self.read(message_id, member).message
        if text is not None:
            content = replace(message.content, text=text, edited=True)
            with pointing(REWRITTEN):
                self._checking.check(content, message.channels, member)

    # --- reading ------------------------------------------------------------------------------

    def read(self, message_id: str, member: Member) -> Snapshot:
        """Return a message that the member may see; `NotFound` otherwise.

        What lists show of it is mended, best effort, if it is not the truth any more.
        """
        snapshot = self._messages.get(message_id)
        if snapshot is None or not member.may_read(snapshot.message.author):
            raise NotFound("There is no such message.")
        found = current(snapshot)
        if found.message.status is not snapshot.message.status:
            self._mend(found)
        return found

    def _mend(self, snapshot: Snapshot) -> None:
        try:
            self._unit.commit(self._messages.rolling_up(snapshot, snapshot.message.status))
        except StoreUnavailable as error:
            self._telemetry.event("follow_later", reason=str(error))

    def listing(
        self,
        member: Member,
        wanted: Filter,
        *,
        everyone: bool,
        limit: int,
        cursor: Cursor | None,
    ) -> Page[Message]:
        """Return a page of the member's own messages, or of everyone's."""
        if everyone:
            return self._messages.calendar(wanted, limit, cursor)
        return self._messages.by_author(member.id, wanted, limit, cursor)

    def recipients(
        self,
        message_id: str,
        channel: ChannelName,
        member: Member,
        *,
        limit: int,
        cursor: Cursor | None,
    ) -> Page[Delivery]:
        """Return a page of a direct channel's recipients with their deliveries."""
        self.read(message_id, member)
        return self._messages.recipients(message_id, channel, limit, cursor)

    def timeline(self, message_id: str, member: Member) -> Timeline:
        """Return everything that happened to a message."""
        self.read(message_id, member)
        return self._messages.timeline(message_id)

    # --- changing -----------------------------------------------------------------------------

    def publish(self, message_id: str, member: Member) -> Snapshot:
        """Hand a draft in: now or at its time. Again, while it is under way: the message as it is.

        `IllegalTransition` for what is settled, and for what the member had better approve.
        """
        snapshot = self.read(message_id, member)
        message, waits = snapshot.message, self.must_be_approved(member)
        if message.status is MessageStatus.DRAFT:
            if waits:
                return self.restated(message, MessageStatus.PENDING_REVIEW, member, "submitted")
            return self.start(message, member, "published")
        if message.status is MessageStatus.PENDING_REVIEW and not waits:
            raise IllegalTransition("This message awaits a decision: approve or reject it.")
        if message.status not in _UNDER_WAY:
            raise IllegalTransition(f"This message is {message.status}: it can't be published.")
        return snapshot

    def start(
        self,
        before: Message,
        member: Member,
        event: str,
        *more: Writes,
        decided: Message | None = None,
    ) -> Snapshot:
        """Give a message without deliveries its deliveries, in one transaction with `more`."""
        message = decided or before
        self._checking.check(message.content, message.channels, member)
        now = self._clock.now()
        after = replace(
            message, due_at=max(message.scheduled_at or now, now), version=message.version + 1
        )
        deliveries = self._deliveries(after, now)
        after = replace(after, status=roll_up(deliveries))
        entry = self.entry(after, member, event, before.status, after.status)
        self.commit_or_conflict(
            self._messages.saving(before, after, entry),
            *(self._messages.starting(delivery) for delivery in deliveries),
            *more,
        )
        snapshot = Snapshot(after, tuple(deliveries))
        self.launch(snapshot)
        return snapshot

    def rewritten(self, message: Message, text: str, member: Member) -> tuple[Message, Writes]:
        """Return a waiting message with a reviewer's own text, and the write of its revision."""
        content = replace(message.content, text=text, edited=True)
        after = replace(message, content=content, revision=message.revision + 1)
        revision = Revision(message.id, after.revision, content, self._clock.now(), member.id)
        return after, self._messages.revising(revision)

    def restated(
        self,
        message: Message,
        status: MessageStatus,
        member: Member,
        event: str,
        *more: Writes,
        reason: str | None = None,
    ) -> Snapshot:
        """Give a message without deliveries another status, in one transaction with `more`."""
        after = replace(message, status=status, reason=reason, version=message.version + 1)
        entry = self.entry(after, member, event, message.status, status)
        self.commit_or_conflict(self._messages.saving(message, after, entry), *more)
        self._observers.changed(after.id)
        return Snapshot(after, ())

    def commit_or_conflict(self, *writes: Writes) -> None:
        """Commit; `Conflict` if somebody else was faster."""
        try:
            self._unit.commit(*writes)
        except LostRace as lost:
            raise Conflict("Someone changed this at the same time; read it again.") from lost

    def entry(
        self, message: Message, member: Member, event: str, before: str, after: str
    ) -> AuditEntry:
        """Return the audit entry of what a member did with a message as a whole."""
        return AuditEntry(
            message_id=message.id,
            channel=WHOLE_MESSAGE,
            recipient_id=None,
            sequence=message.version,
            at=self._clock.now(),
            actor=member.id,
            event=event,
            before=before,
            after=after,
            correlation_id=self._telemetry.correlation_id,
        )


def current(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot whose status follows from the deliveries as they are now."""
    if not snapshot.deliveries:
        return snapshot
    status = roll_up(snapshot.deliveries)
    return replace(snapshot, message=replace(snapshot.message, status=status))


def awaiting(message: Message, channel: Channel, due_at: datetime) -> Delivery:
    """Return a message's delivery on one more channel, pending until it is due."""
    return Delivery(
        key=DeliveryKey(message.id, channel.name),
        status=Status.PENDING,
        revision=message.revision,
        due_at=due_at,
        next_at=due_at,
        late_after=message.late_policy.skip_after,
        parent=channel.direct,
        correlation_id=message.correlation_id,
    )
