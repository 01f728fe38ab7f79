"""The words that a model may use, and the texts that it is not asked about."""

from __future__ import annotations

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.certifications import Language
from chalicelib.domain.text import TextUnit, links, measure
from chalicelib.domain.voices import (
    EMOJI,
    VOICES,
    announcing,
    framing,
    is_grave,
    language_of,
    words_in,
)

TURNING = "not no never hardly without if unless but nunca sin nadie ni tampoco si pero aún casi"


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_word_denies_counts_or_is_grave(language: Language) -> None:
    words = announcing(language)
    assert words.isdisjoint(TURNING.split())
    assert not any(is_grave(word, language) for word in words)
    assert not any(char.isdigit() for word in words for char in word)


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_word_is_one_word_in_lower_case(language: Language) -> None:
    assert all(words_in(word) == [word] for word in announcing(language))
    assert framing(language) < announcing(language)


def test_no_emoji_is_more_than_one_sign() -> None:
    assert all(measure(sign, TextUnit.GRAPHEMES) == 1 and not links(sign) for sign in EMOJI)


def test_only_channels_that_there_are_have_a_voice() -> None:
    assert set(VOICES) <= set(CHANNELS)
    assert not any(CHANNELS[name].direct for name in VOICES)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The meetup is on Friday", "en"),
        ("El encuentro es el viernes", "es"),
        ("Das Treffen ist am Freitag", None),
        ("AWS", None),
        ("the la", None),
        ("the of la el", None),
    ],
)
def test_a_language_is_known_by_its_commonest_words(text: str, language: str | None) -> None:
    assert language_of(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The meetup is cancelled.", "en"),
        ("We can’t meet.", "en"),
        ("El encuentro está cancelado.", "es"),
    ],
)
def test_bad_news_is_no_occasion(text: str, language: Language) -> None:
    assert is_grave(text, language)
