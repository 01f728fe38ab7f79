"""Do the simulated platforms' reports settle what only they can tell?"""

from __future__ import annotations

from unittest.mock import patch

from tests.simulation.chance import HIGH
from tests.simulation.simulation import Result, Simulation
from tests.simulation.telling import Telling

SETTLED = ("", "in_doubt", "delivered")
FAILED = ("", "in_doubt", "disproved")
TOLD = ("event-feed", "event-direct", "whatsapp", "email")
SEED = 3
"""One whose platforms tell of posts that came to nothing, too."""


def asked_of_people(result: Result) -> int:
    """Return how often a person was asked about a channel whose platform tells by itself."""
    return sum(result.reviews[channel] for channel in TOLD)


def test_reports_leave_less_for_people_to_decide() -> None:
    heard = Simulation(SEED, HIGH).play()
    with patch.object(Telling, "watch", lambda *_: None):
        deaf = Simulation(SEED, HIGH).play()

    assert heard.violations == [] and deaf.violations == []
    assert asked_of_people(heard) < asked_of_people(deaf)
    assert heard.cells[SETTLED] > deaf.cells[SETTLED]
    assert heard.cells[FAILED] > 0 == deaf.cells[FAILED]
