"""The celebration card: one calm composition, drawn as SVG and encoded as JPEG.

::

    SQUARE, PORTRAIT             WIDE (mirrored when the headline reads right to left)
    +------------------+         +--------------------------+
    |      emblem      |         |          Headline        |
    |     Headline     |         | emblem   Name            |
    |       Name       |         |          ---o---         |
    |     ---o---      |         |          title           |
    |      title       |         |          level · date    |
    |   level · date   |         |          community       |
    |    community     |         +--------------------------+
    +------------------+

Confetti is placed by a hash of what the card says: the same card is the same bytes, two people's
cards differ. resvg draws; all text arrives there as outlines, so no font is looked up.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import shake_256
from math import cos, hypot, pi, sin
from typing import Final

import resvg_py
from PIL import Image, ImageChops, ImageOps

from . import emblem, photos, text
from .bidi import is_right_to_left
from .emblem import GOLD, PAPER, Palette, mix
from .values import Card, Shape

QUALITY: Final = 90

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand on one shape; pixels."""

    emblem_x: float
    emblem_y: float
    emblem_radius: float
    text_x: float
    text_width: float
    text_top: float
    text_bottom: float
    anchor: float
    headline: float
    name: float
    title: float
    label: float
    community: float


LAYOUTS: Final = {
    Shape.SQUARE: Layout(540, 240, 162, 540, 900, 452, 1014, 0.5, 58, 112, 42, 29, 28),
    Shape.PORTRAIT: Layout(540, 340, 220, 540, 900, 620, 1270, 0.5, 66, 124, 46, 32, 30),
    Shape.WIDE: Layout(250, 315, 172, 478, 650, 64, 578, 0.0, 46, 84, 33, 24, 22),
}


def render(card: Card, shape: Shape) -> bytes:
    """Draw the card as an sRGB JPEG of exactly the shape's size."""
    layout = layout_of(card, shape)
    image = ground(emblem.palette_of(card.level), layout, shape).copy()
    words = _picture(draw(card, layout, shape))
    image.paste(words, mask=words.getchannel("A"))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, subsampling=0, optimize=True)
    return out.getvalue()


def layout_of(card: Card, shape: Shape) -> Layout:
    """Return the shape's layout, mirrored for a language that reads right to left."""
    layout = LAYOUTS[shape]
    if shape is Shape.WIDE and is_right_to_left(text.clean(card.headline)):
        return _mirrored(layout, shape)
    return layout


def _svg(shape: Shape, body: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{shape.width}" height="{shape.height}" '
        f'viewBox="0 0 {shape.width} {shape.height}">{body}</svg>'
    )


def _picture(svg: str) -> Image.Image:
    png = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True)
    return Image.open(io.BytesIO(png)).convert("RGBA")


def draw(card: Card, layout: Layout, shape: Shape) -> str:
    """Return all that stands on the ground as SVG."""
    palette = emblem.palette_of(card.level)
    words, occupied = _words(card, layout, palette)
    return _svg(
        shape,
        "".join(_confetti(card, layout, shape, palette, occupied))
        + (_portrait(card, layout) if card.photo else _medal(card, layout))
        + words,
    )


@lru_cache(maxsize=6)
def ground(palette: Palette, layout: Layout, shape: Shape) -> Image.Image:
    """Return the background; kept, as its gradients cost more than all the rest of a card."""
    image = _picture(_svg(shape, _ground(layout, shape, palette))).convert("RGB")
    return ImageChops.add(image, _grain(shape), scale=1.0, offset=-2)


def _mirrored(layout: Layout, shape: Shape) -> Layout:
    return replace(
        layout,
        emblem_x=shape.width - layout.emblem_x,
        text_x=shape.width - layout.text_x,
        anchor=1.0,
    )


