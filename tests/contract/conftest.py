"""Run each contract over the in-memory table, moto in this process and a real MiniStack."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from chalicelib.repositories import schema
from chalicelib.repositories.dynamo import DynamoTable
from chalicelib.repositories.table import Table
from tests.contract.samples import World
from tests.fakes.table import MemoryTable

MEMORY, MOTO, MINISTACK = "memory", "moto", "ministack"
START_SECONDS = 60


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


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _is_up(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=1) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="session")
def ministack() -> Iterator[str]:
    """Start MiniStack on a free port; return its address."""
    port = _free_port()
    endpoint = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as state:
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "AUTH": "true",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_REGION": "us-east-1",
            "STATE_DIR": state,
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            "LOG_LEVEL": "ERROR",
        }
        log = Path(state, "log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "ministack"], env=environment, stdout=output, stderr=output
            )
            try:
                deadline = time.monotonic() + START_SECONDS
                while not _is_up(endpoint):
                    assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                    Event().wait(0.05)
                yield endpoint
            finally:
                process.terminate()
                process.wait(timeout=30)


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
