"""The table as a process meets it: slow, throttled, silent; its indexes lag behind.

A base table is strong: conditions and transactions hold at one instant. An index is a delayed copy
of it, each item's entries applied in the order of its versions, some of them a minute and a half
late.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import Any

from chalicelib.repositories.schema import GSI2PK, GSI2SK, Key
from chalicelib.repositories.table import (
    Batch,
    Busy,
    Found,
    Item,
    Query,
    Unanswered,
    Write,
)
from tests.fakes.table import MemoryTable, Place, places_of
from tests.simulation.chance import Chance
from tests.simulation.hub import SECOND, Hub, Killed, Process, current, in_process

LONGEST_LAG = 90 * SECOND
SHORTEST_STOP, LONGEST_STOP = 240 * SECOND, 1200 * SECOND
ENTRY = ("PK", "SK", GSI2PK, GSI2SK)


class LaggingTable(MemoryTable):
    """The items, with index entries that become visible later."""

    def __init__(self, now: Callable[[], int], lag: Callable[[Key], int], page: int) -> None:
        super().__init__(page)
        self._now = now
        self._lag = lag
        self._coming: list[tuple[int, int, Key, list[tuple[Any, Any, Place]]]] = []
        self._order = 0
        self._shown: dict[Key, tuple[int, list[tuple[Any, Any, Place]]]] = {}
        self.audit: Callable[[Key, dict[str, Any], dict[str, Any] | None], None] = lambda *_: None

    def _store(self, key: Key, item: dict[str, Any] | None) -> None:
        old = self._items.pop(key, None) or {}
        self.audit(key, old, item)
        if item is not None:
            self._items[key] = item
        own = (None, key.pk)
        if old and item is None:
            view = self._views[own]
            del view[bisect_left(view, (key.sk, key.pk, key.sk))]
        elif not old and item is not None:
            insort(self._views.setdefault(own, []), (key.sk, key.pk, key.sk))
        entries = [entry for entry in places_of(item or {}) if entry[0] is not None]
        if entries or any(name in old for name in (GSI2PK, "GSI1PK")):
            if entries == [e for e in places_of(old) if e[0] is not None]:
                return
            self._order += 1
            lag = self._lag(key)
            heappush(self._coming, (self._now() + lag, self._order, key, entries))

    def settle(self) -> None:
        """Show every entry whose time has come."""
        now = self._now()
        while self._coming and self._coming[0][0] <= now:
            _, order, key, entries = heappop(self._coming)
            last, shown = self._shown.get(key, (0, []))
            if order < last:
                continue
            for index, pk, place in shown:
                view = self._views[index, pk]
                del view[bisect_left(view, place)]
            for index, pk, place in entries:
                insort(self._views.setdefault((index, pk), []), place)
            self._shown[key] = (order, entries)

    def query(self, query: Query) -> Found:
        """Return a page of an index view as far as it is visible."""
        if query.index is not None:
            self.settle()
        return super().query(query)

    def _seen(self, key: Key, index: str | None, place: Place) -> dict[str, Any]:
        if index is None:
            return self._items[key]
        _, entries = self._shown[key]
        pk = next(pk for name, pk, at in entries if name == index and at == place)
        return {"PK": key.pk, "SK": key.sk, f"{index}PK": pk, f"{index}SK": place[0]}

    def get(self, key: Key) -> Item | None:
        """Return an item; nobody changes what is stored."""
        return self._items.get(key)

    def batch_get(self, keys: Sequence[Key]) -> Batch:
        """Return items; nobody changes what is stored."""
        return Batch({key: self._items[key] for key in keys if key in self._items})

    def soonest(self, prefix: str) -> str | None:
        """Return the first sort key that a partition's index will ever show, as things are."""
        coming = [
            place[0]
            for _, _, _, entries in self._coming
            for _, pk, place in entries
            if pk.startswith(prefix)
        ]
        shown = [
            view[0][0]
            for (index, pk), view in self._views.items()
            if index is not None and view and pk.startswith(prefix)
        ]
        return min(coming + shown, default=None)

    def items(self) -> dict[Key, dict[str, Any]]:
        """Return everything that is stored."""
        return self._items


