"""Walks a list to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from chalicelib.domain.ports import Cursor, Page

T = TypeVar("T")


def all_of(page: Callable[[Cursor | None], Page[T]]) -> Iterator[T]:
    """Yield what stands on every page, which is asked for when it is needed."""
    cursor: Cursor | None = None
    while True:
        found = page(cursor)
        yield from found.items
        cursor = found.cursor
        if cursor is None:
            return
