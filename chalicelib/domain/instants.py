"""Instants and time zones as the API writes them.

An instant is aware UTC with milliseconds. Written as ``2026-02-05T15:00:00.000Z`` it has a fixed
width and sorts as text. Beside it stands what a clock in its author's zone shows, with the offset:
in the hour that comes twice in autumn, only that tells which of the two is meant.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

MAX_YEAR = 9998
"""Later ones are refused, so that adding a lease or an offset can't overflow."""

_INSTANT = re.compile(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt](?P<time>[0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]{1,9}))?(?:[Zz]|(?P<sign>[+-])(?P<hours>[0-9]{2}):(?P<minutes>[0-9]{2}))"
)


def parse_instant(text: str, *, is_end: bool = False) -> datetime:
    """Read an RFC 3339 instant with its offset and return it in UTC.

    Up to nine fractional digits, rounded up to the millisecond: never early. The end of a span is
    rounded down: nothing later lies in it. ValueError with a sentence for the author otherwise;
    leap seconds, hour 24 and years beyond 9998 are refused.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError("Write an RFC 3339 instant with offset, like 2026-12-01T15:00:00Z.")
    if match["time"].startswith("24"):
        raise ValueError("Hours run from 00 to 23: write midnight as 00:00 of the next day.")
    if match["time"].endswith("60"):
        raise ValueError("Leap seconds can't be scheduled: seconds run from 00 to 59.")
    nanoseconds = int((match["fraction"] or "").ljust(9, "0"))
    milliseconds = nanoseconds // 1_000_000 if is_end else -(-nanoseconds // 1_000_000)
    try:
        written = datetime.fromisoformat(f"{match['date']}T{match['time']}")
    except ValueError:
        raise ValueError("There is no such date or time of day.") from None
    beyond = f"The year must lie between 0001 and {MAX_YEAR} in UTC."
    try:
        exact = written.replace(tzinfo=_offset(match)) + timedelta(milliseconds=milliseconds)
        instant = exact.astimezone(UTC)
    except OverflowError:
        raise ValueError(beyond) from None
    if instant.year > MAX_YEAR:
        raise ValueError(beyond)
    return instant


def format_instant(instant: datetime) -> str:
    """Write an instant as fixed-width UTC with milliseconds, finer digits cut off.

    ValueError for a naive datetime.
    """
    if instant.utcoffset() is None:
        raise ValueError("An instant needs a time zone.")
    utc = instant.astimezone(UTC)
    return f"{utc.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def format_local(instant: datetime, zone: tzinfo) -> str:
    """Write an instant as the clocks of a zone show it, with milliseconds and offset.

    It says the same instant as `format_instant`, to the millisecond. RFC 3339 has no seconds in an
    offset: where a zone had some, before 1973, clocks are shown to the nearest minute. ValueError
    for a naive datetime, OverflowError where the zone is beyond the years 1 to 9999.
    """
    if instant.utcoffset() is None:
        raise ValueError("An instant needs a time zone.")
    offset = instant.astimezone(zone).utcoffset() or timedelta(0)
    whole = timezone(timedelta(minutes=round(offset / timedelta(minutes=1))))
    return instant.astimezone(whole).isoformat(timespec="milliseconds")


def zone(name: str) -> ZoneInfo:
    """Return the IANA zone of exactly this name; ValueError with a hint otherwise."""
    names = _zone_names()
    if names.get(name.lower()) == name:
        return _zone(name)
    near = names.get(name.lower())
    hint = f"Write it as {near}." if near else "Use an IANA name such as Europe/Madrid."
    raise ValueError(f"This is not the name of a time zone. {hint}")


def _offset(match: re.Match[str]) -> timezone:
    """Return the offset of a matched instant; ValueError if no clock shows it."""
    if match["sign"] is None:
        return UTC
    hours, minutes = int(match["hours"]), int(match["minutes"])
    if hours > 23 or minutes > 59:
        raise ValueError("The offset must lie between -23:59 and +23:59.")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if match["sign"] == "-" else offset)


@cache
def _zone(name: str) -> ZoneInfo:
    # Not ZoneInfo(name): that one prefers the machine's own data, of whatever year.
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


@cache
def _zone_names() -> dict[str, str]:
    """Return the names of the zone data by their lower-case form."""
    # The list that tzdata ships, not zoneinfo.available_timezones(): that one walks the machine's
    # directories, so what a laptop accepts a Lambda might not know.
    names = resources.files("tzdata").joinpath("zones").read_text("ascii").split()
    return {name.lower(): name for name in names if name != "Factory"}
