"""Make both zips and the template of one stage, checked, in one folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from infrastructure.packaging import (
    archive,
    checks,
    generated,
    interpreter,
    project,
    services,
    trees,
    wheels,
)
from infrastructure.packaging.archive import Archive
from infrastructure.packaging.target import Architecture, PackagingError
from infrastructure.packaging.template import DRAWING, LAYER_FILE, functions, with_layer

APPLICATION_FILE = "deployment.zip"
TEMPLATE_FILE = "sam.json"
RUNTIME_LOCK = "requirements.txt"
MEDIA_LOCK = "requirements-media.txt"
FONTS_FOLDER = "imaging_fonts"
"""Where imaging looks for its fonts on the import path (`chalicelib.gateways.imaging.text`)."""


@dataclass(frozen=True, slots=True)
class Built:
    """What was made."""

    application: Archive
    layer: Archive
    users: tuple[str, ...]
    """The functions of the template, by their names in ``app.py``."""

    def table(self) -> str:
        """Return the files as rows for a person."""
        drawing = [name for name in self.users if name in DRAWING]
        rows = [("file", "bytes", "sha256", "used by")]
        for made, users in ((self.application, list(self.users)), (self.layer, drawing)):
            size = f"{made.size_bytes:,}"
            rows.append((made.path.name, size, made.sha256, ", ".join(users)))
        return "\n".join(f"{name:<18} {size:>11}  {sha:<64}  {by}" for name, size, sha, by in rows)


def package(source: Path, target: Path, *, stage: str, architecture: Architecture) -> Built:
    """Package a stage of the project at `source` into `target`, which holds nothing else after.

    Raises `PackagingError`, and then `target` is not there. Works offline once ``build/wheels`` of
    the project has every wheel.
    """
    shutil.rmtree(target, ignore_errors=True)
    if stage not in (known := project.stage_names(source)):
        raise PackagingError(f"There is no stage '{stage}'; there is {', '.join(known)}.")
    python = interpreter.find()
    with _workshop(source) as work:
        copy = project.copy(source, work / "project", architecture)
        made = work / "package"
        made.mkdir()
        application = _application(source, copy, made, architecture, python)
        layer = _layer(source, work, made, architecture, python)
        checks.require_unzipped([application.path, layer.path])
        found = project.template(copy, stage, application.path, work / "sam", architecture)
        name = f"{project.app_name(source)}-{stage}-imaging"
        text = json.dumps(with_layer(found, name, architecture), indent=2, sort_keys=True)
        (made / TEMPLATE_FILE).write_text(f"{text}\n", "utf-8")
        users = tuple(sorted(handler for handler, _ in functions(found)))
        project.offer(source, application.path, architecture)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, target)
    moved = [_in(target, each) for each in (application, layer)]
    return Built(moved[0], moved[1], users)


@contextmanager
def _workshop(source: Path) -> Iterator[Path]:
    """Give a folder on the target's disk that is gone afterwards."""
    build = source / "build"
    build.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="packaging-", dir=build) as folder:
        yield Path(folder)


def _application(
    source: Path, copy: Path, made: Path, architecture: Architecture, python: str
) -> Archive:
    tree, code = made.parent / "application", made.parent / "code"
    wheels.install(source / RUNTIME_LOCK, tree, source / "build" / "wheels", architecture)
    project.unpack_code(copy, code)
    generated.write(code, python, source / RUNTIME_LOCK, source / "build" / "wheels")
    (code / "chalice").rename(tree / "chalice")
    trees.prune(tree, services.called(tree, code))
    trees.compile_dependencies(tree, python, "/var/task")
    trees.compile_code(code, python, "/var/task")
    shutil.copytree(code, tree, dirs_exist_ok=True)
    zipped = archive.write(tree, made / APPLICATION_FILE)
    locked = wheels.locked(source / RUNTIME_LOCK)
    checks.require(zipped.path, architecture, locked, at_most=checks.APPLICATION_BYTES)
    return zipped


def _layer(
    source: Path, work: Path, made: Path, architecture: Architecture, python: str
) -> Archive:
    tree = work / "layer"
    wheels.install(source / MEDIA_LOCK, tree, source / "build" / "wheels", architecture)
    trees.prune(tree, ())
    trees.compile_dependencies(tree, python, "/opt/python")
    shutil.copytree(source / project.FONTS, tree / FONTS_FOLDER)
    zipped = archive.write(tree, made / LAYER_FILE, "python/")
    checks.require(zipped.path, architecture, wheels.locked(source / MEDIA_LOCK))
    return zipped


def _in(folder: Path, made: Archive) -> Archive:
    return Archive(folder / made.path.name, made.size_bytes, made.sha256)
