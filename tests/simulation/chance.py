"""Chance without a stream: every draw is a hash of (seed, label, entity, n-th occurrence).

Because no draw depends on how many came before it elsewhere, leaving one fault out shifts nothing
else. That is what lets a failing run be shrunk, and what makes a seed mean the same run everywhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

SCALE = 1 << 32


class Draw:
    """Four independent numbers in [0, 1) for one occurrence."""

    __slots__ = ("_bits",)

    def __init__(self, text: str) -> None:
        self._bits = int.from_bytes(blake2b(text.encode(), digest_size=16).digest(), "big")

    def __getitem__(self, place: int) -> float:
        return (self._bits >> (32 * place) & 0xFFFFFFFF) / SCALE

    def between(self, place: int, low: float, high: float) -> float:
        """Return a number from a range."""
        return low + (high - low) * self[place]

    def pick(self, place: int, options: Sequence[str]) -> str:
        """Return one of the options."""
        return options[int(self[place] * len(options))]


Rates = Mapping[str, Mapping[str, float]]
"""How often each fault hits a kind of port call: kind → fault → share of the calls."""


@dataclass(frozen=True)
class Level:
    """How much goes wrong."""

    name: str
    rates: Rates
    storms: float
    """How many of each kind of lasting disturbance a run has, on average."""


_TABLE_READ = {
    "busy": 0.004,
    "silent": 0.001,
    "slow": 0.002,
    "crash": 0.0002,
    "freeze": 0.0001,
    "stop": 0.00005,
}
_TABLE_WRITE = {
    "busy": 0.004,
    "silent_before": 0.0015,
    "silent_after": 0.0015,
    "slow": 0.002,
    "crash_before": 0.0003,
    "crash_after": 0.0003,
    "freeze": 0.0001,
    "stop": 0.00005,
    "stop_after": 0.00005,
}
_LOW: dict[str, dict[str, float]] = {
    "table.get": _TABLE_READ,
    "table.batch_get": {**_TABLE_READ, "unread": 0.002},
    "table.query": _TABLE_READ,
    "table.write": _TABLE_WRITE,
    "table.transact": {**_TABLE_WRITE, "stop_after": 0.0002},
    "index": {"lag": 0.01},
    "stream.put": {
        "refused": 0.003,
        "silent": 0.002,
        "crash_before": 0.0005,
        "crash_after": 0.0005,
    },
    "stream.record": {"refused": 0.003, "lost": 0.001, "doubled": 0.003, "delayed": 0.003},
    "stream.batch": {"doubled": 0.005, "unanswered": 0.002},
    "starter": {"lost": 0.02},
    "secrets.read": {"crash": 0.0002, "stale": 0.002},
    "platform.publish": {
        "refuse_connection": 0.002,
        "drop_before": 0.003,
        "drop_after": 0.004,
        "error_500_after": 0.003,
        "error_503": 0.003,
        "rate_limit": 0.004,
        "rate_limit_bare": 0.002,
        "reject_content": 0.002,
        "truncated_json": 0.002,
        "delayed_effect": 0.003,
        "slow": 0.003,
        "crash_before": 0.0005,
        "crash_after": 0.0005,
        "freeze": 0.0002,
        "stop": 0.0005,
        "stop_after": 0.0003,
    },
    "platform.ask": {
        "refuse_connection": 0.004,
        "drop_before": 0.004,
        "error_503": 0.004,
        "rate_limit": 0.004,
        "garbled": 0.002,
        "slow": 0.003,
        "crash_before": 0.0005,
        "stop": 0.0005,
    },
    "failures.read": {"busy": 0.004, "silent": 0.002, "crash": 0.001, "freeze": 0.0005},
    "failures.write": {
        "busy": 0.01,
        "silent_before": 0.005,
        "silent_after": 0.005,
        "crash_before": 0.002,
        "crash_after": 0.002,
        "stop": 0.001,
    },
    "platform.delete": {
        "refuse_connection": 0.004,
        "drop_before": 0.01,
        "drop_after": 0.01,
        "error_503": 0.004,
        "rate_limit": 0.004,
        "refuse_deletion": 0.006,
        "garbled": 0.004,
        "slow": 0.003,
        "crash_before": 0.001,
        "crash_after": 0.002,
        "stop": 0.001,
        "stop_after": 0.001,
        "delayed_effect": 0.006,
    },
    "denial": {"published": 0.08},
    "fate": {"returned": 0.01, "undelivered": 0.03, "foreign": 0.02, "unnoticed": 0.02},
    "fate of denied": {"undelivered": 0.05, "unnoticed": 0.04},
    "again": {"drop_after": 0.03, "error_500_after": 0.03},
    "delete again": {"refuse_deletion": 0.05, "delayed_effect": 0.02, "drop_before": 0.02},
    "ask again": {"drop_before": 0.03},
    "report again": {"lost": 0.05, "late": 0.03},
    "report": {"lost": 0.02, "doubled": 0.02, "late": 0.03},
    "tick": {"missing": 0.03, "double": 0.03, "late": 0.03},
    "api": {"answer_lost": 0.01},
}
CRASHES = frozenset({"crash", "crash_before", "crash_after", "freeze", "stop", "stop_after"})


def _times(rates: Rates, by: float, crashes: float) -> Rates:
    return {
        kind: {
            fault: share * (crashes if fault in CRASHES else by) for fault, share in faults.items()
        }
        for kind, faults in rates.items()
    }


NONE = Level("none", {}, 0)
LOW = Level("low", _LOW, 0.15)
HIGH = Level("high", _times(_LOW, 8, 5), 1.2)
LEVELS = {level.name: level for level in (NONE, LOW, HIGH)}


@dataclass(frozen=True)
class Fired:
    """One fault that happened. `id` is what suppresses or allows it in another run."""

    id: str
    at: int
    kind: str
    fault: str


@dataclass
class Chance:
    """All chance of one run; notes each fault it deals out.

    With `only`, no fault but these happens; everything else is drawn as before.
    """

    seed: int
    level: Level
    only: frozenset[str] | None = None
    fired: list[Fired] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    is_quiet: bool = False
    """From then on nothing goes wrong any more."""

    def __post_init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = defaultdict(int)
        self._tables = {
            kind: (sum(faults.values()), tuple(faults.items()))
            for kind, faults in self.level.rates.items()
        }

    def draw(self, label: str, entity: str) -> Draw:
        """Return the numbers of the next occurrence of this label at this entity."""
        place = (label, entity)
        number = self._numbers[place]
        self._numbers[place] = number + 1
        return Draw(f"{self.seed}|{label}|{entity}|{number}")

    def once(self, label: str, entity: str) -> Draw:
        """Return the numbers of what is decided only once."""
        return Draw(f"{self.seed}|{label}|{entity}")

    def strike(self, kind: str, entity: str, now: int) -> tuple[str, Draw]:
        """Count a port call; return the fault that hits it, "" for none, and its numbers."""
        self.calls[kind] += 1
        place = (kind, entity)
        number = self._numbers[place]
        self._numbers[place] = number + 1
        identity = f"{self.seed}|{kind}|{entity}|{number}"
        draw = Draw(identity)
        return self._fault(kind, entity, number, draw, now), draw

    def _fault(self, kind: str, entity: str, number: int, draw: Draw, now: int) -> str:
        total, faults = self._tables.get(kind, (0.0, ()))
        where = draw[0]
        if where >= total or self.is_quiet:
            return ""
        for fault, share in faults:
            where -= share
            if where < 0:
                return fault if self.allows(f"{kind}|{entity}|{number}", kind, fault, now) else ""
        return ""

    def allows(self, identity: str, kind: str, fault: str, now: int) -> bool:
        """Return whether a fault that chance wants may happen, and note it if so."""
        if self.only is not None and identity not in self.only:
            return False
        self.fired.append(Fired(identity, now, kind, fault))
        return True

    def storms(self, kind: str, average: float, now: int) -> list[tuple[str, Draw]]:
        """Return the lasting disturbances of a kind, each with its numbers."""
        found = []
        for number in range(3):
            draw = Draw(f"{self.seed}|storm|{kind}|{number}")
            wanted = draw[0] < average * self.level.storms / 3
            if wanted and self.allows(f"storm|{kind}|{number}", "storm", kind, now):
                found.append((f"{kind}{number}", draw))
        return found


class HashedRandom:
    """The part of `random.Random` that production uses, drawn by whoever is working."""

    def __init__(self, chance: Chance, who: object) -> None:
        self._chance = chance
        self._who = who

    def random(self) -> float:
        """Return a number in [0, 1)."""
        return self._chance.draw("random", self._who())[0]  # type: ignore[operator]

    def uniform(self, low: float, high: float) -> float:
        """Return a number from a range."""
        return low + (high - low) * self.random()
