"""A share of `make kill`: real processes are killed at port calls of a message."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sandbox.state import PROJECT

pytestmark = [pytest.mark.slow, pytest.mark.emulator]


def test_a_process_killed_at_its_port_calls_loses_and_doubles_nothing() -> None:
    command = [sys.executable, "-m", "tests.kill", "--brief"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.startswith("Killing a product of its own")
    assert "0 lost, 0 duplicated, 0 untrue, 0 undecided" in done.stdout
