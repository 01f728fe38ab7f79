"""Which interpreter a new machine's virtual environment is made with."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "find-python"
Have = Callable[..., Path]


@pytest.fixture
def have(tmp_path: Path) -> Have:
    """Put a command that plays an interpreter of a version on this machine."""

    def put(name: str, version: str = "", *, venv: bool = True, folder: str = "bin") -> Path:
        path = tmp_path / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        about = f'[ -n "{version}" ] || exit 127\ncase "$2" in'
        lacks = "" if venv else "*venv*) exit 1 ;;"
        path.write_text(f"#!/bin/sh\n{about}\n{lacks}\n*%d.%d*) echo {version} ;;\nesac\n")
        path.chmod(0o755)
        return path

    return put


def find(machine: Path) -> tuple[int, str, str]:
    """Run the script where nothing but the given commands is there."""
    environment = {"PATH": str(machine / "bin"), "PYENV_ROOT": str(machine / "pyenv")}
    done = subprocess.run([SCRIPT], env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def test_the_first_that_runs_is_taken(tmp_path: Path, have: Have) -> None:
    in_order = [
        ("python3.12", "3.12", "bin"),
        ("python3.12", "3.12", "pyenv/versions/3.12.8/bin"),
        ("python3.13", "3.13", "bin"),
        ("python3.11", "3.11", "bin"),
        ("python3", "3.11", "bin"),
    ]
    paths = [have(name, version, folder=folder) for name, version, folder in in_order]
    for path in paths:
        status, found, said = find(tmp_path)
        assert (status, said) == (0, "")
        assert found in (path.name, str(path))
        have(path.name, folder=str(path.parent.relative_to(tmp_path)))  # there, but only fails


@pytest.mark.parametrize("version", ["3.14", "3.15", "4.0", "3.10", "3.9", "2.7"])
def test_an_interpreter_that_nothing_is_locked_for_is_refused_in_a_sentence(
    tmp_path: Path, have: Have, version: str
) -> None:
    have("python3", version)
    status, found, said = find(tmp_path)
    assert (status, found) == (1, "")
    assert said == (
        f"Python 3.11, 3.12 or 3.13 is needed and python3 is {version}: "
        "install one of them beside it and run make again."
    )


def test_a_newer_one_does_not_hide_one_that_is_supported(tmp_path: Path, have: Have) -> None:
    have("python3", "3.14")
    have("python3.13", "3.13")
    assert find(tmp_path) == (0, "python3.13", "")


def test_a_machine_without_python_is_told_in_a_sentence(tmp_path: Path, have: Have) -> None:
    have("python3")
    status, found, said = find(tmp_path)
    assert (status, found) == (1, "")
    assert said.startswith("Python 3.11, 3.12 or 3.13 is needed and none was found")


def test_a_python_without_venv_is_told_in_a_sentence(tmp_path: Path, have: Have) -> None:
    have("python3.12", "3.12", venv=False)
    status, found, said = find(tmp_path)
    assert (status, found) == (1, "")
    assert said.startswith("python3.12 has no venv module: install it")
