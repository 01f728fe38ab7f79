"""Does every promise hold when everything breaks, and does a run mean the same everywhere?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.chance import HIGH, LOW, NONE, Chance
from tests.simulation.report import Total
from tests.simulation.shrinking import REGRESSIONS, Case
from tests.simulation.simulation import Simulation

ROOT = Path(__file__).resolve().parents[2]
DIGEST = """
from tests.simulation.chance import HIGH
from tests.simulation.operating import LAST, NAMES
from tests.simulation.simulation import Simulation
some = frozenset({*(f"m{n}" for n in range(20)), *NAMES, LAST})
print(*(Simulation(seed, HIGH, authors=some).play().digest for seed in (3, 4, 5)))
"""


def test_without_faults_everything_is_delivered() -> None:
    result = Simulation(0, NONE).play()

    assert result.violations == []
    assert set(result.statuses) <= {"delivered", "cancelled", "deleted"}


@pytest.mark.parametrize("seed", range(4))
def test_every_promise_holds_with_few_faults(seed: int) -> None:
    result = Simulation(seed, LOW).play()

    assert result.violations == [] and result.fired


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_every_promise_holds_with_many_faults(seed: int) -> None:
    result = Simulation(seed, HIGH).play()

    assert result.violations == []


def test_at_the_high_level_one_port_call_in_twenty_is_faulted() -> None:
    total = Total()
    total.add(Simulation(1, HIGH).play(), 1)

    assert total.struck["high"] / total.calls["high"] > 0.05


def digests(python: str, hash_seed: str) -> str:
    """Return what a process of its own makes of some seeds."""
    done = subprocess.run(
        [python, "-c", DIGEST],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.slow
def test_a_seed_means_the_same_run_in_every_process() -> None:
    assert len({digests(sys.executable, seed) for seed in ("1", "2", "77")}) == 1


@pytest.mark.slow
def test_a_seed_means_the_same_run_on_every_python() -> None:
    others = sorted(map(str, ROOT.glob(".venv-3.*/bin/python")))
    if not others:
        pytest.skip("no environment of another Python is installed")

    assert {digests(python, "5") for python in others} == {digests(sys.executable, "1")}


def test_leaving_out_no_fault_changes_nothing() -> None:
    some = frozenset(f"m{number}" for number in range(12))
    whole = Simulation(5, HIGH, authors=some).play()
    faults = frozenset(fired.id for fired in whole.fired)
    again = Simulation(5, HIGH, authors=some, only=faults).play()

    assert again.digest == whole.digest


def test_what_one_entity_draws_depends_on_no_other() -> None:
    alone, crowded = Chance(1, HIGH), Chance(1, HIGH)
    for _ in range(100):
        crowded.strike("table.get", "another", 0)

    mine = [alone.strike("table.get", "mine", 0)[1][0] for _ in range(10)]
    assert mine == [crowded.strike("table.get", "mine", 0)[1][0] for _ in range(10)]


@pytest.mark.parametrize("place", sorted(REGRESSIONS.glob("*.json")), ids=lambda place: place.stem)
def test_what_was_broken_once_holds(place: object) -> None:
    case = Case.load(place)  # type: ignore[arg-type]

    assert case.play().violations == []
