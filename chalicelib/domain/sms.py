"""What a text costs as SMS, and how to say the same in the cheap alphabet.

    encoding   one segment   each of several   unit
    GSM-7      160           153               septets; an extension character takes two
    UCS-2      70            67                UTF-16 units; an emoji takes two

Source: 3GPP TS 23.038 (alphabets) and TS 23.040 (concatenation header of six bytes), as also stated
by the SNS documentation; checked 2026-11-21. One character outside the alphabet turns the whole
text into UCS-2, which more than doubles its price.

SNS splits at words, so `Segments.count` is a lower bound of what is billed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import regex

from chalicelib.domain.text import graphemes, is_blank, link_spans

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The GSM 03.38 default alphabet without its escape."""

EXTENSION = frozenset("\f^{}\\[~]|€")
"""Characters sent as an escape and a second septet."""

_GSM = BASIC | EXTENSION


@dataclass(frozen=True, slots=True)
class Segments:
    """How a text is sent: `units_used` of all segments, `per_segment` what one of them holds."""

    encoding: Literal["GSM-7", "UCS-2"]
    count: int
    units_used: int
    per_segment: int


@dataclass(frozen=True, slots=True)
class Transliteration:
    """A text as it will be sent, and whether that differs from what was written."""

    text: str
    changed: bool


def is_gsm(text: str) -> bool:
    """Return whether every character of a text is in the cheap alphabet."""
    return _GSM.issuperset(text)


def encode_plan(text: str) -> Segments:
    """Return the encoding and the segments of a text; an empty one has none.

    Neither an escaped character nor a surrogate pair is split between two segments.
    """
    if is_gsm(text):
        return _pack("GSM-7", [2 if char in EXTENSION else 1 for char in text], 160, 153)
    return _pack("UCS-2", [2 if char > "\uffff" else 1 for char in text], 70, 67)


def transliterate(text: str, keep: Sequence[str] = ()) -> Transliteration:
    """Rewrite a text in the cheap alphabet where that is possible without loss of meaning.

    All or nothing: typographic signs, accents that the alphabet lacks and emoji are replaced only
    if the whole result is GSM-7; a text in another script stays as it is. Each occurrence of a
    `keep` part, and each link, stays verbatim, even if this means UCS-2.
    """
    if is_gsm(text):
        return Transliteration(text, False)
    written: list[str] = []
    position = 0
    for start, end in (*_kept_spans(text, keep), (len(text), len(text))):
        plain = _rewrite(text[position:start], opens=not position, closes=start == len(text))
        if plain is None or not is_gsm(text[start:end]):
            return Transliteration(text, False)
        written += (plain, text[start:end])
        position = end
    result = "".join(written)
    return Transliteration(text, False) if is_blank(result) else Transliteration(result, True)


def _pack(
    encoding: Literal["GSM-7", "UCS-2"], costs: Sequence[int], single: int, several: int
) -> Segments:
    """Fill segments with characters of these costs, none of them split."""
    used = sum(costs)
    if used <= single:
        return Segments(encoding, 1 if costs else 0, used, single)
    count, filled = 1, 0
    for cost in costs:
        if filled + cost > several:
            count, filled = count + 1, 0
        filled += cost
    return Segments(encoding, count, used, several)


def _kept_spans(text: str, keep: Sequence[str]) -> list[tuple[int, int]]:
    """Return where links and `keep` parts stand, in order and without overlap."""
    spans = link_spans(text)
    for part in filter(None, keep):
        start = text.find(part)
        while start >= 0:
            spans.append((start, start + len(part)))
            start = text.find(part, start + len(part))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _rewrite(text: str, *, opens: bool, closes: bool) -> str | None:
    """Return a stretch of text in the cheap alphabet; None where it has no equivalent.

    What is dropped takes one of the spaces around it along; `opens` and `closes` say whether the
    stretch begins or ends the whole text.
    """
    written: list[str] = []
    dropped = False
    for grapheme in graphemes(text):
        replacement = _equivalent(grapheme)
        if replacement is None:
            return None
        if not replacement:
            dropped = True
            continue
        before = written[-1] if written else "\n" if opens else ""
        if dropped and replacement == " " and before in (" ", "\n"):
            continue
        if dropped and replacement == "\n" and before == " ":
            written.pop()
        written.append(replacement)
        dropped = False
    if dropped and closes and written and written[-1] == " ":
        written.pop()
    return "".join(written)


