"""What an SMS costs, and the same text in the cheap alphabet."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.sms import (
    BASIC,
    EXTENSION,
    Segments,
    Transliteration,
    encode_plan,
    is_gsm,
    transliterate,
)


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("", "GSM-7", 0),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("a" * 307, "GSM-7", 3),
        ("€" * 80, "GSM-7", 1),
        ("€" * 81, "GSM-7", 2),
        ("й" * 70, "UCS-2", 1),
        ("й" * 71, "UCS-2", 2),
        ("🎉" * 35, "UCS-2", 1),
        ("🎉" * 36, "UCS-2", 2),
        ("Ç" * 160, "GSM-7", 1),
        ("ç" * 160, "UCS-2", 3),
        ("`" + "a" * 100, "UCS-2", 2),
    ],
)
def test_segments_as_two_independent_libraries_count_them(
    text: str, encoding: str, count: int
) -> None:
    plan = encode_plan(text)
    assert (plan.encoding, plan.count) == (encoding, count)


def test_a_plan_says_what_is_used_and_what_a_segment_holds() -> None:
    assert encode_plan("€" * 81) == Segments("GSM-7", 2, 162, 153)
    assert encode_plan("a€") == Segments("GSM-7", 1, 3, 160)
    assert encode_plan("ñoño й") == Segments("UCS-2", 1, 6, 70)
    assert encode_plan("й" * 71) == Segments("UCS-2", 2, 71, 67)


def test_an_escaped_character_is_not_split_between_segments() -> None:
    # 306 septets would fill two segments exactly, but the 153rd is the escape of the first €.
    assert encode_plan("a" * 152 + "€" + "a" * 152).count == 3
    assert encode_plan("a" * 151 + "€" + "a" * 153).count == 2


def test_a_surrogate_pair_is_not_split_between_segments() -> None:
    assert encode_plan("й" * 66 + "🎉" + "й" * 66).count == 3
    assert encode_plan("й" * 65 + "🎉" + "й" * 67).count == 2


def test_the_alphabet_has_its_size() -> None:
    assert (len(BASIC), len(EXTENSION), BASIC & EXTENSION) == (127, 10, frozenset())


@given(st.text(st.sampled_from("aй€🎉ç\n"), max_size=400))
def test_a_text_never_takes_fewer_segments_than_its_units_need(text: str) -> None:
    plan = encode_plan(text)
    assert plan.count * plan.per_segment >= plan.units_used
    # Each segment but the last wastes at most one unit.
    assert (plan.count - 1) * (plan.per_segment - 1) <= plan.units_used


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("“Hola” — ¡qué tal, María! … ça", '"Hola" - ¡qué tal, Maria! ... ca'),
        ("Łódź, œuvre, Þór, ẞ, đ, ı, đ\u0301", "Lodz, oeuvre, Thor, ss, d, i, d"),
        ("½ · ² · ﬁ · № 5 · 30 °C", "1/2 - 2 - fi - No. 5 - 30 degC"),
        ("3 × 4 ≠ 5 → ok ™ ® ©", "3 x 4 != 5 -> ok TM (R) (c)"),
        ("• one\u00a0two\u2009three\tfour\u2028five", "- one two three four\nfive"),
        ("zero\u200bwidth\u00ad\ufeff", "zerowidth"),
        ("𝓗𝓮𝓵𝓵𝓸 Ｗｏｒｌｄ", "Hello World"),
        ("Å å \u212b e\u0301 a\u0301 n\u0303", "Å å Å é a ñ"),
        ("see `code`", "see 'code'"),
    ],
)
def test_typography_and_accents_are_written_plainly(text: str, plain: str) -> None:
    assert transliterate(text) == Transliteration(plain, True)
    assert is_gsm(plain)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("🎉 Hi 🎉 there 🎉\nnext", "Hi there\nnext"),
        ("Well done 👏🏽👨‍👩‍👧‍👦", "Well done"),
        ("end 🎉 ", "end"),
        ("a🎉b", "ab"),
        ("🇪🇸 1️⃣ ☁️ up", "ES 1 up"),
        ("✅ Done ❤️", "OK Done <3"),
        ("© 2026 ★", "(c) 2026"),
        ("🇪 lone", "lone"),
        ("line 🎉\n🎉 line", "line\nline"),
    ],
)
def test_emoji_become_nothing_or_a_word(text: str, plain: str) -> None:
    assert transliterate(text) == Transliteration(plain, True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Plain, ¿verdad? €5 {x}",
        "Привет — всё хорошо",
        "見て “quoted”",
        "Ὀδυσσεύς",
        "ΑΒΓ",
        "क्षि",
        "mixed й and “quotes”",
        "🎉🎉",
        "\ud800",
        "a" + "\u0301" * 5_000 + "й",
    ],
)
def test_what_is_plain_or_can_not_become_so_stays(text: str) -> None:
    assert transliterate(text) == Transliteration(text, False)


def test_a_kept_part_in_the_alphabet_lets_the_rest_change() -> None:
    assert transliterate("“José” 🎉 – “José”", keep=["José", ""]).text == '"José" - "José"'


def test_a_kept_part_stands_between_the_words_around_it() -> None:
    assert transliterate("🎉 Ana Ruiz 🎉 — bravo 🎉", keep=["Ana Ruiz"]).text == "Ana Ruiz - bravo"
    assert transliterate("x 🎉Ana", keep=["Ana"]).text == "x Ana"


def test_a_kept_part_outside_the_alphabet_keeps_the_whole_text() -> None:
    text = "“María Łuczak” – bravo"
    assert transliterate(text, keep=["María Łuczak"]) == Transliteration(text, False)


def test_overlapping_kept_parts_are_one() -> None:
    assert (
        transliterate("Ana Ruiz Paz “x”", keep=["Ana Ruiz", "Ruiz Paz"]).text == 'Ana Ruiz Paz "x"'
    )


def test_a_link_stays_verbatim() -> None:
    assert transliterate("“x” https://example.org/~a").text == '"x" https://example.org/~a'
    odd = "“x” https://example.org/ñ–b"
    assert transliterate(odd) == Transliteration(odd, False)


@given(st.text(max_size=60), st.lists(st.text(min_size=1, max_size=5), max_size=2))
def test_the_result_is_plain_or_unchanged(text: str, keep: list[str]) -> None:
    result = transliterate(text, keep)
    assert result.changed is (result.text != text)
    assert not result.changed or is_gsm(result.text)


@given(
    st.text(st.sampled_from("aé ç“”🎉\n"), max_size=20),
    st.text(st.sampled_from("Aé b"), min_size=1, max_size=5),
    st.text(st.sampled_from("aé ç“”🎉\n"), max_size=20),
)
def test_a_name_survives(before: str, name: str, after: str) -> None:
    assert name in transliterate(before + name + after, keep=[name]).text


@given(st.text(st.sampled_from("aéç“🎉 "), max_size=40))
def test_transliterating_twice_changes_nothing_more(text: str) -> None:
    once = transliterate(text).text
    assert transliterate(once).text == once


@pytest.mark.parametrize("unit", ["“a” ", "🎉 ", "🇨", "a\u0301\u0327", "\u0301\u0327", "ﷺ"])
def test_hostile_text_costs_no_more_than_its_length(unit: str) -> None:
    """Eight times the text: linear work takes 8 times as long, quadratic work 64 times."""

    def seconds(length: int) -> float:
        text = "ç" + unit * (length // len(unit))
        best = float("inf")
        for _ in range(3):
            started = time.process_time()
            transliterate(text, keep=[unit, "aaaa"])
            encode_plan(text)
            best = min(best, time.process_time() - started)
        return best

    assert seconds(100_000) <= 30 * max(seconds(12_500), 1e-4)
