"""Does the simulation notice when the protocol is broken? Each mutant must be killed."""

from __future__ import annotations

import pytest

from tests.simulation.__main__ import SEEDS_PER_MUTANT, hunt
from tests.simulation.mutants import MUTANTS

KILLERS: dict[str, int] = {
    "doubt is not sticky": 2,
    "an error of a look up means absent": 1,
    "looks up with newly adapted text": 4,
    "adapts again on a retry": 4,
    "a cancel is unconditional": 8,
    "a late writer wins": 1,
    "an edit is unconditional": 1,
    "a cancel is possible while sending": 1,
    "a deletion without an answer is done": 2,
    "a refused deletion is done": 3,
    "refused credentials fail a delivery": 5,
    "a transient answer fails a delivery": 1,
    "attempts are not spaced": 3,
    "pictures of an earlier attempt lose their order": 1,
    "any mark is ours": 16,
    "only the first page is listed": 6,
}
"""The seed that kills a mutant, where it is not 0; when it does no more, all are tried."""

HARD: dict[str, str] = {
    "nobody looks at the clock before publishing": "tests/unit/services/test_conversing.py",
    "an older success ends a wished pause": "tests/unit/services/test_accounts.py",
    "a report settles another attempt": "tests/unit/domain/test_reports.py",
}
"""What takes more seeds than a suite has time for, and which unit test notices it at once;
`make sim MUTANTS=1` hunts it all the same."""


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in MUTANTS if name not in HARD])
def test_a_broken_protocol_is_noticed(name: str) -> None:
    seed, kind, _ = hunt(name, [KILLERS.get(name, 0), *range(SEEDS_PER_MUTANT)])

    assert seed is not None, f"'{name}' survived {SEEDS_PER_MUTANT} seeds"
    assert kind
