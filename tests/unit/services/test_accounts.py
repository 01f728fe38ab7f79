"""The account we publish as: put together, refused, and what is learnt from a refusal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.domain.channels import Account, ChannelName
from chalicelib.domain.circuits import is_paused
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    ContentRejected,
    CredentialsRejected,
    LostRace,
    OutOfTime,
    PlatformUnavailable,
    RateLimited,
    StoreUnavailable,
)
from chalicelib.domain.ports import AccountState, AccountStatus
from tests.fakes.ground import START
from tests.fakes.world import World

FEED = ChannelName("lookup-feed")


def opened(world: World) -> Account:
    """Return the account as the worker would open it now."""
    return world.book.open(world.book.state(FEED))


def learnt(world: World, error: ChannelError, met: AccountState | None = None) -> AccountState:
    """Return the account's state after an error on it, which was `met` in this state."""
    world.book.learn(met or world.book.state(FEED), opened(world), error, START)
    return world.book.state(FEED)


def test_an_account_is_its_settings_and_its_secrets(world: World) -> None:
    world.connect(FEED, api_version="v9")
    account = opened(world)

    assert account.settings == {"page": "1", "api_version": "v9"}
    assert (account.secrets, account.api_version) == ({"access_token": f"{FEED}-token"}, "v9")


def test_wording_a_post_needs_no_secrets(world: World) -> None:
    assert world.book.without_secrets([FEED])[FEED].secrets == {}


@pytest.mark.parametrize(
    ("status", "problem", "told"),
    [
        (AccountStatus.CONNECTED, None, None),
        (AccountStatus.MISSING, None, "No account is connected for this channel."),
        (AccountStatus.BLOCKED, "Expired.", "Expired."),
        (AccountStatus.BLOCKED, None, "The platform refuses our credentials."),
    ],
)
def test_only_a_connected_account_may_publish(
    world: World, status: AccountStatus, problem: str | None, told: str | None
) -> None:
    refusal = world.book.refusal(AccountState(FEED, status, problem=problem))

    assert (refusal.detail if refusal else None) == told


def test_rejected_credentials_block_the_account(world: World) -> None:
    state = learnt(world, CredentialsRejected("Expired."))

    assert (state.status, state.problem) == (AccountStatus.BLOCKED, "Expired.")


def test_credentials_that_were_replaced_meanwhile_do_not_block(world: World) -> None:
    world.secrets.stale[FEED] = {"access_token": "old"}

    assert learnt(world, CredentialsRejected()).status is AccountStatus.CONNECTED


def test_a_wait_the_platform_asks_for_pauses_the_account(world: World) -> None:
    state = learnt(world, RateLimited("", timedelta(minutes=5)))

    assert state.paused_until == START + timedelta(minutes=5)


def test_a_shorter_wait_does_not_shorten_the_pause(world: World) -> None:
    learnt(world, RateLimited("", timedelta(minutes=5)))
    state = learnt(world, RateLimited("", timedelta(seconds=1)))

    assert state.paused_until == START + timedelta(minutes=5)


@pytest.mark.parametrize("error", [OutOfTime(), ContentRejected()])
def test_what_concerns_one_post_leaves_the_account_alone(world: World, error: ChannelError) -> None:
    before = world.book.state(FEED)

    assert learnt(world, error) == before


@pytest.mark.parametrize("error", [RateLimited(), PlatformUnavailable(), Ambiguous()])
def test_an_attempt_that_was_not_served_is_counted(world: World, error: ChannelError) -> None:
    state = learnt(world, error)

    assert (state.failures, state.failing_since, state.paused_until) == (1, START, None)


def test_an_attempt_from_before_the_pause_does_not_make_it_longer(world: World) -> None:
    sound = world.book.state(FEED)
    for _ in range(5):
        opening = learnt(world, PlatformUnavailable())
    straggler = learnt(world, PlatformUnavailable(), met=sound)

    assert (opening.openings, straggler.openings) == (1, 1)
    assert straggler.paused_until == opening.paused_until


def test_a_success_closes_the_circuit_of_an_account_in_trouble(world: World) -> None:
    for _ in range(5):
        learnt(world, PlatformUnavailable())
    troubled = world.book.state(FEED)
    world.book.learn_success(troubled)

    after = world.book.state(FEED)
    assert troubled.paused_until is not None
    assert (after.openings, after.failures, after.paused_until) == (0, 0, None)


def test_an_older_attempts_success_leaves_the_pause_that_the_platform_asked_for(
    world: World,
) -> None:
    troubled = learnt(world, PlatformUnavailable())
    learnt(world, RateLimited("", timedelta(minutes=5)))
    world.book.learn_success(troubled)

    after = world.book.state(FEED)
    assert (after.failures, after.paused_until) == (0, START + timedelta(minutes=5))


def test_a_probes_success_leaves_the_pause_that_the_platform_asked_for(world: World) -> None:
    for _ in range(5):
        learnt(world, PlatformUnavailable())
    learnt(world, RateLimited("", timedelta(minutes=5)))
    world.book.learn_success(world.book.state(FEED))

    after = world.book.state(FEED)
    assert (after.openings, after.paused_until) == (0, START + timedelta(minutes=5))


def test_a_success_from_before_the_circuit_opened_does_not_close_it(world: World) -> None:
    met = learnt(world, PlatformUnavailable())
    for _ in range(4):
        opened = learnt(world, PlatformUnavailable())
    world.book.learn_success(met)

    assert world.book.state(FEED) == opened


def test_a_success_that_others_have_noted_is_not_written_again(world: World) -> None:
    troubled = learnt(world, PlatformUnavailable())
    world.book.learn_success(troubled)
    after = world.book.state(FEED)
    world.book.learn_success(troubled)

    assert world.book.state(FEED) == after


def test_a_success_of_a_sound_account_is_no_news(world: World) -> None:
    before = world.book.state(FEED)
    world.book.learn_success(before)

    assert world.book.state(FEED) == before


def test_a_success_that_cannot_be_noted_harms_nobody(world: World) -> None:
    troubled = learnt(world, PlatformUnavailable())
    world.breaker.when = lambda *_: StoreUnavailable("no")

    world.book.learn_success(troubled)


def test_one_of_several_probes_a_half_open_circuit(world: World) -> None:
    for _ in range(5):
        learnt(world, PlatformUnavailable())
    state = world.book.state(FEED)
    later = START + timedelta(seconds=31)

    met = [world.book.admit(state, later) for _ in range(3)]
    assert [is_paused(one, later) for one in met] == [False, True, True]


def test_the_same_news_is_written_once(world: World) -> None:
    first = learnt(world, CredentialsRejected("Expired."))

    assert learnt(world, CredentialsRejected("Expired.")) == first


@pytest.mark.parametrize("error", [LostRace(), StoreUnavailable("no")])
def test_what_cannot_be_noted_harms_nobody(world: World, error: BaseException) -> None:
    world.breaker.break_write(1, "before", error)

    assert learnt(world, CredentialsRejected()).status is AccountStatus.CONNECTED


def test_a_state_that_cannot_be_read_harms_nobody(world: World) -> None:
    met, account = world.book.state(FEED), opened(world)
    world.breaker.when = lambda *_: StoreUnavailable("no")

    world.book.learn(met, account, CredentialsRejected(), START)
