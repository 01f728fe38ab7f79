"""What the scheduler pays for each delivery it claims, beside the loop one would write first.

    naive   query what is due; for each: one record put on the stream, one unconditional update
    ours    the production service: batch reads, conditional claims with their audit, batch puts
    bare    exactly the calls that ours made, by botocore with none of our code around them

All call the same canned AWS in a process of its own, in turns, so that the CPU time is our own
code's and botocore's alone. The naive loop uses the low-level client and carries only ids: it would
really cost more. The bare calls are the floor of this protocol: every claim is a conditional write
of the delivery and a new audit entry, which is two of a transaction's hundred actions, after a
consistent read of a hundred deliveries at once.
"""

from __future__ import annotations

import copy
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import boto3
from boto3.dynamodb.types import TypeSerializer
from botocore import xform_name
from botocore.config import Config

from benchmarks.canned import WHOLE
from benchmarks.counting import AwsRequests, hooked
from benchmarks.figures import Figure, middle, spread
from benchmarks.stage import environment, wired
from benchmarks.surroundings import LEAVING_SECONDS, free_ports
from chalicelib import settings, wiring
from chalicelib.domain.deliveries import Delivery, DeliveryKey
from chalicelib.domain.instants import format_instant
from chalicelib.domain.states import Status
from chalicelib.observability import JsonTelemetry
from chalicelib.repositories import items, schema
from sandbox import embedded, processes
from sandbox.environment import isolated, until
from sandbox.state import PROJECT

CPU_RATIO = 0.06
CALLS = 0.05
CLAIMS_PER_SECOND = 100_000
"""So many that no backlog of a measurement waits for another tick."""
BUILT = "before-parameter-build"
Release = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Price:
    """What releasing one delivery costs."""

    cpu_seconds: float
    calls: float


@dataclass(frozen=True, slots=True)
class Round:
    """The three ways' prices, one after the other."""

    ours: Price
    naive: Price
    bare: Price


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many deliveries each way releases in a round; the naive loop's cost grows in a line."""

    ours: int
    naive: int


def measure(folder: Path, *, sizes: Sizes, rounds: int) -> list[Figure]:
    """Return both prices and their ratio."""
    due = deliveries(sizes.ours, datetime.now(UTC) - timedelta(seconds=30))
    with canned(folder, due) as endpoint, environment(_configured(endpoint)):
        calls = recorded(folder)
        with AwsRequests() as requests, _ours(folder) as ours:
            naive, bare = Naive(), Bare(calls)

            def turn() -> Round:
                return Round(
                    price(requests, ours, sizes.ours),
                    price(requests, partial(naive.release, sizes.naive), sizes.naive),
                    price(requests, partial(bare.release, sizes.ours), sizes.ours),
                )

            turn()  # makes the connections and the threads
            return compared([turn() for _ in range(rounds)], sizes)


@contextmanager
def _ours(folder: Path) -> Iterator[Release]:
    """Wire the production service anew within."""
    with ExitStack() as held:
        log = held.enter_context((folder / "log").open("w", encoding="utf-8"))
        held.enter_context(wired(telemetry=JsonTelemetry(log)))
        yield wiring.releasing().release


def compared(rounds: Sequence[Round], sizes: Sizes) -> list[Figure]:
    """Return what rounds of the three ways say."""
    ratios = [each.ours.cpu_seconds / each.naive.cpu_seconds for each in rounds]
    floors = [each.bare.cpu_seconds / each.naive.cpu_seconds for each in rounds]
    ours, naive = [each.ours for each in rounds], [each.naive for each in rounds]
    return [
        Figure("CPU for each claim", _microseconds(ours), "µs", note=f"{sizes.ours} due at once"),
        Figure("CPU for each, naive loop", _microseconds(naive), "µs", note=f"{sizes.naive} due"),
        Figure("CPU over the naive loop's", middle(ratios), "×", CPU_RATIO, note=spread(ratios)),
        Figure("the same calls without our code", middle(floors), "×", note=spread(floors)),
        Figure("AWS calls for each claim", middle(one.calls for one in ours), "", CALLS),
        Figure("AWS calls for each, naive loop", middle(one.calls for one in naive)),
    ]


def _microseconds(prices: Sequence[Price]) -> float:
    return middle(one.cpu_seconds for one in prices) * 1_000_000


def price(requests: AwsRequests, release: Release, expected: int) -> Price:
    """Return what one release costs for each delivery; every one of them must be released."""
    with requests.counted() as calls:
        began = time.process_time()
        released = release()
        spent = time.process_time() - began
    if released != expected:
        raise RuntimeError(f"{released} of {expected} deliveries were released.")
    return Price(spent / released, calls.total() / released)


