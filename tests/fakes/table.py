"""An in-memory table that interprets the same writes, conditions and queries as DynamoDB does.

`Watched` wraps any table and calls a hook around each request, to count, to reorder or to break.
"""

from __future__ import annotations

import operator
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import RLock
from typing import Any

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.ports import Cursor
from chalicelib.repositories.schema import GSI2, INDEXES, KEY_ATTRIBUTES, PK, SK, Key
from chalicelib.repositories.table import (
    MAX_KEYS,
    MAX_WRITES,
    Absent,
    AllOf,
    AnyOf,
    AtMost,
    Batch,
    Condition,
    ConditionFailed,
    Delete,
    Equals,
    Exists,
    Found,
    Item,
    LessThan,
    Put,
    Query,
    Table,
    Update,
    Write,
    cursor_at,
)

PAGE = 1000
"""How many items a query returns at most; DynamoDB cuts at a megabyte."""
TOKENS = 1000
"""How many transactions are remembered by their tokens; DynamoDB remembers ten minutes."""
Place = tuple[str, str, str]
"""Sort key, then the item's own key: where an item stands in a partition of an index."""

_COMPARISONS: tuple[tuple[type[Any], Callable[[Any, Any], bool]], ...] = (
    (Equals, operator.eq),
    (LessThan, operator.lt),
    (AtMost, operator.le),
)


class MemoryTable:
    """The table in this process: thread-safe, transactions are atomic, nothing is shared."""

    def __init__(self, page: int = PAGE) -> None:
        self._page = page
        self._items: dict[Key, dict[str, Any]] = {}
        self._views: dict[tuple[str | None, str], list[Place]] = {}
        self._tokens: dict[str, Sequence[Write]] = {}
        self._lock = RLock()

    def get(self, key: Key) -> Item | None:
        """Return an item."""
        with self._lock:
            item = self._items.get(key)
        return copied(item) if item is not None else None

    def batch_get(self, keys: Sequence[Key]) -> Batch:
        """Return up to 100 items."""
        if not 1 <= len(keys) <= MAX_KEYS or len(set(keys)) < len(keys):
            raise StoreUnavailable("a batch takes 1 to 100 different keys")
        with self._lock:
            found = {key: self._items[key] for key in keys if key in self._items}
        return Batch({key: copied(item) for key, item in found.items()})

    def query(self, query: Query) -> Found:
        """Return a page of an index view."""
        size = min(query.limit or self._page, self._page)
        with self._lock:
            places = self._range(query)
            chosen = places[:size]
            items = [self._seen(Key(place[1], place[2]), query.index, place) for place in chosen]
        is_cut = len(chosen) == size and bool(chosen)
        return Found(items, cursor_at(items[-1], query.index) if is_cut else None)

    def scan(self, start: Cursor | None = None) -> Found:
        """Return a page of all items, in the order in which they came."""
        with self._lock:
            keys = list(self._items)
            begin = keys.index(Key(start[PK], start[SK])) + 1 if start else 0
            items = [copied(self._items[key]) for key in keys[begin : begin + self._page]]
        is_cut = begin + self._page < len(keys)
        return Found(items, cursor_at(items[-1], None) if is_cut else None)

    def write(self, write: Write) -> None:
        """Perform one write if its condition holds."""
        self._perform([write])

    def transact(self, writes: Sequence[Write], token: str) -> None:
        """Perform all writes or none, once per token."""
        if not 1 <= len(writes) <= MAX_WRITES or len({w.key for w in writes}) < len(writes):
            raise StoreUnavailable("a transaction takes 1 to 100 writes of different items")
        if not 1 <= len(token) <= 36:
            raise StoreUnavailable("a token has 1 to 36 characters")
        with self._lock:
            if token in self._tokens:
                if self._tokens[token] != writes:
                    raise StoreUnavailable("this token was used for something else")
                return
            self._perform(writes)
            self._tokens[token] = writes
            if len(self._tokens) > TOKENS:
                del self._tokens[next(iter(self._tokens))]

    def increase(self, key: Key, name: str, by: int, most: int) -> int:
        """Add to a number that is at most so big, and return the sum."""
        with self._lock:
            self._perform([Update(key, add={name: by}, condition=AtMost(name, most))])
            return int(self._items[key][name])

    def _perform(self, writes: Sequence[Write]) -> None:
        with self._lock:
            present = [self._items.get(write.key, {}) for write in writes]
            pairs = list(zip(writes, present, strict=True))
            if failed := [n for n, (w, item) in enumerate(pairs) if not holds(w.condition, item)]:
                raise ConditionFailed(failed)
            results = [(write.key, result_of(write, item)) for write, item in pairs]
            for key, item in results:
                self._store(key, item)

    def _store(self, key: Key, item: dict[str, Any] | None) -> None:
        old = self._items.pop(key, None)
        for index, pk, place in places_of(old or {}):
            view = self._views[index, pk]
            del view[bisect_left(view, place)]
        if item is not None:
            self._items[key] = item
            for index, pk, place in places_of(item):
                insort(self._views.setdefault((index, pk), []), place)

    def _range(self, query: Query) -> list[Place]:
        """Return the places that a query may return, in its order, behind its start."""
        view = self._views.get((query.index, query.pk), [])
        low, high = query.low, query.high
        if query.prefix is not None:
            low, high = query.prefix, query.prefix + "\U0010ffff"
        begin = bisect_left(view, (low, "", "")) if low is not None else 0
        end = bisect_right(view, (high, "\U0010ffff", "")) if high is not None else len(view)
        if query.start is not None:
            last = (query.start[INDEXES[query.index][1]], query.start[PK], query.start[SK])
            if query.forward:
                begin = max(begin, bisect_right(view, last))
            else:
                end = min(end, bisect_left(view, last))
        places = view[begin:end]
        return places if query.forward else places[::-1]

    def _seen(self, key: Key, index: str | None, place: Place) -> dict[str, Any]:
        """Return what an index shows of an item at a place."""
        item = self._items[key]
        if index == GSI2:
            item = {name: item[name] for name in (PK, SK, *INDEXES[GSI2])}
        return dict(copied(item))


