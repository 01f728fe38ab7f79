"""Lists that show only some of what an index holds.

What is filtered out makes pages short; a few more pages are read to fill one up, then the list is
handed out as it is, with a cursor: only None ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from chalicelib.domain.messages import Message
from chalicelib.domain.ports import Filter, Page
from chalicelib.repositories.schema import PK, SK, Key
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import Item, Query, cursor_at

T = TypeVar("T")

EXTRA_PAGES = 4
"""How often more is read because too little of a page is wanted."""
REFILL = 100
"""How many items such a further page looks at."""


def wants(wanted: Filter, message: Message) -> bool:
    """Return whether a list shows a message."""
    return (
        (wanted.status is None or message.status is wanted.status)
        and (wanted.since is None or message.due_at >= wanted.since)
        and (wanted.until is None or message.due_at <= wanted.until)
    )


def filtered(
    store: Store, query: Query, limit: int, read: Callable[[Item], T], keep: Callable[[T], bool]
) -> Page[T]:
    """Return up to `limit` kept items of a query; one request while nothing is left out."""
    kept: list[T] = []
    request = replace(query, limit=limit)
    for _ in range(1 + EXTRA_PAGES):
        found = store.query(request)
        for item in found.items:
            value = read(item)
            if keep(value):
                kept.append(value)
            if len(kept) == limit:
                is_last = found.cursor is None and item is found.items[-1]
                return Page(kept, None if is_last else cursor_at(item, query.index))
        if found.cursor is None:
            return Page(kept)
        request = replace(query, limit=REFILL, start=found.cursor)
    return Page(kept, request.start)


def resolved(store: Store, entries: Sequence[Item]) -> list[tuple[Item, Item]]:
    """Return each entry of a keys-only index with the whole item behind it, where there is one."""
    keys = [Key(entry[PK], entry[SK]) for entry in entries]
    found = store.batch_get(keys)
    pairs = zip(entries, map(found.get, keys), strict=True)
    return [(entry, item) for entry, item in pairs if item is not None]
