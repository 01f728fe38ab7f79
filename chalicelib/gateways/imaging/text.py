"""Shaped text in any script as vector outlines: HarfBuzz shapes, nothing here rasterises.

::

    text -> cleaned (NFC, no controls) -> grapheme clusters -> a face per cluster
         -> words (break opportunities) -> lines (balanced) -> bidi runs -> shaped outlines

A cluster no face covers is replaced by its plain letters where it has any (compatibility form,
base letter) and left out otherwise: a box is never drawn. Sizes are in em until a line is placed,
so a text is shaped once whatever size it ends up in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import regex
import uharfbuzz as hb  # type: ignore[import-untyped]

from chalicelib.domain.errors import ConfigurationError

from .bidi import is_right_to_left, levels_of, visual_order


def fonts_folder(beside: Path) -> Path:
    """Return where the faces lie: beside this code, or on the import path, where a layer is."""
    if beside.is_dir():
        return beside
    spec = find_spec("imaging_fonts")
    for place in (spec and spec.submodule_search_locations) or ():
        return Path(place)
    raise ConfigurationError("There are no fonts: attach the imaging layer to this function.")


FONTS: Final = fonts_folder(Path(__file__).with_name("fonts"))
DISPLAY: Final = "NotoSerifDisplay-SemiBold"
PLAIN: Final = "NotoSans-Medium"
CJK: Final = "NotoSansCJK-Medium"
EMOJI: Final = "NotoEmoji-SemiBold"
SYMBOLS: Final = "NotoSansSymbols2-Regular"

SCALE: Final = {CJK: 0.94, EMOJI: 0.86, "NotoNaskhArabic-SemiBold": 1.12}
"""How large a face is drawn beside Latin of the same size, by eye."""

CLUSTER: Final = regex.compile(r"\X")
IGNORABLE: Final = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Cc}]")
BREAK_ANYWHERE: Final = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
)
NOT_AT_START: Final = frozenset(
    "、。，．・：；？！）］｝」』】〉》ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々.,:;!?)]}%–—"
)
SPACES: Final = regex.compile(r"[\p{Z}\s]+")
UNWANTED: Final = regex.compile(
    r"[\p{Cc}\p{Cs}\p{Co}\p{Cn}[\p{Cf}--[\u200c\u200d]--[\U000E0020-\U000E007F]]]", regex.V1
)
PILED_MARKS: Final = regex.compile(r"(\p{M}{8})\p{M}+")
"""No writing system stacks more than a handful of marks on a letter; pranks do."""
PRESENTATION: Final = regex.compile(r"\p{Emoji_Presentation}|\ufe0f")


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is set: its first face, its direction (1 right to left), its East Asian forms."""

    face: str
    base: int
    language: str


@dataclass(frozen=True, slots=True)
class Glyph:
    """One outline at a place on its line; em, y upwards, the line's origin at the left."""

    face: str
    number: int
    x: float
    y: float
    size: float


@dataclass(frozen=True, slots=True)
class Line:
    """A shaped line: width is what it advances, top and bottom are its ink over the baseline."""

    glyphs: tuple[Glyph, ...]
    width: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Block:
    """Lines at the size they were fitted to; pixels."""

    lines: tuple[Line, ...]
    size: float
    baselines: tuple[float, ...]
    height: float


@cache
def fallbacks() -> tuple[str, ...]:
    """Return every face but the two Latin ones, the large ones last."""
    names = sorted(path.stem for path in FONTS.glob("*.?tf"))
    last = (SYMBOLS, CJK, EMOJI)
    return (*(name for name in names if name not in (DISPLAY, PLAIN, *last)), *last)


@cache
def font(name: str) -> Any:
    """Open a face once; its file is mapped, not read."""
    path = next(FONTS.glob(f"{name}.?tf"))
    return hb.Font(hb.Face(hb.Blob.from_file_path(path)))


def has_glyphs(name: str, cluster: str) -> bool:
    """Say whether the face draws every visible character of the cluster."""
    face = font(name)
    return all(
        face.get_nominal_glyph(ord(character)) or IGNORABLE.fullmatch(character)
        for character in cluster
    )


