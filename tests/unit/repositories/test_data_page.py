"""Is the generated page about the table the one in the documentation?"""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.docs import data
from sandbox.docs.__main__ import REFERENCE, pages


@pytest.mark.parametrize("place", sorted(pages()), ids=lambda place: place.stem)
def test_a_generated_page_is_current(place: Path) -> None:
    assert place.read_text("utf-8") == pages()[place], "run `make docs`"


def test_the_page_about_the_data_is_among_them() -> None:
    assert pages()[REFERENCE / "data.md"] == data.render()
