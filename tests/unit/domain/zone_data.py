"""When the clocks of a zone change, read from the zone data itself: RFC 9636, nothing of zoneinfo.

A file lists the changes so far; its last line is the rule for all further years.
"""

from __future__ import annotations

import re
import struct
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib import resources

ROOT = resources.files("tzdata").joinpath("zoneinfo")
NAMES = sorted(
    set(resources.files("tzdata").joinpath("zones").read_text("ascii").split()) - {"Factory"}
)
DISTINCT = sorted({ROOT.joinpath(*name.split("/")).read_bytes(): name for name in NAMES}.values())
"""One name of each that stands for the same file."""
_HEADER = struct.Struct(">4s c 15x 6l")
_TYPE = struct.Struct(">l?B")
_NAME = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]+>)"
_CLOCK = r"[+-]?\d{1,3}(?::\d{2}){0,2}"
_DAY = rf"M\d{{1,2}}\.[1-5]\.[0-6](?:/{_CLOCK})?"
_RULE = re.compile(
    rf"{_NAME}(?P<standard>{_CLOCK})"
    rf"(?:{_NAME}(?P<summer>{_CLOCK})?,(?P<begins>{_DAY}),(?P<ends>{_DAY}))?"
)


@dataclass(frozen=True)
class Change:
    """From this second of the epoch on another offset is in force, in seconds east."""

    moment: int
    before: int
    after: int


def changes(name: str, until: int) -> list[Change]:
    """Return every change of a zone's clocks before a year, oldest first."""
    return [change for change in _known(name) if change.moment < _new_year(until)] + [
        *_ruled(name, until)
    ]


@cache
def _known(name: str) -> list[Change]:
    """Return the changes that the file lists."""
    data = _data(name)
    start = _length(data, 0, 4)  # behind the version that ends in 2038
    *_, times, types, _ = _HEADER.unpack_from(data, start)
    at = start + _HEADER.size
    moments = struct.unpack_from(f">{times}q", data, at)
    kinds = data[at + 8 * times : at + 9 * times]
    offsets = [_TYPE.unpack_from(data, at + 9 * times + 6 * kind)[0] for kind in range(types)]
    befores = [offsets[0], *(offsets[kind] for kind in kinds)]
    return [
        Change(moment, before, offsets[kind])
        for moment, before, kind in zip(moments, befores, kinds, strict=False)
    ]


def _ruled(name: str, until: int) -> Iterator[Change]:
    """Return the changes that follow from the file's last line."""
    line = _data(name).rstrip(b"\n").rpartition(b"\n")[2].decode()
    rule = _RULE.fullmatch(line)
    assert rule is not None, f"{name} has a rule of another kind: {line}"
    if rule["begins"] is None:
        return
    standard = -_seconds(rule["standard"])
    summer = -_seconds(rule["summer"]) if rule["summer"] else standard + 3_600
    known = _known(name)
    last = known[-1].moment if known else _new_year(1970)
    for year in range(datetime.fromtimestamp(last, UTC).year, until):
        begins = Change(_local(rule["begins"], year) - standard, standard, summer)
        ends = Change(_local(rule["ends"], year) - summer, summer, standard)
        for change in sorted((begins, ends), key=lambda change: change.moment):
            if change.moment > last:
                yield change


def _data(name: str) -> bytes:
    return ROOT.joinpath(*name.split("/")).read_bytes()


def _length(data: bytes, start: int, width: int) -> int:
    magic, _, universal, standard, leaps, times, types, letters = _HEADER.unpack_from(data, start)
    assert magic == b"TZif"
    body = times * (width + 1) + types * 6 + letters + leaps * (width + 4) + standard + universal
    return start + _HEADER.size + body


def _local(day: str, year: int) -> int:
    """Return when a rule's day comes, in seconds of the epoch on the clock in force before."""
    written, _, clock = day.removeprefix("M").partition("/")
    month, week, weekday = (int(part) for part in written.split("."))
    first, length = monthrange(year, month)
    number = 1 + (weekday - 1 - first) % 7 + 7 * (week - 1)
    while number > length:  # the fifth is the last one
        number -= 7
    days = date(year, month, number).toordinal() - date(1970, 1, 1).toordinal()
    return 86_400 * days + _seconds(clock or "2")


def _seconds(clock: str) -> int:
    hours, minutes, seconds = (int(part) for part in f"{clock.lstrip('+-')}:0:0".split(":")[:3])
    total = 3_600 * hours + 60 * minutes + seconds
    return -total if clock.startswith("-") else total


def _new_year(year: int) -> int:
    return 86_400 * (date(year, 1, 1).toordinal() - date(1970, 1, 1).toordinal())
