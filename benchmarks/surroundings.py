"""Start what a measurement needs around it: each process on a port of its own, all of them stopped.

Nothing is shared with a product that somebody else runs on this machine.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

from chalicelib.settings import Settings
from sandbox import embedded, processes
from sandbox.environment import SHORT, isolated, until, variables
from sandbox.ports import Ports
from sandbox.processes import Child
from sandbox.provision import Clients, provision
from sandbox.state import PROJECT, State, read_json

LEAVING_SECONDS = 25.0
OUTGOING = Path("/proc/sys/net/ipv4/ip_local_port_range")
FIRST_PORT = 20_000
PORTS_APART = 509
"""Between the ports that two neighbouring processes begin at."""


@dataclass(frozen=True)
class Surroundings:
    """An embedded AWS and the stand-ins, running and provisioned."""

    environment: Mapping[str, str]
    """What our own code has to be configured with to use them."""
    accounts: Mapping[str, Mapping[str, Any]]
    clients: Clients


def free_ports() -> Ports:
    """Return three ports that nobody listens on.

    No connection is given one of them before its owner listens, or while its owner is restarted;
    another process that asks is told of others, most probably.
    """
    return Ports(*islice(filter(embedded.is_free, _UNUSED), 3))


def _unused() -> Iterator[int]:
    """Count through the ports below those that the system gives to outgoing connections."""
    try:
        end = int(OUTGOING.read_text().split()[0])
    except OSError:  # not Linux
        end = 49_152
    span = (end if end > FIRST_PORT else 65_536) - FIRST_PORT
    for number in count(os.getpid() * PORTS_APART):
        yield FIRST_PORT + number % span


_UNUSED = _unused()


@contextmanager
def surroundings(folder: Path, latency_ms: float) -> Iterator[Surroundings]:
    """Run the embedded AWS and stand-ins that take `latency_ms` longer for every request."""
    state, ports = State(folder.resolve()), free_ports()
    state.prepare()
    base = isolated(os.environ)
    aws_url = f"http://127.0.0.1:{ports.aws}"
    command = [sys.executable, "-m", "sandbox.platforms", "--port", str(ports.sandbox)]
    command += ["--state", str(state.outside), "--aws", aws_url, "--latency-ms", str(latency_ms)]
    command += ["--api", ""]  # nobody listens to what becomes of the messages
    children: list[Child] = []
    try:
        aws = embedded.environment(base, ports.aws, state.aws)
        log = state.logs / "aws.log"
        children.append(processes.spawn("aws", embedded.COMMAND, aws, log=log, folder=state.aws))
        log = state.logs / "sandbox.log"
        children.append(processes.spawn("sandbox", command, base, log=log, folder=PROJECT))
        until(lambda: embedded.is_healthy(ports.aws), "The embedded AWS")
        outside = until(lambda: read_json(state.outside / "outside.json"), "The sandbox")
        clients = Clients(aws_url)
        resources = provision(clients, Settings.read({}))
        configured = variables(ports, resources.as_json(), outside["platforms"])
        yield Surroundings({**base, **SHORT, **configured}, outside["accounts"], clients)
    finally:
        processes.stop(children, LEAVING_SECONDS)
