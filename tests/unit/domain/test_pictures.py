"""The arithmetic of fitting: which size a picture gets, and which one beside another."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.channels import SAME_RATIO, MediaRule
from chalicelib.domain.pictures import MAX_CANVAS_SIDE, Bounds

GRID = Bounds(0.8, 1.91, 320, 1440)
RULE = MediaRule(
    10,
    "made up",
    date(2026, 11, 21),
    one_ratio=True,
    min_ratio=0.8,
    max_ratio=1.91,
    min_width=320,
    max_width=1440,
)
SIDES = st.integers(32, 2048)


@pytest.mark.parametrize(
    ("size", "framed"),
    [
        ((1080, 1080), (1080, 1080)),
        ((320, 400), (320, 400)),
        ((2048, 1536), (1440, 1080)),
        ((160, 160), (320, 320)),
        ((1000, 1300), (1000, 1250)),
        ((1000, 500), (955, 500)),
        ((500, 1500), (1200, 1500)),
        ((2000, 500), (1440, 754)),
    ],
    ids=[
        "square",
        "smallest",
        "too wide in pixels",
        "too small",
        "a little too tall",
        "a little too wide",
        "far too tall",
        "far too wide",
    ],
)
def test_a_picture_gets_the_nearest_size_that_is_allowed(
    size: tuple[int, int], framed: tuple[int, int]
) -> None:
    assert GRID.framed(size) == framed


@given(SIDES, SIDES)
def test_every_framed_size_is_allowed(width: int, height: int) -> None:
    assert GRID.hold(GRID.framed((width, height)))


@given(SIDES, SIDES)
def test_a_framed_picture_is_not_framed_again(width: int, height: int) -> None:
    framed = GRID.framed((width, height))
    assert GRID.framed(framed) == framed


def test_a_long_strip_makes_no_huge_canvas() -> None:
    assert max(Bounds(0.8, 1.91, 320, 9000).shaped((2048, 40))) <= MAX_CANVAS_SIDE
    assert GRID.shaped((40, 20_000)) == (1638, MAX_CANVAS_SIDE)


@given(SIDES, SIDES, SIDES, SIDES)
def test_a_picture_beside_another_gets_its_ratio_and_stays_allowed(
    width: int, height: int, other_width: int, other_height: int
) -> None:
    first = RULE.bounds.framed((width, height))
    ratio = first[0] / first[1]
    other = RULE.beside(ratio).bounds.framed((other_width, other_height))
    assert abs(other[0] / other[1] / ratio - 1) <= SAME_RATIO + 1e-9
    assert RULE.bounds.hold(other)


def test_surplus_pictures_are_kept_to_be_refused_or_left_out() -> None:
    strict = MediaRule(2, "made up", date(2026, 11, 21))
    lenient = MediaRule(2, "made up", date(2026, 11, 21), leaves_out_surplus=True)
    assert (strict.carried("abc"), lenient.carried("abc")) == ("abc", "ab")