@lru_cache(maxsize=4096)
def face_of(cluster: str, first: str) -> str | None:
    """Return the face to draw a cluster with, None if there is none."""
    order: Sequence[str] = (first, PLAIN, *fallbacks())
    if PRESENTATION.search(cluster):
        order = (EMOJI, *order)
    return next((name for name in order if has_glyphs(name, cluster)), None)


def clean(text: str) -> str:
    """Return NFC text on one line, without controls, direction marks and piles of accents."""
    text = SPACES.sub(" ", unicodedata.normalize("NFC", text))
    text = PILED_MARKS.sub(r"\1", UNWANTED.sub("", text))
    return str(text.strip())


def drawable(text: str, first: str) -> tuple[str, ...]:
    """Return the text's grapheme clusters, each replaced by something a face can draw."""
    return tuple(part for cluster in CLUSTER.findall(clean(text)) for part in _draw(cluster, first))


def _draw(cluster: str, first: str) -> Iterator[str]:
    for form in _forms(cluster):
        if form and face_of(form, first):
            yield form
            return
    parts = [part for part in unicodedata.normalize("NFKC", cluster) if face_of(part, first)]
    yield from (part for part in parts if not IGNORABLE.fullmatch(part))


def _forms(cluster: str) -> Iterator[str]:
    """Yield the cluster, then ever plainer ways to write it."""
    yield cluster
    yield unicodedata.normalize("NFD", cluster)
    yield unicodedata.normalize("NFKC", cluster)
    yield regex.sub(r"[\u200d\ufe00-\ufe0f\U0001F3FB-\U0001F3FF]", "", cluster)
    yield regex.sub(r"\p{M}+", "", unicodedata.normalize("NFKD", cluster))


def pieces_of(clusters: Sequence[str]) -> list[tuple[str, ...]]:
    """Cut into the pieces a line may be made of; a trailing space belongs to its piece."""
    pieces: list[list[str]] = []
    last = ""
    for cluster in clusters:
        if not pieces or _may_break(last, cluster):
            pieces.append([])
        pieces[-1].append(cluster)
        last = cluster
    return [tuple(piece) for piece in pieces]


def _may_break(before: str, after: str) -> bool:
    if after == " " or after in NOT_AT_START:
        return False
    if before == " " or before in "-‐–—/":
        return True
    return bool(BREAK_ANYWHERE.match(before) and BREAK_ANYWHERE.match(after))


@lru_cache(maxsize=2048)
def shape_line(clusters: tuple[str, ...], style: Style) -> Line:
    """Shape one line: runs in visual order, each glyph at its place."""
    clusters = _trimmed(clusters)
    text = "".join(clusters)
    levels = levels_of(text, style.base)
    runs: list[tuple[str, str, int]] = []
    for (face, _script, level), group in groupby(
        _described(clusters, levels, style.face), key=lambda entry: entry[1:]
    ):
        runs.append(("".join(entry[0] for entry in group), face, level))
    glyphs: list[Glyph] = []
    cursor, top, bottom = 0.0, 0.0, 0.0
    for index in visual_order([level for *_, level in runs]):
        run, face, level = runs[index]
        size = SCALE.get(face, 1.0)
        shaped = _shape_run(run, face, level % 2 == 1, style.language)
        for number, x, y, advance, ink in shaped:
            glyphs.append(Glyph(face, number, cursor + x * size, y * size, size))
            cursor += advance * size
            if ink is not None:
                top, bottom = max(top, (y + ink[0]) * size), min(bottom, (y + ink[1]) * size)
    return Line(tuple(glyphs), cursor, top, bottom)


def _trimmed(clusters: tuple[str, ...]) -> tuple[str, ...]:
    end = len(clusters)
    while end and clusters[end - 1] == " ":
        end -= 1
    return clusters[:end]


