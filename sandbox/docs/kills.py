"""The page of killed processes, from the record of the last full run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.docs.data import table

RECORD = Path(__file__).resolve().parents[2] / "docs" / "reference" / "kills.json"
BROKEN = ("lost", "duplicated", "untrue", "undecided")
COLUMNS = ("name", "calls", "struck", "deliveries", "delivered", "review", *BROKEN)
HEADS = ("", "port calls", "killed or frozen", *COLUMNS[3:5], "for a person", *BROKEN)
INTRODUCTION = """# Killed processes

<!-- Generated from kills.json by `make docs`; changes here are lost. -->

`make kill` runs the whole product with shortened leases, has its real process killed (SIGKILL) or
frozen (SIGSTOP, and SIGCONT when others have taken over), and then compares what was acknowledged,
what the API says and what the platforms hold. It starts that product itself, on free ports and with
a state of its own, and leaves one that runs alone; all of it takes about 25 minutes on 2 cores.

- **lost**: acknowledged, and without an end or given up although nobody refused it.
- **duplicated**: on its platform more than once.
- **untrue**: said to be delivered and not there, or said to have failed and there.
- **undecided**: left to a person although its platform could have been asked.

To watch a recovery by hand, choose the moment yourself, as in
`OMNICHANNEL_CRASH_AT=Transport.perform:after:1 make run`: every process then dies when its first
platform call was answered (`OMNICHANNEL_FREEZE_AT` freezes it there).

For a person are deliveries on platforms that can't be asked, whose process died between asking for
the post and hearing of it: nobody but a person can know, so nothing is sent twice.
"""


def render() -> str:
    """Return the page."""
    found = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {"parts": []}
    parts = found["parts"]
    everything = [row for part in parts for row in part["rows"]]
    struck, deliveries = (sum(row[name] for row in everything) for name in COLUMNS[2:4])
    counted = ", ".join(f"{sum(row[name] for row in everything)} {name}" for name in BROKEN)
    total = f"**{struck:,} processes killed or frozen, {deliveries:,} deliveries: {counted}.**"
    return "\n".join([INTRODUCTION, total, "", *map(_part, parts)])


def _part(part: Mapping[str, Any]) -> str:
    rows = [[f"{row[name]:,}" if name != "name" else row[name] for name in COLUMNS]
            for row in part["rows"]]  # fmt: skip
    missed = f" {part['missed']} chosen moments never came." if part["missed"] else ""
    when = f"{part['seconds']} s, commit {part['commit']}, seed {part['seed']}.{missed}"
    return f"## {part['title'].capitalize()}\n\n{when}\n\n{table(HEADS, rows)}\n"
