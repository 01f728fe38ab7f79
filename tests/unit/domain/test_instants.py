"""Instants and time zones at the edge of the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.domain.instants import format_instant, parse_instant, zone
from tests.unit.domain.odd_instants import odd_instants, read_by_hand


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-02-05T15:00:00Z", "2026-02-05T15:00:00.000Z"),
        ("2026-02-05t15:00:00z", "2026-02-05T15:00:00.000Z"),
        ("2026-02-05T15:00:00.5Z", "2026-02-05T15:00:00.500Z"),
        ("2026-02-05T15:00:00.123Z", "2026-02-05T15:00:00.123Z"),
        ("2026-02-05T15:00:00.123000000Z", "2026-02-05T15:00:00.123Z"),
        ("2026-02-05T15:00:00.123000001Z", "2026-02-05T15:00:00.124Z"),
        ("2026-12-31T23:59:59.999999999Z", "2027-01-01T00:00:00.000Z"),
        ("2026-02-05T16:30:00+01:30", "2026-02-05T15:00:00.000Z"),
        ("2026-02-05T00:00:00-23:59", "2026-02-05T23:59:00.000Z"),
        ("2026-02-05T15:00:00-00:00", "2026-02-05T15:00:00.000Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("9998-12-31T23:59:59.999Z", "9998-12-31T23:59:59.999Z"),
        ("9999-01-01T00:00:00+00:01", "9998-12-31T23:59:00.000Z"),
    ],
)
def test_an_instant_is_read_and_never_becomes_earlier(text: str, instant: str) -> None:
    parsed = parse_instant(text)
    assert parsed.tzinfo is UTC
    assert format_instant(parsed) == instant


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "RFC 3339"),
        ("2026-02-05", "RFC 3339"),
        ("2026-02-05T15:00:00", "RFC 3339"),
        ("2026-02-05T15:00Z", "RFC 3339"),
        ("2026-02-05 15:00:00Z", "RFC 3339"),
        ("2026-02-05T15:00:00.Z", "RFC 3339"),
        ("2026-02-05T15:00:00,5Z", "RFC 3339"),
        ("2026-02-05T15:00:00.1234567890Z", "RFC 3339"),
        ("2026-02-05T15:00:00+0100", "RFC 3339"),
        ("2026-02-05T15:00:00+01", "RFC 3339"),
        (" 2026-02-05T15:00:00Z", "RFC 3339"),
        ("2026-02-05T15:00:00Z\n", "RFC 3339"),
        ("+2026-02-05T15:00:00Z", "RFC 3339"),
        ("10000-01-01T00:00:00Z", "RFC 3339"),
        ("2026-W06-4T15:00:00Z", "RFC 3339"),
        ("20260205T150000Z", "RFC 3339"),
        ("２０２６-02-05T15:00:00Z", "RFC 3339"),
        ("1770303600", "RFC 3339"),
        ("2026-02-05T24:00:00Z", "midnight"),
        ("2026-06-30T23:59:60Z", "Leap seconds"),
        ("2026-06-30T23:59:61Z", "no such"),
        ("2026-02-29T00:00:00Z", "no such"),
        ("2026-13-01T00:00:00Z", "no such"),
        ("2026-01-01T25:00:00Z", "no such"),
        ("2026-01-01T00:60:00Z", "no such"),
        ("0000-01-01T00:00:00Z", "no such"),
        ("2026-02-05T15:00:00+24:00", "offset"),
        ("2026-02-05T15:00:00+01:60", "offset"),
        ("0001-01-01T00:00:00+00:01", "year"),
        ("9999-01-01T00:00:00Z", "year"),
        ("9998-12-31T23:59:59.9991Z", "year"),
        ("9999-12-31T23:59:59.9999999Z", "year"),
        ("9998-12-31T23:59:59-00:01", "year"),
    ],
)
def test_anything_else_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_instant(text)


instants = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001 - the strategy wants naive bounds
    datetime(9998, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda instant: instant.replace(microsecond=instant.microsecond // 1000 * 1000))


@given(instants)
def test_an_instant_survives_being_written_and_read(instant: datetime) -> None:
    assert parse_instant(format_instant(instant)) == instant


@given(instants, st.integers(-1439, 1439))
def test_the_offset_changes_nothing_about_the_instant(instant: datetime, minutes: int) -> None:
    offset = timezone(timedelta(minutes=minutes))
    assert parse_instant(instant.astimezone(offset).isoformat()) == instant


def understood(text: str, *, is_end: bool = False) -> int | None:
    """Return the same as read by what is tested."""
    try:
        instant = parse_instant(text, is_end=is_end)
    except ValueError:
        return None
    assert instant.tzinfo is UTC
    return (instant - datetime(1, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


@given(odd_instants, st.booleans())
@example("2016-12-31T23:59:60Z", False)
@example("2026-02-05T15:00:00.999999999-23:59", True)
@example("0001-01-01T00:00:00.0000001+00:00", True)
@example("9998-12-31T23:59:59.999999999Z", True)
@example("9998-12-31T23:59:59.999999999Z", False)
@settings(max_examples=600)
def test_a_text_is_one_instant_or_refused(text: str, is_end: bool) -> None:
    assert understood(text, is_end=is_end) == read_by_hand(text, is_end=is_end)


@given(instants, instants)
def test_written_instants_sort_as_text(one: datetime, other: datetime) -> None:
    assert (one < other) == (format_instant(one) < format_instant(other))


def test_finer_digits_are_cut_so_that_now_is_never_in_the_future() -> None:
    now = datetime(2026, 2, 5, 15, 0, 0, 999_999, tzinfo=UTC)
    assert format_instant(now) == "2026-02-05T15:00:00.999Z"


def test_a_naive_datetime_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        format_instant(datetime(2026, 2, 5))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    "name", ["Europe/Madrid", "UTC", "Etc/GMT+5", "US/Eastern", "America/Argentina/Buenos_Aires"]
)
def test_iana_names_are_zones(name: str) -> None:
    assert zone(name).key == name


def test_a_name_in_other_case_is_corrected_not_accepted() -> None:
    with pytest.raises(ValueError, match="Write it as Europe/Madrid"):
        zone("europe/MADRID")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Olympus",
        "Factory",
        "localtime",
        "posix/Europe/Madrid",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe/../Europe/Madrid",
        "Europe/Madrid\x00",
        " Europe/Madrid",
        "CEST",
        "+01:00",
        "zones",
    ],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a time zone"):
        zone(name)


def test_a_zone_knows_its_summer_time() -> None:
    madrid = zone("Europe/Madrid")
    before = parse_instant("2026-03-29T00:59:59Z").astimezone(madrid)
    after = parse_instant("2026-03-29T01:00:00Z").astimezone(madrid)
    assert (before.hour, after.hour) == (1, 3)
    autumn = [parse_instant(f"2026-10-25T0{hour}:30:00Z").astimezone(madrid) for hour in (0, 1)]
    assert [(local.hour, local.fold) for local in autumn] == [(2, 0), (2, 1)]
    assert [format_instant(local) for local in autumn] == [
        "2026-10-25T00:30:00.000Z",
        "2026-10-25T01:30:00.000Z",
    ]
