"""Says what came of it: a table for people, a record for the page in docs/reference."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chalicelib.channels import CHANNELS
from tests.kill.judge import FAULTS
from tests.kill.phases import Part

RECORD = Path(__file__).resolve().parents[2] / "docs" / "reference" / "kills.json"
SHOWN = 20


def lines(parts: Sequence[Part], seconds: float) -> Iterator[str]:
    """Yield the report."""
    for part in parts:
        yield f"{part.title}  ({part.seconds:.0f} s)"
        yield _row(("", "calls", "struck", "deliveries", "delivered", "review", *FAULTS))
        for row in rows(part):
            yield _row(tuple(row.values()))
        for missed in part.missed[:SHOWN]:
            yield f"  never came: {missed}"
        for violation in part.verdict.violations[:SHOWN]:
            yield f"  {violation.kind}: {violation.story}"
        yield ""
    struck = sum(part.struck.total() for part in parts)
    deliveries = sum(part.verdict.deliveries.total() for part in parts)
    kinds = [violation.kind for part in parts for violation in part.verdict.violations]
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in FAULTS)
    total = f"{struck} processes killed or frozen, {deliveries} deliveries"
    yield f"{total}: {counted}  ({seconds:.0f} s)"


def rows(part: Part) -> Iterator[Mapping[str, Any]]:
    """Yield what came of each channel, and of what is no channel."""
    verdict = part.verdict
    for name in (*CHANNELS, *(name for name in part.struck if name not in CHANNELS)):
        if not (part.struck[name] or verdict.deliveries[name]):
            continue
        statuses = verdict.statuses[name]
        yield {
            "name": name,
            "calls": part.calls[name],
            "struck": part.struck[name],
            "deliveries": verdict.deliveries[name],
            "delivered": statuses.get("delivered", 0),
            "review": statuses.get("needs_review", 0),
            **{kind: verdict.broken(kind, name) for kind in FAULTS},
        }


def record(parts: Sequence[Part], commit: str, seed: int) -> None:
    """Keep the result for the page; what was not played this time stays as it was."""
    kept = json.loads(RECORD.read_text("utf-8"))["parts"] if RECORD.exists() else []
    played = [
        {
            "title": part.title,
            "commit": commit,
            "seed": seed,
            "missed": len(part.missed),
            "seconds": round(part.seconds),
            "rows": list(rows(part)),
        }
        for part in parts
    ]
    found = {part["title"]: part for part in (*kept, *played)}
    document = {"parts": list(found.values())}
    RECORD.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _row(cells: Sequence[object]) -> str:
    first, *others = cells
    return f"  {first!s:<10}" + "".join(f"{other!s:>11}" for other in others)
