"""What a browser fetches first, and later, stays small; what is served can't be abused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks.web import BYTES_IN_KB, INITIAL_KB, LAZY_KB
from scripts import web, web_sizes

pytestmark = [pytest.mark.browser, pytest.mark.slow]

INITIAL_BYTES = INITIAL_KB * BYTES_IN_KB
LAZY_BYTES = LAZY_KB * BYTES_IN_KB
LOCK = web.FRONTEND / "package-lock.json"


def test_what_is_fetched_first_keeps_its_budget(built: Path) -> None:
    assert web_sizes.initial(built) <= INITIAL_BYTES


def test_every_page_keeps_its_budget(built: Path) -> None:
    sizes = web_sizes.pages(built)
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
