"""Turn unpacked wheels and code into what is shipped: nothing unused, and bytecode."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from collections.abc import Collection
from pathlib import Path
from typing import Any

from infrastructure.packaging.target import PackagingError

UNUSED_FOLDERS = frozenset({"__pycache__", "bin", "docs", "examples", "test", "tests"})
NEEDED_FOLDERS = frozenset({"botocore/docs", "boto3/docs"})
"""Called docs, but modules: clients write their own documentation on demand."""
UNUSED_SUFFIXES = frozenset({".c", ".h", ".pyi", ".pyx"})
UNUSED_FILES = ("dateutil/zoneinfo/*.tar.gz", "pydantic/mypy.*", "pydantic/v1/*")
"""A second copy of the zone data, for machines that have none; a type checker's plugin; the version
before, for models of that time."""
LEGAL = ("licen", "copying", "notice", "authors")


def prune(tree: Path, services: Collection[str]) -> None:
    """Remove what no function needs at run time; licences and the record of versions stay."""
    for folder in sorted(tree.rglob("*/"), reverse=True):
        inside = folder.relative_to(tree).as_posix()
        if folder.name in UNUSED_FOLDERS and inside not in NEEDED_FOLDERS:
            shutil.rmtree(folder)
    for path in sorted(found for found in tree.rglob("*") if found.is_file()):
        if path.suffix in UNUSED_SUFFIXES or _is_unused_metadata(path.relative_to(tree)):
            path.unlink()
    for pattern in UNUSED_FILES:
        for path in tree.glob(pattern):
            path.unlink()
    for path in tree.glob("*.dist-info/METADATA"):
        head, _, _ = path.read_bytes().partition(b"\n\n")  # without the project's read-me
        path.write_bytes(head + b"\n")
    _prune_services(tree, services)


def _is_unused_metadata(path: Path) -> bool:
    if not path.parts[0].endswith(".dist-info") or path.name == "METADATA":
        return False
    return not any(part.lower().startswith(LEGAL) for part in path.parts[1:])


def _prune_services(tree: Path, services: Collection[str]) -> None:
    data = tree / "botocore" / "data"
    if not data.is_dir():
        return
    known = {path.name for path in data.iterdir() if path.is_dir()}
    if unknown := sorted(set(services) - known):
        raise PackagingError(f"botocore knows no service {', '.join(unknown)}, which code names.")
    for root in (data, tree / "boto3" / "data"):
        for folder in sorted(path for path in root.glob("*/") if path.name not in services):
            shutil.rmtree(folder)
    for examples in data.glob("*/*/examples-1.json*"):
        examples.unlink()
    for model in data.glob("*/*/service-2.json.gz"):
        _prune_manual(model)
    _prune_endpoints(data / "endpoints.json", {_prefix(data / name) for name in services})


def _read(model: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(gzip.decompress(model.read_bytes()))
    return read


def _prune_manual(model: Path) -> None:
    """Take out what operations and shapes are for: most of what making a client would read."""
    document = _read(model)
    pruned = {part: _undocumented(document.get(part, {})) for part in ("operations", "shapes")}
    text = json.dumps({**document, **pruned}, separators=(",", ":"))
    model.write_bytes(gzip.compress(text.encode(), mtime=0))


def _undocumented(part: Any) -> Any:
    match part:
        case dict():
            kept = {
                name: value
                for name, value in part.items()
                if name != "documentation" or not isinstance(value, str)  # a member's name, too
            }
            return {name: _undocumented(value) for name, value in kept.items()}
        case list():
            return [_undocumented(value) for value in part]
    return part


def _prefix(service: Path) -> str:
    """Return what the list of endpoints calls a service."""
    model = max(service.glob("*/service-2.json.gz"))  # the newest version, which clients take
    metadata: dict[str, str] = _read(model)["metadata"]
    return metadata["endpointPrefix"]


def _prune_endpoints(path: Path, prefixes: Collection[str]) -> None:
    """Keep every partition and region, of our services: the whole list costs each cold start."""
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    for partition in document["partitions"]:
        found = partition["services"]
        partition["services"] = {name: found[name] for name in sorted(found) if name in prefixes}
    path.write_text(json.dumps(document, separators=(",", ":")), "utf-8")


def compile_dependencies(tree: Path, python: str, shown_as: str) -> None:
    """Replace other people's source by its bytecode: their releases can be read elsewhere."""
    _compile(tree, python, shown_as, "-b")
    for source in sorted(tree.rglob("*.py")):
        source.unlink()


def compile_code(tree: Path, python: str, shown_as: str) -> None:
    """Put bytecode beside our own source, which stays for the lines of tracebacks."""
    _compile(tree, python, shown_as)


def _compile(tree: Path, python: str, shown_as: str, *layout: str) -> None:
    """Compile a tree to bytecode that is good whatever its source's time says.

    `shown_as` is where the tree will lie in Lambda, for tracebacks. One process, sorted files and a
    fixed hash seed: the same source gives the same bytes.
    """
    command = [python, "-S", "-m", "compileall", "-q", "-f", *layout]
    command += ["--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(tree), "-p", shown_as, str(tree)]
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tree, env=environment
    )
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        raise PackagingError(f"{python} could not compile what is shipped:\n{said}")