class Faulty:
    """What all ports share: a call takes time, may be hit by a fault, and dies with its process."""

    def __init__(self, hub: Hub, chance: Chance) -> None:
        self.hub = hub
        self.chance = chance

    def begin(self, kind: str) -> tuple[str, Any, Process]:
        """Start a call of the running process: its request is on the way."""
        strand = current()
        process = strand.process
        if process.is_dead:
            raise Killed
        process.calls.add(kind)
        fault, draw = self.chance.strike(kind, strand.entity, self.hub.now)
        if fault:
            self.hub.tell(process.name, f"{fault} at {kind} for {strand.entity}")
            if fault in ("crash", "crash_before"):
                self.die(process)
            if fault == "freeze":
                self.hub.freeze(process, 1 * SECOND + draw[3] ** 2 * 240 * SECOND)
            if fault == "stop":
                self.stop(process, draw)
        return fault, draw, process

    def stop(self, process: Process, draw: Any) -> None:
        """Stop the running process until long after its leases."""
        self.hub.stop(process, SHORTEST_STOP + draw[3] * (LONGEST_STOP - SHORTEST_STOP))

    def die(self, process: Process) -> None:
        """Kill the running process at this very step."""
        self.hub.kill(process)
        raise Killed


class SimulatedTable(Faulty):
    """Implements `repositories.table.Table` for processes; outside of any, nothing goes wrong."""

    def __init__(self, hub: Hub, chance: Chance, base: LaggingTable) -> None:
        super().__init__(hub, chance)
        self.base = base
        self.is_down: Callable[[], bool] = lambda: False

    def get(self, key: Key) -> Item | None:
        """Return an item."""
        self._read("table.get")
        return self.base.get(key)

    def batch_get(self, keys: Sequence[Key]) -> Batch:
        """Return items, perhaps not all."""
        if self._read("table.batch_get") == "unread":
            return Batch(self.base.batch_get(keys[1:]).items, keys[:1])
        return self.base.batch_get(keys)

    def query(self, query: Query) -> Found:
        """Return a page."""
        self._read("table.query")
        return self.base.query(query)

    def write(self, write: Write) -> None:
        """Perform one write."""
        self._write("table.write", lambda: self.base.write(write))

    def transact(self, writes: Sequence[Write], token: str) -> None:
        """Perform all writes or none."""
        self._write("table.transact", lambda: self.base.transact(writes, token))

    def increase(self, key: Key, name: str, by: int, most: int) -> int:
        """Add to a number and return the sum."""
        sums: list[int] = []
        self._write("table.write", lambda: sums.append(self.base.increase(key, name, by, most)))
        return sums[0]

    def _read(self, kind: str) -> str:
        if not in_process():
            return ""
        fault, draw, _ = self.begin(kind)
        self.hub.pause(_latency(draw[1]) if fault != "slow" else 200 + 4 * SECOND * draw[1] ** 2)
        if fault == "busy" or self.is_down():
            raise Busy("throttled")
        if fault == "silent":
            raise Unanswered("time-out")
        return str(fault)

    def _write(self, kind: str, effect: Callable[[], None]) -> None:
        if not in_process():
            return effect()
        fault, draw, process = self.begin(kind)
        self.hub.pause(_latency(draw[1]) if fault != "slow" else 200 + 4 * SECOND * draw[1] ** 2)
        if fault == "busy" or self.is_down():
            raise Busy("throttled")
        if fault == "silent_before":
            self.hub.pause(3 * SECOND)
            raise Unanswered("time-out")
        effect()
        if fault == "silent_after":
            self.hub.pause(3 * SECOND)
            raise Unanswered("time-out")
        if fault == "crash_after":
            self.die(process)
        if fault == "stop_after":
            self.stop(process, draw)
        return self.hub.pause(_latency(draw[2]))


def _latency(part: float) -> float:
    """Return milliseconds: a few, and sometimes many."""
    return 1 + 6 * part if part < 0.99 else 400 * (part - 0.98) / 0.02
