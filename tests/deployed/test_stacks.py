"""The six stacks as CloudFormation sees them: made, made again, taken away."""

from __future__ import annotations

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
    assert (once["functions"], once["APIs"], once["mappings"]) == (6, 1, 1)
    stacks.delete()
    assert left(empty) == dict.fromkeys(once, 0)


def test_what_fails_is_told_with_its_reason(empty: EmulatedAws, assembled: Assembly) -> None:
    in_the_way = "omnichannel-publisher-stage"
    empty.client("dynamodb").create_table(
        TableName=in_the_way,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "PK", "AttributeType": "S"}],
    )

    with pytest.raises(NotDeployed, match="AWS::DynamoDB::Table"):
        Stacks(empty, assembled).deploy()
