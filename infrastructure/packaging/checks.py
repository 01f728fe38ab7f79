"""Look into a finished zip: is it what Lambda runs, whole, small, and nobody else's business?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

from infrastructure.packaging.target import (
    BYTECODE_MAGIC,
    RUNTIME,
    VERSION,
    Architecture,
    PackagingError,
)
from infrastructure.packaging.wheels import Pinned, normalised

APPLICATION_BYTES = 8_000_000
"""What we allow the application's zip to grow to; Lambda takes 50 MB."""
UNZIPPED_BYTES = 250_000_000
"""Lambda's limit for a function with its layers; AWS Lambda quotas, checked 2026-11-21."""
_UNCHECKED_HASH = (1).to_bytes(4, "little")
"""The flags of bytecode that is believed without a look at the source (PEP 552)."""
_ABI = re.compile(r"\.cpython-(\d+)[^/]*\.so$")
_ELF = b"\x7fELF"
_FOREIGN = frozenset({"sandbox", "tests", "infrastructure", "benchmarks", "scripts", ".chalice"})
_PRIVATE = re.compile(r"(^|/)(\.env[^/]*|credentials|id_[a-z0-9]+|[^/]+\.(key|p12|pfx|pem))$")
_PUBLIC = frozenset({"botocore/cacert.pem"})
_SECRET = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")


def require(
    path: Path,
    architecture: Architecture,
    requirements: Iterable[Pinned],
    *,
    at_most: int | None = None,
) -> None:
    """Raise `PackagingError` that lists every fault of a zip."""
    with ZipFile(path) as archive:
        faults = [
            *lacking(archive, requirements),
            *unfit(archive, architecture),
            *uncompiled(archive),
            *improper(archive),
        ]
    size = path.stat().st_size
    if at_most is not None and size > at_most:
        faults.append(f"it has {size:,} bytes and may have {at_most:,}: see what grew, `unzip -v`")
    if faults:
        raise PackagingError("\n  ".join([f"{path.name} can't be deployed:", *faults]))


def require_unzipped(paths: Iterable[Path], at_most: int = UNZIPPED_BYTES) -> None:
    """Raise `PackagingError` if a function with its layers would not fit into Lambda."""
    total = 0
    for path in paths:
        with ZipFile(path) as archive:
            total += sum(entry.file_size for entry in archive.infolist())
    if total > at_most:
        raise PackagingError(f"Unzipped, it is {total:,} bytes; Lambda takes {at_most:,}.")


def lacking(archive: ZipFile, requirements: Iterable[Pinned]) -> Iterator[str]:
    """Yield each locked package that is not in the zip."""
    present = set()
    for name in archive.namelist():
        if name.endswith(".dist-info/METADATA"):
            told = HeaderParser().parsestr(archive.read(name).decode("utf-8"))
            present.add(Pinned(normalised(told["Name"]), told["Version"]))
    for pinned in requirements:
        if pinned not in present:
            yield f"{pinned} of the lock is missing in it"


def unfit(archive: ZipFile, architecture: Architecture) -> Iterator[str]:
    """Yield each native library that Lambda could not load."""
    for name in archive.namelist():
        with archive.open(name) as file:
            header = file.read(20)
        is_native = header.startswith(_ELF)
        machine = int.from_bytes(header[18:20], "little")
        if is_native and machine != architecture.elf:
            yield f"{name} is not for {architecture.name} (ELF machine {machine})"
        if not is_native and name.endswith((".so", ".dylib", ".pyd")):
            yield f"{name} is not a library for Linux"
        abi = _ABI.search(name)
        if abi and abi[1] != "{}{}".format(*VERSION):
            yield f"{name} is not for {RUNTIME}"


def uncompiled(archive: ZipFile) -> Iterator[str]:
    """Yield each source file without bytecode, and each bytecode that Lambda would not believe."""
    names = set(archive.namelist())
    for name in sorted(names):
        path = PurePosixPath(name)
        if path.suffix == ".py":
            tag = "cpython-{}{}".format(*VERSION)
            wanted = path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc"
            if str(wanted) not in names:
                yield f"{name} has no bytecode"
        elif path.suffix == ".pyc":
            header = archive.read(name)[:8]
            if header[:4] != BYTECODE_MAGIC:
                yield f"{name} is not bytecode of {RUNTIME}"
            elif header[4:] != _UNCHECKED_HASH:
                yield f"{name} is believed only where its source's time or hash is right"


def improper(archive: ZipFile) -> Iterator[str]:
    """Yield what must not leave this checkout, and what has no place in a zip at all."""
    for name in archive.namelist():
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            yield f"{name} would be unpacked elsewhere"
        if path.parts[0] in _FOREIGN or "tests" in path.parts:
            yield f"{name} is for developers"
        if _PRIVATE.search(name) and name not in _PUBLIC:
            yield f"{name} looks like a secret"
        elif path.parts[0] in ("app.py", "chalicelib") and _SECRET.search(archive.read(name)):
            yield f"{name} holds something that looks like a secret"