def _equivalent(grapheme: str) -> str | None:
    """Return what to write for one visible character: possibly nothing; None if nothing fits."""
    if is_gsm(grapheme):
        return grapheme
    if grapheme in _SIGNS:
        return _SIGNS[grapheme]
    if _FLAG.fullmatch(grapheme):
        return "".join(chr(ord(char) - _REGIONAL_A + ord("A")) for char in grapheme)
    if _EMOJI.match(grapheme):
        return _SIGNS.get(grapheme[0], "")
    # Only a short cluster is composed: reordering the marks of a long one is quadratic.
    composed = unicodedata.normalize("NFC", grapheme) if len(grapheme) <= 8 else grapheme
    letters = [_letter(char) for char in composed]
    return None if None in letters else "".join(filter(None, letters))


def _letter(char: str) -> str | None:
    """Return one character in the cheap alphabet; None if it has no equivalent there."""
    if char in _GSM:
        return char
    if char in _SIGNS:
        return _SIGNS[char]
    if _SILENT.match(char):
        return ""
    base = "".join(_SIGNS.get(part, part) for part in unicodedata.normalize("NFKD", char))
    plain = _SILENT.sub("", base)
    return plain if is_gsm(plain) else None


_REGIONAL_A = 0x1F1E6
_FLAG = regex.compile(r"\p{Regional_Indicator}{2}")
_EMOJI = regex.compile(
    r"[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}"
    r"\u2300-\u23ff\u2500-\u27bf]"
)
_SILENT = regex.compile(r"[\p{Mn}\p{Me}\p{Cf}]")


def _signs(table: str) -> dict[str, str]:
    """Return a table written as lines of replacement and the characters it stands for."""
    rows = (line.split() for line in table.strip().splitlines())
    return {char: replacement for replacement, *chars in rows for char in chars}


# Letters whose stroke, ligature or shape is no accent that decomposition could take off, and signs
# whose compatibility form would be wrong or missing.
_SIGNS = {
    **_signs(
        """
        '    ‘ ’ ‚ ‛ ′ ` ´ ʹ ʻ ʼ ‹ › ＇
        "    “ ” „ ‟ ″ « » 〝 〞 ＂
        -    ‐ ‑ ‒ – — ― − ⁃ • · ‣ ▪ ▫ ◦ ● ○ ■ □ ➤ ► ▶ ∙ ・
        /    ⁄ ∕ ÷
        *    ∗ ⋅
        x    ×
        ~    ≈ ∼ 〜
        ->   → ➔ ➜ ➡ ⟶ ⇨
        <-   ← ⬅ ⟵
        <->  ↔
        =>   ⇒
        <=   ≤ ⇐
        >=   ≥
        !=   ≠
        +/-  ±
        OK   ✓ ✔ ✅ ☑ 👌
        <3   ❤ ♥
        (c)  ©
        (R)  ®
        TM   ™
        No.  №
        deg  °
        c    ¢
        u    µ
        a    ª
        o    º
        ss   ẞ
        d    đ ð ɖ
        D    Đ Ð Ɖ
        l    ł ƚ ɫ
        L    Ł Ƚ
        h    ħ
        H    Ħ
        t    ŧ
        T    Ŧ
        th   þ
        Th   Þ
        i    ı
        k    ĸ
        n    ŋ
        N    Ŋ
        oe   œ
        OE   Œ
        f    ƒ
        z    ƶ
        Z    Ƶ
        b    ƀ
        e    ə ǝ
        E    Ə Ǝ
        """
    ),
    "\u2028": "\n",
    "\u2029": "\n",
    "\x85": "\n",
    "\t": " ",
    "\u1680": " ",
    "\u3000": " ",
}
