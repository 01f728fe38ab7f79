"""The protocol, broken on purpose: a simulation that lets one of these live proves nothing.

Each mutant is a context that replaces one thing in production code while a run is played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from chalicelib.channels import _prepared
from chalicelib.domain import states, steps
from chalicelib.domain.channels import MediaRule
from chalicelib.domain.deliveries import Delivery
from chalicelib.domain.errors import (
    Ambiguous,
    ContentRejected,
    CredentialsRejected,
    PlatformUnavailable,
    Transient,
)
from chalicelib.domain.ports import Hint
from chalicelib.domain.states import Event, Status
from chalicelib.repositories import items, ledger
from chalicelib.repositories.idempotency import Idempotency
from chalicelib.repositories.schema import TTL
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import Unanswered
from chalicelib.services import accounts, delivering, expanding, reconciling, releasing
from chalicelib.services.accounts import AccountBook
from chalicelib.services.conversing import Conversing
from chalicelib.services.delivering import Delivering
from chalicelib.services.expanding import Expanding
from chalicelib.services.pacing import Pacing
from chalicelib.services.preparing import Preparing
from chalicelib.services.progress import Progress
from chalicelib.services.reconciling import Absent, Later, Reconciling, SameKey
from chalicelib.services.releasing import Releasing
from chalicelib.services.unpublishing import Unpublishing

Mutant = Callable[[], AbstractContextManager[Any]]
MUTANTS: dict[str, Mutant] = {}
S, E = Status, Event


def mutant(make: Mutant) -> Mutant:
    """Add a mutant under its function's name."""
    MUTANTS[make.__name__.replace("_", " ")] = make
    return make


def _step(name: str, changed: Callable[..., Any]) -> AbstractContextManager[Any]:
    """Replace a step by what `changed` makes of the real one and its arguments."""
    real = getattr(steps, name)
    return patch.object(steps, name, lambda *args: changed(real, *args))


def _method(owner: Any, name: str, changed: Callable[..., Any]) -> AbstractContextManager[Any]:
    """Replace a method by what `changed` makes of the real one, the object and the arguments."""
    real = getattr(owner, name)
    return patch.object(owner, name, lambda *args, **named: changed(real, *args, **named))


@contextmanager
def _unconditional(when: Callable[[Delivery, Delivery], bool]) -> Iterator[None]:
    """Store some steps whatever is stored already."""
    real = ledger._unchanged

    def unchanged(before: Delivery, after: Delivery) -> Any:
        return None if when(before, after) else real(before, after)

    with patch.object(ledger, "_unchanged", unchanged):
        yield


@contextmanager
def _table(**changed: tuple[Status, Event, Status]) -> Iterator[None]:
    """Change some cells of the state table."""
    cells = {(status, event): target for status, event, target in changed.values()}
    with patch.object(states, "TABLE", {**states.TABLE, **cells}):
        yield


# --- doubt --------------------------------------------------------------------------------------


@mutant
def doubt_is_not_sticky() -> AbstractContextManager[Any]:
    """A later "no" settles what an earlier silence left open."""
    return patch.object(states, "IN_DOUBT_TABLE", {})


@mutant
def silence_is_a_retry() -> AbstractContextManager[Any]:
    """No answer is taken for "not done"."""

    def settle_error(real: Any, delivery: Delivery, error: Any, *rest: Any) -> Delivery:
        if isinstance(error, Ambiguous):
            error = PlatformUnavailable(error.detail)
        return real(delivery, error, *rest)  # type: ignore[no-any-return]

    return _step("settle_error", settle_error)


@mutant
def a_dead_worker_is_a_retry() -> AbstractContextManager[Any]:
    """An attempt whose worker died is begun anew."""

    def claim(real: Any, delivery: Delivery, *rest: Any) -> Delivery:
        if delivery.status is S.SENDING and not delivery.parent:
            delivery = replace(delivery, status=S.RETRYING)
        return real(delivery, *rest)  # type: ignore[no-any-return]

    return _step("claim", claim)