def _described(
    clusters: Sequence[str], levels: Sequence[int], first: str
) -> Iterator[tuple[str, str, str, int]]:
    """Yield each cluster with its face, script and level; neutral ones join what is before."""
    position, face, script = 0, "", ""
    for cluster in clusters:
        own = script_of(cluster)
        if not (own is None and face and has_glyphs(face, cluster) and face != EMOJI):
            face = face_of(cluster, first) or first
        script = own or script
        yield cluster, face, script, levels[position]
        position += len(cluster)


@lru_cache(maxsize=4096)
def script_of(cluster: str) -> str | None:
    """Return the script of the cluster's first letter, None for spaces, digits and signs."""
    buffer = hb.Buffer()
    buffer.add_str(cluster)
    buffer.guess_segment_properties()
    script = str(buffer.script or "")
    return script if script not in ("", "Zyyy", "Zinh", "Zzzz") else None


def _shape_run(
    text: str, face: str, is_right_to_left: bool, language: str
) -> list[tuple[int, float, float, float, tuple[float, float] | None]]:
    """Return number, offsets, advance and vertical ink of each glyph; em, left to right."""
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if is_right_to_left else "ltr"
    if face == CJK:
        buffer.language = language
    shaper = font(face)
    hb.shape(shaper, buffer)
    em = float(shaper.face.upem)
    shaped = []
    for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        extents = shaper.get_glyph_extents(info.codepoint)
        ink = None
        if extents is not None and extents.height:
            ink = (extents.y_bearing / em, (extents.y_bearing + extents.height) / em)
        shaped.append(
            (
                info.codepoint,
                place.x_offset / em,
                place.y_offset / em,
                place.x_advance / em,
                ink,
            )
        )
    return shaped


def style_of(text: str, first: str, context: str = "") -> Style:
    """Return how to set a text that stands beside other words in the reader's language."""
    return Style(first, int(is_right_to_left(text)), language_of(text, context))


def language_of(text: str, context: str = "") -> str:
    """Guess which national forms East Asian characters should take.

    Kana and hangul say it, in the text or else in its context; otherwise the first national
    character set that has all characters.
    """
    for words in (text, context):
        if regex.search(r"[\p{Hiragana}\p{Katakana}々]", words):
            return "ja"
        if regex.search(r"\p{Hangul}", words):
            return "ko"
    han = "".join(regex.findall(r"\p{Han}", text))
    for encoding, language in (("gb2312", "zh-Hans"), ("big5", "zh-Hant"), ("shift_jis", "ja")):
        try:
            han.encode(encoding)
        except UnicodeError:
            continue
        return language
    return "zh-Hans"


def fit_block(
    text: str,
    *,
    first: str,
    width: float,
    height: float,
    largest: float,
    smallest: float,
    max_lines: int,
    leading: float = 1.16,
    max_clusters: int = 240,
    context: str = "",
) -> Block:
    """Set the text as large as it fits the box, in few balanced lines; never clipped.

    `smallest` is where words start to be broken between clusters and more lines are allowed; a
    text that still does not fit is set smaller. Longer texts than `max_clusters` end with "…".
    """
    clusters = drawable(text, first)
    if len(clusters) > max_clusters:
        clusters = (*clusters[: max_clusters - 1], "…")
    if not clusters:
        return Block((), 0.0, (), 0.0)
    style = style_of("".join(clusters), first, context)
    pieces = pieces_of(clusters)
    best = _try(pieces, 1, style, width, height, largest, leading)
    for count in range(2, max_lines + 1):
        if best.size >= largest * 0.999:
            break
        block = _try(pieces, count, style, width, height, largest, leading)
        if block.size > best.size * 1.16:
            best = block
    if best.size >= smallest:
        return best
    single = [(cluster,) for cluster in clusters]
    for count in range(max(2, max_lines), 2 * max_lines + 3):
        block = _try(single, count, style, width, height, largest, leading)
        if block.size > best.size * 1.02:
            best = block
        if best.size >= smallest:
            break
    return best


