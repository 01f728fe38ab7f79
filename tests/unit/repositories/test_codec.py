"""Do domain values survive being stored?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any, Literal, NewType

import pytest

from chalicelib.repositories.codec import pack, pack_fields, unpack


class Colour(StrEnum):
    RED = "red"


Name = NewType("Name", str)


@dataclass(frozen=True)
class Inner:
    day: date
    colour: Colour = Colour.RED


@dataclass(frozen=True)
class Outer:
    name: Name
    at: datetime
    wait: timedelta
    count: int
    yes: bool
    inner: Inner
    required_but_empty: str | None
    many: tuple[Inner, ...] = ()
    by_name: Mapping[Name, Colour] = field(default_factory=dict)
    letters: Literal["a", "b"] = "a"
    optional: Inner | None = None
    anything: Any = None


WHOLE = Outer(
    name=Name("n"),
    at=datetime(2026, 2, 5, 15, 0, 0, 123000, tzinfo=UTC),
    wait=timedelta(milliseconds=1500),
    count=3,
    yes=False,
    inner=Inner(date(2026, 1, 2)),
    required_but_empty=None,
    many=(Inner(date(2026, 1, 3)), Inner(date(2026, 1, 4))),
    by_name={Name("x"): Colour.RED},
    letters="b",
    optional=Inner(date(2026, 1, 5)),
    anything=["as", "is"],
)


def test_a_value_comes_back_as_it_was() -> None:
    assert unpack(Outer, json.loads(json.dumps(pack_fields(WHOLE)))) == WHOLE


def test_an_instant_is_fixed_width_utc() -> None:
    east = timezone(timedelta(hours=2))
    assert pack(datetime(2026, 2, 5, 17, 0, tzinfo=east)) == "2026-02-05T15:00:00.000Z"


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        pack(datetime(2026, 2, 5))  # noqa: DTZ001 - that is the point


def test_a_duration_is_whole_milliseconds() -> None:
    assert pack(timedelta(minutes=1)) == 60_000


def test_an_enum_is_plain_text() -> None:
    assert type(pack(Colour.RED)) is str


def test_what_is_none_is_left_out() -> None:
    assert "required_but_empty" not in pack_fields(WHOLE)


def test_left_out_fields_are_not_packed() -> None:
    assert set(pack_fields(WHOLE.inner, without=frozenset({"day"}))) == {"colour"}


def test_a_field_of_a_later_version_is_ignored() -> None:
    stored = {"day": "2026-01-02", "colour": "red", "later": 1}
    assert unpack(Inner, stored) == Inner(date(2026, 1, 2))


def test_a_field_that_an_earlier_version_did_not_store_takes_its_default() -> None:
    assert unpack(Inner, {"day": "2026-01-02"}) == Inner(date(2026, 1, 2))


def test_given_fields_are_taken_as_they_are() -> None:
    assert unpack(Inner, {}, day=date(2026, 1, 2)) == Inner(date(2026, 1, 2))


@pytest.mark.parametrize("value", [0.5, {1, 2}, object()])
def test_what_can_not_be_stored_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="not stored"):
        pack(value)


def test_a_type_that_can_not_be_read_is_refused() -> None:
    @dataclass
    class Strange:
        numbers: set[int]

    with pytest.raises(TypeError, match="not stored"):
        unpack(Strange, {"numbers": [1]})
