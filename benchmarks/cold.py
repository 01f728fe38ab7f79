"""What a cold start pays before its first request, how much is shipped, and what a card costs.

CPU time, because it does not depend on what else this machine does.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

from benchmarks import init, runtime
from benchmarks.figures import Figure, middle, spread
from chalicelib.domain.ports import CardFacts
from chalicelib.gateways.studio import ImagingStudio
from sandbox import processes
from sandbox.environment import isolated
from sandbox.state import PROJECT

LIBRARIES = "import boto3, chalice.app, pydantic, regex"
SHAPES = ("wide", "square")
FACTS = CardFacts(
    name="Ana Lucía García Ivanova",
    title="AWS Certified Solutions Architect – Associate",
    level="associate",
    level_label="Associate",
    date_label="21 November 2026",
    headline="Congratulations!",
)


def measure(folder: Path, *, rounds: int) -> list[Figure]:
    """Return import, package and card figures."""
    packaged = init.measure(folder, rounds=rounds) if runtime.PROCESSES.is_dir() else ()
    return [*_imports(folder, rounds), *packaged, *_cards(rounds)]


def cpu_seconds(folder: Path, statement: str) -> float:
    """Return the CPU time that a fresh interpreter needs for a statement."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", statement]
    log = folder / "import.log"
    child = processes.spawn("import", command, isolated(os.environ), log=log, folder=PROJECT)
    if child.process.wait() != 0:
        raise RuntimeError(f"{statement} failed:{child.last_words()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _imports(folder: Path, rounds: int) -> list[Figure]:
    cpu_seconds(folder, "import app")  # writes the bytecode that later ones read
    times = [
        (cpu_seconds(folder, "import app"), cpu_seconds(folder, LIBRARIES)) for _ in range(rounds)
    ]
    ours = [ours for ours, _ in times]
    ratios = [ours / libraries for ours, libraries in times]
    return [
        Figure("CPU of import app, bytecode present", middle(ours) * 1000, "ms"),
        Figure("over its libraries alone", middle(ratios), "×", note=spread(ratios)),
    ]


def _cards(rounds: int) -> list[Figure]:
    studio, figures = ImagingStudio("Cloud Community"), []
    for shape in SHAPES:
        first, *more = [_drawn(studio, shape) for _ in range(rounds + 1)]
        note = f"the first one {first * 1000:.0f} ms"
        figures.append(Figure(f"CPU of one {shape} card", middle(more) * 1000, "ms", note=note))
    return figures


def _drawn(studio: ImagingStudio, shape: str) -> float:
    began = time.process_time()
    studio.card(FACTS, shape, None)
    return time.process_time() - began
