"""Write a folder as a zip that depends on nothing but its files' names and bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time a zip can tell."""
_UNIX = 3
_READABLE = 0o100644 << 16
"""A regular file that everyone may read: Lambda runs as a user that does not own it."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip that was written."""

    path: Path
    size_bytes: int
    sha256: str


def write(tree: Path, path: Path, prefix: str = "") -> Archive:
    """Zip the files of a folder, in order of their names, under `prefix`."""
    files = {f"{prefix}{found.relative_to(tree).as_posix()}": found for found in tree.rglob("*")}
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=9) as archive:
        for name, found in sorted(files.items()):
            if found.is_file():
                archive.writestr(_entry(name), found.read_bytes())
    content = path.read_bytes()
    return Archive(path, len(content), hashlib.sha256(content).hexdigest())


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name, EPOCH)
    entry.compress_type = ZIP_DEFLATED
    entry.create_system = _UNIX
    entry.external_attr = _READABLE
    return entry
