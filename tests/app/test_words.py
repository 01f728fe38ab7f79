"""The whole product with a model's stand-in: what is posted is what was shown."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox.model import Behaviour
from tests.app.conftest import POLL_SECONDS, Running, product, request

pytestmark = [pytest.mark.slow, pytest.mark.emulator]

TEXT = "The meetup is on 5 May for all of us. Register at https://example.org/m."
PATIENCE_SECONDS = 90


@pytest.fixture(scope="module")
def adapting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a product of its own in which a model has a say."""
    with product(tmp_path_factory.mktemp("words"), USE_AI_AGENT="true") as found:
        yield found


def eventually(running: Running, path: str, field: str, wanted: Any) -> Any:
    """Return what the API answers once each item's field is as wanted."""
    tick = threading.Event()
    for _ in range(int(PATIENCE_SECONDS / POLL_SECONDS)):
        found = running.call("GET", path).json
        items = found["deliveries"] if field == "status" else found["channels"]
        if all(_at(item, field) == wanted for item in items):
            return found
        tick.wait(POLL_SECONDS)
    raise AssertionError(found)


def _at(item: Any, field: str) -> Any:
    return item["status"] if field == "status" else item["words"][field]


def behave(running: Running, behaviour: Behaviour, times: int = 1, seconds: float = 6) -> None:
    """Tell the stand-in what to do next."""
    body = {"behaviour": behaviour, "times": times, "seconds": seconds}
    assert request(running.endpoints["sandbox"], "POST", "/bedrock/behaviour", body).status == 200


def submitted(running: Running, text: str, **more: Any) -> str:
    """Hand a message in; return its path."""
    body = {"content": text, "channels": ["facebook", "linkedin"], **more}
    answer = running.call("POST", "/api/v1/messages", body)
    assert answer.status == 202, answer.body
    return f"/api/v1/messages/{answer.json['id']}"


def posted(running: Running, text: str) -> dict[str, str]:
    """Return what the platforms show of a text."""
    items = request(running.endpoints["sandbox"], "GET", "/posts").json["items"]
    return {item["channel"]: item["text"] for item in items if text in item["text"]}


def test_the_start_says_that_there_is_no_model(adapting: Running) -> None:
    assert (
        "a stand-in for Amazon Bedrock answers" in (adapting.state.parent / "run.log").read_text()
    )


def test_what_a_draft_shows_is_what_is_posted(adapting: Running) -> None:
    message = submitted(adapting, TEXT, draft=True)
    shown = eventually(adapting, f"{message}/posts", "by", "model")["channels"]
    assert [item["words"]["own"] for item in shown] == [TEXT, TEXT]
    assert adapting.call("POST", f"{message}/publish").status == 202
    eventually(adapting, message, "status", "delivered")
    assert posted(adapting, TEXT) == {item["channel"]: item["post"]["text"] for item in shown}
    told = adapting.call("GET", f"{message}/timeline").json["items"]
    (words,) = [entry for entry in told if entry["channel"] == "words"]
    assert words["event"] == "words_adapted"
    assert "tokens" in words["detail"] and "$" in words["detail"]


@pytest.mark.parametrize("behaviour", [Behaviour.SLOW, Behaviour.NEW_LINK])
def test_a_model_that_is_slow_or_lies_is_done_without(
    adapting: Running, behaviour: Behaviour
) -> None:
    text = f"The {behaviour} meetup is on the 6 of May for all of us."
    behave(adapting, behaviour)
    message = submitted(adapting, text)
    eventually(adapting, message, "status", "delivered")
    assert posted(adapting, text) == {"facebook": text, "linkedin": text}


def test_a_minute_does_not_wait_for_a_model(adapting: Running) -> None:
    behave(adapting, Behaviour.SLOW, seconds=30)
    text = "The late meetup is on the 7 of May for all of us."
    due = datetime.now(UTC) + timedelta(seconds=8)
    message = submitted(adapting, text, scheduled_at=due.isoformat())
    found = eventually(adapting, message, "status", "delivered")
    late = [datetime.fromisoformat(d["delivered_at"]) - due for d in found["deliveries"]]
    assert min(late) >= timedelta(0)
    assert posted(adapting, text) == {"facebook": text, "linkedin": text}
