"""Accepts and changes messages. Accepting is one transaction; the stream comes after it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain import steps
from chalicelib.domain.channels import Channel, ChannelName
from chalicelib.domain.deliveries import AuditEntry, Delivery, DeliveryKey, Policy
from chalicelib.domain.errors import (
    Conflict,
    Forbidden,
    IllegalTransition,
    InFlight,
    LostRace,
    NotFound,
    StoreUnavailable,
    VersionConflict,
    VersionRequired,
)
from chalicelib.domain.identity import Member, Role
from chalicelib.domain.messages import (
    Changes,
    Draft,
    LateAction,
    LatePolicy,
    Message,
    MessageStatus,
    Revision,
    changed,
    roll_up,
)
from chalicelib.domain.ports import (
    Clock,
    Cursor,
    Filter,
    Idempotency,
    Ids,
    Messages,
    Once,
    Page,
    Snapshot,
    Starter,
    Telemetry,
    Timeline,
    Unit,
    Writes,
)
from chalicelib.domain.recall import beyond_recall
from chalicelib.domain.states import Status
from chalicelib.services.checking import Checking, pointing
from chalicelib.services.hinting import Hinting

SOON = timedelta(seconds=75)
"""What is due this soon may fall between two ticks: an extra release is started for it."""
TRIES = 5
"""How often a change is tried again when a worker moved the same delivery."""
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
        require_approval: bool,
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
        self._require_approval = require_approval

    # --- accepting ----------------------------------------------------------------------------

    def submit(self, draft: Draft, author: Member, once: Once | None = None) -> Snapshot:
        """Accept a message for publishing now or at its time.

        Raises `InvalidMessage` with every fault, `MediaNotReady`; `OnceTaken` for a used key.
        """
        accepted = self.accept(draft, author)
        self._unit.commit(accepted.writes, *self.kept_answer(once, accepted.snapshot))
        self.launch(accepted.snapshot)
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
        elif self._must_be_approved(author):
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
            due_at=max(draft.scheduled_at or now, now),
            scheduled_at=draft.scheduled_at,
            time_zone=draft.time_zone,
            late_policy=draft.late_policy,
            certification_id=certification_id,
            correlation_id=self._telemetry.correlation_id,
        )
        deliveries = () if message.is_unpublished else self._deliveries(message, now)
        message = replace(message, status=roll_up(deliveries) if deliveries else status)
        revision = Revision(message.id, 1, draft.content, now, author.id)
        audit = self._entry(message, author, "accepted", "", message.status)
        writes = self._messages.adding(message, revision, deliveries, [audit])
        return Accepted(Snapshot(message, tuple(deliveries)), writes)

    def launch(self, snapshot: Snapshot) -> None:
        """Tell the worker what is due, best effort: the due index knows it anyway."""
        now = self._clock.now()
        all_taken = self._hinting.tell([d for d in snapshot.deliveries if d.claim])
        pending = [d.due_at for d in snapshot.deliveries if d.status is Status.PENDING]
        if not all_taken or (pending and min(pending) <= now + SOON):
            self._starter.release(min(pending, default=now))

    def _deliveries(self, message: Message, now: datetime) -> Sequence[Delivery]:
        return [self._delivery(message, channel, now) for channel in message.channels]

    def _delivery(self, message: Message, channel: ChannelName, now: datetime) -> Delivery:
        is_due = message.due_at <= now
        claim = self._ids.new() if is_due else None
        return Delivery(
            key=DeliveryKey(message.id, channel),
            status=Status.QUEUED if is_due else Status.PENDING,
            revision=message.revision,
            due_at=message.due_at,
            next_at=now + self._policy.queue_lease if is_due else message.due_at,
            claim=claim,
            late_after=_late_after(message.late_policy),
            parent=self._channels[channel].direct,
            correlation_id=message.correlation_id,
        )

    def _must_be_approved(self, member: Member) -> bool:
        return self._require_approval and not member.may(Role.COMMUNITY_MANAGER)

    # --- checking -----------------------------------------------------------------------------

    def check(self, draft: Draft, author: Member) -> None:
        """Raise what `submit` would, and do nothing."""
        self._checking.check(draft.content, draft.channels, author)

    def check_edit(self, message_id: str, changes: Changes, member: Member) -> None:
        """Raise what `edit` would of what the changed message says; do nothing."""
        snapshot = self.read(message_id, member)
        after = changed(snapshot.message, changes, self._clock.now())
        self._check_changed(after, _settled(snapshot), member)

    def check_rewriting(self, message_id: str, text: str | None, member: Member) -> None:
        """Raise `NotFound`, or what is wrong with a reviewer's own text; do nothing."""
        message = self.read(message_id, member).message
        if text is not None:
            content = replace(message.content, text=text, edited=True)
            with pointing(REWRITTEN):
                self._checking.check(content, message.channels, member)

    def _check_changed(
        self, after: Message, settled: Collection[ChannelName], member: Member
    ) -> None:
        open_to_change = [name for name in after.channels if name not in settled]
        with pointing({"/member_name": "/channels"}):
            self._checking.check(after.content, open_to_change, member)

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

    def edit(
        self, message_id: str, changes: Changes, if_match: int | None, member: Member
    ) -> Snapshot:
        """Write a new revision while nothing is in flight.

        A channel that failed is published again if what it says or its time changes; what a settled
        channel says stays as it is.

        Raises `VersionRequired`, `VersionConflict`, `InFlight`, `IllegalTransition`.
        """
        before = self.read(message_id, member)
        for _ in range(TRIES):
            if if_match is None:
                raise VersionRequired
            if if_match != before.message.revision:
                raise VersionConflict(f"The current revision is {before.message.revision}.")
            try:
                return self._edited(before, changes, member)
            except LostRace:
                before = self.read(message_id, member)
        raise InFlight(list(before.message.channels), "Something moved meanwhile; try again.")

    def _edited(self, before: Snapshot, changes: Changes, member: Member) -> Snapshot:
        message = before.message
        if message.status in (MessageStatus.REJECTED, MessageStatus.CANCELLED):
            raise IllegalTransition(f"A {message.status} message can't be edited.")
        if not message.is_unpublished and self._must_be_approved(member):
            raise Forbidden(
                "It was approved as it is: ask a community manager to change it, or cancel it and "
                "submit another."
            )
        settled = _settled(before)
        now = self._clock.now()
        after = changed(message, changes, now)
        _refuse_untrue(message, after, settled)
        self._check_changed(after, settled, member)
        kept, writes = list[Delivery](), list[Writes]()
        for delivery in before.deliveries:
            if delivery.key.channel not in after.channels:
                writes.append(self._messages.removing(delivery))
                continue
            moved = delivery
            if delivery.key.channel not in settled:
                moved = _rebound(delivery, message, after, changes.reschedule, now)
            if moved != delivery:
                writes.append(self._messages.moving(delivery, moved))
            kept.append(moved)
        if not message.is_unpublished:
            news = [name for name in after.channels if before.delivery(name) is None]
            added = [self._added(after, name, now) for name in news]
            writes += [self._messages.starting(delivery) for delivery in added]
            kept += added
            after = replace(after, status=roll_up(kept))
        revision = Revision(after.id, after.revision, after.content, now, member.id)
        entry = self._entry(after, member, "edited", message.status, after.status)
        self._unit.commit(
            self._messages.saving(message, after, entry),
            self._messages.revising(revision),
            *writes,
        )
        snapshot = Snapshot(after, tuple(kept))
        self.launch(snapshot)
        return snapshot

    def _added(self, message: Message, channel: ChannelName, now: datetime) -> Delivery:
        """Return the delivery on a channel that comes late: its minute is not before now."""
        at = max(message.due_at, now)
        made = self._delivery(message, channel, now)
        return replace(made, status=Status.PENDING, claim=None, due_at=at, next_at=at)

    def publish(self, message_id: str, member: Member) -> Snapshot:
        """Hand a draft in: now or at its time. Again, while it is under way: the message as it is.

        `IllegalTransition` for what is settled, and for what the member had better approve.
        """
        snapshot = self.read(message_id, member)
        message, waits = snapshot.message, self._must_be_approved(member)
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
        entry = self._entry(after, member, event, before.status, after.status)
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
        entry = self._entry(after, member, event, message.status, status)
        self.commit_or_conflict(self._messages.saving(message, after, entry), *more)
        return Snapshot(after, ())

    def commit_or_conflict(self, *writes: Writes) -> None:
        """Commit; `Conflict` if somebody else was faster."""
        try:
            self._unit.commit(*writes)
        except LostRace as lost:
            raise Conflict("Someone changed this at the same time; read it again.") from lost

    def _entry(
        self, message: Message, member: Member, event: str, before: str, after: str
    ) -> AuditEntry:
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


