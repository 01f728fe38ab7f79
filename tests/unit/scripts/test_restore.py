"""`make restore` tells what becomes of what, and refuses in the words that were typed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.domain.errors import LostRace
from chalicelib.domain.restores import Course, Restore
from scripts import restore
from tests.fakes.world import World


def test_every_course_is_told_in_words() -> None:
    assert set(restore.MEANING) == set(Course)


def test_what_would_be_done_is_told_by_channel() -> None:
    world = World()
    at = world.clock.now() + timedelta(hours=1)
    world.submit("Hello", "lookup-feed", "none-feed", at=at)
    world.submit("A draft", "lookup-feed", keep_as_draft=True)
    found = world.restoring.look(Restore(world.clock.now(), world.clock.now()))
    assert list(restore.told(found, applied=False)) == [
        "Nothing was changed. ACTION=apply would do this:",
        "       1 none-feed  needs_review: somebody looks on the platform and answers",
        "       1 lookup-feed in doubt: the platform is asked, and what is not there is sent",
        "       1 draft: perhaps published since; look before you publish them",
    ]


def test_a_table_without_anything_open_says_so() -> None:
    world = World()
    found = world.restoring.apply(Restore(world.clock.now(), world.clock.now()))
    assert list(restore.told(found, applied=True)) == ["Done:", "       0 open deliveries"]


def test_a_product_that_runs_on_the_table_is_noticed() -> None:
    world = World()
    world.submit("Hello", "lookup-feed", at=world.clock.now() + timedelta(hours=1))
    world.breaker.break_write(1, "before", LostRace())
    found = world.restoring.apply(Restore(world.clock.now(), world.clock.now()))
    assert "Stop the product" in list(restore.told(found, applied=True))[-1]


@pytest.mark.parametrize("since", ["yesterday", "2026-12-01T18:00:00"])
def test_an_instant_that_is_none_is_refused(since: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert restore.main([since]) == 1
    assert capsys.readouterr().err.startswith(f"SINCE={since}: ")
