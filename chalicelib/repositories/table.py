"""Writes, conditions and queries as values, and what a table does with them.

Repositories only make these values; `dynamo` renders them for DynamoDB, the tests' in-memory table
interprets them directly. Attribute values are str, int, bool, list and mapping; None is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from chalicelib.domain.errors import LostRace
from chalicelib.domain.ports import Cursor
from chalicelib.repositories.schema import INDEXES, PK, SK, Key

Item = Mapping[str, Any]

MAX_WRITES = 100
"""Most writes of one transaction."""
MAX_KEYS = 100
"""Most keys of one batch read."""


# --- conditions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Absent:
    """The item has no such attribute, or there is no item."""

    name: str


@dataclass(frozen=True, slots=True)
class Exists:
    """The item has this attribute."""

    name: str


@dataclass(frozen=True, slots=True)
class Equals:
    """The attribute is there and has this value."""

    name: str
    value: str | int | bool


@dataclass(frozen=True, slots=True)
class LessThan:
    """The attribute is there and sorts before the value."""

    name: str
    value: str | int


@dataclass(frozen=True, slots=True)
class AtMost:
    """The attribute is there and does not sort behind the value."""

    name: str
    value: str | int


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


Condition = Absent | Exists | Equals | LessThan | AtMost | AllOf | AnyOf

NEW: Condition = Absent(PK)
STORED: Condition = Exists(PK)


def all_of(*parts: Condition | None) -> Condition | None:
    """Return the conjunction of those that are not None."""
    given = tuple(part for part in parts if part is not None)
    return given[0] if len(given) == 1 else AllOf(given) if given else None


# --- writes -----------------------------------------------------------------------------------

Conflict = Callable[[], Exception]


@dataclass(frozen=True, slots=True)
class Put:
    """Store a whole item."""

    item: Item
    condition: Condition | None = None
    conflict: Conflict | None = LostRace
    """What a failed condition means; None: it does not matter (only for a write that is alone)."""

    @property
    def key(self) -> Key:
        """Where it is written."""
        return Key(self.item[PK], self.item[SK])


@dataclass(frozen=True, slots=True)
class Update:
    """Change some attributes; without an item and a condition it makes one."""

    key: Key
    set: Mapping[str, Any] = field(default_factory=dict)
    remove: frozenset[str] = frozenset()
    add: Mapping[str, int] = field(default_factory=dict)
    condition: Condition | None = None
    conflict: Conflict | None = LostRace

    def merged(self, other: Update) -> Update:
        """Return both changes of the same item as one, under both conditions."""
        names = self.add.keys() | other.add.keys()
        sums = {name: self.add.get(name, 0) + other.add.get(name, 0) for name in names}
        return replace(
            self,
            set={**self.set, **other.set},
            remove=self.remove | other.remove,
            add=sums,
            condition=all_of(self.condition, other.condition),
        )


@dataclass(frozen=True, slots=True)
class Delete:
    """Drop an item."""

    key: Key
    condition: Condition | None = None
    conflict: Conflict | None = LostRace


Write = Put | Update | Delete


# --- reading ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Query:
    """Items of one partition in the order of the sort key, which a prefix or bounds may narrow.

    Bounds are inclusive. On the table itself it reads consistently, on an index it can't.
    """

    pk: str
    index: str | None = None
    prefix: str | None = None
    low: str | None = None
    high: str | None = None
    forward: bool = True
    limit: int | None = None
    start: Cursor | None = None
    """The last item that was seen."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a query; a `cursor` says that there may be more."""

    items: Sequence[Item]
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch read found, and which keys were not looked at."""

    items: Mapping[Key, Item]
    unread: Sequence[Key] = ()


def cursor_at(item: Item, index: str | None) -> Cursor:
    """Return the cursor that goes on behind an item."""
    names = {PK, SK, *INDEXES[index]}
    return {name: item[name] for name in sorted(names)}


# --- what can go wrong ------------------------------------------------------------------------


class ConditionFailed(Exception):
    """Nothing was written; `failed` are the places of the writes whose condition did not hold."""

    def __init__(self, failed: Iterable[int]) -> None:
        self.failed = tuple(failed)
        super().__init__(f"condition failed of writes {self.failed}")


class Busy(Exception):
    """Nothing was written or read: throttled, or another transaction. Again, it may succeed."""


class Unanswered(Exception):
    """Nobody knows whether it was written: time-out, lost connection, server fault."""


class Table(Protocol):
    """The single table. Each method is one request and raises only the errors above.

    Whatever can't succeed by repeating (no such table, no permission) is `StoreUnavailable`.
    """

    def get(self, key: Key) -> Item | None:
        """Return an item, consistently."""

    def batch_get(self, keys: Sequence[Key]) -> Batch:
        """Return up to `MAX_KEYS` items, consistently."""

    def query(self, query: Query) -> Found:
        """Return a page."""

    def scan(self, start: Cursor | None = None) -> Found:
        """Return a page of all items, each consistently, in no order."""

    def write(self, write: Write) -> None:
        """Perform one write if its condition holds."""

    def increase(self, key: Key, name: str, by: int, most: int) -> int:
        """Add to a number of an item that is at most so big, and return the sum."""

    def transact(self, writes: Sequence[Write], token: str) -> None:
        """Perform 1 to `MAX_WRITES` writes of different items, or none of them.

        The same token within ten minutes is not performed twice.
        """
