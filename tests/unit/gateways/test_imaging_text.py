"""Is every name written, in its own script, whole, without a box?"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
import regex

from chalicelib.gateways.imaging import text
from chalicelib.gateways.imaging.bidi import levels_of, visual_order

NAMES = {
    "Latin": "Zoë Łukasiewicz-Ångström",
    "Vietnamese": "Nguyễn Thị Ánh Ngọc Phượng",
    "Polish": "Świętosława Brzęczyszczykiewicz",
    "Turkish": "İbrahim Şahinoğlu Çağrı",
    "Yoruba, with combining marks": "Ọlábísí Adébọ́wálé",
    "Greek": "Ελένη Παπαδοπούλου",
    "polytonic Greek": "Ἀλέξανδρος ᾨδή",
    "Cyrillic": "Александра Щербакова",
    "Ukrainian": "Їжакевич Ґалаґан",
    "Kazakh": "Әлия Құнанбаева",
    "Armenian": "Արմեն Հակոբյան",
    "Georgian": "ნინო ბერიძე",
    "Hebrew": "אברהם בן־דוד",
    "Arabic": "محمد بن عبد الله الفارسي",
    "Persian": "ژاله پاکزاد گچ‌کار",
    "Urdu": "ٹیپو ڈار ہارون",
    "Syriac": "ܐܦܪܝܡ",
    "Thaana": "އަހުމަދު",
    "N'Ko": "ߒߞߏ",
    "Adlam": "𞤀𞤣𞤤𞤢𞤥",
    "Devanagari": "प्रियंका शर्मा श्रीवास्तव",
    "Bengali": "শ্রেয়া চট্টোপাধ্যায়",
    "Gurmukhi": "ਗੁਰਪ੍ਰੀਤ ਸਿੰਘ",
    "Gujarati": "જીજ્ઞેશ પટેલ",
    "Oriya": "ଜଗନ୍ନାଥ ପଣ୍ଡା",
    "Tamil": "தமிழ்ச்செல்வி கிருஷ்ணன்",
    "Telugu": "ఝాన్సీ లక్ష్మి",
    "Kannada": "ಕೃಷ್ಣಮೂರ್ತಿ",
    "Malayalam": "ഗീത കൃഷ്ണൻ",
    "Sinhala": "ශ්‍රී ජයවර්ධන",
    "Thai": "ณัฐวุฒิ ศรีสุวรรณ",
    "Lao": "ສົມສັກ ວົງສະຫວັນ",
    "Khmer": "សុភា ព្រះស្រី",
    "Myanmar": "မောင်မောင် အောင်ဆန်း",
    "Tibetan": "བསྟན་འཛིན་རྒྱ་མཚོ",
    "Ethiopic": "አበበ በቀለ",
    "Mongolian": "ᠪᠠᠲᠤ",
    "Cherokee": "ᏍᏏᏉᏯ",
    "Canadian syllabics": "ᐃᓄᒃᑎᑐᑦ",
    "Tifinagh": "ⵜⵉⴼⵉⵏⴰⵖ",
    "Javanese": "ꦗꦮ",
    "simplified Chinese": "王小明 李玥喆 张堃",
    "traditional Chinese": "陳俊傑 龔麗華",
    "Japanese": "渡邊 さくら 髙橋ジュン 﨑",
    "Korean": "김민준 뷁뜖",
    "emoji": "Ada 🎉👩🏽‍💻🇪🇨 ❤️",
    "mixed directions": "أحمد Smith (AWS) 2026",
    "mathematical letters": "𝓐𝓭𝓪 𝕃𝕠𝕧𝕖",
    "full width": "ＡＤＡ　ＬＯＶＥＬＡＣＥ",
}


def shaped(words: str, first: str = text.DISPLAY) -> text.Line:
    clusters = text.drawable(words, first)
    return text.shape_line(clusters, text.style_of(words, first))


@pytest.mark.parametrize("first", [text.DISPLAY, text.PLAIN])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_name_in_any_script_has_no_missing_glyph(name: str, first: str) -> None:
    line = shaped(name, first)

    assert line.glyphs
    assert [glyph for glyph in line.glyphs if glyph.number == 0] == []


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_every_letter_of_a_name_is_kept(name: str) -> None:
    def letters(words: str) -> list[str]:
        plain = unicodedata.normalize("NFKC", words)
        return [character for character in plain if unicodedata.category(character)[0] in "LN"]

    assert letters("".join(text.drawable(name, text.DISPLAY))) == letters(name)


def test_arabic_letters_join() -> None:
    joined = [glyph.number for glyph in shaped("محمد").glyphs]
    alone = [shaped(letter).glyphs[0].number for letter in "محمد"]

    assert joined != list(reversed(alone))


def test_a_right_to_left_name_starts_at_the_right() -> None:
    first_letter = shaped("א").glyphs[0].number
    rightmost = max(shaped("אברהם").glyphs, key=lambda glyph: glyph.x)

    assert rightmost.number == first_letter


def test_a_devanagari_conjunct_is_one_shape() -> None:
    assert len(shaped("क्ष").glyphs) < len("क्ष")


def test_a_vowel_sign_that_is_written_before_its_consonant_moves_there() -> None:
    consonant = shaped("க").glyphs[0].number
    order = [glyph.number for glyph in sorted(shaped("கெ").glyphs, key=lambda glyph: glyph.x)]

    assert order[-1] == consonant


@pytest.mark.parametrize(
    ("name", "language"),
    [("王小明", "zh-Hans"), ("陳俊傑", "zh-Hant"), ("さくら直", "ja"), ("김直", "ko")],
)
def test_east_asian_text_takes_its_national_forms(name: str, language: str) -> None:
    assert text.language_of(name) == language


def test_a_name_of_few_characters_takes_the_forms_of_the_words_around_it() -> None:
    assert text.language_of("直", context="おめでとう") == "ja"


def test_a_national_form_differs_where_the_nations_write_differently() -> None:
    japanese = shaped("さ直").glyphs[-1].number
    chinese = shaped("门直").glyphs[-1].number

    assert japanese != chinese


@pytest.mark.parametrize("unknown", ["𒀀", "𓀀", "\U0002a6d5", "\ue000", "\uffff", "\U0010ffff"])
def test_a_character_outside_every_font_is_left_out_not_boxed(unknown: str) -> None:
    line = shaped(f"Ada {unknown} Lovelace")

    assert line.glyphs
    assert all(glyph.number != 0 for glyph in line.glyphs)


def test_a_letter_with_an_impossible_mark_keeps_the_letter() -> None:
    assert "".join(text.drawable("A\U0001e94a", text.DISPLAY)).startswith("A")


def test_only_unknown_characters_give_no_text_rather_than_boxes() -> None:
    block = text.fit_block(
        "𒀀𒁀", first=text.DISPLAY, width=900, height=200, largest=100, smallest=40, max_lines=2
    )

    assert block.lines == ()


def test_direction_controls_and_line_breaks_can_not_reorder_the_card() -> None:
    assert text.clean("Ada\u202eecalevoL\u2066\x00\n\tKing\u200b") == "AdaecalevoL King"


def test_a_pile_of_accents_is_cut_to_what_a_line_can_hold() -> None:
    line = shaped("A" + "\u0301" * 500)

    assert len(line.glyphs) < 20


LONG = {
    "one word": "Pneumono" * 12 + "abcd",
    "many words": "Maria da Conceição " * 5 + "Silva",
    "Chinese": "王" * 100,
    "Arabic": "محمد بن عبد الله " * 6,
    "Thai without spaces": "ศรีสุวรรณ" * 11,
    "families": "👩‍👩‍👧‍👦" * 100,
    "Devanagari": "श्रीवास्तव " * 12,
}


@pytest.mark.parametrize("name", LONG.values(), ids=LONG.keys())
def test_a_long_name_stays_inside_its_box(name: str) -> None:
    block = text.fit_block(
        name, first=text.DISPLAY, width=900, height=200, largest=112, smallest=40, max_lines=4
    )

    assert max(line.width for line in block.lines) * block.size <= 900.001
    assert block.height <= 200.001
    for line, baseline in zip(block.lines, block.baselines, strict=True):
        assert baseline - line.top * block.size >= -0.001
        assert baseline - line.bottom * block.size <= 200.001


@pytest.mark.parametrize("name", LONG.values(), ids=LONG.keys())
def test_wrapping_loses_nothing_and_cuts_no_grapheme(name: str) -> None:
    clusters = text.drawable(name, text.DISPLAY)
    pieces = text.pieces_of(clusters)

    assert "".join("".join(piece) for piece in pieces) == "".join(clusters)
    for piece in pieces:
        assert regex.findall(r"\X", "".join(piece)) == list(piece)


def test_a_short_name_stays_on_one_line_at_full_size() -> None:
    block = text.fit_block(
        "Ada", first=text.DISPLAY, width=900, height=200, largest=112, smallest=40, max_lines=4
    )

    assert (len(block.lines), block.size) == (1, 112)


def test_a_dash_never_starts_a_line() -> None:
    pieces = text.pieces_of(text.drawable("Architect – Associate", text.PLAIN))

    assert [piece[0] for piece in pieces] == ["A", "A"]


def test_a_text_of_ten_thousand_letters_ends_with_an_ellipsis() -> None:
    block = text.fit_block(
        "word " * 2000,
        first=text.PLAIN,
        width=900,
        height=200,
        largest=40,
        smallest=20,
        max_lines=3,
    )
    ellipsis = shaped("…", text.PLAIN).glyphs[0].number

    assert block.lines[-1].glyphs[-1].number == ellipsis


@pytest.mark.parametrize(
    ("words", "base", "levels"),
    [
        ("abc", 0, [0, 0, 0]),
        ("אב", 1, [1, 1]),
        ("אב 12", 1, [1, 1, 1, 2, 2]),
        ("a אב (b)", 0, [0, 0, 1, 1, 0, 0, 0, 0]),
        ("אב (גד)", 1, [1] * 7),
        ("ا 1", 1, [1, 1, 2]),
        ("אב-12%", 1, [1, 1, 1, 2, 2, 2]),
        ("אב  ", 0, [1, 1, 0, 0]),
    ],
)
def test_levels_follow_the_unicode_bidirectional_algorithm(
    words: str, base: int, levels: list[int]
) -> None:
    assert levels_of(words, base) == levels


def test_runs_are_reordered_from_the_deepest_level_up() -> None:
    assert visual_order([1, 2, 2, 1, 0]) == [3, 1, 2, 0, 4]


def test_the_fonts_ship_with_their_licence_and_stay_small() -> None:
    files = list(text.FONTS.iterdir())

    assert "SIL OPEN FONT LICENSE Version 1.1" in (text.FONTS / "OFL.txt").read_text()
    assert (text.FONTS / "SOURCES.md").exists()
    assert sum(path.stat().st_size for path in files) <= 12_100_000


def test_every_font_file_is_used() -> None:
    used = {text.DISPLAY, text.PLAIN, *text.fallbacks()}

    assert used == {path.stem for path in Path(text.FONTS).glob("*.?tf")}
