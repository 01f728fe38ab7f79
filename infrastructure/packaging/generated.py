"""Compile what `dataclasses` writes when the application is imported (`chalicelib.precompiled`).

Everything is imported once by the Python that Lambda runs, and each text is kept as it comes by.
Libraries are imported from this machine's environment, which the lock makes the same; where that is
of another Python, from wheels that are unpacked for it.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

from chalicelib.precompiled import NAME
from infrastructure.packaging import wheels
from infrastructure.packaging.target import ARCHITECTURES, VERSION, PackagingError

_COLLECT = """
import builtins, dataclasses, importlib, marshal, pkgutil, sys
from importlib.util import MAGIC_NUMBER

texts = set()

def run(source, variables=None, found=None):
    texts.add(source)
    builtins.exec(source, variables, found)

dataclasses.exec = run
import app, chalicelib
for module in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
    if not module.name.startswith("chalicelib.gateways.imaging"):
        importlib.import_module(module.name)
code = {text: compile(text, "<precompiled>", "exec", dont_inherit=True) for text in sorted(texts)}
with open(sys.argv[1], "wb") as file:
    file.write(MAGIC_NUMBER + marshal.dumps(code, 2))  # version 2: no counts of references in it
"""


def write(code: Path, python: str, lock: Path, kept: Path) -> None:
    """Put the file into the tree that holds ``app.py``. Raises `PackagingError`."""
    libraries = [code.parent / "libraries"] if sys.version_info[:2] != VERSION else []
    for folder in libraries:
        machine = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
        wheels.install(lock, folder, kept, ARCHITECTURES[machine])
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join(map(str, [code, *libraries])),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    command = [python, "-c", _COLLECT, str(code / "chalicelib" / NAME)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=code, env=environment
    )
    if done.returncode != 0:
        raise PackagingError(f"{python} could not import what is shipped:\n{done.stderr.strip()}")
