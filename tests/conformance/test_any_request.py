"""Whatever is sent, nothing breaks: every refusal is a 4xx problem document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import app as doors
from chalicelib.edge.operations import OPERATIONS
from tests.conformance.test_routes import ROUTES, filled
from tests.unit.edge.kit import ADMIN, Api, assemble
from tests.unit.edge.kit import event as event_of

ANY = settings(max_examples=150, suppress_health_check=list(HealthCheck))
FIELDS = sorted(
    {name for operation in OPERATIONS.values() for m in operation.takes for name in m.model_fields}
)
WORDS = st.sampled_from(
    ["sms", "email", "facebook", "en", "2026-12-01T15:00:00Z", "2026-11-02", "Europe/Madrid"]
)
TEXTS = st.text(max_size=20) | WORDS
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS) | TEXTS, inner, max_size=4)
    ),
    max_leaves=8,
)
BODIES = st.dictionaries(st.sampled_from(FIELDS) | TEXTS, VALUES, max_size=6)
PARAMETERS = sorted({p.name for operation in OPERATIONS.values() for p in operation.query})
QUERIES = st.dictionaries(
    st.sampled_from(PARAMETERS) | TEXTS, st.lists(TEXTS, min_size=1, max_size=2), max_size=3
)
HEADERS = st.dictionaries(
    st.sampled_from(["idempotency-key", "if-match", "content-type", "x-correlation-id", "origin"]),
    st.text(max_size=20) | st.sampled_from(['"1"', "*", "application/json"]),
    max_size=3,
)


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield assemble(monkeypatch)


def answered(
    api: Api, route: tuple[str, str, str], body: str | None, **parts: Any
) -> Mapping[str, Any]:
    """Return the raw answer to a request with these parts of an event."""
    _, method, path = route
    event = event_of(method, filled(path), body, who=ADMIN)
    event["headers"] |= parts.get("headers", {})
    event["multiValueQueryStringParameters"] = parts.get("query") or None
    answer: Mapping[str, Any] = doors.app(event, None)
    return answer


def check(api: Api, answer: Mapping[str, Any]) -> None:
    assert answer["statusCode"] < 500, answer["body"]
    assert api.voice.failures == []
    if answer["statusCode"] >= 400 and "html" not in answer["headers"]["Content-Type"]:
        assert json.loads(answer["body"])["status"] == answer["statusCode"]
    answer["body"].encode("utf-8")


@pytest.mark.parametrize("route", [r for r in ROUTES if OPERATIONS[r[0]].takes], ids=lambda r: r[0])
@ANY
@given(body=BODIES, headers=HEADERS)
def test_any_body_is_taken_or_refused(
    api: Api, route: tuple[str, str, str], body: dict[str, Any], headers: dict[str, str]
) -> None:
    check(api, answered(api, route, json.dumps(body), headers=headers))


@pytest.mark.parametrize("route", [r for r in ROUTES if r[1] == "GET"], ids=lambda r: r[0])
@ANY
@given(query=QUERIES)
def test_any_query_is_taken_or_refused(
    api: Api, route: tuple[str, str, str], query: dict[str, list[str]]
) -> None:
    check(api, answered(api, route, None, query=query))
