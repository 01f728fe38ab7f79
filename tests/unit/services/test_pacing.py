"""How an account's attempts are spaced: in a crowd, and after an outage."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import Account, Channel, ChannelName
from chalicelib.domain.deliveries import Policy
from chalicelib.domain.errors import LostRace, PlatformUnavailable
from chalicelib.domain.states import Status
from tests.fakes.channels import FAKES
from tests.fakes.ground import START
from tests.fakes.platforms import unreachable
from tests.fakes.world import World

FEED = ChannelName("lookup-feed")
SECOND = timedelta(seconds=1)


def moments(world: World) -> list[datetime]:
    """Return when the feed was sent something, first to last."""
    return sorted(at for at, account, step in world.platforms.calls if step.publishes and account)


def gaps(world: World) -> list[timedelta]:
    """Return the times between the feed's posts."""
    return [after - before for before, after in pairwise(moments(world))]


@pytest.mark.parametrize("channel", CHANNELS.values(), ids=CHANNELS)
def test_every_channel_declares_how_fast_it_may_be_used(channel: Channel) -> None:
    assert timedelta(0) < channel.spacing <= timedelta(seconds=10)


def test_a_lone_post_does_not_wait() -> None:
    world = World(policy=Policy(spacing=5 * SECOND))
    world.submit("Hello", FEED)
    world.drain()

    assert moments(world) == [START]


def test_a_crowd_is_spaced() -> None:
    world = World(policy=Policy(spacing=2 * SECOND))
    for number in range(20):
        world.submit(f"Hello {number}", FEED)
    world.run()

    assert len(world.shown(FEED)) == 20
    assert min(gaps(world)) >= SECOND


def test_a_slot_far_ahead_gives_the_thread_back() -> None:
    world = World(policy=Policy(spacing=timedelta(minutes=1)))
    messages = [world.submit(f"Hello {number}", FEED) for number in range(3)]
    world.drain()

    waiting = [world.delivery(message, FEED) for message in messages[1:]]
    assert [delivery.status for delivery in waiting] == [Status.QUEUED, Status.QUEUED]
    assert [delivery.next_at for delivery in waiting] == [
        START + Policy().early,
        START + timedelta(minutes=1),
    ]


def test_another_account_has_slots_of_its_own() -> None:
    world = World(policy=Policy(spacing=timedelta(minutes=1)))
    world.submit("Hello", FEED, "key-feed")
    world.drain()

    assert moments(world) == [START, START]


def test_an_outage_never_releases_a_flood() -> None:
    world = World(policy=Policy(catch_up_spacing=20 * SECOND))
    for number in range(12):
        world.submit(f"Hello {number}", FEED, at=START + timedelta(minutes=10 + number))
    world.clock.pass_until(START + timedelta(hours=6))
    world.run()

    assert len(world.shown(FEED)) == 12
    assert min(gaps(world)) >= 12 * SECOND


def test_late_mails_are_spaced_by_their_platforms_rate_alone() -> None:
    direct = replace(FAKES[ChannelName("key-direct")], spacing=timedelta(0))
    world = World(channels={direct.name: direct}, policy=Policy(catch_up_spacing=20 * SECOND))
    world.subscribe(direct.name, 3)
    world.submit("Hello", direct.name, at=START + timedelta(minutes=10))
    world.clock.pass_until(START + timedelta(hours=6))
    world.run()

    assert set(gaps(world)) == {timedelta(0)}


def test_an_open_circuit_holds_back_without_burning_attempts() -> None:
    world = World()
    world.platforms.arm(FEED, *[unreachable] * 5)
    messages = [world.submit(f"Hello {number}", FEED) for number in range(9)]
    world.drain()

    held = [world.delivery(message, FEED) for message in messages[5:]]
    assert [delivery.attempts for delivery in held] == [0, 0, 0, 0]


def test_after_an_outage_one_probe_opens_the_way_for_all() -> None:
    world = World()
    world.platforms.arm(FEED, *[unreachable] * 8)
    for number in range(30):
        world.submit(f"Hello {number}", FEED)
    world.run()

    assert len(world.shown(FEED)) == 30
    assert len(world.platforms.published(FEED)) == 38


def test_whoever_comes_after_the_probe_waits_without_burning_an_attempt() -> None:
    world = World()
    for _ in range(5):
        met = world.book.state(FEED)
        world.book.learn(met, Account(FEED), PlatformUnavailable(), world.clock.now())
    world.clock.advance(seconds=31)
    probe = "open_until"
    world.breaker.when = lambda _, __, request: LostRace() if probe in repr(request) else None
    message = world.submit("Hello", FEED)
    world.drain()

    held = world.delivery(message, FEED)
    assert (held.status, held.attempts) == (Status.QUEUED, 0)
    world.breaker.mend()
    world.run()
    assert world.shown(FEED) == ["Hello"]


def test_the_scheduler_puts_nothing_on_the_stream_for_an_account_that_rests() -> None:
    world = World()
    world.platforms.arm(FEED, *[unreachable] * 5)
    for number in range(5):
        world.submit(f"Hello {number}", FEED)
    world.drain()
    later = world.submit("Later", FEED, at=START + timedelta(seconds=10))
    put = len(world.stream.everything)
    world.clock.pass_until(START + timedelta(seconds=10))
    world.releasing.release(deadline=START + timedelta(seconds=12))

    assert world.status(later, FEED) is Status.PENDING
    assert len(world.stream.everything) == put
