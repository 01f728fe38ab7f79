"""Takes published posts back, as attempts of their own: written down first, then asked for.

To delete twice does no harm, so a lost answer is no doubt: the platform is simply asked again.
Where that leads nowhere, it is asked whether the post is still there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import assert_never

from chalicelib.domain import steps
from chalicelib.domain.channels import Account, Channel, ChannelName, Receipt
from chalicelib.domain.deliveries import Attempt, Delivery, Policy
from chalicelib.domain.errors import ChannelError, LostRace, UnsupportedContent
from chalicelib.domain.ports import Clock, Messages, Unit
from chalicelib.services.accounts import AccountBook
from chalicelib.services.conversing import Conversing
from chalicelib.services.progress import Progress
from chalicelib.services.reconciling import Absent, AskPerson, Later, Reconciling, StillThere


class Unpublishing:
    """The worker's part: asks the platform to delete a post."""

    def __init__(
        self,
        *,
        channels: Mapping[ChannelName, Channel],
        messages: Messages,
        book: AccountBook,
        conversing: Conversing,
        reconciling: Reconciling,
        progress: Progress,
        unit: Unit,
        clock: Clock,
        random: Random,
        policy: Policy,
    ) -> None:
        self._channels = channels
        self._messages = messages
        self._book = book
        self._conversing = conversing
        self._reconciling = reconciling
        self._progress = progress
        self._unit = unit
        self._clock = clock
        self._random = random
        self._policy = policy

    def take_back(self, delivery: Delivery) -> None:
        """Have a delivery's post deleted, or see what became of it; what happens is settled."""
        posts, now = self._posts(delivery), self._clock.now()
        if steps.is_to_be_looked_for(delivery, self._policy):
            self._look(delivery, posts, now)
            return
        begun = steps.begin_unpublishing(delivery, now, self._policy)
        attempt = Attempt.begun(begun, now, action="unpublish")
        self._unit.commit(self._messages.moving(delivery, begun, attempt=attempt))
        until = now + self._policy.attempt_lease - self._policy.call
        self._settle(begun, attempt, self._refusal(begun, posts, until))

    def _look(self, delivery: Delivery, posts: Sequence[Receipt], now: datetime) -> None:
        channel = self._channels[delivery.key.channel]
        state = self._book.state(channel.name)
        if self._book.refusal(state) is not None:
            later = steps.postpone(delivery, now + self._policy.blocked_recheck)
            self._progress.move(delivery, later)
            return
        account = self._book.open(state)
        found = self._reconciling.presence(delivery, channel, posts, account, now)
        match found:
            case StillThere():
                self._progress.move(delivery, steps.still_there(delivery), "found")
            case Absent():
                self._progress.move(delivery, steps.unpublished(delivery), "absent")
            case Later(at, counts):
                move = steps.look_again if counts else steps.postpone
                self._progress.move(delivery, move(delivery, at))
            case AskPerson():
                self._progress.move(delivery, steps.ask_whether_gone(delivery))
            case _:  # pragma: no cover - the type checker knows that there is none
                assert_never(found)

    def _posts(self, delivery: Delivery) -> Sequence[Receipt]:
        """Return every post that is known of: a platform may have taken what it refused, too."""
        if delivery.receipt is None:
            return ()
        proofs = [
            attempt.proof
            for attempt in self._messages.attempts(delivery.key)
            if attempt.proof is not None and attempt.revision == delivery.revision
        ]
        return tuple({post.external_id: post for post in (*proofs, delivery.receipt)}.values())

    def _refusal(
        self, delivery: Delivery, posts: Sequence[Receipt], until: datetime
    ) -> ChannelError | None:
        """Ask the platform; return why a post may still be there, None if all are gone."""
        channel = self._channels[delivery.key.channel]
        if not posts:
            return UnsupportedContent("It is not known which post this is.")
        state = self._book.state(channel.name)
        refusal = self._book.refusal(state)
        if refusal is not None:
            return refusal
        account = self._book.open(state)
        asked = (self._asked(channel, post, account, until) for post in posts)
        return next(filter(None, asked), None)

    def _asked(
        self, channel: Channel, receipt: Receipt, account: Account, until: datetime
    ) -> ChannelError | None:
        try:
            self._conversing.hold(channel.unpublish(receipt, account), account, until=until)
        except ChannelError as error:
            return error
        return None

    def _settle(self, begun: Delivery, attempt: Attempt, refusal: ChannelError | None) -> None:
        now = self._clock.now()
        if refusal is None:
            after = steps.unpublished(begun)
        else:
            settle = self._reconciling.settle_time(self._channels[begun.key.channel])
            after = steps.unpublish_error(begun, refusal, now, self._policy, self._random, settle)
        finished = replace(
            attempt,
            finished_at=now,
            outcome=refusal.code if refusal else "unpublished",
            detail=refusal.detail if refusal else "",
        )
        self._stored(begun, after, finished, now)

    def _stored(self, before: Delivery, after: Delivery, attempt: Attempt, now: datetime) -> None:
        try:
            self._progress.move(before, after, attempt.outcome, attempt=attempt)
        except LostRace:
            self._unit.commit(self._messages.noting(replace(attempt, late=True)))
