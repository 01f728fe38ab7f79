"""The emblem of each level: a jewel in a bezel, drawn as flat facets under one light.

Own geometry throughout; the number of points and the pips on the bezel grow with the level, so the
level can be told without reading and without seeing colour::

    foundational  4 points, 1 pip     associate  8 points, 2 pips
    professional 12 points, 3 pips    specialty  a cut gem, 4 pips     other  6 petals, no pip
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Final

Point = tuple[float, float]
LIGHT: Final = -2.1
"""Where the light comes from, radians: upper left."""


@dataclass(frozen=True, slots=True)
class Palette:
    """A level's colours: ground from deep to rich, jewel from shade to light."""

    deep: str
    rich: str
    glow: str
    shade: str
    middle: str
    light: str
    pips: int


GOLD_LIGHT: Final = "#fff1cd"
GOLD: Final = "#ecc987"
GOLD_SHADE: Final = "#a9783a"
PAPER: Final = "#fffaf0"

PALETTES: Final = {
    "foundational": Palette("#041d1d", "#0b4a47", "#1fa491", "#0a5b55", "#27b39c", "#c4fff0", 1),
    "associate": Palette("#081330", "#14327a", "#3c7bf0", "#143a9a", "#4b8bff", "#d6e8ff", 2),
    "professional": Palette("#170b30", "#43208a", "#9a5cf5", "#4a1f99", "#a471ff", "#eee0ff", 3),
    "specialty": Palette("#260a18", "#7a1d46", "#f0568d", "#8a1747", "#f4679a", "#ffe0ea", 4),
}
OTHER: Final = Palette("#10161f", "#2f4054", "#7d9bb8", "#30475f", "#86a5c4", "#eef6ff", 0)


def palette_of(level: str) -> Palette:
    """Return the level's colours, the neutral ones for a level we don't know."""
    return PALETTES.get(level.casefold().strip(), OTHER)


def medal(level: str, x: float, y: float, radius: float, name: str) -> str:
    """Return the whole emblem as SVG, centred; `name` keeps its gradients apart from others'."""
    palette = palette_of(level)
    return "".join((_bezel(palette, x, y, radius, name), jewel(level, x, y, radius * 0.66)))


def ring(level: str, x: float, y: float, radius: float, name: str) -> str:
    """Return only the bezel's gold, to frame a photo of radius `0.86 * radius`."""
    palette = palette_of(level)
    return _gold(x, y, radius, name) + _rim(palette, x, y, radius, name)


def _gold(x: float, y: float, radius: float, name: str) -> str:
    return (
        f'<defs><linearGradient id="{name}-gold" gradientUnits="userSpaceOnUse" '
        f'x1="{x - radius * 0.7:.2f}" y1="{y - radius:.2f}" '
        f'x2="{x + radius * 0.7:.2f}" y2="{y + radius:.2f}">'
        f'<stop offset="0" stop-color="{GOLD_LIGHT}"/><stop offset=".28" stop-color="{GOLD}"/>'
        f'<stop offset=".5" stop-color="{GOLD_SHADE}"/><stop offset=".72" stop-color="{GOLD}"/>'
        f'<stop offset="1" stop-color="#fde9bd"/></linearGradient></defs>'
    )


