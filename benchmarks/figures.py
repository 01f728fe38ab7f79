"""Say what was measured, against which goal, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

WIDTHS = (58, 14, 10)


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; a goal is a bound, never a promise of this machine."""

    name: str
    value: float
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Say whether the goal is reached; None where there is none."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return None if self.at_least is None else self.value >= self.at_least

    @property
    def goal(self) -> str:
        """Return the goal in signs."""
        if self.at_most is not None:
            return f"≤ {shown(self.at_most)}"
        return "" if self.at_least is None else f"≥ {shown(self.at_least)}"

    def line(self) -> str:
        """Return the figure as a row of a table."""
        verdict = {True: "reached", False: "MISSED", None: ""}[self.is_met]
        name, result, goal = WIDTHS
        value = f"{shown(self.value)} {self.unit}".strip()
        row = f"{self.name:<{name}} {value:>{result}}  {self.goal:<{goal}} {verdict:<8} {self.note}"
        return row.rstrip()

    def as_json(self) -> dict[str, Any]:
        """Return the figure for a program."""
        return {**asdict(self), "is_met": self.is_met}


@dataclass(frozen=True, slots=True)
class Section:
    """What one part of the run found."""

    title: str
    figures: Sequence[Figure]
    seconds: float

    def text(self) -> str:
        """Return the part as a person reads it."""
        rows = "\n".join(f"  {figure.line()}" for figure in self.figures)
        return f"{self.title}  ({self.seconds:.0f} s)\n{rows}\n"


def shown(value: float) -> str:
    """Return a number with no more digits than it deserves."""
    if float(value).is_integer() or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3f}" if abs(value) < 0.1 else f"{value:.2f}"


def spread(values: Sequence[float]) -> str:
    """Return the extremes of what was measured, for a note."""
    return f"{shown(min(values))} to {shown(max(values))}"


def middle(values: Iterable[float]) -> float:
    """Return the median."""
    return float(median(values))


def save(sections: Iterable[Section], path: Path) -> None:
    """Write every figure as JSON."""
    document = [
        {"section": part.title, "seconds": part.seconds, **figure.as_json()}
        for part in sections
        for figure in part.figures
    ]
    text = json.dumps(document, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
