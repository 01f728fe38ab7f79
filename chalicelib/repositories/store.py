"""The table with patience: reads that are repeated, commits whose outcome is certain.

A commit marks one of its items with an id of its own. When no answer comes, reading that item back
tells whether it took effect; only if it did not is it sent again:

    sent ─answered→ done | conflict
      └─no answer→ read back ─our mark→ done
                       └─not there→ sent again (twice at most) ─→ StoreUnavailable
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import TypeVar

from chalicelib.domain.errors import AlreadyAnnounced, LostRace, StoreUnavailable
from chalicelib.domain.ports import Ids, OnceTaken, Writes
from chalicelib.repositories.schema import COMMIT, Key
from chalicelib.repositories.table import (
    MAX_KEYS,
    MAX_WRITES,
    Busy,
    ConditionFailed,
    Delete,
    Found,
    Item,
    Put,
    Query,
    Table,
    Unanswered,
    Update,
    Write,
)

T = TypeVar("T")

READ_TRIES = 4
COMMIT_TRIES = 8
"""Many recipients count on one parent: their transactions may have to give way to one another."""
DOUBTFUL_TRIES = 3
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.02, 1.0

_PRECEDENCE = (OnceTaken, AlreadyAnnounced)
"""Of several failed conditions, the one that tells the caller most."""


class Store:
    """The single table as repositories use it, and the `Unit` that commits their writes."""

    def __init__(
        self, table: Table, ids: Ids, random: Random, sleep: Callable[[float], None]
    ) -> None:
        self._table = table
        self._ids = ids
        self._random = random
        self._sleep = sleep

    def get(self, key: Key) -> Item | None:
        """Return an item, consistently."""
        return self._patiently(lambda: self._table.get(key))

    def batch_get(self, keys: Sequence[Key]) -> Mapping[Key, Item]:
        """Return those items that there are, consistently; any number, 100 a request."""
        wanted = list(dict.fromkeys(keys))
        found: dict[Key, Item] = {}
        for start in range(0, len(wanted), MAX_KEYS):
            found |= self._batch(wanted[start : start + MAX_KEYS])
        return found

    def query(self, query: Query) -> Found:
        """Return a page of items."""
        return self._patiently(lambda: self._table.query(query))

    def query_all(self, query: Query) -> Iterator[Item]:
        """Return the items of every page."""
        page = self.query(query)
        yield from page.items
        while page.cursor is not None:
            page = self.query(replace(query, start=page.cursor))
            yield from page.items

    def scan_all(self) -> Iterator[Item]:
        """Return every item, page by page, in no order."""
        page = self._patiently(self._table.scan)
        yield from page.items
        while page.cursor is not None:
            page = self._patiently(partial(self._table.scan, page.cursor))
            yield from page.items

    def increase(self, key: Key, name: str, by: int, most: int) -> int:
        """Add to a number of an item and return the sum; more than once where no answer comes.

        `LostRace` if there is no such number or it is greater than `most`.
        """
        try:
            return self._patiently(lambda: self._table.increase(key, name, by, most))
        except ConditionFailed as failure:
            raise LostRace from failure

    def commit(self, *writes: Writes) -> None:
        """Perform all writes or none: one conditional write, or one transaction of at most 100.

        A failed condition raises what its write declares. `StoreUnavailable`: not taken, or its
        outcome could not be found out.
        """
        batch = _merged([write for part in writes for write in part])
        if len(batch) > MAX_WRITES:
            raise ValueError(f"{len(batch)} writes don't fit into one transaction")
        if batch:
            mark = self._ids.new()
            batch, proof = _marked(batch, mark)
            self._commit(batch, proof, mark)

    def _commit(self, batch: Sequence[Write], proof: Write, mark: str) -> None:
        doubts = 0
        cause: Exception | None = None
        for _ in self._tries(COMMIT_TRIES):
            try:
                return self._send(batch, mark)
            except ConditionFailed as failure:
                if doubts and self._took_effect(proof, mark):
                    return None
                return _raise_conflict(batch, failure)
            except Busy as error:
                cause = error
            except Unanswered as error:
                cause, doubts = error, doubts + 1
                if self._took_effect(proof, mark):
                    return None
                if doubts == DOUBTFUL_TRIES:
                    break
        raise StoreUnavailable("Our storage did not take this; nothing was promised.") from cause

    def _send(self, batch: Sequence[Write], mark: str) -> None:
        if len(batch) == 1:
            self._table.write(batch[0])
        else:
            self._table.transact(batch, mark)

    def _took_effect(self, proof: Write, mark: str) -> bool:
        stored = self.get(proof.key)
        if isinstance(proof, Delete):
            return stored is None
        return stored is not None and stored.get(COMMIT) == mark

    def _batch(self, keys: Sequence[Key]) -> Mapping[Key, Item]:
        found: dict[Key, Item] = {}
        for _ in self._tries(READ_TRIES):
            batch = self._patiently(partial(self._table.batch_get, keys))
            found |= batch.items
            keys = batch.unread
            if not keys:
                return found
        raise StoreUnavailable("Our storage did not read everything.")

    def _patiently(self, ask: Callable[[], T]) -> T:
        cause: Exception | None = None
        for _ in self._tries(READ_TRIES):
            try:
                return ask()
            except (Busy, Unanswered) as error:
                cause = error
        raise StoreUnavailable("Our storage did not answer.") from cause

    def _tries(self, most: int) -> Iterator[None]:
        """Yield at most so often, waiting in between with full jitter."""
        for number in range(most):
            if number:
                ceiling = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**number)
                self._sleep(self._random.uniform(0, ceiling))
            yield


def _merged(writes: Sequence[Write]) -> list[Write]:
    """Return the writes with updates of one item as one: a transaction takes an item only once."""
    merged: dict[Key, Write] = {}
    for write in writes:
        known = merged.get(write.key)
        if known is None:
            merged[write.key] = write
        elif isinstance(known, Update) and isinstance(write, Update):
            merged[write.key] = known.merged(write)
        else:
            raise ValueError(f"two writes of {write.key} exclude one another")
    return list(merged.values())


def _marked(batch: Sequence[Write], mark: str) -> tuple[list[Write], Write]:
    """Return the writes with the mark in one of them, and that one: a new item where there is one.

    New items come first because most of them (attempts, audit entries) are never written again.
    """
    places = range(len(batch))
    news = [place for place in places if isinstance(batch[place], Put)]
    changes = [place for place in places if isinstance(batch[place], Update)]
    place = (news[-1:] or changes[:1] or [0])[0]
    marked = list(batch)
    proof = batch[place]
    if isinstance(proof, Put):
        proof = replace(proof, item={**proof.item, COMMIT: mark})
    elif isinstance(proof, Update):
        proof = replace(proof, set={**proof.set, COMMIT: mark})
    marked[place] = proof
    return marked, proof


def _raise_conflict(batch: Sequence[Write], failure: ConditionFailed) -> None:
    """Raise what the failed condition means; return if the write is alone and does not mind."""
    declared = [batch[place].conflict for place in failure.failed]
    if len(batch) == 1 and declared == [None]:
        return
    errors = [LostRace() if conflict is None else conflict() for conflict in declared]
    raise min(errors, key=_rank) from failure


def _rank(error: Exception) -> int:
    ranks = [rank for rank, kind in enumerate(_PRECEDENCE) if isinstance(error, kind)]
    return ranks[0] if ranks else len(_PRECEDENCE)