def _rim(palette: Palette, x: float, y: float, radius: float, name: str) -> str:
    """Return the gold ring with fine notches and the level's pips."""
    notches = []
    for index in range(96):
        angle = index * pi / 48
        inner, outer = (0.915, 0.955)
        notches.append(
            f"M{x + cos(angle) * radius * inner:.2f} {y + sin(angle) * radius * inner:.2f}"
            f"L{x + cos(angle) * radius * outer:.2f} {y + sin(angle) * radius * outer:.2f}"
        )
    parts = [
        f'<circle cx="{x}" cy="{y}" r="{radius * 0.985:.2f}" fill="none" '
        f'stroke="url(#{name}-gold)" stroke-width="{radius * 0.03:.2f}"/>',
        f'<path d="{"".join(notches)}" stroke="{GOLD}" stroke-opacity=".55" '
        f'stroke-width="{radius * 0.008:.2f}" fill="none"/>',
        f'<circle cx="{x}" cy="{y}" r="{radius * 0.88:.2f}" fill="none" '
        f'stroke="url(#{name}-gold)" stroke-width="{radius * 0.014:.2f}"/>',
    ]
    for index in range(palette.pips):
        angle = pi / 2 + (index - (palette.pips - 1) / 2) * 0.2
        centre = (x + cos(angle) * radius * 0.985, y + sin(angle) * radius * 0.985)
        parts.append(
            f'<path d="{_diamond(centre, radius * 0.075)}" fill="{palette.deep}"/>'
            f'<path d="{_diamond(centre, radius * 0.055)}" fill="url(#{name}-gold)"/>'
        )
    return "".join(parts)


def _bezel(palette: Palette, x: float, y: float, radius: float, name: str) -> str:
    return (
        _gold(x, y, radius, name)
        + f'<defs><radialGradient id="{name}-well" gradientUnits="userSpaceOnUse" cx="{x}" '
        f'cy="{y - radius * 0.25:.2f}" r="{radius:.2f}">'
        f'<stop offset="0" stop-color="{palette.rich}"/>'
        f'<stop offset="1" stop-color="{palette.deep}"/></radialGradient></defs>'
        f'<circle cx="{x}" cy="{y}" r="{radius:.2f}" fill="url(#{name}-well)"/>'
        + _rim(palette, x, y, radius, name)
    )


def jewel(level: str, x: float, y: float, radius: float) -> str:
    """Return the level's facetted figure."""
    palette = palette_of(level)

    def star(outer: float, inner: float, points: int, turn: float, light: Point) -> str:
        return _star(x, y, outer * radius, inner * radius, points, turn * pi, palette, light)

    match level.casefold().strip():
        case "foundational":
            return star(0.86, 0.30, 4, 1 / 4, (0, 0.62)) + star(1, 0.36, 4, 0, (0.1, 1))
        case "associate":
            return (
                star(1, 0.58, 8, 1 / 8, (0, 0.55))
                + star(1, 0.46, 8, 0, (0.1, 0.95))
                + star(0.46, 0.2, 4, 0, (0.45, 1))
            )
        case "professional":
            return (
                star(1, 0.72, 12, 1 / 12, (0, 0.5))
                + star(1, 0.6, 12, 0, (0.05, 0.8))
                + star(0.66, 0.4, 12, 1 / 12, (0.15, 0.9))
                + star(0.4, 0.18, 6, 0, (0.5, 1))
            )
        case "specialty":
            return _gem(x, y, radius * 0.98, palette)
        case _:
            return _petals(x, y, radius, palette)


def _star(
    x: float,
    y: float,
    outer: float,
    inner: float,
    points: int,
    turn: float,
    palette: Palette,
    light: Point,
) -> str:
    """Return a star whose points are folded along the middle like paper."""
    facets = []
    for index in range(points):
        angle = turn - pi / 2 + index * 2 * pi / points
        tip = _at(x, y, outer, angle)
        for side in (-1, 1):
            notch = _at(x, y, inner, angle + side * pi / points)
            # A fold's side faces across the fold, so the two halves of a point differ.
            facing = angle + side * pi / 2
            facets.append((((x, y), tip, notch), facing))
    return "".join(_facets(facets, palette, *light))


