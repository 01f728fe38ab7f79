"""Everyone's messages by due time: one index partition a month, and a list of the months there are.

A message may be scheduled years ahead, so walking the months could take thousands of requests.
Instead the first message of a month leaves `CALENDAR / MONTH#…` behind, in the transaction that
stores it. A process that has read some message of a month knows that the month is listed and writes
it no more, so that the item is not a place where all writers meet.
"""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.domain.instants import format_instant
from chalicelib.domain.messages import Message
from chalicelib.domain.ports import Cursor, Filter, Listed, Page
from chalicelib.repositories import items, schema
from chalicelib.repositories.lists import REFILL, resolved, wants
from chalicelib.repositories.schema import CALENDAR, GSI2, GSI2PK, LAST, SK
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import Item, Put, Query, Write, cursor_at

READS_PER_PAGE = 6
"""How often one page looks into a month."""


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
        kept: list[Listed] = []
        months = self._months(wanted, cursor)
        start = cursor if cursor and SK in cursor else None
        for number in range(READS_PER_PAGE):
            if not months:
                return Page(kept)
            size = REFILL if number else limit
            found = self._store.query(_within(months[0], wanted, size, start))
            for entry, item in resolved(self._store, found.items):
                message = items.to_listed(item)
                if wants(wanted, message):
                    kept.append(message)
                if len(kept) == limit:
                    return Page(kept, cursor_at(entry, GSI2))
            start = found.cursor
            months = months if start else months[1:]
        return Page(kept, start or ({GSI2PK: months[0]} if months else None))

    def _months(self, wanted: Filter, cursor: Cursor | None) -> list[str]:
        """Return the months to look into, latest first."""
        low = schema.month(format_instant(wanted.since)) if wanted.since else schema.MONTHS
        high = schema.month(format_instant(wanted.until)) if wanted.until else schema.MONTHS + LAST
        if cursor:
            high = cursor[GSI2PK]
        listed = self._store.query_all(Query(CALENDAR, low=low, high=high, forward=False))
        return [item[SK] for item in listed]


def _within(month: str, wanted: Filter, limit: int, start: Cursor | None) -> Query:
    return Query(
        month,
        GSI2,
        low=format_instant(wanted.since) if wanted.since else None,
        high=format_instant(wanted.until) + LAST if wanted.until else None,
        forward=False,
        limit=limit,
        start=start,
    )
