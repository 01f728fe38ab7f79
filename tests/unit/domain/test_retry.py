"""When to try again, and what platforms wish for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.retry import (
    LONGEST_WAIT,
    SHORTEST_WAIT,
    RetryPolicy,
    parse_retry_after,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLICY = RetryPolicy()


@given(st.integers(1, 200), st.integers(0, 10_000))
def test_a_wait_lies_between_a_second_and_the_cap(failures: int, seed: int) -> None:
    wait = POLICY.wait(failures, Random(seed), None)

    assert SHORTEST_WAIT <= wait <= POLICY.cap


@given(st.integers(1, 7), st.integers(0, 10_000))
def test_a_wait_doubles_its_ceiling_with_each_failure(failures: int, seed: int) -> None:
    assert POLICY.wait(failures, Random(seed), None) <= POLICY.base * 2 ** (failures - 1)


def test_waits_are_spread_over_the_whole_range() -> None:
    waits = [POLICY.wait(4, Random(seed), None) for seed in range(200)]

    assert min(waits) < POLICY.base and max(waits) > POLICY.base * 7


def test_the_same_chance_waits_the_same() -> None:
    assert POLICY.wait(3, Random(5), None) == POLICY.wait(3, Random(5), None)


@given(st.integers(1, 86_400), st.integers(0, 10_000))
def test_the_platforms_wish_is_never_undercut(seconds: int, seed: int) -> None:
    wish = timedelta(seconds=seconds)

    assert POLICY.wait(1, Random(seed), wish) >= wish


def test_an_absurd_wish_ends_after_a_day_and_a_little() -> None:
    wait = POLICY.wait(1, Random(1), timedelta(days=400))

    assert LONGEST_WAIT <= wait <= LONGEST_WAIT * 1.1


def test_a_wish_of_nothing_waits_at_least_a_second() -> None:
    assert POLICY.wait(1, Random(1), timedelta(0)) >= SHORTEST_WAIT


@pytest.mark.parametrize(
    ("attempts", "age", "exhausted"),
    [
        (7, timedelta(hours=23), False),
        (8, timedelta(0), True),
        (1, timedelta(hours=24), True),
        (0, timedelta(hours=-1), False),
    ],
)
def test_it_ends_after_so_many_attempts_or_so_long(
    attempts: int, age: timedelta, exhausted: bool
) -> None:
    assert POLICY.is_exhausted(attempts, NOW - age, NOW) == exhausted


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 2.5 ", 2.5),
        ("0", 1),
        ("1e9", 86_400),
        (format_datetime(NOW + timedelta(minutes=3)), 180),
        ("Sat, 21 Nov 2026 12:03:00 GMT", 180),
        ("Sat, 21 Nov 2026 12:03:00", 180),
        (format_datetime(NOW - timedelta(minutes=3)), 1),
        (format_datetime(NOW + timedelta(days=30)), 86_400),
    ],
)
def test_a_wish_in_seconds_or_as_a_date_is_read(value: str, seconds: float) -> None:
    assert parse_retry_after(value, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value",
    [None, "", "  ", "soon", "-5", "nan", "inf", "1e999", "Sat, 99 Nov 2026 12:03:00 GMT", "\x00"],
)
def test_a_wish_that_is_none_is_ignored(value: str | None) -> None:
    assert parse_retry_after(value, NOW) is None


@given(st.text(max_size=40))
def test_whatever_a_platform_sends_is_a_wait_or_nothing(value: str) -> None:
    wish = parse_retry_after(value, NOW)

    assert wish is None or SHORTEST_WAIT <= wish <= LONGEST_WAIT
