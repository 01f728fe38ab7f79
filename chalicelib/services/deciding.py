"""What a person decides about deliveries: stop, try again, "it is there", "send it"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chalicelib.domain import steps
from chalicelib.domain.channels import Channel, ChannelName
from chalicelib.domain.deliveries import Delivery, DeliveryKey, Policy
from chalicelib.domain.errors import Conflict, IllegalTransition, LostRace, NotFound
from chalicelib.domain.identity import Member
from chalicelib.domain.messages import Message, MessageStatus
from chalicelib.domain.ports import (
    Certifications,
    CertificationStatus,
    Clock,
    Ids,
    Messages,
    Snapshot,
    Writes,
)
from chalicelib.domain.recall import beyond_recall, was_stopped
from chalicelib.domain.states import Event, Status
from chalicelib.services.progress import TRIES, Progress
from chalicelib.services.publishing import Publishing
from chalicelib.services.restarting import Restarting

RACED = "Someone decided this at the same time; read it again."
IT_IS_THERE = "it_is_there"
IT_IS_GONE = "it_is_gone"


class Deciding:
    """Decisions on deliveries, each one conditional step of the state table."""

    def __init__(
        self,
        *,
        channels: Mapping[ChannelName, Channel],
        messages: Messages,
        certifications: Certifications,
        publishing: Publishing,
        progress: Progress,
        restarting: Restarting,
        clock: Clock,
        ids: Ids,
        policy: Policy,
    ) -> None:
        self._channels = channels
        self._messages = messages
        self._certifications = certifications
        self._publishing = publishing
        self._progress = progress
        self._restarting = restarting
        self._clock = clock
        self._ids = ids
        self._policy = policy

    # --- stopping -----------------------------------------------------------------------------

    def cancel(self, message_id: str, member: Member) -> Snapshot:
        """Stop what can be stopped. Again, once nothing is in flight: the message as it is.

        Raises `InFlight` with the channels that show it or yet may, until it was told once that the
        others were stopped; `IllegalTransition` for a rejected message.
        """
        before = self._publishing.read(message_id, member)
        message = before.message
        if message.status is MessageStatus.REJECTED:
            raise IllegalTransition("A rejected message has nothing to cancel.")
        if message.is_unpublished:
            return self._publishing.restated(
                message, MessageStatus.CANCELLED, member, "cancelled", *self._released(message)
            )
        for delivery in before.deliveries:
            self._stop(delivery, member)
        if any(not delivery.status.is_terminal for delivery in before.deliveries):
            self._progress.roll_up(message_id)
        after = self._publishing.read(message_id, member)
        if after.message.status is MessageStatus.CANCELLED:
            self._publishing.commit_or_conflict(*self._released(message))
        refusal = beyond_recall(after.deliveries)
        is_settled = all(delivery.status.is_terminal for delivery in after.deliveries)
        if refusal is not None and not (is_settled and was_stopped(before.deliveries)):
            raise refusal
        return after

    def _stop(self, delivery: Delivery, member: Member) -> None:
        """Cancel one delivery, or of a parent's recipients all that still can be."""
        current: Delivery | None = delivery
        for _ in range(TRIES):
            if current is None:
                return
            try:
                return self._stop_now(current, member)
            except LostRace:
                current = self._messages.delivery(delivery.key)

    def _stop_now(self, delivery: Delivery, member: Member) -> None:
        if delivery.parent and delivery.status is Status.SENDING:
            self._stop_recipients(delivery, member)
        elif delivery.can(Event.CANCEL):
            self._step(delivery, steps.cancel(delivery), member, "cancelled")

    def _stop_recipients(self, parent: Delivery, member: Member) -> None:
        if not parent.expanded:
            parent = self._step(parent, steps.cut_short(parent), member, "cancelled")
        for child in self._restarting.recipients(parent.key):
            self._stop(child, member)
        self._progress.close_parent_of(parent.key)

    def _released(self, message: Message) -> Sequence[Writes]:
        """Return the write that lets a cancelled announcement be made again, if it is needed."""
        if message.certification_id is None:
            return ()
        before = self._certifications.get(message.certification_id)
        if before is None or before.status is CertificationStatus.CANCELLED:
            return ()
        after = replace(before, status=CertificationStatus.CANCELLED, version=before.version + 1)
        return (self._certifications.saving(before, after, release_key=True),)

    # --- a person's decisions -----------------------------------------------------------------

    def retry(self, message_id: str, channel: str, member: Member) -> Snapshot:
        """Try a channel again that failed, was left out, or waits for an answer."""
        parts = self._stuck(message_id, channel, member)
        return self._decide(message_id, parts, "retried", member)

    def resolve(
        self, message_id: str, channel: str, answer: str, recipient: str | None, member: Member
    ) -> Snapshot:
        """Answer a question that only a person can: ``it_is_there`` or ``send_it``.

        Where a post was to be deleted: ``it_is_there`` or ``it_is_gone``.
        Without `recipient` the answer holds for everyone on a direct channel who needs it.
        """
        parts = [
            part
            for part in self._stuck(message_id, channel, member)
            if part.status is Status.NEEDS_REVIEW
            and (recipient is None or part.key.recipient_id == recipient)
        ]
        if recipient and not parts and not self._is_recipient(message_id, channel, recipient):
            raise NotFound("The message does not go to this recipient.")
        return self._decide(message_id, parts, answer, member)

    def _is_recipient(self, message_id: str, channel: str, recipient: str) -> bool:
        return (
            self._messages.delivery(DeliveryKey(message_id, ChannelName(channel), recipient))
            is not None
        )

    def unpublish(self, message_id: str, channel: str, member: Member) -> Snapshot:
        """Have a published post deleted on its platform; again: the message as it is.

        Raises `NotFound`, and `IllegalTransition` where nothing is published or can't be deleted.
        """
        snapshot = self._publishing.read(message_id, member)
        delivery = snapshot.delivery(channel)
        if delivery is None:
            raise NotFound("The message does not go to this channel.")
        if delivery.status in (Status.UNPUBLISHING, Status.DELETED):
            return snapshot
        declared = self._channels[delivery.key.channel]
        if not declared.takes_back:
            raise IllegalTransition(f"{declared.title}: what was sent can't be taken back.")
        if delivery.status is Status.DELIVERED and delivery.receipt is None:
            raise IllegalTransition(
                "We don't know which post this is: delete it on the platform itself."
            )
        after = steps.unpublish(delivery, self._clock.now(), self._policy, self._ids.new())
        try:
            moved = self._step(delivery, after, member, "unpublish")
        except LostRace as lost:
            raise Conflict(RACED) from lost
        self._progress.roll_up(message_id)
        self._publishing.launch(Snapshot(snapshot.message, (moved,)))
        return self._publishing.read(message_id, member)

    def _stuck(self, message_id: str, channel: str, member: Member) -> list[Delivery]:
        """Return what a person can decide on: the delivery itself, or its recipients'."""
        delivery = self._publishing.read(message_id, member).delivery(channel)
        if delivery is None:
            raise NotFound("The message does not go to this channel.")
        rows: Sequence[Delivery] = [delivery]
        if delivery.parent and delivery.counts.total:
            rows = self._restarting.recipients(delivery.key)
        return [row for row in rows if row.can(Event.RETRY)]

    def _decide(
        self, message_id: str, parts: Sequence[Delivery], answer: str, member: Member
    ) -> Snapshot:
        if not parts:
            raise IllegalTransition("There is nothing to decide on this channel.")
        step = self._restarting.send_again
        if answer == IT_IS_THERE:
            step = self._restarting.confirm
        elif answer == IT_IS_GONE:
            step = self._restarting.confirm_gone
        try:
            moved = self._restarting.take(parts, step, answer, member.id)
        except LostRace as lost:
            raise Conflict(RACED) from lost
        after = self._publishing.read(message_id, member)
        self._publishing.launch(Snapshot(after.message, tuple(moved)))
        return after

    def _step(self, before: Delivery, after: Delivery, member: Member, event: str) -> Delivery:
        return self._progress.store(before, after, event, actor=member.id)
