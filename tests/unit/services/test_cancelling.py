"""Cancelling: what can be stopped is, and of the rest the truth is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.domain.deliveries import Counts
from chalicelib.domain.errors import (
    IllegalTransition,
    InFlight,
    LostRace,
    NotFound,
    StoreUnavailable,
)
from chalicelib.domain.messages import MessageStatus
from chalicelib.domain.ports import CertificationStatus, Filter, Snapshot
from chalicelib.domain.states import Status
from tests.fakes.ground import START
from tests.fakes.platforms import Fault, Request, answers, lost_before, unreachable
from tests.fakes.world import ADA, BOB, MAX, World

FEED, OTHER, THIRD, DIRECT = "lookup-feed", "none-feed", "key-feed", "none-direct"
LATER = START + timedelta(hours=1)


def cancel(world: World, message: Snapshot) -> Snapshot:
    """Cancel a message as its author."""
    return world.deciding.cancel(message.message.id, ADA)


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
    assert refused.value.detail == f"Perhaps published already: {FEED}."
    assert world.status(message, OTHER) is Status.CANCELLED


def test_during_the_platform_call_it_is_too_late_to_cancel(world: World) -> None:
    message = world.submit("Hello", FEED)

    def try_to_cancel(_: Request) -> None:
        with pytest.raises(InFlight, match=f"Being published right now: {FEED}"):
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


def test_a_delivery_dropped_by_an_edit_does_not_stand_in_the_way(world: World) -> None:
    message = world.submit("Hello", FEED, OTHER, at=LATER)
    delivery = world.delivery(message, FEED)

    def dropped(at: str, operation: str, request: object) -> None:
        if at == "before" and operation == "transact":
            world.breaker.mend()
            world.store.commit(world.messages.removing(delivery))

    world.breaker.when = dropped
    assert cancel(world, message).message.status is MessageStatus.CANCELLED


def test_the_store_failing_is_told(world: World) -> None:
    message = world.submit("Hello", FEED, at=LATER)
    world.breaker.break_write(1, "before", StoreUnavailable("no"))

    with pytest.raises(StoreUnavailable):
        cancel(world, message)


# --- what can't be stopped --------------------------------------------------------------------


def test_of_each_channel_that_cannot_be_stopped_the_truth_is_told(world: World) -> None:
    world.platforms.arm(OTHER, lost_before)
    message = world.submit("Hello", FEED, OTHER, THIRD, "handle-feed", "event-feed")
    world.delivering.deliver_all(world.stream.take(2))
    told: list[InFlight] = []

    def try_to_cancel(_: Request) -> None:
        with pytest.raises(InFlight) as refused:
            cancel(world, message)
        told.append(refused.value)

    world.platforms.during = try_to_cancel
    world.delivering.deliver_all(world.stream.take(1))

    (error,) = told
    assert error.channels == (FEED, OTHER, THIRD)
    assert error.detail == (
        f"Being published right now: {THIRD}. Perhaps published already: {OTHER}. "
        f"Published already: {FEED}."
    )


def test_cancelling_again_is_refused_only_while_something_is_in_flight(world: World) -> None:
    world.platforms.arm(FEED, lost_before)
    message = world.submit("Hello", FEED, OTHER)
    world.delivering.deliver_all(world.stream.take(1))
    for _ in range(2):
        with pytest.raises(InFlight):
            cancel(world, message)
    world.run()

    again = cancel(world, message)
    assert again.message.status is MessageStatus.PARTIALLY_DELIVERED
    assert [part.status for part in again.deliveries] == [Status.DELIVERED, Status.CANCELLED]


def test_a_message_of_which_nothing_was_stopped_stays_published(world: World) -> None:
    message = world.submit("Hello", FEED)
    world.run()

    for _ in range(2):
        with pytest.raises(InFlight, match=f"Published already: {FEED}"):
            cancel(world, message)


def test_a_message_that_failed_has_nothing_to_stop(world: World) -> None:
    world.platforms.arm(FEED, answers(400))
    message = world.submit("Hello", FEED)
    world.run()

    assert cancel(world, message).message.status is MessageStatus.FAILED


def test_what_is_being_taken_back_has_nothing_to_stop(world: World) -> None:
    message = world.submit("Hello", FEED)
    world.run()
    world.deciding.unpublish(message.message.id, FEED, ADA)

    with pytest.raises(InFlight, match=f"Being taken back right now: {FEED}"):
        cancel(world, message)
    world.run()
    assert cancel(world, message).deliveries[0].status is Status.DELETED


def test_what_waits_for_a_persons_answer_may_be_published(world: World) -> None:
    world.platforms.arm(OTHER, lost_before)
    message = world.submit("Hello", OTHER)
    world.run()
    assert world.status(message, OTHER) is Status.NEEDS_REVIEW

    with pytest.raises(InFlight, match="Perhaps published already"):
        cancel(world, message)


# --- recipients -------------------------------------------------------------------------------


def cancel_at_growth(world: World, message: Snapshot, rows: int) -> None:
    """Cancel while a direct channel's parent has so many rows and is about to get more."""

    def meanwhile(at: str, operation: str, request: object) -> None:
        if (at, operation) != ("before", "transact"):
            return
        parent = world.delivery(message, DIRECT)
        if parent.status is Status.SENDING and parent.counts.total == rows:
            world.breaker.mend()
            assert cancel(world, message).message.status is MessageStatus.CANCELLED

    world.breaker.when = meanwhile
    world.run()


