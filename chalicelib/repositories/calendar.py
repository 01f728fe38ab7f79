"""Everyone's messages by due time: one index partition a month, and a list of the months there are.

A message may be scheduled years ahead, so walking the months could take thousands of requests.
Instead the first message of a month leaves `CALENDAR / MONTH#…` behind, in the transaction that
stores it. A process that has read some message of a month knows that the month is listed and writes
it no more, so that the item is not a place where all writers meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.domain.instants import format_instant
from chalicelib.domain.messages import Message
from chalicelib.domain.ports import Cursor, Filter, Listed, Page
from chalicelib.repositories import items, schema
from chalicelib.repositories.lists import REFILL, resolved, wants
from chalicelib.repositories.schema import GSI2, GSI2PK, LAST, SK
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import Item, Put, Query, Write, cursor_at

MONTHS_PER_PAGE = 6
"""How many months one page looks through."""


class Calendar:
    """The managers' view of all messages."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listed: set[str] = set()

    def showing(self, message: Message) -> Sequence[Write]:
        """List a message's month unless this process knows that it is listed."""
        month = schema.month(format_instant(message.due_at))
        if month in self._listed:
            return []
        return [Put(items.keyed(schema.calendar_month(month)))]

    def saw(self, item: Item) -> None:
        """Conclude from a stored message that its month is listed."""
        self._listed.add(item[GSI2PK])

    def page(self, wanted: Filter, limit: int, cursor: Cursor | None) -> Page[Listed]:
        """Return messages, latest first; a page may be short."""
