"""JSON as RFC 8259 means it, and no more: what decoders silently accept is a fault here.

One pass of the standard decoder keeps duplicate names and the words that are no JSON; one walk over
its result turns them into faults that say where they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any

from chalicelib.domain.errors import Fault, InvalidMessage

MAX_DEPTH = 32
MAX_DIGITS = 400
"""Digits of a number; any double fits, and none is slow to read."""

_STRUCTURE = re.compile(rf'"(?:[^"\\]|\\.)*"?|[\[{{]|[\]}}]|[0-9]{{{MAX_DIGITS + 1}}}', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Pairs(list[tuple[str, Any]]):
    """An object as it was written, duplicates included."""


class _Word(str):
    """A word that some decoders take for a number: NaN or an infinity."""

    __slots__ = ()


def read_object(body: bytes) -> tuple[dict[str, Any], list[Fault]]:
    """Return the JSON object in a request body, and what in it is no proper JSON.

    Faults: duplicate names (the last counts); NaN, infinities and numbers beyond a double (read as
    null); lone surrogates and U+0000 (a name with one is left out). `InvalidMessage` for what can't
    be read at all: other encodings than UTF-8, other syntax, nesting deeper than `MAX_DEPTH`.
    """
    text = _decoded(body)
    _refuse_bombs(text)
    try:
        value = json.loads(
            text, object_pairs_hook=_Pairs, parse_constant=_Word, parse_float=_finite
        )
    except (ValueError, RecursionError) as error:
        where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise _only("invalid_json", f"The body is not JSON{where}.") from error
    if not isinstance(value, _Pairs):
        raise _only("not_an_object", "The body must be a JSON object.")
    faults: list[Fault] = []
    plain: dict[str, Any] = _plain(value, "", faults)
    return plain, faults


def pointer(*segments: str | int) -> str:
    """Return the RFC 6901 JSON pointer to a place; lone surrogates become U+FFFD."""
    return "".join(
        "/" + _SURROGATE.sub("\ufffd", str(s)).replace("~", "~0").replace("/", "~1")
        for s in segments
    )


def _only(code: str, detail: str) -> InvalidMessage:
    return InvalidMessage([Fault("", code, detail)])


def _decoded(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _only("invalid_utf8", "The body is not valid UTF-8.") from error


def _refuse_bombs(text: str) -> None:
    """Refuse nesting and digits that the decoder would choke on, without building anything."""
    depth = 0
    for found in _STRUCTURE.finditer(text):
        sign = text[found.start()]
        if sign in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise _only("too_deep", f"The body nests deeper than {MAX_DEPTH} levels.")
        elif sign in "]}":
            depth -= 1
        elif sign.isdigit():
            raise _only("number_too_long", f"A number has more than {MAX_DIGITS} digits.")


def _finite(digits: str) -> float | _Word:
    value = float(digits)
    return value if isfinite(value) else _Word(digits)


def _plain(value: Any, where: str, faults: list[Fault]) -> Any:
    """Return a value without the reader's own types, and note what is wrong with it."""
    if isinstance(value, _Word):
        faults.append(Fault(where, "not_a_number", "This is not a JSON number."))
        return None
    if isinstance(value, str):
        faults += _text_faults(value, where)
        return value
    if isinstance(value, _Pairs):
        return _object(value, where, faults)
    if isinstance(value, list):
        return [_plain(item, f"{where}/{index}", faults) for index, item in enumerate(value)]
    return value


def _object(pairs: Sequence[tuple[str, Any]], where: str, faults: list[Fault]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        here = where + pointer(name)
        if name in found:
            faults.append(Fault(here, "duplicate_key", "This name is written twice."))
        improper = list(_text_faults(name, here))
        faults += improper
        plain = _plain(value, here, faults)
        if not improper:  # else it is no field of ours
            found[name] = plain
    return found


def _text_faults(text: str, where: str) -> Iterator[Fault]:
    if _SURROGATE.search(text):
        yield Fault(where, "lone_surrogate", "Remove the broken character (a lone surrogate).")
    if "\0" in text:
        yield Fault(where, "null_character", "Remove the null character (U+0000).")
