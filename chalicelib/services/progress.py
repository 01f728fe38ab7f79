"""Stores each step of a delivery with its audit entry, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from chalicelib.domain import steps
from chalicelib.domain.deliveries import (
    Attempt,
    AuditEntry,
    Delivery,
    DeliveryKey,
    Policy,
    Problem,
)
from chalicelib.domain.errors import IllegalTransition, LostRace, StoreUnavailable
from chalicelib.domain.messages import roll_up
from chalicelib.domain.metrics import Metric
from chalicelib.domain.ports import Clock, Messages, Observers, Telemetry, Unit, Writes
from chalicelib.domain.states import Status
from chalicelib.services.paging import all_of

TOGETHER = 50
"""Steps that fit into one transaction, each with its audit entry."""
TRIES = 5
"""How often a change is tried again when a worker moved the same delivery."""
AILING = frozenset({Status.FAILED, Status.NEEDS_REVIEW, Status.SKIPPED})
"""Where a delivery ends that has something to explain."""
WORKER = "worker"
SCHEDULER = "scheduler"


class Progress:
    """The only writer of deliveries' steps: whoever moves one leaves a trace of it."""

    def __init__(
        self,
        messages: Messages,
        unit: Unit,
        clock: Clock,
        policy: Policy,
        telemetry: Telemetry,
        observers: Observers,
    ) -> None:
        self._messages = messages
        self._unit = unit
        self._clock = clock
        self._policy = policy
        self._telemetry = telemetry
        self._observers = observers

    def move(
        self,
        before: Delivery,
        after: Delivery,
        event: str = "",
        *,
        actor: str = WORKER,
        attempt: Attempt | None = None,
    ) -> Delivery:
        """Store one step; then keep its parent and the stored roll-up current, best effort.

        Raises `LostRace` when somebody else moved it first.
        """
        after = self.store(before, after, event, actor=actor, attempt=attempt)
        if after.status is not before.status:
            self._follow(after)
        return after

    def store(
        self,
        before: Delivery,
        after: Delivery,
        event: str = "",
        *,
        actor: str = WORKER,
        attempt: Attempt | None = None,
    ) -> Delivery:
        """Store one step alone; a change of status, or what `event` tells, is audited."""
        after, writes = self._writes(before, after, event, actor, attempt)
        self._unit.commit(writes)
        if after.status is not before.status:
            self._observers.changed(after.key.message_id)
        if after.status is Status.NEEDS_REVIEW and before.status is not Status.NEEDS_REVIEW:
            self._telemetry.count(Metric.NEEDS_REVIEW, channel=after.key.channel)
        return after

    def _writes(
        self,
        before: Delivery,
        after: Delivery,
        event: str,
        actor: str,
        attempt: Attempt | None,
    ) -> tuple[Delivery, Writes]:
        entry = None
        if event or after.status is not before.status:
            after = replace(after, audit_count=before.audit_count + 1)
            entry = self._entry(before, after, event, actor)
        return after, self._messages.moving(before, after, entry, attempt)

    def store_all(
        self, moves: Sequence[tuple[Delivery, Delivery]], *, actor: str
    ) -> Sequence[Delivery]:
        """Store up to `TOGETHER` steps of different deliveries in one transaction, all or none.

        Raises `LostRace` when somebody else moved one of them first.
        """
        made = [self._writes(before, after, "", actor, None) for before, after in moves]
        self._unit.commit(*(writes for _, writes in made))
        for before, after in moves:
            if after.status is not before.status:
                self._observers.changed(after.key.message_id)
        return [after for after, _ in made]

    def _entry(self, before: Delivery, after: Delivery, event: str, actor: str) -> AuditEntry:
        return AuditEntry(
            message_id=after.key.message_id,
            channel=after.key.channel,
            recipient_id=after.key.recipient_id,
            sequence=after.audit_count,
            at=self._clock.now(),
            actor=actor,
            event=event or after.status,
            before=before.status,
            after=after.status,
            correlation_id=self._telemetry.correlation_id or after.correlation_id,
            detail=after.problem.detail if after.problem else "",
        )

    def close(self, parent: Delivery) -> None:
        """Close a parent whose recipients are all settled; else look again when its lease ends."""
        now = self._clock.now()
        try:
            closed = steps.roll_up_recipients(parent, now)
        except IllegalTransition:
            again = now + self._policy.queue_lease
            self._unit.commit(self._messages.moving(parent, steps.postpone(parent, again)))
            return
        self.move(parent, replace(closed, problem=self._why(closed)))

    def _why(self, closed: Delivery) -> Problem | None:
        """Return what ails a closed parent: its own problem, or that of one recipient like it."""
        if closed.problem or closed.status not in AILING:
            return closed.problem
        rows = self.recipients(closed.key)
        return next((row.problem for row in rows if row.status is closed.status), None)

    def recipients(self, parent: DeliveryKey) -> Iterator[Delivery]:
        """Return the deliveries to all recipients of a direct channel's parent, page by page."""
        message_id, channel = parent.message_id, parent.channel
        return all_of(lambda cursor: self._messages.recipients(message_id, channel, 100, cursor))

    def reopen(self, key: DeliveryKey, claim_id: str, actor: str) -> None:
        """Open a closed parent again before a recipient's row changes, unless it is open anyway.

        Raises `LostRace` when somebody else moved it first.
        """
        parent = self._messages.delivery(key)
        if parent is not None and parent.status.is_terminal:
            opened = steps.reopen(parent, self._clock.now(), self._policy, claim_id)
            self.store(parent, opened, "reopened", actor=actor)

    def close_parent_of(self, key: DeliveryKey) -> None:
        """Close the parent that this is, or that this recipient's is under, if all are settled.

        Whoever moves it first closes it; what nobody closed is closed when its lease ends.
        """
        parent = self._messages.delivery(replace(key, recipient_id=None))
        if parent is None or parent.status is not Status.SENDING or not parent.expanded:
            return
        if parent.counts.settled == parent.counts.total:
            try:
                self.close(parent)
            except LostRace as error:
                self._telemetry.event("follow_later", reason=str(error))

    def roll_up(self, message_id: str, settled: DeliveryKey | None = None) -> None:
        """Store a message's status for lists; if one settled, the last of those under way does it.

        Each looks after it has settled, so whichever is last sees that all the others have.
        """
        snapshot = self._messages.get(message_id)
        if snapshot is None or not snapshot.deliveries:
            return
        if settled and any(_settles_soon(d) for d in snapshot.deliveries if d.key != settled):
            return
        status = roll_up(snapshot.deliveries)
        self._unit.commit(self._messages.rolling_up(snapshot, status))
        self._observers.changed(message_id)

    def _follow(self, delivery: Delivery) -> None:
        """A parent repairs itself when its lease ends; a message is rolled up again when read."""
        try:
            if delivery.key.recipient_id is not None:
                if delivery.status.is_terminal:
                    self.close_parent_of(delivery.key)
            elif delivery.status not in (Status.QUEUED, Status.SENDING):
                self.roll_up(delivery.key.message_id, delivery.key)
        except StoreUnavailable as error:
            self._telemetry.event("follow_later", reason=str(error))


def _settles_soon(delivery: Delivery) -> bool:
    """Return whether a worker has a delivery, or will have it at once; a parent may take hours."""
    if delivery.claim is None:
        return False
    is_sending = delivery.status is Status.SENDING and not delivery.parent
    return is_sending or delivery.status is Status.QUEUED
