"""Find a Python of the version that Lambda is declared with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from infrastructure.packaging.target import VERSION, PackagingError

FIND = Path(__file__).parents[2] / "scripts" / "find-python"
ASKING = "import sys; print('%d.%d' % sys.version_info[:2])"


def find(*, running: tuple[int, int] = sys.version_info[:2], search: Path = FIND) -> str:
    """Return an interpreter of `VERSION` that really runs.

    Raises `PackagingError` where there is none: bytecode of another version would be ignored by
    Lambda without a word, and every cold start would compile everything again.
    """
    if running == VERSION:
        return sys.executable
    found = subprocess.run([search], capture_output=True, text=True, check=False).stdout.strip()
    wanted = "{}.{}".format(*VERSION)
    if found and _version(found) == wanted:
        return found
    raise PackagingError(
        f"The package needs bytecode of Python {wanted}, the declared Lambda runtime, and this is "
        f"{running[0]}.{running[1]} with no {wanted} beside it. Install Python {wanted} (with its "
        f"venv module; Debian, Ubuntu: apt-get install python{wanted}-venv) and run this again."
    )


def _version(python: str) -> str:
    try:
        done = subprocess.run([python, "-c", ASKING], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
