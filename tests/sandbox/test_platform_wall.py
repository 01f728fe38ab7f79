"""The wall in a real browser: every face is drawn and no text of a post can run."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.sandbox.browsing import HEADLESS, Tab, browsing
from tests.sandbox.platform_kit import CHANNELS, Visitor, send

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
FILTERS = """
new Promise((resolve) => {
  const look = () => {
    const filters = [...document.querySelectorAll("#filters .filter")];
    if (filters.length < 7) return setTimeout(look, 20);
    const boxes = filters.map((filter) => filter.getBoundingClientRect());
    const title = document.querySelector("h1").getBoundingClientRect();
    resolve({
      boxes: boxes.map(({ left, right, top }) => [left, right, top]),
      below: boxes.some((box) => box.top > title.bottom + 20),
      width: document.documentElement.scrollWidth,
    });
  };
  look();
})
"""
HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed"),
]


def page(url: str, profile: Path) -> str:
    """Return the document after its scripts ran."""
    command = [
        str(BROWSER),
        *HEADLESS,
        "--virtual-time-budget=5000",
        f"--user-data-dir={profile}",
        "--dump-dom",
        url,
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


def test_each_platform_has_a_face_and_hostile_text_stays_text(
    visitor: Visitor, tmp_path: Path
) -> None:
    for channel in CHANNELS:
        if channel != "email":
            assert visitor.publisher(channel, f"Ada {HOSTILE} 漢字")().status in (200, 201)
    mail = visitor.mail(HOSTILE)
    mail["Content"]["Simple"]["Subject"]["Data"] = HOSTILE
    mail["Content"]["Simple"]["Body"]["Html"] = {"Data": HOSTILE}
    send("POST", f"{visitor.platforms['email']}/v2/email/outbound-emails", mail)
    post = visitor.posts("facebook")[0]
    named = f"{visitor.outside.url}/#/facebook/{quote(post['external_id'], safe='')}"
    document = page(named, tmp_path / "profile")
    for channel in CHANNELS:
        assert f'class="face {channel}"' in document
    assert "<title>The wall" in document
    assert "<script>document" not in document
    assert "&lt;script&gt;document" in document
    assert 'class="card named" data-channel="facebook"' in document


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Tab]:
    """Open a browser's empty page."""
    with browsing(str(BROWSER), tmp_path / "profile") as tab:
        yield tab


@pytest.mark.parametrize("width", [320, 390, 768, 1200, 1440, 1920])
def test_every_filter_can_be_seen_whole_at_any_width(
    visitor: Visitor, tab: Tab, width: int
) -> None:
    tab.open(visitor.outside.url, width)
    seen = tab.value(FILTERS)
    assert seen["width"] == width
    assert all(left >= 0 and right <= width for left, right, _ in seen["boxes"])


@pytest.mark.parametrize("width", [1200, 1440, 1920])
def test_the_filters_stand_beside_the_title_where_there_is_room(
    visitor: Visitor, tab: Tab, width: int
) -> None:
    for number in range(12):
        visitor.publisher("sms", f"Post {number}")()
    tab.open(visitor.outside.url, width)
    seen = tab.value(FILTERS)
    assert not seen["below"]
    assert len({top for _, _, top in seen["boxes"]}) == 1


def test_an_empty_wall_says_what_to_do_next(visitor: Visitor, tmp_path: Path) -> None:
    document = page(visitor.outside.url, tmp_path / "profile")
    assert "Nothing has been published yet" in document
    assert '<section class="empty" id="empty">' in document
    assert "nothing left this computer" in document
