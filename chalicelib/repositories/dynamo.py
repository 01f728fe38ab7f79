"""The table over DynamoDB's low-level client.

The client is expected to send each request once; whoever calls decides what an error means. Its
exceptions end here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.exceptions import ConnectionError as NoConnection
from botocore.parsers import ResponseParserError

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.ports import Cursor
from chalicelib.repositories.schema import INDEXES, PK, SK, Key
from chalicelib.repositories.table import (
    Absent,
    AllOf,
    AnyOf,
    AtMost,
    Batch,
    Busy,
    Condition,
    ConditionFailed,
    Equals,
    Exists,
    Found,
    Item,
    LessThan,
    Put,
    Query,
    Unanswered,
    Update,
    Write,
)

BUSY = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ReplicatedWriteConflictException",
        "ThrottlingError",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionConflictException",
    }
)
UNANSWERED = frozenset(
    {"InternalServerError", "ServiceUnavailable", "TransactionInProgressException"}
)
CONDITION_FAILED = frozenset({"ConditionalCheckFailed", "ConditionalCheckFailedException"})


# --- attribute values -------------------------------------------------------------------------


def _wire(value: Any) -> dict[str, Any]:
    """Return a value as DynamoDB writes it; TypeError for what we never store (floats)."""
    if isinstance(value, str):
        return {"S": str(value)}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, Mapping):
        return {"M": _wire_item(value)}
    if isinstance(value, (list, tuple)):
        return {"L": [{"NULL": True} if part is None else _wire(part) for part in value]}
    raise TypeError(f"{type(value).__name__} is not stored")


def _wire_item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _wire(value) for name, value in item.items() if value is not None}


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "S": str,
    "N": int,
    "BOOL": bool,
    "NULL": lambda _: None,
    "L": lambda parts: [_plain(part) for part in parts],
    "M": lambda item: _plain_item(item),
}


def _plain(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    return _READERS[kind](content)


def _plain_item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in item.items()}


def _wire_key(key: Key) -> dict[str, Any]:
    return {PK: {"S": key.pk}, SK: {"S": key.sk}}


# --- expressions ------------------------------------------------------------------------------

_COMPARISONS: tuple[tuple[type[Any], str], ...] = ((Equals, "="), (LessThan, "<"), (AtMost, "<="))


class _Expression:
    """Collects the aliases of one request, so that no attribute name can be a reserved word."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def name(self, name: str) -> str:
        return self._names.setdefault(name, f"#{len(self._names)}")

    def value(self, value: Any) -> str:
        alias = f":{len(self._values)}"
        self._values[alias] = _wire(value)
        return alias

    def condition(self, condition: Condition) -> str:
        match condition:
            case Absent(name):
                return f"attribute_not_exists({self.name(name)})"
            case Exists(name):
                return f"attribute_exists({self.name(name)})"
            case AllOf(parts):
                return self._joined(" AND ", parts)
            case AnyOf(parts):
                return self._joined(" OR ", parts)
        sign = next(sign for kind, sign in _COMPARISONS if isinstance(condition, kind))
        return f"{self.name(condition.name)} {sign} {self.value(condition.value)}"

    def _joined(self, word: str, parts: tuple[Condition, ...]) -> str:
        return "(" + word.join(self.condition(part) for part in parts) + ")"

    def update(self, update: Update) -> str:
        assignments = [f"{self.name(n)} = {self.value(v)}" for n, v in update.set.items()]
        removals = [self.name(name) for name in sorted(update.remove)]
        sums = [f"{self.name(name)} {self.value(by)}" for name, by in update.add.items()]
        clauses = (("SET", assignments), ("REMOVE", removals), ("ADD", sums))
        return " ".join(f"{word} {', '.join(parts)}" for word, parts in clauses if parts)

    def sort_key(self, name: str, query: Query) -> str:
        alias = self.name(name)
        if query.prefix is not None:
            return f"begins_with({alias}, {self.value(query.prefix)})"
        if query.low is not None and query.high is not None:
            return f"{alias} BETWEEN {self.value(query.low)} AND {self.value(query.high)}"
        if query.low is not None:
            return f"{alias} >= {self.value(query.low)}"
        return f"{alias} <= {self.value(query.high)}"

    def aliases(self) -> dict[str, Any]:
        request: dict[str, Any] = {}
        if self._names:
            request["ExpressionAttributeNames"] = {alias: n for n, alias in self._names.items()}
        if self._values:
            request["ExpressionAttributeValues"] = self._values
        return request


def _request(write: Write) -> tuple[str, dict[str, Any]]:
    """Return a write's operation and its arguments but for the table's name."""
    expression = _Expression()
    request: dict[str, Any] = {}
    if isinstance(write, Put):
        request["Item"] = _wire_item(write.item)
    else:
        request["Key"] = _wire_key(write.key)
    if isinstance(write, Update) and (changes := expression.update(write)):
        request["UpdateExpression"] = changes
    if write.condition is not None:
        request["ConditionExpression"] = expression.condition(write.condition)
    return type(write).__name__, request | expression.aliases()


