"""When an account rests, and when it is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.circuits import Circuit, is_paused, is_troubled, rested, spread
from chalicelib.domain.ports import AccountState, AccountStatus
from tests.fakes.ground import START

SECOND = timedelta(seconds=1)
CIRCUIT = Circuit()
SOUND = AccountState(ChannelName("feed"), AccountStatus.CONNECTED)


def failing(times: int, every: timedelta = SECOND) -> AccountState:
    """Return an account after failures at intervals from the start on."""
    state = SOUND
    for number in range(times):
        state = CIRCUIT.failed(state, START + number * every)
    return state


def test_a_few_failures_open_nothing() -> None:
    state = failing(4)

    assert not is_paused(state, START)
    assert is_troubled(state)


def test_five_failures_within_a_minute_open_it() -> None:
    state = failing(5)

    assert state.paused_until == START + 4 * SECOND + CIRCUIT.pause
    assert state.openings == 1


def test_failures_far_apart_open_nothing() -> None:
    assert failing(20, every=timedelta(seconds=61)).openings == 0


@pytest.mark.parametrize(("failures", "seconds"), [(5, 30), (6, 60), (7, 120), (9, 480), (12, 600)])
def test_each_failed_probe_makes_the_pause_longer_up_to_its_limit(
    failures: int, seconds: int
) -> None:
    state = failing(failures, timedelta(0))

    assert state.paused_until == START + timedelta(seconds=seconds)


def test_a_pause_that_the_platform_wished_is_not_shortened() -> None:
    wished = AccountState(SOUND.channel, openings=1, limited_until=START + timedelta(hours=1))

    assert CIRCUIT.failed(wished, START).paused_until == wished.limited_until
    assert rested(wished).paused_until == wished.limited_until


def test_a_probe_pauses_the_others_for_a_while() -> None:
    probing = CIRCUIT.probing(failing(5), START + timedelta(minutes=1))

    assert is_paused(probing, START + timedelta(seconds=119))
    assert not is_paused(probing, START + timedelta(seconds=120))


def test_a_success_makes_an_account_sound() -> None:
    state = rested(failing(5))

    assert not is_troubled(state)
    assert not is_paused(state, START)


def test_what_waited_for_a_pause_does_not_come_back_at_one_instant() -> None:
    until = START + timedelta(minutes=1)
    moments = {spread(f"delivery {number}", until, START) for number in range(100)}

    assert len(moments) > 50
    assert min(moments) >= until
    assert max(moments) < until + timedelta(seconds=30)