@mutant
def no_look_up() -> AbstractContextManager[Any]:
    """Doubt is settled by assuming the best."""
    return _method(Reconciling, "_look_up", lambda *_: Absent())


@mutant
def an_error_of_a_look_up_means_absent() -> AbstractContextManager[Any]:
    """Who could not be asked is taken to have said no."""

    def look_up(real: Any, *args: Any) -> Any:
        verdict = real(*args)
        return Absent() if isinstance(verdict, reconciling.Later) else verdict

    return _method(Reconciling, "_look_up", look_up)


@mutant
def no_settle_time() -> AbstractContextManager[Any]:
    """An absence is believed at once."""
    return _method(Reconciling, "settle_time", lambda *_: timedelta(0))


@mutant
def nobody_can_be_asked_so_send_again() -> AbstractContextManager[Any]:
    """Doubt on a channel without any means is a second post."""

    def verdict(real: Any, self: Any, delivery: Any, channel: Any, *rest: Any) -> Any:
        found = real(self, delivery, channel, *rest)
        return SameKey() if isinstance(found, reconciling.AskPerson) else found

    return _method(Reconciling, "verdict", verdict)


@mutant
def looks_up_only_what_is_recent() -> AbstractContextManager[Any]:
    """A look-up asks for posts since now, not since the first attempt."""

    def look_up(real: Any, self: Any, *args: Any) -> Any:
        *head, _, now = args
        return real(self, *head, (), now)

    return _method(Reconciling, "_look_up", look_up)


@mutant
def looks_up_with_newly_adapted_text() -> AbstractContextManager[Any]:
    """What is looked for is adapted anew, and no longer what was posted."""

    return _during(Delivering, "_reconcile", "_post", _adapted)


@mutant
def adapts_again_on_a_retry() -> AbstractContextManager[Any]:
    """Every attempt adapts the text anew; a look-up knows only the first."""
    return _during(Delivering, "_made_ready", "_post", _adapted)


def _adapted(self: Any, delivery: Delivery, channel: Any, account: Any) -> Any:
    revision = self._messages.revision(delivery.key.message_id, delivery.revision)
    fresh = self._preparing.compose(revision.content, channel, account, {})[0]
    kept = self._preparing.post(revision, channel, account)
    return replace(fresh, media=kept.media)


@contextmanager
def _during(owner: Any, outer: str, inner: str, changed: Any) -> Iterator[None]:
    """Replace a method only for calls from within another one of the same strand."""
    from tests.simulation.hub import current

    real_outer, real_inner = getattr(owner, outer), getattr(owner, inner)
    inside: dict[Any, int] = {}

    def outer_method(self: Any, *args: Any) -> Any:
        strand = current()
        inside[strand] = inside.get(strand, 0) + 1
        try:
            return real_outer(self, *args)
        finally:
            inside[strand] -= 1

    def inner_method(self: Any, *args: Any) -> Any:
        chosen = changed if inside.get(current()) else real_inner
        return chosen(self, *args)

    with patch.object(owner, outer, outer_method), patch.object(owner, inner, inner_method):
        yield


@mutant
def a_new_key_with_every_attempt() -> AbstractContextManager[Any]:
    """The idempotency key changes from attempt to attempt."""

    def marked(real: Any, self: Any, post: Any, delivery: Delivery, recipient: Any) -> Any:
        made = real(self, post, delivery, recipient)
        return replace(made, token=f"{made.token}.{delivery.attempts}")

    return _method(Delivering, "_marked", marked)


@mutant
def the_handle_is_forgotten() -> AbstractContextManager[Any]:
    """A two-phase platform's handle is not stored before publishing."""
    return _step("with_handle", lambda real, delivery, _: real(delivery, ""))


# --- ownership ----------------------------------------------------------------------------------


