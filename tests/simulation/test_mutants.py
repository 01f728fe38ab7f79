"""Does the simulation notice when the protocol is broken? Each mutant must be killed."""

from __future__ import annotations

import pytest

from tests.simulation.__main__ import SEEDS_PER_MUTANT, hunt
from tests.simulation.mutants import MUTANTS

KILLERS: dict[str, int] = {}
"""Where to begin looking, for those that seed 0 does not kill; the others follow if it fails."""


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_protocol_is_noticed(name: str) -> None:
    first = KILLERS.get(name, 0)
    seed, kind, _ = hunt(name, range(first, first + SEEDS_PER_MUTANT))

    assert seed is not None, f"'{name}' survived {SEEDS_PER_MUTANT} seeds"
    assert kind
