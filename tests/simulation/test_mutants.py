"""Does the simulation notice when the protocol is broken? Each mutant must be killed."""

from __future__ import annotations

import pytest

from tests.simulation.__main__ import SEEDS_PER_MUTANT, hunt
from tests.simulation.mutants import MUTANTS

KILLERS: dict[str, int] = {
    "doubt is not sticky": 11,
    "an error of a look up means absent": 3,
    "no settle time": 1,
    "nobody can be asked so send again": 2,
    "looks up with newly adapted text": 10,
    "adapts again on a retry": 13,
    "a claim is unconditional": 2,
    "a cancel is unconditional": 7,
    "an edit is unconditional": 9,
    "any record will do": 3,
    "a late writer wins": 7,
    "nobody looks at the clock before publishing": 26,
    "a cancel is possible while sending": 1,
    "an edit is possible while sending": 1,
    "an opt out is ignored": 1,
    "the cursor is not kept": 4,
    "the cursor moves before the rows": 4,
    "a deletion hits another post": 2,
    "a deletion without an answer is done": 4,
    "a refused deletion is done": 4,
    "a refused deletion leaves no doubt": 3,
    "a look is believed at once": 5,
    "what nobody tells is gone": 13,
    "a deletion is promised and forgotten": 2,
    "refused credentials fail a delivery": 5,
    "a transient answer fails a delivery": 5,
    "the circuit never opens": 8,
    "an open circuit stops nobody": 10,
    "attempts are not spaced": 12,
    "pictures of an earlier attempt lose their order": 7,
    "a report settles another attempt": 31,
    "any mark is ours": 16,
    "only the first page is listed": 6,
}
"""The seed that kills a mutant, where it is not 0; when it does no more, all are tried."""


@pytest.mark.slow
@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_protocol_is_noticed(name: str) -> None:
    seed, kind, _ = hunt(name, [KILLERS.get(name, 0), *range(SEEDS_PER_MUTANT)])

    assert seed is not None, f"'{name}' survived {SEEDS_PER_MUTANT} seeds"
    assert kind
