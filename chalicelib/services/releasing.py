"""Releases what is due: claims it and puts a hint on the stream. The due index is the truth.

A run looks ahead for as long as it knows due work and ends at once when it knows none, so that a
delivery is on the stream just before its minute and not up to a minute after:

    tick ── claim what is due ── sleep until the next one's lead ── claim … ── stop after `span`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime, timedelta

from chalicelib.domain import steps
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.circuits import is_paused, spread
from chalicelib.domain.deliveries import Delivery, DeliveryKey, Policy
from chalicelib.domain.errors import LostRace, StoreUnavailable
from chalicelib.domain.metrics import Metric
from chalicelib.domain.ports import (
    AccountState,
    AccountStatus,
    Clock,
    Due,
    Ids,
    Messages,
    Telemetry,
)
from chalicelib.domain.states import Status
from chalicelib.services.accounts import AccountBook
from chalicelib.services.hinting import Hinting
from chalicelib.services.progress import SCHEDULER, TOGETHER, Progress

LEAD = timedelta(seconds=6)
"""How long before its minute a delivery is released: the stream's batching window and a little."""
SPAN = timedelta(seconds=58)
"""How long one run looks ahead; the next tick takes over."""
READ_TOGETHER = 100
"""Deliveries that one request reads."""
BETWEEN_TICKS = timedelta(seconds=60)
WAITING = frozenset({Status.PENDING, Status.RETRYING})
"""What a resting account holds back; everything else must be looked at by a worker."""


class Releasing:
    """The scheduler. Any number may run at once: every claim is conditional."""

    def __init__(
        self,
        *,
        messages: Messages,
        book: AccountBook,
        hinting: Hinting,
        progress: Progress,
        clock: Clock,
        ids: Ids,
        policy: Policy,
        claims_per_second: float,
        telemetry: Telemetry,
        pool: Callable[[], Executor],
    ) -> None:
        self._messages = messages
        self._book = book
        self._hinting = hinting
        self._progress = progress
        self._clock = clock
        self._ids = ids
        self._policy = policy
        self._budget = round(claims_per_second * BETWEEN_TICKS.total_seconds())
        self._telemetry = telemetry
        self._pool = pool

    def release(self, deadline: datetime | None = None) -> int:
        """Release what is or becomes due during this run; return how many.

        No more than the workers serve until the next tick: what is over that keeps its place in
        the index, so that a backlog is late but never a storm. Stops in time for `deadline`.
        """
        end = self._clock.now() + SPAN
        if deadline is not None:
            end = min(end, deadline)
        released = 0
        known = self._known(end + LEAD)
        self._measure(known)
        while True:
            now = self._clock.now()
            ripe = [due for due in known if due.next_at <= now + LEAD]
            claimed = self._claim_all(ripe[: self._budget - released])
            released += len(claimed)
            left = (due for due in known if due.key not in claimed)
            wake = min((at for due in left if (at := _wake(due, now)) > now), default=end)
            if wake >= end or released >= self._budget:
                return released
            self._clock.sleep(max((wake - self._clock.now()).total_seconds(), 0.2))
            known = self._known(end + LEAD)

    def _measure(self, known: Sequence[Due]) -> None:
        """Tell that this run could read what is due, and since when the oldest of it is."""
        now = self._clock.now()
        oldest = max((now - due.next_at for due in known), default=timedelta(0))
        overdue = max(oldest.total_seconds(), 0)
        self._telemetry.count(Metric.TICKS)
        self._telemetry.count(Metric.OLDEST_DUE, overdue, "Seconds")

    def _measure_accounts(self, states: Iterable[AccountState]) -> None:
        """Tell which channels have something due and an account that is refused or missing."""
        for state in states:
            if state.status is not AccountStatus.CONNECTED:
                self._telemetry.count(Metric.ACCOUNT_BLOCKED, channel=state.channel)

    def _known(self, until: datetime) -> list[Due]:
        pages = self._pool().map(
            lambda shard: self._shard(shard, until), range(self._messages.shards)
        )
        return sorted((due for page in pages for due in page), key=lambda due: due.next_at)

    def _shard(self, shard: int, until: datetime) -> list[Due]:
        """Return what a shard knows, the soonest first, but no more than a run can claim."""
        known: list[Due] = []
        cursor = None
        while True:
            page = self._messages.due(shard, until, cursor)
            known += page.items
            cursor = page.cursor
            if cursor is None or len(known) >= self._budget:
                return known

    def _claim_all(self, due: Sequence[Due]) -> set[DeliveryKey]:
        """Claim what is still ripe, re-read first: the index is only a hint."""
        states = self._book.states(dict.fromkeys(d.key.channel for d in due))
        self._measure_accounts(states.values())
        batches = self._pool().map(lambda batch: self._claim(batch, states), _batches(due))
        claimed = [delivery for batch in batches for delivery in batch if delivery.claim]
        self._hinting.tell(claimed)
        return {delivery.key for delivery in claimed}

    def _claim(
        self, due: Sequence[Due], states: Mapping[ChannelName, AccountState]
    ) -> Sequence[Delivery]:
        try:
            found = self._messages.deliveries([d.key for d in due])
        except StoreUnavailable as error:
            self._telemetry.event("due_not_read", error=error.detail)
            return ()
        now = self._clock.now()
        ripe = [delivery for delivery in found if _is_ripe(delivery, now)]
        moves = [(d, self._step(d, states[d.key.channel], now)) for d in ripe]
        return [
            delivery
            for start in range(0, len(moves), TOGETHER)
            for delivery in self._stored(moves[start : start + TOGETHER])
        ]

    def _stored(self, moves: Sequence[tuple[Delivery, Delivery]]) -> Sequence[Delivery]:
        """Store the claims; a race lost for one of them must not cost the others theirs."""
        try:
            return self._progress.store_all(moves, actor=SCHEDULER)
        except LostRace:
            if len(moves) == 1:
                return ()
            half = len(moves) // 2
            return [*self._stored(moves[:half]), *self._stored(moves[half:])]
        except StoreUnavailable as error:
            self._telemetry.event("claim_not_written", error=error.detail)
            return ()

    def _step(self, delivery: Delivery, state: AccountState, now: datetime) -> Delivery:
        if delivery.status is Status.BLOCKED and state.status is not AccountStatus.CONNECTED:
            return steps.postpone(delivery, now + self._policy.blocked_recheck)
        if delivery.status in WAITING and state.paused_until and is_paused(state, now):
            return steps.postpone(delivery, spread(delivery.key, state.paused_until, now))
        return steps.claim(delivery, now, self._policy, self._ids.new())


def _batches(due: Sequence[Due]) -> Iterator[Sequence[Due]]:
    """Yield what one request reads."""
    for start in range(0, len(due), READ_TOGETHER):
        yield due[start : start + READ_TOGETHER]


def _wake(due: Due, now: datetime) -> datetime:
    """Return when to look at an index entry again: at its lead, or at its very time."""
    early = due.next_at - LEAD
    return early if early > now else due.next_at


def _is_ripe(delivery: Delivery, now: datetime) -> bool:
    """Return whether a delivery may be claimed: a lease must have ended, a start may be near."""
    if delivery.next_at is None:
        return False
    lead = LEAD if delivery.status is Status.PENDING else timedelta(0)
    return delivery.next_at <= now + lead
