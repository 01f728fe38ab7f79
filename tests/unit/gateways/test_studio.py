"""The studio: the imaging package behind its port."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import date

import pytest
from PIL import Image

from chalicelib.domain.channels import MediaRule
from chalicelib.domain.errors import ContentRejected
from chalicelib.domain.ports import CardFacts
from chalicelib.gateways.studio import ImagingStudio

STUDIO = ImagingStudio("AWS Community")
FACTS = CardFacts("Ada", "Cloud Practitioner", "foundational", "Foundational", "2026", "Well done!")


def picture(width: int = 400, height: int = 300) -> bytes:
    """Return a PNG."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG")
    return out.getvalue()


def opened(data: bytes) -> tuple[str | None, tuple[int, int]]:
    """Return a picture's format and size."""
    with Image.open(io.BytesIO(data)) as image:
        return image.format, image.size


def test_a_safe_copy_is_a_jpeg_of_the_same_size() -> None:
    safe = STUDIO.sanitise(picture())

    assert opened(safe.data) == ("JPEG", (safe.width, safe.height)) == ("JPEG", (400, 300))


def test_what_is_no_picture_is_rejected_in_words() -> None:
    with pytest.raises(ContentRejected) as refused:
        STUDIO.sanitise(b"<svg onload=alert(1)>")
    assert refused.value.detail


def test_a_picture_is_brought_inside_a_channels_rule() -> None:
    rule = MediaRule(
        1,
        "made up",
        date(2026, 11, 21),
        min_ratio=0.8,
        max_ratio=1.25,
        max_width=200,
        max_bytes=50_000,
    )
    fitted = STUDIO.fit(STUDIO.sanitise(picture(900, 300)).data, rule)

    assert fitted.width <= 200 and len(fitted.data) <= 50_000
    assert 0.79 <= fitted.width / fitted.height <= 1.26


@pytest.mark.parametrize(("shape", "size"), [("wide", (1200, 630)), ("square", (1080, 1080))])
def test_a_card_has_the_size_of_its_shape(shape: str, size: tuple[int, int]) -> None:
    card = STUDIO.card(FACTS, shape, None)

    assert opened(card.data) == ("JPEG", size)
    assert (card.width, card.height) == size


def test_a_photo_changes_the_card() -> None:
    photo = STUDIO.sanitise(picture(600, 600)).data

    assert STUDIO.card(FACTS, "wide", photo).data != STUDIO.card(FACTS, "wide", None).data


def test_the_imaging_library_is_loaded_on_first_use_only() -> None:
    program = (
        "import sys; from chalicelib.gateways import studio; "
        "studio.ImagingStudio('x'); sys.exit('PIL' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
