"""The append-only record of runs: which seeds, on which commit, and what came of them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.simulation.report import Total

RECORD = Path(__file__).resolve().parents[2] / "docs" / "reference" / "simulation.jsonl"


def entries() -> list[Mapping[str, Any]]:
    """Return what is recorded, oldest first."""
    if not RECORD.exists():
        return []
    return [json.loads(line) for line in RECORD.read_text("utf-8").splitlines()]


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
    return 1 + max((int(entry["last"]) for entry in entries()), default=-1)


def append(total: Total, commit: str) -> None:
    """Add one line for each level."""
    lines = "".join(json.dumps(entry) + "\n" for entry in _entries(total, commit))
    with RECORD.open("a", encoding="utf-8") as file:
        file.write(lines)


def _entries(total: Total, commit: str) -> Iterator[Mapping[str, Any]]:
    for level, seeds in sorted(total.seeds.items()):
        violations = sum(
            len(failing.violations) for failing in total.failing if failing.level == level
        )
        yield {
            "commit": commit,
            "level": level,
            "first": min(seeds),
            "last": max(seeds),
            "deliveries": total.by_level[level],
            "port_calls": total.calls[level],
            "faulted": total.struck[level],
            "violations": violations,
        }
