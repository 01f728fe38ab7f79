"""`make replay` refuses in the words that were typed."""

from __future__ import annotations

import pytest

from chalicelib.edge.replays import ReplayBody
from infrastructure.stages import LIVE as STAGES_LIVE
from scripts import replay
from tests.fakes.aws import scripted


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["foo"],
            "ACTION must be one of list, explain, dry_run, redrive, not 'foo'.\n",
        ),
        (["list", "--limit", "many"], "LIMIT must be a whole number, at least 1, not 'many'.\n"),
        (["list", "--limit", "-1"], "LIMIT must be a whole number, at least 1, not '-1'.\n"),
    ],
)
def test_what_can_not_be_asked_is_refused_by_its_variable(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay.main(arguments) == 1
    assert capsys.readouterr() == ("", told)


@pytest.mark.parametrize(
    ("event", "pointer", "typed"),
    [
        ({"since": "yesterday"}, "/since", "SINCE=yesterday"),
        ({"channels": ["email", "pigeon"]}, "/channels/1", "CHANNEL=pigeon"),
        ({"statuses": ["gone", "lost"]}, "/statuses", "STATUS=gone,lost"),
        ({}, "/message_id", "MESSAGE="),
    ],
)
def test_a_fault_is_told_with_what_was_typed(
    event: dict[str, object], pointer: str, typed: str
) -> None:
    fault = {"pointer": pointer, "detail": "It must not be after `until`."}
    found = {"title": "No", "detail": "See below.", "errors": [fault]}
    told = f"No:\n  {typed}: It must not be after UNTIL.\n"
    assert replay.problem(found, event) == told


def test_a_refusal_without_faults_is_told_in_its_own_words() -> None:
    assert replay.problem({"title": "No", "detail": "Not now."}, {}) == "No: Not now.\n"


def test_what_serves_is_asked_not_what_was_last_put_there() -> None:
    with scripted("lambda") as stub:
        asked = {"FunctionName": "f", "Qualifier": STAGES_LIVE, "Payload": "{}"}
        stub.add_response("invoke", {"StatusCode": 200}, asked)

        assert replay.invoked(stub.client, "f", "{}")["StatusCode"] == 200


def test_where_chalice_deployed_the_function_itself_is_asked() -> None:
    with scripted("lambda") as stub:
        stub.add_client_error("invoke", "ResourceNotFoundException", http_status_code=404)
        stub.add_response("invoke", {"StatusCode": 200}, {"FunctionName": "f", "Payload": "{}"})

        assert replay.invoked(stub.client, "f", "{}")["StatusCode"] == 200


def test_everything_that_can_be_asked_has_its_variable() -> None:
    assert set(replay.VARIABLES) == set(ReplayBody.model_fields)
