"""The scheduled function is called at each minute, and at once when asked to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.ticker import MAX_EXTRA, Ticker

NOON = datetime(2026, 11, 21, 12, 0, 17, tzinfo=UTC)
PATIENCE_SECONDS = 60


def ticker_of(handler: Callable[[dict[str, Any]], Any]) -> Ticker:
    return Ticker(handler, "us-east-1", "release", NOON.timestamp)


def test_a_tick_looks_as_eventbridge_sends_it() -> None:
    events: list[dict[str, Any]] = []
    ticker_of(events.append).tick()
    event = events[0]
    assert event.pop("id")
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": "2026-11-21T12:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:events:us-east-1:000000000000:rule/release"],
        "detail": {},
    }


def test_the_next_tick_is_at_the_full_minute() -> None:
    assert ticker_of(lambda event: None).until_next() == 43


def test_the_first_tick_comes_at_the_start() -> None:
    stopping = threading.Event()
    calls: list[dict[str, Any]] = []

    def handler(event: dict[str, Any]) -> None:
        calls.append(event)
        stopping.set()

    ticker_of(handler).run(stopping)
    assert len(calls) == 1


def test_a_failing_tick_is_reported_and_forgotten(capfd: pytest.CaptureFixture[str]) -> None:
    def failing(event: dict[str, Any]) -> None:
        raise RuntimeError("boom")

    ticker_of(failing).tick()
    assert '"event": "tick_failed"' in capfd.readouterr().err


def test_an_extra_release_runs_beside_a_tick_and_says_since_when() -> None:
    called = threading.Event()
    events: list[dict[str, Any]] = []

    def handler(event: dict[str, Any]) -> None:
        events.append(event)
        called.set()

    ticker_of(handler).release(NOON)
    assert called.wait(PATIENCE_SECONDS)
    assert events[0]["source"] == "omnichannel.release"
    assert events[0]["at"] == "2026-11-21T12:00:17+00:00"


def test_extra_releases_do_not_pile_up() -> None:
    leave = threading.Event()
    entered = threading.Semaphore(0)
    calls: list[dict[str, Any]] = []

    def slow(event: dict[str, Any]) -> None:
        calls.append(event)
        entered.release()
        leave.wait(PATIENCE_SECONDS)

    ticker = ticker_of(slow)
    for _ in range(MAX_EXTRA + 5):
        ticker.release(NOON)
    for _ in range(MAX_EXTRA):
        assert entered.acquire(timeout=PATIENCE_SECONDS)
    leave.set()
    assert len(calls) == MAX_EXTRA
