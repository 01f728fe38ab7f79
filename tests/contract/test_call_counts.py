"""AWS calls per API request, counted where botocore sends them: routes, services, repositories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from moto import mock_aws

import app as application
from benchmarks.counting import AwsRequests
from benchmarks.doors import Doors, Reply
from benchmarks.stage import wired
from chalicelib import settings, wiring
from chalicelib.edge import Tokens
from chalicelib.observability import JsonTelemetry
from chalicelib.repositories import schema
from chalicelib.repositories.table import Update

ACCEPTED = {"dynamodb.TransactWriteItems": 1, "kinesis.PutRecords": 1}
TEXT = {"content": "Ana is certified", "channels": ["facebook", "linkedin", "email", "sms"]}
CREATE = ("POST", "/api/v1/messages")


@dataclass
class Api:
    """The application over a mocked AWS, and what botocore sends for it."""

    doors: Doors
    requests: AwsRequests

    def __call__(
        self, method: str, target: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        return self.doors(method, target, body, headers)

    def calls(
        self, method: str, target: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Counter[str]:
        """Return what one request costs."""
        with self.requests.counted() as found:
            self.doors(method, target, body, headers)
        return found


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Api]:
    """Wire everything for real over moto; the keys of signatures have been read."""
    monkeypatch.setenv("CLIENT_ID", "client-of-the-tests")
    with mock_aws(), AwsRequests() as requests, wired(telemetry=JsonTelemetry()):
        chosen = settings.current()
        tokens = Tokens(chosen.token_issuer, chosen.client_id)
        monkeypatch.setattr(application.api, "_tokens", tokens)
        dynamodb: Any = boto3.client("dynamodb", region_name=chosen.aws_region)
        dynamodb.create_table(TableName=chosen.table_name, **schema.TABLE)
        kinesis = boto3.client("kinesis", region_name=chosen.aws_region)
        kinesis.create_stream(StreamName=chosen.stream_name, ShardCount=1)
        doors = Doors(application.app)
        doors("GET", "/api/v1/messages")
        yield Api(doors, requests)


def test_accepting_a_message_is_one_transaction_and_one_put_on_the_stream(api: Api) -> None:
    assert api.calls(*CREATE, TEXT) == ACCEPTED


def test_an_idempotency_key_costs_no_further_call(api: Api) -> None:
    assert api.calls(*CREATE, TEXT, {"idempotency-key": "once"}) == ACCEPTED


def test_a_message_for_later_is_one_transaction(api: Api) -> None:
    later = {**TEXT, "scheduled_at": "2100-01-01T00:00:00Z"}

    assert api.calls(*CREATE, later) == {"dynamodb.TransactWriteItems": 1}


def test_reading_a_message_is_one_call(api: Api) -> None:
    made = api(*CREATE, TEXT).body["id"]

    assert api.calls("GET", f"/api/v1/messages/{made}") == {"dynamodb.BatchGetItem": 1}


def test_reading_a_message_whose_roll_up_is_missing_is_one_call_more_once(api: Api) -> None:
    made = api(*CREATE, TEXT).body["id"]
    path = f"/api/v1/messages/{made}"
    key, store = schema.message(made), wiring.store()
    store.commit([Update(key, set={"status": "scheduled"}, remove=frozenset({"rolled"}))])

    mended = {"dynamodb.BatchGetItem": 1, "dynamodb.UpdateItem": 1}
    assert [api.calls("GET", path) for _ in range(2)] == [mended, {"dynamodb.BatchGetItem": 1}]


def test_listing_ones_own_messages_is_one_call(api: Api) -> None:
    api(*CREATE, TEXT)

    assert api.calls("GET", "/api/v1/messages") == {"dynamodb.Query": 1}


def test_a_refused_message_costs_no_call(api: Api) -> None:
    with api.requests.counted() as found, pytest.raises(RuntimeError, match="400"):
        api(*CREATE, {**TEXT, "content": ""})

    assert not found
