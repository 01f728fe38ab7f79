"""What is said while the packages are installed, and with which interpreter that is done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts import install

SCRIPT = Path(install.__file__)
PIP = """#!/bin/sh
[ "$1" = -c ] && exit {usable}
echo Collecting a
echo Collecting b
echo Installing collected packages: a, b
echo Successfully installed a b
exit {status}
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with requirements and an environment whose packages are outdated."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "requirements-dev.txt").write_text("a==1\nb==2\n")
    put_python(tmp_path)
    return tmp_path


def put_python(machine: Path, status: int = 0) -> None:
    python = machine / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text(PIP.format(usable=0, status=status))
    python.chmod(0o755)


def test_a_log_tells_the_beginning_the_middle_and_the_end(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install.main(machine / "venv")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[1:] == [
        "  2 of 2 fetched; unpacking takes half a minute",
        "  2 installed",
    ]


def test_what_is_in_step_already_is_left_in_silence(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install.main(machine / "venv")
    capsys.readouterr()
    install.main(machine / "venv")
    assert capsys.readouterr() == ("", "")


def test_a_failed_installation_is_told_with_pips_last_words(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_python(machine, status=1)
    with pytest.raises(SystemExit, match=r"could not be installed.*\n  Collecting b\n"):
        install.main(machine / "venv")
    assert "installed\n" not in capsys.readouterr().err
    assert not (machine / "venv" / "requirements-dev.txt").exists()


@pytest.mark.parametrize(("version", "usable"), [("3.10", False), ("3.13", True), ("3.14", False)])
def test_an_environment_of_an_unsupported_interpreter_is_not_used(
    tmp_path: Path, version: str, usable: bool
) -> None:
    python = tmp_path / "python"
    major, minor = version.split(".")
    shown = f"import sys; sys.version_info = ({major}, {minor}, 0, 'final', 0);"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{shown} $2"\n')
    python.chmod(0o755)
    assert install.is_usable(python) is usable


@pytest.mark.parametrize("version", [(3, 10), (3, 14)])
def test_an_unsupported_interpreter_is_refused_in_a_sentence(
    tmp_path: Path, version: tuple[int, int]
) -> None:
    program = (
        f"import runpy, sys; sys.version_info = ({version[0]}, {version[1]}, 0, 'final', 0);"
        f"runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    )
    command = [sys.executable, "-c", program, "venv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11, 3.12 or 3.13 is needed and ")
    assert done.stderr.count("\n") == 1


def test_the_infrastructures_packages_come_with_their_command(machine: Path) -> None:
    (machine / "requirements-infrastructure.txt").write_text("c==3\n")
    install.main(machine / "venv", Path("requirements-infrastructure.txt"))
    command = machine / "venv" / "bin" / "chalice-cdk"

    assert command.read_text().startswith(f"#!{machine / 'venv' / 'bin' / 'python'}\n")
    assert repr(str(machine)) in command.read_text()
    assert command.stat().st_mode & 0o111
    assert (machine / "venv" / "requirements-infrastructure.txt").read_text() == "c==3\n"
    assert not (machine / "venv" / "requirements-dev.txt").exists()
