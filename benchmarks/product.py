"""The whole local product as a user runs it: readiness, a message's way, and memory afterwards."""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.figures import Figure, middle, spread
from benchmarks.surroundings import LEAVING_SECONDS, free_ports
from sandbox import processes, seed
from sandbox.environment import isolated, until
from sandbox.state import PROJECT, State, read_json

READY_SECONDS = 90.0
DELIVERY_SECONDS = 60.0
BURST_SECONDS = 150.0
POLL_SECONDS = 0.1
MEGABYTE = 1024 * 1024
PROCESSES = Path("/proc/self/task")
"""Where Linux tells about processes; elsewhere memory is not measured."""
FEEDS = ("facebook", "instagram", "linkedin")
RECIPIENTS = {"email": 3, "sms": 3, "whatsapp": 3}
"""How many the first start seeds."""
WIDE = ("facebook", "linkedin", *RECIPIENTS)
FEWEST = 10
"""How many messages on several channels it takes to see a slope."""

_numbers = count(1)


@dataclass(frozen=True)
class Running:
    """A product that is ready, and how long that took."""

    endpoints: Mapping[str, Any]
    state: State
    ready_seconds: float

    def caller(self) -> seed.Caller:
        """Return a client of the API with tokens of the demo users."""
        return seed.Caller(self.endpoints["api"], self.endpoints["sandbox"])


