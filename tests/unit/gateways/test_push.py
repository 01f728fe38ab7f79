"""Frames over live connections, and the thread that sends them."""

from __future__ import annotations

from collections.abc import Collection
from threading import Event, Thread
from typing import Any

import pytest

from chalicelib.domain.errors import PushFailed
from chalicelib.gateways import push
from chalicelib.gateways.push import MOST_WAITING, Courier, NoObservers, WebSocketPush
from tests.fakes.aws import NOT_CONNECTED, NOT_REACHED, SILENCE, Raising, scripted
from tests.fakes.ground import FakeTelemetry

FOREVER = 30.0
"""Seconds after which a test that waits for something has failed."""


def test_a_frame_is_posted_to_its_connection() -> None:
    with scripted("apigatewaymanagementapi") as stub:
        stub.add_response("post_to_connection", {}, {"ConnectionId": "c1=", "Data": b"frame"})
        assert WebSocketPush(stub.client).send("c1=", "frame")


def test_a_connection_that_is_gone_is_no_failure() -> None:
    with scripted("apigatewaymanagementapi") as stub:
        stub.add_client_error("post_to_connection", "GoneException", http_status_code=410)
        assert not WebSocketPush(stub.client).send("c1", "frame")


@pytest.mark.parametrize("code", ["LimitExceededException", "ForbiddenException", "500"])
def test_every_other_refusal_is_a_failure(code: str) -> None:
    with scripted("apigatewaymanagementapi") as stub:
        stub.add_client_error("post_to_connection", code)
        with pytest.raises(PushFailed):
            WebSocketPush(stub.client).send("c1", "frame")


@pytest.mark.parametrize("error", [SILENCE, NOT_REACHED, NOT_CONNECTED])
def test_no_answer_is_a_failure(error: Exception) -> None:
    with pytest.raises(PushFailed):
        WebSocketPush(Raising(error)).send("c1", "frame")


class Relay:
    """Remembers each call; the first one lasts until it is let go."""

    def __init__(self, error: Exception | None = None) -> None:
        self.batches: list[list[str]] = []
        self.is_running, self.may_go = Event(), Event()
        self._error = error

    def __call__(self, message_ids: Collection[str]) -> None:
        self.batches.append(sorted(message_ids))
        if self._error is not None:
            raise self._error
        self.is_running.set()
        self.may_go.wait(FOREVER)


def courier(relay: Any, gathering_seconds: float = 0) -> tuple[Courier, FakeTelemetry]:
    telemetry = FakeTelemetry()
    return Courier(relay, telemetry, gathering_seconds=gathering_seconds), telemetry


def test_what_changes_while_something_is_told_is_told_together_and_once() -> None:
    relay = Relay()
    told, _ = courier(relay)
    told.changed("m0")
    relay.is_running.wait(FOREVER)
    for message_id in ("m1", "m2", "m1", "m2"):
        told.changed(message_id)
    relay.may_go.set()
    told.finish(FOREVER)
    assert relay.batches == [["m0"], ["m1", "m2"]]


def test_whoever_changes_something_does_not_wait_for_anybody() -> None:
    relay = Relay()
    told, _ = courier(relay)
    told.changed("m0")
    relay.is_running.wait(FOREVER)
    told.changed("m1")
    assert relay.batches == [["m0"]]
    relay.may_go.set()
    told.finish(FOREVER)


def test_the_end_of_an_invocation_waits_for_a_moment_only() -> None:
    relay = Relay()
    told, _ = courier(relay)
    told.changed("m0")
    told.finish(0.01)
    assert not relay.may_go.is_set()
    relay.may_go.set()
    told.finish(FOREVER)


def test_the_end_of_an_invocation_ends_the_gathering() -> None:
    relay = Relay()
    relay.may_go.set()
    told, _ = courier(relay, gathering_seconds=FOREVER * 2)
    told.changed("m0")
    told.finish(FOREVER)
    assert relay.batches == [["m0"]]


def test_where_the_process_goes_on_its_end_waits_for_nothing() -> None:
    relay = Relay()
    told, _ = courier(relay, gathering_seconds=FOREVER)
    told.changed("m0")
    told.finish(0)
    assert relay.batches == []
    relay.may_go.set()
    told.finish(FOREVER)


def test_a_relay_that_fails_fails_nobody_else() -> None:
    relay = Relay(ValueError("boom"))
    told, telemetry = courier(relay)
    for message_id in ("m0", "m1"):
        told.changed(message_id)
        told.finish(FOREVER)
    assert relay.batches == [["m0"], ["m1"]]
    assert [name for name, _ in telemetry.failures] == ["relay_crashed"] * 2


def test_what_waits_is_limited() -> None:
    relay = Relay()
    told, _ = courier(relay)
    told.changed("first")
    relay.is_running.wait(FOREVER)
    for number in range(MOST_WAITING + 5):
        told.changed(f"m{number}")
    relay.may_go.set()
    told.finish(FOREVER)
    assert [len(batch) for batch in relay.batches] == [1, MOST_WAITING]


def test_a_process_without_room_for_a_thread_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Thread) -> None:
        raise RuntimeError("can't start new thread")

    relay = Relay()
    relay.may_go.set()
    told, _ = courier(relay)
    with monkeypatch.context() as patched:
        patched.setattr(push.Thread, "start", refuse)
        told.changed("m0")
    told.changed("m1")
    told.finish(FOREVER)
    assert relay.batches == [["m1"]]


def test_where_nobody_can_be_told_nothing_happens() -> None:
    NoObservers().changed("m0")
    NoObservers().finish(FOREVER)
