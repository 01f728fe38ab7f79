"""Says what is wrong with values from outside before `codec` reads them as a dataclass.

`codec` trusts what this program stored; a file may hold anything. What passes here is read to the
same value that was packed, and packs to the same text again.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

from chalicelib.domain.instants import format_instant


class Flaw(NamedTuple):
    """What is wrong, and where: a JSON pointer."""

    pointer: str
    what: str


def flaws(kind: type[Any], given: Any, pointer: str = "") -> Iterator[Flaw]:
    """Yield everything that keeps `given` from being read as this dataclass."""
    if not isinstance(given, Mapping):
        yield Flaw(pointer, "must be an object")
        return
    hints = typing.get_type_hints(kind)
    for name in given.keys() - hints.keys():
        yield Flaw(f"{pointer}/{name}", "is not known here")
    for field in fields(kind):
        place = f"{pointer}/{field.name}"
        if field.name in given:
            yield from _flaws(hints[field.name], given[field.name], place)
        elif field.name in _needed(typing.cast(Any, kind)):
            yield Flaw(place, "is missing")


@cache
def _needed(kind: Any) -> frozenset[str]:
    """Return the fields that have no default and may not be None."""
    hints = typing.get_type_hints(kind)
    return frozenset(
        field.name
        for field in fields(kind)
        if field.default is MISSING
        and field.default_factory is MISSING
        and types.NoneType not in typing.get_args(hints[field.name])
    )


def _flaws(hint: Any, given: Any, pointer: str) -> Iterator[Flaw]:
    if hint in _SCALARS:
        what = _SCALARS[hint](given)
        if what:
            yield Flaw(pointer, what)
    elif isinstance(hint, typing.NewType):
        yield from _flaws(hint.__supertype__, given, pointer)
    elif isinstance(hint, type) and issubclass(hint, Enum):
        yield from _one_of([part.value for part in hint], given, pointer)
    elif is_dataclass(hint):
        yield from flaws(typing.cast(Any, hint), given, pointer)
    else:
        yield from _generic(typing.get_origin(hint), typing.get_args(hint), given, pointer)


def _generic(origin: Any, arguments: tuple[Any, ...], given: Any, pointer: str) -> Iterator[Flaw]:
    if origin is typing.Literal:
        yield from _one_of(list(arguments), given, pointer)
    elif origin in (types.UnionType, typing.Union):
        (inner,) = (part for part in arguments if part is not types.NoneType)
        yield from _flaws(inner, given, pointer)
    elif origin is tuple:
        yield from _each(arguments[0], given, pointer)
    elif not isinstance(given, Mapping):
        yield Flaw(pointer, "must be an object")
    else:
        for name, part in given.items():
            yield from _flaws(arguments[0], name, f"{pointer}/{name}")
            yield from _flaws(arguments[1], part, f"{pointer}/{name}")


def _each(hint: Any, given: Any, pointer: str) -> Iterator[Flaw]:
    if not isinstance(given, list):
        yield Flaw(pointer, "must be a list")
        return
    for number, part in enumerate(given):
        yield from _flaws(hint, part, f"{pointer}/{number}")


def _one_of(values: list[Any], given: Any, pointer: str) -> Iterator[Flaw]:
    if given not in values:
        yield Flaw(pointer, f"must be one of {', '.join(map(str, values))}")


def _text(given: Any) -> str:
    return "" if isinstance(given, str) else "must be a text"


def _number(given: Any) -> str:
    is_whole = isinstance(given, int) and not isinstance(given, bool)
    return "" if is_whole else "must be a whole number"


def _truth(given: Any) -> str:
    return "" if isinstance(given, bool) else "must be true or false"


def _instant(given: Any) -> str:
    return _written(given, lambda text: format_instant(_read(text)), "2026-02-05T15:00:00.000Z")


def _day(given: Any) -> str:
    return _written(given, lambda text: date.fromisoformat(text).isoformat(), "2026-02-05")


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _written(given: Any, again: Callable[[str], str], example: str) -> str:
    """Return a complaint unless a text is written as we would write it."""
    try:
        is_ours = isinstance(given, str) and again(given) == given
    except (ValueError, OverflowError):
        is_ours = False
    return "" if is_ours else f"must be written like {example}"


_SCALARS: Mapping[Any, Callable[[Any], str]] = {
    str: _text,
    int: _number,
    bool: _truth,
    datetime: _instant,
    date: _day,
    timedelta: _number,
}
