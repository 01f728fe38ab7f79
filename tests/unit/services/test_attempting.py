"""One attempt: the account it needs, what is posted, and what the answer means."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from chalicelib.domain.channels import ChannelName, HttpRequest
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.ports import AccountStatus
from chalicelib.domain.states import Status
from tests.fakes.ground import START
from tests.fakes.platforms import (
    Request,
    answers,
    broken,
    garbled,
    rate_limited,
    unreachable,
)
from tests.fakes.world import ADA, World

FEED = ChannelName("lookup-feed")


# --- the account ------------------------------------------------------------------------------


def test_without_an_account_deliveries_wait() -> None:
    world = World(connected=False)
    message = world.submit("Hello", FEED)
    world.run(timedelta(minutes=10))
    delivery = world.delivery(message, FEED)

    assert (delivery.status, delivery.attempts) == (Status.BLOCKED, 0)
    assert delivery.problem is not None and delivery.problem.code == "credentials_rejected"


def test_rejected_credentials_hold_back_the_whole_account(world: World) -> None:
    world.platforms.arm(FEED, answers(401))
    messages = [world.submit(f"Hello {number}", FEED) for number in range(3)]
    world.drain()

    assert [world.status(message, FEED) for message in messages] == [Status.BLOCKED] * 3
    assert len(world.platforms.published(FEED)) == 1
    assert world.accounts.state(FEED).status is AccountStatus.BLOCKED


def test_blocked_deliveries_go_on_when_the_account_is_connected_again(world: World) -> None:
    world.platforms.arm(FEED, answers(401))
    message = world.submit("Hello", FEED)
    world.run(timedelta(minutes=30))
    assert world.status(message, FEED) is Status.BLOCKED

    world.connect(FEED)
    world.run()
    assert world.shown(FEED) == ["Hello"]


def test_waiting_for_an_account_burns_no_attempts(world: World) -> None:
    world.platforms.arm(FEED, answers(401))
    message = world.submit("Hello", FEED)
    world.run(timedelta(days=2))
    world.connect(FEED)
    world.run()

    assert world.delivery(message, FEED).attempts == 2


def test_a_rate_limit_pauses_the_whole_account(world: World) -> None:
    world.platforms.arm(FEED, rate_limited(600))
    messages = [world.submit(f"Hello {number}", FEED) for number in range(3)]
    world.drain()

    assert len(world.platforms.published(FEED)) == 1
    for message in messages[1:]:
        delivery = world.delivery(message, FEED)
        assert delivery.attempts == 0
        assert delivery.next_at is not None
        assert delivery.next_at - START >= timedelta(minutes=10)


def test_after_a_rate_limit_everything_is_published(world: World) -> None:
    world.platforms.arm(FEED, rate_limited(600))
    for number in range(3):
        world.submit(f"Hello {number}", FEED)
    world.run()

    assert sorted(world.shown(FEED)) == ["Hello 0", "Hello 1", "Hello 2"]
    assert min(post.at for post in world.platforms.posts) >= START + timedelta(minutes=10)


def test_another_account_is_not_delayed(world: World) -> None:
    world.platforms.arm(FEED, rate_limited(600))
    world.submit("Hello", FEED, "key-feed")
    world.drain()

    assert world.shown("key-feed") == ["Hello"]


# --- answers ----------------------------------------------------------------------------------


def test_what_certainly_did_not_happen_is_tried_again(world: World) -> None:
    world.platforms.arm(FEED, unreachable, unreachable)
    message = world.submit("Hello", FEED)
    world.run()

    assert world.shown(FEED) == ["Hello"]
    assert world.delivery(message, FEED).attempts == 3


def test_retries_end_after_eight_attempts(world: World) -> None:
    world.platforms.arm(FEED, *[unreachable] * 20)
    message = world.submit("Hello", FEED)
    world.run()
    delivery = world.delivery(message, FEED)

    assert (delivery.status, delivery.attempts) == (Status.FAILED, 8)
    assert len(world.platforms.calls) == 8


def test_a_persons_retry_gets_eight_attempts_of_its_own(world: World) -> None:
    world.platforms.arm(FEED, *[unreachable] * 20)
    message = world.submit("Hello", FEED)
    world.run()
    world.clock.advance(days=2)
    world.deciding.retry(message.message.id, FEED, ADA)
    world.run()

    assert world.delivery(message, FEED).attempts == 16


def test_rejected_content_fails_at_once(world: World) -> None:
    world.platforms.arm(FEED, answers(400))
    message = world.submit("Hello", FEED)
    world.run()

    assert world.status(message, FEED) is Status.FAILED
    assert len(world.platforms.calls) == 1


def test_a_channel_that_trips_over_an_answer_is_in_doubt(world: World) -> None:
    world.platforms.arm(FEED, garbled)
    message = world.submit("Hello", FEED)
    world.drain()

    assert world.status(message, FEED) is Status.IN_DOUBT
    assert [name for name, _ in world.heard.failures] == ["channel_crashed"]


def test_a_transport_that_fails_unforeseen_is_in_doubt(world: World) -> None:
    world.platforms.arm(FEED, broken)
    message = world.submit("Hello", FEED)
    world.drain()

    assert world.status(message, FEED) is Status.IN_DOUBT


def test_the_outcome_is_kept_even_if_the_account_can_not_be_noted(world: World) -> None:
    world.platforms.arm(FEED, answers(401))
    message = world.submit("Hello", FEED)
    world.breaker.when = lambda at, op, request: (
        StoreUnavailable("no") if op == "write" and "STATE" in repr(request) else None
    )

    assert world.drain() == 0
    assert world.status(message, FEED) is Status.BLOCKED


# --- what is posted ---------------------------------------------------------------------------


def test_what_is_posted_is_fixed_before_the_first_attempt(world: World) -> None:
    world.platforms.arm(FEED, unreachable)
    message = world.submit("Hello", FEED)
    world.drain()
    world.connect(FEED, footer=" (c) 2027")
    world.run()

    assert world.shown(FEED) == ["Hello"]
    digests = {attempt.digest for attempt in world.attempts(message, FEED)}
    assert len(digests) == 1


def test_what_cannot_become_a_post_fails_without_an_attempt(world: World) -> None:
    world.connect(FEED, footer="!" * 600)
    message = world.submit("Hello", FEED)
    world.run()
    delivery = world.delivery(message, FEED)

    assert (delivery.status, delivery.attempts) == (Status.FAILED, 0)
    assert delivery.problem is not None and delivery.problem.code == "unsupported_content"


def test_a_revision_that_cannot_be_read_is_our_own_trouble(world: World) -> None:
    message = world.submit("Hello", FEED)
    delivery = world.delivery(message, FEED)
    gone = replace(delivery, revision=9, version=delivery.version + 1)
    world.store.commit(world.messages.moving(delivery, gone))

    assert world.drain() == 1
    assert world.status(message, FEED) is Status.QUEUED


def test_a_token_is_the_same_for_every_attempt(world: World) -> None:
    world.platforms.arm(FEED, unreachable)
    world.submit("Hello", FEED)
    world.run()
    steps = world.platforms.published(FEED)
    tokens = {step.json["token"] for step in steps if isinstance(step, HttpRequest)}

    assert len(steps) == 2 and len(tokens) == 1


def test_a_handle_is_stored_before_anything_is_visible(world: World) -> None:
    message = world.submit("Hello", "handle-feed")
    seen: list[str | None] = []

    def look(request: Request) -> None:
        if request.publishes:
            seen.append(world.delivery(message, "handle-feed").handle)

    world.platforms.during = look
    world.drain()

    assert seen == ["container1"]


def test_without_its_handle_stored_nothing_is_published(world: World) -> None:
    message = world.submit("Hello", "handle-feed")
    world.breaker.when = lambda at, op, request: (
        StoreUnavailable("no") if at == "before" and "'handle'" in repr(request) else None
    )
    assert world.drain() == 1
    assert world.platforms.published("handle-feed") == []

    world.breaker.mend()
    world.run()
    assert world.shown("handle-feed") == ["Hello"]
    assert world.status(message, "handle-feed") is Status.DELIVERED


def test_a_retry_publishes_the_stored_handle(world: World) -> None:
    world.platforms.arm("handle-feed", unreachable)
    world.submit("Hello", "handle-feed")
    world.run()

    assert list(world.platforms.containers) == ["container1"]
    assert world.shown("handle-feed") == ["Hello"]
