"""What a function's first event costs after its init: the rest of a cold start.

Each event goes to a fresh process of the packaged application. Around it are the embedded AWS and
the stand-ins, so that everything it does is done.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import fanout
from benchmarks.calls import message
from benchmarks.doors import Doors
from benchmarks.figures import Figure, middle, spread
from benchmarks.runtime import Side, spent
from benchmarks.stage import AUTHOR, Relay, stage
from benchmarks.surroundings import surroundings
from chalicelib import wiring
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.instants import format_instant
from chalicelib.domain.ports import Hint
from chalicelib.gateways.stream import encode

CHANNEL = ChannelName("linkedin")
"""On which the worker's first delivery is: the one that most communities have."""


@dataclass(frozen=True, slots=True)
class First:
    """An event, and the function that gets it."""

    name: str
    handler: str
    event: Mapping[str, Any]


def measure(python: str, side: Side, folder: Path, *, rounds: int) -> list[Figure]:
    """Return the CPU time of each kind of first event."""
    costs: dict[str, list[float]] = {}
    with surroundings(folder / "firsts", 0) as around:
        variables = {**around.environment, "TRACING": "true"}
        with stage(around, folder / "firsts.log") as relay:
            for _ in range(rounds):
                for first in _firsts(relay):
                    events = (first.event,)
                    times = spent(
                        python, side, variables, folder=folder, events=events, handler=first.handler
                    )
                    costs.setdefault(first.name, []).append(times[1] * 1000)
    return [
        Figure(f"CPU of the first event, {name}", middle(times), "ms", note=spread(times))
        for name, times in costs.items()
    ]


def _firsts(relay: Relay) -> Iterator[First]:
    """Yield each kind of event; the scheduler finds what rounds before may have left."""
    from app import app

    knock = Doors(app).event
    with relay.holding() as hints:
        sent = wiring.publishing().submit(fanout.draft(None, [CHANNEL]), AUTHOR)
    yield First("GET /health", "app", knock("GET", "/health"))
    yield First("GET a message", "app", knock("GET", f"/api/v1/messages/{sent.message.id}"))
    yield First("POST a message", "app", knock("POST", "/api/v1/messages", message()))
    yield First("one delivery", "deliver", _records(hints))
    yield First("a tick", "release_due", _tick())


def _records(hints: Sequence[Hint]) -> Mapping[str, Any]:
    records = [
        {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": hint.key.message_id,
                "sequenceNumber": str(number),
                "data": base64.b64encode(encode(hint)).decode(),
                "approximateArrivalTimestamp": datetime.now(UTC).timestamp(),
            },
            "eventSource": "aws:kinesis",
            "eventID": f"shardId-0:{number}",
        }
        for number, hint in enumerate(hints, start=1)
    ]
    return {"Records": records}


def _tick() -> Mapping[str, Any]:
    return {
        "version": "0",
        "id": "1",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "",
        "time": format_instant(datetime.now(UTC)),
        "region": "us-east-1",
        "resources": [],
        "detail": {},
    }
