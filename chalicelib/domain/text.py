"""Text as platforms count it and as people read it.

Nothing here is slower than linear in the length of its input: every pattern is free of nested
repetition, and `graphemes` takes flags pair by pair because `regex` looks back over a whole run of
regional indicators at each of them (measured 2026-11-21: 24,000 of them cost a second).
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import regex


class TextUnit(StrEnum):
    """What a platform counts when it limits a text; the values are those of the API."""

    CODE_POINTS = "code_points"
    UTF16_UNITS = "utf16_units"
    UTF8_BYTES = "utf8_bytes"
    GRAPHEMES = "graphemes"
    CHARACTERS = "characters"
    """The platform says "characters" and no more; counted as UTF-16 units, which are never fewer
    than code points or graphemes."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a text can't be accepted: a stable code and a sentence for its author."""

    code: str
    detail: str


_GRAPHEME = regex.compile(
    r"\p{Regional_Indicator}{2}[\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}]*|\X"
)
_VISIBLE = regex.compile(r"[^\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]")
_IGNORABLE = regex.compile(r"\p{Default_Ignorable_Code_Point}+")
_MARKS = regex.compile(r"\p{M}{30}")
_SURROGATE = regex.compile(r"\p{Cs}")
_CONTROL = regex.compile(r"(?!\r\n)[\p{Cc}--[\t\n\x00]]", regex.V1)
_ENTITY = regex.compile(
    r"""
      (?<link>   (?<!\w) (?<scheme>https?://|www\.) [^\s<>"\p{Cc}。、，！？（）「」『』]+ )
    | (?<hashtag>(?<![\w&/\#＃@]) [\#＃] \w+ )
    | (?<mention>(?<![\w/@.]) @ \w+ (?:[.-]\w+)* (?:@\w+(?:[.-]\w+)*)? )
    """,
    regex.VERBOSE | regex.IGNORECASE,
)
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_HALF = regex.compile("[\ud800-\udfff]")
_OPENING = frozenset("([{<¿¡\"'“‘«‹「『（【《〈")
_DANGLING = _OPENING | frozenset(",;:-–—/&+|·、，；：")
_AFTER_LINK = frozenset(".,;:!?'*…»”’›")
_BRACKETS = {")": "(", "]": "[", "}": "{"}


def mended(text: str) -> str:
    """Return a text with U+FFFD for each half of a character: none can be stored or sent."""
    return _HALF.sub("\ufffd", text)


def graphemes(text: str) -> list[str]:
    """Return the characters as a reader sees them (extended grapheme clusters), in order."""
    found: list[str] = _GRAPHEME.findall(text)
    return found


def measure(text: str, unit: TextUnit) -> int:
    """Return the length of a text in a unit; a lone surrogate counts like any other code point."""
    if unit is TextUnit.CODE_POINTS:
        return len(text)
    if unit is TextUnit.GRAPHEMES:
        return len(graphemes(text))
    if unit is TextUnit.UTF8_BYTES:
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def links(text: str) -> list[str]:
    """Return the web addresses in a text, in order, without the punctuation that follows them."""
    return [text[start:end] for start, end in link_spans(text)]


def link_spans(text: str) -> list[tuple[int, int]]:
    """Return start and end of each of `links`."""
    return [(start, end) for kind, start, end in _entities(text) if kind == "link"]


def hashtags(text: str) -> list[str]:
    """Return the hashtags in a text, in order, with their sign; one of digits alone is none."""
    return [text[start:end] for kind, start, end in _entities(text) if kind == "hashtag"]


def mentions(text: str) -> list[str]:
    """Return the mentions in a text, in order, with their sign; an e-mail address is none."""
    return [text[start:end] for kind, start, end in _entities(text) if kind == "mention"]


def visible_length(text: str) -> int:
    """Return how many graphemes leave a trace: not space, control, format or zero-width."""
    return sum(1 for grapheme in graphemes(text) if _VISIBLE.search(grapheme))


def is_blank(text: str) -> bool:
    """Return whether a reader would see nothing."""
    return _VISIBLE.search(text) is None


def reject_reasons(text: str) -> list[Reason]:
    """Return why a text can't be accepted at all, each reason once; empty if it can.

    Newline (also as CR LF) and tab are the only control characters of a text.
    """
    reasons = []
    if _SURROGATE.search(text):
        reasons.append(Reason("lone_surrogate", "Remove the broken character (a lone surrogate)."))
    if "\x00" in text:
        reasons.append(Reason("null_character", "Remove the null character (U+0000)."))
    found = _CONTROL.search(text)
    if found:
        code = f"U+{ord(found.group()):04X}"
        reasons.append(Reason("control_character", f"Remove the control character {code}."))
    return reasons


