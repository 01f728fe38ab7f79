"""Do the simulated platforms' reports settle what only they can tell?"""

from __future__ import annotations

from collections.abc import Sequence
from unittest.mock import patch

from tests.simulation.chance import HIGH
from tests.simulation.report import Cell
from tests.simulation.simulation import Result, Simulation
from tests.simulation.telling import Telling

SETTLED = ("", "in_doubt", "delivered")
FAILED = ("", "in_doubt", "disproved")
TOLD = ("event-feed", "event-direct", "whatsapp", "email")
SEEDS = range(4)
"""Enough for platforms to tell of posts that came to nothing, too."""


def played() -> Sequence[Result]:
    """Play every seed; no promise is broken."""
    results = [Simulation(seed, HIGH).play() for seed in SEEDS]
    assert [result.violations for result in results] == [[]] * len(SEEDS)
    return results


def asked_of_people(results: Sequence[Result]) -> int:
    """Return how often a person was asked about a channel whose platform tells by itself."""
    return sum(result.reviews[channel] for result in results for channel in TOLD)


def taken(results: Sequence[Result], step: Cell) -> int:
    """Return how often a step of the state tables was taken."""
    return sum(result.cells[step] for result in results)


def test_reports_leave_less_for_people_to_decide() -> None:
    heard = played()
    with patch.object(Telling, "watch", lambda *_: None):
        deaf = played()

    assert asked_of_people(heard) < asked_of_people(deaf)
    assert taken(heard, SETTLED) > taken(deaf, SETTLED)
    assert taken(heard, FAILED) > 0 == taken(deaf, FAILED)
