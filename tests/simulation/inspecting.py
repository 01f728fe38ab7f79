"""Looks at every item as it is stored: promises that are made about the table itself.

wake_up       a delivery that is not final stands in the due index, not too far ahead
lease         what somebody holds is taken from them only when their lease has ended
ttl           only what is final may vanish by itself
final         a final status is left only by a person's decision, or by what a platform reports;
              delivered by no report
write_ahead   a request that publishes begins after its attempt was written
pace          what is late on a feed comes one by one
pause         how long a platform asked our account to keep still is not cut short
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

from greenlet import getcurrent

from chalicelib.repositories.schema import GSI2PK, GSI2SK, Key
from tests.simulation.hub import HOUR, SECOND, Hub, Strand, elapsed
from tests.simulation.oracle import FINAL, SKEW
from tests.simulation.outside import Call

LATE, WINDOW, MOST = 90 * SECOND, 60 * SECOND, 10
"""Of what is so late, no more in any minute: one every ten seconds, and some that were held up."""
REPLAYED = {"failed": "queued", "skipped": "queued", "needs_review": "in_doubt"}
"""What a replay may do with what has ended: it never decides what is in doubt."""
AHEAD = 25 * HOUR
"""A rate limit may move a delivery by a day and a tenth of its wish."""


class Inspector:
    """Watches what is stored, and counts what is open."""

    def __init__(self, hub: Hub, blame: Callable[[str, str, str], None]) -> None:
        self._hub = hub
        self._blame = blame
        self.open: set[Key] = set()
        self.begun: Counter[str] = Counter()
        """How many attempts each delivery had."""
        self._late: dict[str, deque[int]] = defaultdict(deque)

    def stored(self, key: Key, old: dict[str, Any], item: dict[str, Any] | None) -> None:
        """Look at one item, before and after."""
        if key.pk.startswith("ACCT#") and key.sk == "STATE":
            self._look_at_pause(key.pk[5:], old, item or {})
        if not key.sk.startswith("CHANNEL#"):
            return
        who = f"{key.pk[4:]}#{key.sk[8:]}"
        if item is None or "removed" in item:
            self.open.discard(key)
            return
        before, after = old.get("status", ""), item["status"]
        if after == "sending" != before:
            self.begun[who] += 1
        if before != after:
            self._hub.tell(who, f"{before or 'new'} → {after}")
        if _is_by("operator") and not item.get("parent"):
            self._look_at_replay(who, old, item)
        if after in FINAL:
            self.open.discard(key)
            if GSI2PK in item or "next_at" in item:
                self._blame("wake_up", who, f"it is {after} and still due")
        else:
            self.open.add(key)
            self._look_at_wake_up(who, item)
            self._look_at_lease(who, old, item)
        if before in FINAL and after != before and "removed" not in old:
            self._look_at_return(who, before, after, is_parent=bool(item.get("parent")))

    def _look_at_pause(self, who: str, old: dict[str, Any], item: dict[str, Any]) -> None:
        before, after = old.get("limited_until"), item.get("limited_until")
        is_over = not before or _moment(before) < self._hub.now + SKEW
        if not is_over and (not after or _moment(after) < _moment(before)):
            self._blame("pause", who, f"told to keep still until {before}, and now {after}")

    def _look_at_wake_up(self, who: str, item: dict[str, Any]) -> None:
        if "ttl" in item:
            self._blame("ttl", who, "it is open and may vanish")
        if GSI2PK not in item or not item.get("next_at"):
            self._blame("wake_up", who, f"it is {item['status']} and nobody will look at it")
            return
        if not item[GSI2SK].startswith(item["next_at"]):
            self._blame("wake_up", who, "index and item disagree")
        now = self._hub.now
        next_at, due_at = _moment(item["next_at"]), _moment(item["due_at"])
        if next_at - now > max(due_at - now + SECOND, AHEAD + 3 * HOUR):
            self._blame("wake_up", who, f"looked at only in {(next_at - now) / HOUR:.1f} h")

    def _look_at_lease(self, who: str, old: dict[str, Any], item: dict[str, Any]) -> None:
        held = old.get("claim")
        if not held or item.get("claim") in (None, held) or not _is_by("scheduler"):
            return
        left = _moment(old["next_at"]) - self._hub.now
        if left > SKEW:
            self._blame("lease", who, f"claimed {left / SECOND:.0f} s before its lease has ended")

    def _look_at_return(self, who: str, before: str, after: str, *, is_parent: bool) -> None:
        is_evidence = _is_by("report") and (before != "delivered" or is_parent)
        is_decided = _is_by("api") or _is_by("operator")
        if not is_decided and not is_evidence:
            self._blame("final", who, f"{before} became {after} and no person decided it")

    def _look_at_replay(self, who: str, old: dict[str, Any], item: dict[str, Any]) -> None:
        before, after = old.get("status", ""), item["status"]
        is_put_off = before == after and item.get("claim") in (None, old.get("claim"))
        if REPLAYED.get(before) != after and not is_put_off:
            self._blame("final", who, f"a replay made {before} {after}")

    def look_at_call(self, call: Call, items: dict[Key, dict[str, Any]]) -> None:
        """Look at what is stored when a request that publishes begins."""
        parts = call.who.split("#")
        tail = f"#{parts[2]}" if len(parts) > 2 else ""
        item = items.get(Key(f"MSG#{parts[0]}", f"CHANNEL#{parts[1]}{tail}"), {})
        number = item.get("attempts", 0)
        about = f"{parts[1]}#{parts[2]}#" if tail else f"{parts[1]}#"
        attempt = items.get(Key(f"MSG#{parts[0]}", f"ATTEMPT#{about}{number:03d}"))
        if attempt is None:
            self._blame("write_ahead", call.who, "no attempt was written before")
        if not tail and "due_at" in item and call.began - _moment(item["due_at"]) > LATE:
            self._look_at_pace(call)

    def _look_at_pace(self, call: Call) -> None:
        recent = self._late[call.channel]
        recent.append(call.began)
        while recent[0] < call.began - WINDOW:
            recent.popleft()
        if len(recent) > MOST:
            self._blame("pace", call.who, f"{len(recent)} late posts within a minute")
            recent.clear()


def _is_by(kind: str) -> bool:
    """Return whether it is a process of this kind that runs."""
    strand = getcurrent()
    return isinstance(strand, Strand) and strand.process.kind == kind


def _moment(text: str) -> int:
    return elapsed(datetime.fromisoformat(text))