def _gem(x: float, y: float, radius: float, palette: Palette) -> str:
    """Return a round brilliant seen from above: table, star, kite and girdle facets."""
    count = 8
    facets: list[tuple[tuple[Point, ...], float]] = []
    for index in range(count):
        angle = index * 2 * pi / count - pi / 2 + pi / count
        half = pi / count
        table = _at(x, y, radius * 0.5, angle)
        following = _at(x, y, radius * 0.5, angle + 2 * half)
        star_tip = _at(x, y, radius * 0.7, angle + half)
        before_tip = _at(x, y, radius * 0.7, angle - half)
        girdle = _at(x, y, radius, angle)
        edge_after = _at(x, y, radius * 0.985, angle + half)
        edge_before = _at(x, y, radius * 0.985, angle - half)
        facets.append(((table, star_tip, following), angle + half + 0.5))
        facets.append(((table, star_tip, girdle, before_tip), angle))
        facets.append(((star_tip, girdle, edge_after), angle + half * 0.4 + 0.9))
        facets.append(((before_tip, girdle, edge_before), angle - half * 0.4 - 0.9))
    drawn = "".join(_facets(facets, palette, 0.0, 0.95))
    table_points = [_at(x, y, radius * 0.5, i * pi / 4 - pi / 2 + pi / 8) for i in range(8)]
    shine = [table_points[7], table_points[6], table_points[5], _at(x, y, radius * 0.1, -0.6)]
    return (
        drawn
        + f'<path d="{_polygon(table_points)}" fill="{mix(palette.middle, palette.light, 0.42)}"/>'
        + f'<path d="{_polygon(shine)}" fill="#fff" fill-opacity=".38"/>'
    )


def _petals(x: float, y: float, radius: float, palette: Palette) -> str:
    """Return six overlapping petals: for what has no level of its own."""
    drawn = []
    for layer, (size, turn) in enumerate(((1.0, pi / 6), (1.0, 0.0), (0.55, pi / 6))):
        for index in range(6):
            angle = turn - pi / 2 + index * pi / 3
            tip = _at(x, y, radius * size, angle)
            for side in (-1, 1):
                bow = _at(x, y, radius * size * 0.62, angle + side * 0.42)
                shade = _light(angle + side * pi / 2)
                colour = mix(palette.shade, palette.light, shade * (0.45 + layer * 0.25))
                drawn.append(
                    f'<path d="M{x:.2f} {y:.2f}Q{bow[0]:.2f} {bow[1]:.2f} {tip[0]:.2f} '
                    f'{tip[1]:.2f}Z" fill="{colour}"/>'
                )
    return "".join(drawn)


def _facets(
    facets: Sequence[tuple[tuple[Point, ...], float]],
    palette: Palette,
    darkest: float,
    brightest: float,
) -> Iterator[str]:
    for points, facing in facets:
        bright = darkest + (brightest - darkest) * _light(facing)
        if bright < 0.5:
            colour = mix(palette.shade, palette.middle, bright * 2)
        else:
            colour = mix(palette.middle, palette.light, bright * 2 - 1)
        # The hair of stroke closes the seam that two anti-aliased edges leave between them.
        yield (
            f'<path d="{_polygon(points)}" fill="{colour}" stroke="{colour}" '
            f'stroke-width=".7" stroke-linejoin="round"/>'
        )


def _light(facing: float) -> float:
    """Return how much light a facet gets, 0 to 1."""
    return (cos(facing - LIGHT) + 1) / 2


def _at(x: float, y: float, radius: float, angle: float) -> Point:
    return x + cos(angle) * radius, y + sin(angle) * radius


def _polygon(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in points) + "Z"


def _diamond(centre: Point, size: float) -> str:
    x, y = centre
    return _polygon([(x, y - size), (x + size * 0.8, y), (x, y + size), (x - size * 0.8, y)])


def mix(first: str, second: str, share: float) -> str:
    """Return the colour `share` of the way from the first to the second."""
    share = min(1.0, max(0.0, share))
    parts = []
    for index in (1, 3, 5):
        low, high = int(first[index : index + 2], 16), int(second[index : index + 2], 16)
        parts.append(round(low + (high - low) * share))
    return "#" + "".join(f"{part:02x}" for part in parts)
