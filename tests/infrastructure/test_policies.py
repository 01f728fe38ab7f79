"""Is each function allowed what its code does, and nothing that nobody asked for?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.models import DEFAULT, FALLBACK
from chalicelib.repositories import schema
from chalicelib.settings import Settings
from infrastructure.resilience import TELLING

CONFIG = Path(__file__).parents[2] / ".chalice"
FUNCTIONS: dict[str, dict[str, Any]] = json.loads((CONFIG / "config.json").read_text())[
    "lambda_functions"
]
STAGES: dict[str, dict[str, Any]] = json.loads((CONFIG / "config.json").read_text())["stages"]
ANY_RESOURCE = {
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "ses:GetAccount",
    "ses:GetEmailIdentity",
    "sns:GetSMSAttributes",
    "sns:Publish",
    "sms-voice:SendTextMessage",
}
"""Actions that AWS offers for every resource only, or whose resource is a phone number."""


def policy(function: str) -> list[dict[str, Any]]:
    text = (CONFIG / FUNCTIONS[function]["iam_policy_file"]).read_text()
    statements: list[dict[str, Any]] = json.loads(text)["Statement"]
    return statements


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def actions(function: str) -> Iterator[str]:
    for statement in policy(function):
        if statement["Effect"] == "Allow":
            yield from as_list(statement.get("Action", []))


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_what_a_channel_declares_is_allowed_where_it_publishes_or_is_checked(name: str) -> None:
    declared = set(CHANNELS[ChannelName(name)].permissions)
    assert declared <= {*actions("deliver"), *actions("api_handler")}


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_no_function_may_do_everything_of_a_service(function: str) -> None:
    assert [action for action in actions(function) if "*" in action] == []


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_every_resource_is_named_where_aws_lets_us_name_it(function: str) -> None:
    wide = {
        action
        for statement in policy(function)
        if statement.get("Resource") == "*"
        for action in as_list(statement["Action"])
    }
    assert wide <= ANY_RESOURCE


@pytest.mark.parametrize("function", ["api_handler", "release_due", "prepare_media", "hear_mail"])
def test_only_the_worker_may_send_mail_and_text_messages(function: str) -> None:
    assert {"ses:SendEmail", "sns:Publish"}.isdisjoint(actions(function))


def test_whoever_sends_frames_may_send_frames_and_nothing_else_to_a_connection() -> None:
    manage = "execute-api:ManageConnections"
    assert {name for name in FUNCTIONS if manage in actions(name)} == set(TELLING)
    for name in TELLING:
        (statement,) = (each for each in policy(name) if each["Action"] == manage)
        assert statement["Resource"].endswith("/v1/POST/@connections/*")


@pytest.mark.parametrize(
    "function", ["deliver", "hear_mail", "websocket_message", "websocket_disconnect"]
)
def test_whoever_forgets_connections_can_not_delete_anything_else(function: str) -> None:
    (statement,) = (
        each for each in policy(function) if "dynamodb:DeleteItem" in as_list(each["Action"])
    )
    condition = statement["Condition"]["ForAllValues:StringEquals"]
    assert condition == {"dynamodb:LeadingKeys": [schema.LIVE]}


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_every_variable_of_a_stage_is_a_setting(stage: str) -> None:
    names = {name.lower() for name in STAGES[stage].get("environment_variables", {})}
    assert names <= set(Settings.model_fields)


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_every_stage_has_settings_without_contradictions(stage: str) -> None:
    assert Settings.read(STAGES[stage].get("environment_variables", {})).stage == stage


def test_the_dev_stage_overrides_nothing_that_a_developer_may_choose() -> None:
    assert set(STAGES["dev"]["environment_variables"]) == {"STAGE"}


def test_only_the_function_that_asks_a_model_may_call_one() -> None:
    assert "bedrock:InvokeModel" in actions("adapt")
    others = set(FUNCTIONS) - {"adapt"}
    assert not [each for name in others for each in actions(name) if each.startswith("bedrock:")]


def test_only_the_default_models_are_allowed_and_only_by_their_profiles() -> None:
    named = {DEFAULT, FALLBACK}
    found = {each["Sid"]: each for each in policy("adapt")}
    profiles = [f"arn:aws:bedrock:*:*:inference-profile/*.{name}" for name in (DEFAULT, FALLBACK)]
    assert found["Profiles"]["Resource"] == profiles
    assert {arn.rpartition("/")[2] for arn in found["Models"]["Resource"]} == named
    assert found["Models"]["Condition"] == {"ArnLike": {"bedrock:InferenceProfileArn": profiles}}
