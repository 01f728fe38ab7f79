"""Makes a table that was restored to an earlier time safe to go on with, for an operator.

To be done before the product serves it: nothing that may have been published since is sent unless
the platform, or a person, says that it is not there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from chalicelib.domain.channels import Channel, ChannelName
from chalicelib.domain.deliveries import Delivery, DeliveryKey, Policy
from chalicelib.domain.errors import LostRace
from chalicelib.domain.messages import UNPUBLISHED, MessageStatus
from chalicelib.domain.ports import Filter, Ids, Listed, Messages
from chalicelib.domain.restores import Course, Restore
from chalicelib.services.paging import all_of
from chalicelib.services.progress import Progress

OPERATOR = "operator"
EVENT = "restored"
END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
ACTS = frozenset({Course.LOOK_UP, Course.ASK_PERSON, Course.LEAVE_OUT, Course.CUT_SHORT})
TOGETHER = 100
"""Deliveries read at once."""


@dataclass
class Restored:
    """What becomes, or became, of the open deliveries, and what only people can know."""

    courses: Counter[tuple[Course, ChannelName]] = field(default_factory=Counter)
    moved_on: list[DeliveryKey] = field(default_factory=list)
    """Somebody else moved these meanwhile: the product must not be running."""
    unpublished: Counter[MessageStatus] = field(default_factory=Counter)
    """Drafts and what awaits approval: they may have been published since."""


class Restoring:
    """Doubts whatever a restored table has forgotten."""

    def __init__(
        self,
        *,
        channels: Mapping[ChannelName, Channel],
        messages: Messages,
        progress: Progress,
        ids: Ids,
        policy: Policy,
    ) -> None:
        self._channels = channels
        self._messages = messages
        self._progress = progress
        self._ids = ids
        self._policy = policy

    def look(self, restore: Restore) -> Restored:
        """Return what would become of everything open. Changes nothing."""
        return self._found(restore, acts=False)

    def apply(self, restore: Restore) -> Restored:
        """Set everything open on its course. Again, it finds nothing more to do."""
        return self._found(restore, acts=True)

    def _found(self, restore: Restore, *, acts: bool) -> Restored:
        found = Restored()
        touched: set[str] = set()
        for delivery in self._open():
            channel = self._channels[delivery.key.channel]
            course = restore.course(delivery, channel)
            if acts and course in ACTS:
                if not self._step(restore, delivery, channel, course):
                    found.moved_on.append(delivery.key)
                    continue
                touched.add(delivery.key.message_id)
            found.courses[course, channel.name] += 1
        for message_id in sorted(touched):
            self._progress.roll_up(message_id)
        for status in UNPUBLISHED:
            found.unpublished[status] = sum(1 for _ in self._of(status))
        return found

    def _step(self, restore: Restore, delivery: Delivery, channel: Channel, course: Course) -> bool:
        after, attempt = restore.step(delivery, channel, course, self._policy, self._ids.new())
        try:
            self._progress.store(delivery, after, EVENT, actor=OPERATOR, attempt=attempt)
        except LostRace:
            return False
        if delivery.key.recipient_id is not None:
            self._progress.close_parent_of(delivery.key)
        return True

    def _open(self) -> Iterator[Delivery]:
        """Yield every open delivery; all keys first, because each step moves one in the index."""
        keys = [key for shard in range(self._messages.shards) for key in self._due(shard)]
        for some in _in_parts(keys):
            found = self._messages.deliveries(some)
            yield from (delivery for delivery in found if not delivery.status.is_terminal)

    def _due(self, shard: int) -> Iterator[DeliveryKey]:
        entries = all_of(lambda cursor: self._messages.due(shard, END_OF_TIME, cursor))
        yield from (entry.key for entry in entries)

    def _of(self, status: MessageStatus) -> Iterator[Listed]:
        wanted = Filter(status=status)
        return all_of(lambda cursor: self._messages.calendar(wanted, 100, cursor))


def _in_parts(keys: Sequence[DeliveryKey]) -> Iterator[Sequence[DeliveryKey]]:
    for start in range(0, len(keys), TOGETHER):
        yield keys[start : start + TOGETHER]
