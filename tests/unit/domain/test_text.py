"""Lengths, graphemes, links and tags, and the fitting of generated text."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable

import pytest
import regex
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.domain.text import (
    Reason,
    TextUnit,
    fit,
    graphemes,
    hashtags,
    is_blank,
    link_spans,
    links,
    measure,
    mended,
    mentions,
    normalise_name,
    reject_reasons,
    visible_length,
)

FAMILY = "👨‍👩‍👧‍👦"

# The pieces of which real and hostile texts are made.
FRAGMENTS = [
    "word",
    "x",
    " ",
    "\n",
    ", ",
    "#tag",
    "#AWSCertified",
    "@ada",
    "https://example.org/a_(b)?q=1",
    "www.example.org",
    FAMILY,
    "👍🏽",
    "🇨🇭",
    "🇨",
    "e\u0301",
    "क्षि",
    "漢字",
    "。",
    "\u0600",
    "\u200d",
    "(",
    "…",
    "\r\n",
]
texts = st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join) | st.text(max_size=60)


@pytest.mark.parametrize(
    ("text", "code_points", "utf16_units", "utf8_bytes", "clusters"),
    [
        ("", 0, 0, 0, 0),
        (FAMILY, 7, 11, 25, 1),
        ("👍🏽", 2, 4, 8, 1),
        ("🇨🇭🇩🇪", 4, 8, 16, 2),
        ("e\u0301", 2, 2, 3, 1),
        ("क्षि", 4, 4, 12, 1),
        ("한국어", 3, 3, 9, 3),
        ("漢字", 2, 2, 6, 2),
        ("\ud800", 1, 1, 3, 1),
    ],
)
def test_each_unit_counts_in_its_own_way(
    text: str, code_points: int, utf16_units: int, utf8_bytes: int, clusters: int
) -> None:
    assert {unit: measure(text, unit) for unit in TextUnit} == {
        TextUnit.CODE_POINTS: code_points,
        TextUnit.UTF16_UNITS: utf16_units,
        TextUnit.UTF8_BYTES: utf8_bytes,
        TextUnit.GRAPHEMES: clusters,
        TextUnit.CHARACTERS: utf16_units,
    }


@given(texts | st.text("🇨🇭\u0301\u200d\u0600a👍🏽\u0903", max_size=25))
def test_graphemes_are_those_of_unicode(text: str) -> None:
    assert graphemes(text) == regex.findall(r"\X", text)


def test_links_end_before_the_punctuation_of_their_sentence() -> None:
    text = "(https://x.org/a_(b)?q=1#f), www.x.org/… HTTP://X.ORG! [https://x.org/[1]] https://x.org。次"
    assert links(text) == [
        "https://x.org/a_(b)?q=1#f",
        "www.x.org/",
        "HTTP://X.ORG",
        "https://x.org/[1]",
        "https://x.org",
    ]
    assert [text[start:end] for start, end in link_spans(text)] == links(text)


@pytest.mark.parametrize("text", ["https://...", "www.", "xhttps://x.org", "http:/x.org", "shttp"])
def test_what_only_resembles_a_link_is_none(text: str) -> None:
    assert links(text) == []


def test_hashtags_start_a_word_and_hold_a_letter() -> None:
    text = "#AWS, #123 a#b &#39; #españa ##x /#y https://x.org/#frag #año2026 ＃wide"
    assert hashtags(text) == ["#AWS", "#españa", "#año2026", "＃wide"]


def test_mentions_are_not_addresses() -> None:
    text = "@ada.lovelace. ada@example.org @user@social.example, (@x-y) @@z"
    assert mentions(text) == ["@ada.lovelace", "@user@social.example", "@x-y"]


def test_an_address_whose_sign_stands_in_a_link_is_no_mention() -> None:
    assert mentions("https://social.example/@ada") == []


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        (" \t\n\u00a0\u3000", 0),
        ("\u200b\u200d\ufeff\u2060\u00ad\u2800\u3164\u034f", 0),
        ("\x00\x07\ud800", 0),
        ("a b", 2),
        (FAMILY, 1),
        ("e\u0301\u200b", 1),
    ],
)
def test_only_what_leaves_a_trace_is_visible(text: str, length: int) -> None:
    assert visible_length(text) == length
    assert is_blank(text) is (length == 0)


def test_a_good_text_has_no_reason_to_be_refused() -> None:
    assert reject_reasons("One\ntwo\r\nthree\tfour 🎉 \u200d") == []


def test_each_reason_to_refuse_a_text_is_told_once() -> None:
    reasons = reject_reasons("\x00\x00\ud800\udfff\x1b\x9f")
    assert [reason.code for reason in reasons] == [
        "lone_surrogate",
        "null_character",
        "control_character",
    ]
    assert reasons[2] == Reason("control_character", "Remove the control character U+001B.")


@pytest.mark.parametrize("text", ["a\rb", "\r\r\n", "\n\r", "\x7f", "\x85"])
def test_other_control_characters_are_refused(text: str) -> None:
    assert [reason.code for reason in reject_reasons(text)] == ["control_character"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("José  García", "JOSE\u0301 GARCI\u0301A"),
        (" Ada\tLovelace ", "ada\u00a0lovelace"),
        ("Straße", "STRASSE"),
        ("Ａｄａ", "ada"),
        ("ﬁona", "Fiona"),
        ("A\u200bda", "Ada"),
    ],
)
def test_spellings_of_one_name_are_the_same(one: str, other: str) -> None:
    assert normalise_name(one) == normalise_name(other)


def test_different_names_stay_different() -> None:
    assert normalise_name("Jose") != normalise_name("José")


@given(st.text(max_size=30))
@example("ΐ\u0345")
@example("\u037a")
def test_a_normalised_name_is_stable(name: str) -> None:
    once = normalise_name(name)
    assert normalise_name(once) == once


def test_a_text_that_fits_stays_as_it_is() -> None:
    assert fit("  as it is,  ", 13, len) == "  as it is,  "


def test_a_long_text_ends_behind_a_word() -> None:
    text = "Hello, world: see https://x.org/abcdef, then #tag and more"
    fitted = {limit: fit(text, limit, len) for limit in (0, 1, 4, 8, 12, 16, 20, 36, 40, 48, 52)}
    assert fitted == {
        0: "",
        1: "…",
        4: "Hel…",
        8: "Hello…",
        12: "Hello…",
        16: "Hello, world…",
        20: "Hello, world: see…",
        36: "Hello, world: see…",
        40: "Hello, world: see https://x.org/abcdef …",
        48: "Hello, world: see https://x.org/abcdef, then…",
        52: "Hello, world: see https://x.org/abcdef, then #tag …",
    }


def test_a_link_that_does_not_fit_is_dropped_whole() -> None:
    assert fit("https://example.org/long and more", 12, len) == "…"
    assert fit("Look: https://example.org/long", 20, len) == "Look…"


def test_a_word_is_cut_only_when_nothing_stands_before_it() -> None:
    assert fit("Donaudampfschifffahrt", 6, len) == "Donau…"
    assert fit("Die Donaudampfschifffahrt", 12, len) == "Die…"


def test_a_script_without_spaces_is_cut_between_its_characters() -> None:
    assert fit("認定試験に合格しました。", 5, len) == "認定試験…"
    assert fit("漢字「字」", 4, len) == "漢…"


def test_the_ellipsis_is_the_callers() -> None:
    assert fit("one two three", 10, len, ellipsis="...") == "one two..."
    assert fit("one", 2, len, ellipsis="...") == ""


def test_a_negative_limit_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="negative"):
        fit("text", -1, len)


measures = st.sampled_from(
    [
        *(lambda text, unit=unit: measure(text, unit) for unit in TextUnit),
        # A platform that counts escapes, and one whose count drops when more is said.
        lambda text: len(text) + text.count("#") + text.count("("),
        lambda text: 0 if not text else 40 - len(text) if len(text) % 3 else len(text),
    ]
)


@given(texts, st.integers(0, 60), measures)
def test_what_was_fitted_fits(text: str, limit: int, counted: Callable[[str], int]) -> None:
    if counted(text) >= 0:
        assert counted(fit(text, limit, counted)) <= limit


@given(texts, st.integers(0, 60))
def test_fitting_keeps_graphemes_links_and_tags_whole(text: str, limit: int) -> None:
    fitted = fit(text, limit, len, ellipsis="¶")
    if fitted == text or not fitted:
        return
    kept = fitted[:-1]
    opening = kept if text.startswith(kept) else kept.removesuffix(" ")
    assert text.startswith(opening)
    whole = graphemes(text)
    assert "".join(whole[: len(graphemes(opening))]) == opening
    if opening != kept:
        return  # it ends right behind a link or tag
    for find in (links, hashtags, mentions):
        assert find(opening) == find(text)[: len(find(opening))]


def test_fitting_asks_for_the_length_only_a_few_times() -> None:
    asked = 0

    def counted(text: str) -> int:
        nonlocal asked
        asked += 1
        return len(text)

    fit("word " * 20_000, 50_000, counted)
    assert asked <= 40


HOSTILE = {
    "flags": "🇨",
    "marks": "\u0301\u0327",
    "joiners": "👍\u200d",
    "schemes": "http://",
    "www": "www.",
    "brackets": "(",
    "closing": "https://x)",
    "hashes": "#",
    "digits": "#1",
    "mentions": "@a.",
    "ats": "@a@",
    "letters": "w",
    "spaces": " ",
    "ellipses": "…",
    "linkers": "क\u094d",
}


def _seconds(work: Callable[[str], object], text: str) -> float:
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        work(text)
        best = min(best, time.process_time() - started)
    return best


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize(
    "work",
    [
        graphemes,
        links,
        hashtags,
        visible_length,
        is_blank,
        reject_reasons,
        normalise_name,
        lambda text: fit(text, len(text) // 2, len),
        lambda text: fit("https://x" + text, len(text) // 2, len),
    ],
)
def test_hostile_text_costs_no_more_than_its_length(
    kind: str, work: Callable[[str], object]
) -> None:
    """Eight times the text: linear work takes 8 times as long, quadratic work 64 times."""
    unit = HOSTILE[kind]
    large = unit * (100_000 // len(unit))
    small = large[: len(large) // 8]
    assert _seconds(work, large) <= 30 * max(_seconds(work, small), 1e-4)


def test_normalising_a_tower_of_marks_still_composes_a_normal_name() -> None:
    assert normalise_name("Jose\u0301" + "\u0301" * 60).startswith("josé")
    assert unicodedata.is_normalized("NFC", normalise_name("Jose\u0301"))


@pytest.mark.parametrize(
    ("text", "whole"),
    [("a\ud83c", "a\ufffd"), ("\udf89\ud83c", "\ufffd\ufffd"), ("🎉 é", "🎉 é"), ("", "")],
)
def test_half_a_character_is_mended(text: str, whole: str) -> None:
    assert mended(text) == whole
