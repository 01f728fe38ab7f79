"""The web app in an installed Chromium: first view, answers to a person, and what is fetched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator

from benchmarks.figures import Figure
from benchmarks.product import Running
from scripts import web, web_sizes

SCRIPTS = ("first-view.mjs", "calendar-latency.mjs")
INITIAL_KB = 140
LAZY_KB = 40
BYTES_IN_KB = 1000
PATIENCE_SECONDS = 300


class NoBrowser(Exception):
    """What measures in a browser is not on this machine; the message says what is missing."""


def needed() -> tuple[web.Node, str]:
    """Return the Node.js and the Chromium; raise NoBrowser without either."""
    node = web.find_node()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chrome")
    if node is None or chromium is None:
        raise NoBrowser("Measuring the web app needs Node.js 20.19 or newer, and Chromium.")
    return node, chromium


def measure(product: Running, node: web.Node, chromium: str) -> list[Figure]:
    """Measure the app that a running product serves."""
    told = json.dumps({"endpoints": product.endpoints, "chromium": chromium})
    return [*_sizes(), *(figure for name in SCRIPTS for figure in _measured(node, name, told))]


def _sizes() -> Iterator[Figure]:
    sizes = web_sizes.pages()
    largest = max(sizes, key=lambda page: sizes[page])
    initial = web_sizes.initial() / BYTES_IN_KB
    yield Figure("scripts before the first view, zipped", initial, "kB", INITIAL_KB)
    yield Figure(
        "scripts of the largest page, zipped",
        sizes[largest] / BYTES_IN_KB,
        "kB",
        LAZY_KB,
        note=largest.rpartition("/")[2],
    )


def _measured(node: web.Node, name: str, told: str) -> Iterator[Figure]:
    command = [str(node.folder / "node"), str(web.FRONTEND / "scripts" / name), told]
    done = subprocess.run(  # noqa: S603 - a script of this checkout
        command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{name} failed:\n{done.stderr}")
    for line in done.stdout.splitlines():
        yield Figure(**json.loads(line))
