"""The append-only record of runs: which seeds, on which commit, and what came of them."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.docs.simulation import CELLS, RECORD, SEARCHES, runs
from tests.simulation.exhaustive import Explored
from tests.simulation.report import Cell, Total, declared

__all__ = ["CELLS", "RECORD", "SEARCHES", "append", "append_search", "cells", "next_seed"]


def commit() -> str:
    """Return the commit that is checked out; marked if there is more than that."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude", "*"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def next_seed() -> int:
    """Return the first seed that no recorded run has played."""
    return 1 + max((int(run["last"]) for run in runs()), default=-1)


def append(total: Total, commit: str) -> None:
    """Add one line for each level, and what was seen of the state tables."""
    lines = "".join(json.dumps(entry) + "\n" for entry in _entries(total, commit))
    with RECORD.open("a", encoding="utf-8") as file:
        file.write(lines)
    counts = cells() + total.cells
    written = {_name(cell): counts[cell] for cell in declared()}
    CELLS.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def append_search(settled_by: str, faults: int, explored: Explored, commit: str) -> None:
    """Add a search that came to its end."""
    entry = {
        "commit": commit,
        "settled_by": settled_by,
        "faults": faults,
        "states": explored.states,
        "ways": explored.ways,
        "steps": explored.steps,
        "ends": dict(sorted(explored.ends.items())),
        "broken": [what for what, _ in explored.broken],
    }
    with SEARCHES.open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def cells() -> Counter[Cell]:
    """Return how often each step of the state tables was taken; 0 for those never taken."""
    if not CELLS.exists():
        return Counter()
    stored = json.loads(CELLS.read_text("utf-8"))
    found: Counter[Cell] = Counter()
    for name, count in stored.items():
        table, status, event = name.split("/")
        found[table.removeprefix("delivery"), status, event] = count
    return found


def _name(cell: Cell) -> str:
    table, status, event = cell
    return f"{table or 'delivery'}/{status}/{event}"


def _entries(total: Total, commit: str) -> Iterator[Mapping[str, Any]]:
    for level, seeds in sorted(total.seeds.items()):
        yield {
            "commit": commit,
            "level": level,
            "first": min(seeds),
            "last": max(seeds),
            "deliveries": total.by_level[level],
            "port_calls": total.calls[level],
            "faulted": total.struck[level],
            "needs_review": sum(total.reviews[level].values()),
            "needs_review_askable": total.askable(level),
            "violations": total.broken[level].total(),
            "broken": dict(sorted(total.broken[level].items())),
        }
