"""Does every interleaving of the small world keep every promise, and would a search notice?"""

from __future__ import annotations

import pytest

from chalicelib.domain.channels import Reconcilability
from tests.simulation.exhaustive import explore
from tests.simulation.mutants import MUTANTS

HOWS = list(Reconcilability)


@pytest.mark.parametrize("how", HOWS)
def test_every_interleaving_without_a_fault_keeps_every_promise(how: Reconcilability) -> None:
    explored = explore(how, 0)

    assert explored.broken == []
    assert explored.states > 100
    assert {"delivered", "cancelled"} <= set(explored.ends)


@pytest.mark.slow
def test_every_interleaving_with_one_fault_keeps_every_promise() -> None:
    explored = explore(Reconcilability.LOOKUP, 1)

    assert explored.broken == []
    assert explored.states > 5000


@pytest.mark.parametrize(
    ("mutant", "faults"),
    [
        ("begin is unconditional", 0),
        ("a cancel is unconditional", 0),
        ("a cancel is possible while sending", 0),
        ("no write ahead", 0),
        ("silence is a retry", 1),
        ("a dead worker is a retry", 1),
    ],
)
def test_a_search_notices_a_broken_protocol(mutant: str, faults: int) -> None:
    with MUTANTS[mutant]():
        explored = explore(Reconcilability.LOOKUP, faults)

    assert explored.broken, explored.line()
