"""Uploaded pictures: judged by content, decoded within bounds, re-encoded.

Order of distrust, cheapest first::

    size in bytes -> magic at offset 0 -> header: pixels, scans -> decode first frame -> our JPEG

Everything published is an image encoded here, so trailing data, scripts, positions and profiles of
the original can't travel on.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PIL import Image, ImageCms, ImageFilter, ImageOps

from chalicelib.domain.pictures import Bounds, Size

from .values import Limits, Picture, UnreadableImage

MAGIC: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)
QUALITIES: Final = (90, 85, 80, 74, 68, 60, 52, 44, 36)
MAX_SCANNED_PIXELS: Final = 1_000_000_000
"""Scans times pixels of a progressive JPEG; an honest one has ten scans, a bomb thousands."""
WEBP_MAX_PIXELS: Final = 24_000_000
"""Less than for the others, as the decoder holds the canvas four times over."""
DECODER_ERRORS: Final = (
    OSError,
    ValueError,
    SyntaxError,
    LookupError,
    TypeError,
    ArithmeticError,
    EOFError,
    struct.error,
    Warning,
)
TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
WHITE: Final = (255, 255, 255)
ASK_FOR_PHOTO: Final = "Send a JPEG, PNG, WebP or GIF picture instead."


def sanitise(data: bytes, limits: Limits) -> Picture:
    """Re-encode an upload as an upright sRGB JPEG without metadata."""
    _check_size(data, limits)
    kind = _kind(data)
    with _translated(limits):
        if kind == "WEBP":
            # Its decoder sets whole canvases aside on opening: judge the header before.
            _check_pixels(*_webp_size(data), limits, WEBP_MAX_PIXELS)
        image = Image.open(io.BytesIO(data), formats=(kind,))
        _check_pixels(*image.size, limits)
        if kind == "JPEG":
            scans = data.count(b"\xff\xda")
            if scans * image.width * image.height > MAX_SCANNED_PIXELS:
                raise _damaged()
            # The decoder can shrink by 2, 4 or 8 while it reads: less memory, same result.
            image.draft(None, (limits.max_side, limits.max_side))
        image.load()
        return _encode(_upright_srgb(image, limits.max_side), quality=90)


def fit(
    data: bytes,
    *,
    min_ratio: float,
    max_ratio: float,
    min_width: int,
    max_width: int,
    max_bytes: int,
) -> Picture:
    """Bring a sanitised picture inside a platform's rule."""
    bounds = Bounds(min_ratio, max_ratio, min_width, max_width)
    image = opened(data)
    if bounds.hold(image.size) and len(data) <= max_bytes:
        return Picture(data, image.width, image.height)
    image = _reshaped(image, bounds)
    for scale in (1.0, 0.8, 0.64, 0.5, 0.4, 0.3, 0.2, 0.1):
        width = round(max(min_width, bounds.nearest_width(image.size) * scale))
        sized = _resized(image, bounds.scaled(image.size, width))
        for quality in QUALITIES:
            picture = _encode(sized, quality)
            if len(picture.jpeg) <= max_bytes:
                return picture
        if width == min_width:
            break
    raise UnreadableImage(
        "too_large", f"This picture can't be made smaller than {max_bytes} bytes. Use another one."
    )


def thumbnail(data: bytes, side: int) -> Picture:
    """Return the picture's middle as a small square."""
    square = ImageOps.fit(
        opened(data), (side, side), Image.Resampling.LANCZOS, centering=(0.5, 0.4)
    )
    return _encode(square, quality=82)


def _check_size(data: bytes, limits: Limits) -> None:
    if not data:
        raise UnreadableImage("empty", "The file is empty. Choose the picture again.")
    if len(data) > limits.max_bytes:
        megabytes = limits.max_bytes / 1e6
        raise UnreadableImage(
            "too_large", f"The file is larger than {megabytes:g} MB. Send a smaller picture."
        )


def _kind(data: bytes) -> str:
    """Name the type the first bytes prove; a prefix before the magic is not forgiven."""
    for magic, kind in MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    raise UnreadableImage("unsupported_type", f"This file is not a picture. {ASK_FOR_PHOTO}")


def _webp_size(data: bytes) -> tuple[int, int]:
    """Read width and height from a WebP header of any of its three kinds."""
    match data[12:16]:
        case b"VP8X":
            return (
                1 + int.from_bytes(data[24:27], "little"),
                1 + int.from_bytes(data[27:30], "little"),
            )
        case b"VP8L":
            bits = int.from_bytes(data[21:25], "little")
            return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            return (
                int.from_bytes(data[26:28], "little") & 0x3FFF,
                int.from_bytes(data[28:30], "little") & 0x3FFF,
            )
        case _:
            raise _damaged()


