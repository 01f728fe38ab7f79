"""The inequalities that a policy must keep: none broken, and each told by what it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.deliveries import Policy

POLICY = Policy()


def test_the_usual_policy_keeps_every_inequality() -> None:
    assert POLICY.check() == []


@pytest.mark.parametrize("name", ["attempt_lease", "queue_lease", "invocation"])
def test_what_is_too_short_is_told(name: str) -> None:
    (limit,) = {
        broken.limit
        for broken in replace(POLICY, **{name: timedelta(0)}).check()
        if broken.duration == name
    }
    kept = replace(POLICY, **{name: limit + timedelta(seconds=1)})

    assert name not in [broken.duration for broken in kept.check()]


@pytest.mark.parametrize("over", [timedelta(0), timedelta(seconds=1)])
def test_a_settle_time_outlives_one_call(over: timedelta) -> None:
    told = POLICY.check_settle(POLICY.call + over)

    assert [(broken.duration, broken.follows_from) for broken in told] == (
        [] if over else [("settle", "call")]
    )
