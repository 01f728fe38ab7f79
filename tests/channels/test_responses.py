"""Readings of answers that all channels share."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.channels import _responses as responses
from chalicelib.channels import _wording as words
from chalicelib.domain.channels import Limits, Response, Wording
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    ContentRejected,
    CredentialsRejected,
    PlatformUnavailable,
    RateLimited,
)
from chalicelib.domain.text import TextUnit
from tests.channels.conversing import NOW


@pytest.mark.parametrize(
    ("status", "publishing", "meaning"),
    [
        (400, True, ContentRejected),
        (404, True, ContentRejected),
        (401, True, CredentialsRejected),
        (403, False, CredentialsRejected),
        (429, True, RateLimited),
        (408, True, Ambiguous),
        (408, False, PlatformUnavailable),
        (499, True, Ambiguous),
        (500, True, Ambiguous),
        (503, False, PlatformUnavailable),
        (303, True, Ambiguous),
        (303, False, PlatformUnavailable),
        (0, True, Ambiguous),
    ],
)
def test_a_status_alone_means(status: int, publishing: bool, meaning: type[ChannelError]) -> None:
    assert type(responses.by_status(Response(status), publishing=publishing)) is meaning


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "7"}, timedelta(seconds=7)),
        ({"retry-after": "1.5"}, timedelta(seconds=1.5)),
        ({"retry-after": "soon"}, None),
        (
            {
                "retry-after": "Sat, 21 Nov 2026 12:02:00 GMT",
                "date": "Sat, 21 Nov 2026 12:00:00 GMT",
            },
            timedelta(minutes=2),
        ),
        ({"retry-after": "Sat, 21 Nov 2026 12:02:00 GMT"}, timedelta(seconds=1)),
        ({"retry-after": "7", "date": "no date"}, timedelta(seconds=7)),
    ],
)
def test_a_wait_is_read_without_a_clock_of_ours(
    headers: dict[str, str], wait: timedelta | None
) -> None:
    assert responses.retry_after(Response(429, headers)) == wait


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Plain words stay, 1234 too.", "Plain words stay, 1234 too."),
        ("Write to ada@example.org now", "Write to … now"),
        ("Call +44 7700 900321.", "Call …."),
        ("Call 447700900321", "Call …"),
        ("See https://x.example/a?access_token=abc", "See https://x.example/a…"),
        ("Bearer EAAGm0PX4ZCpsBAKZCzZBqL1", "Bearer …"),
        (
            "duplicate of urn:li:share:7141138937766391808",
            "duplicate of urn:li:share:7141138937766391808",
        ),
        ("two\n  lines", "two lines"),
        ("x " * 400, ("x " * 150)[:299] + "…"),
        (None, ""),
        (42, ""),
    ],
)
def test_a_platforms_words_are_told_without_anything_private(message: object, told: str) -> None:
    assert responses.quoted(message) == told


@pytest.mark.parametrize("seconds", [None, 0, -5, "1800000000", 2**40, 1.5])
def test_what_is_no_moment_is_none(seconds: object) -> None:
    assert responses.instant(seconds) is None


ODD_IDS = [None, "", " ", True, 1.5, {}, [], "a b", "a\n", "é", "\ud800", "x" * 2049]


@pytest.mark.parametrize("value", ODD_IDS)
def test_what_is_no_id_is_no_answer(value: object) -> None:
    with pytest.raises(Ambiguous):
        responses.identifier(value, publishing=True)


def test_a_number_is_an_id() -> None:
    assert responses.identifier(42, publishing=False) == "42"


LIMITS = Limits(40, TextUnit.CODE_POINTS, "https://example.org", NOW.date())


def test_an_authors_text_is_never_cut() -> None:
    assert words.fitted(Wording("word " * 20), LIMITS) == "word " * 20


def test_generated_text_is_cut_between_words() -> None:
    text = words.fitted(Wording("Ada did well. " * 9, generated=True), LIMITS)
    assert (len(text) <= 40, text.endswith("…")) == (True, True)


def test_a_name_that_would_be_cut_off_is_put_in_front() -> None:
    wording = Wording("word " * 20 + "Ada Lovelace", generated=True, keep=("Ada Lovelace",))
    assert words.fitted(wording, LIMITS).startswith("Ada Lovelace\nword")