class KeptConnection:
    """One keep-alive connection to an HTTP server."""

    def __init__(self, base: str, token: str = "") -> None:
        address = urlsplit(base)
        self._connection = http.client.HTTPConnection(
            str(address.hostname), address.port, timeout=30
        )
        self._headers = {"Authorization": token} if token else {}

    def __call__(self, method: str, path: str, body: object = None) -> Any:
        """Return the JSON of a successful answer."""
        content = None if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"} if content else {}
        self._connection.request(method, path, content, {**self._headers, **kind})
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Run ``python -m sandbox run`` within, on free ports, with its state in `folder`."""
    state = State(folder.resolve())
    state.path.mkdir(parents=True, exist_ok=True)
    named = {name: str(port) for name, port in free_ports().named().items()}
    environment = {**isolated(os.environ), **named, "OMNICHANNEL_STATE_DIR": str(state.path)}
    began = time.monotonic()
    command = [sys.executable, "-m", "sandbox", "run"]
    log = state.path / "run.log"
    child = processes.spawn("product", command, environment, log=log, folder=PROJECT)
    try:
        endpoints = until(lambda: read_json(state.endpoints), "The product", READY_SECONDS)
        yield Running(endpoints, state, time.monotonic() - began)
    finally:
        processes.stop([child], LEAVING_SECONDS)


def arrivals(product: Running, *, rounds: int) -> list[Figure]:
    """Return how long an announcement takes to arrive."""
    ways = [way(product) for _ in range(rounds)]
    feeds, everywhere = [one.feeds for one in ways], [one.everywhere for one in ways]
    return [
        Figure("POST to delivered on the three feeds", middle(feeds), "s", note=spread(feeds)),
        Figure("POST to delivered on all six", middle(everywhere), "s", 8, note=spread(everywhere)),
    ]


@dataclass(frozen=True, slots=True)
class Way:
    """Seconds from sending a certification to its posts."""

    feeds: float
    everywhere: float


def way(product: Running) -> Way:
    """Announce a certification on every channel and watch it arrive."""
    caller, name = product.caller(), f"Grace Hopper {time.time_ns()}"
    body = {
        "member_name": name,
        "certification_type": seed.CERTIFICATION,
        "certified_on": "2026-01-01",
        "channels": [item["name"] for item in caller.get("member", "/api/v1/channels")["items"]],
        "consent": True,
    }
    began = time.monotonic()
    path = f"/api/v1/messages/{caller.post('member', '/api/v1/certifications', body)['message_id']}"

    def arrived(wanted: Sequence[str]) -> bool:
        found = caller.get("member", path)["deliveries"]
        return all(one["status"] in seed.TERMINAL for one in found if one["channel"] in wanted)

    feeds = waited(began, lambda: arrived(FEEDS))
    everywhere = waited(began, lambda: arrived(body["channels"]))  # type: ignore[arg-type] # texts
    outcomes = {one["channel"]: one["status"] for one in caller.get("member", path)["deliveries"]}
    if set(outcomes.values()) != {"delivered"}:
        raise RuntimeError(f"Not everything was delivered: {outcomes}")
    return Way(feeds, everywhere)


def waited(began: float, done: Callable[[], bool], patience: float = DELIVERY_SECONDS) -> float:
    """Return the seconds since `began` when `done` came true."""
    until(done, "A delivery", patience, lambda _: time.sleep(POLL_SECONDS))
    return time.monotonic() - began


class Burst:
    """Publishes many messages on a running product, over one connection, and sees them arrive."""

    def __init__(self, product: Running) -> None:
        token = seed.token(product.endpoints["sandbox"], "member")
        self._api = KeptConnection(product.endpoints["api"], token)
        self._wall = KeptConnection(product.endpoints["sandbox"])

    def publish(self, messages: int, channels: Sequence[str]) -> tuple[float, float]:
        """Return the seconds until all were accepted, and until all were posted."""
        before, began = self._posts(), time.monotonic()
        for _ in range(messages):
            content = f"Message {next(_numbers)} {time.time_ns()}"
            self._api("POST", "/api/v1/messages", {"content": content, "channels": channels})
        accepted = time.monotonic() - began
        wanted = before + messages * sum(RECIPIENTS.get(name, 1) for name in channels)
        posted = waited(began, lambda: self._posts() >= wanted, BURST_SECONDS)
        return accepted, posted

    def close(self) -> None:
        """Hang up."""
        self._api.close()
        self._wall.close()

    def _posts(self) -> int:
        return sum(self._wall("GET", "/posts?limit=1")["counts"].values())


def memory(product: Running, messages: int) -> list[Figure]:
    """Publish many messages on one channel, then some on several; return what they cost."""
    burst = Burst(product)
    before = resident(product)
    accepted, posted = burst.publish(messages, ["facebook"])
    after = resident(product)
    wide = max(messages // 33, FEWEST)
    burst.publish(wide, WIDE)
    growth = (total(resident(product)) - total(after)) / wide * 1000
    burst.close()
    each = ", ".join(f"{name} {size / MEGABYTE:.0f}" for name, size in after.items())
    return [
        Figure("messages accepted, one connection", messages / accepted, "/s"),
        Figure("messages delivered, facebook alone", messages / posted, "/s"),
        Figure("resident memory before them", total(before) / MEGABYTE, "MB"),
        Figure(
            f"resident memory after {messages} messages",
            total(after) / MEGABYTE,
            "MB",
            500,
            note=each,
        ),
        Figure(
            f"growth for 1000 messages on {len(WIDE)} channels, extrapolated",
            growth / MEGABYTE,
            "MB",
            note=f"from {wide}, each with {sum(RECIPIENTS.values())} recipients",
        ),
    ]


def total(parts: Mapping[str, int]) -> int:
    """Return all processes' bytes together."""
    return sum(parts.values())


def resident(product: Running) -> dict[str, int]:
    """Return the resident bytes of every process of the product, by its part."""
    return {name: family_bytes(pid) for name, pid in product.endpoints["pids"].items()} | {
        "supervisor": resident_bytes(product.endpoints["pids"]["supervisor"])
    }


def family_bytes(pid: int) -> int:
    """Return the resident bytes of a process and all that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return resident_bytes(pid) + sum(family_bytes(int(child)) for child in children)


def resident_bytes(pid: int) -> int:
    """Return the resident bytes of one process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes) * 1024
