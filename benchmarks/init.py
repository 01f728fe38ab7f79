"""What Lambda's init of the packaged application costs, beside FastAPI and Mangum with our routes.

Lambda's own runtime client loads each application and asks a stand-in of the Runtime API for its
first event; the CPU time of its threads until then is the init. Each side comes from a package of
its own with nothing else installed. Theirs is as pip installs it and a zip carries it: all source,
no bytecode, and a folder that takes none.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from zipfile import ZipFile

from benchmarks.figures import Figure, middle, spread
from infrastructure.packaging import build, interpreter, project, trees, wheels
from infrastructure.packaging.target import ARCHITECTURES
from sandbox import processes
from sandbox.state import PROJECT

PROCESSES = Path("/proc")
STAGE = "prod"
LOCK = PROJECT / "requirements-peers.txt"
KEPT = PROJECT / "build" / "wheels"
ARCHITECTURE = ARCHITECTURES["arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"]
CLIENT = "client"
CLIENT_PARTS = (
    "awslambdaric",
    "runtime_client*",
    "simplejson",
    "snapshot_restore_py",
)
RATIO = 0.25
PATIENCE_SECONDS = 60.0
PAIRS = 3
"""Pairs for each round: one takes two seconds, and other work on this machine disturbs it."""


@dataclass(frozen=True, slots=True)
class Side:
    """One application, and the folders it is imported from, its own first."""

    name: str
    folders: tuple[Path, ...]


def measure(folder: Path, *, rounds: int) -> list[Figure]:
    """Return what is shipped, and both inits with their ratio."""
    python = interpreter.find()
    peers = _peers(folder, python)
    made = build.package(PROJECT, folder / "package", stage=STAGE, architecture=ARCHITECTURE)
    ours, theirs = _ours(folder), _theirs(folder, peers)
    pairs = [
        (init_seconds(python, ours, folder), init_seconds(python, theirs, folder))
        for _ in range(rounds * PAIRS)
    ]
    ratios = [mine / other for mine, other in pairs]
    mine, other = (middle(side) * 1000 for side in zip(*pairs, strict=True))
    return [
        Figure("deployment.zip", made.application.size_bytes / 1_000_000, "MB", 8),
        Figure("imaging-layer.zip", made.layer.size_bytes / 1_000_000, "MB"),
        Figure("CPU of a cold init, as packaged", mine, "ms"),
        Figure("CPU of a cold init, FastAPI + Mangum as installed", other, "ms"),
        Figure("cold init, ratio", middle(ratios), "×", RATIO, note=spread(ratios)),
    ]


def _peers(folder: Path, python: str) -> Path:
    """Install their packages without bytecode; Lambda's runtime client goes to a folder of its own.

    It is the machine's, not a package's: both sides get it with bytecode.
    """
    target, client = folder / "peers", folder / CLIENT
    wheels.install(LOCK, target, KEPT, ARCHITECTURE)
    client.mkdir()
    for pattern in CLIENT_PARTS:
        for part in target.glob(pattern):
            shutil.move(part, client / part.name)
    trees.compile_dependencies(client, python, "/var/runtime")
    return target


def _ours(folder: Path) -> Side:
    task = folder / "ours"
    with ZipFile(folder / "package" / build.APPLICATION_FILE) as archive:
        archive.extractall(task)
    return Side("ours", (task, folder / CLIENT))


def _theirs(folder: Path, peers: Path) -> Side:
    task = folder / "theirs"
    copy = project.copy(PROJECT, folder / "copy", ARCHITECTURE)
    shutil.copytree(copy / "chalicelib", task / "chalicelib")
    (task / "chalicelib" / "edge" / "__init__.py").write_text("")  # it imports Chalice
    shutil.copyfile(Path(__file__).with_name("peer.py"), task / "app.py")
    (task / "routes.json").write_text(json.dumps(list(_routes())))
    return Side("theirs", (task, peers, folder / CLIENT))


def _routes() -> Iterator[tuple[str, str, str]]:
    from app import app

    for path, methods in app.routes.items():
        for method, route in methods.items():
            yield path, method, route.view_function.__name__


def init_seconds(python: str, side: Side, folder: Path) -> float:
    """Return the CPU time until an application asks for its first event."""
    with _runtime_api() as (address, asked):
        environment = {
            **_variables(),
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": os.pathsep.join(map(str, side.folders)),
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_LAMBDA_RUNTIME_API": address,
            "AWS_LAMBDA_FUNCTION_NAME": "api",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "LAMBDA_TASK_ROOT": str(side.folders[0]),
        }
        command = [python, "-S", "-m", "awslambdaric", "app.app"]
        log = folder / f"{side.name}.log"
        child = processes.spawn(side.name, command, environment, log=log, folder=side.folders[0])
        try:
            if not asked.wait(PATIENCE_SECONDS):
                raise RuntimeError(f"{side.name} asked for no event:{child.last_words()}")
            return _cpu_seconds(child.pid)
        finally:
            processes.stop([child], 0)


def _variables() -> dict[str, str]:
    config = json.loads((PROJECT / ".chalice" / "config.json").read_text("utf-8"))
    variables: dict[str, str] = config["stages"][STAGE]["environment_variables"]
    return variables


def _cpu_seconds(pid: int) -> float:
    spent = [
        int((task / "schedstat").read_text().split()[0])
        for task in (PROCESSES / str(pid) / "task").iterdir()
    ]
    return sum(spent) / 1e9


@contextmanager
def _runtime_api() -> Iterator[tuple[str, Event]]:
    """Serve a Runtime API that never has an event; give its address and when it was asked."""
    asked, over = Event(), Event()

    class Asked(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            over.wait()

        def do_POST(self) -> None:
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", asked
    finally:
        over.set()
        server.shutdown()
        server.server_close()
