"""Taking a published post back: asked by a person, done by the worker, as often as it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import steps
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.errors import Conflict, IllegalTransition, LostRace, NotFound
from chalicelib.domain.messages import MessageStatus
from chalicelib.domain.ports import Snapshot
from chalicelib.domain.reports import Fate, Report
from chalicelib.domain.states import Status
from tests.fakes.platforms import (
    Fault,
    answers,
    broken,
    denies,
    late,
    lost_after,
    lost_before,
    rate_limited,
    unreachable,
)
from tests.fakes.world import ADA, BOB, World

FEED, DIRECT, REPORTING = "lookup-feed", "none-direct", "event-feed"


def published(world: World, channel: str = FEED) -> Snapshot:
    """Publish a message on one channel."""
    message = world.submit("Hello", channel)
    world.run()
    return message


def unpublish(world: World, message: Snapshot, channel: str = FEED) -> Snapshot:
    """Ask as the author for a post to be taken back."""
    return world.deciding.unpublish(message.message.id, channel, ADA)


def test_a_published_post_is_taken_back(world: World) -> None:
    message = published(world)
    asked = unpublish(world, message)
    world.run()

    assert asked.deliveries[0].status is Status.UNPUBLISHING
    assert world.status(message, FEED) is Status.DELETED
    assert world.shown(FEED) == []


@pytest.mark.parametrize("channel", ["facebook", "instagram", "linkedin"])
def test_every_feed_can_take_a_post_back(world: World, channel: str) -> None:
    message = world.achieve(channels=(channel,))[1]
    world.run()
    unpublish(world, message, channel)
    world.run()

    assert world.status(message, channel) is Status.DELETED
    assert world.shown(channel) == []


def reported(world: World, mark: str, external_id: str) -> None:
    """Have the platform report that it has a post."""
    report = Report(mark, Fate.TAKEN, external_id, world.clock.now())
    world.witnessing.take(ChannelName(REPORTING), [report])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_every_post_that_a_platform_told_of_is_taken_back(
    world: World, order: tuple[int, int]
) -> None:
    world.platforms.arm(REPORTING, denies)
    message = world.submit("Hello", REPORTING)
    world.drain()
    world.platforms.arm(REPORTING, lost_after)
    world.run(timedelta(minutes=5))
    marks = [str(sent.json["mark"]) for sent in world.platforms.published(REPORTING)]  # type: ignore[union-attr] # the fakes speak HTTP
    assert len(world.shown(REPORTING)) == len(marks) == 2
    for place in order:
        reported(world, marks[place], f"{REPORTING}_{place + 1}")
    assert world.status(message, REPORTING) is Status.DELIVERED
    unpublish(world, message, REPORTING)
    world.run()

    assert world.status(message, REPORTING) is Status.DELETED
    assert world.shown(REPORTING) == []


def test_another_post_of_an_attempt_that_has_its_own_is_no_news(world: World) -> None:
    message = published(world, REPORTING)
    (tried,) = world.attempts(message, REPORTING)
    mark = str(world.platforms.published(REPORTING)[-1].json["mark"])  # type: ignore[union-attr] # the fakes speak HTTP
    for other in ("", "another"):
        reported(world, mark, other)

    assert world.attempts(message, REPORTING) == [tried]


def test_the_message_counts_what_was_taken_back_as_delivered(world: World) -> None:
    message = published(world)
    unpublish(world, message)
    during = world.message(message).status
    world.run()

    assert (during, world.message(message).status) == (
        MessageStatus.PUBLISHING,
        MessageStatus.DELIVERED,
    )


def test_asking_again_changes_nothing(world: World) -> None:
    message = published(world)
    first = unpublish(world, message)
    assert unpublish(world, message).deliveries == first.deliveries
    world.run()

    assert unpublish(world, message).deliveries[0].status is Status.DELETED


def test_the_attempt_is_written_before_the_platform_is_asked(world: World) -> None:
    message = published(world)
    unpublish(world, message)
    seen: list[tuple[str, str]] = []
    world.platforms.during = lambda _: seen.extend(
        (attempt.action, attempt.outcome) for attempt in world.attempts(message, FEED)
    )
    world.drain()

    assert seen == [("publish", "delivered"), ("unpublish", "")]
    assert world.attempts(message, FEED)[-1].outcome == "unpublished"


@pytest.mark.parametrize(
    "fault", [lost_before, lost_after, unreachable, rate_limited(30), answers(503), broken]
)
def test_it_is_asked_again_until_it_is_gone(world: World, fault: Fault) -> None:
    message = published(world)
    world.platforms.arm(FEED, fault, fault, asking=True)
    unpublish(world, message)
    world.run()

    assert world.status(message, FEED) is Status.DELETED
    assert world.shown(FEED) == []
    assert len(world.attempts(message, FEED)) == 4


def test_a_definite_no_leaves_it_delivered_and_says_why(world: World) -> None:
    message = published(world)
    world.platforms.arm(FEED, answers(400), asking=True)
    unpublish(world, message)
    world.run()

    delivery = world.delivery(message, FEED)
    assert delivery.status is Status.DELIVERED
    assert delivery.problem is not None
    assert world.shown(FEED) == ["Hello"]


FEEDS = [FEED, "facebook", "instagram", "linkedin"]
NO = answers(400, {"error": {"code": 100}})


def posted(world: World, channel: str) -> Snapshot:
    """Publish on a feed, with what it needs."""
    message = world.achieve(channels=(channel,))[1]
    world.run()
    return message


@pytest.mark.parametrize("channel", FEEDS)
@pytest.mark.parametrize("silence", [lost_after, late(50)])
def test_a_no_after_a_silence_that_deleted_it_is_looked_into(
    world: World, channel: str, silence: Fault
) -> None:
    message = posted(world, channel)
    world.platforms.arm(channel, silence, NO, asking=True)
    unpublish(world, message, channel)
    world.run()

    assert world.status(message, channel) is Status.DELETED
    assert world.shown(channel) == []


@pytest.mark.parametrize("channel", FEEDS)
def test_a_no_after_a_silence_that_did_nothing_is_believed(world: World, channel: str) -> None:
    message = posted(world, channel)
    world.platforms.arm(channel, lost_before, NO, asking=True)
    unpublish(world, message, channel)
    world.run()

    delivery = world.delivery(message, channel)
    assert delivery.status is Status.DELIVERED
    assert delivery.problem is not None and delivery.problem.code == "content_rejected"
    assert len(world.shown(channel)) == 1


def test_what_endless_silence_left_there_is_said_to_be_there(world: World) -> None:
    message = published(world)
    world.platforms.arm(FEED, *[lost_before] * 8, asking=True)
    unpublish(world, message)
    world.run()

    delivery = world.delivery(message, FEED)
    assert (delivery.status, delivery.problem) == (Status.DELIVERED, steps.NOT_TAKEN_BACK)
    unpublish(world, message)
    world.run()
    assert world.status(message, FEED) is Status.DELETED


def test_what_endless_silence_deleted_is_said_to_be_deleted(world: World) -> None:
    message = published(world)
    world.platforms.arm(FEED, lost_after, *[lost_before] * 7, asking=True)
    unpublish(world, message)
    world.run()

    assert world.status(message, FEED) is Status.DELETED


@pytest.mark.parametrize("silence", [lost_before, answers(503), broken])
def test_silence_about_that_too_becomes_a_question(world: World, silence: Fault) -> None:
    message = published(world)
    world.platforms.arm(FEED, lost_after, NO, *[silence] * 8, asking=True)
    unpublish(world, message)
    world.run()

    delivery = world.delivery(message, FEED)
    assert (delivery.status, delivery.problem) == (Status.NEEDS_REVIEW, steps.STILL_THERE)


def asked(world: World) -> Snapshot:
    """Have a person asked whether a post is still there."""
    message = published(world)
    world.platforms.arm(FEED, lost_after, NO, *[lost_before] * 8, asking=True)
    unpublish(world, message)
    world.run()
    return message


@pytest.mark.parametrize(
    ("answer", "status"), [("it_is_there", Status.DELIVERED), ("it_is_gone", Status.DELETED)]
)
def test_whoever_looked_says_whether_it_is_there(world: World, answer: str, status: Status) -> None:
    message = asked(world)
    world.deciding.resolve(message.message.id, FEED, answer, None, ADA)
    world.run()

    delivery = world.delivery(message, FEED)
    assert (delivery.status, delivery.problem) == (status, None)
    told = world.messages.timeline(message.message.id).entries
    assert (ADA.id, answer) in [(entry.actor, entry.event) for entry in told]


def test_what_was_to_be_published_is_not_said_to_be_gone(world: World) -> None:
    world.platforms.arm("none-feed", lost_after)
    message = published(world, "none-feed")

    with pytest.raises(IllegalTransition, match="send_it"):
        world.deciding.resolve(message.message.id, "none-feed", "it_is_gone", None, ADA)
    assert world.status(message, "none-feed") is Status.NEEDS_REVIEW


@pytest.mark.parametrize("passing", [lost_before, rate_limited(600), answers(401)])
def test_a_look_that_comes_to_nothing_is_repeated(world: World, passing: Fault) -> None:
    message = published(world)
    world.platforms.arm(FEED, lost_after, NO, passing, asking=True)
    unpublish(world, message)
    world.run()

    assert world.status(message, FEED) is Status.DELETED


def test_a_blocked_account_is_not_asked_whether_it_is_there(world: World) -> None:
    message = published(world)
    world.platforms.arm(FEED, lost_after, NO, asking=True)
    unpublish(world, message)
    world.drain()
    world.run(timedelta(seconds=20))
    other = world.submit("Other", FEED)
    world.platforms.arm(FEED, answers(401))
    world.drain()
    calls = len(world.platforms.calls)
    world.run(timedelta(minutes=2))

    assert world.status(other, FEED) is Status.BLOCKED
    assert len(world.platforms.calls) == calls
    assert world.status(message, FEED) is Status.UNPUBLISHING


def test_refused_credentials_are_waited_for(world: World) -> None:
    message = published(world)
    world.platforms.arm(FEED, answers(401), asking=True)
    unpublish(world, message)
    world.run()

    assert world.status(message, FEED) is Status.DELETED


def test_a_blocked_account_is_not_asked(world: World) -> None:
    message = published(world)
    other = world.submit("Other", FEED)
    world.platforms.arm(FEED, answers(401))
    world.drain()
    calls = len(world.platforms.calls)
    unpublish(world, message)
    world.drain()

    assert world.status(other, FEED) is Status.BLOCKED
    assert len(world.platforms.calls) == calls
    assert world.status(message, FEED) is Status.UNPUBLISHING


def test_a_worker_that_dies_leaves_it_to_the_next(world: World) -> None:
    message = published(world)
    unpublish(world, message)
    world.stream.waiting.clear()
    world.run()

    assert world.status(message, FEED) is Status.DELETED


def test_who_lost_the_lease_leaves_evidence_only(world: World) -> None:
    message = published(world)
    unpublish(world, message)
    world.breaker.break_write(2, "before", LostRace())
    world.drain()

    assert world.attempts(message, FEED)[-1].late
    assert world.status(message, FEED) is Status.UNPUBLISHING


def test_who_was_stopped_beyond_the_lease_deletes_nothing(world: World) -> None:
    message = published(world)
    unpublish(world, message)

    def stop(at: str, operation: str, request: object) -> None:
        if at == "after" and operation == "transact":
            world.breaker.mend()
            world.clock.advance(minutes=10)

    world.breaker.when = stop
    world.drain()
    first = world.attempts(message, FEED)[-1]

    assert (first.action, first.outcome) == ("unpublish", "out_of_time")
    assert world.shown(FEED) == ["Hello"]
    world.run()
    assert world.status(message, FEED) is Status.DELETED


@pytest.mark.parametrize(
    "arrange",
    [
        lambda world: world.submit("Hello", FEED, at=world.clock.now().replace(year=2027)),
        lambda world: world.submit("Hello", FEED),
    ],
)
def test_what_is_not_published_is_not_taken_back(
    world: World, arrange: Callable[[World], Snapshot]
) -> None:
    with pytest.raises(IllegalTransition):
        unpublish(world, arrange(world))


def test_what_was_sent_to_people_stays_sent(world: World) -> None:
    world.subscribe("sms", 1)
    message = published(world, "sms")

    with pytest.raises(IllegalTransition, match="can't be taken back"):
        unpublish(world, message, "sms")


def test_a_post_that_only_a_person_saw_is_theirs_to_delete(world: World) -> None:
    world.platforms.arm("none-feed", lost_after)
    message = published(world, "none-feed")
    world.deciding.resolve(message.message.id, "none-feed", "it_is_there", None, ADA)

    with pytest.raises(IllegalTransition, match="which post"):
        unpublish(world, message, "none-feed")


def test_strangers_and_other_channels_are_not_found(world: World) -> None:
    message = published(world)

    with pytest.raises(NotFound):
        world.deciding.unpublish(message.message.id, FEED, BOB)
    with pytest.raises(NotFound):
        unpublish(world, message, "facebook")


def test_a_delivery_without_a_receipt_is_left_as_it_is(world: World) -> None:
    message = published(world)
    unpublish(world, message)
    before = world.delivery(message, FEED)
    world.unpublishing.take_back(replace(before, receipt=None))

    assert world.status(message, FEED) is Status.DELIVERED


def test_two_who_take_a_post_back_at_once_ask_the_platform_once(world: World) -> None:
    message = published(world)

    def twin(at: str, operation: str, request: object) -> None:
        if at == "before" and operation == "transact":
            world.breaker.mend()
            unpublish(world, message)

    world.breaker.when = twin
    with pytest.raises(Conflict):
        unpublish(world, message)
    world.run()

    assert world.status(message, FEED) is Status.DELETED
