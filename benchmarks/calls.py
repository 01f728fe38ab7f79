"""How many AWS calls a request costs, and a delivery: the number that decides the API's speed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks import fanout
from benchmarks.counting import AwsRequests
from benchmarks.doors import Doors
from benchmarks.figures import Figure
from benchmarks.stage import AUTHOR, Relay, environment, stage, wired
from benchmarks.surroundings import Surroundings
from chalicelib import wiring
from chalicelib.domain.channels import ChannelName
from chalicelib.observability import JsonTelemetry

KEY = {"idempotency-key": "benchmark-1"}
LATER = "2100-01-01T00:00:00Z"

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request or delivery made us call."""

    name: str
    calls: Counter[str]
    goal: int | None = None

    def figure(self) -> Figure:
        """Return the number of calls, with each of them in the note."""
        told = ", ".join(f"{calls} {name}" for name, calls in sorted(self.calls.items()))
        return Figure(self.name, self.calls.total(), "calls", self.goal, note=told)


def of_requests(requests: AwsRequests, doors: Doors) -> list[Cost]:
    """Return the cost of each kind of request, once everything that is kept has been read."""
    made = doors("POST", "/api/v1/messages", message()).body["id"]
    doors("GET", "/api/v1/messages")

    def cost(name: str, goal: int | None, *request: Any) -> Cost:
        with requests.counted() as calls:
            doors(*request)
        return Cost(name, calls, goal)

    create = ("POST", "/api/v1/messages")
    keyed = message()
    return [
        cost("create a message", 2, *create, message()),
        cost("create a message, Idempotency-Key", 2, *create, keyed, KEY),
        cost("the same again, replayed", None, *create, keyed, KEY),
        cost("create a message for later", None, *create, message(scheduled_at=LATER)),
        cost("create a draft", None, *create, message(draft=True)),
        cost("read a message", 1, "GET", f"/api/v1/messages/{made}"),
        cost("list one's own messages", 1, "GET", "/api/v1/messages"),
        cost("read a timeline", None, "GET", f"/api/v1/messages/{made}/timeline"),
        cost("list the channels", None, "GET", "/api/v1/channels"),
        cost("read oneself", None, "GET", "/api/v1/me"),
    ]


def message(**more: Any) -> dict[str, Any]:
    """Return the body of a message on every channel that takes text alone."""
    return {"content": f"Number {next(_numbers)}", "channels": fanout.takers(), **more}


def of_deliveries(requests: AwsRequests, relay: Relay, upload: str) -> list[Cost]:
    """Return what the worker calls for one delivery on each channel, with a picture."""
    for name in wiring.registry():
        fanout.publish(relay, [fanout.draft(upload, [name])])  # clients, secrets, pictures
    return [_of_delivery(requests, relay, upload, name) for name in wiring.registry()]


def _of_delivery(requests: AwsRequests, relay: Relay, upload: str, name: ChannelName) -> Cost:
    with relay.holding() as hints:
        wiring.publishing().submit(fanout.draft(upload, [name]), AUTHOR)
    with requests.counted() as calls:
        relay.put(hints)
        relay.settle()
    people = len(wiring.subscriptions().page(name, 100, None).items)
    return Cost(f"deliver on {name}" + (f" to {people} recipients" if people else ""), calls)


def measure(around: Surroundings, folder: Path) -> list[Figure]:
    """Return the counts against the embedded AWS."""
    with AwsRequests() as requests:
        with (folder / "calls.log").open("w", encoding="utf-8") as log:
            telemetry = JsonTelemetry(log)
            with environment(around.environment), wired(telemetry=telemetry):
                import app  # which reads this environment

                costs = of_requests(requests, Doors(app.app))
        with stage(around, folder / "deliveries.log") as relay:
            costs += of_deliveries(requests, relay, fanout.uploaded(around))
    return [cost.figure() for cost in costs]
