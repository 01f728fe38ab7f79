"""Does an upload come out safe, upright and small, or not at all?"""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from chalicelib.domain.pictures import Bounds
from chalicelib.gateways.imaging import Limits, Picture, UnreadableImage, fit, sanitise, thumbnail

RED, BLUE, WHITE = (200, 30, 30), (30, 30, 200), (255, 255, 255)
INSTAGRAM = {
    "min_ratio": 0.8,
    "max_ratio": 1.91,
    "min_width": 320,
    "max_width": 1440,
    "max_bytes": 8 * 1024 * 1024,
}


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def halves(width: int = 400, height: int = 200) -> Image.Image:
    """Return a picture that is red on its left and blue on its right."""
    image = Image.new("RGB", (width, height), BLUE)
    image.paste(RED, (0, 0, width // 2, height))
    return image


def noise(width: int, height: int) -> Image.Image:
    rough = Image.frombytes(
        "L", (256, 256), bytes((i * i * 31 + i * 7) % 251 for i in range(65536))
    )
    channels = (rough, rough.rotate(90), rough.rotate(180))
    return Image.merge("RGB", channels).resize((width, height), Image.Resampling.NEAREST)


def pixels(picture: Picture) -> Image.Image:
    return Image.open(io.BytesIO(picture.jpeg)).convert("RGB")


def is_near(found: object, wanted: tuple[int, int, int], tolerance: int = 12) -> bool:
    assert isinstance(found, tuple)
    return all(abs(a - b) <= tolerance for a, b in zip(found, wanted, strict=True))


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_bomb() -> bytes:
    """Return 30 000 × 30 000 grey pixels in about a hundred kilobytes."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(1 + 30_000 // 8)
    body = b"".join(packer.compress(row * 1000) for _ in range(30)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (png_chunk(b"IHDR", header), png_chunk(b"IDAT", body), png_chunk(b"IEND", b""))
    )


def text_bomb() -> bytes:
    """Return a small PNG whose text inflates to 200 MB."""
    plain = encoded(halves(), "PNG")
    packed = zlib.compress(bytes(200_000_000), 9)
    text = png_chunk(b"iTXt", b"Comment\x00\x01\x00\x00\x00" + packed)
    return plain[:33] + text + plain[33:]


def scan_bomb() -> bytes:
    """Return a small progressive JPEG whose last scan comes a thousand times."""
    jpeg = encoded(Image.new("L", (3000, 2500), 99), "JPEG", progressive=True)
    last = jpeg.rindex(b"\xff\xda")
    end = jpeg.rindex(b"\xff\xd9")
    return jpeg[:last] + jpeg[last:end] * 1000 + jpeg[end:]


def webp_of(width: int, height: int) -> bytes:
    """Return a WebP header that promises a canvas and holds nothing."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def gif_with_a_huge_screen() -> bytes:
    gif = bytearray(encoded(Image.new("P", (64, 64)), "GIF"))
    gif[6:10] = struct.pack("<HH", 60_000, 60_000)
    return bytes(gif)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "empty"),
    "an SVG with a script": (
        lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "unsupported_type",
    ),
    "HTML that calls itself a picture": (
        lambda: b"<!doctype html><img src=x onerror=alert(1)>",
        "unsupported_type",
    ),
    "a PDF": (lambda: b"%PDF-1.7\n1 0 obj\n", "unsupported_type"),
    "a zip": (lambda: b"PK\x03\x04" + bytes(100), "unsupported_type"),
    "an executable before a JPEG": (
        lambda: b"MZ" + encoded(halves(), "JPEG"),
        "unsupported_type",
    ),
    "a TIFF": (lambda: encoded(halves(), "TIFF"), "unsupported_type"),
    "a BMP": (lambda: encoded(halves(), "BMP"), "unsupported_type"),
    "an icon": (lambda: encoded(halves(64, 64), "ICO"), "unsupported_type"),
    "plain text": (lambda: b"hello", "unsupported_type"),
    "other RIFF": (lambda: b"RIFF\x00\x00\x00\x00WAVE", "unsupported_type"),
    "only a JPEG's magic": (lambda: b"\xff\xd8\xff", "damaged"),
    "only a PNG's magic": (lambda: b"\x89PNG\r\n\x1a\n", "damaged"),
    "only a GIF's magic": (lambda: b"GIF89a", "damaged"),
    "only a WebP's magic": (lambda: b"RIFF\x00\x00\x00\x00WEBP", "damaged"),
    "a JPEG cut in half": (lambda: encoded(noise(300, 300), "JPEG")[:9000], "damaged"),
    "a PNG cut in half": (lambda: encoded(noise(300, 300), "PNG")[:9000], "damaged"),
    "a WebP cut in half": (lambda: encoded(noise(300, 300), "WEBP")[:900], "damaged"),
    "a PNG with a wrong checksum": (
        lambda: encoded(halves(), "PNG").replace(b"IDAT", b"IDAX", 1),
        "damaged",
    ),
    "900 million pixels in a small PNG": (png_bomb, "too_many_pixels"),
    "a PNG whose text inflates to 200 MB": (text_bomb, "damaged"),
    "a JPEG of a thousand scans": (scan_bomb, "damaged"),
    "a WebP that promises a huge canvas": (lambda: webp_of(16_000, 16_000), "too_many_pixels"),
    "a WebP just over its own cap": (lambda: webp_of(6_000, 4_001), "too_many_pixels"),
    "a GIF with a huge screen": (gif_with_a_huge_screen, "too_many_pixels"),
    "one pixel": (lambda: encoded(halves(2, 2), "PNG"), "too_small"),
    "a thread": (lambda: encoded(halves(4000, 8), "PNG"), "too_small"),
}


