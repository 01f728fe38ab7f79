"""Measure the product: ``python -m benchmarks [--quick] [--only PART,…] [--json FILE]``.

With ``--minutes``, ``--due`` and ``--herd`` the long parts take another size. Goals are printed
beside the results and never asserted: a shared machine decides nothing.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TypeVar

from benchmarks import (
    calls,
    cold,
    fanout,
    herd,
    memory,
    product,
    punctual,
    scheduler,
    serving,
    web,
    words,
)
from benchmarks.figures import Figure, Section, save
from benchmarks.surroundings import surroundings
from scripts.web import build


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured; a message with its picture on every channel takes most of a second."""

    rounds: int
    arrivals: int
    messages: int
    claims: scheduler.Sizes
    herd: int
    """Deliveries due at one minute."""
    minutes: float
    """How long messages become due one by one."""
    due: int
    """How many of them each minute."""


USUAL = Plan(
    rounds=2,
    arrivals=3,
    messages=1000,
    claims=scheduler.Sizes(ours=10_000, naive=1000),
    herd=100_000,
    minutes=10,
    due=240,
)
QUICK = Plan(
    rounds=1,
    arrivals=1,
    messages=100,
    claims=scheduler.Sizes(ours=2000, naive=200),
    herd=5000,
    minutes=2,
    due=120,
)
_Size = TypeVar("_Size", int, float)
Part = Callable[[Path, Plan], Sequence[Figure]]


def publishing(folder: Path, plan: Plan) -> Sequence[Figure]:
    """Measure fan-out over slow platforms."""
    with surroundings(folder, fanout.LATENCY_MS) as around:
        return fanout.measure(around, folder, rounds=plan.rounds)


def counting(folder: Path, plan: Plan) -> Sequence[Figure]:
    """Count AWS calls; the same number every time."""
    with surroundings(folder, 0) as around:
        return calls.measure(around, folder)


def running(folder: Path, plan: Plan) -> Sequence[Figure]:
    """Measure the whole product, started twice."""
    with product.running(folder) as first:
        ready = Figure("first start ready, its demo published", first.ready_seconds, "s")
    with product.running(folder) as second:
        return [
            ready,
            Figure("second start ready", second.ready_seconds, "s", 10),
            *product.arrivals(second, rounds=plan.arrivals),
            *serving.measure(second, rounds=plan.rounds),
            *(memory.measure(second, plan.messages) if memory.PROCESSES.is_dir() else ()),
        ]


def starting(folder: Path, plan: Plan) -> Sequence[Figure]:
    """Measure what a cold start pays, and the card."""
    return cold.measure(folder, rounds=plan.rounds + 1)


def scheduling(folder: Path, plan: Plan) -> Sequence[Figure]:
    """Measure what the scheduler pays for a claim."""
    return scheduler.measure(folder, sizes=plan.claims, rounds=plan.rounds * 2 + 1)


def herding(folder: Path, plan: Plan) -> Sequence[Figure]:
    """Measure what many deliveries at one minute do."""
    return herd.measure(folder, plan.herd)


def waiting(folder: Path, plan: Plan) -> Sequence[Figure]:
    """Measure how late posts are."""
    with product.running(folder) as running:
        return punctual.measure(running, minutes=plan.minutes, due=plan.due)


def adapting(folder: Path, plan: Plan) -> Sequence[Figure]:
    """Measure how late posts are with the model slow and down, and what its words cost."""
    return words.measure(folder, minutes=min(plan.minutes, 1), due=min(plan.due, 120))


def viewing(folder: Path, plan: Plan) -> Sequence[Figure]:
    """Measure the web app in a browser, where there is one."""
    del plan
    node, chromium = web.needed()
    build(node, anew=False)
    with product.running(folder) as running:
        return web.measure(running, node, chromium)


PARTS: dict[str, tuple[str, Part]] = {
    "fanout": (f"Publishing, platforms {fanout.LATENCY_MS} ms slow", publishing),
    "calls": ("AWS calls, each counted", counting),
    "product": ("The local product", running),
    "cold": ("Cold start and card", starting),
    "scheduler": ("The scheduler's claims", scheduling),
    "herd": (f"Due at one minute, platforms {herd.LATENCY_SECONDS * 1000:.0f} ms slow", herding),
    "punctual": ("Posts at their moments on the local product", waiting),
    "web": ("The web app in a browser", viewing),
    "words": ("A model's words: minutes with it slow and down, and money", adapting),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for and print it part by part."""
    options = _parser().parse_args(arguments)
    plan = _planned(options)
    sections = []
    for name in options.only or PARTS:
        try:
            sections.append(measured(name, plan))
        except web.NoBrowser as missing:
            sys.stdout.write(f"{missing}\n")
            continue
        sys.stdout.write(sections[-1].text() + "\n")
        sys.stdout.flush()
    if options.json is not None:
        save(sections, options.json)
    return 0 if sections else 1


def measured(name: str, plan: Plan) -> Section:
    """Measure one part in a folder of its own."""
    title, part = PARTS[name]
    began = time.monotonic()
    with ExitStack() as held:
        folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="benchmarks-")))
        figures = part(folder, plan)
    return Section(title, figures, time.monotonic() - began)


def _planned(options: argparse.Namespace) -> Plan:
    """Return how much the command line asks for."""
    wished = {name: getattr(options, name) for name in ("minutes", "due", "herd")}
    changed = {name: size for name, size in wished.items() if size is not None}
    return replace(QUICK if options.quick else USUAL, **changed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and messages")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--minutes", type=_positive(float), help="how long `punctual` lasts")
    parser.add_argument("--due", type=_positive(int), help="its posts a minute, 500 at most")
    parser.add_argument("--herd", type=_positive(int), help="deliveries of `herd`")
    parser.add_argument("--only", type=_parts, metavar="PART,…", help=", ".join(PARTS))
    return parser


def _positive(kind: type[_Size]) -> Callable[[str], _Size]:
    def size(text: str) -> _Size:
        number = kind(text)
        if not number > 0:
            raise ValueError
        return number

    return size


def _parts(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in PARTS]:
        raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}")
    return names


def _end(number: int, _: FrameType | None) -> None:
    sys.exit(128 + number)  # so that every process and folder of ours goes, too


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    sys.exit(main())
