"""Bring the virtual environment given as argument in step with requirements-dev.txt.

Everything said goes to stderr: the stdout of a make target belongs to its command.
"""

import fcntl
import signal
import subprocess
import sys
import venv
from pathlib import Path

REQUIREMENTS = Path("requirements-dev.txt")
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


def run_pip(python: Path, log: Path, total: int) -> int:
    """Install the locked packages, showing how far it is, and return pip's exit code."""
    command: list[str | Path] = [python, "-m", "pip", "install", "--require-hashes"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    command += ["-r", REQUIREMENTS]
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
                    say(f"{start}{seen} of {total} fetched, unpacking")
        except BaseException:
            pip.terminate()
            raise
    return pip.returncode


def main(directory: Path) -> None:
    stamp, log = directory / REQUIREMENTS.name, directory / "pip.log"
    python = directory / "bin" / "python"
    with REQUIREMENTS.open() as file:
        # The kernel drops this lock with its process, so a killed make leaves none behind.
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another make is installing the packages: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        wanted = file.read()
        runs = is_usable(python)
        if runs and stamp.exists() and stamp.read_text() == wanted:
            return
        say(f"Installing the packages into {directory} (a minute, again only when they change)")
        if not runs:
            venv.create(directory, clear=True, with_pip=True, symlinks=True)
        stamp.unlink(missing_ok=True)
        total = sum(line[:1].isalnum() for line in wanted.splitlines())
        if run_pip(python, log, total):
            words = "\n  ".join(log.read_text().splitlines()[-3:])
            sys.exit(
                f"\nThe packages could not be installed; is the package index reachable? "
                f"The end of {log}:\n  {words}"
            )
        stamp.write_text(wanted)
        say(f"  {total} installed")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        here = f"{sys.executable} is {sys.version_info[0]}.{sys.version_info[1]}"
        sys.exit(f"Python 3.11, 3.12 or 3.13 is needed and {here}: choose another with PYTHON.")
    try:
        main(Path(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"\nThe virtual environment could not be made: {error}")