@contextmanager
def _translated(limits: Limits) -> Iterator[None]:
    """Turn everything a decoder may raise into our one error.

    Pillow's bomb warning (from 89 million pixels) never gets its say: `_check_pixels` refuses
    earlier. The process's warning filters are left alone, as changing them is not thread-safe.
    """
    try:
        yield
    except UnreadableImage:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise _too_many_pixels(limits.max_pixels) from error
    except DECODER_ERRORS as error:
        raise _damaged() from error


def _damaged() -> UnreadableImage:
    return UnreadableImage(
        "damaged", f"The picture is damaged or incomplete. Export it again. {ASK_FOR_PHOTO}"
    )


def _too_many_pixels(allowed: int) -> UnreadableImage:
    return UnreadableImage(
        "too_many_pixels",
        f"The picture has more than {allowed / 1e6:g} million pixels. "
        "Make it smaller and send it again.",
    )


def _check_pixels(width: int, height: int, limits: Limits, cap: int | None = None) -> None:
    """Judge what the header promises before a single pixel is decoded."""
    allowed = min(limits.max_pixels, cap or limits.max_pixels)
    if width * height > allowed:
        raise _too_many_pixels(allowed)
    if min(width, height) < limits.min_side:
        raise UnreadableImage(
            "too_small",
            f"The picture is {width} × {height} pixels; each side needs at least "
            f"{limits.min_side}. Send a larger one.",
        )


def _orientation(image: Image.Image) -> int:
    """Return how the camera was held; 1, upright, if the camera's notes can't be read."""
    try:
        return int(image.getexif().get(0x0112, 1))
    except (*DECODER_ERRORS, AttributeError):
        return 1


def _upright_srgb(image: Image.Image, max_side: int) -> Image.Image:
    """Return 8-bit sRGB on white, turned as the camera was held, no side over `max_side`."""
    orientation = _orientation(image)
    profile = image.info.get("icc_profile")
    image = _eight_bits(image)
    if max(image.size) > max_side:
        image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    image = _flatten(_to_srgb(image, profile))
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return one of L, LA, RGB, RGBA, CMYK; palettes are opened, 16 bits shifted down."""
    if image.mode.startswith("I;16") or image.mode == "I":
        return image.convert("I").point([value // 256 for value in range(65536)], "L")
    if image.mode == "P":
        return image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode in ("L", "RGB") and "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK"):
        return image
    return image.convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Apply the picture's own colour profile, if it has a sound one that fits its mode."""
    alpha = image.getchannel("A") if image.mode in ("LA", "RGBA") else None
    colour = image
    if alpha is not None:
        colour = image.convert("RGB" if image.mode == "RGBA" else "L")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                colour, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            colour = converted if converted is not None else colour
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # A broken or foreign profile: the plain numbers are the best guess there is.
    colour = colour.convert("RGB")
    if alpha is not None:
        colour.putalpha(alpha)
    return colour


def _flatten(image: Image.Image) -> Image.Image:
    """Set transparency on white."""
    if image.mode != "RGBA":
        return image
    page = Image.new("RGB", image.size, WHITE)
    page.paste(image, mask=image.getchannel("A"))
    return page


def _encode(image: Image.Image, quality: int) -> Picture:
    """Write our JPEG: nothing of the original's metadata is passed on."""
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=quality, optimize=True, progressive=False)
    return Picture(out.getvalue(), image.width, image.height)


def opened(data: bytes) -> Image.Image:
    """Decode a picture that `sanitise` made."""
    limits = Limits()
    with _translated(limits):
        image = Image.open(io.BytesIO(data), formats=("JPEG",))
        if image.width * image.height > limits.max_pixels:
            raise _too_many_pixels(limits.max_pixels)
        return image.convert("RGB")


def _reshaped(image: Image.Image, bounds: Bounds) -> Image.Image:
    """Cut to the nearest allowed ratio, or set on a soft background if that cuts too much."""
    size = bounds.shaped(image.size)
    if size == image.size:
        return image
    if bounds.is_cut(image.size):
        return ImageOps.fit(image, size, centering=(0.5, 0.4))
    return _on_soft_background(image, size)


def _on_soft_background(image: Image.Image, size: Size) -> Image.Image:
    """Show the whole picture in the middle of a blurred, quieter copy of itself."""
    shrink = min(1.0, size[0] / image.width, size[1] / image.height)
    if shrink < 1:
        inner = (max(1, round(image.width * shrink)), max(1, round(image.height * shrink)))
        image = image.resize(inner, Image.Resampling.LANCZOS)
    small = ImageOps.fit(image, (max(8, size[0] // 16), max(8, size[1] // 16)))
    soft = small.filter(ImageFilter.GaussianBlur(3)).resize(size, Image.Resampling.BICUBIC)
    canvas = Image.blend(soft, Image.new("RGB", size, (24, 28, 36)), 0.25)
    canvas.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return canvas


def _resized(image: Image.Image, size: Size) -> Image.Image:
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)
