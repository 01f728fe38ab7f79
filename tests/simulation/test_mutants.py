"""Does the simulation notice when the protocol is broken? Each mutant must be killed."""

from __future__ import annotations

import pytest

from tests.simulation.__main__ import SEEDS_PER_MUTANT, hunt
from tests.simulation.mutants import MUTANTS

KILLERS: dict[str, int] = {
    "doubt is not sticky": 2,
    "an error of a look up means absent": 3,
    "looks up with newly adapted text": 4,
    "adapts again on a retry": 4,
    "a cancel is unconditional": 11,
    "an edit is unconditional": 9,
    "a late writer wins": 1,
    "nobody looks at the clock before publishing": 1,
    "a deletion without an answer is done": 2,
    "a refused deletion is done": 3,
    "refused credentials fail a delivery": 3,
    "a transient answer fails a delivery": 1,
    "attempts are not spaced": 3,
    "pictures of an earlier attempt lose their order": 1,
    "a report settles another attempt": 31,
    "any mark is ours": 2,
}
"""The seed that kills a mutant, where it is not 0; when it does no more, all are tried."""


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_protocol_is_noticed(name: str) -> None:
    seed, kind, _ = hunt(name, [KILLERS.get(name, 0), *range(SEEDS_PER_MUTANT)])

    assert seed is not None, f"'{name}' survived {SEEDS_PER_MUTANT} seeds"
    assert kind