@pytest.mark.parametrize("rows", [0, 20, 40])
def test_who_has_no_row_yet_gets_none_any_more(world: World, rows: int) -> None:
    world.subscribe(DIRECT, 60)
    message = world.submit("Hello", DIRECT)
    cancel_at_growth(world, message, rows)

    assert world.shown(DIRECT) == []
    assert world.delivery(message, DIRECT).counts == Counts(total=rows, cancelled=rows)
    assert world.message(message).status is MessageStatus.CANCELLED


def test_a_channel_whose_recipients_all_wait_is_cancelled(world: World) -> None:
    world.subscribe(DIRECT, 2)
    world.platforms.arm(DIRECT, unreachable, unreachable)
    message = world.submit("Hello", DIRECT)
    world.drain()

    assert cancel(world, message).message.status is MessageStatus.CANCELLED
    assert world.delivery(message, DIRECT).counts == Counts(total=2, cancelled=2)


def test_a_parent_that_moves_meanwhile_is_read_again(world: World) -> None:
    world.subscribe(DIRECT, 60)
    message = world.submit("Hello", DIRECT)
    world.delivering.deliver_all(world.stream.take(1))

    def closes(at: str, operation: str, request: object) -> None:
        if at == "after" and operation == "query":
            world.breaker.mend()
            world.run()

    world.breaker.when = closes
    with pytest.raises(InFlight, match=f"Published already: {DIRECT}"):
        cancel(world, message)
    assert world.delivery(message, DIRECT).counts == Counts(total=60, delivered=60)


# --- achievements -----------------------------------------------------------------------------


def test_a_cancellation_that_broke_off_is_completed_by_the_next(world: World) -> None:
    achievement, announcement = world.achieve(scheduled_at=LATER)

    def breaks(at: str, operation: str, request: object) -> Exception | None:
        if (at, operation) != ("before", "transact"):
            return None
        everything = {part.status for part in world.snapshot(announcement).deliveries}
        return StoreUnavailable("no") if everything == {Status.CANCELLED} else None

    world.breaker.when = breaks
    with pytest.raises(StoreUnavailable):
        cancel(world, announcement)
    world.breaker.mend()
    cancel(world, announcement)

    assert world.moderating.read(achievement.id, ADA)[0].status is CertificationStatus.CANCELLED
    assert world.achieve()[1].deliveries