def places_of(item: Item) -> Iterator[tuple[str | None, str, Place]]:
    """Yield where an item stands: the index, its partition there, and the place in it."""
    for index, (partition, sort) in INDEXES.items():
        if partition in item and sort in item:
            yield index, item[partition], (item[sort], item[PK], item[SK])


def copied(value: Any) -> Any:
    """Return a deep copy as DynamoDB would hand it back; TypeError for what it does not store."""
    if type(value) in (str, int, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return {name: copied(part) for name, part in value.items() if part is not None}
    if isinstance(value, (list, tuple)):
        return [None if part is None else copied(part) for part in value]
    raise TypeError(f"{type(value).__name__} is not stored")


def holds(condition: Condition | None, item: Item) -> bool:
    """Return whether an item, {} if there is none, meets a condition."""
    match condition:
        case None:
            return True
        case Absent(name):
            return name not in item
        case Exists(name):
            return name in item
        case AllOf(parts):
            return all(holds(part, item) for part in parts)
        case AnyOf(parts):
            return any(holds(part, item) for part in parts)
    compare = next(compare for kind, compare in _COMPARISONS if isinstance(condition, kind))
    stored = item.get(condition.name)
    return type(stored) is type(condition.value) and compare(stored, condition.value)


def result_of(write: Write, item: Item) -> dict[str, Any] | None:
    """Return what is stored after a write; StoreUnavailable for what DynamoDB refuses."""
    if isinstance(write, Delete):
        return None
    result: dict[str, Any] = copied(write.item) if isinstance(write, Put) else _updated(write, item)
    for name in KEY_ATTRIBUTES:
        if name in result and not (isinstance(result[name], str) and result[name]):
            raise StoreUnavailable(f"{name} must be a text that is not empty")
    return result


def _updated(update: Update, item: Item) -> dict[str, Any]:
    touched = [*update.set, *update.remove, *update.add]
    if len(set(touched)) < len(touched) or {PK, SK} & set(touched):
        raise StoreUnavailable("an attribute changes once, and keys never")
    result = {PK: update.key.pk, SK: update.key.sk, **item, **copied(update.set)}
    for name in update.remove:
        result.pop(name, None)
    for name, by in update.add.items():
        result[name] = result.get(name, 0) + by
    return result


Hook = Callable[[str, str, Any], None]
"""Is told ``before`` or ``after``, the operation and what it was asked; may raise."""


class Watched:
    """A table whose requests a hook sees: what it raises before prevents the request.

    What it raises after hides that the request took effect.
    """

    def __init__(self, table: Table, hook: Hook) -> None:
        self._table = table
        self._hook = hook

    def get(self, key: Key) -> Item | None:
        """Return an item."""
        return self._around("get", key, lambda: self._table.get(key))  # type: ignore[no-any-return]

    def batch_get(self, keys: Sequence[Key]) -> Batch:
        """Return items."""
        return self._around("batch_get", keys, lambda: self._table.batch_get(keys))  # type: ignore[no-any-return]

    def query(self, query: Query) -> Found:
        """Return a page."""
        return self._around("query", query, lambda: self._table.query(query))  # type: ignore[no-any-return]

    def scan(self, start: Cursor | None = None) -> Found:
        """Return a page of all items."""
        return self._around("scan", start, lambda: self._table.scan(start))  # type: ignore[no-any-return]

    def write(self, write: Write) -> None:
        """Perform one write."""
        self._around("write", write, lambda: self._table.write(write))

    def increase(self, key: Key, name: str, by: int, most: int) -> int:
        """Add to a number."""
        request = (key, name, by, most)
        return self._around("increase", request, lambda: self._table.increase(*request))  # type: ignore[no-any-return]

    def transact(self, writes: Sequence[Write], token: str) -> None:
        """Perform all writes or none."""
        self._around("transact", writes, lambda: self._table.transact(writes, token))

    def _around(self, operation: str, request: Any, call: Callable[[], Any]) -> Any:
        self._hook("before", operation, request)
        answer = call()
        self._hook("after", operation, request)
        return answer
