"""Connecting an account: the platform is asked first, then the secret is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.channels import Account, ChannelName
from chalicelib.domain.errors import (
    Conflict,
    Forbidden,
    InvalidMessage,
    LostRace,
    NotFound,
    PlatformUnavailable,
    RateLimited,
)
from chalicelib.domain.ports import AccountState, AccountStatus
from chalicelib.domain.states import Status
from tests.fakes.ground import START
from tests.fakes.platforms import Fault, answers, reply, unreachable
from tests.fakes.world import ADA, MAX, ROOT, World

FEED = ChannelName("lookup-feed")
TOKEN = {"access_token": "fresh"}


@pytest.fixture
def world() -> World:
    """Return a world in which nothing is connected."""
    return World(connected=False)


def connect(world: World, **fields: str) -> AccountState:
    """Connect the feed as an administrator."""
    return world.connecting.connect(FEED, {"page": "7", **TOKEN, **fields}, ROOT)


def faults(world: World) -> list[str]:
    """Return the codes of what the platform refuses."""
    with pytest.raises(InvalidMessage) as refused:
        connect(world)
    return [fault.code for fault in refused.value.faults]


def test_a_connected_account_is_who_the_platform_says(world: World) -> None:
    state = connect(world)

    assert (state.status, state.identity) == (AccountStatus.CONNECTED, f"{FEED} community")
    assert (state.scopes, state.checked_at) == (("post",), START)
    assert world.accounts.state(FEED) == state


def test_what_was_learnt_while_checking_belongs_to_the_settings(world: World) -> None:
    assert connect(world).settings == {"page": "7", "learnt": "yes"}


def test_the_secret_is_kept_apart_from_the_state(world: World) -> None:
    state = connect(world)

    assert world.secrets.read(FEED) == TOKEN
    assert "fresh" not in repr(state)


def test_the_platform_is_asked_with_the_new_secret(world: World) -> None:
    connect(world)
    (_, account, _) = world.platforms.calls[0]

    assert (account.secrets, account.settings["page"]) == (TOKEN, "7")


def test_an_account_without_secrets_is_connected(world: World) -> None:
    world.connecting.connect("sms", {}, ROOT)

    assert world.accounts.state(ChannelName("sms")).status is AccountStatus.CONNECTED
    assert "sms" not in world.secrets.fields


@pytest.mark.parametrize("member", [ADA, MAX])
def test_only_administrators_connect(world: World, member: object) -> None:
    with pytest.raises(Forbidden):
        world.connecting.connect(FEED, TOKEN, member)  # type: ignore[arg-type] # a member


def test_a_channel_nobody_knows_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.connecting.connect("myspace", {}, ROOT)


def test_every_missing_field_is_named(world: World) -> None:
    with pytest.raises(InvalidMessage) as refused:
        world.connecting.connect(FEED, {}, ROOT)
    assert [fault.pointer for fault in refused.value.faults] == ["/page", "/access_token"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (answers(401), "credentials_rejected"),
        (answers(400), "content_rejected"),
        (lambda _: reply({"identity": "x", "missing": ["post", "read"]}), "missing_scope"),
        (lambda _: reply({"identity": "x", "wrong": ["page"]}), "wrong"),
    ],
)
def test_what_the_platform_refuses_is_a_fault(world: World, fault: Fault, code: str) -> None:
    world.platforms.arm(FEED, fault, asking=True)

    assert faults(world) == [code]


def test_a_fault_of_the_token_points_at_it(world: World) -> None:
    world.platforms.arm(FEED, answers(401), asking=True)
    with pytest.raises(InvalidMessage) as refused:
        connect(world)

    assert [fault.pointer for fault in refused.value.faults] == ["/access_token"]


def test_fields_that_are_not_given_keep_their_stored_value(world: World) -> None:
    connect(world)
    state = world.connecting.connect(FEED, {"page": "8"}, ROOT)

    assert state.settings["page"] == "8"
    assert world.secrets.read(FEED) == TOKEN


def test_fields_that_the_channel_does_not_use_are_ignored(world: World) -> None:
    state = connect(world, favourite_colour="teal")

    assert "favourite_colour" not in {**state.settings, **world.secrets.read(FEED)}


def test_what_was_learnt_is_asked_for_again_with_every_check(world: World) -> None:
    connect(world)
    connect(world)
    (_, account, _) = world.platforms.calls[-1]

    assert account.settings == {"page": "7"}


def test_nothing_is_kept_of_a_refused_account(world: World) -> None:
    world.platforms.arm(FEED, answers(401), asking=True)
    faults(world)

    assert world.accounts.state(FEED).status is AccountStatus.MISSING
    assert FEED not in world.secrets.fields


def test_a_platform_that_is_down_is_told_as_such(world: World) -> None:
    world.platforms.arm(FEED, unreachable, asking=True)

    with pytest.raises(PlatformUnavailable):
        connect(world)


def test_connecting_lets_blocked_deliveries_go_on(world: World) -> None:
    message = world.submit("Hello", FEED)
    world.run(timedelta(minutes=5))
    assert world.status(message, FEED) is Status.BLOCKED
    connect(world)
    assert world.starter.asked == [world.clock.now()]

    world.run()
    assert world.shown(FEED) == ["Hello"]


def test_connecting_again_closes_the_circuit(world: World) -> None:
    sound = connect(world)
    for _ in range(5):
        world.book.learn(sound, Account(FEED), PlatformUnavailable(), world.clock.now())
    assert world.book.state(FEED).paused_until is not None
    state = connect(world)

    assert (state.paused_until, state.problem) == (None, None)


def test_new_credentials_do_not_shorten_the_pause_that_the_platform_asked_for(
    world: World,
) -> None:
    sound = connect(world)
    limited = RateLimited("", timedelta(minutes=5))
    world.book.learn(sound, Account(FEED), limited, world.clock.now())

    assert connect(world).paused_until == world.clock.now() + timedelta(minutes=5)


def test_another_account_does_not_wait_for_the_pause_of_the_one_before(world: World) -> None:
    sound = connect(world)
    limited = RateLimited("", timedelta(minutes=5))
    world.book.learn(sound, Account(FEED), limited, world.clock.now())
    before = world.book.state(FEED)
    another = replace(before, identity="somebody else", version=before.version + 1)
    world.store.commit(world.accounts.saving(before, another))

    assert connect(world).paused_until is None


def test_two_who_connect_at_once_are_told(world: World) -> None:
    world.breaker.break_write(1, "before", LostRace())

    with pytest.raises(Conflict):
        connect(world)


def test_an_overview_shows_every_channel(world: World) -> None:
    connect(world)
    states = {channel.name: state.status for channel, state in world.connecting.overview()}

    assert states[FEED] is AccountStatus.CONNECTED
    assert set(states) == set(world.channels)
    assert states[ChannelName("sms")] is AccountStatus.MISSING
