"""The stand-in of the model: how it is told to misbehave, and what runs `adapt` locally."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.domain.messages import Content
from chalicelib.domain.prompts import prompt_for
from chalicelib.domain.rewording import Source, flaw, source_of
from chalicelib.domain.voices import VOICES
from chalicelib.gateways.bedrock import request
from sandbox.errands import Errands
from sandbox.model import Behaviour, StandIn, handle
from tests.fakes.ground import InlineExecutor


def asked() -> dict[str, Any]:
    """Return the parameters of a call."""
    source = source_of(Content("This is the news of our group."))
    assert isinstance(source, Source)
    return request("m", prompt_for(source, VOICES))


def test_what_is_armed_is_used_up() -> None:
    stand_in = StandIn()
    stand_in.arm(Behaviour.THROTTLED, 2, 0)
    assert [stand_in.converse(asked())[0] for _ in range(3)] == [429, 429, 200]
    assert stand_in.shown() == {"behaviour": "throttled", "left": 0, "calls": 3}


def test_a_slow_answer_comes_after_its_seconds() -> None:
    slept: list[float] = []
    stand_in = StandIn(slept.append)
    stand_in.arm(Behaviour.SLOW, 1, 7)
    assert stand_in.converse(asked())[0] == 200
    assert slept == [7]


@pytest.mark.parametrize("language", ["en", "es"])
def test_its_answers_are_sound(language: str) -> None:
    text = "This is the news of our group." if language == "en" else "Es la fiesta de la comunidad."
    source = source_of(Content(text))
    assert isinstance(source, Source)
    _, data, _ = StandIn().converse(request("m", prompt_for(source, VOICES)))
    templates = json.loads(data["output"]["message"]["content"][0]["text"])
    assert [flaw(template, source) for template in templates.values()] == [None] * len(VOICES)


def door(method: str, path: str, body: object = None) -> tuple[int, Any]:
    """Return what the sandbox answers below ``/bedrock``."""
    status, _, answer = handle(method, f"/bedrock{path}", "", {}, json.dumps(body).encode())
    return status, json.loads(answer)


def test_it_is_told_how_to_behave_over_http() -> None:
    status, shown = door("POST", "/behaviour", {"behaviour": "no_access", "times": 1})
    assert (status, shown["behaviour"], shown["left"]) == (200, "no_access", 1)
    call = asked()
    assert door("POST", "/model/m/converse", call)[0] == 403
    assert door("GET", "/behaviour")[1]["left"] == 0
    assert door("POST", "/model/m/converse", call)[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/behaviour", {"behaviour": "kind"}, 400),
        ("/behaviour", {}, 400),
        ("/model/m/converse", {}, 400),
        ("/model/m/converse", [], 400),
        ("/elsewhere", {}, 404),
    ],
)
def test_it_refuses_what_it_does_not_understand(path: str, body: object, status: int) -> None:
    assert door("POST", path, body)[0] == status


def test_an_errand_calls_the_function_as_lambda_does() -> None:
    events: list[dict[str, Any]] = []
    Errands(events.append, InlineExecutor()).adapt("m", 3)
    assert events == [{"message_id": "m", "revision": 3}]


def test_an_errand_that_fails_is_reported_and_forgotten(capfd: pytest.CaptureFixture[str]) -> None:
    def fail(_: dict[str, Any]) -> None:
        raise ValueError("no words")

    Errands(fail, InlineExecutor()).adapt("m", 3)
    assert "adapt_failed" in "".join(capfd.readouterr())
