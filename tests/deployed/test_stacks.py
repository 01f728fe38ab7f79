"""The six stacks as CloudFormation sees them: made, made again, taken away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure import emulator
from tests.deployed import emulated_aws
from tests.deployed.assembly import Assembly
from tests.deployed.emulated_aws import EmulatedAws
from tests.deployed.stacks import NotDeployed, Stacks


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[EmulatedAws]:
    """Run another emulated AWS, in which nothing was ever deployed."""
    with emulated_aws.running(tmp_path) as aws:
        yield aws


def left(aws: EmulatedAws) -> dict[str, int]:
    """Count what would go on doing something, or costing."""
    events = aws.client("events")
    return {
        "functions": len(aws.client("lambda").list_functions()["Functions"]),
        "mappings": len(aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]),
        "APIs": len(aws.client("apigateway").get_rest_apis()["items"]),
        "live APIs": len(aws.client("apigatewayv2").get_apis()["Items"]),
        "rules": len(events.list_rules()["Rules"]),
        "tables": len(aws.client("dynamodb").list_tables()["TableNames"]),
        "streams": len(aws.client("kinesis").list_streams()["StreamNames"]),
        "queues": len(aws.client("sqs").list_queues().get("QueueUrls", [])),
        "topics": len(aws.client("sns").list_topics()["Topics"]),
        "pools": len(aws.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"]),
        "alarms": len(aws.client("cloudwatch").describe_alarms()["MetricAlarms"]),
    }


def test_deployed_twice_they_are_there_once_and_deleted_they_leave_nothing(
    empty: EmulatedAws, assembled: Assembly
) -> None:
    stacks = Stacks(empty, assembled)
    assert len(stacks.names) == 6
    assert set(stacks.names).isdisjoint(emulator.STACKS)

    stacks.deploy()
    once = left(empty)
    stacks.deploy()

    assert left(empty) == once
    assert (once["functions"], once["APIs"], once["live APIs"], once["mappings"]) == (10, 1, 1, 1)
    stacks.delete()
    assert left(empty) == dict.fromkeys(once, 0)


def test_what_fails_is_told_with_its_reason(empty: EmulatedAws, tmp_path: Path) -> None:
    calculated = {"AlarmName": "a", "EvaluationPeriods": 1, "Metrics": [{"Id": "b"}]}
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": calculated}
    place = {"bucketName": "assets", "objectKey": "template.json"}
    written = {
        "Only.template.json": {"Resources": {"Alarm": alarm}},
        "Only.assets.json": {
            "files": {"a": {"source": {"path": "Only.template.json"}, "destinations": {"b": place}}}
        },
        "manifest.json": {
            "artifacts": {
                "Only": {"type": "aws:cloudformation:stack", "properties": {"stackName": "only"}}
            }
        },
    }
    folder = tmp_path / "assembly"
    folder.mkdir()
    for name, content in written.items():
        (folder / name).write_text(json.dumps(content), "utf-8")

    with pytest.raises(NotDeployed, match=r"only is ROLLBACK_COMPLETE:\n  Alarm \(AWS::CloudWatch"):
        Stacks(empty, Assembly(folder)).deploy()
