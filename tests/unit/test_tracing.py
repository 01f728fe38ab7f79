"""Traces: annotated spans that join request, worker and threads."""

from __future__ import annotations

import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.core.lambda_launcher import LAMBDA_TRACE_HEADER_KEY, LambdaContext
from aws_xray_sdk.core.recorder import AWSXRayRecorder

from chalicelib.observability import HIDDEN, JsonTelemetry, Tracer
from tests.fakes.world import World


class Sent:
    """An emitter that keeps segments instead of sending them."""

    def __init__(self) -> None:
        self.segments: list[dict[str, Any]] = []

    def send_entity(self, entity: Any) -> None:
        """Keep a finished segment."""
        self.segments.append(json.loads(entity.serialize()))


@pytest.fixture
def recorder() -> tuple[AWSXRayRecorder, Sent]:
    """Return a recorder that samples everything and sends nothing."""
    made, sent = AWSXRayRecorder(), Sent()
    made.emitter._socket.close()  # of the usual emitter, which is not used here
    made.configure(service="test", sampling=False, emitter=sent, context_missing="IGNORE_ERROR")
    return made, sent


def subsegments(entity: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all subsegments below an entity."""
    below = entity.get("subsegments", [])
    return [*below, *(deep for part in below for deep in subsegments(part))]


def test_a_span_is_an_annotated_subsegment(recorder: tuple[AWSXRayRecorder, Sent]) -> None:
    made, sent = recorder
    telemetry = JsonTelemetry(io.StringIO(), Tracer(made))
    span = telemetry.span("platform_call", channel="sms", access_token="hush")
    with made.in_segment("request"), telemetry.correlated("c-1"), span:
        pass

    (call,) = subsegments(sent.segments[0])
    assert call["name"] == "platform_call"
    assert call["annotations"] == {
        "correlation_id": "c-1",
        "channel": "sms",
        "access_token": HIDDEN,
    }


def test_an_error_inside_marks_the_subsegment(recorder: tuple[AWSXRayRecorder, Sent]) -> None:
    made, sent = recorder
    telemetry = JsonTelemetry(io.StringIO(), Tracer(made))
    with made.in_segment("request"), pytest.raises(ValueError), telemetry.span("attempt"):
        raise ValueError

    (attempt,) = subsegments(sent.segments[0])
    assert attempt["fault"] is True


def test_spans_in_other_threads_join_the_callers_trace(
    recorder: tuple[AWSXRayRecorder, Sent],
) -> None:
    made, sent = recorder
    telemetry = JsonTelemetry(io.StringIO(), Tracer(made))

    def work(number: int) -> None:
        attempt = telemetry.span("attempt", number=str(number))
        call = telemetry.span("platform_call")
        with telemetry.correlated(f"c-{number}"), attempt, call:
            pass

    with made.in_segment("worker"), ThreadPoolExecutor(4) as pool:
        list(pool.map(telemetry.carried(work), range(8)))

    attempts = sent.segments[0]["subsegments"]
    assert sorted(part["annotations"]["number"] for part in attempts) == list("01234567")
    for attempt in attempts:
        (call,) = attempt["subsegments"]
        assert call["annotations"]["correlation_id"] == f"c-{attempt['annotations']['number']}"


def test_a_thread_that_is_used_again_joins_the_next_trace(
    recorder: tuple[AWSXRayRecorder, Sent],
) -> None:
    made, sent = recorder
    telemetry = JsonTelemetry(io.StringIO(), Tracer(made))

    def work() -> None:
        with telemetry.span("attempt"):
            pass

    with ThreadPoolExecutor(1) as pool:
        for _ in range(2):
            with made.in_segment("worker"):
                pool.submit(telemetry.carried(work)).result()

    assert [len(subsegments(segment)) for segment in sent.segments] == [1, 1]


def test_outside_of_a_trace_spans_change_nothing(recorder: tuple[AWSXRayRecorder, Sent]) -> None:
    made, sent = recorder
    telemetry = JsonTelemetry(io.StringIO(), Tracer(made))
    with telemetry.span("attempt", channel="sms"):
        assert telemetry.carried(lambda: "worked")() == "worked"

    assert sent.segments == []


def test_without_tracing_spans_change_nothing() -> None:
    out = io.StringIO()
    telemetry = JsonTelemetry(out)

    def work() -> None: ...

    with telemetry.span("attempt", channel="sms"):
        assert telemetry.carried(work) is work

    assert out.getvalue() == ""


def test_the_worker_traces_each_platform_call(recorder: tuple[AWSXRayRecorder, Sent]) -> None:
    made, sent = recorder
    world = World(telemetry=JsonTelemetry(io.StringIO(), Tracer(made)))
    with world.telemetry.correlated("c-1"):
        world.submit("Hello", "lookup-feed", "key-feed")
    with made.in_segment("deliver"):
        world.drain()

    calls = [part for part in subsegments(sent.segments[0]) if part["name"] == "platform_call"]
    assert {part["annotations"]["channel"] for part in calls} == {"lookup-feed", "key-feed"}
    assert {part["annotations"]["correlation_id"] for part in calls} == {"c-1"}


def test_in_lambda_spans_of_all_threads_join_the_invocations_trace(
    recorder: tuple[AWSXRayRecorder, Sent], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = "1-5759e988-bd862e3fe1be46a994272793"
    monkeypatch.setenv(LAMBDA_TRACE_HEADER_KEY, f"Root={root};Parent=53995c3f42cd8ad8;Sampled=1")
    made, sent = recorder
    made.configure(context=LambdaContext(), streaming_threshold=0)  # as the SDK does in Lambda
    telemetry = JsonTelemetry(io.StringIO(), Tracer(made))

    def work(number: int) -> None:
        with telemetry.span("attempt", number=str(number)):
            pass

    with telemetry.span("deliver"), ThreadPoolExecutor(4) as pool:
        list(pool.map(telemetry.carried(work), range(8)))

    spans = [*sent.segments, *(deep for part in sent.segments for deep in subsegments(part))]
    attempts = [span for span in spans if span["name"] == "attempt"]
    assert {span["trace_id"] for span in sent.segments} == {root}
    assert sorted(span["annotations"]["number"] for span in attempts) == list("01234567")


def test_by_default_the_sdks_own_recorder_is_used() -> None:
    with Tracer().subsegment("outside of any trace", {"channel": "sms"}):
        assert xray_recorder.get_trace_entity() is None
