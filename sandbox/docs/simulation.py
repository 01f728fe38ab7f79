"""The page of simulated deliveries, and what the README says of them, from what is recorded."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "docs" / "reference" / "simulation.jsonl"
CELLS = ROOT / "docs" / "reference" / "simulation_cells.json"
SEARCHES = ROOT / "docs" / "reference" / "searches.jsonl"
BEGIN, END = "<!-- simulation: written by `make docs` -->", "<!-- end of simulation -->"
NAMED = {
    "lost": "lost",
    "duplicated": "duplicated",
    "early": "early",
    "after_cancel": "after a cancel",
    "untrue": "untrue statuses",
}
"""The promises that the sentence names; the others are counted together."""
SUMS = ("deliveries", "port_calls", "faulted", "needs_review", "violations")

Run = Mapping[str, Any]


def runs() -> list[Run]:
    """Return what is recorded, oldest first."""
    return _lines(RECORD)


def searches() -> list[Run]:
    """Return the newest recorded search of each kind of channel and number of faults."""
    newest = {(found["settled_by"], found["faults"]): found for found in _lines(SEARCHES)}
    return [newest[place] for place in sorted(newest)]


def _lines(place: Path) -> list[Run]:
    lines = place.read_text("utf-8").splitlines() if place.exists() else []
    return [json.loads(line) for line in lines]


def render() -> str:
    """Return the page."""
    recorded = runs()
    return "\n".join(
        [
            "# Simulation",
            "",
            "Generated from `simulation.jsonl` by `make docs`. Production services, repositories",
            "and channels in virtual time, with faults at every port call; `make sim RECORD=1`",
            "adds a line for every 10,000 deliveries, `make sim SEED=… LEVEL=…` plays any seed",
            "again.",
            "",
            f"**{sentence(recorded)}**",
            "",
            "| Commit | Level | Seeds | Deliveries | Port calls | Faulted | Review | Broken |",
            "|---|---|---|---|---|---|---|---|",
            *map(_row, _joined(recorded)),
            "",
            *_notes(recorded),
            *_searches(),
            *_cells(),
        ]
    )


def told_in(readme: str) -> str:
    """Return the README with what it says of the simulation as it is now."""
    head, _, rest = readme.partition(BEGIN)
    _, _, tail = rest.partition(END)
    told = "\n\n".join(filter(None, (sentence(runs()), searched(searches()))))
    return f"{head}{BEGIN}\n{told}\n{END}{tail}"


def sentence(recorded: Sequence[Run]) -> str:
    """Return what all runs come to."""
    corrected = _broken(run for run in recorded if run.get("corrected"))
    stands = _broken(run for run in recorded if not run.get("corrected"))
    named = ", ".join(f"{stands[name]:,} {words}" for name, words in NAMED.items())
    others = sum(count for name, count in stands.items() if name not in NAMED)
    found = ", ".join(f"{count:,} × `{name}`" for name, count in sorted(corrected.items()))
    return (
        f"{_sum(recorded, 'deliveries'):,} simulated deliveries: {named}, {others:,} other broken "
        f"promises. Found on the way, and corrected since: {found or 'nothing'}."
    )


def searched(found: Sequence[Run]) -> str:
    """Return what all searches come to; "" before the first."""
    if not found:
        return ""
    most = max(search["faults"] for search in found)
    broken = sum(len(search["broken"]) for search in found)
    return (
        f"And not by chance: one delivery, two workers, a scheduler and somebody who cancels, in "
        f"every order of their steps, with up to {most} faults at any of them, on {len(found)} "
        f"kinds of channel: {_sum(found, 'states'):,} states, {broken} broken promises."
    )


def _broken(recorded: Iterable[Run]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for run in recorded:
        counts.update(run["broken"])
    return counts


def _sum(recorded: Sequence[Run], name: str) -> int:
    return sum(run[name] for run in recorded)


def _joined(recorded: Sequence[Run]) -> Iterator[Run]:
    """Yield one line for all runs of one commit at one level that follow one another."""
    ordered = sorted(recorded, key=lambda run: (run["level"], run["first"]))
    for (commit, level), found in groupby(ordered, key=lambda run: (run["commit"], run["level"])):
        same = list(found)
        yield {
            "commit": commit,
            "level": level,
            "first": same[0]["first"],
            "last": same[-1]["last"],
            **{name: _sum(same, name) for name in SUMS},
        }


def _row(run: Run) -> str:
    return (
        f"| {run['commit']} | {run['level']} | {run['first']:,}–{run['last']:,} "
        f"| {run['deliveries']:,} | {run['port_calls']:,} "
        f"| {_share(run['faulted'], run['port_calls'])} "
        f"| {_share(run['needs_review'], run['deliveries'])} | {run['violations']} |"
    )


def _share(part: int, whole: int) -> str:
    return f"{part / max(1, whole):.2%}"


def _notes(recorded: Sequence[Run]) -> Iterator[str]:
    """Yield what was found out about runs that broke a promise."""
    for run in recorded:
        if note := run.get("note"):
            yield f"- {run['level']}, seeds {run['first']:,}–{run['last']:,}: {note}"
            yield ""


def _searches() -> Iterator[str]:
    """Yield how much there is to a small world, and that all of it was seen."""
    found = searches()
    if not found:
        return
    yield "## Every order of steps"
    yield ""
    yield searched(found)
    yield ""
    yield "A state is what is stored, posted and known to whoever still acts. Each is taken on in"
    yield "every possible way, with and without a fault, until nobody does anything any more."
    yield "`make sim EXHAUSTIVE=1` searches them all again, `RECORD=1` notes it here."
    yield ""
    yield "| Commit | Doubt is settled by | Faults | States | Ways | Ends | Broken |"
    yield "|---|---|---|---|---|---|---|"
    for search in found:
        ends = ", ".join(f"{end} {count:,}" for end, count in search["ends"].items())
        yield (
            f"| {search['commit']} | {search['settled_by']} | {search['faults']} "
            f"| {search['states']:,} | {search['ways']:,} | {ends} | {len(search['broken'])} |"
        )
    yield ""


def _cells() -> Iterator[str]:
    """Yield how often each step of the state tables was taken."""
    counts: Mapping[str, int] = json.loads(CELLS.read_text("utf-8")) if CELLS.exists() else {}
    yield "## Every step of the state tables"
    yield ""
    yield "How often each step of the [state tables](states.md) was taken:"
    yield ""
    yield "| Table | Status | Event | Times |"
    yield "|---|---|---|---|"
    for name, count in sorted(counts.items()):
        table, status, event = name.split("/")
        yield f"| {table} | {status} | {event} | {count:,} |"
    yield ""
