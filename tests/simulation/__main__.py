"""`make sim`: many runs on all cores, a report, and for a broken promise its story."""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from chalicelib.domain.channels import Reconcilability
from tests.simulation import record
from tests.simulation.broken_replays import MUTANTS
from tests.simulation.chance import HIGH, LEVELS
from tests.simulation.exhaustive import Explored, explore
from tests.simulation.operating import LAST, NAMES
from tests.simulation.report import Total
from tests.simulation.shrinking import shrink, story
from tests.simulation.simulation import Result, Simulation

BATCH = 8
CHUNK = 10_000
"""After so many deliveries a recorded run is added to the record."""
SEEDS_PER_MUTANT = 200
SEEDS_OF_FEW = 8
FEW = frozenset({*(f"m{number}" for number in range(16)), *NAMES, LAST})
"""Who lives in a world for mutants' first seeds: a quarter of the authors, and all operators."""
Run = tuple[int, str]


def _play(run: Run) -> tuple[Result, float]:
    seed, level = run
    began = time.process_time()
    result = Simulation(seed, LEVELS[level]).play()
    gc.collect()
    return result, time.process_time() - began


def _prepare() -> None:
    """Collect only after a run: it makes millions of values and few cycles."""
    gc.freeze()
    gc.disable()


def _runs(levels: list[str], first: int) -> Iterator[Run]:
    seed = first
    while True:
        for level in levels:
            yield seed, level
        seed += 1


def play_many(
    levels: list[str],
    first: int,
    deliveries: int,
    jobs: int,
    done: Callable[[Total], None] = lambda _: None,
) -> Total:
    """Play runs until there are enough deliveries; every seed that began is played to its end.

    `done` is told of every chunk, so that of a run that is broken off only the last one is lost.
    """
    total, runs = Total(), _runs(levels, first)
    context = multiprocessing.get_context("fork")
    with context.Pool(jobs, _prepare) as pool:
        while total.accepted < deliveries:
            chunk = Total()
            while chunk.accepted < min(CHUNK, deliveries - total.accepted):
                for result, seconds in pool.imap(_play, [next(runs) for _ in range(BATCH * jobs)]):
                    chunk.add(result, seconds)
            done(chunk)
            total.join(chunk)
            print(f"{total.accepted:,} deliveries", file=sys.stderr, flush=True)
    return total


def play_one(levels: list[str], seed: int) -> Total:
    """Play one seed."""
    total = Total()
    for level in levels:
        total.add(*_play((seed, level)))
    return total


def explain(total: Total, save: str) -> None:
    """Shrink the first failing run and tell its story."""
    failing = total.failing[0]
    kind = failing.violations[0].kind
    print(f"\nbroken: {kind}    make sim SEED={failing.seed} LEVEL={failing.level}")
    began = time.monotonic()
    case = shrink(failing.seed, failing.level, kind)
    print(
        f"shrunk to {len(case.faults)} faults and {len(case.authors)} authors "
        f"in {time.monotonic() - began:.0f} s"
    )
    for fault in case.faults:
        print(f"  fault  {fault}")
    for line in story(case):
        print(line)
    if save:
        print(f"kept as {case.save(save)}")


def hunt(name: str, seeds: Iterable[int]) -> tuple[int | None, str, float]:
    """Play a mutant until a promise is broken; return the seed, the promise and CPU seconds.

    The first seeds have few authors: most mutants fall there, and sooner than in a crowd.
    """
    began = time.process_time()
    for seed in seeds:
        authors = FEW if seed < SEEDS_OF_FEW else None
        with MUTANTS[name]():
            played = Simulation(seed, HIGH, authors=authors).play(at_most_one=True)
        violations = played.violations
        if violations:
            return seed, violations[0].kind, time.process_time() - began
        gc.collect()
    return None, "", time.process_time() - began


def _hunt(name: str) -> tuple[str, tuple[int | None, str, float]]:
    gc.collect()
    return name, hunt(name, range(SEEDS_PER_MUTANT))


def hunt_all(jobs: int) -> int:
    """Play every mutant and print what became of it; 1 if one survives."""
    seconds, survivors = [], 0
    with multiprocessing.get_context("fork").Pool(jobs, _prepare) as pool:
        for name, (seed, kind, spent) in pool.imap(_hunt, MUTANTS):
            fate = f"killed at seed {seed} by {kind}" if seed is not None else "SURVIVED"
            survivors += seed is None
            seconds.append(spent)
            print(f"{name:<48} {fate:<40} {spent:6.1f} s", flush=True)
    seconds.sort()
    killed = len(seconds) - survivors
    print(f"{killed} of {len(seconds)} mutants killed, median {seconds[len(seconds) // 2]:.1f} s")
    return 1 if survivors else 0


def _search(task: tuple[Reconcilability, int]) -> tuple[Reconcilability, Explored, float]:
    how, faults = task
    began = time.process_time()
    return how, explore(how, faults), time.process_time() - began


def search_all(faults: int, jobs: int, done: Callable[[Reconcilability, Explored], None]) -> int:
    """Search the small world of each kind of channel to its end; 1 if a promise was broken."""
    tasks = [(how, faults) for how in Reconcilability]
    states = broken = 0
    with multiprocessing.get_context("fork").Pool(jobs, gc.freeze) as pool:
        for how, explored, spent in pool.imap_unordered(_search, tasks):
            states += explored.states
            print(f"{how:<8} {explored.line()}   {spent:6.0f} s", flush=True)
            for what, story_lines in explored.broken:
                broken += 1
                print(f"broken: {what}", *story_lines, sep="\n  ")
            done(how, explored)
    print(f"{states:,} states with at most {faults} faults, {broken} broken promises")
    return 1 if broken else 0


def main() -> int:
    """Play, report, explain; 1 if a promise was broken."""
    parser = argparse.ArgumentParser(prog="make sim", description=__doc__)
    parser.add_argument("--deliveries", type=int, default=100_000)
    parser.add_argument("--seed", type=int, help="play only this one")
    parser.add_argument("--first", type=int, help="begin here, not where the record ends")
    parser.add_argument("--level", choices=sorted(LEVELS), help="low and high unless given")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--save", default="", help="keep the shrunk case under this name")
    parser.add_argument("--record", action="store_true", help="add the run to the record")
    parser.add_argument("--mutants", action="store_true", help="play the broken protocols")
    parser.add_argument("--exhaustive", action="store_true", help="search a small world")
    parser.add_argument("--faults", type=int, default=2, help="the most that a search deals out")
    chosen = parser.parse_args()
    version = record.commit()
    if chosen.exhaustive:
        return search_all(
            chosen.faults,
            chosen.jobs,
            lambda how, explored: (
                record.append_search(how, chosen.faults, explored, version)
                if chosen.record
                else None
            ),
        )
    if chosen.mutants:
        return hunt_all(chosen.jobs)
    levels = [chosen.level] if chosen.level else ["low", "high"]
    began = time.monotonic()
    if chosen.seed is not None:
        total = play_one(levels, chosen.seed)
    else:
        first = record.next_seed() if chosen.first is None else chosen.first
        done = partial(record.append, commit=version) if chosen.record else lambda _: None
        total = play_many(levels, first, chosen.deliveries, chosen.jobs, done)
    for line in total.lines(time.monotonic() - began, version):
        print(line)
    for failing in total.failing[:20]:
        for violation in failing.violations[:5]:
            told = f"{violation.kind} {violation.who}: {violation.story}"
            print(f"{failing.level} {failing.seed}: {told}")
    if total.failing:
        explain(total, chosen.save)
    return 1 if total.failing else 0


if __name__ == "__main__":
    sys.exit(main())
