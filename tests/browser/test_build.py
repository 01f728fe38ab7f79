"""What a browser fetches first, and later, stays small; what is served can't be abused."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

from scripts import web

pytestmark = [pytest.mark.browser, pytest.mark.slow]

INITIAL_BYTES = 140_000
LAZY_BYTES = 40_000
LOCK = web.FRONTEND / "package-lock.json"


def manifest(built: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((built / ".vite" / "manifest.json").read_text())
    return found


def zipped(path: Path) -> int:
    return len(gzip.compress(path.read_bytes()))


def with_imports(chunks: dict[str, Any], name: str) -> set[str]:
    """Return a chunk with all that it can't run without."""
    wanted, seen = [name], set[str]()
    while wanted:
        one = wanted.pop()
        if one not in seen:
            seen.add(one)
            wanted += chunks[one].get("imports", [])
    return seen


def test_what_is_fetched_first_keeps_its_budget(built: Path) -> None:
    chunks = manifest(built)
    first = with_imports(chunks, "index.html") | {"src/lib/words.es.ts"}
    size = sum(zipped(built / chunks[name]["file"]) for name in first)
    assert size <= INITIAL_BYTES


def test_every_page_keeps_its_budget(built: Path) -> None:
    chunks = manifest(built)
    first = with_imports(chunks, "index.html")
    sizes = {
        page: sum(
            zipped(built / chunks[name]["file"]) for name in with_imports(chunks, page) - first
        )
        for page in chunks["index.html"]["dynamicImports"]
    }
    assert len(sizes) > 5
    assert {page: size for page, size in sizes.items() if size > LAZY_BYTES} == {}


def test_nothing_runs_that_is_no_file_of_its_own(built: Path) -> None:
    page = (built / "index.html").read_text()
    assert "style=" not in page
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
    assert not re.search(r"\son\w+=", page)


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads(LOCK.read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert "://registry" not in LOCK.read_text()


def test_every_package_of_the_web_app_is_pinned() -> None:
    named = json.loads((web.FRONTEND / "package.json").read_text())
    wanted = {**named["dependencies"], **named["devDependencies"]}
    assert {name for name, version in wanted.items() if not re.match(r"\d", version)} == set()
