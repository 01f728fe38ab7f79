from __future__ import annotations

import pytest

from chalicelib.domain.errors import NotFound
from chalicelib.edge import identifiers


def test_an_id_is_read_in_either_case() -> None:
    text = "019AA5C0-0000-7000-8000-00000000FFFF"
    assert identifiers.uuid_of(text) == text.lower()


@pytest.mark.parametrize(
    "text", ["", "1", "019aa5c000007000800000000000ffff", "{019aa5c0-0000-7000-8000-00000000ffff}"]
)
def test_what_is_no_id_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        identifiers.uuid_of(text)


@pytest.mark.parametrize("text", ["", "a/b", "a#b", "a%20b", "x" * 129])
def test_what_is_no_opaque_id_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        identifiers.opaque_id_of(text)
