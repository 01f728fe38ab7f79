from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.domain.errors import Fault
from chalicelib.domain.messages import MessageStatus
from chalicelib.edge import queries

ALL = (queries.SCOPE, queries.MESSAGE_STATUS, queries.FROM, queries.TO, *queries.PAGE)


def read(**given: str | list[str]) -> tuple[dict[str, Any], list[Fault]]:
    faults: list[Fault] = []
    written = {k: v if isinstance(v, list) else [v] for k, v in given.items()}
    return queries.read(written, ALL, faults), faults


def test_what_is_absent_stays_absent() -> None:
    assert read() == ({}, [])


def test_values_are_parsed() -> None:
    values, faults = read(limit="100", status="draft", scope="all", cursor="abc")
    assert faults == []
    assert values == {
        "limit": 100,
        "status": MessageStatus.DRAFT,
        "scope": queries.Scope.ALL,
        "cursor": "abc",
    }


def test_every_fault_is_listed() -> None:
    _, faults = read(limit=["1", "2"], status="gone", colour="red")
    assert {(fault.pointer, fault.code) for fault in faults} == {
        ("/query/limit", "repeated_parameter"),
        ("/query/status", "invalid_value"),
        ("/query/colour", "unknown_parameter"),
    }


def test_an_unknown_parameter_is_told_what_there_is() -> None:
    _, (fault,) = read(page="2")
    assert "limit, cursor" in fault.detail


def test_a_span_takes_in_nothing_that_lies_outside_of_it() -> None:
    finer = {"from": "2026-12-01T00:00:00.0001Z", "to": "2026-12-02T00:00:00.9999Z"}
    values, _ = read(**finer)
    assert values["from"] == datetime(2026, 12, 1, 0, 0, 0, 1_000, tzinfo=UTC)
    assert values["to"] == datetime(2026, 12, 2, 0, 0, 0, 999_000, tzinfo=UTC)


@pytest.mark.parametrize("to", ["2026-12-01T00:00:00Z", "2026-12-02T00:00:00Z"])
def test_a_span_may_be_a_moment_but_not_run_backwards(to: str) -> None:
    _, faults = read(**{"from": "2026-12-01T00:00:00Z", "to": to})
    assert faults == []
    _, (fault,) = read(**{"from": "2026-12-03T00:00:00Z", "to": to})
    assert fault.pointer == "/query/to"
