"""Adds up runs and says what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from chalicelib.domain.states import IN_DOUBT_TABLE, PARENT_TABLE, TABLE
from tests.simulation.hub import SECOND
from tests.simulation.simulation import ALL, Result

PROMISES = (
    "lost",
    "duplicated",
    "early",
    "after_cancel",
    "untrue",
    "taken_back",
    "stuck",
    "revision",
    "pictures",
    "late_policy",
    "opted_out",
    "aggregate",
    "recipients",
    "given_up",
    "quota",
    "pace",
    "pause",
    "two_owners",
    "idempotency",
    "monotone",
    "final",
    "wake_up",
    "lease",
    "ttl",
    "write_ahead",
    "put_aside",
    "dry_run",
    "calls",
    "crashed",
)
PORTS = ("table.", "stream.put", "starter", "secrets.", "failures.", "platform.")
ASKABLE = ("handle", "lookup")
"""What can be asked whether it has a post; `key` can only be sent the same again, while in time."""
Cell = tuple[str, str, str]
COUNTERS = (
    "violations",
    "statuses",
    "by_level",
    "faults",
    "calls",
    "struck",
    "cells",
)
UNREACHED: dict[Cell, str] = {
    ("", "in_doubt", "permanent"): "what was begun was prepared, and is kept as it was",
    ("doubt", "in_doubt", "permanent"): "what was begun was prepared, and is kept as it was",
}
"""The steps that no simulated run can take, and why; unit tests take them."""


def declared() -> list[Cell]:
    """Return every step of the state tables, as the simulation counts them."""
    tables = (("", TABLE), ("doubt", IN_DOUBT_TABLE), ("parent", PARENT_TABLE))
    return [(name, str(s), str(e)) for name, table in tables for s, e in table]


@dataclass
class Total:
    """The sum of many runs."""

    seeds: dict[str, list[int]] = field(default_factory=dict)
    accepted: int = 0
    violations: Counter[str] = field(default_factory=Counter)
    broken: dict[str, Counter[str]] = field(default_factory=dict)
    """Violations by level and promise."""
    failing: list[Result] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    reviews: dict[str, Counter[str]] = field(default_factory=dict)
    by_channel: dict[str, Counter[str]] = field(default_factory=dict)
    by_level: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    lateness: list[int] = field(default_factory=list)
    cells: Counter[Cell] = field(default_factory=Counter)
    steps: int = 0
    cpu_seconds: float = 0

    def add(self, result: Result, seconds: float) -> None:
        """Add one run."""
        level = result.level
        self.seeds.setdefault(level, []).append(result.seed)
        self.accepted += result.accepted
        self.by_level[level] += result.accepted
        found = Counter(violation.kind for violation in result.violations)
        self.violations.update(found)
        self.broken.setdefault(level, Counter()).update(found)
        if result.violations:
            self.failing.append(result)
        self.statuses.update(result.statuses)
        self.reviews.setdefault(level, Counter()).update(result.reviews)
        self.by_channel.setdefault(level, Counter()).update(result.by_channel)
        self.faults.update(fired.fault for fired in result.fired)
        for kind, count in result.calls.items():
            if kind.startswith(PORTS):
                self.calls[level] += count
        self.struck[level] += sum(fired.kind.startswith(PORTS) for fired in result.fired)
        self.lateness.extend(result.lateness)
        self.cells.update(result.cells)
        self.steps += result.steps
        self.cpu_seconds += seconds

    def join(self, other: Total) -> None:
        """Add everything of another sum."""
        for level, seeds in other.seeds.items():
            self.seeds.setdefault(level, []).extend(seeds)
        for name in ("reviews", "by_channel", "broken"):
            for level, counts in getattr(other, name).items():
                getattr(self, name).setdefault(level, Counter()).update(counts)
        for name in COUNTERS:
            getattr(self, name).update(getattr(other, name))
        self.failing += other.failing
        self.lateness += other.lateness
        self.accepted += other.accepted
        self.steps += other.steps
        self.cpu_seconds += other.cpu_seconds

    def askable(self, level: str) -> int:
        """Return how many deliveries went to a person although their platform can be asked."""
        return sum(n for name, n in self.reviews[level].items() if can_be_asked(name))

    def missing_cells(self) -> list[Cell]:
        """Return the declared steps that no run took, but for those that none can take."""
        return [cell for cell in declared() if not self.cells[cell] and cell not in UNREACHED]

    def lines(self, seconds: float, commit: str) -> Iterable[str]:
        """Yield the report."""
        found = ", ".join(
            f"{level} {min(seeds)}–{max(seeds)}" for level, seeds in sorted(self.seeds.items())
        )
        yield f"simulated deliveries  {self.accepted:,}"
        yield f"seeds                 {found}   commit {commit}"
        for promise in PROMISES:
            yield f"  {promise:<20}{self.violations[promise]:>9,}"
        yield f"outcomes              {_listed(self.statuses)}"
        yield from self._review_lines()
        late = sorted(self.lateness)
        if late:
            p50, p99 = late[len(late) // 2], late[min(len(late) - 1, len(late) * 99 // 100)]
            yield (
                f"lateness (virtual)    p50 {p50 / SECOND:.1f} s, p99 {p99 / SECOND:.1f} s, "
                f"max {late[-1] / SECOND:.0f} s"
            )
        for level, calls in sorted(self.calls.items()):
            if calls:
                share = self.struck[level] / calls
                each = calls / max(1, self.by_level[level])
                yield (
                    f"faulted calls, {level:<7}{share:.1%} of {calls:,} port calls, "
                    f"{each:.1f} calls per delivery"
                )
        yield f"faults                {sum(self.faults.values()):,}: {_listed(self.faults)}"
        cells = declared()
        visited = [self.cells[cell] for cell in cells if self.cells[cell]]
        yield (
            f"(status, event)       {len(visited)} of {len(cells)} cells visited, "
            f"the rarest {min(visited, default=0):,} times"
        )
        for table, status, event in self.missing_cells():
            yield f"  never               {table or 'delivery'}: {status} + {event}"
        yield (
            f"speed                 {self.accepted / seconds:,.0f} deliveries/s, "
            f"{self.steps / seconds:,.0f} steps/s, {seconds:,.0f} s "
            f"({self.accepted / max(self.cpu_seconds, 0.01):,.0f} deliveries per CPU second)"
        )

    def _review_lines(self) -> Iterable[str]:
        for level, counts in sorted(self.reviews.items()):
            asked = self.askable(level)
            share = sum(counts.values()) / max(1, self.by_level[level])
            yield (
                f"needs_review, {level:<8}{share:.2%} of deliveries, "
                f"{asked} of {sum(counts.values())} on channels that can be asked"
            )
            yield from (
                f"  {name:<20}{count:>9,} deliveries, {counts[name] / count:.2%} to review"
                + ("" if can_be_asked(name) else ", can't be asked")
                for name, count in sorted(self.by_channel[level].items())
            )


def can_be_asked(name: str) -> bool:
    """Return whether doubt on a channel can be settled without a person."""
    return next(c for n, c in ALL.items() if n == name).reconciles_by in ASKABLE


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.most_common())
