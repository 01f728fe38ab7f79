"""No request, however wrong, is accepted or breaks anything; the answer says where it is wrong."""

from __future__ import annotations

import pytest

from tests.conformance.hostile import HOSTILE, Hostile
from tests.unit.edge.kit import Api, assemble


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    return assemble(monkeypatch)


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda h: h.name.encode("unicode_escape").decode())
def test_a_hostile_request_is_refused_by_a_problem_that_names_the_place(
    api: Api, hostile: Hostile
) -> None:
    reply = api(
        hostile.method, hostile.target, hostile.body, headers=hostile.headers, who=hostile.who
    )
    problem = reply.json
    assert (reply.status, problem["status"]) == (hostile.status, hostile.status), problem
    assert reply.headers["Content-Type"] == "application/problem+json"
    if hostile.status == 400:
        places = (hostile.place,) if isinstance(hostile.place, str) else hostile.place
        assert set(places) <= {fault["pointer"] for fault in problem["errors"]}, problem
    else:
        assert problem["code"] == hostile.place
    assert api.voice.failures == []


def test_there_are_enough_hostile_requests() -> None:
    assert len(HOSTILE) >= 150
    assert len({hostile.name for hostile in HOSTILE}) > 0.9 * len(HOSTILE)
