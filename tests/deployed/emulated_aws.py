"""Run an emulated AWS that knows nothing of this checkout: the deployed functions run inside it.

Its interpreter is that of an environment of its own, which holds the emulator and nothing else. A
function runs on the same interpreter, behind whatever is installed there; so nothing may be.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks.surroundings import LEAVING_SECONDS, free_ports
from sandbox import embedded, processes
from sandbox.environment import isolated, until
from sandbox.provision import Clients
from sandbox.state import PROJECT, read_json

PYTHON = PROJECT / ".venv-deployed" / "bin" / "python"
"""`make deployed` makes it of requirements-deployed.txt."""
PROCESS = Path(__file__).with_name("ministack_process.py")
LAST_LINES = 40

Answer = tuple[int, Mapping[str, str], bytes]


@dataclass(frozen=True)
class Decision:
    """Whether a role was allowed an action, and by which statement."""

    role: str
    action: str
    resource: str
    statement: str
    decision: str
    """``Allow``, ``Deny`` or ``ImplicitDeny``."""


@dataclass(frozen=True)
class EmulatedAws:
    """One that runs, with policies enforced and nothing in it yet."""

    port: int
    folder: Path

    @property
    def url(self) -> str:
        """Return the address of all its services."""
        return f"http://127.0.0.1:{self.port}"

    def websocket(self, api: str) -> str:
        """Return the address of a WebSocket API."""
        return f"ws://127.0.0.1:{self.port}/_aws/execute-api/{api}/v1"

    @cached_property
    def clients(self) -> Clients:
        """Return who makes clients of it."""
        return Clients(self.url)

    def client(self, service: str) -> Any:
        """Return a client that may do everything."""
        return self.clients.client(service)

    def request(self, method: str, path: str, form: Mapping[str, str] | None = None) -> Answer:
        """Return status, headers and body of what a browser is answered; follow nothing."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        try:
            connection.request(method, path, urlencode(form) if form else None, kind)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    @property
    def log(self) -> Path:
        """Return where it writes what it has to say."""
        return self.folder / "aws.log"

    @property
    def decisions_file(self) -> Path:
        """Return where its process writes."""
        return self.folder / "decisions.jsonl"

    def decisions(self) -> list[Decision]:
        """Return every decision so far, the oldest first."""
        try:
            lines = self.decisions_file.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [Decision(**json.loads(line)) for line in lines]

    def last_words(self) -> str:
        """Return the end of what it said."""
        lines = self.log.read_text("utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LAST_LINES:])


@contextmanager
def running(folder: Path) -> Iterator[EmulatedAws]:
    """Run it on a free port within, with its state in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    aws = EmulatedAws(free_ports().aws, folder)
    environment = embedded.environment(_surroundings(), aws.port, folder)
    command = [str(PYTHON), "-P", str(PROCESS), str(aws.decisions_file)]
    child = processes.spawn("aws", command, environment, log=aws.log, folder=folder)
    try:
        until(lambda: _is_ready(child, aws), "The emulated AWS")
        yield aws
    finally:
        processes.stop([child], LEAVING_SECONDS)


def _is_ready(child: processes.Child, aws: EmulatedAws) -> bool:
    assert child.is_running, f"The emulated AWS {child.ending()}:\n{aws.last_words()}"
    return embedded.is_healthy(aws.port)


def _surroundings() -> dict[str, str]:
    """Return this machine's environment without what a function would find of it.

    `isolated` has no AWS endpoint: one would win over the emulator's own in every function. Tracing
    is the deployed functions' own business, and the way to their code goes through their package.
    """
    ours = ("AWS_XRAY_SDK_ENABLED", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    return {name: value for name, value in isolated(os.environ).items() if name not in ours}


@dataclass(frozen=True)
class Outside:
    """The platforms' stand-ins."""

    url: str
    platforms: Mapping[str, str]
    accounts: Mapping[str, Mapping[str, Any]]


@contextmanager
def outside(folder: Path, aws: EmulatedAws) -> Iterator[Outside]:
    """Run the platforms' stand-ins on free ports within; mail and text messages pass to `aws`."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_ports().sandbox
    command = [sys.executable, "-m", "sandbox.platforms", "--port", str(port)]
    command += ["--state", str(folder), "--aws", aws.url, "--api", ""]
    log = folder / "outside.log"
    child = processes.spawn("sandbox", command, isolated(os.environ), log=log, folder=PROJECT)
    try:
        summary = until(lambda: read_json(folder / "outside.json"), "The platforms' stand-ins")
        yield Outside(summary["sandbox"], summary["platforms"], summary["accounts"])
    finally:
        processes.stop([child], LEAVING_SECONDS)