@mutant
def no_write_ahead() -> AbstractContextManager[Any]:
    """The platform is called first, the attempt is written after."""

    def publish(self: Any, delivery: Delivery, ready: Any, _: Any) -> None:
        now = self._clock.now()
        begun = steps.begin(delivery, now, self._policy)
        attempt = delivering.Attempt(
            begun.key, begun.attempts, begun.revision, now, begun.claim or "", ready.post.digest
        )
        run = delivering._Run(begun, attempt, ready, now)
        outcome = self._conversing_outcome(run)
        self._unit.commit(self._messages.moving(delivery, begun, attempt=attempt))
        self._settle(run, outcome)

    def outcome(self: Any, run: Any) -> Any:
        try:
            conversation = run.ready.channel.publish(run.ready.post, run.ready.account)
            return self._conversing.hold(conversation, run.ready.account, lambda _: None)
        except delivering.ChannelError as error:
            return error

    return _both(
        patch.object(Delivering, "_publish", publish),
        patch.object(Delivering, "_conversing_outcome", outcome, create=True),
    )


@contextmanager
def _both(*contexts: AbstractContextManager[Any]) -> Iterator[None]:
    first, second = contexts
    with first, second:
        yield


@mutant
def begin_is_unconditional() -> AbstractContextManager[Any]:
    """Of two workers both begin."""
    return _unconditional(lambda before, after: after.status is S.SENDING)


@mutant
def a_claim_is_unconditional() -> AbstractContextManager[Any]:
    """Of two schedulers both claim, over whatever a worker has written."""
    return _unconditional(lambda before, after: after.status in (S.QUEUED, S.IN_DOUBT))


@mutant
def a_cancel_is_unconditional() -> AbstractContextManager[Any]:
    """A cancel wins over an attempt that has begun."""
    return _unconditional(lambda before, after: after.status is S.CANCELLED)


@mutant
def an_edit_is_unconditional() -> AbstractContextManager[Any]:
    """An edit wins over an attempt that has begun."""
    return _unconditional(lambda before, after: after.revision > before.revision)


@mutant
def any_record_will_do() -> AbstractContextManager[Any]:
    """A record with an old claim is served as well, and begins over a newer owner."""

    def deliver(real: Any, self: Any, hint: Hint, *rest: Any) -> Any:
        stored = self._messages.delivery(hint.key)
        if stored is not None and stored.status is S.SENDING and not stored.parent:
            stored = replace(stored, status=S.QUEUED)
            self._attempt(stored, None)
            return ()
        claim = (stored.claim or "") if stored else hint.claim
        return real(self, replace(hint, claim=claim), *rest)

    return _method(Delivering, "deliver", deliver)


@mutant
def the_index_is_trusted() -> AbstractContextManager[Any]:
    """Whatever the index shows is claimed, however stale its entry is."""
    return patch.object(releasing, "_is_ripe", lambda delivery, _: not delivery.status.is_terminal)


@mutant
def a_lease_shorter_than_the_worker() -> AbstractContextManager[Any]:
    """An attempt is given up on while it is under way."""

    def begin(real: Any, delivery: Delivery, now: Any, policy: Any) -> Delivery:
        return real(delivery, now, replace(policy, attempt_lease=timedelta(seconds=5)))  # type: ignore[no-any-return]

    def claim(real: Any, delivery: Delivery, *rest: Any) -> Delivery:
        if delivery.status is S.SENDING and not delivery.parent:
            delivery = replace(delivery, status=S.RETRYING)
        return real(delivery, *rest)  # type: ignore[no-any-return]

    return _both(_step("begin", begin), _step("claim", claim))


@mutant
def a_late_writer_wins() -> AbstractContextManager[Any]:
    """Who lost the lease writes the outcome all the same."""
    return _unconditional(lambda before, after: before.status is S.SENDING)


@mutant
def nobody_looks_at_the_clock_before_publishing() -> AbstractContextManager[Any]:
    """A worker that was stopped beyond its lease goes on where it was."""

    def perform(real: Any, self: Any, step: Any, account: Any, keep: Any, _: Any) -> Any:
        return real(self, step, account, keep, None)

    return _method(Conversing, "_perform", perform)


# --- waking up ----------------------------------------------------------------------------------


