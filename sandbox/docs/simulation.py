"""The page of simulated deliveries, from the record of runs."""

from __future__ import annotations

import json
from pathlib import Path

RECORD = Path(__file__).resolve().parents[2] / "docs" / "reference" / "simulation.jsonl"


def render() -> str:
    """Return the page."""
    lines = RECORD.read_text("utf-8").splitlines() if RECORD.exists() else []
    runs = [json.loads(line) for line in lines]
    deliveries = sum(run["deliveries"] for run in runs)
    violations = sum(run["violations"] for run in runs)
    rows = [
        f"| {run['commit']} | {run['level']} | {run['first']}–{run['last']} "
        f"| {run['deliveries']:,} | {run['port_calls']:,} "
        f"| {run['faulted'] / max(1, run['port_calls']):.1%} | {run['violations']} |"
        for run in runs
    ]
    return "\n".join(
        [
            "# Simulation",
            "",
            "Generated from `simulation.jsonl` by `make docs`. Each line is a run of production",
            "services, repositories and channels in virtual time, with faults at every port call;",
            "`make sim SEED=… LEVEL=…` plays any of its seeds again.",
            "",
            f"**{deliveries:,} simulated deliveries, {violations:,} broken promises.**",
            "",
            "| Commit | Level | Seeds | Deliveries | Port calls | Faulted | Broken |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )
