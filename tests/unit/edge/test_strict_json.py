from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import InvalidMessage
from chalicelib.edge.strict_json import MAX_DEPTH, MAX_DIGITS, pointer, read_object

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
)
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20
)


def refused(body: bytes) -> dict[str, str]:
    """Return why a body can't be read at all."""
    with pytest.raises(InvalidMessage) as caught:
        read_object(body)
    return {fault.pointer: fault.code for fault in caught.value.faults}


@given(st.dictionaries(KEYS, VALUES), st.booleans())
def test_any_proper_object_is_read_as_it_was_written(value: dict[str, Any], ascii: bool) -> None:
    assert read_object(json.dumps(value, ensure_ascii=ascii).encode()) == (value, [])


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        assert isinstance(read_object(body)[0], dict)
    except InvalidMessage as error:
        assert error.faults


def test_every_fault_is_listed_with_its_place() -> None:
    body = rb'{"a": NaN, "b": [1, {"c/d": 1, "c/d": 2}], "e": "\ud800", "f": "\u0000", "\u0000": 1}'
    value, faults = read_object(body)
    assert {fault.pointer: fault.code for fault in faults} == {
        "/a": "not_a_number",
        "/b/1/c~1d": "duplicate_key",
        "/e": "lone_surrogate",
        "/f": "null_character",
        "/\0": "null_character",
    }
    assert value == {"a": None, "b": [1, {"c/d": 2}], "e": "\ud800", "f": "\0"}


def test_a_surrogate_pair_is_one_character() -> None:
    assert read_object(rb'{"a": "\ud83c\udf89"}') == ({"a": "🎉"}, [])


@pytest.mark.parametrize("sign", ["[", '{"a":'])
def test_nesting_is_bounded(sign: str) -> None:
    closing = {"[": "]", '{"a":': "}"}[sign]
    within = '{"a":' + sign * (MAX_DEPTH - 1) + "1" + closing * (MAX_DEPTH - 1) + "}"
    assert read_object(within.encode())[1] == []
    beyond = '{"a":' + sign * MAX_DEPTH + "1" + closing * MAX_DEPTH + "}"
    assert refused(beyond.encode()) == {"": "too_deep"}


def test_brackets_and_digits_inside_a_text_are_no_bomb() -> None:
    text = "[{" * 1_000 + "9" * 1_000 + '\\"['
    assert read_object(json.dumps({"a": text}).encode()) == ({"a": text}, [])


def test_a_number_has_a_bounded_length() -> None:
    assert read_object(f'{{"a": {"9" * MAX_DIGITS}}}'.encode())[1] == []
    assert refused(f'{{"a": {"9" * (MAX_DIGITS + 1)}}}'.encode()) == {"": "number_too_long"}


def test_a_syntax_error_names_its_line() -> None:
    with pytest.raises(InvalidMessage) as caught:
        read_object(b'{\n"a": oops}')
    assert "line 2" in caught.value.faults[0].detail


@pytest.mark.parametrize(
    ("segments", "expected"),
    [((), ""), (("a", 0), "/a/0"), (("a/b", "c~d"), "/a~1b/c~0d"), (("\ud800",), "/\ufffd")],
)
def test_a_pointer_is_escaped(segments: tuple[str | int, ...], expected: str) -> None:
    assert pointer(*segments) == expected
