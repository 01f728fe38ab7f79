"""The whole local product as a user runs it: readiness, and a message's way."""

from __future__ import annotations

import http.client
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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
POLL_SECONDS = 0.1
FEEDS = ("facebook", "instagram", "linkedin")


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
        try:
            self._connection.request(method, path, content, {**self._headers, **kind})
            answer = self._connection.getresponse()
        except http.client.RemoteDisconnected:
            if method != "GET":
                raise
            self._connection.close()  # idle for too long: asking opens another one
            return self(method, path)
        text = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@contextmanager
def running(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Run ``python -m sandbox run`` within, on free ports, with its state in `folder`."""
    state = State(folder.resolve())
    state.path.mkdir(parents=True, exist_ok=True)
    named = {name: str(port) for name, port in free_ports().named().items()}
    own = {**named, **(settings or {}), "OMNICHANNEL_STATE_DIR": str(state.path)}
    environment = {**isolated(os.environ), **own}
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
