"""An export as tables: one a kind, its columns from the record's fields.

    text number truth instant day    a column of their own      (late_after_ms: milliseconds)
    a delivery's key                 message_id, channel, recipient_id
    whatever has parts               jsonb, as the export writes it

Made from the shapes that an import checks, so that neither knows a field that the other does not.
"""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.domain.instants import format_instant
from chalicelib.repositories.archive import KIND, KINDS
from scripts.exports import OBJECT


@dataclass(frozen=True, slots=True)
class Column:
    """One column, and where its value stands in a line."""

    name: str
    type: str
    path: tuple[str, ...]
    required: bool


@dataclass(frozen=True, slots=True)
class Table:
    """One kind's table."""

    name: str
    kind: str
    columns: Sequence[Column]
    unique: Sequence[str]
    note: str
    parent: str = ""
    """The column that names a message which must be there."""

    @property
    def header(self) -> list[str]:
        """Return the names of the columns."""
        return [column.name for column in self.columns]

    def row(self, line: Mapping[str, Any]) -> list[str | None]:
        """Return a line's values as PostgreSQL reads them; None is NULL."""
        return [_text(column, _at(line, column.path)) for column in self.columns]

    def line(self, row: Sequence[str | None]) -> dict[str, Any]:
        """Return the line that a row stands for; ValueError for what can't be read."""
        made: dict[str, Any] = {KIND: self.kind}
        for column, text in zip(self.columns, row, strict=True):
            if text is not None:
                _put(made, column.path, _value(column, text))
        return made


_UNIQUE: Mapping[str, tuple[str, ...]] = {
    "message": ("id",),
    "revision": ("message_id", "number"),
    "delivery": ("message_id", "channel", "coalesce(recipient_id, '')"),
    "dropped_delivery": ("message_id", "channel", "coalesce(recipient_id, '')"),
    "attempt": ("message_id", "channel", "coalesce(recipient_id, '')", "number"),
    "audit_entry": ("message_id", "channel", "coalesce(recipient_id, '')", "sequence"),
    "prepared_post": ("message_id", "channel", "revision"),
    "account": ("channel",),
    "recipient": ("channel", "id"),
    "profile": ('"user"',),
    "answer": ('"user"', "key"),
    "achievement_key": ("key",),
    "adaptation": ("digest",),
}
OBJECTS = Table(
    "objects",
    OBJECT,
    (
        Column("ref", "text", ("ref",), True),
        Column("sha256", "text", ("sha256",), False),
        Column("size_bytes", "bigint", ("size_bytes",), False),
        Column("missing", "boolean", ("missing",), False),
    ),
    ("ref",),
    "Pictures that records name: objects of the media bucket.",
)


def _columns(shape: type[Any]) -> Iterator[Column]:
    hints = typing.get_type_hints(shape)
    for field in fields(shape):
        hint, required = _inner(hints[field.name])
        if hint is DeliveryKey:
            for inner in _columns(DeliveryKey):
                yield Column(inner.name, inner.type, (field.name, *inner.path), inner.required)
            continue
        kind = _type(hint)
        name = f"{field.name}_ms" if hint is timedelta else field.name
        yield Column(name, kind, (field.name,), required)


def _inner(hint: Any) -> tuple[Any, bool]:
    """Return a type without None, and whether None was not in it."""
    parts = typing.get_args(hint)
    if isinstance(hint, types.UnionType) and types.NoneType in parts:
        (inner,) = (part for part in parts if part is not types.NoneType)
        return inner, False
    return hint, True


_TYPES: Mapping[Any, str] = {
    str: "text",
    int: "bigint",
    bool: "boolean",
    datetime: "timestamptz",
    date: "date",
    timedelta: "bigint",
}


def _type(hint: Any) -> str:
    if hint in _TYPES:
        return _TYPES[hint]
    if isinstance(hint, typing.NewType) or typing.get_origin(hint) is typing.Literal:
        return "text"
    return "text" if isinstance(hint, type) and issubclass(hint, Enum) else "jsonb"


def _plural(name: str) -> str:
    return f"{name[:-1]}ies" if name.endswith("y") and name != "achievement_key" else f"{name}s"


TABLES: Sequence[Table] = (
    *(
        Table(
            _plural(kind.name),
            kind.name,
            tuple(_columns(kind.shape)),
            _UNIQUE.get(kind.name, ("id",)),
            kind.note,
            parent="message_id" if kind.pk == "MSG#" and kind.name != "message" else "",
        )
        for kind in KINDS
    ),
    OBJECTS,
)
"""Messages first: others name them."""


def _at(line: Mapping[str, Any], path: Sequence[str]) -> Any:
    value: Any = line
    for name in path:
        value = value.get(name) if value is not None else None
    return value


def _put(made: dict[str, Any], path: Sequence[str], value: Any) -> None:
    *outer, last = path
    for name in outer:
        made = made.setdefault(name, {})
    made[last] = value


def _text(column: Column, value: Any) -> str | None:
    if value is None:
        return None
    if column.type == "jsonb":
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return str(value).lower() if column.type == "boolean" else str(value)


def _value(column: Column, text: str) -> Any:
    if column.type == "jsonb":
        return json.loads(text)
    if column.type == "bigint":
        return int(text)
    if column.type == "boolean":
        return {"t": True, "true": True, "f": False, "false": False}[text]
    if column.type == "timestamptz":
        instant = datetime.fromisoformat(text)
        return format_instant(instant.astimezone(UTC)) if instant.tzinfo else text
    return text