class Naive:
    """The loop one would write first."""

    def __init__(self) -> None:
        """Make the clients as they are made where nobody thinks of it."""
        self._dynamodb: Any = boto3.client("dynamodb")
        self._kinesis: Any = boto3.client("kinesis")
        self._table = settings.current().table_name
        self._stream = settings.current().stream_name

    def release(self, most: int) -> int:
        """Release what is due, one by one; no more than so many. Return how many."""
        for entry in islice(self._due(), most):
            self._kinesis.put_record(
                StreamName=self._stream,
                Data=json.dumps({name: value["S"] for name, value in entry.items()}),
                PartitionKey=entry[schema.PK]["S"],
            )
            self._dynamodb.update_item(
                TableName=self._table,
                Key={name: entry[name] for name in (schema.PK, schema.SK)},
                UpdateExpression="SET #status = :processing",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":processing": {"S": "processing"}},
            )
        return most

    def _due(self) -> Iterator[Mapping[str, Any]]:
        now = format_instant(datetime.now(UTC))
        pages = self._dynamodb.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=schema.GSI2,
            KeyConditionExpression=f"{schema.GSI2PK} = :due AND {schema.GSI2SK} <= :now",
            ExpressionAttributeValues={":due": {"S": WHOLE}, ":now": {"S": now}},
        )
        return (entry for page in pages for entry in page["Items"])


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it was handed to botocore."""

    service: str
    operation: str
    arguments: Mapping[str, Any]


class Bare:
    """Calls as they were made before, once more: by clients like ours, on as many threads."""

    def __init__(self, calls: Sequence[Call]) -> None:
        """Take calls that don't depend on one another's answers."""
        config = Config(parameter_validation=False, max_pool_connections=wiring.STORE_CONNECTIONS)
        self._clients: dict[str, Any] = {
            service: boto3.client(service, config=config)  # type: ignore[call-overload] # recorded
            for service in {call.service for call in calls}
        }
        self._calls = calls

    def release(self, number: int) -> int:
        """Make every call; return the number of deliveries they are for."""
        list(wiring.release_pool().map(self._make, self._calls))
        return number

    def _make(self, call: Call) -> None:
        getattr(self._clients[call.service], xform_name(call.operation))(**call.arguments)


def recorded(folder: Path) -> list[Call]:
    """Release once; return the calls that were made for it."""
    calls: list[Call] = []

    def note(params: Mapping[str, Any], model: Any, **_: object) -> None:
        service = model.service_model.service_name
        calls.append(Call(service, model.name, copy.deepcopy(dict(params))))

    with hooked(BUILT, note), _ours(folder) as ours:
        ours()
    return calls


def deliveries(number: int, due_at: datetime) -> list[Delivery]:
    """Return deliveries that wait for the scheduler, over the channels in turns."""
    ids, names = wiring.ids(), cycle(wiring.registry())
    return [
        Delivery(
            DeliveryKey(ids.new(), next(names)),
            Status.PENDING,
            revision=1,
            due_at=due_at,
            next_at=due_at,
            correlation_id=ids.new(),
        )
        for _ in range(number)
    ]


@contextmanager
def canned(folder: Path, due: Sequence[Delivery]) -> Iterator[str]:
    """Serve deliveries within; yield the address that stands in for DynamoDB and Kinesis."""
    path, port = folder / "canned.json", free_ports().aws
    on_the_wire = TypeSerializer().serialize
    stored = [on_the_wire(items.delivery_item(one))["M"] for one in due]
    document = {"items": stored, "partition": schema.GSI2PK, "sort": schema.GSI2SK}
    path.write_text(json.dumps(document), encoding="utf-8")
    command = [sys.executable, "-m", "benchmarks.canned", str(port), str(path)]
    log = folder / "canned.log"
    child = processes.spawn("canned", command, isolated(os.environ), log=log, folder=PROJECT)
    try:
        until(lambda: embedded.get(port, "/") is not None, "The canned AWS")
        yield f"http://127.0.0.1:{port}"
    finally:
        processes.stop([child], LEAVING_SECONDS)


def _configured(endpoint: str) -> Mapping[str, str]:
    return {
        **isolated(os.environ),
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": embedded.ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": embedded.ACCESS_KEY,
        "AWS_DEFAULT_REGION": embedded.REGION,
        "CLAIMS_PER_SECOND": str(CLAIMS_PER_SECOND),
    }
