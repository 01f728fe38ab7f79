"""Delivers: prepare, begin (written first), converse with the platform, settle.

A stream record is only a hint; everything is decided by the delivery as stored. Nothing a platform
does can fail a batch: only our own inability to write an outcome is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import assert_never

from chalicelib.domain import steps
from chalicelib.domain.channels import Account, Channel, ChannelName, Post, Receipt, Recipient
from chalicelib.domain.circuits import is_paused, spread
from chalicelib.domain.deliveries import Attempt, Delivery, Policy, Problem
from chalicelib.domain.errors import (
    ChannelError,
    LostRace,
    OptedOut,
    Permanent,
    StoreUnavailable,
)
from chalicelib.domain.metrics import Metric
from chalicelib.domain.ports import (
    AccountState,
    Clock,
    Hint,
    Ids,
    Messages,
    Signer,
    Subscription,
    Subscriptions,
    Telemetry,
    Unit,
)
from chalicelib.domain.reports import PROBLEMS, Fate
from chalicelib.domain.states import Status
from chalicelib.services.accounts import AccountBook
from chalicelib.services.conversing import Conversing
from chalicelib.services.expanding import Expanding
from chalicelib.services.marks import Marks
from chalicelib.services.pacing import Pacing
from chalicelib.services.preparing import Preparing
from chalicelib.services.progress import Progress
from chalicelib.services.reconciling import Absent, AskPerson, Found, Later, Reconciling, SameKey
from chalicelib.services.unpublishing import Unpublishing


@dataclass(frozen=True)
class _Ready:
    """All that an attempt needs."""

    channel: Channel
    post: Post
    account: Account
    state: AccountState


@dataclass
class _Run:
    """One attempt under way: the delivery as last stored."""

    delivery: Delivery
    attempt: Attempt
    ready: _Ready
    until: datetime
    """From then on nothing is made visible: another worker may take over."""


class Delivering:
    """Serves deliveries, many at once, each on its own."""

    def __init__(
        self,
        *,
        channels: Mapping[ChannelName, Channel],
        messages: Messages,
        subscriptions: Subscriptions,
        book: AccountBook,
        preparing: Preparing,
        conversing: Conversing,
        reconciling: Reconciling,
        expanding: Expanding,
        pacing: Pacing,
        unpublishing: Unpublishing,
        progress: Progress,
        unit: Unit,
        signer: Signer,
        clock: Clock,
        ids: Ids,
        random: Random,
        policy: Policy,
        telemetry: Telemetry,
        pool: Callable[[], Executor],
        public_url: str,
    ) -> None:
        self._channels = channels
        self._messages = messages
        self._subscriptions = subscriptions
        self._book = book
        self._preparing = preparing
        self._conversing = conversing
        self._reconciling = reconciling
        self._expanding = expanding
        self._pacing = pacing
        self._unpublishing = unpublishing
        self._progress = progress
        self._unit = unit
        self._signer = signer
        self._marks = Marks(signer)
        self._clock = clock
        self._ids = ids
        self._random = random
        self._policy = policy
        self._telemetry = telemetry
        self._pool = pool
        self._public_url = public_url

    # --- the batch ----------------------------------------------------------------------------

    def deliver_all(self, hints: Sequence[Hint], deadline: datetime | None = None) -> list[int]:
        """Serve a batch side by side; return the indexes whose outcome could not be written.

        The first recipients of a direct channel are served along with their parent, not by way of
        the stream. Nothing is begun that could outlive `deadline`.
        """
        pool, failed = self._pool(), set[int]()
        serve = self._telemetry.carried(lambda hint: self._serve(hint, deadline))
        running = {pool.submit(serve, hint): index for index, hint in enumerate(hints)}
        while running:
            finished = wait(running, return_when=FIRST_COMPLETED).done
            for done in sorted(finished, key=running.__getitem__):
                index = running.pop(done)
                following = done.result()
                if following is None:
                    failed.add(index)
                else:
                    running |= {pool.submit(serve, hint): index for hint in following}
        return sorted(failed)

    def _serve(self, hint: Hint, deadline: datetime | None) -> Sequence[Hint] | None:
        """Serve one hint; return what follows at once, None if an outcome could not be written."""
        with self._telemetry.correlated(hint.correlation_id, delivery=str(hint.key)):
            try:
                return self.deliver(hint, deadline)
            except LostRace:
                self._telemetry.event("lost_race", delivery=str(hint.key))
            except StoreUnavailable as error:
                self._telemetry.event("outcome_not_written", error=error.detail)
                return None
            except Exception as error:
                self._telemetry.failure("delivery_crashed", error)
                return None
            return ()

    def deliver(self, hint: Hint, deadline: datetime | None = None) -> Sequence[Hint]:
        """Do what the delivery needs next; return hints to serve in the same invocation.

        A hint with an old claim does nothing.
        """
        delivery = self._messages.delivery(hint.key)
        if delivery is None or delivery.claim != hint.claim:
            self._telemetry.event("stale_hint", delivery=str(hint.key))
        elif deadline is not None and self._clock.now() + self._longest_try > deadline:
            self._progress.move(delivery, steps.postpone(delivery, self._clock.now()))
        elif delivery.parent:
            return self._serve_recipients(delivery)
        elif delivery.status is Status.IN_DOUBT:
            self._reconcile(delivery, deadline)
        elif delivery.status is Status.QUEUED:
            self._attempt(delivery, deadline)
        elif delivery.status is Status.UNPUBLISHING:
            self._unpublishing.take_back(delivery)
        return ()

    @property
    def _longest_try(self) -> timedelta:
        return self._policy.call + self._policy.early

    # --- one attempt --------------------------------------------------------------------------

    def _attempt(self, delivery: Delivery, deadline: datetime | None) -> None:
        ready = self._made_ready(delivery)
        if ready is not None and self._admitted(delivery, ready):
            self._publish(delivery, ready, deadline)

    def _made_ready(self, delivery: Delivery) -> _Ready | None:
        """Return all that an attempt needs; None if the delivery went another way."""
        if not self._in_time(delivery):
            return None
        channel = self._channels[delivery.key.channel]
        state = self._usable_account(delivery)
        if state is None:
            return None
        account = self._book.open(state)
        try:
            post = self._post(delivery, channel, account)
        except Permanent as error:
            self._progress.move(delivery, steps.refuse(delivery, error), error.code)
            return None
        recipient = self._recipient(delivery)
        if delivery.key.recipient_id and recipient is None:
            self._progress.move(delivery, steps.skip(delivery, self._why_unreachable(delivery)))
            return None
        return _Ready(channel, self._marked(post, delivery, recipient), account, state)

    def _marked(self, post: Post, delivery: Delivery, recipient: Recipient | None) -> Post:
        """Return the post addressed, with the one token that all attempts and look-ups share."""
        return post.to(recipient, token=self._marks.token(delivery), handle=delivery.handle)

    def _in_time(self, delivery: Delivery) -> bool:
        """Wait for the last seconds; False if it was moved or left out instead."""
        if delivery.due_at - self._clock.now() > self._policy.early:
            self._progress.move(delivery, steps.postpone(delivery, delivery.due_at))
            return False
        self._sleep_until(delivery.due_at)
        if steps.is_too_late(delivery, self._clock.now()):
            self._progress.move(delivery, steps.skip(delivery, steps.TOO_LATE))
            return False
        return True

    def _usable_account(self, delivery: Delivery) -> AccountState | None:
        """Return the account; None if it is blocked or paused and the delivery was held back."""
        now = self._clock.now()
        state = self._book.state(delivery.key.channel)
        refusal = self._book.refusal(state)
        if refusal is not None:
            blocked = steps.block(delivery, refusal, now, self._policy)
            self._progress.move(delivery, blocked, refusal.code)
            return None
        if is_paused(state, now):
            self._rest(delivery, state, now)
            return None
        return state

    def _rest(self, delivery: Delivery, state: AccountState, now: datetime) -> None:
        """Look at a delivery again when its account's pause is over; burns no attempt."""
        again = spread(delivery.key, state.paused_until or now, now)
        self._progress.move(delivery, steps.postpone(delivery, again))

    def _admitted(self, delivery: Delivery, ready: _Ready) -> bool:
        """Wait for the account's slot; False if it rests or the slot is too far ahead."""
        now = self._clock.now()
        state = self._book.admit(ready.state, now)
        if is_paused(state, now):
            self._rest(delivery, state, now)
            return False
        at, is_slot = self._pacing.slot(delivery, ready.channel, now)
        if is_slot:
            self._sleep_until(at)
        else:
            self._progress.move(delivery, steps.postpone(delivery, at))
        return is_slot

    def _sleep_until(self, moment: datetime) -> None:
        while (wait := moment - self._clock.now()) > timedelta(0):
            self._clock.sleep(wait.total_seconds())

    def _post(self, delivery: Delivery, channel: Channel, account: Account) -> Post:
        kept = self._messages.post(delivery.key.message_id, channel.name, delivery.revision)
        if kept is not None:
            return kept
        revision = self._messages.revision(delivery.key.message_id, delivery.revision)
        if revision is None:
            raise StoreUnavailable(f"Revision {delivery.revision} of {delivery.key} can't be read.")
        return self._preparing.post(revision, channel, account)

    def _recipient(self, delivery: Delivery) -> Recipient | None:
        recipient_id = delivery.key.recipient_id
        if recipient_id is None:
            return None
        subscription = self._subscriptions.get(delivery.key.channel, recipient_id)
        if subscription is None or not subscription.is_reachable:
            return None
        return self._addressed(subscription)

    def _why_unreachable(self, delivery: Delivery) -> Problem:
        found = self._subscriptions.get(delivery.key.channel, delivery.key.recipient_id or "")
        is_willing = found is not None and found.opted_out_at is None
        return PROBLEMS[Fate.NO_SUCH_ADDRESS] if is_willing else steps.OPTED_OUT

    def _addressed(self, subscription: Subscription) -> Recipient:
        recipient = subscription.recipient
        value = f"{subscription.channel}:{recipient.id}"
        open_until = recipient.window_open_until
        if open_until is not None and open_until <= self._clock.now():
            open_until = None
        return replace(
            recipient,
            window_open_until=open_until,
            unsubscribe_url=f"{self._public_url}/unsubscribe/"
            + self._signer.sign("unsubscribe", value),
        )

    def _publish(self, delivery: Delivery, ready: _Ready, deadline: datetime | None) -> None:
        now = self._clock.now()
        begun = steps.begin(delivery, now, self._policy)
        attempt = Attempt.begun(begun, now, digest=ready.post.digest)
        self._unit.commit(self._messages.moving(delivery, begun, attempt=attempt))
        end = now + self._policy.invocation
        run = _Run(begun, attempt, ready, min(deadline or end, end) - self._policy.call)
        with self._telemetry.span("attempt", channel=ready.channel.name, delivery=str(begun.key)):
            outcome = self._outcome(run)
        self._settle(run, outcome)

    def _outcome(self, run: _Run) -> Receipt | ChannelError:
        def keep_handle(value: str) -> None:
            kept = steps.with_handle(run.delivery, value)
            self._unit.commit(self._messages.moving(run.delivery, kept))
            run.delivery = kept

        try:
            post = replace(run.ready.post, mark=self._marks.of(run.delivery))
            conversation = run.ready.channel.publish(post, run.ready.account)
            return self._conversing.hold(conversation, run.ready.account, keep_handle, run.until)
        except ChannelError as error:
            return error

    def _settle(self, run: _Run, outcome: Receipt | ChannelError) -> None:
        now = self._clock.now()
        before = run.delivery
        if isinstance(outcome, Receipt):
            after = steps.settle(before, outcome, now)
            name, detail = "delivered", ""
        else:
            settle_time = self._reconciling.settle_time(run.ready.channel)
            after = steps.settle_error(
                before, outcome, now, self._policy, settle_time, self._random
            )
            name, detail = outcome.code, outcome.detail
        receipt = outcome if isinstance(outcome, Receipt) else None
        attempt = replace(
            run.attempt,
            finished_at=now,
            outcome=name,
            detail=detail,
            external_id=receipt.external_id if receipt else None,
            url=receipt.url if receipt else None,
        )
        self._measure(run, attempt)
        try:
            self._progress.move(before, after, name, attempt=attempt)
        except LostRace:
            self._unit.commit(self._messages.noting(replace(attempt, late=True)))
        self._react(run, outcome, now)

    def _measure(self, run: _Run, attempt: Attempt) -> None:
        finished = attempt.finished_at or attempt.started_at
        duration = (finished - attempt.started_at) / timedelta(milliseconds=1)
        names = {"channel": str(run.ready.channel.name), "outcome": attempt.outcome}
        # Each set of dimensions is paid for: how many values it has is the number of attempts.
        self._telemetry.count("AttemptDuration", duration, "Milliseconds", **names)
        self._telemetry.event(
            "attempt_finished", number=attempt.number, duration_ms=duration, **names
        )

    def _react(self, run: _Run, outcome: Receipt | ChannelError, now: datetime) -> None:
        """Let the account and the recipient's consent follow from what happened."""
        if isinstance(outcome, Receipt):
            self._book.learn_success(run.ready.state)
            return
        if self._book.learn(run.ready.state, run.ready.account, outcome, now):
            self._telemetry.count(Metric.CIRCUIT_OPEN, channel=run.ready.channel.name)
        if isinstance(outcome, OptedOut) and run.delivery.key.recipient_id:
            self._subscriptions.opt_out(run.ready.channel.name, run.delivery.key.recipient_id, now)

    # --- doubt --------------------------------------------------------------------------------

    def _reconcile(self, delivery: Delivery, deadline: datetime | None) -> None:
        channel = self._channels[delivery.key.channel]
        doubted = self._clock.now() - (delivery.doubt_since or self._clock.now())
        self._telemetry.count(
            Metric.DOUBT, doubted.total_seconds(), "Seconds", channel=channel.name
        )
        account = self._book.open(self._book.state(channel.name))
        prepared = self._post(delivery, channel, account)
        post = self._marked(prepared, delivery, self._recipient(delivery))
        attempts = self._messages.attempts(delivery.key)
        now = self._clock.now()
        verdict = self._reconciling.verdict(delivery, channel, post, account, attempts, now)
        match verdict:
            case Found(receipt):
                self._progress.move(delivery, steps.settle(delivery, receipt, now), "found")
            case Later(at, counts):
                move = steps.look_again if counts else steps.postpone
                self._progress.move(delivery, move(delivery, at))
            case AskPerson():
                self._progress.move(delivery, steps.ask_person(delivery))
            case Absent():
                cleared = self._progress.move(delivery, steps.absent(delivery), "absent")
                self._send_again(cleared, now, deadline)
            case SameKey():
                self._send_again(delivery, now, deadline)
            case _:  # pragma: no cover - the type checker knows that there is none
                assert_never(verdict)

    def _send_again(self, delivery: Delivery, now: datetime, deadline: datetime | None) -> None:
        if self._policy.retry.is_exhausted(delivery.tries, delivery.due_at, now):
            self._progress.move(delivery, steps.give_up(delivery), "exhausted")
            return
        self._attempt(delivery, deadline)

    # --- recipients ---------------------------------------------------------------------------

    def _serve_recipients(self, parent: Delivery) -> Sequence[Hint]:
        if parent.status is Status.SENDING and parent.expanded:
            self._progress.close(parent)
            return ()
        if parent.status is Status.QUEUED:
            if self._made_ready(parent) is None:
                return ()
            begun = steps.begin(parent, self._clock.now(), self._policy)
            parent = self._progress.move(parent, begun)
        return self._expanding.expand(parent)
