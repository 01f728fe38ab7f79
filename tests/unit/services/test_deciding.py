"""A person's decisions: stop, try again, "it is there", "send it"."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.domain.deliveries import Counts
from chalicelib.domain.errors import (
    Conflict,
    IllegalTransition,
    NotFound,
)
from chalicelib.domain.messages import MessageStatus
from chalicelib.domain.ports import Snapshot
from chalicelib.domain.states import Status
from chalicelib.repositories import schema
from chalicelib.repositories.table import Delete
from tests.fakes.ground import START
from tests.fakes.platforms import (
    Fault,
    answers,
    lost_after,
    lost_before,
)
from tests.fakes.world import ADA, MAX, World

FEED, OTHER, DIRECT = "lookup-feed", "none-feed", "none-direct"
LATER = START + timedelta(hours=1)


def cancel(world: World, message: Snapshot) -> Snapshot:
    """Cancel a message as its author."""
    return world.deciding.cancel(message.message.id, ADA)


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


def test_nobody_can_answer_for_a_recipient_who_was_not_written_to(world: World) -> None:
    world.subscribe(DIRECT, 1)
    world.platforms.arm(DIRECT, lost_before)
    message = world.submit("Hello", DIRECT)
    world.run()

    with pytest.raises(NotFound):
        world.deciding.resolve(message.message.id, DIRECT, "send_it", "somebody", ADA)


def test_there_is_nothing_to_answer_for_a_recipient_who_has_it(world: World) -> None:
    ids = world.subscribe(DIRECT, 1)
    message = world.submit("Hello", DIRECT)
    world.run()

    with pytest.raises(IllegalTransition):
        world.deciding.resolve(message.message.id, DIRECT, "send_it", ids[0], ADA)


def test_who_answers_while_the_channel_closes_again_has_to_answer_again(world: World) -> None:
    ids = world.subscribe(DIRECT, 2)
    world.platforms.arm(DIRECT, lost_before, lost_before)
    message = world.submit("Hello", DIRECT)
    world.run()
    writes = []

    def closes(at: str, operation: str, request: object) -> None:
        if at == "before" and operation in ("write", "transact"):
            writes.append(operation)
            if len(writes) == 2:
                world.breaker.mend()
                world.progress.close_parent_of(message.deliveries[0].key)

    world.breaker.when = closes
    with pytest.raises(Conflict):
        world.deciding.resolve(message.message.id, DIRECT, "send_it", ids[0], ADA)
    assert world.status(message, DIRECT, ids[0]) is Status.NEEDS_REVIEW

    world.deciding.resolve(message.message.id, DIRECT, "send_it", None, ADA)
    world.run()
    assert world.status(message, DIRECT) is Status.DELIVERED


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
