"""Does a failing run become small enough to be read?"""

from __future__ import annotations

import pytest

from tests.simulation.mutants import MUTANTS
from tests.simulation.shrinking import Case, shrink, story


@pytest.mark.slow
def test_a_failing_run_shrinks_to_a_story() -> None:
    with MUTANTS["silence is a retry"]():
        case = shrink(0, "high", "duplicated")
        told = list(story(case))

    assert 1 <= len(case.faults) <= 10 and len(case.authors) == 1
    assert any("VIOLATION duplicated" in line for line in told)


def test_a_case_survives_being_kept(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.simulation.shrinking.REGRESSIONS", tmp_path)
    case = Case(7, "high", "lost", ("m1",), ("tick|tick.3|0",), "what happened")

    assert Case.load(case.save("kept")) == case