def _ground(layout: Layout, shape: Shape, palette: Palette) -> str:
    """Return background, glow, rays and orbits."""
    x, y, radius = layout.emblem_x, layout.emblem_y, layout.emblem_radius
    width, height = shape.width, shape.height
    rays = []
    for index in range(48):
        angle = (index + 0.5) * pi / 24
        spread = pi / 48 * (0.46, 0.2)[index % 2]
        far = radius * 5.6
        rays.append(
            f"M{x:.1f} {y:.1f}"
            f"L{x + cos(angle - spread) * far:.1f} {y + sin(angle - spread) * far:.1f}"
            f"L{x + cos(angle + spread) * far:.1f} {y + sin(angle + spread) * far:.1f}Z"
        )
    orbits = "".join(
        f'<circle cx="{x}" cy="{y}" r="{radius * times:.1f}" fill="none" stroke="{palette.light}" '
        f'stroke-opacity="{opacity}" stroke-width="1.2"/>'
        for times, opacity in ((1.32, 0.22), (1.75, 0.15), (2.35, 0.1), (3.1, 0.07), (4.1, 0.05))
    )
    return (
        "<defs>"
        f'<linearGradient id="ground" x1="0" y1="0" x2=".55" y2="1">'
        f'<stop offset="0" stop-color="{mix(palette.deep, palette.rich, 0.75)}"/>'
        f'<stop offset=".55" stop-color="{mix(palette.deep, palette.rich, 0.22)}"/>'
        f'<stop offset="1" stop-color="{palette.deep}"/></linearGradient>'
        f'<radialGradient id="glow" gradientUnits="userSpaceOnUse" cx="{x}" cy="{y}" '
        f'r="{radius * 3.6:.0f}">'
        f'<stop offset="0" stop-color="{palette.glow}" stop-opacity=".75"/>'
        f'<stop offset=".35" stop-color="{palette.glow}" stop-opacity=".3"/>'
        f'<stop offset="1" stop-color="{palette.glow}" stop-opacity="0"/></radialGradient>'
        f'<radialGradient id="rays" gradientUnits="userSpaceOnUse" cx="{x}" cy="{y}" '
        f'r="{radius * 4.4:.0f}">'
        f'<stop offset=".2" stop-color="{palette.light}" stop-opacity=".13"/>'
        f'<stop offset=".55" stop-color="{palette.light}" stop-opacity=".035"/>'
        f'<stop offset="1" stop-color="{palette.light}" stop-opacity="0"/></radialGradient>'
        "</defs>"
        f'<rect width="{width}" height="{height}" fill="url(#ground)"/>'
        f'<rect width="{width}" height="{height}" fill="url(#glow)"/>'
        f'<path d="{"".join(rays)}" fill="url(#rays)"/>' + orbits + _frame(shape)
    )


def _frame(shape: Shape) -> str:
    """Return a hair of gold inside the edge."""
    inset = 26
    return (
        f'<rect x="{inset}" y="{inset}" width="{shape.width - 2 * inset}" '
        f'height="{shape.height - 2 * inset}" rx="18" fill="none" stroke="{GOLD}" '
        f'stroke-opacity=".34" stroke-width="1.5"/>'
    )


def _medal(card: Card, layout: Layout) -> str:
    return emblem.medal(card.level, layout.emblem_x, layout.emblem_y, layout.emblem_radius, "medal")


