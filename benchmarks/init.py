"""What Lambda's init of the packaged application costs, beside FastAPI and Mangum with our routes.

Each side comes from a package of its own with nothing else installed. Theirs is as pip installs it
and a zip carries it: all source, no bytecode, and a folder that takes none.
"""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from zipfile import ZipFile

from benchmarks import firsts
from benchmarks.figures import Figure, middle, spread
from benchmarks.runtime import Side, spent
from infrastructure.packaging import build, interpreter, project, trees, wheels
from infrastructure.packaging.target import ARCHITECTURES
from sandbox.state import PROJECT

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
PAIRS = 3
"""Pairs for each round: one takes two seconds, and other work on this machine disturbs it."""


def measure(folder: Path, *, rounds: int) -> list[Figure]:
    """Return what is shipped, both inits with their ratio, and what our first events cost."""
    python = interpreter.find()
    peers = _peers(folder, python)
    made = build.package(PROJECT, folder / "package", stage=STAGE, architecture=ARCHITECTURE)
    ours, theirs = _ours(folder), _theirs(folder, peers)
    init = partial(spent, python, variables=_variables(), folder=folder)
    pairs = [(init(ours)[0], init(theirs)[0]) for _ in range(rounds * PAIRS)]
    ratios = [mine / other for mine, other in pairs]
    mine, other = (middle(side) * 1000 for side in zip(*pairs, strict=True))
    return [
        Figure("deployment.zip", made.application.size_bytes / 1_000_000, "MB", 8),
        Figure("imaging-layer.zip", made.layer.size_bytes / 1_000_000, "MB"),
        Figure("CPU of a cold init, as packaged", mine, "ms"),
        Figure("CPU of a cold init, FastAPI + Mangum as installed", other, "ms"),
        Figure("cold init, ratio", middle(ratios), "×", RATIO, note=spread(ratios)),
        *firsts.measure(python, ours, folder, rounds=rounds),
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


def _variables() -> dict[str, str]:
    config = json.loads((PROJECT / ".chalice" / "config.json").read_text("utf-8"))
    variables: dict[str, str] = config["stages"][STAGE]["environment_variables"]
    return variables
