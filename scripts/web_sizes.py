"""How much of the built web app a browser fetches, zipped, by the manifest of its build."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.web_app import DIST

FIRST = "index.html"
LONGEST_WORDS = "src/lib/words.es.ts"
"""The sentences of one language are fetched with what is fetched first."""


def initial(built: Path = DIST) -> int:
    """Return the bytes of all scripts before anything is seen."""
    chunks = _manifest(built)
    return _zipped(built, chunks, _with_imports(chunks, FIRST) | {LONGEST_WORDS})


def pages(built: Path = DIST) -> Mapping[str, int]:
    """Return the bytes of what each page adds."""
    chunks = _manifest(built)
    first = _with_imports(chunks, FIRST)
    return {
        page: _zipped(built, chunks, _with_imports(chunks, page) - first)
        for page in chunks[FIRST]["dynamicImports"]
    }


def _manifest(built: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((built / ".vite" / "manifest.json").read_text())
    return found


def _with_imports(chunks: Mapping[str, Any], name: str) -> set[str]:
    """Return a chunk with all that it can't run without."""
    wanted, seen = [name], set[str]()
    while wanted:
        one = wanted.pop()
        if one not in seen:
            seen.add(one)
            wanted += chunks[one].get("imports", [])
    return seen


def _zipped(built: Path, chunks: Mapping[str, Any], names: set[str]) -> int:
    return sum(len(gzip.compress((built / chunks[name]["file"]).read_bytes())) for name in names)
