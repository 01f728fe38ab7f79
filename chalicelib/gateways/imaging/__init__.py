"""Draw celebration cards and make uploaded pictures safe: pure functions over bytes.

Importing this package costs nothing; the imaging libraries (Pillow, HarfBuzz, resvg) are loaded by
the first call, so that only functions that prepare media need their layer.
"""

from __future__ import annotations

from .values import Card, Limits, Picture, Shape, UnreadableImage

__all__ = [
    "Card",
    "Limits",
    "Picture",
    "Shape",
    "UnreadableImage",
    "fit",
    "render_card",
    "sanitise",
    "thumbnail",
]


def render_card(card: Card, shape: Shape = Shape.SQUARE) -> bytes:
    """Draw the card as an sRGB JPEG of exactly the shape's size; same card, same bytes."""
    from . import card as painter

    return painter.render(card, shape)


def sanitise(data: bytes, limits: Limits = Limits()) -> Picture:  # noqa: B008
    """Re-encode an upload, judged by its content, as an upright sRGB JPEG without metadata.

    Takes JPEG, PNG, WebP and GIF, of an animation its first frame; transparency becomes white.
    Raises `UnreadableImage` for everything else, before much memory is spent on it.
    """
    from . import photos

    return photos.sanitise(data, limits)


def fit(
    data: bytes,
    *,
    min_ratio: float,
    max_ratio: float,
    min_width: int,
    max_width: int,
    max_bytes: int,
) -> Picture:
    """Bring a sanitised picture inside a platform's rule for ratio (width / height), width, bytes.

    Crops when that costs at most a fifth of the picture, else sets it on a soft blurred
    background. A picture already inside the rule is returned as it is.
    Raises `UnreadableImage` if no quality fits `max_bytes`.
    """
    from . import photos

    return photos.fit(
        data,
        min_ratio=min_ratio,
        max_ratio=max_ratio,
        min_width=min_width,
        max_width=max_width,
        max_bytes=max_bytes,
    )


def thumbnail(data: bytes, side: int = 320) -> Picture:
    """Return the picture's middle as a small square of `side` pixels."""
    from . import photos

    return photos.thumbnail(data, side)
