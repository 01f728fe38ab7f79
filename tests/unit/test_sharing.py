"""Tests that share fixtures are run by one process."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from sandbox.state import PROJECT
from tests.sharing import group


@pytest.mark.parametrize(
    ("nodeid", "expected"),
    [
        ("tests/app/test_live.py::test_this[a::b]", "tests/app/test_live.py"),
        ("tests/simulation/test_mutants.py::test_this[a]",) * 2,
        ("tests/deployed/test_native.py::test_this", "tests/deployed/test_native.py"),
        ("tests/deployed/test_live.py::test_this", "tests/deployed"),
        ("tests/deployed/test_policies.py::test_this", "tests/deployed"),
    ],
)
def test_what_belongs_together(nodeid: str, expected: str) -> None:
    assert group(nodeid) == expected


def test_two_processes_share_by_file() -> None:
    files = ["tests/unit/services/test_once.py", "tests/unit/services/test_watching.py"]
    options = ["-n", "2", "--dist", "load", "-v"]  # which by itself would tear them apart
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ran = set(re.findall(r"^\[(gw\d)\].* PASSED ([^:]+)::", done.stdout, re.MULTILINE))
    assert sorted(file for _, file in ran) == files
    assert len({process for process, _ in ran}) == 2
