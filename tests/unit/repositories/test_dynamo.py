"""What does each of botocore's errors mean to us? The client's answers are scripted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.repositories.dynamo import DynamoTable
from chalicelib.repositories.schema import Key
from chalicelib.repositories.table import (
    Busy,
    ConditionFailed,
    Put,
    Unanswered,
    Update,
)

HERE = Key("A", "1")
WHERE = {"endpoint_url": "http://127.0.0.1"}


class Client:
    """Answers every call with what it was given."""

    def __init__(self, answer: Mapping[str, Any] | Exception) -> None:
        self._answer = answer

    def __getattr__(self, name: str) -> Any:
        return self._call

    def _call(self, **request: Any) -> Mapping[str, Any]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def table(answer: Mapping[str, Any] | Exception) -> DynamoTable:
    return DynamoTable(Client(answer), "table")


def refusal(code: str, status: int = 400, **more: Any) -> ClientError:
    response = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}, **more}
    return ClientError(response, "PutItem")  # type: ignore[arg-type] # a part of the answer


def cancelled(*codes: str) -> ClientError:
    return refusal(
        "TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes]
    )


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (refusal("ConditionalCheckFailedException"), ConditionFailed),
        (refusal("ProvisionedThroughputExceededException"), Busy),
        (refusal("ThrottlingException"), Busy),
        (refusal("RequestLimitExceeded"), Busy),
        (refusal("TransactionConflictException"), Busy),
        (refusal("InternalServerError", 500), Unanswered),
        (refusal("ServiceUnavailable", 503), Unanswered),
        (refusal("Anything", 502), Unanswered),
        (refusal("TransactionInProgressException"), Unanswered),
        (refusal("ResourceNotFoundException"), StoreUnavailable),
        (refusal("AccessDeniedException"), StoreUnavailable),
        (refusal("ValidationException"), StoreUnavailable),
        (ReadTimeoutError(**WHERE), Unanswered),
        (ConnectionClosedError(**WHERE), Unanswered),
        (ResponseParserError("half an answer"), Unanswered),
        (ConnectTimeoutError(**WHERE), Busy),
        (EndpointConnectionError(**WHERE), Busy),
        (NoCredentialsError(), StoreUnavailable),
        (cancelled("None", "TransactionConflict"), Busy),
        (cancelled("None", "ThrottlingError"), Busy),
        (cancelled("ValidationError", "None"), StoreUnavailable),
        (refusal("TransactionCanceledException"), StoreUnavailable),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)[:60]),
)
def test_an_error_says_whether_anything_may_have_been_written(
    error: Exception, meaning: type[Exception]
) -> None:
    with pytest.raises(meaning) as caught:
        table(error).write(Put({"PK": "A", "SK": "1"}))
    assert caught.value.__cause__ is error


def test_failed_conditions_decide_over_conflicts() -> None:
    error = cancelled("TransactionConflict", "ConditionalCheckFailed", "ConditionalCheckFailed")
    with pytest.raises(ConditionFailed) as caught:
        table(error).transact([Update(HERE, {"a": 1})] * 3, "token")
    assert caught.value.failed == (1, 2)


def test_keys_that_were_not_read_are_handed_back() -> None:
    wire = {"PK": {"S": "A"}, "SK": {"S": "1"}}
    answer = {"Responses": {"table": []}, "UnprocessedKeys": {"table": {"Keys": [wire]}}}
    assert list(table(answer).batch_get([HERE]).unread) == [HERE]


def test_numbers_are_whole() -> None:
    item = {"PK": {"S": "A"}, "SK": {"S": "1"}, "n": {"N": "123456789012345678"}}
    assert (table({"Item": item}).get(HERE) or {})["n"] == 123456789012345678
