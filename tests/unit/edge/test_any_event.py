"""Whatever arrives as an event: nothing is raised, nothing blocks what is behind it.

A failure is reported for a record only where its outcome could not be written.
"""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

import pytest
from chalice.app import KinesisEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import app as doors
from chalicelib import wiring
from chalicelib.domain.ports import Hint
from chalicelib.edge import batches
from chalicelib.gateways.stream import decode, encode
from tests.unit.edge.events import Context, batch, hint, object_event
from tests.unit.edge.kit import NOW, Api, Voice

SAME_API = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just("\ud800")
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)
names = st.one_of(
    st.text(min_size=1, max_size=40),
    st.sampled_from(["\ud800", "\x00", "#", "a#b", "../x", "x" * 3_000, "ñ", " ", "facebook"]),
)


@st.composite
def nearly_hints(draw: st.DrawFn) -> bytes:
    """Return a hint with some of it changed, or with names that no delivery has."""
    fields = json.loads(encode(hint(99)))
    for name in draw(st.sets(st.sampled_from(sorted(fields)), min_size=1)):
        fields[name] = draw(st.one_of(values, names))
    return json.dumps(fields).encode()


payloads = st.one_of(
    st.binary(max_size=60),
    values.map(lambda value: json.dumps(value).encode()),
    nearly_hints(),
    nearly_hints().map(lambda data: data[: len(data) // 2]),
    st.sampled_from([b"[" * 100_000, b"9" * 10_000, b"\xef\xbb\xbf{}", "{}".encode("utf-16")]),
)


def record(data: object, number: object = "7") -> dict[str, Any]:
    """Return a record as Lambda hands it over."""
    return {"eventSource": "aws:kinesis", "kinesis": {"sequenceNumber": number, "data": data}}


garbage = st.one_of(
    payloads.map(lambda data: record(base64.b64encode(data).decode())),
    values.map(record),
    values.map(lambda number: record("e30=", number)),
    st.just(record(base64.b64encode(encode(hint(99))).decode(), None)),
    values.map(lambda value: {"kinesis": value}),
    values,
)


@given(st.lists(st.one_of(garbage, st.booleans()), max_size=8))
def test_only_what_could_not_be_written_is_given_again(given: list[Any]) -> None:
    """A truth value stands for a hint: whether its outcome can be written."""
    places = {n: fine for n, fine in enumerate(given) if isinstance(fine, bool)}
    hints = {n: batch(encode(hint(n)))["Records"][0] for n in places}
    for number, whole in hints.items():
        whole["kinesis"]["sequenceNumber"] = f"real-{number}"
    found: list[Hint] = []

    def deliver_all(batch: Any, deadline: datetime | None) -> list[int]:
        found.extend(batch)
        failing = {hint(n) for n, fine in places.items() if not fine}
        return [index for index, each in enumerate(batch) if each in failing]

    answer = batches.each(
        KinesisEvent({"Records": [hints.get(n, item) for n, item in enumerate(given)]}, None),
        deliver_all,
        decode=decode,
        deadline=NOW,
        telemetry=Voice(),
    )
    assert [each for each in found if each in [hint(n) for n in places]] == [*map(hint, places)]
    failed = [f"real-{number}" for number, fine in places.items() if not fine]
    assert [item["itemIdentifier"] for item in answer["batchItemFailures"]] == failed


def numbered(payload: bytes, number: str) -> dict[str, Any]:
    """Return the record of a batch of one, by another number."""
    (found,) = batch(payload)["Records"]
    found["kinesis"]["sequenceNumber"] = number
    return dict(found)


@given(st.lists(garbage, max_size=5), st.lists(garbage, max_size=5))
@SAME_API
def test_a_delivery_between_garbage_is_served(
    api: Api, before: list[Any], after: list[Any]
) -> None:
    api.river.hints.clear()
    created = api("POST", "/api/v1/messages", {"content": "Hello", "channels": ["linkedin"]}).json
    (real,) = api.river.hints
    records = [*before, numbered(encode(real), "real"), *after]
    assert doors.deliver({"Records": records}, Context()) == {"batchItemFailures": []}
    shown = api("GET", f"/api/v1/messages/{created['id']}").json
    assert [one["status"] for one in shown["deliveries"]] == ["blocked"]
    assert api.voice.failures == []


@given(st.one_of(values, st.dictionaries(st.sampled_from(["Records", "records"]), values)))
@SAME_API
def test_a_batch_that_is_none_is_done(api: Api, event: Any) -> None:
    assert doors.deliver(event, Context()) == {"batchItemFailures": []}


@given(st.fixed_dictionaries(dict.fromkeys(object_event(""), values)))
@SAME_API
def test_any_tick_releases_once(api: Api, monkeypatch: pytest.MonkeyPatch, event: Any) -> None:
    given_until: list[datetime] = []

    class Releasing:
        def release(self, deadline: datetime) -> None:
            given_until.append(deadline)

    monkeypatch.setattr(wiring, "releasing", Releasing)
    doors.release_due(event, Context())
    assert len(given_until) == 1


keys = st.one_of(values, names, names.map(lambda name: f"uploads/{name}"))
details = st.one_of(
    values,
    st.fixed_dictionaries({"object": values}),
    st.fixed_dictionaries({"object": st.fixed_dictionaries({"key": keys})}),
)


@given(details)
@SAME_API
def test_an_object_that_is_no_upload_of_ours_is_left_alone(api: Api, detail: Any) -> None:
    api.voice.lines.clear()
    doors.prepare_media({**object_event(""), "detail": detail}, Context())
    assert [name for name, _ in api.voice.lines] == ["upload_ignored"]
