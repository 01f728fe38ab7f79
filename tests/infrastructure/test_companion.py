"""The stacks around what `chalice deploy` deploys: what is left to it, and how they find it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from infrastructure.resilience import EVENTS, FUNCTIONS, UNWATCHED
from infrastructure.stages import API_HANDLER
from tests.infrastructure.conftest import Assembly, Synthesise

pytestmark = pytest.mark.slow

CHALICE_MAKES = {
    "AWS::ApiGateway::RestApi",
    "AWS::ApiGateway::Stage",
    "AWS::Events::Rule",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::SNS::Subscription",
}


@pytest.fixture(scope="module")
def companion(synthesise: Synthesise) -> Assembly:
    return synthesise("prod", native="yes")


def test_the_companion_is_five_stacks_without_anything_that_chalice_makes(
    companion: Assembly,
) -> None:
    assert [name.removeprefix("Omnichannel") for name in companion.texts] == [
        "AuthStack",
        "DataStack",
        "FrontendStack",
        "MonitoringStack",
        "SecurityStack",
    ]
    kinds = {resource["Type"] for resource in companion.all().values()}
    assert kinds & CHALICE_MAKES == set()


def test_cfn_lint_finds_nothing_in_the_companion(companion: Assembly) -> None:
    templates = map(str, companion.directory.glob("*.template.json"))
    command = [f"{sys.prefix}/bin/cfn-lint", "--ignore-checks", "W3005", "--template", *templates]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout + done.stderr == ""


def test_what_both_ways_have_is_described_once(companion: Assembly, prod: Assembly) -> None:
    made = prod.all()
    shared = {n: r for n, r in companion.all().items() if n in made}

    assert {resource["Type"] for resource in shared.values()} >= {
        "AWS::DynamoDB::Table",
        "AWS::Cognito::UserPool",
        "AWS::CloudWatch::Alarm",
        "AWS::WAFv2::WebACL",
        "AWS::Amplify::App",
    }
    changed = {name for name, resource in shared.items() if resource != made[name]}
    kinds = {shared[name]["Type"] for name in changed}
    assert kinds <= {
        "AWS::Amplify::App",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::WAFv2::WebACLAssociation",
    }


def test_what_only_aws_can_name_is_told_to_the_stacks(companion: Assembly) -> None:
    told = {
        name: sorted(set(json.loads(text).get("Parameters", {})) - {"BootstrapVersion"})
        for name, text in companion.texts.items()
    }
    assert {name: names for name, names in told.items() if names} == {
        "OmnichannelFrontendStack": ["WebSocketApiId"],
        "OmnichannelMonitoringStack": ["StreamMapping"],
        "OmnichannelSecurityStack": ["RestApiId"],
    }


def test_a_web_app_without_an_address_of_the_api_is_told_the_api(synthesise: Synthesise) -> None:
    assembly = synthesise("dev", native="yes")
    app = assembly.one("Frontend", "AWS::Amplify::App")
    variables = {each["Name"]: each["Value"] for each in app["EnvironmentVariables"]}

    assert {"Ref": "RestApiId"} in variables["VITE_API_URL"]["Fn::Join"][1]


def test_the_firewall_stands_before_the_native_apis_stage(companion: Assembly) -> None:
    arn = companion.one("Security", "AWS::WAFv2::WebACLAssociation")["ResourceArn"]["Fn::Join"][1]

    assert arn[-3:] == ["::/restapis/", {"Ref": "RestApiId"}, "/stages/v1"]


def test_alarms_watch_the_functions_by_the_names_that_chalice_gives_them(
    companion: Assembly,
) -> None:
    watched = {
        dimension["Value"]
        for alarm in companion.all("AWS::CloudWatch::Alarm").values()
        for dimension in alarm["Properties"].get("Dimensions", ())
        if dimension["Name"] == "FunctionName"
    }

    assert watched == {
        "omnichannel-publisher-prod",
        *(
            f"omnichannel-publisher-prod-{name}"
            for name in FUNCTIONS
            if name not in (API_HANDLER, *UNWATCHED)
        ),
    }


def test_a_queue_waits_for_each_function_that_is_handed_events(companion: Assembly) -> None:
    queues = companion.resources("Data", "AWS::SQS::Queue").values()
    allowed = [
        statement["Condition"]["ArnEquals"]["aws:SourceArn"]
        for policy in companion.resources("Data", "AWS::SQS::QueuePolicy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]

    assert len(queues) == len(EVENTS)
    rules = [arn["Fn::Join"][1][-1] for arn in allowed if "Fn::Join" in arn]
    assert sorted(rule.rpartition("/")[2] for rule in rules) == [
        "omnichannel-publisher-prod-prepare_media-event",
        "omnichannel-publisher-prod-release_due-event",
    ]
