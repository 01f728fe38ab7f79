"""What an author's clocks show, at every change of every zone's clocks in the zone data."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.instants import format_local, parse_instant, zone
from tests.unit.domain.zone_data import DISTINCT, NAMES, ROOT, Change, changes

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENT = timedelta(milliseconds=1)


def expected(instant: datetime, offset_seconds: int) -> str:
    """Return what clocks this far east show, worked out without any zone."""
    minutes = round(offset_seconds / 60)
    shown = (instant + timedelta(minutes=minutes)).replace(tzinfo=None)
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return f"{shown.isoformat(timespec='milliseconds')}{sign}{hours:02}:{rest:02}"


def wrong(name: str, change: Change) -> Iterator[tuple[str, str, str]]:
    """Return what is shown wrongly, or read back as another instant, around a change."""
    at = EPOCH + timedelta(seconds=change.moment)
    for instant, offset in ((at - MOMENT, change.before), (at, change.after)):
        shown = format_local(instant, zone(name))
        if shown != expected(instant, offset) or parse_instant(shown) != instant:
            yield name, shown, expected(instant, offset)


def test_clocks_are_right_at_every_change_until_2040() -> None:
    found = [(name, change) for name in DISTINCT for change in changes(name, until=2040)]
    assert len(found) > 20_000
    assert [fault for name, change in found for fault in wrong(name, change)] == []


@pytest.mark.slow
def test_clocks_are_right_at_every_change_of_four_centuries() -> None:
    """After 400 years the calendar repeats itself."""
    found = ((name, change) for name in NAMES for change in changes(name, until=2440))
    assert [fault for name, change in found for fault in wrong(name, change)] == []


@pytest.mark.parametrize(
    ("name", "instant", "shown"),
    [
        ("Europe/Madrid", "2026-03-29T00:59:59.999Z", "2026-03-29T01:59:59.999+01:00"),
        ("Europe/Madrid", "2026-03-29T01:00:00.000Z", "2026-03-29T03:00:00.000+02:00"),
        ("Europe/Madrid", "2026-10-25T00:30:00.000Z", "2026-10-25T02:30:00.000+02:00"),
        ("Europe/Madrid", "2026-10-25T01:30:00.000Z", "2026-10-25T02:30:00.000+01:00"),
        ("Europe/Dublin", "2026-07-01T12:00:00.000Z", "2026-07-01T13:00:00.000+01:00"),
        ("Australia/Lord_Howe", "2026-04-04T15:00:00.000Z", "2026-04-05T01:30:00.000+10:30"),
        ("America/St_Johns", "2026-01-01T00:00:00.000Z", "2025-12-31T20:30:00.000-03:30"),
        ("Pacific/Apia", "2011-12-30T09:59:59.999Z", "2011-12-29T23:59:59.999-10:00"),
        ("Pacific/Apia", "2011-12-30T10:00:00.000Z", "2011-12-31T00:00:00.000+14:00"),
        ("Africa/Monrovia", "1970-01-01T00:44:30.000Z", "1970-01-01T00:00:30.000-00:44"),
        ("UTC", "9998-12-31T23:59:59.999Z", "9998-12-31T23:59:59.999+00:00"),
        ("Pacific/Kiritimati", "9998-12-31T23:59:59.999Z", "9999-01-01T13:59:59.999+14:00"),
    ],
)
def test_well_known_changes(name: str, instant: str, shown: str) -> None:
    assert format_local(parse_instant(instant), zone(name)) == shown


@given(
    st.datetimes(datetime(1, 1, 3), datetime(9998, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(NAMES),
)
def test_what_is_shown_is_read_back_as_the_same_millisecond(instant: datetime, name: str) -> None:
    whole = instant.replace(microsecond=instant.microsecond // 1000 * 1000)
    assert parse_instant(format_local(instant, zone(name))) == whole


def test_a_naive_datetime_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_local(datetime(2026, 2, 5), UTC)  # noqa: DTZ001 - that is the point


def test_the_machines_own_zone_data_are_not_asked(tmp_path: Path) -> None:
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Madrid").write_bytes(ROOT.joinpath("Asia", "Tokyo").read_bytes())
    program = (
        "from datetime import datetime; from chalicelib.domain import instants;"
        "print(instants.zone('Europe/Madrid').utcoffset(datetime(2026, 1, 1)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONTZPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "1:00:00\n"
