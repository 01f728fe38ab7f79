"""Is the card the right size, the same every time, and drawn whatever it is told?"""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace

import pytest
from PIL import Image

from chalicelib.gateways.imaging import Card, Shape, UnreadableImage, render_card, sanitise
from chalicelib.gateways.imaging.card import LAYOUTS, _rows, layout_of
from chalicelib.gateways.imaging.emblem import PALETTES, palette_of

CARD = Card(
    name="María José Echeverría",
    title="AWS Certified Solutions Architect – Associate",
    level="associate",
    level_label="Associate",
    date_label="2 November 2026",
    headline="Congratulations!",
    community="AWS User Group Quito",
)


def photo() -> bytes:
    out = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").resize((600, 800)).save(out, "JPEG")
    return sanitise(out.getvalue()).jpeg


@pytest.mark.parametrize("shape", Shape)
def test_a_card_is_an_srgb_jpeg_of_exactly_its_shape(shape: Shape) -> None:
    with Image.open(io.BytesIO(render_card(CARD, shape))) as image:
        assert (image.format, image.mode) == ("JPEG", "RGB")
        assert image.size == (shape.width, shape.height)
        assert "exif" not in image.info


def test_the_same_card_is_the_same_bytes() -> None:
    assert render_card(CARD) == render_card(CARD)


def test_the_same_card_is_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib\n"
        "from chalicelib.gateways.imaging import Card, render_card\n"
        f"print(hashlib.sha256(render_card({CARD!r})).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True
        ).stdout
        for _ in range(2)
    }

    assert len(digests) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Ada"},
        {"title": "Other"},
        {"level": "specialty"},
        {"level_label": "Asociado"},
        {"date_label": "3 November 2026"},
        {"headline": "¡Felicidades!"},
        {"community": "Guayaquil"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_a_card_says_shows(change: dict[str, str]) -> None:
    assert render_card(replace(CARD, **change)) != render_card(CARD)


def test_a_photo_shows_in_the_ring() -> None:
    assert render_card(replace(CARD, photo=photo())) != render_card(CARD)


def test_a_damaged_photo_is_refused_as_a_picture() -> None:
    with pytest.raises(UnreadableImage):
        render_card(replace(CARD, photo=b"\xff\xd8\xff nothing"))


def test_each_level_has_its_own_colours_and_an_unknown_one_is_neutral() -> None:
    levels = [*PALETTES, "business"]

    assert len({palette_of(level).glow for level in levels}) == 5
    assert palette_of(" Associate ") == PALETTES["associate"]


@pytest.mark.parametrize("empty", ["name", "title", "level_label", "date_label", "headline"])
def test_a_missing_text_leaves_no_hole_that_breaks_the_card(empty: str) -> None:
    assert render_card(replace(CARD, **{empty: ""}))


def test_markup_in_a_name_is_drawn_as_text() -> None:
    assert render_card(replace(CARD, name='</svg><image href="file:///etc/passwd"/>&'))


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize(
    "name", ["Ada", "Maria da Conceição " * 5, "王" * 100, "ปิยะพงษ์" * 12, "W" * 100]
)
def test_the_rows_fit_above_the_community_line(shape: Shape, name: str) -> None:
    card = replace(CARD, name=name, title="AWS Certified Advanced Networking – Specialty " * 2)
    layout = LAYOUTS[shape]
    rows = _rows(card, layout, palette_of(card.level), 0.5)

    assert sum(row.gap + row.height for row in rows) <= layout.text_bottom - layout.text_top - 60
    assert max(row.width for row in rows) <= layout.text_width + 0.001


def test_a_headline_that_reads_right_to_left_mirrors_the_wide_card() -> None:
    layout = layout_of(replace(CARD, headline="تهانينا!"), Shape.WIDE)

    assert layout.anchor == 1.0
    assert layout.emblem_x == Shape.WIDE.width - LAYOUTS[Shape.WIDE].emblem_x


def test_importing_the_package_loads_no_imaging_library() -> None:
    code = (
        "import sys, chalicelib.gateways.imaging\n"
        "print(sorted({'PIL', 'uharfbuzz', 'resvg_py', 'regex'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout.strip() == "[]"
