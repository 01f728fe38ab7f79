"""Sorts more lines than fit into memory: sorted runs in files of their own, then merged."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

Placed = tuple[tuple[str, str], str]
"""A line, and the place that it is sorted by."""
RUN = 20_000
"""How many lines are sorted in memory at once."""


def in_order(lines: Iterable[Placed], folder: Path, run: int = RUN) -> Iterator[Placed]:
    """Yield the lines in the order of their places; `folder` is an empty one for what is kept."""
    rest, runs = iter(lines), list[Path]()
    while chunk := sorted(islice(rest, run)):
        runs.append(folder / str(len(runs)))
        with runs[-1].open("w", encoding="utf-8") as file:
            file.writelines(json.dumps([*place, line]) + "\n" for place, line in chunk)
    return heapq.merge(*map(_read, runs))


def _read(run: Path) -> Iterator[Placed]:
    with run.open(encoding="utf-8") as file:
        for text in file:
            pk, sk, line = json.loads(text)
            yield (pk, sk), line
