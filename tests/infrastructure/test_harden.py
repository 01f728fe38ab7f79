"""Hardening what Chalice deployed: read, compare, change, and change nothing twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infrastructure.harden import NotAllowed, harden
from infrastructure.native.account import Account, NotReady
from infrastructure.resilience import FUNCTIONS
from tests.infrastructure import natively


@dataclass
class Deployed:
    """A natively deployed stage, and what is said of it."""

    account: Account
    made: Mapping[str, Any]
    said: list[str] = field(default_factory=list)

    def harden(self) -> int:
        self.said.clear()
        return harden(self.account, self.said.append, lambda seconds: None)

    def client(self, service: str) -> Any:
        return self.account.client(service)


@pytest.fixture
def deployed() -> Iterator[Deployed]:
    with mock_aws():
        account = natively.ground(natively.prod())
        account.client("apigateway").update_account(
            patchOperations=[
                {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::1:role/log"}
            ]
        )
        yield Deployed(account, natively.deploy(account))


def test_a_second_run_changes_nothing(deployed: Deployed) -> None:
    assert deployed.harden() > 0
    assert deployed.harden() == 0
    assert {line.split()[0] for line in deployed.said} == {"fine"}


def test_the_stream_is_read_as_the_stacks_have_it_read(deployed: Deployed) -> None:
    deployed.harden()
    mapping = deployed.client("lambda").get_event_source_mapping(UUID=deployed.made["mapping"])

    assert mapping["MaximumRetryAttempts"] == 3
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["DestinationConfig"]["OnFailure"] == {
        "Destination": "arn:aws:s3:::data-failures-1x"
    }


def test_lost_events_are_kept_on_the_queues(deployed: Deployed) -> None:
    deployed.harden()
    dead = natively.arn("sqs", "omnichannel-publisher-prod-release-due-dead")
    (target,) = deployed.client("events").list_targets_by_rule(
        Rule="omnichannel-publisher-prod-release_due-event"
    )["Targets"]
    invoked = deployed.client("lambda").get_function_event_invoke_config(
        FunctionName="omnichannel-publisher-prod-release_due"
    )

    assert target["DeadLetterConfig"] == {"Arn": dead}
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 1}
    assert invoked["DestinationConfig"]["OnFailure"] == {"Destination": dead}
    assert (invoked["MaximumEventAgeInSeconds"], invoked["MaximumRetryAttempts"]) == (60, 0)


def test_reports_of_mails_are_kept_when_they_are_lost(deployed: Deployed) -> None:
    deployed.harden()
    told = deployed.client("sns").get_subscription_attributes(
        SubscriptionArn=deployed.made["subscription"]
    )["Attributes"]

    assert "omnichannel-publisher-prod-hear-mail-dead" in told["RedrivePolicy"]


def test_logs_are_kept_for_as_long_as_the_stage_says(deployed: Deployed) -> None:
    deployed.harden()
    groups = deployed.client("logs").describe_log_groups()["logGroups"]

    assert {group["logGroupName"] for group in groups} == {
        "/aws/apigateway/omnichannel-publisher-prod",
        "/aws/apigateway/omnichannel-publisher-prod-websocket-api",
        "/aws/lambda/omnichannel-publisher-prod",
        *(
            f"/aws/lambda/omnichannel-publisher-prod-{name}"
            for name in FUNCTIONS
            if name != "api_handler"
        ),
    }
    assert {group["retentionInDays"] for group in groups} == {30}


def test_the_api_is_named_throttled_traced_and_refuses_in_our_words(deployed: Deployed) -> None:
    deployed.harden()
    gateway, api = deployed.client("apigateway"), deployed.made["api"]
    stage = gateway.get_stage(restApiId=api, stageName="v1")
    refusal = gateway.get_gateway_response(restApiId=api, responseType="UNAUTHORIZED")

    assert gateway.get_rest_api(restApiId=api)["name"] == "omnichannel-publisher-prod"
    assert stage["methodSettings"]["*/*"]["throttlingRateLimit"] == 1000
    assert stage["methodSettings"]["*/*"]["throttlingBurstLimit"] == 2000
    assert stage["tracingEnabled"] is True
    assert "integration_milliseconds" in stage["accessLogSettings"]["format"]
    assert "problem" in refusal["responseTemplates"]["application/json"]


def test_what_chalice_undoes_is_set_again_and_nothing_else(deployed: Deployed) -> None:
    deployed.harden()
    natively.hand_over(deployed.account, "release_due", {"ScheduleExpression": "rate(1 minute)"})
    deployed.client("apigateway").create_deployment(restApiId=deployed.made["api"], stageName="v1")

    deployed.harden()
    changed = [line[9:].split(",")[0] for line in deployed.said if line.startswith("changed")]

    assert [name.partition(": lost")[0].partition(" in use")[0] for name in changed] == [
        "rule of release_due",
        "API: refusals",
        "API: throttling",  # moto forgets it with each deployment
    ]


def test_what_drifted_is_put_right(deployed: Deployed) -> None:
    deployed.harden()
    deployed.client("logs").put_retention_policy(
        logGroupName="/aws/lambda/omnichannel-publisher-prod-deliver", retentionInDays=1
    )

    assert deployed.harden() == 1
    assert "changed  log /aws/lambda/omnichannel-publisher-prod-deliver: days kept: 1 → 30" in (
        deployed.said
    )


def test_an_account_without_a_role_for_gateway_logs_is_told_so(deployed: Deployed) -> None:
    deployed.client("apigateway").update_account(
        patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}]
    )
    deployed.harden()

    assert deployed.said[-1].startswith("left     the access log")
    assert deployed.harden() == 0


def test_a_missing_permission_is_named(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        error = {"Code": "AccessDeniedException", "Message": "User x may not."}
        raise ClientError({"Error": error}, "PutRetentionPolicy")

    monkeypatch.setattr(deployed.client("logs"), "put_retention_policy", refuse)

    with pytest.raises(NotAllowed, match=r"does not allow PutRetentionPolicy.*User x may not"):
        deployed.harden()


def test_a_mapping_that_still_changes_is_waited_for(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = deployed.client("lambda")
    asked = client.get_event_source_mapping
    states = iter(["Creating", "Updating"])
    monkeypatch.setattr(
        client,
        "get_event_source_mapping",
        lambda **which: {**asked(**which), "State": next(states, "Enabled")},
    )

    assert deployed.harden() > 0
    assert next(states, None) is None


def test_what_is_not_deployed_is_named() -> None:
    with mock_aws(), pytest.raises(NotReady, match="prod has no api_handler, deliver"):
        harden(natively.ground(natively.prod()), lambda line: None)


def test_connections_are_throttled_and_logged_as_the_stacks_have_it(deployed: Deployed) -> None:
    deployed.harden()
    stage = deployed.client("apigatewayv2").get_stage(ApiId=deployed.made["live"], StageName="v1")

    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] == 100
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] == 200
    assert stage["AccessLogSettings"]["DestinationArn"].endswith(
        ":log-group:/aws/apigateway/omnichannel-publisher-prod-websocket-api"
    )
