"""The worker when our own store fails, when it loses its lease, and when answers get lost."""

from __future__ import annotations

import pytest

from chalicelib.domain.channels import AwsCall, ChannelName
from chalicelib.domain.errors import LostRace, StoreUnavailable
from chalicelib.domain.messages import MediaRef, MessageStatus
from chalicelib.domain.states import Status
from tests.fakes.platforms import (
    Request,
    lost_after,
)
from tests.fakes.world import World

FEED = ChannelName("lookup-feed")


# --- our own store ----------------------------------------------------------------------------


def test_an_attempt_that_could_not_begin_calls_nobody(world: World) -> None:
    world.submit("Hello", FEED)
    world.breaker.when = lambda at, op, request: (
        StoreUnavailable("no") if at == "before" and "ATTEMPT#" in repr(request) else None
    )

    assert world.drain() == 1
    assert world.platforms.calls == []


def test_an_outcome_that_could_not_be_written_is_found_again(world: World) -> None:
    message = world.submit("Hello", FEED)
    world.breaker.when = lambda at, op, request: (
        StoreUnavailable("no") if at == "before" and "delivered_at" in repr(request) else None
    )
    assert world.drain() == 1
    assert world.status(message, FEED) is Status.SENDING

    world.breaker.mend()
    world.run()
    assert world.status(message, FEED) is Status.DELIVERED
    assert world.shown(FEED) == ["Hello"]


def test_a_roll_up_that_fails_does_not_fail_the_delivery(world: World) -> None:
    message = world.submit("Hello", FEED)
    world.breaker.when = lambda at, op, request: (
        StoreUnavailable("no") if at == "before" and "rolled" in repr(request) else None
    )

    assert world.drain() == 0
    assert world.status(message, FEED) is Status.DELIVERED
    assert world.heard.named("follow_later")


def test_there_is_nothing_to_roll_up_without_deliveries(world: World) -> None:
    draft = world.submit("Hello", FEED, keep_as_draft=True)

    world.progress.roll_up(draft.message.id)
    world.progress.roll_up("nothing")
    assert world.message(draft).status is MessageStatus.DRAFT


def test_a_worker_that_lost_its_lease_only_leaves_evidence(world: World) -> None:
    message = world.submit("Hello", FEED)

    def taken_over(request: Request) -> None:
        world.platforms.during = lambda _: None
        world.clock.advance(minutes=10)
        world.tick()

    world.platforms.during = taken_over
    world.delivering.deliver_all(world.stream.take())
    (attempt,) = world.attempts(message, FEED)

    assert world.status(message, FEED) is Status.IN_DOUBT
    assert (attempt.late, attempt.outcome) == (True, "delivered")


def test_evidence_of_a_late_worker_settles_the_doubt(world: World) -> None:
    message = world.submit("Hello", "none-feed")

    def taken_over(request: Request) -> None:
        world.platforms.during = lambda _: None
        world.clock.advance(minutes=10)
        world.tick()

    world.platforms.during = taken_over
    world.delivering.deliver_all(world.stream.take(1))
    world.run()
    delivery = world.delivery(message, "none-feed")

    assert delivery.status is Status.DELIVERED
    assert delivery.receipt is not None and delivery.receipt.external_id == "none-feed_1"
    assert world.shown("none-feed") == ["Hello"]


def test_what_raced_is_not_reported(world: World) -> None:
    world.submit("Hello", FEED)
    world.breaker.break_write(1, "before", LostRace())

    assert world.drain() == 0


@pytest.mark.parametrize("channel", ["facebook", "linkedin"])
def test_a_lost_answer_on_a_real_feed_publishes_once(world: World, channel: str) -> None:
    world.platforms.arm(channel, lost_after)
    message = world.submit("Hello", channel)
    world.run()

    assert world.shown(channel) == ["Hello"]
    assert world.status(message, channel) is Status.DELIVERED


def test_a_lost_answer_on_instagram_publishes_once(world: World) -> None:
    world.platforms.arm("instagram", lost_after)
    picture = MediaRef(world.upload())
    message = world.submit("Hello", "instagram", media=(picture,))
    world.run()

    assert world.shown("instagram") == ["Hello"]
    assert world.status(message, "instagram") is Status.DELIVERED


def test_a_mail_carries_our_mark_and_a_way_out(world: World) -> None:
    world.subscribe("email", 1)
    world.submit("Hello", "email")
    world.run()
    (step,) = world.platforms.published("email")

    assert isinstance(step, AwsCall)
    assert step.params["EmailTags"][0]["Value"] == world.platforms.posts[0].mark
    assert "https://api.example.org/unsubscribe/" in repr(step.params["Content"])
