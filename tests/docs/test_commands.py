"""Every command that a page tells people to type is run by a test, or says what it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import ACCOUNT, DOCS, PAGES, ROOT, SERVER, blocks, name
from tests.docs.test_explained_pages import EXPLAINED
from tests.docs.test_followed_pages import FOLLOWED

EACH = pytest.mark.parametrize("page", PAGES, ids=name)
RUN = {DOCS / place for place in (*FOLLOWED, *EXPLAINED, "how-to/add-a-channel.md")}
"""Pages whose commands a test beside this one runs."""
ELSEWHERE = {
    "make run": "docs/tutorial.md",
    "make test": ".ci/run",
    "make synth": ".github/workflows/ci.yml",
    "make deployed": ".ci/run",
}
"""Single commands that are run for another reason, and where."""
REACHES = {ACCOUNT: ("aws ", "chalice-cdk ", "STAGE="), SERVER: ("psql ",)}
"""Words of commands that need more than this machine has."""


@EACH
def test_a_command_is_run_by_a_test_or_says_what_it_needs(page: Path) -> None:
    commands = [block for block in blocks(page.read_text("utf-8"), "sh") if not block.is_marked]
    if page not in RUN:
        assert [b.line for b in commands if b.text.strip() not in ELSEWHERE] == []


@EACH
def test_only_what_needs_more_than_this_machine_is_marked(page: Path) -> None:
    for block in blocks(page.read_text("utf-8"), "sh"):
        for mark, words in REACHES.items():
            is_reaching = any(word in block.text for word in words)
            assert block.text.startswith(mark) is is_reaching, f"line {block.line}"


@pytest.mark.parametrize("command", ELSEWHERE)
def test_what_is_run_elsewhere_is_run_there(command: str) -> None:
    assert command in (ROOT / ELSEWHERE[command]).read_text("utf-8")


@EACH
def test_commands_are_never_set_as_anything_else(page: Path) -> None:
    others = blocks(page.read_text("utf-8"), "bash", "shell", "console")
    assert [block.line for block in others] == []
