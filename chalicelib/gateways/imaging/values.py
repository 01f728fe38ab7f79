"""What imaging takes and gives: cards, shapes, pictures, limits and the one error.

Nothing heavy is imported here, so whoever only names these values stays cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Shape(Enum):
    """The sizes a celebration card is drawn in, in pixels."""

    SQUARE = (1080, 1080)
    WIDE = (1200, 630)
    PORTRAIT = (1080, 1350)

    @property
    def width(self) -> int:
        return self.value[0]

    @property
    def height(self) -> int:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Card:
    """What a celebration card says; every text is already in the reader's language.

    `level` picks colours and emblem: ``foundational``, ``associate``, ``professional``,
    ``specialty``; any other word gets the neutral emblem. `photo` is a sanitised picture.
    """

    name: str
    title: str
    level: str
    level_label: str
    date_label: str
    headline: str
    community: str
    photo: bytes | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """An image we encoded ourselves: baseline-safe JPEG, sRGB, upright, without metadata."""

    jpeg: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of an upload is looked at, and how large a picture is kept."""

    max_bytes: int = 20_000_000
    max_pixels: int = 40_000_000
    max_side: int = 2048
    min_side: int = 32


class UnreadableImage(ValueError):
    """Raised for an upload that can't become a picture; `detail` tells the person what to do.

    Codes: ``empty``, ``too_large``, ``too_many_pixels``, ``too_small``, ``unsupported_type``,
    ``damaged``.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
