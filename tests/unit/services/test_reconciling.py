"""Doubt: what each kind of platform can tell, when it is believed, and what is sent again."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.channels import (
    Account,
    ChannelName,
    Post,
    Receipt,
    Reconcilability,
    Response,
    Step,
)
from chalicelib.domain.messages import LateAction, LatePolicy
from chalicelib.domain.metrics import Metric
from chalicelib.domain.states import Status
from tests.fakes.channels import FakeChannel
from tests.fakes.ground import START, Died
from tests.fakes.platforms import (
    Fault,
    answers,
    dies_after,
    dies_before,
    late,
    lost_after,
    lost_before,
    unreachable,
)
from tests.fakes.world import ADA, World

FEED = "lookup-feed"
SETTLE = timedelta(seconds=60)
DECIDABLE = ["key-feed", "handle-feed", "lookup-feed"]
UNDECIDABLE = ["event-feed", "none-feed"]


def asked(world: World) -> list[datetime]:
    """Return when platforms were asked without publishing anything."""
    return [at for at, _, step in world.platforms.calls if not step.publishes]


# --- found, absent, undecidable ---------------------------------------------------------------


@pytest.mark.parametrize("channel", DECIDABLE)
@pytest.mark.parametrize("fault", [lost_after, lost_before])
def test_without_an_answer_it_appears_exactly_once(
    world: World, channel: str, fault: Fault
) -> None:
    world.platforms.arm(channel, fault)
    message = world.submit("Hello", channel)
    world.run()

    assert world.shown(channel) == ["Hello"]
    assert world.status(message, channel) is Status.DELIVERED


@pytest.mark.parametrize("channel", UNDECIDABLE)
@pytest.mark.parametrize(("fault", "shown"), [(lost_after, ["Hello"]), (lost_before, [])])
def test_where_nobody_can_tell_a_person_is_asked(
    world: World, channel: str, fault: Fault, shown: list[str]
) -> None:
    world.platforms.arm(channel, fault)
    message = world.submit("Hello", channel)
    world.run()

    assert world.shown(channel) == shown
    assert world.status(message, channel) is Status.NEEDS_REVIEW


@pytest.mark.parametrize("channel", DECIDABLE)
@pytest.mark.parametrize("fault", [dies_before, dies_after])
def test_after_the_process_died_it_appears_exactly_once(
    world: World, channel: str, fault: Fault
) -> None:
    world.platforms.arm(channel, fault)
    message = world.submit("Hello", channel)
    with pytest.raises(Died):
        world.drain()
    world.restart()
    world.run()

    assert world.shown(channel) == ["Hello"]
    assert world.status(message, channel) is Status.DELIVERED


def test_what_was_found_keeps_the_platforms_proof(world: World) -> None:
    world.platforms.arm(FEED, lost_after)
    message = world.submit("Hello", FEED)
    world.run()

    assert world.delivery(message, FEED).receipt == Receipt("lookup-feed_1")


def test_what_is_proven_absent_is_sent_once_more(world: World) -> None:
    world.platforms.arm(FEED, lost_before)
    message = world.submit("Hello", FEED)
    world.run()
    delivery = world.delivery(message, FEED)

    assert (delivery.attempts, delivery.doubt, delivery.doubt_since) == (2, False, None)


def test_once_doubt_was_cleared_a_refusal_is_final(world: World) -> None:
    world.platforms.arm(FEED, lost_before, unreachable, answers(400))
    message = world.submit("Hello", FEED)
    world.run()

    assert world.status(message, FEED) is Status.FAILED
    assert world.delivery(message, FEED).attempts == 3


def test_doubt_that_comes_back_every_time_ends_after_eight_attempts(world: World) -> None:
    world.platforms.arm(FEED, *[lost_before] * 20)
    message = world.submit("Hello", FEED)
    world.run()

    assert world.delivery(message, FEED).attempts == 8
    assert world.status(message, FEED) is Status.FAILED


# --- when an absence is believed --------------------------------------------------------------


def test_nobody_is_asked_before_the_settle_time(world: World) -> None:
    world.platforms.arm(FEED, lost_before)
    world.submit("Hello", FEED)
    world.run()

    assert asked(world) == [START + SETTLE]


def test_a_delayed_effect_within_the_settle_time_is_found(world: World) -> None:
    world.platforms.arm(FEED, late(59))
    message = world.submit("Hello", FEED)
    world.run()

    assert world.shown(FEED) == ["Hello"]
    assert world.delivery(message, FEED).attempts == 1


def test_the_settle_time_counts_from_when_the_doubt_was_noticed(world: World) -> None:
    world.platforms.arm(FEED, dies_before)
    world.submit("Hello", FEED)
    with pytest.raises(Died):
        world.drain()
    world.run()

    lease_ended = START + world.policy.attempt_lease
    assert asked(world) == [lease_ended + SETTLE]


def test_a_stage_may_set_the_settle_time_for_every_channel() -> None:
    world = World(settle=timedelta(seconds=5))
    world.platforms.arm(FEED, lost_before)
    world.submit("Hello", FEED)
    world.run()

    assert asked(world) == [START + timedelta(seconds=5)]


def test_an_event_is_awaited_for_a_while(world: World) -> None:
    world.platforms.arm("event-feed", lost_before)
    message = world.submit("Hello", "event-feed")
    world.run(timedelta(minutes=14))
    assert world.status(message, "event-feed") is Status.IN_DOUBT

    world.run(timedelta(minutes=2))
    assert world.status(message, "event-feed") is Status.NEEDS_REVIEW


# --- when asking does not help ----------------------------------------------------------------


class Unasked(FakeChannel):
    """A feed that can be read, but does not answer as it should."""

    def find(
        self, post: Post, account: Account, since: datetime
    ) -> Generator[Step, Response, Receipt | None]:
        """Trip over the answer."""
        yield from ()
        raise KeyError("nobody has thought of this")


def test_a_look_up_that_fails_is_tried_again_more_and_more_slowly(world: World) -> None:
    world.platforms.arm(FEED, lost_after)
    world.platforms.arm(FEED, *[unreachable] * 2, asking=True)
    message = world.submit("Hello", FEED)
    world.run()
    first = START + SETTLE

    assert asked(world) == [first, first + SETTLE, first + 3 * SETTLE]
    assert (world.shown(FEED), world.status(message, FEED)) == (["Hello"], Status.DELIVERED)


def test_after_eight_look_ups_a_person_is_asked(world: World) -> None:
    world.platforms.arm(FEED, lost_after)
    world.platforms.arm(FEED, *[unreachable] * 99, asking=True)
    message = world.submit("Hello", FEED)
    world.run()

    assert len(asked(world)) == 8
    assert world.status(message, FEED) is Status.NEEDS_REVIEW


def test_a_look_up_that_trips_is_one_that_could_not_tell() -> None:
    broken = Unasked(ChannelName("broken"), Reconcilability.LOOKUP)
    world = World(channels={broken.name: broken})
    world.platforms.arm("broken", lost_after)
    message = world.submit("Hello", "broken")
    world.run()

    assert world.status(message, "broken") is Status.NEEDS_REVIEW
    assert {name for name, _ in world.heard.failures} == {"channel_crashed"}


def test_rejected_credentials_do_not_count_as_a_look_up(world: World) -> None:
    world.platforms.arm(FEED, lost_after)
    world.platforms.arm(FEED, *[answers(401)] * 20, asking=True)
    message = world.submit("Hello", FEED)
    world.run()

    assert len(asked(world)) == 21
    assert (world.shown(FEED), world.status(message, FEED)) == (["Hello"], Status.DELIVERED)


@pytest.mark.parametrize(("headers", "wait"), [({"retry_after": "90"}, 90), ({}, 60)])
def test_a_rate_limit_while_asking_is_respected_and_not_counted(
    world: World, headers: dict[str, str], wait: int
) -> None:
    world.platforms.arm(FEED, lost_after)
    world.platforms.arm(FEED, *[answers(429, {}, **headers)] * 1, asking=True)
    message = world.submit("Hello", FEED)
    world.run()

    assert asked(world) == [START + SETTLE, START + SETTLE + timedelta(seconds=wait)]
    assert world.delivery(message, FEED).lookups == 0


# --- a native key -----------------------------------------------------------------------------


def test_with_a_native_key_the_same_is_sent_again_without_asking(world: World) -> None:
    world.platforms.arm("key-feed", lost_after)
    message = world.submit("Hello", "key-feed")
    world.run()

    assert asked(world) == []
    assert world.delivery(message, "key-feed").attempts == 2


def test_doubt_is_sticky_a_refusal_of_the_second_attempt_proves_nothing(world: World) -> None:
    world.platforms.arm("key-feed", lost_after, answers(400))
    message = world.submit("Hello", "key-feed")
    world.run()

    assert world.status(message, "key-feed") is Status.DELIVERED
    assert world.shown("key-feed") == ["Hello"]


def test_refused_again_and_again_in_doubt_a_person_is_asked(world: World) -> None:
    world.platforms.arm("key-feed", lost_after, *[answers(400)] * 20)
    message = world.submit("Hello", "key-feed")
    world.run()

    assert world.status(message, "key-feed") is Status.NEEDS_REVIEW
    assert world.delivery(message, "key-feed").attempts == 8


def test_a_transient_refusal_in_doubt_stays_in_doubt(world: World) -> None:
    world.platforms.arm("key-feed", lost_after, *[unreachable] * 20)
    message = world.submit("Hello", "key-feed")
    world.run()

    assert world.status(message, "key-feed") is Status.NEEDS_REVIEW


def test_in_doubt_a_blocked_account_is_waited_for(world: World) -> None:
    world.platforms.arm("key-feed", lost_after, answers(401))
    message = world.submit("Hello", "key-feed")
    world.run(timedelta(hours=1))
    delivery = world.delivery(message, "key-feed")
    assert (delivery.status, delivery.doubt) == (Status.IN_DOUBT, True)

    world.connect("key-feed")
    world.run()
    assert world.status(message, "key-feed") is Status.DELIVERED
    assert world.shown("key-feed") == ["Hello"]


def test_too_late_in_doubt_a_person_is_asked(world: World) -> None:
    world.platforms.arm("key-feed", lost_after)
    policy = LatePolicy(timedelta(seconds=30), LateAction.SKIP)
    message = world.submit("Hello", "key-feed", late_policy=policy)
    world.run()

    assert world.status(message, "key-feed") is Status.NEEDS_REVIEW


# --- proven absent, then something else -------------------------------------------------------


def test_proven_absent_but_too_late_is_left_out(world: World) -> None:
    world.platforms.arm(FEED, lost_before)
    policy = LatePolicy(timedelta(seconds=30), LateAction.SKIP)
    message = world.submit("Hello", FEED, late_policy=policy)
    world.run()

    assert world.status(message, FEED) is Status.SKIPPED


def test_proven_absent_but_blocked_waits_for_the_account(world: World) -> None:
    world.platforms.arm(FEED, lost_before, answers(401))
    message = world.submit("Hello", FEED)
    world.drain()
    world.submit("Another", FEED)
    world.drain()
    world.run(timedelta(minutes=10))
    assert world.status(message, FEED) is Status.BLOCKED

    world.connect(FEED)
    world.run()
    assert sorted(world.shown(FEED)) == ["Another", "Hello"]


def test_proven_absent_but_paused_is_remembered_as_absent(world: World) -> None:
    world.platforms.arm(FEED, lost_before, answers(429, {}, retry_after="600"))
    message = world.submit("Hello", FEED)
    world.drain()
    world.submit("Another", FEED)
    world.drain()
    world.run(timedelta(minutes=2))
    delivery = world.delivery(message, FEED)
    assert (delivery.status, delivery.doubt) == (Status.IN_DOUBT, False)

    world.run()
    assert sorted(world.shown(FEED)) == ["Another", "Hello"]


def test_a_process_that_dies_after_the_proof_sends_once_more(world: World) -> None:
    world.platforms.arm(FEED, lost_before)
    message = world.submit("Hello", FEED)
    world.drain()
    world.clock.advance(minutes=2)
    world.tick()
    world.breaker.break_write(1, "after", Died())
    with pytest.raises(Died):
        world.drain()
    world.breaker.mend()
    world.run()

    assert world.shown(FEED) == ["Hello"]
    assert world.delivery(message, FEED).attempts == 2


def test_what_a_person_confirms_stays_as_it_is(world: World) -> None:
    world.platforms.arm("none-feed", lost_after)
    message = world.submit("Hello", "none-feed")
    world.run()
    world.deciding.resolve(message.message.id, "none-feed", "it_is_there", None, ADA)
    world.run()

    assert world.status(message, "none-feed") is Status.DELIVERED
    assert world.shown("none-feed") == ["Hello"]


def test_what_a_person_sends_again_is_sent_once(world: World) -> None:
    world.platforms.arm("none-feed", lost_before)
    message = world.submit("Hello", "none-feed")
    world.run()
    world.deciding.resolve(message.message.id, "none-feed", "send_it", None, ADA)
    world.run()

    assert world.shown("none-feed") == ["Hello"]


def test_a_delivery_without_doubt_needs_nobody_to_be_asked(world: World) -> None:
    world.platforms.arm(FEED, lost_before)
    message = world.submit("Hello", FEED)
    world.drain()
    delivery = world.delivery(message, FEED)
    clear = replace(delivery, doubt=False, version=delivery.version + 1)
    world.store.commit(world.messages.moving(delivery, clear))
    world.run()

    assert asked(world) == []
    assert world.shown(FEED) == ["Hello"]


# --- what alarms are set on -------------------------------------------------------------------


def test_each_look_at_a_doubt_tells_its_age(world: World) -> None:
    world.platforms.arm(FEED, lost_after)
    world.submit("Hello", FEED)
    world.run()
    ages = [m["value"] for m in world.heard.metrics if m["name"] == Metric.DOUBT]

    assert ages and ages == sorted(ages)
    assert ages[-1] >= SETTLE.total_seconds()


@pytest.mark.parametrize("channel", UNDECIDABLE)
def test_what_comes_to_need_a_person_is_counted_once(world: World, channel: str) -> None:
    world.platforms.arm(channel, lost_before)
    world.submit("Hello", channel)
    world.run()
    counted = [m for m in world.heard.metrics if m["name"] == Metric.NEEDS_REVIEW]

    assert [(m["value"], m["channel"]) for m in counted] == [(1, channel)]