def _late_after(policy: LatePolicy) -> timedelta | None:
    return policy.after if policy.action is LateAction.SKIP else None


def _settled(snapshot: Snapshot) -> frozenset[ChannelName]:
    """Return the channels that an edit leaves alone; raises if it could change none, or not yet."""
    fixed = [part for part in snapshot.deliveries if not part.is_editable]
    refusal = beyond_recall(part for part in fixed if not part.status.is_terminal)
    if refusal is not None:
        raise refusal
    if fixed and len(fixed) == len(snapshot.deliveries):
        names = ", ".join(part.key.channel for part in fixed)
        raise IllegalTransition(f"Already settled and no longer editable: {names}.")
    return frozenset(part.key.channel for part in fixed)


def _refuse_untrue(before: Message, after: Message, settled: Collection[ChannelName]) -> None:
    """Refuse an edit after which a message would tell of a settled channel what is not so."""
    untrue = [
        name
        for name in before.channels
        if name in settled
        and not (name in after.channels and after.content.says_as_much(before.content, name))
    ]
    if untrue:
        raise IllegalTransition(
            f"Already settled and no longer editable: {', '.join(untrue)}. Give each channel that "
            "is to say something else a text of its own in `variants`."
        )


def _rebound(
    delivery: Delivery, before: Message, after: Message, is_rescheduled: bool, now: datetime
) -> Delivery:
    """Return a delivery bound to the edited message; one that failed only if the edit concerns it.

    What failed is late already: its minute is not before now.
    """
    late, due_at = _late_after(after.late_policy), after.due_at
    if delivery.status is Status.FAILED:
        says_the_same = after.content.says_as_much(before.content, delivery.key.channel)
        if says_the_same and not is_rescheduled:
            return delivery
        due_at = max(due_at, now)
    return steps.edit(delivery, after.revision, due_at, late)
