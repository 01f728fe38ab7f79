"""A supervisor that is killed can't clean up; its children do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.conftest import (
    LEAVING_SECONDS,
    POLL_SECONDS,
    PROJECT,
    await_endpoints,
    own_environment,
    start,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.emulator,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent"),
]


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait for something outside this process."""
    tick = threading.Event()
    for _ in range(int(LEAVING_SECONDS / POLL_SECONDS)):
        if holds():
            return True
        tick.wait(POLL_SECONDS)
    return False


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_killed_supervisor_leaves_neither_processes_nor_endpoints(tmp_path: Path) -> None:
    state, log = tmp_path / "state", tmp_path / "run.log"
    environment = own_environment(state)
    process = start(environment, log)
    try:
        pids = await_endpoints(process, state, log)["pids"]
    finally:
        process.kill()
        process.wait()
    assert eventually(lambda: all(is_gone(pid) for pid in pids.values()))
    assert not (state / "endpoints.json").exists()
    command = [sys.executable, "-m", "sandbox", "token", "member"]
    asked = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    told = "The product is not running: start it with make run.\n"
    assert (asked.returncode, asked.stderr) == (1, told)


@pytest.mark.parametrize(("command", "status"), [("run", 0), ("demo", 130)])
def test_an_interrupted_start_says_that_it_stopped(
    tmp_path: Path, command: str, status: int
) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", command],
        cwd=PROJECT,
        env=own_environment(tmp_path / "state"),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Starting")
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
    assert said.splitlines()[-1].startswith("Stopped; ")
    assert process.returncode == status
