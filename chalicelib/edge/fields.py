"""Fields of request bodies: each type judges itself, and its schema is the published one.

What can't be read at all (another type, no date, no channel of ours) is refused always. A *rule* of
a value that can be read lists every reason at once, and stands aside where the rest of a refused
body is read for whoever judges it further.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from chalicelib.domain.instants import parse_instant, zone
from chalicelib.domain.text import Reason, is_blank, reject_reasons, visible_length
from chalicelib.edge.identifiers import canonical_uuid

LATEST_PAST = timedelta(minutes=5)
MAX_NAME = 100
CHANNEL_FORMAT = "channel-name"
"""Marks the schema of a channel's name; the published document lists the names there."""
RULE = "rule"
"""Type of the error that holds a rule's reasons."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a body is judged against: the channels there are, and the time it is."""

    channels: Collection[str]
    now: datetime
    lenient: bool = False
    """Whether rules stand aside, because what breaks them is known and the rest is wanted."""


def _around(info: ValidationInfo) -> Surroundings:
    if not isinstance(info.context, Surroundings):
        raise TypeError("Bodies are validated with their surroundings as context.")
    return info.context


def _refused(code: str, detail: str) -> PydanticCustomError:
    return PydanticCustomError(code, "{detail}", {"detail": detail})


def _rule(*checks: Callable[[Any], Iterable[Reason]]) -> AfterValidator:
    """Return a validator that lets a readable value pass, or lists all that is wrong with it."""

    def judge(value: Any, info: ValidationInfo) -> Any:
        if isinstance(info.context, Surroundings) and info.context.lenient:
            return value
        if reasons := [reason for check in checks for reason in check(value)]:
            raise PydanticCustomError(RULE, "It breaks a rule.", {"reasons": reasons})
        return value

    return AfterValidator(judge)


def _on_one_line(text: str) -> Iterator[Reason]:
    if any(ord(sign) < 32 or 127 <= ord(sign) < 160 or sign in "\u2028\u2029" for sign in text):
        detail = "Write this on one line, without control characters."
        yield Reason("control_character", detail)


def _visible(text: str) -> Iterator[Reason]:
    if is_blank(text):
        yield Reason("blank", "A reader would see nothing here.")


def _written(name: str) -> Iterator[Reason]:
    if not name:
        yield Reason("blank", "Write the name of the person to announce, or leave it out.")


def _short(name: str) -> Iterator[Reason]:
    if visible_length(name) > MAX_NAME:
        yield Reason("too_long", f"A name has at most {MAX_NAME} visible characters.")


def _some(items: list[Any]) -> Iterator[Reason]:
    if not items:
        yield Reason("empty", "Give at least one.")


def _channel(value: str, info: ValidationInfo) -> str:
    known = _around(info).channels
    if value not in known:
        raise _refused("unknown_channel", f"Choose from: {', '.join(known)}.")
    return value


def _uuid(value: str) -> str:
    canonical = canonical_uuid(value)
    if canonical is None:
        raise _refused("invalid_id", "This is not an id we gave out.")
    return canonical


def _parsed(parse: Callable[[str], Any], code: str) -> Callable[[Any], Any]:
    """Return a validator that reads a text, and refuses anything else."""

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            raise _refused("wrong_type", "Input should be a valid string.")
        try:
            return parse(value)
        except ValueError as error:
            raise _refused(code, str(error)) from error

    return read


def _day(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError("Write a date as 2026-01-31.")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("There is no such date.") from None


def _zone_name(text: str) -> str:
    return zone(text).key


def _schedulable(value: datetime, info: ValidationInfo) -> datetime:
    if value < _around(info).now - LATEST_PAST:
        raise _refused("in_the_past", "This instant has passed; leave it out to publish now.")
    return value


def _string(schema: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **schema})


def _described(**schema: Any) -> Any:
    """Return what says a rule in the published schema."""
    return Field(json_schema_extra=schema)


Note = Annotated[str, _rule(reject_reasons)]
"""A text whose only control characters are newline and tab; it may be empty."""
Text = Annotated[str, _rule(reject_reasons, _visible), _described(minLength=1)]
Word = Annotated[str, _rule(_on_one_line)]
"""A text on one line; it may be empty."""
Line = Annotated[str, _rule(_on_one_line, _visible), _described(minLength=1)]
Name = Annotated[str, _rule(_on_one_line, _visible, _short), _described(minLength=1)]
PersonName = Annotated[str, _rule(_written), _described(minLength=1)]
"""Whom to announce; the domain judges the rest."""
ChannelText = Annotated[str, AfterValidator(_channel), _string({"format": CHANNEL_FORMAT})]
ChannelList = Annotated[list[ChannelText], _rule(_some), _described(minItems=1, uniqueItems=True)]
UploadId = Annotated[str, AfterValidator(_uuid), _string({"format": "uuid"})]
Moment = Annotated[
    datetime,
    BeforeValidator(_parsed(parse_instant, "invalid_instant")),
    _string({"format": "date-time"}),
]
Instant = Annotated[Moment, AfterValidator(_schedulable)]
"""A moment that can yet be scheduled for."""
ZoneName = Annotated[str, AfterValidator(_parsed(_zone_name, "unknown_time_zone"))]
Day = Annotated[date, BeforeValidator(_parsed(_day, "invalid_date")), _string({"format": "date"})]
AccountText = Annotated[Line, StringConstraints(max_length=4_096)]
AccountValue = Annotated[
    Annotated[AccountText, Tag("\0text")] | Annotated[dict[str, AccountText], Tag("\0group")],
    Discriminator(lambda value: "\0group" if isinstance(value, dict) else "\0text"),
]
"""A text, or texts that belong together. No name in JSON that we read looks like these marks."""