@pytest.mark.parametrize(("make", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_not_an_honest_picture_is_refused_with_its_reason(
    make: Callable[[], bytes], code: str
) -> None:
    with pytest.raises(UnreadableImage) as caught:
        sanitise(make())

    assert caught.value.code == code
    assert caught.value.detail.endswith((".", "again."))


def test_a_file_over_the_byte_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(UnreadableImage) as caught:
        sanitise(b"\xff\xd8\xff" + bytes(100), Limits(max_bytes=50))

    assert caught.value.code == "too_large"


def test_the_pixel_cap_is_the_callers() -> None:
    with pytest.raises(UnreadableImage) as caught:
        sanitise(encoded(halves(), "PNG"), Limits(max_pixels=1000))

    assert caught.value.code == "too_many_pixels"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_each_allowed_type_becomes_an_srgb_jpeg(kind: str) -> None:
    picture = sanitise(encoded(halves(), kind))
    image = pixels(picture)

    assert picture.jpeg.startswith(b"\xff\xd8\xff")
    assert image.size == (picture.width, picture.height) == (400, 200)
    assert is_near(image.getpixel((50, 100)), RED)
    assert is_near(image.getpixel((350, 100)), BLUE)


def test_what_trails_a_picture_is_dropped() -> None:
    for kind in ("JPEG", "PNG"):
        data = encoded(halves(), kind) + b"<script>alert(1)</script>PK\x03\x04"

        assert b"script" not in sanitise(data).jpeg


def test_place_camera_profile_and_comments_are_gone() -> None:
    exif = Image.Exif()
    exif[0x010F] = "CANARY-MAKE"
    exif.get_ifd(0x8825)[1] = "N"
    data = encoded(
        halves(),
        "JPEG",
        exif=exif,
        comment=b"CANARY-COMMENT",
        xmp=b"<x:xmpmeta>CANARY-XMP</x:xmpmeta>",
        icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    )
    jpeg = sanitise(data).jpeg

    assert b"CANARY" in data
    assert not any(word in jpeg for word in (b"CANARY", b"Exif", b"ICC_PROFILE", b"xmp"))


def test_text_of_a_png_is_gone() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "CANARY")

    assert b"CANARY" not in sanitise(encoded(halves(), "PNG", pnginfo=notes)).jpeg


@pytest.mark.parametrize(
    ("orientation", "red_at"),
    [
        (1, (50, 100)),
        (2, (350, 100)),
        (3, (350, 100)),
        (4, (50, 100)),
        (5, (100, 50)),
        (6, (100, 50)),
        (7, (100, 350)),
        (8, (100, 350)),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_stands_as_the_camera_was_held(
    kind: str, orientation: int, red_at: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = pixels(sanitise(encoded(halves(), kind, exif=exif)))

    assert image.size == ((400, 200) if orientation < 5 else (200, 400))
    assert is_near(image.getpixel(red_at), RED)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_unreadable_camera_notes_do_not_cost_the_picture() -> None:
    data = encoded(halves(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xffgarbage")

    assert sanitise(data).width == 400


def test_transparency_becomes_white() -> None:
    clear = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    palette = Image.new("P", (100, 100), 0)
    for data in (
        encoded(clear, "PNG"),
        encoded(clear, "WEBP", lossless=True),
        encoded(clear.convert("LA"), "PNG"),
        encoded(palette, "PNG", transparency=0),
        encoded(palette, "GIF", transparency=0),
    ):
        assert is_near(pixels(sanitise(data)).getpixel((50, 50)), WHITE)


def test_sixteen_bits_keep_their_brightness() -> None:
    grey = Image.new("I;16", (100, 100), 0x8000)

    assert is_near(pixels(sanitise(encoded(grey, "PNG"))).getpixel((50, 50)), (128, 128, 128))


def test_print_colours_become_screen_colours() -> None:
    cyan = Image.new("CMYK", (100, 100), (255, 0, 0, 0))
    found = pixels(sanitise(encoded(cyan, "JPEG"))).getpixel((50, 50))

    assert is_near(found, (0, 255, 255), 40)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_png_mode_is_readable(mode: str) -> None:
    assert sanitise(encoded(Image.new(mode, (64, 64)), "PNG")).width == 64


def test_a_broken_colour_profile_is_ignored() -> None:
    data = encoded(halves(), "JPEG", icc_profile=b"not a profile")

    assert is_near(pixels(sanitise(data)).getpixel((50, 100)), RED)


def test_a_profile_of_another_colour_space_is_ignored() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    data = encoded(halves(), "PNG", icc_profile=lab)

    assert is_near(pixels(sanitise(data)).getpixel((50, 100)), RED)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_taken(kind: str) -> None:
    first, second = Image.new("RGB", (80, 80), RED), Image.new("RGB", (80, 80), BLUE)
    data = encoded(first, kind, save_all=True, append_images=[second], duration=100)

    assert is_near(pixels(sanitise(data)).getpixel((40, 40)), RED)


def test_a_phones_jpeg_that_carries_further_pictures_is_accepted() -> None:
    data = encoded(halves(), "MPO", save_all=True, append_images=[halves(100, 50)])

    assert sanitise(data).width == 400


def test_a_large_photo_is_brought_down_to_the_longest_side() -> None:
    picture = sanitise(encoded(halves(5000, 2500), "JPEG"))

    assert (picture.width, picture.height) == (2048, 1024)


def test_the_same_upload_gives_the_same_bytes() -> None:
    data = encoded(noise(500, 400), "PNG")

    assert sanitise(data) == sanitise(data)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["PNG", "GIF", "JPEG"])
def test_forty_million_pixels_stay_under_500_mb(kind: str) -> None:
    code = f"""
import io, os
from chalicelib.gateways.imaging import sanitise
read, write = os.pipe()
if os.fork() == 0:
    from PIL import Image
    out = io.BytesIO()
    Image.new("RGBA", (7900, 5000), (9, 8, 7, 6)).convert(
        "RGBA" if {kind!r} == "PNG" else "RGB").save(out, {kind!r})
    with os.fdopen(write, "wb") as pipe:
        pipe.write(out.getvalue())
    os._exit(0)
os.close(write)
with os.fdopen(read, "rb") as pipe:
    data = pipe.read()
sanitise(data)
with open("/proc/self/status") as status:
    print(next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM")))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert int(done.stdout) < 500


def jpeg(width: int, height: int) -> bytes:
    return sanitise(encoded(halves(width, height), "PNG")).jpeg


def test_a_picture_inside_the_rule_is_left_alone() -> None:
    data = jpeg(1080, 1080)

    assert fit(data, **INSTAGRAM).jpeg is data


@pytest.mark.parametrize(
    ("width", "height"),
    [(1000, 1300), (1000, 2000), (400, 2000), (2000, 900), (2000, 200), (100, 100), (2048, 32)],
)
def test_a_fitted_picture_obeys_ratio_width_and_bytes(width: int, height: int) -> None:
    picture = fit(jpeg(width, height), **INSTAGRAM)

    assert 0.8 <= picture.width / picture.height <= 1.91
    assert 320 <= picture.width <= 1440
    assert pixels(picture).size == (picture.width, picture.height)


@pytest.mark.parametrize(
    ("width", "height"), [(1000, 1300), (400, 2000), (2000, 200), (100, 100), (1080, 860)]
)
def test_a_picture_gets_the_ratio_of_another_in_the_size_that_was_foretold(
    width: int, height: int
) -> None:
    data = jpeg(width, height)
    beside = {**INSTAGRAM, "min_ratio": 1.24, "max_ratio": 1.26}
    picture = fit(data, **beside)
    bounds = Bounds(1.24, 1.26, 320, 1440)

    assert (picture.width, picture.height) == bounds.framed((width, height))
    assert 1.24 <= picture.width / picture.height <= 1.26
    assert fit(picture.jpeg, **beside).jpeg is picture.jpeg


def test_a_small_excess_is_cropped() -> None:
    picture = fit(jpeg(2000, 1000), **INSTAGRAM)
    image = pixels(picture)

    assert is_near(image.getpixel((5, picture.height // 2)), RED)


def test_a_picture_that_would_lose_a_lot_is_shown_whole_on_a_soft_background() -> None:
    tall = Image.new("RGB", (300, 1200), WHITE)
    tall.paste(RED, (0, 0, 300, 30))
    tall.paste(BLUE, (0, 1170, 300, 1200))
    picture = fit(sanitise(encoded(tall, "PNG")).jpeg, **INSTAGRAM)
    image = pixels(picture)
    middle = picture.width // 2

    assert is_near(image.getpixel((middle, 4)), RED, 40)
    assert is_near(image.getpixel((middle, picture.height - 5)), BLUE, 40)
    assert not is_near(image.getpixel((4, picture.height // 2)), WHITE, 30)


@pytest.mark.parametrize("max_bytes", [400_000, 100_000, 30_000])
def test_bytes_are_brought_under_the_limit(max_bytes: int) -> None:
    data = sanitise(encoded(noise(1600, 1200), "PNG")).jpeg
    picture = fit(data, **{**INSTAGRAM, "max_bytes": max_bytes})

    assert len(picture.jpeg) <= max_bytes
    assert picture.width >= 320


def test_an_impossible_byte_limit_is_said_not_ignored() -> None:
    data = sanitise(encoded(noise(1600, 1200), "PNG")).jpeg

    with pytest.raises(UnreadableImage) as caught:
        fit(data, **{**INSTAGRAM, "max_bytes": 500})

    assert caught.value.code == "too_large"


def test_a_thumbnail_is_a_small_square() -> None:
    picture = thumbnail(jpeg(1200, 630), side=200)

    assert (picture.width, picture.height) == (200, 200)
    assert len(picture.jpeg) < 20_000


@pytest.mark.parametrize("act", [thumbnail, lambda data: fit(data, **INSTAGRAM)])
def test_only_our_own_jpegs_are_fitted(act: Callable[[bytes], Picture]) -> None:
    with pytest.raises(UnreadableImage):
        act(b"<svg/>")
