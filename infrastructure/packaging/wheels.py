"""Bring the locked wheels of one architecture into a folder, offline once they are kept."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infrastructure.packaging.target import RUNTIME, VERSION, Architecture, PackagingError

_PINNED = re.compile(r"^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)", re.MULTILINE)
_LACKING = re.compile(r"No matching distribution found for ([^\s;]+)")
_CHANGED = "DO NOT MATCH THE HASHES"
_LAST_LINES = 3


@dataclass(frozen=True, slots=True)
class Pinned:
    """One line of a lock."""

    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


def locked(requirements: Path) -> Iterator[Pinned]:
    """Yield what a compiled requirements file pins, names normalised."""
    for name, version in _PINNED.findall(requirements.read_text("utf-8")):
        yield Pinned(normalised(name), version)


def normalised(name: str) -> str:
    """Return a distribution's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def install(requirements: Path, target: Path, kept: Path, architecture: Architecture) -> None:
    """Unpack every locked wheel into `target`, each checked against the lock's hashes.

    What `kept` lacks is downloaded into it. Raises `PackagingError` that names the missing wheel.
    """
    kept.mkdir(parents=True, exist_ok=True)
    choice = _choice(requirements, architecture)
    unpack = [*choice, "--no-index", "--find-links", str(kept), "--target", str(target)]
    unpack += ["--no-compile", "--root-user-action=ignore"]
    first = _pip("install", unpack)
    if first.returncode == 0:
        return
    fetched = _pip("download", [*choice, "--dest", str(kept)])
    if fetched.returncode != 0:
        said = first.stderr if _CHANGED in first.stderr else fetched.stderr
        raise PackagingError(_why(said, kept, architecture))
    done = _pip("install", unpack)
    if done.returncode != 0:
        raise PackagingError(_why(done.stderr, kept, architecture))


def _choice(requirements: Path, architecture: Architecture) -> list[str]:
    """Return pip's options that leave exactly one wheel for each requirement."""
    options = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--implementation", "cp"]
    options += ["--python-version", "{}.{}".format(*VERSION), "-r", str(requirements)]
    for platform in architecture.platforms:
        options += ["--platform", platform]
    return options


def _pip(command: str, options: Sequence[str]) -> subprocess.CompletedProcess[str]:
    always = ["--quiet", "--disable-pip-version-check", "--no-input"]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "pip", command, *always, *options],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )


def _why(said: str, kept: Path, architecture: Architecture) -> str:
    """Return pip's complaint as a sentence that names the wheel."""
    end = "\n  ".join([line for line in said.splitlines() if line.strip()][-_LAST_LINES:])
    if "No space left" in said:
        return f"The disk is full: the wheels could not be kept in {kept} or unpacked."
    if _CHANGED in said:
        return f"A wheel is not the one that was locked; nothing was packaged.\n  {said.strip()}"
    lacking = _LACKING.search(said)
    what = lacking[1] if lacking else "a wheel"
    return (
        f"{what} is missing: {kept} has no wheel of it for {architecture.name} and {RUNTIME}, and "
        f"none could be downloaded. Is the package index reachable?\n  {end}"
    )
