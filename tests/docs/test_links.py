"""Every link between the pages leads somewhere, and nothing in them belongs to one machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, PAGES, anchors, links, name

EACH = pytest.mark.parametrize("page", PAGES, ids=name)
ELSEWHERE = ("https://", "http://127.0.0.1", "mailto:")
OF_ONE_MACHINE = re.compile(r"/(?:work|home|root|Users|tmp)/")


@EACH
def test_every_link_of_a_page_leads_to_a_file_and_its_heading(page: Path) -> None:
    broken = []
    for target in links(page.read_text("utf-8")):
        if target.startswith(ELSEWHERE):
            continue
        place, _, anchor = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        known = anchors(file.read_text("utf-8")) if file.suffix == ".md" and file.is_file() else ()
        if not file.exists() or (anchor and anchor not in known):
            broken.append(target)
    assert not broken


@EACH
def test_a_page_names_no_place_of_one_machine(page: Path) -> None:
    assert not OF_ONE_MACHINE.findall(page.read_text("utf-8"))


@EACH
def test_a_page_begins_with_its_title(page: Path) -> None:
    assert page.read_text("utf-8").startswith("# ")


def test_the_map_leads_to_every_page() -> None:
    found = {
        (DOCS / t.partition("#")[0]).resolve()
        for t in links((DOCS / "README.md").read_text("utf-8"))
    }
    pages = {page for page in PAGES if page.is_relative_to(DOCS)} - {DOCS / "README.md"}
    assert not pages - found


def test_a_decision_fits_on_one_page() -> None:
    numbered = DOCS.glob("decisions/[0-9]*.md")
    assert not [page.name for page in numbered if len(page.read_text("utf-8").split()) > 500]