@mutant
def a_claim_takes_it_out_of_the_index() -> AbstractContextManager[Any]:
    """Only a record on the stream knows of a claimed delivery."""
    return _step("claim", lambda real, *args: replace(real(*args), next_at=None))


@mutant
def a_queue_lease_of_days() -> AbstractContextManager[Any]:
    """A record that is lost is missed only days later."""

    def claim(real: Any, delivery: Delivery, now: Any, policy: Any, claim_id: str) -> Delivery:
        return real(delivery, now, replace(policy, queue_lease=timedelta(days=3)), claim_id)  # type: ignore[no-any-return]

    return _step("claim", claim)


@mutant
def what_is_open_may_vanish() -> AbstractContextManager[Any]:
    """Open deliveries carry a time to live."""
    real = items.delivery_item
    return patch.object(ledger.items, "delivery_item", lambda d: {**real(d), TTL: 1_900_000_000})


@mutant
def silence_of_the_table_is_success() -> AbstractContextManager[Any]:
    """A write without an answer counts as written."""

    def send(real: Any, self: Any, *args: Any) -> None:
        try:
            real(self, *args)
        except Unanswered:
            return

    return _method(Store, "_send", send)


# --- people's wishes ----------------------------------------------------------------------------


@mutant
def nobody_looks_at_the_due_time() -> AbstractContextManager[Any]:
    """What was released ahead of its minute is posted at once."""

    def begin(real: Any, delivery: Delivery, now: Any, policy: Any) -> Delivery:
        return real(delivery, max(now, delivery.due_at), policy)  # type: ignore[no-any-return]

    return _both(_step("begin", begin), _method(Delivering, "_in_time", lambda *_: True))


@mutant
def rescheduling_moves_only_the_index() -> AbstractContextManager[Any]:
    """A delivery that is put off keeps its old minute."""

    def edit(real: Any, delivery: Delivery, revision: int, due_at: Any, late: Any) -> Delivery:
        moved = real(delivery, revision, due_at, late)
        if due_at <= delivery.due_at:
            return moved  # type: ignore[no-any-return]
        return replace(moved, due_at=delivery.due_at, next_at=delivery.due_at)

    return _step("edit", edit)


@mutant
def an_edit_keeps_the_old_text() -> AbstractContextManager[Any]:
    """A delivery stays bound to the revision it was made for."""
    return _step(
        "edit",
        lambda real, d, revision, *rest: replace(real(d, revision, *rest), revision=d.revision),
    )


@mutant
def the_late_policy_is_ignored() -> AbstractContextManager[Any]:
    """However late, it is posted."""
    return _step("is_too_late", lambda *_: False)


@mutant
def a_cancel_is_possible_while_sending() -> AbstractContextManager[Any]:
    """The state table lets an attempt under way be cancelled."""
    return _table(cancel=(S.SENDING, E.CANCEL, S.CANCELLED))


@mutant
def an_edit_is_possible_while_sending() -> AbstractContextManager[Any]:
    """The state table lets an attempt under way be edited."""
    return _table(edit=(S.SENDING, E.EDIT, S.PENDING))


@mutant
def a_request_may_act_twice() -> AbstractContextManager[Any]:
    """The idempotency key is not kept with what it made."""
    return _method(Idempotency, "keeping", lambda *_: ())


@mutant
def an_opt_out_is_ignored() -> AbstractContextManager[Any]:
    """Somebody who wants to be left alone is written to."""

    def addressed(self: Any, delivery: Delivery) -> Any:
        if delivery.key.recipient_id is None:
            return None
        known = self._subscriptions.get(delivery.key.channel, delivery.key.recipient_id)
        return None if known is None else self._addressed(known)

    def page(real: Any, self: Any, *args: Any) -> Any:
        found = real(self, *args)
        items = [replace(known, opted_out_at=None) for known in found.items]
        return replace(found, items=items)

    from chalicelib.repositories.recipients import Subscriptions

    return _both(
        patch.object(Delivering, "_recipient", addressed), _method(Subscriptions, "page", page)
    )


