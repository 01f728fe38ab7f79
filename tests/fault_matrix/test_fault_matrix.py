"""Every fault of the matrix ends well, and the pages say what was measured."""

from __future__ import annotations

import pytest

from sandbox.docs._blocks import replaced
from tests.fault_matrix.faults import Observed
from tests.fault_matrix.page import PAGE, README, ROWS, made, measured, ours, render

SEEN = measured()
OPEN = {"needs_review"}
"""How a delivery may end besides delivered where nobody but a person can tell."""


@pytest.mark.parametrize(("row", "seen"), SEEN, ids=lambda value: getattr(value, "fault", ""))
def test_a_fault_neither_loses_nor_doubles_a_post(row: object, seen: Observed) -> None:
    assert seen.holds


@pytest.mark.parametrize(("row", "seen"), SEEN, ids=lambda value: getattr(value, "fault", ""))
def test_what_we_say_of_it_is_true(row: object, seen: Observed) -> None:
    truthful = {"delivered"} if seen.live else {"skipped", "cancelled"}

    assert seen.status in truthful | (OPEN if seen.live else set())


@pytest.mark.parametrize("place", [PAGE, README], ids=lambda place: place.name)
def test_the_page_says_what_was_measured(place: object) -> None:
    assert made()[place] == place.read_text("utf-8"), "run: make docs"  # type: ignore[index,attr-defined] # a path


def test_the_same_faults_end_the_same() -> None:
    assert render(measured()) == render(SEEN)


def test_a_post_that_is_doubled_would_show() -> None:
    doubled = Observed(live=2, status="delivered", publishing_calls=2)

    assert not doubled.holds
    assert ours(doubled) == "**2 live posts**, `delivered`"


def test_the_readme_shows_some_rows_of_the_page() -> None:
    assert 0 < sum(bool(row.short) for row in ROWS) < len(ROWS)


def test_a_page_without_its_block_is_refused() -> None:
    with pytest.raises(ValueError, match="no block"):
        replaced("text", "fault matrix", "body")
