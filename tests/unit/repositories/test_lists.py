"""Do lists that leave something out stay bounded and lose nothing?"""

from __future__ import annotations

from random import Random

import pytest

from chalicelib.repositories import lists
from chalicelib.repositories.lists import EXTRA_PAGES, filtered
from chalicelib.repositories.schema import PK, SK
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import Put, Query
from tests.contract.samples import RandomIds
from tests.fakes.table import MemoryTable, Watched


def test_a_page_without_enough_matches_is_short_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lists, "REFILL", 10)
    table = MemoryTable()
    for number in range(100):
        table.write(Put({PK: "A", SK: f"{number:03d}"}))
    queries: list[str] = []
    watched = Watched(table, lambda moment, operation, _: queries.append(f"{moment} {operation}"))
    store = Store(watched, RandomIds(), Random(1), lambda _: None)
    found: list[int] = []
    start = None
    pages = 0
    while start is not None or not pages:
        page = filtered(
            store, Query("A", start=start), 5, lambda item: int(item[SK]), lambda n: n % 33 == 0
        )
        found += page.items
        start, pages = page.cursor, pages + 1
    assert found == [0, 33, 66, 99]
    assert pages == 3
    assert queries.count("before query") <= pages * (1 + EXTRA_PAGES)