# --- recipients ---------------------------------------------------------------------------------


@mutant
def the_cursor_is_not_kept() -> AbstractContextManager[Any]:
    """An expansion that is taken up again begins anew."""
    return _step("grown", lambda real, d, many, _: replace(real(d, many, None), cursor=None))


@mutant
def the_cursor_moves_before_the_rows() -> AbstractContextManager[Any]:
    """The rows of a page are written after the cursor, in a write of their own."""

    def grow(
        self: Any, parent: Delivery, subscriptions: Sequence[Any], last: str | None
    ) -> tuple[Delivery, Sequence[Hint]]:
        children = [self._child(parent, s.recipient.id) for s in subscriptions]
        grown = steps.grown(parent, len(children), last)
        self._unit.commit(self._messages.moving(parent, grown))
        if children:
            self._unit.commit(*(self._messages.starting(child) for child in children))
        return grown, [Hint(d.key, d.claim or "", d.correlation_id) for d in children]

    return patch.object(Expanding, "_grow", grow)


@mutant
def a_page_of_recipients_is_all_there_is() -> AbstractContextManager[Any]:
    """The expansion ends with its first page."""

    def page(real: Any, self: Any, *args: Any) -> Any:
        return replace(real(self, *args), cursor=None)

    from chalicelib.repositories.recipients import Subscriptions

    return _both(patch.object(expanding, "ROWS", 3), _method(Subscriptions, "page", page))


@mutant
def a_parent_closes_before_its_recipients() -> AbstractContextManager[Any]:
    """A channel is called delivered while some are still to be served."""

    def close_parent_of(self: Any, key: Any) -> None:
        parent = self._messages.delivery(replace(key, recipient_id=None))
        if parent is None or parent.status is not S.SENDING or not parent.counts.settled:
            return
        counts = replace(parent.counts, total=parent.counts.settled)
        closed = steps.roll_up_recipients(
            replace(parent, counts=counts, expanded=True), self._clock.now()
        )
        self.move(parent, replace(closed, counts=parent.counts))

    return patch.object(Progress, "close_parent_of", close_parent_of)


# --- taking back --------------------------------------------------------------------------------


@mutant
def a_deletion_hits_another_post() -> AbstractContextManager[Any]:
    """What is deleted is the post before."""

    def asked(real: Any, self: Any, channel: Any, receipt: Any, account: Any) -> Any:
        name, _, number = receipt.external_id.rpartition("_")
        other = replace(receipt, external_id=f"{name}_{max(1, int(number) - 1)}")
        return real(self, channel, other, account)

    return _method(Unpublishing, "_asked", asked)


@mutant
def a_deletion_without_an_answer_is_done() -> AbstractContextManager[Any]:
    """No answer to a deletion is taken for success."""

    def asked(real: Any, *args: Any) -> Any:
        refusal = real(*args)
        return None if isinstance(refusal, PlatformUnavailable) else refusal

    return _method(Unpublishing, "_asked", asked)


@mutant
def a_refused_deletion_is_done() -> AbstractContextManager[Any]:
    """A platform's "no" to a deletion is taken for "it is gone"."""

    def asked(real: Any, *args: Any) -> Any:
        refusal = real(*args)
        return None if isinstance(refusal, ContentRejected) else refusal

    return _method(Unpublishing, "_asked", asked)


@mutant
def a_refused_deletion_leaves_no_doubt() -> AbstractContextManager[Any]:
    """A "no" is believed although an earlier try may have deleted the post."""

    def unpublish_error(real: Any, delivery: Delivery, *rest: Any) -> Delivery:
        return real(replace(delivery, forgiven=delivery.attempts - 1), *rest)  # type: ignore[no-any-return]

    return _step("unpublish_error", unpublish_error)


@mutant
def a_look_is_believed_at_once() -> AbstractContextManager[Any]:
    """What a silent try may still delete is said to be still there."""

    def unpublish_error(real: Any, *args: Any) -> Delivery:
        return real(*args[:-1], timedelta(0))  # type: ignore[no-any-return]

    return _step("unpublish_error", unpublish_error)


