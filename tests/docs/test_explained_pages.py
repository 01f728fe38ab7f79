"""What the pages about architecture and security name is there, and their commands run."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.docs.following import expectations, matches
from tests.docs.pages import ROOT, Block, blocks, page

EXPLAINED = ("architecture.md", "security.md", "how-to/tune-memory.md", "how-to/watch-cost.md")
FOLDERS = ("chalicelib", "infrastructure", "sandbox", "tests", ".chalice")
EACH = pytest.mark.parametrize("place", EXPLAINED)


def told(place: str) -> list[tuple[Block, str | None]]:
    """Return the commands of a page that need no account, and what they print."""
    found = blocks(page(place), "sh", "text")
    commands = [block for block in found if block.kind == "sh"]
    both = zip(commands, expectations(found), strict=True)
    return [(b, said) for b, said in both if not b.is_marked]


def codes(place: str) -> list[str]:
    """Return what a page sets as code within its sentences."""
    prose = re.sub(r"^```.*?^```$", "", page(place), flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"`([^`\n]+)`", prose)


@pytest.mark.slow
@EACH
def test_every_command_that_needs_no_account_prints_what_the_page_says(place: str) -> None:
    usual = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    activated = {**usual, "PATH": f"{sys.prefix}/bin:{usual['PATH']}"}
    for block, said in told(place):
        done = subprocess.run(
            ["/bin/sh", "-euc", block.text],
            cwd=ROOT,
            env=activated,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        assert said is not None and matches(said, done.stdout), done.stdout


@EACH
def test_each_page_has_a_command_that_is_run(place: str) -> None:
    assert told(place)


@EACH
def test_every_make_command_that_a_page_names_is_one(place: str) -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {text.split()[1] for text in codes(place) if text.startswith("make ")}
    assert named and named <= targets


@EACH
def test_every_file_that_a_page_names_is_there(place: str) -> None:
    named = {text for text in codes(place) if text.split("/")[0] in FOLDERS}
    assert named and [text for text in sorted(named) if not [*ROOT.glob(text)]] == []


def test_every_test_that_is_called_a_proof_is_there() -> None:
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"def (test_\w+)\(", sources))
    named = {text for text in codes("security.md") if text.startswith("test_")}
    assert len(named) > 20
    assert named - known == set()
