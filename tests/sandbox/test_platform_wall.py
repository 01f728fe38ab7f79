"""The wall in a real browser: every face is drawn and no text of a post can run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.sandbox.platform_kit import CHANNELS, Visitor, send

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--virtual-time-budget=5000",
]
HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed"),
]


def page(url: str, profile: Path) -> str:
    """Return the document after its scripts ran."""
    command = [str(BROWSER), *QUIET, f"--user-data-dir={profile}", "--dump-dom", url]
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


def test_an_empty_wall_says_what_to_do_next(visitor: Visitor, tmp_path: Path) -> None:
    document = page(visitor.outside.url, tmp_path / "profile")
    assert "Nothing has been published yet" in document
    assert '<section class="empty" id="empty">' in document
    assert "nothing left this computer" in document
