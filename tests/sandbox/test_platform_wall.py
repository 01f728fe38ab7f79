"""The wall in a real browser: every face is drawn and no text of a post can run."""

from __future__ import annotations

import json
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.browsing import HEADLESS, HIDDEN_BARS, Tab, browsing
from tests.sandbox.platform_kit import CHANNELS, Visitor, image, send

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
PATIENCE_MILLISECONDS = 60_000
FIRST_FRAME = """
addEventListener("DOMContentLoaded", () => {
  window.painted = new Map();
  const frames = new IntersectionObserver((entries) => entries.forEach((entry) => {
    const { left, top, right, bottom } = entry.boundingClientRect;
    if (!painted.has(entry.target)) painted.set(entry.target, { left, top, right, bottom });
  }));
  new MutationObserver((changes) => changes.forEach(({ addedNodes }) => {
    for (const added of addedNodes) if (added.matches?.(".cell")) frames.observe(added.firstChild);
  })).observe(document.getElementById("posts"), { childList: true });
});
"""
MAILS = """
[...document.querySelectorAll("iframe")].map((frame) => {
  const { scrollingElement: page, readyState, URL: address } = frame.contentDocument;
  if (address === "about:blank" || readyState !== "complete") return { ready: false };
  return {
    ready: true,
    width: frame.clientWidth,
    height: frame.clientHeight,
    pageWidth: page.clientWidth,
    bottom: page.getBoundingClientRect().height,
    sandbox: frame.getAttribute("sandbox"),
    title: frame.contentDocument.title,
  };
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
        HIDDEN_BARS,
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
    with browsing(str(BROWSER), tmp_path / "profile", HIDDEN_BARS) as tab:
        yield tab


@pytest.fixture
def tab_with_bars(tmp_path: Path) -> Iterator[Tab]:
    """Open an empty page of a browser whose scroll bars take room, as most people's do."""
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


def seen(tab: Tab, expression: str) -> Any:
    """Return what an expression comes to as soon as that is something, or in the end."""
    return tab.value(
        f"""(async () => {{
          for (;;) {{
            const value = {expression};
            if (value || performance.now() > {PATIENCE_MILLISECONDS}) return value;
            await new Promise((again) => setTimeout(again, 20));
          }}
        }})()"""
    )


def settled_mails(tab: Tab) -> Any:
    """Return the measures of all mails, the same in three looks or the last."""
    return tab.value(
        f"""(async () => {{
          for (let before = "", same = 0; ;) {{
            const mails = {MAILS};
            const now = JSON.stringify(mails);
            const isReady = mails.length && mails.every((mail) => mail.ready);
            same = isReady && now === before ? same + 1 : 0;
            before = now;
            if (same === 3 || performance.now() > {PATIENCE_MILLISECONDS}) return mails;
            await new Promise((again) => setTimeout(again, 100));
          }}
        }})()"""
    )


def send_html(
    visitor: Visitor, html: str, *, picture: bytes | None = None, way_out: str = ""
) -> None:
    """Send a mail with an HTML part, and perhaps a picture in it."""
    mail = visitor.mail("News")
    simple = mail["Content"]["Simple"]
    simple["Body"]["Html"] = {"Data": f"<!doctype html>{html}"}
    if picture:
        simple["Attachments"] = [
            {
                "RawContent": b64encode(picture).decode(),
                "ContentDisposition": "INLINE",
                "ContentId": "card",
                "ContentType": "image/jpeg",
                "FileName": "card.jpg",
            }
        ]
    if way_out:
        simple["Headers"] = [{"Name": "List-Unsubscribe", "Value": f"<{way_out}>"}]
    sent = send("POST", f"{visitor.platforms['email']}/v2/email/outbound-emails", mail)
    assert sent.status == 200


@pytest.mark.parametrize("width", [400, 1280])
def test_a_mail_with_a_picture_is_shown_to_its_last_line(
    visitor: Visitor, tab_with_bars: Tab, width: int
) -> None:
    style = "display:block;width:100%;height:auto"
    html = f"<img src='cid:card' style='{style}'>" + "<p>Words of the mail.</p>" * 4
    send_html(visitor, html, picture=image(600, 900))
    tab_with_bars.open(visitor.outside.url, width)
    (mail,) = settled_mails(tab_with_bars)
    assert mail["bottom"] > 320
    assert mail["height"] >= mail["bottom"]
    assert mail["pageWidth"] == mail["width"]


def test_a_mail_stays_whole_when_the_window_gets_narrower(
    visitor: Visitor, tab_with_bars: Tab
) -> None:
    send_html(visitor, f"<p>{'Words of the mail. ' * 60}</p>")
    tab_with_bars.open(visitor.outside.url, 700)
    (wide,) = settled_mails(tab_with_bars)
    tab_with_bars.resize(330)
    (narrow,) = settled_mails(tab_with_bars)
    assert narrow["bottom"] > wide["bottom"]
    assert narrow["height"] >= narrow["bottom"]