def _portrait(card: Card, layout: Layout) -> str:
    """Return the person's photo in the emblem's ring, the emblem as its seal."""
    x, y, radius = layout.emblem_x, layout.emblem_y, layout.emblem_radius * 1.08
    inner = radius * 0.875
    side = round(inner * 2)
    photo = photos.opened(card.photo or b"")
    square = ImageOps.fit(photo, (side, side), Image.Resampling.LANCZOS, centering=(0.5, 0.35))
    out = io.BytesIO()
    square.save(out, "JPEG", quality=95, subsampling=0)
    encoded = base64.b64encode(out.getvalue()).decode("ascii")
    palette = emblem.palette_of(card.level)
    seal = radius * 0.34
    seal_x, seal_y = x + radius * 0.72, y + radius * 0.68
    return (
        f'<clipPath id="face"><circle cx="{x}" cy="{y}" r="{inner:.2f}"/></clipPath>'
        f'<circle cx="{x}" cy="{y}" r="{radius:.2f}" fill="{palette.deep}"/>'
        f'<image x="{x - side / 2:.2f}" y="{y - side / 2:.2f}" width="{side}" height="{side}" '
        f'clip-path="url(#face)" xlink:href="data:image/jpeg;base64,{encoded}"/>'
        + emblem.ring("other", x, y, radius, "ring")
        + f'<circle cx="{seal_x:.2f}" cy="{seal_y:.2f}" r="{seal * 1.1:.2f}" '
        f'fill="{palette.deep}"/>' + emblem.medal(card.level, seal_x, seal_y, seal, "seal")
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the text column: its space above in pixels, its size, and how it is drawn."""

    gap: float
    height: float
    width: float
    draw: Callable[[float], str]


def _words(card: Card, layout: Layout, palette: Palette) -> tuple[str, list[Box]]:
    """Return all text as SVG and the boxes it takes."""
    x, anchor = layout.text_x, layout.anchor
    community = text.fit_block(
        card.community,
        first=text.PLAIN,
        width=layout.text_width,
        height=layout.community * 1.6,
        largest=layout.community,
        smallest=layout.community * 0.6,
        max_lines=1,
    )
    last = layout.text_bottom - community.height
    room = last - layout.text_top - layout.community * 1.1
    tightness = 1.0
    rows = _rows(card, layout, palette, tightness)
    while (total := sum(row.gap + row.height for row in rows)) > room and tightness > 0.5:
        tightness -= 0.07
        rows = _rows(card, layout, palette, tightness)
    y = layout.text_top + max(0.0, (room - total) / 2)
    drawn: list[str] = []
    boxes: list[Box] = []
    for row in rows:
        boxes.append(_box(row.width, x, y, anchor, row.gap + row.height))
        y += row.gap
        drawn.append(row.draw(y))
        y += row.height
    boxes.append(_box(_width(community), x, y, anchor, layout.text_bottom - y))
    hue = mix(palette.light, palette.glow, 0.35)
    drawn.append(text.svg_of(community, x, last, anchor, hue))
    return "".join(drawn), boxes


def _rows(card: Card, layout: Layout, palette: Palette, tightness: float) -> list[Row]:
    """Return headline, name, rule, title and label, those that say something."""
    x, width, anchor = layout.text_x, layout.text_width, layout.anchor
    space = (layout.text_bottom - layout.text_top) * tightness
    headline = text.fit_block(
        card.headline,
        first=text.DISPLAY,
        width=width,
        height=space * 0.17,
        largest=layout.headline * tightness,
        smallest=layout.headline * 0.5,
        max_lines=2,
    )
    name = text.fit_block(
        card.name,
        first=text.DISPLAY,
        width=width,
        height=space * 0.38,
        largest=layout.name * tightness,
        smallest=layout.name * 0.36,
        max_lines=4,
        leading=1.12,
        context=f"{card.headline} {card.level_label}",
    )
    title = text.fit_block(
        card.title,
        first=text.PLAIN,
        width=width * 0.94,
        height=space * 0.2,
        largest=layout.title * max(tightness, 0.8),
        smallest=layout.title * 0.5,
        max_lines=3,
        leading=1.32,
    )
    label, label_width, label_height = _label(card, layout, palette)

    def written(block: text.Block, fill: str) -> Callable[[float], str]:
        return lambda y: text.svg_of(block, x, y, anchor, fill)

    unit = space / 100
    rows = []
    if headline.lines:
        rows.append(Row(0, headline.height, _width(headline), written(headline, GOLD)))
    if name.lines:
        rows.append(Row(5.4 * unit, name.height, _width(name), written(name, PAPER)))
    rule = layout.name * 2.2
    rows.append(Row(7 * unit, 2, rule, lambda y: _rule(x, y, anchor, rule)))
    if title.lines:
        ink = mix(PAPER, palette.light, 0.5)
        rows.append(Row(6.6 * unit, title.height, _width(title), written(title, ink)))
    if label_height:
        rows.append(
            Row(
                6.2 * unit,
                label_height,
                label_width,
                lambda y: f'<g transform="translate(0 {y:.2f})">{label}</g>',
            )
        )
    return rows


def _box(wide: float, x: float, y: float, anchor: float, tall: float) -> Box:
    left = x - anchor * wide
    return left, y, left + wide, y + tall


def _rule(x: float, y: float, anchor: float, length: float) -> str:
    """Return a fine gold rule with a diamond in its middle."""
    left = x - anchor * length
    middle = left + length / 2
    gap, size = 16, 6
    return (
        f'<path d="M{left:.1f} {y:.1f}H{middle - gap:.1f}M{middle + gap:.1f} {y:.1f}'
        f'H{left + length:.1f}" stroke="{GOLD}" stroke-opacity=".8" stroke-width="1.6"/>'
        f'<path d="M{middle:.1f} {y - size:.1f}l{size} {size}l{-size} {size}l{-size} {-size}z" '
        f'fill="{GOLD}"/>'
    )


def _label(card: Card, layout: Layout, palette: Palette) -> tuple[str, float, float]:
    """Return the row of level (in a pill) and date, its top at 0, with width and height."""
    size, width = layout.label, layout.text_width
    blocks = [
        text.fit_block(
            words,
            first=text.PLAIN,
            width=width * 0.44,
            height=size * 1.5,
            largest=size,
            smallest=size * 0.5,
            max_lines=1,
        )
        for words in (card.level_label, card.date_label)
    ]
    level, date = blocks
    padding, tall, gap = size * 0.85, size * 2.0, size * 0.8
    pill = _width(level) + 2 * padding if level.lines else 0.0
    total = pill + (gap if pill and date.lines else 0.0) + _width(date)
    if not total:
        return "", 0.0, 0.0
    left = layout.text_x - layout.anchor * total
    pill_left, date_left = left, left + total - _width(date)
    if layout.anchor == 1.0:
        pill_left, date_left = left + total - pill, left
    drawn = ""
    if pill:
        drawn += (
            f'<rect x="{pill_left:.2f}" y="0" width="{pill:.2f}" height="{tall:.2f}" '
            f'rx="{tall / 2:.2f}" fill="{palette.glow}" fill-opacity=".26" '
            f'stroke="{palette.light}" stroke-opacity=".5" stroke-width="1.4"/>'
        )
        drawn += text.svg_of(level, pill_left + padding, _middle(level, tall), 0, PAPER)
    drawn += text.svg_of(date, date_left, _middle(date, tall), 0, PAPER)
    return drawn, total, tall


def _width(block: text.Block) -> float:
    return max((line.width for line in block.lines), default=0.0) * block.size


def _middle(block: text.Block, tall: float) -> float:
    """Return where a one-line block starts so that its capitals stand in the middle."""
    if not block.lines:
        return 0.0
    return tall / 2 + block.size * 0.36 - block.baselines[0]


def _confetti(
    card: Card,
    layout: Layout,
    shape: Shape,
    palette: Palette,
    occupied: Sequence[Box],
) -> Iterator[str]:
    """Yield small shapes, thick around the emblem and thin towards the edges."""
    said = "\x1f".join(
        (card.name, card.title, card.level, card.date_label, card.community, shape.name)
    )
    stream = shake_256(said.encode("utf-8", "replace")).digest(8 * 420)
    colours = (GOLD, palette.middle, palette.light, PAPER, emblem.GOLD_LIGHT, GOLD)
    placed: list[tuple[float, float, float]] = []
    for offset in range(0, len(stream), 8):
        if len(placed) >= 74:
            return
        a, b, c, d, e, f, g, h = (byte / 256 for byte in stream[offset : offset + 8])
        x = (a + e / 256) * shape.width
        y = (b + c / 256) * shape.height
        size = 6 + c * c * 13
        if not _is_free(x, y, size, h, layout, shape, occupied, placed):
            continue
        placed.append((x, y, size))
        opacity = 0.5 + 0.5 * d
        colour = colours[int(e * 6)]
        yield (
            f'<g transform="translate({x:.1f} {y:.1f}) rotate({f * 360:.0f})" '
            f'opacity="{opacity:.2f}">{_piece(g, size, colour)}</g>'
        )


def _is_free(
    x: float,
    y: float,
    size: float,
    chance: float,
    layout: Layout,
    shape: Shape,
    occupied: Sequence[Box],
    placed: list[tuple[float, float, float]],
) -> bool:
    """Say whether a piece of confetti disturbs neither words, emblem, frame nor another piece.

    The further from the emblem, the more `chance` (0 to 1) it needs.
    """
    margin = 46
    if not (margin < x < shape.width - margin and margin < y < shape.height - margin):
        return False
    away = hypot(x - layout.emblem_x, y - layout.emblem_y) / layout.emblem_radius
    if away < 1.24 + size / layout.emblem_radius or chance < (away - 2.2) / 3:
        return False
    for left, top, right, bottom in occupied:
        if left - 60 < x < right + 60 and top - 30 < y < bottom + 30:
            return False
    return all(hypot(x - px, y - py) > 26 + size + psize for px, py, psize in placed)


def _piece(kind: float, size: float, colour: str) -> str:
    """Return one piece of confetti around the origin."""
    match int(kind * 6):
        case 0:
            return f'<circle r="{size * 0.55:.1f}" fill="{colour}"/>'
        case 1:
            return (
                f'<circle r="{size * 0.7:.1f}" fill="none" stroke="{colour}" '
                f'stroke-width="{max(1.6, size * 0.22):.1f}"/>'
            )
        case 2:
            return (
                f'<rect x="{-size:.1f}" y="{-size * 0.26:.1f}" width="{size * 2:.1f}" '
                f'height="{size * 0.52:.1f}" rx="{size * 0.26:.1f}" fill="{colour}"/>'
            )
        case 3:
            return (
                f'<path d="M0 {-size:.1f}L{size * 0.7:.1f} 0L0 {size:.1f}L{-size * 0.7:.1f} 0Z" '
                f'fill="{colour}"/>'
            )
        case 4:
            size = max(size, 11)
            return (
                f'<path d="M{-size:.1f} {size * 0.3:.1f}Q{-size * 0.4:.1f} {-size:.1f} 0 0'
                f'T{size:.1f} {-size * 0.3:.1f}" fill="none" stroke="{colour}" '
                f'stroke-width="{max(1.8, size * 0.26):.1f}" stroke-linecap="round"/>'
            )
        case _:
            waist = size * 0.24
            return (
                f'<path d="M0 {-size * 1.2:.1f}L{waist:.1f} {-waist:.1f}L{size * 1.2:.1f} 0'
                f"L{waist:.1f} {waist:.1f}L0 {size * 1.2:.1f}L{-waist:.1f} {waist:.1f}"
                f'L{-size * 1.2:.1f} 0L{-waist:.1f} {-waist:.1f}Z" fill="{colour}"/>'
            )


def _grain(shape: Shape) -> Image.Image:
    """Return a fine fixed noise of 0 to 4 that keeps dark gradients from banding."""
    side = 256
    noise = bytes(byte % 5 for byte in shake_256(b"grain").digest(side * side))
    tile = Image.frombytes("L", (side, side), noise)
    grain = Image.new("L", (shape.width, shape.height))
    for x in range(0, shape.width, side):
        for y in range(0, shape.height, side):
            grain.paste(tile, (x, y))
    return Image.merge("RGB", (grain, grain, grain))
