"""What the pages tell people to type works, and prints what they say."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.docs.following import Running, expectations, follow, matches
from tests.docs.pages import Block, blocks, page

pytestmark = [pytest.mark.slow, pytest.mark.emulator]

FOLLOWED = {
    "tutorial.md": 1,
    "how-to/resolve-doubt.md": 0,
    "how-to/replay.md": 0,
    "how-to/send-pictures.md": 0,
    "how-to/make-a-manager.md": 0,
    "how-to/move-an-account.md": 0,
    "how-to/move.md": 0,
    "how-to/postgresql.md": 0,
    "how-to/restore.md": 0,
    "how-to/rotate-a-token.md": 0,
    "reference/sandbox.md": 0,
}
"""Pages, and how many of their first commands start the product. They break different channels, so
that they can be followed at the same time: most of it is waiting for the scheduler."""


def told(place: str) -> list[Block]:
    """Return the commands of a page and what they print, once the product runs."""
    every = blocks(page(place), "sh", "text", "json")
    found = [block for block in every if not block.is_marked]
    starts = [block for block in found if block.kind == "sh"][FOLLOWED[place]]
    return found[found.index(starts) :]


@pytest.fixture(scope="module")
def printed(product: Running) -> Iterator[dict[str, Future[list[str]]]]:
    """Follow all pages side by side."""
    with ThreadPoolExecutor(len(FOLLOWED)) as readers:
        yield {place: readers.submit(follow, told(place), product) for place in FOLLOWED}


@pytest.mark.parametrize("place", FOLLOWED)
def test_every_command_of_a_page_does_what_the_page_says(
    place: str, printed: dict[str, Future[list[str]]], product: Running
) -> None:
    found = told(place)
    commands = [block for block in found if block.kind == "sh"]
    outputs = printed[place].result()
    wrong = [
        f"line {block.line} printed:\n{output}"
        for block, output, expected in zip(commands, outputs, expectations(found), strict=True)
        if expected is not None and not matches(product.here(expected), output)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_product_that_the_tutorial_starts_shows_six_channels(product: Running) -> None:
    rows = [line.split()[:2] for line in product.output.read_text("utf-8").splitlines()]
    assert sum(row[1:] == ["delivered"] for row in rows) == 6
