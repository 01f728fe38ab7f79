from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from chalicelib import wiring
from chalicelib.domain.channels import ChannelName, Recipient
from chalicelib.domain.ports import Subscription
from chalicelib.edge import pages
from chalicelib.services.subscribing import PURPOSE
from tests.fakes.ground import START
from tests.unit.edge.kit import MANAGER, Api

RECIPIENTS = "/api/v1/channels/email/recipients"
ONE_CLICK = {"content-type": "application/x-www-form-urlencoded"}


def link(api: Api, channel: str = "email") -> str:
    """Return the unsubscribe path of a new recipient."""
    address = "reader@example.org" if channel == "email" else "+34600000012"
    path = f"/api/v1/channels/{channel}/recipients"
    body = {"address": address, "consent": True}
    recipient = api("POST", path, body, who=MANAGER).json["id"]
    return f"/unsubscribe/{wiring.signer().sign(PURPOSE, f'{channel}:{recipient}')}"


def opted_out(api: Api) -> bool:
    return api("GET", RECIPIENTS, who=MANAGER).json["items"][0]["opted_out_at"] is not None


def test_looking_at_the_page_changes_nothing(api: Api) -> None:
    reply = api("GET", link(api), who=None)
    assert reply.status == 200
    assert '<form method="post">' in reply.text
    assert not opted_out(api)


def test_the_button_unsubscribes(api: Api) -> None:
    reply = api("POST", link(api), "", who=None, headers=ONE_CLICK)
    assert "You are unsubscribed" in reply.text
    assert opted_out(api)


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"]
)
def test_one_click_of_a_mail_client_unsubscribes(api: Api, kind: str) -> None:
    path = link(api)
    reply = api(
        "POST", path, "List-Unsubscribe=One-Click", who=None, headers={"content-type": kind}
    )
    assert reply.status == 200
    assert opted_out(api)


def test_again_is_the_same(api: Api) -> None:
    path = link(api)
    first, again = (api("POST", path, "", who=None, headers=ONE_CLICK) for _ in range(2))
    assert (again.status, again.text) == (first.status, first.text)


def test_whoever_is_out_already_sees_no_button(api: Api) -> None:
    path = link(api)
    api("POST", path, "", who=None, headers=ONE_CLICK)
    assert "<form" not in api("GET", path, who=None).text


@pytest.mark.parametrize("token", ["x", "a.b", "%00", "é", "x" * 5_000, "<script>"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_bad_link_gets_a_page_that_says_so(api: Api, method: str, token: str) -> None:
    reply = api(method, f"/unsubscribe/{token}", who=None)
    assert reply.status == 404
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "not valid" in reply.text
    assert "script" not in reply.text


SPOKEN = {
    ("email", "en"): "by e-mail",
    ("sms", "en"): "by SMS",
    ("whatsapp", "en"): "on WhatsApp",
    ("email", "es"): "por correo electrónico",
    ("sms", "es"): "por SMS",
    ("whatsapp", "es"): "por WhatsApp",
}
TITLES = {
    "en": ("Unsubscribe", "You are unsubscribed", "This link is not valid"),
    "es": ("Darse de baja", "Te has dado de baja", "Este enlace no es válido"),
}


@pytest.mark.parametrize(("channel", "language"), SPOKEN)
def test_the_page_names_the_channel_in_the_readers_language(
    api: Api, channel: str, language: str
) -> None:
    path, asked, wish = link(api, channel), TITLES[language], {"accept-language": language}
    before = api("GET", path, who=None, headers=wish)
    after = api("POST", path, "", who=None, headers={**ONE_CLICK, **wish})
    again = api("GET", path, who=None, headers=wish)
    for reply, title in ((before, asked[0]), (after, asked[1]), (again, asked[1])):
        assert f"<h1>{title}</h1>" in reply.text
        assert f"<strong>{SPOKEN[channel, language]}</strong>" in reply.text
        assert f'<html lang="{language}">' in reply.text
        assert reply.headers["Content-Language"] == language


@pytest.mark.parametrize("language", TITLES)
def test_a_bad_link_is_told_in_the_readers_language(api: Api, language: str) -> None:
    reply = api("GET", "/unsubscribe/x", who=None, headers={"accept-language": language})
    assert f"<h1>{TITLES[language][2]}</h1>" in reply.text


def test_a_channel_without_words_of_its_own_is_named() -> None:
    subscription = Subscription(Recipient("1", "x"), ChannelName("p<ager"), "", START)
    assert "by p&lt;ager" in pages.done(subscription, "en").body


def test_the_page_names_no_address(api: Api) -> None:
    assert "reader" not in api("GET", link(api), who=None).text


def test_the_page_runs_nothing_and_styles_only_itself(api: Api) -> None:
    reply = api("GET", link(api), who=None)
    policy = reply.headers["Content-Security-Policy"]
    style = re.search(r"<style>(.*?)</style>", reply.text, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert reply.headers["Cache-Control"] == "no-store"


class Outline(HTMLParser):
    """Collects what a screen reader orients itself by."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "html":
            self.language = dict(attrs).get("lang") or ""


def test_the_page_can_be_read_by_a_screen_reader(api: Api) -> None:
    outline = Outline()
    outline.feed(api("GET", link(api), who=None).text)
    assert outline.language == "en"
    assert {"title", "main", "h1", "button"} <= set(outline.tags)
    assert outline.tags.count("h1") == 1
