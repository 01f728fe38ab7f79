"""What an emulated AWS gets is what AWS gets, but for what stands in `infrastructure.emulator`."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from infrastructure import cli, emulator
from tests.infrastructure.conftest import Assembly, Synthesise

VARIABLES = {"PLATFORM_ENDPOINTS": '{"sms": "http://127.0.0.1:9"}'}
CALCULATED = 7
"""Alarms of stage `stage` that calculate with several metrics."""

# --- one template -----------------------------------------------------------------------------


def adapted(**resources: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = emulator.adapted({"Resources": resources}, VARIABLES)["Resources"]
    return found


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return {"Type": "AWS::SQS::QueuePolicy", "Properties": {"PolicyDocument": document}}


ENCRYPTED_ONLY = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
ANYTHING = {"Effect": "Allow", "Action": "sqs:SendMessage"}


def test_an_unknown_resource_goes_with_whatever_refers_to_it() -> None:
    unknown = {"Type": "AWS::CodeDeploy::Application"}
    referring = {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "Unknown"}]}}
    other = {"Type": "AWS::SNS::Topic", "Properties": {}}

    assert adapted(Unknown=unknown, Referring=referring, Other=other) == {"Other": other}


def test_an_alias_stays_without_the_way_a_version_takes_over() -> None:
    alias = {"Type": "AWS::Lambda::Alias", "Properties": {"Name": "live"}}
    careful = {**alias, "UpdatePolicy": {"CodeDeployLambdaAliasUpdate": {"Ref": "Unknown"}}}
    unknown = {"Type": "AWS::CodeDeploy::Application"}

    assert adapted(Alias=careful, Unknown=unknown) == {"Alias": alias}


def test_a_policy_stays_with_all_but_the_statement_on_encrypted_requests() -> None:
    assert adapted(Policy=policy(ENCRYPTED_ONLY, ANYTHING)) == {"Policy": policy(ANYTHING)}
    assert adapted(Policy=policy(ENCRYPTED_ONLY)) == {}


# --- a whole stage ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(synthesise: Synthesise) -> Assembly:
    return synthesise("stage", customer_managed_key="true")


@pytest.fixture(scope="module")
def emulated(synthesise: Synthesise) -> Assembly:
    return synthesise("stage", customer_managed_key="true", emulated=json.dumps(VARIABLES))


@pytest.mark.slow
def test_only_two_stacks_are_left_out(real: Assembly, emulated: Assembly) -> None:
    assert set(real.texts) - set(emulated.texts) == set(emulator.STACKS)
    assert set(emulated.texts) <= set(real.texts)
    assert set(real.manifest) - set(emulated.manifest) == {
        f"{stack}{part}" for stack in emulator.STACKS for part in ("", ".assets")
    }


@pytest.mark.slow
def test_only_what_has_a_reason_is_left_out(real: Assembly, emulated: Assembly) -> None:
    there, here = real.all(), emulated.all()
    left_out = [
        resource["Type"]
        for name, resource in there.items()
        if name not in here and name.partition("/")[0] not in emulator.STACKS
    ]
    unknown = [kind for kind in left_out if kind in emulator.TYPES]

    assert set(here) <= set(there)
    assert set(unknown) == set(emulator.TYPES)
    assert sorted(kind for kind in left_out if kind not in emulator.TYPES) == [
        *["AWS::CloudWatch::Alarm"] * CALCULATED,
        "AWS::CloudWatch::Dashboard",  # it shows those alarms
        *["AWS::S3::BucketPolicy"] * 2,
        "AWS::SNS::TopicPolicy",
    ]


@pytest.mark.slow
def test_what_stays_is_the_same_but_for_what_has_a_reason(
    real: Assembly, emulated: Assembly
) -> None:
    there = real.all()
    for name, resource in emulated.all().items():
        assert resource == undone(there[name]), name


def undone(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource of AWS as the emulator should get it, by other means than the code's."""
    wanted = copy.deepcopy(dict(resource))
    properties = wanted.get("Properties", {})
    if wanted["Type"] == "AWS::Lambda::Alias":
        del wanted["UpdatePolicy"]
    if wanted["Type"] == "AWS::Lambda::Function":
        properties["Environment"]["Variables"] |= VARIABLES
    if wanted["Type"] in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
        statements = properties["PolicyDocument"]["Statement"]
        properties["PolicyDocument"]["Statement"] = [
            each for each in statements if each["Effect"] == "Allow"
        ]
    for statement in own_statements(wanted):
        if statement["Action"] == "ses:SendEmail":
            statement["Resource"] = "*"
    return wanted


def own_statements(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if resource["Type"] == "AWS::IAM::Role":
        for each in resource["Properties"].get("Policies", []):
            yield from each["PolicyDocument"]["Statement"]


@pytest.mark.slow
def test_the_rest_of_each_template_is_the_same(real: Assembly, emulated: Assembly) -> None:
    for stack, text in emulated.texts.items():
        here, there = json.loads(text), json.loads(real.texts[stack])
        assert {**here, "Resources": {}} == {**there, "Resources": {}}


# --- the switch -------------------------------------------------------------------------------


def test_what_is_for_an_emulator_never_reaches_an_account(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["deploy", "-c", f"emulated={json.dumps(VARIABLES)}"]) == 1
    assert "emulated is for synth" in capsys.readouterr().err
