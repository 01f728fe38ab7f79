"""Gives a direct channel's parent one row per recipient, with a cursor that survives anything."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.domain import steps
from chalicelib.domain.deliveries import Delivery, DeliveryKey, Policy
from chalicelib.domain.ports import (
    Clock,
    Hint,
    Ids,
    Messages,
    Page,
    Subscription,
    Subscriptions,
    Unit,
)
from chalicelib.domain.states import Status
from chalicelib.services.hinting import Hinting, hint
from chalicelib.services.progress import Progress

ROWS = 20
"""Rows made in one transaction with their parent's cursor."""
AT_ONCE = 40
"""About how many recipients the worker serves itself; the stream shares out the rest."""


class Expanding:
    """Makes the rows: none is lost or made twice, wherever a worker dies."""

    def __init__(
        self,
        *,
        messages: Messages,
        subscriptions: Subscriptions,
        hinting: Hinting,
        progress: Progress,
        unit: Unit,
        clock: Clock,
        ids: Ids,
        policy: Policy,
    ) -> None:
        self._messages = messages
        self._subscriptions = subscriptions
        self._hinting = hinting
        self._progress = progress
        self._unit = unit
        self._clock = clock
        self._ids = ids
        self._policy = policy

    def expand(self, parent: Delivery) -> Sequence[Hint]:
        """Make a row for everyone who agreed; return those to serve at once, put the others."""
        channel, at_once = parent.key.channel, list[Delivery]()
        while True:
            page = self._subscriptions.page(channel, ROWS, parent.cursor)
            active = [s for s in page.items if s.is_reachable]
            parent, children = self._grow(parent, active, _last_seen(page) or parent.cursor)
            if len(at_once) < AT_ONCE:
                at_once += children
            else:
                self._hinting.tell(children)
            if page.cursor is None:
                break
        done = steps.expanded(parent, self._clock.now() + self._policy.queue_lease)
        self._unit.commit(self._messages.moving(parent, done))
        self._progress.close_parent_of(done.key)
        return [hint(child) for child in at_once]

    def _grow(
        self, parent: Delivery, subscriptions: Sequence[Subscription], last: str | None
    ) -> tuple[Delivery, Sequence[Delivery]]:
        children = [self._child(parent, s.recipient.id) for s in subscriptions]
        grown = steps.grown(parent, len(children), last)
        self._unit.commit(
            self._messages.moving(parent, grown),
            *(self._messages.starting(child) for child in children),
        )
        return grown, children

    def _child(self, parent: Delivery, recipient_id: str) -> Delivery:
        return Delivery(
            key=DeliveryKey(parent.key.message_id, parent.key.channel, recipient_id),
            status=Status.QUEUED,
            revision=parent.revision,
            due_at=parent.due_at,
            next_at=self._clock.now() + self._policy.queue_lease,
            claim=self._ids.new(),
            late_after=parent.late_after,
            correlation_id=parent.correlation_id,
        )


def _last_seen(page: Page[Subscription]) -> str | None:
    """Return after whom the next page begins; who was erased stands in no page's items."""
    if page.cursor is not None:
        return page.cursor["after"]
    return page.items[-1].recipient.id if page.items else None
