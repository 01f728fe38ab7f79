"""Bring the virtual environment given as argument in step with requirements-dev.txt.

A second argument names another file, whose packages join those of the first. Everything said goes
to stderr: the stdout of a make target belongs to its command.
"""

import fcntl
import os
import signal
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REQUIREMENTS = Path("requirements-dev.txt")
INFRASTRUCTURE = Path("requirements-infrastructure.txt")
WORDS = {
    INFRASTRUCTURE: "what the infrastructure needs",
    Path("requirements-deployed.txt"): "an AWS to deploy to",
}
COMMAND = """#!{python}
import sys

sys.path.insert(0, {project!r})
from infrastructure.cli import main

sys.exit(main())
"""
"""`chalice-cdk`, which comes with the infrastructure's packages."""
LINES_BETWEEN_REPORTS = 25
OLDEST, NEWEST = (3, 11), (3, 13)
"""The interpreters that the locked packages are for; scripts/find-python looks for one of them."""


def say(text: str, end: str = "\n") -> None:
    print(text, end=end, file=sys.stderr, flush=True)


def is_usable(python: Path) -> bool:
    """Tell whether an environment's interpreter still runs, has a usable version and pip."""
    wanted = f"{OLDEST} <= sys.version_info[:2] <= {NEWEST}"
    check: list[str | Path] = [python, "-c", f"import pip, sys; sys.exit(not {wanted})"]
    try:
        return subprocess.run(check, capture_output=True).returncode == 0
    except OSError:
        return False


def run_pip(python: Path, requirements: Path, log: Path, total: int) -> int:
    """Install the locked packages, showing how far it is, and return pip's exit code."""
    command: list[str | Path] = [python, "-m", "pip", "install", "--require-hashes"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    command += ["-r", requirements]
    start, end = ("\r  ", "") if sys.stderr.isatty() else ("  ", "\n")
    fetched = ("Collecting ", "Processing ", "Requirement already ", "Ignoring ")
    seen = 0
    with (
        log.open("w") as record,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as pip,
    ):
        try:
            for line in pip.stdout or ():
                record.write(line)
                if line.startswith(fetched):
                    seen += 1
                    if not end or seen % LINES_BETWEEN_REPORTS == 0:
                        say(f"{start}{seen} of {total} fetched", end)
                elif line.startswith("Installing collected packages"):
                    say(f"{start}{seen} of {total} fetched; unpacking takes half a minute")
        except BaseException:
            pip.terminate()
            raise
    return pip.returncode


def put_command(directory: Path) -> None:
    """Make `chalice-cdk` a command of the environment."""
    command = directory / "bin" / "chalice-cdk"
    python = (directory / "bin" / "python").absolute()
    command.write_text(COMMAND.format(python=python, project=str(Path.cwd())))
    command.chmod(0o755)


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Let nobody else change this environment within; others wait."""
    directory.mkdir(parents=True, exist_ok=True)
    # The kernel drops this lock with its process, so a killed make leaves none behind.
    lock = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another make is installing into {directory}: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def main(directory: Path, requirements: Path = REQUIREMENTS) -> None:
    stamp, log = directory / requirements.name, directory / "pip.log"
    python = directory / "bin" / "python"
    with alone(directory):
        wanted = requirements.read_text()
        runs = is_usable(python)
        if runs and stamp.exists() and stamp.read_text() == wanted:
            return
        what = WORDS.get(requirements, "the packages")
        say(f"Installing {what} into {directory} (a minute, again only when it changes)")
        if not runs:
            venv.create(directory, clear=True, with_pip=True, symlinks=True)
        stamp.unlink(missing_ok=True)
        total = sum(line[:1].isalnum() for line in wanted.splitlines())
        if run_pip(python, requirements, log, total):
            words = "\n  ".join(log.read_text().splitlines()[-3:])
            sys.exit(
                f"\nThe packages could not be installed; is the package index reachable? "
                f"The end of {log}:\n  {words}"
            )
        if requirements == INFRASTRUCTURE:
            put_command(directory)
        stamp.write_text(wanted)
        say(f"  {total} installed")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        here = f"{sys.executable} is {sys.version_info[0]}.{sys.version_info[1]}"
        sys.exit(f"Python 3.11, 3.12 or 3.13 is needed and {here}: choose another with PYTHON.")
    try:
        main(*map(Path, sys.argv[1:3]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"\nThe virtual environment could not be made: {error}")
