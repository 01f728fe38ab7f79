"""Run each contract over the in-memory table, moto in this process and a real MiniStack."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from chalicelib.repositories import schema
from chalicelib.repositories.dynamo import DynamoTable
from chalicelib.repositories.table import Table
from tests import embedded_aws
from tests.contract.samples import World
from tests.fakes.table import MemoryTable

MEMORY, MOTO, MINISTACK = "memory", "moto", "ministack"


def client(endpoint: str | None = None) -> Any:
    """Return a DynamoDB client that sends each request once."""
    return boto3.client(
        "dynamodb",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=3, read_timeout=20),
    )


def created(client: Any) -> DynamoTable:
    """Return a new table made from the schema."""
    name = f"contract-{uuid4()}"
    client.create_table(TableName=name, **schema.TABLE)
    client.update_time_to_live(TableName=name, TimeToLiveSpecification=schema.TIME_TO_LIVE)
    return DynamoTable(client, name)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start MiniStack as the product does, on a free port; return its address."""
    with embedded_aws.running(tmp_path_factory.mktemp("aws")) as endpoint:
        yield endpoint


@pytest.fixture
def moto() -> Iterator[Any]:
    """Return a client of an AWS mocked in this process."""
    with mock_aws():
        yield client()


IMPLEMENTATIONS = [MEMORY, MOTO, pytest.param(MINISTACK, marks=pytest.mark.emulator)]
isolated = pytest.mark.parametrize(
    "kind", [MEMORY, pytest.param(MINISTACK, marks=pytest.mark.emulator)]
)
"""Runs a race only where it proves something: moto does not isolate transactions."""


@pytest.fixture(params=IMPLEMENTATIONS)
def kind(request: pytest.FixtureRequest) -> str:
    """Return which implementation a test runs on."""
    return str(request.param)


@pytest.fixture
def table(kind: str, request: pytest.FixtureRequest) -> Table:
    """Return an empty table."""
    if kind == MEMORY:
        return MemoryTable()
    if kind == MOTO:
        return created(request.getfixturevalue("moto"))
    return created(client(request.getfixturevalue("ministack")))


def diverges(kind: str, request: pytest.FixtureRequest, known: dict[str, str]) -> None:
    """Expect a failure where an implementation is known to differ from AWS."""
    if kind in known:
        request.applymarker(pytest.mark.xfail(strict=True, reason=known[kind]))


@pytest.fixture
def world(table: Table) -> World:
    """Return the repositories over an empty table."""
    return World(table)
