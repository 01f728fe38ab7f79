"""One call of a model: what is sent, and what every answer means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.validate import ParamValidator

from chalicelib.domain.channels import Response
from chalicelib.domain.models import DEFAULT, Reply
from chalicelib.domain.prompts import Prompt
from chalicelib.domain.rewording import Reason
from chalicelib.domain.voices import VOICES
from chalicelib.gateways._http import Wire
from chalicelib.gateways.bedrock import BedrockModels, read_response, request
from chalicelib.gateways.transport import SINGLE_ATTEMPT
from sandbox.model import Behaviour, handle, respond
from tests.fakes.ground import VirtualClock
from tests.fakes.server import Line, answering, closing, serving

PROMPT = Prompt(
    "Write English. before, between and behind",
    json.dumps(
        {
            "channels": dict(VOICES),
            "pieces": [{"mark": f"⟦{n}⟧", "text": "x", "new_line": False} for n in (1, 2, 3)],
        }
    ),
    '{"type": "object"}',
    900,
)
CONVERSE = (
    botocore.session.get_session().get_service_model("bedrock-runtime").operation_model("Converse")
)


def answered(behaviour: Behaviour) -> tuple[int, dict[str, Any], str]:
    """Return what the stand-in says of the usual question."""
    return respond(request("m", PROMPT), behaviour)


# --- shapes -------------------------------------------------------------------------------------


def test_the_request_is_one_that_the_service_takes() -> None:
    report = ParamValidator().validate(request(f"us.{DEFAULT}", PROMPT), CONVERSE.input_shape)
    assert report.generate_report() == ""


@pytest.mark.parametrize("behaviour", [b for b in Behaviour if answered(b)[0] == 200])
def test_the_stand_in_answers_in_the_services_shape(behaviour: Behaviour) -> None:
    _, data, _ = answered(behaviour)
    report = ParamValidator().validate(data, CONVERSE.output_shape)
    assert report.generate_report() == ""
    assert set(CONVERSE.output_shape.required_members) <= set(data)
    assert data["stopReason"] in CONVERSE.output_shape.members["stopReason"].enum


@pytest.mark.parametrize("behaviour", [b for b in Behaviour if answered(b)[0] != 200])
def test_the_stand_in_refuses_with_the_services_errors(behaviour: Behaviour) -> None:
    status, _, kind = answered(behaviour)
    declared = {e.name: e.metadata["error"]["httpStatusCode"] for e in CONVERSE.error_shapes}
    assert declared[kind] == status


# --- what answers mean --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error", "reason", "try_again"),
    [
        (429, "ThrottlingException", Reason.BUSY, True),
        (429, "ModelNotReadyException", Reason.BUSY, True),
        (503, "ServiceUnavailableException", Reason.BUSY, True),
        (500, "InternalServerException", Reason.BUSY, True),
        (408, "ModelTimeoutException", Reason.BUSY, True),
        (424, "ModelErrorException", Reason.BUSY, True),
        (403, "AccessDeniedException", Reason.FORBIDDEN, True),
        (404, "ResourceNotFoundException", Reason.FORBIDDEN, True),
        (400, "ValidationException", Reason.FORBIDDEN, True),
        (418, "Unknown", Reason.BUSY, False),
    ],
)
def test_a_refusal_says_whom_to_ask_next(
    status: int, error: str, reason: Reason, try_again: bool
) -> None:
    reply = read_response("m", Response(status, error=error))
    assert reply == Reply(reason=reason, try_again=try_again)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("end_turn", None),
        ("max_tokens", Reason.CUT),
        ("malformed_model_output", Reason.MALFORMED),
        ("content_filtered", Reason.REFUSED),
        ("guardrail_intervened", Reason.REFUSED),
        ("tool_use", Reason.REFUSED),
    ],
)
def test_an_answer_counts_only_if_it_came_to_its_end(end: str, reason: Reason | None) -> None:
    _, data, _ = answered(Behaviour.HONEST)
    reply = read_response("m", Response(200, data={**data, "stopReason": end}))
    assert reply.reason == reason
    assert reply.usage is not None


@pytest.mark.parametrize(
    "data", [{}, {"usage": None}, {"usage": {"inputTokens": 1}}, {"output": {"message": []}}]
)
def test_an_answer_without_what_is_promised_is_malformed(data: Mapping[str, Any]) -> None:
    assert read_response("m", Response(200, data=data)).reason == Reason.MALFORMED


# --- over the wire ------------------------------------------------------------------------------


def models(endpoint: str) -> BedrockModels:
    """Return the gateway with clients of an endpoint of ours."""

    def client(service: str, _: str | None) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload] # named by the gateway
            region_name="eu-west-1",
            endpoint_url=endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=SINGLE_ATTEMPT,
        )

    return BedrockModels(client, Wire(2, 2, VirtualClock()), (DEFAULT,), "eu-west-1")


def standing_in(line: Line) -> None:
    """Answer the request as the sandbox's stand-in does."""
    head, _, body = line.server.requests[-1].partition(b"\r\n\r\n")
    method, path, _ = head.split(b" ", 2)
    status, headers, answer = handle(method.decode(), f"/bedrock{path.decode()}", "", {}, body)
    lines = [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(answer)}")
    told = "\r\n".join([f"HTTP/1.1 {status} X", *lines])
    line.say(f"{told}\r\n\r\n".encode() + answer)


def test_the_sdk_and_the_stand_in_understand_one_another() -> None:
    with serving(standing_in) as server:
        asked = models(server.base)
        reply = asked.ask(asked.names[0], PROMPT)
    assert asked.names == [f"eu.{DEFAULT}"]
    assert set(json.loads(reply.text)) == set(VOICES)
    assert server.heads == [
        "POST /model/eu.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse HTTP/1.1"
    ]
    assert "authorization" in server.headers()


def test_a_model_that_says_nothing_is_silent_once() -> None:
    with serving(closing()) as server:
        assert models(server.base).ask("m", PROMPT) == Reply(reason=Reason.SILENT)
    assert len(server.requests) == 1


def test_an_answer_that_is_cut_off_is_silence() -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"
    with serving(closing(cut)) as server:
        assert models(server.base).ask("m", PROMPT) == Reply(reason=Reason.SILENT)


def test_a_throttled_call_is_not_repeated_by_the_sdk() -> None:
    busy = (
        b"HTTP/1.1 429 X\r\nx-amzn-ErrorType: ThrottlingException\r\n"
        b'Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{"message":"x"}'
    )
    with serving(answering(busy)) as server:
        assert models(server.base).ask("m", PROMPT) == Reply(reason=Reason.BUSY, try_again=True)
    assert len(server.requests) == 1


def test_who_can_not_be_reached_may_be_later() -> None:
    assert models("http://127.0.0.1:1").ask("m", PROMPT) == Reply(
        reason=Reason.BUSY, try_again=True
    )
