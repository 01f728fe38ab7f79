"""Sets deliveries going again that had come to an end, with whatever they are part of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from chalicelib.domain import steps
from chalicelib.domain.deliveries import Delivery, DeliveryKey, Policy
from chalicelib.domain.errors import IllegalTransition
from chalicelib.domain.ports import Clock, Ids
from chalicelib.services.progress import Progress


class Restarting:
    """Takes one step with each of a channel's deliveries: the one, or its recipients'."""

    def __init__(
        self,
        *,
        progress: Progress,
        clock: Clock,
        ids: Ids,
        policy: Policy,
    ) -> None:
        self._progress = progress
        self._clock = clock
        self._ids = ids
        self._policy = policy

    def recipients(self, parent: DeliveryKey) -> Sequence[Delivery]:
        """Return the deliveries to all recipients of a direct channel's parent."""
        return list(self._progress.recipients(parent))

    def send_again(self, delivery: Delivery) -> Delivery:
        """Return the delivery as it is when it is to be sent whatever was in doubt."""
        return steps.retry(delivery, self._clock.now(), self._policy, self._ids.new())

    def look_up(self, delivery: Delivery) -> Delivery:
        """Return the delivery as it is when it is to be looked up anew."""
        return steps.recheck(delivery, self._clock.now(), self._policy, self._ids.new())

    def confirm(self, delivery: Delivery) -> Delivery:
        """Return the delivery as it is on somebody's word that the platform has it."""
        return steps.confirm(delivery, self._clock.now())

    def confirm_gone(self, delivery: Delivery) -> Delivery:
        """Return the delivery as it is on somebody's word that its post is deleted.

        Raises `IllegalTransition` where no post was to be deleted.
        """
        if delivery.receipt is None:
            raise IllegalTransition(
                "No post was to be deleted here: answer it_is_there, or send_it where it is not."
            )
        return steps.unpublished(delivery)

    def take(
        self,
        parts: Sequence[Delivery],
        step: Callable[[Delivery], Delivery],
        event: str,
        actor: str,
    ) -> Sequence[Delivery]:
        """Take a step with deliveries of one message and channel; the worker must yet be told.

        Their closed parent is opened first and closed again if nobody is left to be served.
        Raises `LostRace` when somebody else moves one of them at the same time; those before it
        have been moved then.
        """
        parent = replace(parts[0].key, recipient_id=None)
        if parts[0].key != parent:
            self._progress.reopen(parent, self._ids.new(), actor)
        moved = [self._progress.store(part, step(part), event, actor=actor) for part in parts]
        self._progress.close_parent_of(parent)
        self._progress.roll_up(parent.message_id)
        return moved
