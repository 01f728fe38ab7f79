"""How many requests a second one keep-alive connection gets from ``chalice local``.

Ours and the server that Chalice brings take turns: the same application, the same embedded AWS.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.figures import Figure, middle, spread
from benchmarks.product import KeptConnection, Running
from benchmarks.surroundings import LEAVING_SECONDS, free_ports
from sandbox import embedded, processes, seed
from sandbox.environment import SHORT, isolated, until, variables
from sandbox.ports import Ports
from sandbox.state import PROJECT, read_json

SECONDS = 1.0
RATIO = 100.0
"""What curing the stall of Chalice's own server is worth where a request costs nothing else."""


@contextmanager
def stock(product: Running) -> Iterator[str]:
    """Serve the running product's application without our gateway; yield the address."""
    port = free_ports().api
    aws = int(product.endpoints["aws"].rpartition(":")[2])
    ports = Ports(port, free_ports().sandbox, aws)
    resources = read_json(product.state.resources)
    settings = {**SHORT, **variables(ports, resources, product.endpoints["platforms"])}
    environment = {**isolated(os.environ), **settings}
    command = [sys.executable, "-m", "benchmarks.stock", str(port)]
    log = product.state.path / "stock.log"
    child = processes.spawn("stock", command, environment, log=log, folder=PROJECT)
    try:
        until(lambda: embedded.get(port, "/health"), "Chalice's own server")
        yield f"http://127.0.0.1:{port}"
    finally:
        processes.stop([child], LEAVING_SECONDS)


def measure(product: Running, *, rounds: int) -> list[Figure]:
    """Return both rates and their ratio for a request without work and for one that reads."""
    token = seed.token(product.endpoints["sandbox"], "member")
    items = product.caller().get("member", "/api/v1/messages?limit=1")["items"]
    figures: list[Figure] = []
    with stock(product) as theirs_url:
        ours = KeptConnection(product.endpoints["api"], token)
        theirs = KeptConnection(theirs_url, token)
        for name, path, goal in (
            ("/health", "/health", RATIO),
            ("a message", f"/api/v1/messages/{items[0]['id']}", None),
        ):
            pairs = [(rate(ours, path), rate(theirs, path)) for _ in range(rounds)]
            figures += compared(name, pairs, goal)
        ours.close()
        theirs.close()
    return figures


def compared(name: str, pairs: Sequence[tuple[float, float]], goal: float | None) -> list[Figure]:
    """Return what pairs of rates, ours and theirs, say."""
    ratios = [ours / theirs for ours, theirs in pairs]
    return [
        Figure(f"GET {name}", middle(ours for ours, _ in pairs), "/s"),
        Figure(f"GET {name}, Chalice's own server", middle(theirs for _, theirs in pairs), "/s"),
        Figure(f"GET {name}, ratio", middle(ratios), "×", at_least=goal, note=spread(ratios)),
    ]


def rate(connection: KeptConnection, path: str) -> float:
    """Return the requests a second that one connection gets."""
    connection("GET", path)
    requests, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        connection("GET", path)
        requests += 1
    return requests / (time.perf_counter() - began)
