"""A person's decisions: stop, try again, "it is there", "send it"."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.domain.deliveries import Counts
from chalicelib.domain.errors import (
    Conflict,
    IllegalTransition,
    InFlight,
    LostRace,
    NotFound,
    StoreUnavailable,
)
from chalicelib.domain.messages import MessageStatus
from chalicelib.domain.ports import Filter, Snapshot
from chalicelib.domain.states import Status
from chalicelib.repositories import schema
from chalicelib.repositories.table import Delete
from tests.fakes.ground import START
from tests.fakes.platforms import (
    Fault,
    Request,
    answers,
    lost_after,
    lost_before,
    unreachable,
)
from tests.fakes.world import ADA, BOB, MAX, World

FEED, OTHER, DIRECT = "lookup-feed", "none-feed", "none-direct"
LATER = START + timedelta(hours=1)


def cancel(world: World, message: Snapshot) -> Snapshot:
    """Cancel a message as its author."""
    return world.deciding.cancel(message.message.id, ADA)


# --- cancelling -------------------------------------------------------------------------------


def test_a_scheduled_message_is_cancelled_for_good(world: World) -> None:
    message = world.submit("Hello", FEED, OTHER, at=LATER)
    cancelled = cancel(world, message)
    world.run()

    assert cancelled.message.status is MessageStatus.CANCELLED
    assert world.platforms.calls == []
    assert world.next_due() is None


def test_cancelling_again_changes_nothing(world: World) -> None:
    message = world.submit("Hello", FEED, at=LATER)

    assert cancel(world, message) == cancel(world, message)


@pytest.mark.parametrize("require_approval", [False, True])
def test_what_was_never_accepted_is_cancelled(require_approval: bool) -> None:
    world = World(require_approval=require_approval)
    message = world.submit("Hello", FEED, keep_as_draft=not require_approval)

    assert cancel(world, message).message.status is MessageStatus.CANCELLED
    assert cancel(world, message).message.status is MessageStatus.CANCELLED


@pytest.mark.parametrize("fault", [unreachable, answers(401)])
def test_what_waits_for_another_try_is_cancelled(world: World, fault: Fault) -> None:
    world.platforms.arm(FEED, fault)
    message = world.submit("Hello", FEED)
    world.drain()

    assert cancel(world, message).message.status is MessageStatus.CANCELLED
    world.run()
    assert world.shown(FEED) == []


def test_what_may_be_out_already_is_named(world: World) -> None:
    world.platforms.arm(FEED, lost_before)
    message = world.submit("Hello", FEED, OTHER)
    world.delivering.deliver_all(world.stream.take(1))

    with pytest.raises(InFlight) as refused:
        cancel(world, message)
    assert refused.value.channels == (FEED,)
    assert world.status(message, OTHER) is Status.CANCELLED


def test_during_the_platform_call_it_is_too_late_to_cancel(world: World) -> None:
    message = world.submit("Hello", FEED)

    def try_to_cancel(_: Request) -> None:
        with pytest.raises(InFlight):
            cancel(world, message)

    world.platforms.during = try_to_cancel
    world.run()
    assert world.shown(FEED) == ["Hello"]


def test_what_failed_does_not_stand_in_the_way_of_a_cancellation(world: World) -> None:
    world.platforms.arm(FEED, answers(400))
    message = world.submit("Hello", FEED, OTHER)
    world.delivering.deliver_all(world.stream.take(1))
    cancelled = cancel(world, message)

    assert world.status(message, OTHER) is Status.CANCELLED
    assert cancelled.message.status is MessageStatus.FAILED


def test_a_worker_that_is_faster_makes_it_too_late(world: World) -> None:
    message = world.submit("Hello", FEED)

    def faster(at: str, operation: str, request: object) -> None:
        if at == "before" and operation == "transact":
            world.breaker.mend()
            world.drain()

    world.breaker.when = faster
    with pytest.raises(InFlight):
        cancel(world, message)
    assert world.shown(FEED) == ["Hello"]


def test_a_cancellation_that_always_races_is_refused(world: World) -> None:
    message = world.submit("Hello", FEED)
    world.breaker.when = lambda at, op, _: LostRace() if op == "transact" else None

    with pytest.raises(InFlight):
        cancel(world, message)


def test_recipients_who_were_not_served_yet_are_cancelled(world: World) -> None:
    world.subscribe(DIRECT, 60)
    message = world.submit("Hello", DIRECT)
    world.delivering.deliver_all(world.stream.take())
    with pytest.raises(InFlight):
        cancel(world, message)
    world.run()

    assert world.delivery(message, DIRECT).counts == Counts(total=60, delivered=40, cancelled=20)
    assert world.message(message).status is MessageStatus.PARTIALLY_DELIVERED


def test_a_cancel_and_a_worker_may_close_a_parent_at_once(world: World) -> None:
    world.subscribe(DIRECT, 60)
    message = world.submit("Hello", DIRECT)
    world.delivering.deliver_all(world.stream.take())
    closing = "count_delivered', value"
    world.breaker.when = lambda at, _, request: LostRace() if closing in repr(request) else None
    with pytest.raises(InFlight):
        cancel(world, message)
    assert world.status(message, DIRECT) is Status.SENDING

    world.breaker.mend()
    world.run()
    assert world.status(message, DIRECT) is Status.DELIVERED


def test_a_rejected_message_has_nothing_to_cancel() -> None:
    world = World(require_approval=True)
    message = world.submit("Hello", FEED)
    world.moderating.reject_message(message.message.id, "No.", MAX)

    with pytest.raises(IllegalTransition):
        cancel(world, message)


def test_anothers_message_cannot_be_cancelled(world: World) -> None:
    message = world.submit("Hello", FEED, at=LATER)

    with pytest.raises(NotFound):
        world.deciding.cancel(message.message.id, BOB)


def test_lists_show_a_cancellation(world: World) -> None:
    message = world.submit("Hello", FEED, at=LATER)
    cancel(world, message)
    (listed,) = world.messages.by_author("ada", Filter(), 5, None).items

    assert listed.status is MessageStatus.CANCELLED


def test_a_cancellation_names_who_did_it(world: World) -> None:
    message = world.submit("Hello", FEED, at=LATER)
    world.clock.advance(seconds=1)
    world.deciding.cancel(message.message.id, MAX)
    last = world.messages.timeline(message.message.id).entries[-1]

    assert (last.actor, last.event, last.after) == ("max", "cancelled", "cancelled")


# --- trying again -----------------------------------------------------------------------------


def test_a_failed_channel_is_tried_again(world: World) -> None:
    world.platforms.arm(FEED, answers(400))
    message = world.submit("Hello", FEED)
    world.run()
    after = world.deciding.retry(message.message.id, FEED, ADA)
    world.drain()

    assert after.message.status is MessageStatus.PUBLISHING
    assert world.shown(FEED) == ["Hello"]
    assert world.message(message).status is MessageStatus.DELIVERED


@pytest.mark.parametrize("channel", [FEED, "email"])
def test_what_is_not_stuck_is_not_tried_again(world: World, channel: str) -> None:
    world.subscribe("email", 1)
    message = world.submit("Hello", channel)
    world.run()

    with pytest.raises(IllegalTransition):
        world.deciding.retry(message.message.id, channel, ADA)


def test_a_channel_not_chosen_is_not_found(world: World) -> None:
    message = world.submit("Hello", FEED)

    with pytest.raises(NotFound):
        world.deciding.retry(message.message.id, OTHER, ADA)


def test_two_who_decide_at_once_decide_once(world: World) -> None:
    world.platforms.arm(FEED, answers(400))
    message = world.submit("Hello", FEED)
    world.run()

    def twin(at: str, operation: str, request: object) -> None:
        if at == "before" and operation == "transact":
            world.breaker.mend()
            world.deciding.retry(message.message.id, FEED, MAX)

    world.breaker.when = twin
    with pytest.raises(Conflict):
        world.deciding.retry(message.message.id, FEED, ADA)
    world.run()
    assert world.shown(FEED) == ["Hello"]


def test_recipients_are_retried_while_others_are_still_served(world: World) -> None:
    ids = world.subscribe(DIRECT, 2)
    world.platforms.arm(DIRECT, answers(400), answers(429, {}, retry_after="60"))
    message = world.submit("Hello", DIRECT)
    world.drain()
    assert world.status(message, DIRECT) is Status.SENDING

    world.deciding.retry(message.message.id, DIRECT, ADA)
    world.run()
    assert {world.status(message, DIRECT, recipient) for recipient in ids} == {Status.DELIVERED}
    assert world.status(message, DIRECT) is Status.DELIVERED


# --- answering --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "answer"), [(lost_after, "it_is_there"), (lost_before, "send_it")]
)
def test_a_person_answers_what_nobody_else_can(world: World, fault: Fault, answer: str) -> None:
    world.platforms.arm(OTHER, fault)
    message = world.submit("Hello", OTHER)
    world.run()
    world.deciding.resolve(message.message.id, OTHER, answer, None, ADA)
    world.run()

    assert world.shown(OTHER) == ["Hello"]
    assert world.message(message).status is MessageStatus.DELIVERED


def test_there_is_nothing_to_answer_on_a_failed_channel(world: World) -> None:
    world.platforms.arm(OTHER, answers(400))
    message = world.submit("Hello", OTHER)
    world.run()

    with pytest.raises(IllegalTransition):
        world.deciding.resolve(message.message.id, OTHER, "it_is_there", None, ADA)


def test_an_answer_for_one_recipient_leaves_the_others(world: World) -> None:
    ids = world.subscribe(DIRECT, 2)
    world.platforms.arm(DIRECT, lost_before, lost_before)
    message = world.submit("Hello", DIRECT)
    world.run()
    world.deciding.resolve(message.message.id, DIRECT, "it_is_there", ids[0], ADA)
    world.drain()

    assert world.status(message, DIRECT, ids[0]) is Status.DELIVERED
    assert world.status(message, DIRECT, ids[1]) is Status.NEEDS_REVIEW
    assert world.status(message, DIRECT) is Status.NEEDS_REVIEW


def test_an_answer_for_nobody_in_particular_holds_for_all_in_doubt(world: World) -> None:
    ids = world.subscribe(DIRECT, 3)
    world.platforms.arm(DIRECT, lost_after, lost_after)
    message = world.submit("Hello", DIRECT)
    world.run()
    world.deciding.resolve(message.message.id, DIRECT, "it_is_there", None, ADA)
    world.drain()

    assert {world.status(message, DIRECT, recipient) for recipient in ids} == {Status.DELIVERED}
    assert world.message(message).status is MessageStatus.DELIVERED


def test_more_recipients_than_a_page_are_all_decided(world: World) -> None:
    world.subscribe(DIRECT, 130)
    world.platforms.arm(DIRECT, *[answers(400)] * 130)
    message = world.submit("Hello", DIRECT)
    world.run()
    world.deciding.retry(message.message.id, DIRECT, ADA)
    world.run()

    assert world.delivery(message, DIRECT).counts == Counts(total=130, delivered=130)


def test_a_message_that_vanished_meanwhile_is_not_found(world: World) -> None:
    world.platforms.arm(FEED, answers(400))
    message = world.submit("Hello", FEED)
    world.run()

    def vanishes(at: str, operation: str, request: object) -> None:
        if at == "before" and operation == "transact":
            world.breaker.mend()
            world.table.write(Delete(schema.message(message.message.id)))

    world.breaker.when = vanishes
    with pytest.raises(NotFound):
        world.deciding.retry(message.message.id, FEED, ADA)


def test_a_delivery_dropped_by_an_edit_cannot_be_stopped(world: World) -> None:
    message = world.submit("Hello", FEED, OTHER, at=LATER)
    delivery = world.delivery(message, FEED)

    def dropped(at: str, operation: str, request: object) -> None:
        if at == "before" and operation == "transact":
            world.breaker.mend()
            world.store.commit(world.messages.removing(delivery))

    world.breaker.when = dropped
    with pytest.raises(InFlight) as refused:
        cancel(world, message)
    assert refused.value.channels == (FEED,)


def test_the_store_failing_is_told(world: World) -> None:
    message = world.submit("Hello", FEED, at=LATER)
    world.breaker.break_write(1, "before", StoreUnavailable("no"))

    with pytest.raises(StoreUnavailable):
        cancel(world, message)


def test_a_parent_that_vanished_does_not_stop_a_decision(world: World) -> None:
    ids = world.subscribe(DIRECT, 1)
    world.platforms.arm(DIRECT, answers(400))
    message = world.submit("Hello", DIRECT)
    world.run()

    def vanishes(at: str, operation: str, request: object) -> None:
        if at == "after" and operation == "query":
            world.breaker.mend()
            world.store.commit(world.messages.removing(world.delivery(message, DIRECT)))

    world.breaker.when = vanishes
    world.deciding.retry(message.message.id, DIRECT, ADA)
    world.drain()

    assert world.status(message, DIRECT, ids[0]) is Status.DELIVERED
