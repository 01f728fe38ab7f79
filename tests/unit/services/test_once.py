"""What several ask for at the same time is done once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from chalicelib.services.once import Once

PATIENCE_SECONDS = 60


class Slow:
    """Work that ends when it is let, and counts."""

    def __init__(self, result: Callable[[], Any]) -> None:
        self.begun, self.may_end, self.times = Event(), Event(), 0
        self._result = result

    def __call__(self) -> Any:
        self.times += 1
        self.begun.set()
        assert self.may_end.wait(PATIENCE_SECONDS)
        return self._result()


class Heard(str):
    """A name that tells when it is looked up."""

    __slots__ = ("lookup",)

    def __hash__(self) -> int:
        self.lookup.set()
        return str.__hash__(self)


def both(work: Slow) -> list[Any]:
    """Ask once more while the work is being done; return what both were told."""
    once, again = Once[Any](), Heard("a")
    again.lookup = Event()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(once.do, "a", work)
        assert work.begun.wait(PATIENCE_SECONDS)
        second = pool.submit(once.do, again, work)
        assert again.lookup.wait(PATIENCE_SECONDS)
        assert once.do("b", lambda: "another") == "another"
        work.may_end.set()
        return [first.exception() or first.result(), second.exception() or second.result()]


def test_who_asks_meanwhile_gets_the_same_result() -> None:
    work = Slow(object)
    one, other = both(work)

    assert (one is other, work.times) == (True, 1)


def test_who_waits_learns_of_the_same_error() -> None:
    one, other = both(Slow(lambda: 1 / 0))

    assert isinstance(one, ZeroDivisionError)
    assert other is one


def test_who_asks_later_has_it_done_anew() -> None:
    once, results = Once[int](), iter((1, 2))

    assert [once.do("a", lambda: next(results)) for _ in range(2)] == [1, 2]


def test_an_error_is_forgotten_too() -> None:
    once = Once[int]()
    with pytest.raises(ZeroDivisionError):
        once.do("a", lambda: 1 // 0)

    assert once.do("a", lambda: 1) == 1
