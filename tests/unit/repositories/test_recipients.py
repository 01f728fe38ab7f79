"""Is an opt-out respected even if it happens at the same moment?"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from chalicelib.repositories.recipients import Subscriptions
from chalicelib.repositories.store import Store
from tests.contract.samples import NOW, SMS, RandomIds, subscription
from tests.fakes.table import MemoryTable, Watched


def between(table: MemoryTable, happens: Callable[[], object]) -> Subscriptions:
    """Return recipients for whom something happens between their next reading and writing."""
    waiting = [happens]

    def hook(moment: str, operation: str, _: Any) -> None:
        if (moment, operation) == ("after", "get") and waiting:
            waiting.pop()()

    return Subscriptions(Store(Watched(table, hook), RandomIds(), Random(1), lambda _: None))


def plain(table: MemoryTable) -> Subscriptions:
    return Subscriptions(Store(table, RandomIds(), Random(1), lambda _: None))


def test_someone_removed_meanwhile_can_not_opt_out() -> None:
    table = MemoryTable()
    others = plain(table)
    others.add(subscription())
    people = between(table, lambda: others.remove(SMS, "r1"))
    assert not people.opt_out(SMS, "r1", NOW)
    assert others.get(SMS, "r1") is None


def test_an_opt_out_meanwhile_survives_the_removal() -> None:
    table = MemoryTable()
    others = plain(table)
    others.add(subscription())
    people = between(table, lambda: others.opt_out(SMS, "r1", NOW))
    assert people.remove(SMS, "r1")
    assert others.get(SMS, "r1") is None
    assert not others.add(subscription())
