"""Read the documentation as its readers and renderers do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md")) + [p for p in (ROOT / "README.md",) if p.exists()]

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} +(.*?) *#*$", re.MULTILINE)
_LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)")
_CODE = re.compile(r"`[^`]*`")


ACCOUNT = "# needs an AWS account\n"
SERVER = "# needs a PostgreSQL server\n"
MARKS = (ACCOUNT, SERVER)
"""How a block of commands begins that no test of the pages runs."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page, which may stand in a list."""

    kind: str
    text: str
    line: int

    @property
    def is_marked(self) -> bool:
        """Return whether its commands need what is not here."""
        return self.text.startswith(MARKS)


def name(page: Path) -> str:
    """Return a page's place as tests show it."""
    return str(page.relative_to(ROOT))


def page(place: str) -> str:
    """Return the text of a page below docs/."""
    return (DOCS / place).read_text("utf-8")


def blocks(text: str, *kinds: str) -> list[Block]:
    """Return the fenced blocks of some kinds, in order."""
    found = [
        Block(match[2], dedent(match[3]), text.count("\n", 0, match.start()) + 1)
        for match in _FENCE.finditer(text)
    ]
    return [block for block in found if block.kind in kinds]


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    seen: dict[str, int] = {}
    made = set()
    for title in _HEADING.findall(_FENCE.sub("", text)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = seen[slug] = seen.get(slug, -1) + 1
        made.add(f"{slug}-{count}" if count else slug)
    return made


def links(text: str) -> Iterator[str]:
    """Yield the targets of a page's links, outside of code."""
    yield from _LINK.findall(_CODE.sub("", _FENCE.sub("", text)))
