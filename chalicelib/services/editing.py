"""Writes a message anew: what is settled stays, the rest is bound to the new revision."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.domain import steps
from chalicelib.domain.channels import Channel, ChannelName
from chalicelib.domain.deliveries import Delivery
from chalicelib.domain.errors import (
    Forbidden,
    IllegalTransition,
    InFlight,
    LostRace,
    VersionConflict,
    VersionRequired,
)
from chalicelib.domain.identity import Member
from chalicelib.domain.messages import (
    Changes,
    Message,
    MessageStatus,
    Revision,
    changed,
    roll_up,
)
from chalicelib.domain.ports import Clock, Messages, Snapshot, Unit, Writes
from chalicelib.domain.recall import beyond_recall
from chalicelib.domain.states import Status
from chalicelib.services.checking import Checking, pointing
from chalicelib.services.progress import TRIES
from chalicelib.services.publishing import Publishing, awaiting


class Editing:
    """An author's or manager's changes of a message, each one its next revision."""

    def __init__(
        self,
        *,
        channels: Mapping[ChannelName, Channel],
        messages: Messages,
        publishing: Publishing,
        checking: Checking,
        unit: Unit,
        clock: Clock,
    ) -> None:
        self._channels = channels
        self._messages = messages
        self._publishing = publishing
        self._checking = checking
        self._unit = unit
        self._clock = clock

    def edit(
        self, message_id: str, changes: Changes, if_match: int | None, member: Member
    ) -> Snapshot:
        """Write a new revision while nothing is in flight.

        A channel that failed is published again if what it says or its time changes; what a settled
        channel says stays as it is.

        Raises `VersionRequired`, `VersionConflict`, `InFlight`, `IllegalTransition`.
        """
        before = self._publishing.read(message_id, member)
        for _ in range(TRIES):
            if if_match is None:
                raise VersionRequired
            if if_match != before.message.revision:
                raise VersionConflict(f"The current revision is {before.message.revision}.")
            try:
                return self._edited(before, changes, member)
            except LostRace:
                before = self._publishing.read(message_id, member)
        raise InFlight(list(before.message.channels), "Something moved meanwhile; try again.")

    def _edited(self, before: Snapshot, changes: Changes, member: Member) -> Snapshot:
        message = before.message
        if message.status in (MessageStatus.REJECTED, MessageStatus.CANCELLED):
            raise IllegalTransition(f"A {message.status} message can't be edited.")
        if not message.is_unpublished and self._publishing.must_be_approved(member):
            raise Forbidden(
                "It was approved as it is: ask a community manager to change it, or cancel it and "
                "submit another."
            )
        settled = _settled(before)
        now = self._clock.now()
        after = changed(message, changes, now)
        _refuse_untrue(message, after, settled)
        self._check_changed(after, settled, member)
        parts, writes = self._bound(before, after, settled, changes.reschedule, now)
        if not message.is_unpublished:
            after = replace(after, status=roll_up(parts))
        revision = Revision(after.id, after.revision, after.content, now, member.id)
        entry = self._publishing.entry(after, member, "edited", message.status, after.status)
        self._unit.commit(
            self._messages.saving(message, after, entry),
            self._messages.revising(revision),
            *writes,
        )
        snapshot = Snapshot(after, tuple(parts))
        self._publishing.introduce(snapshot)
        return snapshot

    def _bound(
        self,
        before: Snapshot,
        after: Message,
        settled: Collection[ChannelName],
        is_rescheduled: bool,
        now: datetime,
    ) -> tuple[Sequence[Delivery], Sequence[Writes]]:
        """Return the edited message's deliveries, and what stores the difference."""
        parts, writes = list[Delivery](), list[Writes]()
        for part in before.deliveries:
            if part.key.channel not in after.channels:
                writes.append(self._messages.removing(part))
                continue
            moved = part
            if part.key.channel not in settled:
                moved = _rebound(part, before.message, after, is_rescheduled, now)
            if moved != part:
                writes.append(self._messages.moving(part, moved))
            parts.append(moved)
        if not before.message.is_unpublished:
            news = [name for name in after.channels if before.delivery(name) is None]
            added = [awaiting(after, self._channels[name], max(after.due_at, now)) for name in news]
            writes += [self._messages.starting(delivery) for delivery in added]
            parts += added
        return parts, writes

    def check(self, message_id: str, changes: Changes, member: Member) -> None:
        """Raise what `edit` would of what the changed message says; do nothing."""
        snapshot = self._publishing.read(message_id, member)
        after = changed(snapshot.message, changes, self._clock.now())
        self._check_changed(after, _settled(snapshot), member)

    def _check_changed(
        self, after: Message, settled: Collection[ChannelName], member: Member
    ) -> None:
        open_to_change = [name for name in after.channels if name not in settled]
        with pointing({"/member_name": "/channels"}):
            self._checking.check(after.content, open_to_change, member)


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
    late, due_at = after.late_policy.skip_after, after.due_at
    if delivery.status is Status.FAILED:
        says_the_same = after.content.says_as_much(before.content, delivery.key.channel)
        if says_the_same and not is_rescheduled:
            return delivery
        due_at = max(due_at, now)
    return steps.edit(delivery, after.revision, due_at, late)
