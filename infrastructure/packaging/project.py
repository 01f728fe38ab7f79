"""Let Chalice read the application and write its template, around a zip that we made."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from compileall import compile_dir
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from chalice.deploy.packager import (
    AppOnlyDeploymentPackager,
    DependencyBuilder,
    LambdaDeploymentPackager,
)
from chalice.utils import UI, OSUtils

from infrastructure.packaging.target import RUNTIME, VERSION, Architecture, PackagingError

FONTS = Path("chalicelib", "gateways", "imaging", "fonts")
"""Data of imaging: 12 MB that only its layer carries."""
_REGION = "us-east-1"
"""Chalice wants one; what it writes holds none."""
_CLI = "from chalice.cli import main; main()"


def app_name(project: Path) -> str:
    """Return the application's name, which what it owns in AWS begins with."""
    return str(_config(project)["app_name"])


def stage_names(project: Path) -> list[str]:
    """Return the stages that the configuration knows."""
    return sorted(_config(project)["stages"])


def copy(project: Path, target: Path, architecture: Architecture) -> Path:
    """Return a copy of what Chalice reads: no caches, no hidden files, no fonts.

    Its configuration names the architecture.
    """
    target.mkdir()
    shutil.copyfile(project / "app.py", target / "app.py")
    shutil.copyfile(project / "requirements.txt", target / "requirements.txt")
    shutil.copytree(project / "chalicelib", target / "chalicelib", ignore=unshipped)
    shutil.rmtree(target / FONTS, ignore_errors=True)
    shutil.copytree(
        project / ".chalice", target / ".chalice", ignore=shutil.ignore_patterns("deploy*")
    )
    config = {**_config(project), "lambda_architecture": architecture.name}
    (target / ".chalice" / "config.json").write_text(json.dumps(config), "utf-8")
    return target


def unshipped(_: str, names: list[str]) -> set[str]:
    """Return which of a folder's names are caches, hidden, or an editor's: nothing to ship."""
    return {name for name in names if name.startswith((".", "__pycache__")) or name.endswith("~")}


def unpack_code(project: Path, target: Path) -> None:
    """Put what Chalice ships of itself and of the application into a tree."""
    system = OSUtils()
    chalice = AppOnlyDeploymentPackager(system, DependencyBuilder(system), _Silent())
    found = chalice.create_deployment_package(str(project), RUNTIME)
    with ZipFile(found) as archive:
        archive.extractall(target)


def offer(project: Path, package: Path, architecture: Architecture) -> None:
    """Let ``chalice deploy`` and ``chalice package`` take this package for one of their own.

    Chalice knows one by a digest over every file under ``chalicelib``, bytecode included. So all of
    it is written first: no import changes the digest later, only a change to the code does.
    Chalice deploys for the Python it runs on; another one than the package's is offered nothing.
    """
    if sys.version_info[:2] != VERSION:
        return
    if not compile_dir(project / "chalicelib", quiet=2):
        raise PackagingError("chalicelib can't be compiled.")
    _place(project, package, architecture)


def is_offered(project: Path, architecture: Architecture) -> bool:
    """Return whether ``chalice deploy`` there would take a package that was offered to it."""
    try:
        return _offered(project, architecture).exists()
    except FileNotFoundError:  # a file of the code is gone from where its link leads
        return False


def template(
    project: Path, stage: str, package: Path, folder: Path, architecture: Architecture
) -> dict[str, Any]:
    """Return the SAM template that Chalice writes for a package that is finished already."""
    _place(project, package, architecture)
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(project),
        "AWS_DEFAULT_REGION": _REGION,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
    }
    command = [sys.executable, "-c", _CLI, "package", "--stage", stage, str(folder)]
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise PackagingError(f"Chalice could not package the application:\n{done.stderr.strip()}")
    if (folder / package.name).read_bytes() != package.read_bytes():
        raise PackagingError("Chalice shipped a package of its own: has its cache changed?")
    found: dict[str, Any] = json.loads((folder / "sam.json").read_text("utf-8"))
    return found


def _place(project: Path, package: Path, architecture: Architecture) -> None:
    """Put the package where Chalice looks for one that it made earlier of the same files."""
    place = _offered(project, architecture)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(package, place)


def _offered(project: Path, architecture: Architecture) -> Path:
    system = OSUtils()
    builder = DependencyBuilder(system, architecture=architecture.name)
    chalice = LambdaDeploymentPackager(system, builder, _Silent(), architecture.name)
    running = "python{}.{}".format(*sys.version_info[:2])
    return Path(chalice.deployment_package_filename(str(project), running))


def _config(project: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project / ".chalice" / "config.json").read_text("utf-8"))
    return found


class _Silent(UI):
    """Keeps Chalice's progress to itself."""

    def write(self, msg: str) -> None:
        """Say nothing."""