def _try(
    pieces: Sequence[tuple[str, ...]],
    count: int,
    style: Style,
    width: float,
    height: float,
    largest: float,
    leading: float,
) -> Block:
    """Set in at most `count` balanced lines and find the size."""
    lines = [shape_line(clusters, style) for clusters in _balance(pieces, count, style)]
    lines = [line for line in lines if line.glyphs]
    baselines, tall = _stack(lines, leading)
    widest = max((line.width for line in lines), default=1.0)
    size = min(largest, width / max(widest, 1e-6), height / max(tall, 1e-6))
    return Block(tuple(lines), size, tuple(baseline * size for baseline in baselines), tall * size)


def _stack(lines: Sequence[Line], leading: float) -> tuple[list[float], float]:
    """Return baselines from the top and the height, em; ink of two lines never touches."""
    baselines: list[float] = []
    for index, line in enumerate(lines):
        if index == 0:
            baselines.append(max(line.top, 0.72))
            continue
        before = lines[index - 1]
        baselines.append(baselines[-1] + max(leading, line.top - before.bottom + 0.06))
    if not lines:
        return [], 0.0
    return baselines, baselines[-1] - min(lines[-1].bottom, 0.0)


def _balance(pieces: Sequence[tuple[str, ...]], count: int, style: Style) -> list[tuple[str, ...]]:
    """Share the pieces out over at most `count` lines so that the longest is short."""
    widths = [shape_line(piece, style).width + _space_after(piece) for piece in pieces]
    low, high = max(widths), sum(widths)
    for _ in range(24):
        middle = (low + high) / 2
        if len(_greedy(widths, middle)) <= count:
            high = middle
        else:
            low = middle
    return [
        tuple(cluster for index in line for cluster in pieces[index])
        for line in _greedy(widths, high)
    ]


def _space_after(piece: tuple[str, ...]) -> float:
    return 0.25 if piece[-1] == " " else 0.0


def _greedy(widths: Sequence[float], limit: float) -> list[list[int]]:
    lines: list[list[int]] = [[]]
    used = 0.0
    for index, width in enumerate(widths):
        if lines[-1] and used + width > limit + 1e-9:
            lines.append([])
            used = 0.0
        lines[-1].append(index)
        used += width
    return lines


class _Pen:
    """Writes an outline as SVG path data."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def moveTo(self, point: tuple[float, float]) -> None:
        self.parts.append(f"M{point[0]:g} {point[1]:g}")

    def lineTo(self, point: tuple[float, float]) -> None:
        self.parts.append(f"L{point[0]:g} {point[1]:g}")

    def qCurveTo(self, *points: tuple[float, float]) -> None:
        self.parts.append("Q" + " ".join(f"{x:g} {y:g}" for x, y in points))

    def curveTo(self, *points: tuple[float, float]) -> None:
        self.parts.append("C" + " ".join(f"{x:g} {y:g}" for x, y in points))

    def closePath(self) -> None:
        self.parts.append("Z")

    def endPath(self) -> None:
        pass


@lru_cache(maxsize=4096)
def outline(face: str, number: int) -> str:
    """Return a glyph's path in font units, y upwards."""
    pen = _Pen()
    font(face).draw_glyph_with_pen(number, pen)
    return "".join(pen.parts)


@cache
def units_per_em(face: str) -> int:
    """Return how many font units make one em."""
    return int(font(face).face.upem)


def svg_of(block: Block, x: float, y: float, anchor: float, fill: str) -> str:
    """Return the block as SVG; `anchor` 0 sets lines left of `x`, 0.5 centred, 1 right."""
    drawn = []
    for line, baseline in zip(block.lines, block.baselines, strict=True):
        left = x - anchor * line.width * block.size
        for glyph in line.glyphs:
            path = outline(glyph.face, glyph.number)
            if not path:
                continue
            scale = block.size * glyph.size / units_per_em(glyph.face)
            drawn.append(
                f'<path transform="matrix({scale:.6g} 0 0 {-scale:.6g} '
                f'{left + glyph.x * block.size:.3f} {y + baseline - glyph.y * block.size:.3f})" '
                f'd="{path}"/>'
            )
    return f'<g fill="{fill}">{"".join(drawn)}</g>'
