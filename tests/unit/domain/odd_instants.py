"""Texts that might be instants, and what they say, worked out by position and arithmetic."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from hypothesis import strategies as st

_END_OF_9998 = 86_400_000 * (date(9999, 1, 1).toordinal() - 1)


def read_by_hand(text: str, *, is_end: bool = False) -> int | None:
    """Return the milliseconds since the year 1 that a text says; None if it is to be refused.

    It uses nothing of what is tested, nor of datetime's own reading.
    """
    if len(text) < 20 or not text.isascii() or text[10] not in "Tt":
        return None
    rest = text[19:]
    zulu = rest[-1] in "Zz"
    fraction, zone_part = (rest[:-1], "+00:00") if zulu else (rest[:-6], rest[-6:])
    marks = f"{text[4]}{text[7]}{text[13]}{text[16]}{zone_part[3:4]}{fraction[:1]}"
    figures = (
        *(text[:4], text[5:7], text[8:10], text[11:13], text[14:16], text[17:19]),
        *(zone_part[1:3], zone_part[4:6], fraction[1:] if fraction else "0"),
    )
    if marks.rstrip(".") != "--:::" or not all(part.isdigit() for part in figures):
        return None
    if zone_part[:1] not in ("+", "-") or len(zone_part) != 6 or len(fraction) > 10:
        return None
    year, month, day, hour, minute, second, east_hours, east_minutes, _ = map(int, figures)
    if not (year >= 1 and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
        return None
    if not (hour < 24 and minute < 60 and second < 60 and east_hours < 24 and east_minutes < 60):
        return None
    east = (60 * east_hours + east_minutes) * (-1 if zone_part[0] == "-" else 1)
    days = 365 * (year - 1) + (year - 1) // 4 - (year - 1) // 100 + (year - 1) // 400
    days += sum(monthrange(year, earlier)[1] for earlier in range(1, month)) + day - 1
    minutes = 1440 * days + 60 * hour + minute - east
    finer = int(fraction[1:].ljust(9, "0")) if fraction else 0
    total = 60_000 * minutes + 1_000 * second
    total += finer // 1_000_000 if is_end else (finer + 999_999) // 1_000_000
    return total if 0 <= total < _END_OF_9998 else None


def figures(least: int, most: int, width: int = 2) -> st.SearchStrategy[str]:
    """Return numbers around a range, filled up to a width."""
    return st.integers(least, most).map(lambda number: f"{number:0{width}}")


written = st.tuples(
    st.one_of(figures(0, 10_001, 4), st.sampled_from(["0000", "0001", "9998", "9999", "2028"])),
    *(st.just("-"), figures(0, 13), st.just("-"), figures(0, 32)),
    st.sampled_from("TTTTTTTTt_"),
    *(figures(0, 24), st.just(":"), figures(0, 60), st.just(":"), figures(0, 61)),
    st.one_of(
        st.just(""),
        st.from_regex(r"\.[0-9]{1,9}", fullmatch=True),
        st.from_regex(r"[.,][0-9]{0,10}", fullmatch=True),
    ),
    st.one_of(
        st.sampled_from(["Z", "Z", "z", "+00:00", "-00:00", "+23:59", "-23:59", "+24:00", ""]),
        st.from_regex(r"[+-][01][0-9]:[0-5][0-9]", fullmatch=True),
        st.from_regex(r"[+-][0-9]{2}:?[0-9]{0,2}", fullmatch=True),
    ),
).map("".join)
"""Texts that are nearly right, or quite."""


@st.composite
def misspelt(draw: st.DrawFn) -> str:
    """Return such a text with a part of it changed."""
    text = draw(written)
    at = draw(st.integers(0, len(text)))
    odd = draw(st.one_of(st.text(max_size=2), st.sampled_from("0129.:-+TZ \t\n\x00٣２Ｚ")))
    return text[:at] + odd + text[at + draw(st.integers(0, 2)) :]


odd_instants = st.one_of(written, misspelt(), st.text(max_size=40))
