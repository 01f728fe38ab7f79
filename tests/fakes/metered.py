"""Counts the request units that a table's readers and writers would be billed for.

A write costs a unit for each kB of the item, before or after, whichever is bigger; twice that in a
transaction. Each index whose view of the item changes is written as well: twice if its key changes.
A read costs a unit for each 4 kB, half of that from an index (Amazon DynamoDB developer guide,
"DynamoDB read and write operations", 2026-11-21).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any

from chalicelib.repositories.schema import INDEXES, PROJECTIONS, Key
from chalicelib.repositories.table import Batch, Found, Item, Query, Table, Write

WRITE_BYTES, READ_BYTES = 1024, 4096


@dataclass
class Units:
    """What was used."""

    written: float = 0
    read: float = 0


class Metered:
    """A table whose use is added up."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._units = Units()

    @contextmanager
    def counted(self) -> Iterator[Units]:
        """Yield what is used within; complete only afterwards."""
        before = Units(self._units.written, self._units.read)
        used = Units()
        yield used
        used.written = self._units.written - before.written
        used.read = self._units.read - before.read

    def get(self, key: Key) -> Item | None:
        """Return an item."""
        item = self._table.get(key)
        self._units.read += _read(item)
        return item

    def batch_get(self, keys: Sequence[Key]) -> Batch:
        """Return items; each is rounded up by itself."""
        batch = self._table.batch_get(keys)
        self._units.read += sum(_read(batch.items.get(key)) for key in keys)
        return batch

    def query(self, query: Query) -> Found:
        """Return a page; its items are rounded up together."""
        found = self._table.query(query)
        units = max(1, ceil(sum(map(_size, found.items)) / READ_BYTES))
        self._units.read += units if query.index is None else units / 2
        return found

    def write(self, write: Write) -> None:
        """Perform one write."""
        before = self._table.get(write.key)
        self._table.write(write)
        self._note(write.key, before, 1)

    def increase(self, key: Key, name: str, by: int, most: int) -> int:
        """Add to a number."""
        before = self._table.get(key)
        result = self._table.increase(key, name, by, most)
        self._note(key, before, 1)
        return result

    def transact(self, writes: Sequence[Write], token: str) -> None:
        """Perform all writes or none."""
        before = {write.key: self._table.get(write.key) for write in writes}
        self._table.transact(writes, token)
        for key, item in before.items():
            self._note(key, item, 2)

    def _note(self, key: Key, before: Item | None, times: int) -> None:
        after = self._table.get(key)
        self._units.written += times * _written(before, after)
        for index, projection in PROJECTIONS.items():
            names = (*INDEXES[None], *INDEXES[index]) if projection == "KEYS_ONLY" else None
            views = [_view(item, index, names) for item in (before, after)]
            if views[0] == views[1]:
                continue
            moved = all(views) and _place(views[0], index) != _place(views[1], index)
            self._units.written += sum(map(_written, views)) if moved else _written(*views)


def _view(item: Item | None, index: str, names: Sequence[str] | None) -> Item | None:
    """Return what an index holds of an item, None if it is not in it."""
    if item is None or not all(name in item for name in INDEXES[index]):
        return None
    return item if names is None else {name: item[name] for name in names}


def _place(item: Item | None, index: str) -> list[Any]:
    return [(item or {}).get(name) for name in INDEXES[index]]


def _written(*items: Item | None) -> int:
    return max(1, ceil(max(map(_size, items)) / WRITE_BYTES))


def _read(item: Item | None) -> int:
    return max(1, ceil(_size(item) / READ_BYTES))


def _size(item: Item | None) -> int:
    """Return roughly what an item weighs: its names and its values."""
    return len(json.dumps(item, ensure_ascii=False).encode()) if item else 0
