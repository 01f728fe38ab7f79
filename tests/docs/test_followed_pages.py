"""What the pages tell people to type works, and prints what they say."""

from __future__ import annotations

import pytest

from tests.docs.following import Running, expectations, follow, matches
from tests.docs.pages import blocks, page

pytestmark = [pytest.mark.slow, pytest.mark.emulator]

FOLLOWED = {"tutorial.md": 1, "how-to/resolve-doubt.md": 0}
"""Pages and how many of their first commands are those that start the product."""


@pytest.mark.parametrize("place", FOLLOWED)
def test_every_command_of_a_page_does_what_the_page_says(place: str, product: Running) -> None:
    told = blocks(page(place), "sh", "text", "json")
    commands = [block for block in told if block.kind == "sh"][FOLLOWED[place] :]
    told = told[told.index(commands[0]) :]
    printed = follow(told, product)
    wrong = [
        f"line {block.line} printed:\n{output}"
        for block, output, expected in zip(commands, printed, expectations(told), strict=True)
        if expected is not None and not matches(product.here(expected), output)
    ]
    assert not wrong, "\n".join(wrong)


def test_the_product_that_the_tutorial_starts_shows_six_channels(product: Running) -> None:
    rows = [line.split()[:2] for line in product.output.read_text("utf-8").splitlines()]
    assert sum(row[1:] == ["delivered"] for row in rows) == 6