def test_a_mail_that_is_too_wide_keeps_room_for_its_bar(
    visitor: Visitor, tab_with_bars: Tab
) -> None:
    send_html(visitor, "<div style='width:900px'>Wide</div><p>Last line</p>")
    tab_with_bars.open(visitor.outside.url, 400)
    (mail,) = settled_mails(tab_with_bars)
    assert mail["height"] > mail["bottom"]


def test_no_script_of_a_mail_runs_while_it_is_measured(visitor: Visitor, tab: Tab) -> None:
    send_html(visitor, f"<p>Hello</p>{HOSTILE}<a href='javascript:document.title=1'>x</a>")
    tab.open(visitor.outside.url, 400)
    (mail,) = settled_mails(tab)
    tab.value("document.querySelector('iframe').contentDocument.querySelector('a').click()")
    assert (mail["sandbox"], mail["title"]) == ("allow-same-origin", "")
    assert tab.value("document.querySelector('iframe').contentDocument.title") == ""


def test_a_long_mail_shows_its_beginning_and_the_rest_on_demand(visitor: Visitor, tab: Tab) -> None:
    send_html(visitor, "<p>Words</p>" * 200)
    tab.open(visitor.outside.url, 400)
    (mail,) = settled_mails(tab)
    face = "document.querySelector('.face.email')"
    folded = seen(tab, f"{face}.querySelector('.cut') && {face}.clientHeight")
    assert folded < 1200 < mail["bottom"]
    tab.value(f"{face}.querySelector('.unfold').click()")
    assert tab.value(f"{face}.clientHeight") > mail["bottom"]


@pytest.mark.parametrize("width", [400, 1280])
def test_no_frame_shows_a_card_on_top_of_another(visitor: Visitor, tab: Tab, width: int) -> None:
    for number in range(4):
        text = f"Post {number}\n" + "\n\nA paragraph of some length, twice." * 9
        for channel in ("facebook", "instagram", "linkedin", "sms"):
            visitor.publisher(channel, text)()
    tab.open(visitor.outside.url, width, watched_by=FIRST_FRAME)
    cards = seen(tab, "window.painted?.size === 16 && [...painted.values()]")
    for number, card in enumerate(cards):
        assert card["bottom"] > card["top"]
        for other in cards[:number]:
            is_beside = card["left"] >= other["right"] or other["left"] >= card["right"]
            assert is_beside or card["top"] >= other["bottom"] or other["top"] >= card["bottom"]


def test_the_wall_says_that_it_is_loading_until_it_knows_the_posts(
    visitor: Visitor, tab: Tab
) -> None:
    never = "const real = fetch; window.fetch = () => new Promise((go) => { window.go = go; });"
    tab.open(visitor.outside.url, 400, watched_by=never)
    loading = "document.getElementById('loading').checkVisibility()"
    assert seen(tab, f"window.go && {loading}")
    tab.value("real(`/posts?limit=9`).then(go)")
    assert seen(tab, f"!{loading}")


def test_a_link_to_a_post_that_is_nowhere_says_so(visitor: Visitor, tab: Tab) -> None:
    visitor.publisher("sms", "Hello")()
    post = visitor.posts("sms")[0]
    tab.open(f"{visitor.outside.url}/#/facebook/nosuch", 400)
    notice = "document.getElementById('missing')"
    told = seen(tab, f"{notice}?.checkVisibility() && {notice}.textContent")
    assert told == "This post is not here (any more)."
    tab.value(f"location.hash = {json.dumps('#/sms/' + quote(post['external_id'], safe=''))}")
    assert seen(tab, f"document.querySelector('.named') && !{notice}.checkVisibility()")


def test_a_long_caption_is_cut_between_lines_and_fades(visitor: Visitor, tab: Tab) -> None:
    visitor.publisher("facebook", "One\nTwo\nThree\nFour\nFive\nAda Lovelace\n\nMore\nAnd more")()
    visitor.publisher("linkedin", "Short\n\nand whole")()
    tab.open(visitor.outside.url, 400)
    text = "document.querySelector('.facebook .prose')"
    assert seen(tab, f"{text}?.matches('.cut')")
    style = f"getComputedStyle({text})"
    lines = tab.value(f"{text}.clientHeight / parseFloat({style}.lineHeight)")
    assert lines == pytest.approx(7, abs=0.1)
    assert tab.value(f"{style}.webkitLineClamp") == "none"
    assert tab.value("document.querySelector('.linkedin .unfold').checkVisibility()") is False


@pytest.mark.parametrize(
    ("address", "is_link"),
    [
        ("http://127.0.0.1:8000/unsubscribe/x", True),
        ("https://example.org/unsubscribe/x", False),
        ("javascript:alert(1)", False),
    ],
)
def test_unsubscribe_is_a_link_only_to_the_local_product(
    visitor: Visitor, tab: Tab, address: str, is_link: bool
) -> None:
    send_html(visitor, "<p>Hello</p>", way_out=address)
    tab.open(visitor.outside.url, 400)
    leave = "document.querySelector('.leave')"
    assert seen(tab, f"{leave} && {leave}.textContent") == "Unsubscribe"
    assert tab.value(f"{leave}.href ?? null") == (address if is_link else None)
    line = tab.value(f"getComputedStyle({leave}).textDecorationLine")
    assert line == ("underline" if is_link else "none")
