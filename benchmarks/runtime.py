"""Run a packaged application as Lambda does, and see how much CPU each of its events takes.

Lambda's own runtime client loads the application and asks a stand-in of the Runtime API for its
next event. What its threads have spent by the first time is the init; from then on, an event's cost
lies between two times it asks.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

from sandbox import processes

PROCESSES = Path("/proc")
PATIENCE_SECONDS = 60.0
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


@dataclass(frozen=True, slots=True)
class Side:
    """One application, and the folders it is imported from, its own first."""

    name: str
    folders: tuple[Path, ...]


def spent(
    python: str,
    side: Side,
    variables: Mapping[str, str],
    *,
    folder: Path,
    events: Sequence[Mapping[str, Any]] = (),
    handler: str = "app",
) -> list[float]:
    """Return the CPU seconds of a fresh process's init, and of each event after it.

    RuntimeError with its last words if it asks for no event, or answers one with an error.
    """
    with runtime_api() as api:
        environment = {
            **variables,
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": os.pathsep.join(map(str, side.folders)),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_LAMBDA_FUNCTION_NAME": handler,
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "LAMBDA_TASK_ROOT": str(side.folders[0]),
            "_HANDLER": f"app.{handler}",
        }
        command = [python, "-S", "-m", "awslambdaric", f"app.{handler}"]
        log = folder / f"{side.name}.log"
        child = processes.spawn(side.name, command, environment, log=log, folder=side.folders[0])
        try:
            times = [0.0, _spent_until(api, child, side.name)]
            for event in events:
                api.send(event)
                times.append(_spent_until(api, child, side.name))
        finally:
            processes.stop([child], 0)
    return [after - before for before, after in pairwise(times)]


def _spent_until(api: RuntimeApi, child: processes.Child, name: str) -> float:
    try:
        answer = api.asked(PATIENCE_SECONDS)
    except Empty:
        raise RuntimeError(f"{name} asked for no event:{child.last_words()}") from None
    if "errorType" in answer or answer.get("statusCode", 200) >= 300:
        raise RuntimeError(f"{name} answered {answer}:{child.last_words()}")
    return _cpu_seconds(child.pid)


def _cpu_seconds(pid: int) -> float:
    spent = [
        int((task / "schedstat").read_text().split()[0])
        for task in (PROCESSES / str(pid) / "task").iterdir()
    ]
    return sum(spent) / 1e9


@dataclass
class RuntimeApi:
    """What a runtime client talks to."""

    address: str = ""
    answers: Queue[dict[str, Any]] = field(default_factory=Queue)
    """What was answered last each time an event is asked for; at first nothing."""
    events: Queue[bytes | None] = field(default_factory=Queue)

    def asked(self, patience_seconds: float) -> dict[str, Any]:
        """Wait until an event is asked for; return the answer to the one before. Else `Empty`."""
        return self.answers.get(timeout=patience_seconds)

    def send(self, event: Mapping[str, Any]) -> None:
        """Give an event to whoever asked."""
        self.events.put(json.dumps(event).encode())


@contextmanager
def runtime_api() -> Iterator[RuntimeApi]:
    """Serve a Runtime API within."""
    api = RuntimeApi()
    last: dict[str, Any] = {}

    class Asked(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            api.answers.put(dict(last))
            event = api.events.get()
            if event is None:
                return
            deadline = int(time.time() * 1000 + PATIENCE_SECONDS * 1000)
            self.send_response(200)
            self.send_header("Lambda-Runtime-Aws-Request-Id", "1")
            self.send_header("Lambda-Runtime-Deadline-Ms", str(deadline))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:::function:a")
            self.send_header("Lambda-Runtime-Trace-Id", TRACE)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(event)))
            self.end_headers()
            self.wfile.write(event)

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told = json.loads(content or "{}")
            last.clear()
            last.update(told if isinstance(told, dict) else {})
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    server.daemon_threads = True
    api.address = f"127.0.0.1:{server.server_address[1]}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield api
    finally:
        api.events.put(None)
        server.shutdown()
        server.server_close()