@mutant
def what_nobody_tells_is_gone() -> AbstractContextManager[Any]:
    """A look that gets no answer is taken for "it is gone"."""

    def presence(real: Any, *args: Any) -> Any:
        found = real(*args)
        return Absent() if isinstance(found, Later) else found

    return _method(Reconciling, "presence", presence)


@mutant
def a_deletion_is_promised_and_forgotten() -> AbstractContextManager[Any]:
    """Whoever asks is told yes, and the worker leaves the post where it is."""

    def take_back(self: Any, delivery: Delivery) -> None:
        self._progress.move(delivery, replace(delivery, status=S.DELIVERED, next_at=None))

    return patch.object(Unpublishing, "take_back", take_back)


# --- accounts -----------------------------------------------------------------------------------


@mutant
def refused_credentials_fail_a_delivery() -> AbstractContextManager[Any]:
    """An expired token burns everything that is under way."""

    def settle_error(real: Any, delivery: Delivery, error: Any, *rest: Any) -> Delivery:
        if isinstance(error, CredentialsRejected):
            error = ContentRejected(error.detail)
        return real(delivery, error, *rest)  # type: ignore[no-any-return]

    return _step("settle_error", settle_error)


@mutant
def a_transient_answer_fails_a_delivery() -> AbstractContextManager[Any]:
    """A platform that asks for patience is taken to have refused."""

    def settle_error(real: Any, delivery: Delivery, error: Any, *rest: Any) -> Delivery:
        if isinstance(error, Transient):
            error = ContentRejected(error.detail)
        return real(delivery, error, *rest)  # type: ignore[no-any-return]

    return _step("settle_error", settle_error)


@mutant
def the_circuit_never_opens() -> AbstractContextManager[Any]:
    """What concerns a whole account is learnt by each delivery for itself."""
    return _method(AccountBook, "learn", lambda *_: None)


@mutant
def an_open_circuit_stops_nobody() -> AbstractContextManager[Any]:
    """That an account rests is known and not respected."""
    return patch.object(delivering, "is_paused", lambda *_: False)


@mutant
def blocked_for_ever() -> AbstractContextManager[Any]:
    """Deliveries wait for credentials and never notice that they were renewed."""

    def step(real: Any, self: Releasing, delivery: Delivery, state: Any, now: Any) -> Delivery:
        if delivery.status is S.BLOCKED:
            return steps.postpone(delivery, now + self._policy.blocked_recheck)
        return real(self, delivery, state, now)  # type: ignore[no-any-return]

    return _method(Releasing, "_step", step)


@mutant
def attempts_are_not_spaced() -> AbstractContextManager[Any]:
    """What was held up comes all at once."""
    return patch.object(Pacing, "slot", lambda self, delivery, channel, now: (now, True))


@mutant
def an_older_success_ends_a_wished_pause() -> AbstractContextManager[Any]:
    """A success makes an account sound, whatever its platform asked for meanwhile."""

    def rested(real: Any, state: Any) -> Any:
        return replace(real(state), limited_until=None)

    return patch.object(accounts, "rested", lambda state, real=accounts.rested: rested(real, state))


@mutant
def prepared_posts_are_not_kept() -> AbstractContextManager[Any]:
    """Each attempt and each look-up adapts anew, and nothing is stored."""

    def post(self: Any, revision: Any, channel: Any, account: Any) -> Any:
        return self.compose(revision.content, channel, account, {})[0]

    return patch.object(Preparing, "post", post)


@mutant
def a_picture_is_lost_on_the_way() -> AbstractContextManager[Any]:
    """Of several pictures the last one is left out."""
    return _method(MediaRule, "carried", lambda real, *args: real(*args)[:-1] or real(*args))


@mutant
def pictures_of_an_earlier_attempt_lose_their_order() -> AbstractContextManager[Any]:
    """What was put up before is used again, back to front."""
    real = _prepared.kept
    return patch.object(_prepared, "kept", lambda stored: real(stored)[::-1])
