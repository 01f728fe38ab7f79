"""Settles doubt: asks what can be asked, waits as long as the answer can't be believed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from chalicelib.domain.channels import Account, Channel, Post, Receipt, Reconcilability
from chalicelib.domain.deliveries import Attempt, Delivery, Policy
from chalicelib.domain.errors import ChannelError, CredentialsRejected, RateLimited
from chalicelib.services.conversing import Conversing

T = TypeVar("T")
SKEW = timedelta(minutes=1)
"""How far a platform's clock may be behind ours."""


@dataclass(frozen=True, slots=True)
class Found:
    """The platform has it."""

    receipt: Receipt


@dataclass(frozen=True, slots=True)
class StillThere:
    """The platform shows what it was asked to delete."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The platform certainly has not got it."""


@dataclass(frozen=True, slots=True)
class SameKey:
    """The platform knows a repetition by our key: the same again is safe, whatever became of it."""


@dataclass(frozen=True, slots=True)
class Later:
    """It can't be told yet; `counts` says whether this was a try."""

    at: datetime
    counts: bool = True


@dataclass(frozen=True, slots=True)
class AskPerson:
    """Nothing but a person can tell."""


Verdict = Found | Absent | SameKey | Later | AskPerson
Presence = StillThere | Absent | Later | AskPerson


class Reconciling:
    """Finds out whether an unanswered attempt published, or deleted."""

    def __init__(self, conversing: Conversing, policy: Policy, settle: timedelta | None) -> None:
        self._conversing = conversing
        self._policy = policy
        self._settle = settle

    def settle_time(self, channel: Channel) -> timedelta:
        """Return how long an absence on this channel is not to be believed."""
        return self._settle or channel.settle_time

    def verdict(
        self,
        delivery: Delivery,
        channel: Channel,
        post: Post,
        account: Account,
        attempts: Sequence[Attempt],
        now: datetime,
    ) -> Verdict:
        """Return what can be said about a delivery in doubt at `now`."""
        proof = next((a.proof for a in attempts if a.proof), None)
        if proof is not None:
            return Found(proof)
        if not delivery.doubt:
            return Absent()
        if channel.reconciles_by is Reconcilability.KEY:
            return SameKey()
        since = delivery.doubt_since or now
        if channel.reconciles_by is Reconcilability.NONE:
            return AskPerson()
        if channel.reconciles_by is Reconcilability.EVENT:
            until = since + self._policy.event_wait
            return Later(until, counts=False) if now < until else AskPerson()
        believable = since + self.settle_time(channel)
        if now < believable:
            return Later(believable, counts=False)
        if delivery.lookups >= self._policy.max_lookups:
            return AskPerson()
        return self._look_up(delivery, channel, post, account, attempts, now)

    def _look_up(
        self,
        delivery: Delivery,
        channel: Channel,
        post: Post,
        account: Account,
        attempts: Sequence[Attempt],
        now: datetime,
    ) -> Verdict:
        started = min((a.started_at for a in attempts), default=now)
        lookup = channel.find(post, account, started - SKEW)
        found = self._asked(lambda: self._conversing.hold(lookup, account), delivery, now)
        if isinstance(found, Later):
            return found
        return Absent() if found is None else Found(found)

    def presence(
        self,
        delivery: Delivery,
        channel: Channel,
        posts: Sequence[Receipt],
        account: Account,
        now: datetime,
    ) -> Presence:
        """Return whether any of a delivery's posts is still there."""
        if not posts or delivery.lookups >= self._policy.max_lookups:
            return AskPerson()

        def look() -> bool:
            looks = (channel.is_there(post, account) for post in posts)
            return any(self._conversing.hold(look, account) for look in looks)

        found = self._asked(look, delivery, now)
        if isinstance(found, Later):
            return found
        return StillThere() if found else Absent()

    def _asked(self, look: Callable[[], T], delivery: Delivery, now: datetime) -> T | Later:
        """Return what the platform says, or when to ask it again."""
        try:
            return look()
        except CredentialsRejected:
            return Later(now + self._policy.blocked_recheck, counts=False)
        except RateLimited as error:
            return Later(now + (error.retry_after or self._policy.blocked_recheck), counts=False)
        except ChannelError:
            return Later(now + self._policy.blocked_recheck * min(delivery.lookups + 1, 4))
