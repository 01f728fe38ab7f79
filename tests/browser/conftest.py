"""A browser, a built web app, and two running products for all that people do there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scripts import web
from tests.app.conftest import Running, product, running

__all__ = ["running"]  # the fixture, for the tests here

SCENARIOS = Path(__file__).with_name("scenarios.mjs")
PLAYING_SECONDS = 900


@pytest.fixture(scope="session")
def node() -> web.Node:
    """Return a Node.js; without one there is no web app to look at."""
    found = web.find_node()
    if found is None:
        pytest.skip("There is no Node.js 20.19 or newer, which builds the web app.")
    return found


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return a Chromium; Debian's own is installed where that is possible."""
    if "CHROMIUM" in os.environ:
        return os.environ["CHROMIUM"]
    found = _chromium()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-q"], ["install", "-qy", "chromium"]):
            command = ["apt-get", *arguments]
            subprocess.run(command, env=environment, capture_output=True, check=False)
        found = _chromium()
    if found is None:
        pytest.skip("There is no Chromium, and it could not be installed (apt-get, as root).")
    return found


@pytest.fixture(scope="session")
def built(node: web.Node) -> Path:
    """Build the web app of this checkout unless it is built already."""
    web.build(node, anew=False)
    return web.DIST


@pytest.fixture(scope="session")
def played(
    built: Path,
    chromium: str,
    node: web.Node,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, Any]:
    """Play every scenario in one browser; return what went wrong in each, None for nothing."""
    usual: Running = request.getfixturevalue("running")  # it says where the web app is if built
    folder = tmp_path_factory.mktemp("approving")
    with product(folder, REQUIRE_APPROVAL="true", USE_AI_AGENT="true") as approving:
        told = {
            "endpoints": usual.endpoints,
            "approving": approving.endpoints,
            "chromium": chromium,
        }
        done = subprocess.run(
            [node.folder / "node", SCENARIOS, json.dumps(told)],
            capture_output=True,
            text=True,
            timeout=PLAYING_SECONDS,
            check=False,
        )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    return {result["name"]: result["wrong"] for result in results}


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser")
