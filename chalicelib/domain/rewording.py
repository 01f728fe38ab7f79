"""What a model may do with a text, and the judge of what it did.

A model never gets to write a fact. It is given numbered *pieces* and answers with a template:

    author's text   the pieces are its sentences      🎉 Great news, everyone!  ⟦1⟧ ⟦2⟧
    announcement    name, certification and date      👏 Cheers to ⟦1⟧: ⟦2⟧ since ⟦3⟧!

Each piece stands there once and in its order, the rest consists of words, signs and emoji that are
known to say nothing; then our own code puts the pieces in. Names, dates, links and numbers are
therefore those of the author, letter by letter, or the template is refused as a whole.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

import regex

from chalicelib.domain.certifications import Language, catalogue
from chalicelib.domain.messages import Content
from chalicelib.domain.text import hashtags, links, mentions
from chalicelib.domain.voices import EMOJI, announcing, framing, is_grave, language_of, words_in

MAX_TEMPLATE = 700
"""Code points of a template; what frames a text is short."""
MAX_SOURCE = 4_000
"""Code points of an author's text that is sent to a model; a longer one speaks for itself."""
MAX_PIECES = 40


class Reason(StrEnum):
    """Why a channel says what the rules say; stable, shown in the timeline."""

    LANGUAGE = "language_unsure"
    GRAVE = "not_an_occasion"
    TOO_LONG_TO_ASK = "too_long_to_ask"
    RESERVED_SIGNS = "reserved_signs"
    UNCATALOGUED = "not_in_the_catalogue"
    NOT_WANTED = "own_words_chosen"
    TOO_LATE = "not_in_time"
    NOT_SEEN = "approved_before"
    BUSY = "model_busy"
    SILENT = "model_did_not_answer"
    FORBIDDEN = "model_not_allowed"
    REFUSED = "model_refused"
    CUT = "answer_cut"
    MALFORMED = "answer_malformed"
    MISSING = "channel_left_out"
    PIECES = "facts_moved_or_missing"
    WORDS = "words_added"
    SIGNS = "signs_added"
    TOO_LONG = "over_the_limit"
    FACTS = "facts_changed"


@dataclass(frozen=True, slots=True)
class Source:
    """What a model is given of a content: the pieces, and the words it may use between them."""

    pieces: tuple[str, ...]
    """What a model is shown: an author's sentences, or what stands for an announcement's facts."""
    breaks: tuple[bool, ...]
    """For each piece whether it has to begin a new line."""
    language: Language
    words: frozenset[str]
    is_announcement: bool


_PIECES = regex.compile(r"(?P<break>\s*\n\s*)|(?<=[.!?…])[^\S\n]+")
_MARK = regex.compile(r"⟦(\d{1,3})⟧")
_RESERVED = frozenset("⟦⟧")
_SIGNS = ".,!:;…—–-¡"
_BEFORE_FACT = regex.compile(r"\s¡?$")
_AFTER_FACT = regex.compile(r"[.,!:;…]*(?:\s|$)")
_NUMBER = regex.compile(r"\p{N}+")
_ANNOUNCED = ("the person's name", "the certification's name", "the day it was earned")


def source_of(content: Content) -> Source | Reason:
    """Return what a model would be given, or why it is not asked at all."""
    submission = content.announcement
    if submission is not None and content.is_generated:
        if catalogue().by_id(submission.family_id) is None:
            return Reason.UNCATALOGUED
        language = submission.written_in
        words = announcing(language)
        return Source(_ANNOUNCED, (False,) * 3, language, words, is_announcement=True)
    return _authored(content.text)


def _authored(text: str) -> Source | Reason:
    if not _RESERVED.isdisjoint(text):
        return Reason.RESERVED_SIGNS
    pieces, breaks = _split(text.strip())
    if len(text) > MAX_SOURCE or len(pieces) > MAX_PIECES:
        return Reason.TOO_LONG_TO_ASK
    language = language_of(text)
    if language is None:
        return Reason.LANGUAGE
    if is_grave(text, language):
        return Reason.GRAVE
    return Source(pieces, breaks, language, framing(language), is_announcement=False)


def _split(text: str) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """Return a text's sentences, and for each whether a line begins with it."""
    pieces, breaks, start, is_new = [], [], 0, False
    for seam in _PIECES.finditer(text):
        pieces.append(text[start : seam.start()])
        breaks.append(is_new)
        start, is_new = seam.end(), seam["break"] is not None
    return (*pieces, text[start:]), (*breaks, is_new)


def flaw(template: str, source: Source) -> Reason | None:
    """Return why a template can't be used; None if it says what the source says and no more."""
    if len(template) > MAX_TEMPLATE:
        return Reason.TOO_LONG
    numbers = [int(number) for number in _MARK.findall(template)]
    if numbers != list(range(1, len(source.pieces) + 1)):
        return Reason.PIECES
    gaps = _MARK.split(template)[::2]
    for index, gap in enumerate(gaps):
        is_outside = index in (0, len(gaps) - 1)
        if found := _flaw_between(gap, source, is_outside=is_outside):
            return found
    if source.is_announcement:
        before = ["\n" + gaps[0], *gaps[1:-1]]
        stands = all(map(_BEFORE_FACT.search, before)) and all(map(_AFTER_FACT.match, gaps[1:]))
        return None if stands else Reason.PIECES
    return _flaw_of_seams(gaps, source)


def _flaw_between(gap: str, source: Source, *, is_outside: bool) -> Reason | None:
    """Return what is wrong with the text before, between or behind the pieces."""
    for token in gap.split():
        if token in EMOJI:
            continue
        bare = token.strip(_SIGNS)
        if not bare:
            continue
        if words_in(bare) != [bare.casefold().replace("’", "'")]:
            return Reason.SIGNS
        if words_in(bare)[0] not in source.words:
            return Reason.WORDS
        if not (is_outside or source.is_announcement):
            return Reason.WORDS
    return None if set(gap) <= _spacing(gap) else Reason.SIGNS


def _spacing(gap: str) -> set[str]:
    """Return the characters of a gap but for white space other than blank and line feed."""
    return {char for char in gap if not char.isspace() or char in " \n"}


def _flaw_of_seams(gaps: list[str], source: Source) -> Reason | None:
    """Return whether an author's sentences run into one another, or lost their lines."""
    for gap, breaks in zip(gaps[1:-1], source.breaks[1:], strict=True):
        if not gap[:1].isspace() or not gap[-1:].isspace() or (breaks and "\n" not in gap):
            return Reason.PIECES
        if gap.strip() and "\n" not in gap:
            return Reason.SIGNS
    first, last = gaps[0], gaps[-1]
    if (first and not first[-1].isspace()) or (last and not last[0].isspace()):
        return Reason.PIECES
    return None


def filled(template: str, pieces: tuple[str, ...]) -> str:
    """Return the text with the pieces in their places."""
    return _MARK.sub(lambda mark: pieces[int(mark[1]) - 1], template).strip()


def same_facts(before: str, after: str) -> bool:
    """Return whether two texts have the same links, hashtags, mentions and numbers."""
    return _facts(before) == _facts(after)


def _facts(text: str) -> tuple[Counter[str], ...]:
    return tuple(
        Counter(found)
        for found in (links(text), hashtags(text), mentions(text), _NUMBER.findall(text))
    )
