"""Domain values ⇄ attribute values, by the type hints of the dataclasses.

    datetime → 2026-02-05T15:00:00.000Z     date → 2026-02-05      timedelta → milliseconds
    enum → its text      tuple → list      mapping → map      dataclass → map of its fields

None is left out. A field that is not stored is None where it may be, else takes its default: so
items written by an older or newer version can be read.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, TypeVar

from chalicelib.domain.instants import format_instant

T = TypeVar("T")
MILLISECOND = timedelta(milliseconds=1)


def pack(value: Any) -> Any:
    """Return a domain value as attribute values; TypeError for a kind that is not stored."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value // MILLISECOND
    return _pack_many(value)


def _pack_many(value: Any) -> Any:
    if isinstance(value, (tuple, list)):
        return [pack(part) for part in value]
    if isinstance(value, Mapping):
        return {pack(name): pack(part) for name, part in value.items()}
    if is_dataclass(value):
        return pack_fields(value)
    raise TypeError(f"{type(value).__name__} is not stored")


def pack_fields(value: Any, *, without: frozenset[str] = frozenset()) -> dict[str, Any]:
    """Return a dataclass's fields as attributes, but for those that are None or left out."""
    return pack_some(value, [name for name in names_of(value) if name not in without])


def pack_some(value: Any, names: Iterable[str]) -> dict[str, Any]:
    """Return these fields of a dataclass as attributes, but for those that are None."""
    packed = ((name, pack(getattr(value, name))) for name in names)
    return {name: part for name, part in packed if part is not None}


def names_of(value: Any) -> tuple[str, ...]:
    """Return the names of a dataclass's fields."""
    return _names(typing.cast(Any, type(value)))


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def unpack(kind: type[T], stored: Mapping[str, Any], **given: Any) -> T:
    """Return the dataclass that the attributes describe; `given` fields are taken as they are."""
    readers, optional = _fields_of(typing.cast(Any, kind))
    values = {name: read(stored[name]) for name, read in readers.items() if name in stored}
    return kind(**{**optional, **values, **given})


@cache
def _fields_of(
    kind: type[Any],
) -> tuple[Mapping[str, Callable[[Any], Any]], Mapping[str, None]]:
    """Return how each field is read, and None for those that may be missing."""
    hints = typing.get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    readers = {name: _reader(hints[name]) for name in names}
    optional = [name for name in names if types.NoneType in typing.get_args(hints[name])]
    return readers, dict.fromkeys(optional)


def _same(value: Any) -> Any:
    return value


def _instant(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)


def _duration(value: int) -> timedelta:
    return timedelta(milliseconds=value)


_SCALARS: Mapping[Any, Callable[[Any], Any]] = {
    str: _same,
    int: _same,
    bool: _same,
    Any: _same,
    datetime: _instant,
    date: date.fromisoformat,
    timedelta: _duration,
}


def _reader(hint: Any) -> Callable[[Any], Any]:
    """Return what turns a stored value into one of this type."""
    if hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, typing.NewType):
        return _reader(hint.__supertype__)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if is_dataclass(hint):
        return lambda stored: unpack(hint, stored)  # type: ignore[arg-type] # it is a class
    return _generic_reader(typing.get_origin(hint), typing.get_args(hint))


def _generic_reader(origin: Any, arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    if origin in (types.UnionType, typing.Union):
        (inner,) = (part for part in arguments if part is not types.NoneType)
        return _reader(inner)
    if origin is typing.Literal:
        return _same
    if origin is tuple:
        read = _reader(arguments[0])
        return lambda stored: tuple(read(part) for part in stored)
    if origin is Mapping:
        name, part = (_reader(argument) for argument in arguments)
        return lambda stored: {name(key): part(value) for key, value in stored.items()}
    raise TypeError(f"{origin} is not stored")