def normalise_name(name: str) -> str:
    """Return the form under which two spellings of a name are the same.

    NFKC and case folding, without invisible characters, spaces collapsed.
    """
    # Reordering marks is quadratic in their run, so long runs are broken by a joiner, as in
    # Unicode's stream-safe format; it is ignorable itself and goes last.
    bounded = _MARKS.sub("\\g<0>\u034f", _IGNORABLE.sub("", name))
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", bounded).casefold())
    whole = _IGNORABLE.sub("", unicodedata.normalize("NFKC", folded.casefold()))
    return " ".join(whole.split())


def fit(text: str, limit: int, measure: Callable[[str], int], ellipsis: str = "…") -> str:
    """Shorten generated text so that `measure` of the result is at most `limit`.

    A text that fits comes back unchanged. Otherwise whole words are kept (where a script has no
    spaces, whole characters), then the ellipsis. A word is cut only if it is the first; a link,
    hashtag or mention is dropped rather than cut; a grapheme is never cut. Where not even the
    ellipsis fits the result is empty. ValueError if `limit` is negative.
    """
    if limit < 0:
        raise ValueError("The limit must not be negative.")
    if measure(text) <= limit:
        return text
    pieces = graphemes(text)
    whole, glued = _seams(text, pieces)
    ends = _ends(pieces, glued)

    def opening(seam: int) -> str:
        end = ends[seam]
        # An ellipsis right behind a link would become part of it.
        tail = f" {ellipsis}" if end in glued else ellipsis
        return "".join(pieces[:end]) + tail if end else ""

    by_word = [seam for seam in sorted(whole) if _between_words(pieces, seam)]
    for seams in (by_word, sorted(whole)):
        count = bisect_left(seams, True, key=lambda seam: measure(opening(seam)) > limit)
        best = opening(seams[count - 1]) if count else ""
        # Asked again because a measure may shrink as a text grows.
        if best and measure(best) <= limit:
            return best
    return ellipsis if measure(ellipsis) <= limit else ""


def _ends(pieces: Sequence[str], glued: frozenset[int]) -> list[int]:
    """Return for each border where a text cut there ends once it is trimmed."""
    ends = [0]
    for index, piece in enumerate(pieces, start=1):
        dangling = piece.isspace() or piece in _DANGLING
        ends.append(ends[-1] if dangling and index not in glued else index)
    return ends


def _seams(text: str, pieces: Sequence[str]) -> tuple[frozenset[int], frozenset[int]]:
    """Return the grapheme borders outside links and tags, and those right behind one."""
    spans = [(start, end) for _, start, end in _entities(text)]
    inside: set[int] = set()
    behind: set[int] = set()
    position = current = 0
    for index, piece in enumerate(pieces):
        while current < len(spans) and spans[current][1] <= position:
            current += 1
        if current < len(spans) and spans[current][0] < position:
            inside.add(index)
        elif current and spans[current - 1][1] > position - len(pieces[index - 1]):
            behind.add(index)
        position += len(piece)
    return frozenset(range(1, len(pieces))) - inside, frozenset(behind)


def _between_words(pieces: Sequence[str], index: int) -> bool:
    """Return whether a border is one between words."""
    left, right = pieces[index - 1], pieces[index]
    if left.isspace() or right.isspace():
        return True
    return _UNSPACED.match(right) is not None and left not in _OPENING


def _entities(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield kind, start and end of each link, hashtag and mention, in order."""
    for found in _ENTITY.finditer(text):
        start, end = found.span()
        kind = str(found.lastgroup) if found.lastgroup != "scheme" else "link"
        if kind == "link":
            end = _link_end(text, start, end)
            if end <= found.end("scheme"):
                continue
        elif kind == "hashtag" and not any(char.isalpha() for char in found.group()):
            continue
        yield kind, start, end


def _link_end(text: str, start: int, end: int) -> int:
    """Return where a link ends once the sentence's own punctuation is taken off."""
    address = text[start:end]
    surplus = {
        close: address.count(close) - address.count(opening) for close, opening in _BRACKETS.items()
    }
    while (last := text[end - 1]) in _AFTER_LINK or surplus.get(last, 0) > 0:
        if last in surplus:
            surplus[last] -= 1
        end -= 1
    return end