# --- errors -----------------------------------------------------------------------------------


def _cancelled(error: ClientError) -> Exception:
    """Return what a cancelled transaction means: a failed condition is decisive."""
    reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])  # type: ignore[assignment] # stub
    codes = [reason.get("Code", "None") for reason in reasons]
    failed = [place for place, code in enumerate(codes) if code in CONDITION_FAILED]
    if failed:
        return ConditionFailed(failed)
    if any(code in BUSY for code in codes):
        return Busy(", ".join(codes))
    return StoreUnavailable("Our table refused a transaction.")


def _meaning(error: ClientError) -> Exception:
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in CONDITION_FAILED:
        return ConditionFailed((0,))
    if code == "TransactionCanceledException":
        return _cancelled(error)
    if code in BUSY:
        return Busy(code)
    if code in UNANSWERED or status >= 500:
        return Unanswered(code)
    return StoreUnavailable(f"Our table refused a request ({code}).")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _meaning(error) from error
    except NoConnection as error:  # nothing was sent
        raise Busy(type(error).__name__) from error
    except (HTTPClientError, IncompleteReadError, ResponseParserError) as error:
        raise Unanswered(type(error).__name__) from error
    except BotoCoreError as error:
        raise StoreUnavailable(f"Our table can't be asked ({type(error).__name__}).") from error


# --- the table --------------------------------------------------------------------------------


class DynamoTable:
    """The `Table` over a boto3 DynamoDB client."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def get(self, key: Key) -> Item | None:
        """Return an item, consistently."""
        with _translated():
            answer = self._client.get_item(
                TableName=self._name, Key=_wire_key(key), ConsistentRead=True
            )
        item = answer.get("Item")
        return _plain_item(item) if item else None

    def batch_get(self, keys: Sequence[Key]) -> Batch:
        """Return up to 100 items, consistently."""
        wanted = {"Keys": [_wire_key(key) for key in keys], "ConsistentRead": True}
        with _translated():
            answer = self._client.batch_get_item(RequestItems={self._name: wanted})
        found = [_plain_item(item) for item in answer["Responses"].get(self._name, [])]
        unread = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
        return Batch(
            {Key(item[PK], item[SK]): item for item in found},
            [Key(key[PK]["S"], key[SK]["S"]) for key in unread],
        )

    def query(self, query: Query) -> Found:
        """Return a page; a query on the table itself is consistent."""
        with _translated():
            answer = self._client.query(TableName=self._name, **_query_request(query))
        return _found(answer)

    def scan(self, start: Cursor | None = None) -> Found:
        """Return a page of all items: at most a megabyte."""
        behind = {"ExclusiveStartKey": _wire_item(start)} if start else {}
        with _translated():
            answer = self._client.scan(TableName=self._name, ConsistentRead=True, **behind)
        return _found(answer)

    def write(self, write: Write) -> None:
        """Perform one conditional write."""
        operation, request = _request(write)
        call = getattr(self._client, f"{operation.lower()}_item")
        with _translated():
            call(TableName=self._name, **request)

    def increase(self, key: Key, name: str, by: int, most: int) -> int:
        """Add to a number that is at most so big, and return the sum."""
        operation, request = _request(Update(key, add={name: by}, condition=AtMost(name, most)))
        call = getattr(self._client, f"{operation.lower()}_item")
        with _translated():
            answer = call(TableName=self._name, ReturnValues="UPDATED_NEW", **request)
        return int(_plain_item(answer["Attributes"])[name])

    def transact(self, writes: Sequence[Write], token: str) -> None:
        """Perform all writes or none, once per token."""
        items = []
        for write in writes:
            operation, request = _request(write)
            items.append({operation: {"TableName": self._name, **request}})
        with _translated():
            self._client.transact_write_items(TransactItems=items, ClientRequestToken=token)


def _found(answer: Mapping[str, Any]) -> Found:
    last = answer.get("LastEvaluatedKey")
    items = [_plain_item(item) for item in answer["Items"]]
    return Found(items, _plain_item(last) if last else None)


def _query_request(query: Query) -> dict[str, Any]:
    expression = _Expression()
    partition, sort = INDEXES[query.index]
    condition = f"{expression.name(partition)} = {expression.value(query.pk)}"
    if not query.prefix == query.low == query.high is None:
        condition = f"{condition} AND {expression.sort_key(sort, query)}"
    request: dict[str, Any] = {
        "KeyConditionExpression": condition,
        "ScanIndexForward": query.forward,
        **expression.aliases(),
    }
    if query.index is None:
        request["ConsistentRead"] = True
    else:
        request["IndexName"] = query.index
    if query.limit is not None:
        request["Limit"] = query.limit
    if query.start is not None:
        request["ExclusiveStartKey"] = _wire_item(query.start)
    return request
