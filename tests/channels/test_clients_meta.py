"""Clients written by others drive the Meta stand-ins, so nobody here decides what the wire is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from facebook_business.adobjects.iguser import IGUser
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.pagepost import PagePost
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession
from pywa import WhatsApp
from pywa.errors import ExpiredAccessToken, RateLimitHit, ReEngagementMessage, TemplateNotExists
from pywa.types.templates import BodyText, HeaderImage, TemplateLanguage

from tests.sandbox.platform_kit import Visitor, image, visit


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    """Give a fresh sandbox of its own."""
    with visit(tmp_path) as visitor:
        yield visitor


@pytest.fixture
def sdk(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Return the official SDK for one channel, pointed at its listener."""
    opened: list[FacebookAdsApi] = []

    def connect(channel: str) -> FacebookAdsApi:
        monkeypatch.setattr(FacebookSession, "GRAPH", visitor.platforms[channel])
        token = visitor.accounts[channel]["access_token"]
        opened.append(FacebookAdsApi.init(app_id="1", app_secret="secret", access_token=token))
        return opened[-1]

    yield connect
    for api in opened:
        api._session.requests.close()


@pytest.fixture
def whatsapp(visitor: Visitor) -> Iterator[WhatsApp]:
    """Return pywa, pointed at the listener."""
    account = visitor.accounts["whatsapp"]
    client = WhatsApp(phone_id=account["phone_number_id"], token=account["access_token"])
    client.api._session.base_url = f"{visitor.platforms['whatsapp']}/v26.0"
    yield client
    client.api._session.close()


def test_the_official_sdk_posts_text_reads_it_back_and_deletes_it(
    visitor: Visitor, sdk: Callable[..., Any]
) -> None:
    api = sdk("facebook")
    page = Page(visitor.accounts["facebook"]["page_id"], api=api)
    post_id = page.create_feed(params={"message": "Ada ✨ passed"}).get_id()
    (found,) = page.get_feed(fields=["id", "message", "permalink_url"])
    assert (found["id"], found["message"]) == (post_id, "Ada ✨ passed")
    PagePost(post_id, api=api).api_delete()
    assert visitor.posts("facebook")[0]["deleted_at"]


def test_the_official_sdk_posts_several_photos(visitor: Visitor, sdk: Callable[..., Any]) -> None:
    api = sdk("facebook")
    page = Page(visitor.accounts["facebook"]["page_id"], api=api)
    params = {"url": visitor.gallery.url(image()), "published": False}
    media = [{"media_fbid": page.create_photo(params=params).get_id()} for _ in range(2)]
    assert visitor.posts("facebook") == []
    post_id = page.create_feed(params={"message": "Two", "attached_media": media}).get_id()
    assert len(visitor.posts("facebook")[0]["media"]) == 2
    asked = {"fields": "id,attachments{type,target,subattachments{type,target}}"}
    (found,) = api.call("GET", (page.get_id(), "feed"), params=asked).json()["data"]
    (album,) = found["attachments"]["data"]
    photos = [part["target"]["id"] for part in album["subattachments"]["data"]]
    assert (found["id"], photos) == (post_id, [item["media_fbid"] for item in media])
    with pytest.raises(FacebookRequestError) as refusal:
        page.create_feed(params={"message": "Again", "attached_media": media})
    assert refusal.value.api_error_subcode() == 1366051


def test_the_official_sdk_publishes_an_instagram_container(
    visitor: Visitor, sdk: Callable[..., Any]
) -> None:
    api = sdk("instagram")
    user = IGUser(visitor.accounts["instagram"]["ig_user_id"], api=api)
    params = {"image_url": visitor.gallery.url(image()), "caption": "Ada", "alt_text": "Badge"}
    container = user.create_media(params=params)
    with pytest.raises(FacebookRequestError) as refusal:
        user.create_media_publish(params={"creation_id": container.get_id()})
    assert refusal.value.api_error_code() == 9007
    api.call("GET", (container.get_id(),), params={"fields": "status_code"})
    medium = user.create_media_publish(params={"creation_id": container.get_id()})
    assert medium.api_get(fields=["caption", "permalink"])["caption"] == "Ada"
    (usage,) = user.get_content_publishing_limit(fields=["quota_usage", "config"])
    assert usage["quota_usage"] == 1


def test_the_official_sdk_publishes_an_instagram_carousel(
    visitor: Visitor, sdk: Callable[..., Any]
) -> None:
    api = sdk("instagram")
    user = IGUser(visitor.accounts["instagram"]["ig_user_id"], api=api)

    def ready(container: Any) -> str:
        params = {"fields": "status_code"}
        for _ in range(2):
            found = api.call("GET", (container.get_id(),), params=params).json()
        assert found["status_code"] == "FINISHED"
        return str(container.get_id())

    items = [
        {"image_url": visitor.gallery.url(image(), f"/{n}.jpg"), "alt_text": f"Picture {n}"}
        for n in range(3)
    ]
    children = [
        ready(user.create_media(params={**item, "is_carousel_item": True})) for item in items
    ]
    assert visitor.posts("instagram") == []
    params = {"media_type": "CAROUSEL", "children": children, "caption": "Ada"}
    with pytest.raises(FacebookRequestError) as refusal:
        user.create_media(params={**params, "children": children[:1]})
    assert refusal.value.api_error_subcode() == 2207028
    creation = {"creation_id": ready(user.create_media(params=params))}
    medium = user.create_media_publish(params=creation)
    assert user.create_media_publish(params=creation).get_id() == medium.get_id()
    assert medium.api_get(fields=["media_type", "caption"])["media_type"] == "CAROUSEL_ALBUM"
    (post,) = visitor.posts("instagram")
    assert [item["alt_text"] for item in post["media"]] == ["Picture 0", "Picture 1", "Picture 2"]


def test_the_official_sdk_understands_every_refusal(
    visitor: Visitor, sdk: Callable[..., Any]
) -> None:
    api = sdk("facebook")
    page = Page(visitor.accounts["facebook"]["page_id"], api=api)
    expected = [
        ("rate_limit", 32, True),
        ("token_expired", 190, False),
        ("error_503", 2, True),
        ("reject_content", 100, False),
        ("error_500_after", 2, True),
    ]
    for kind, code, is_transient in expected:
        visitor.arm("facebook", kind)
        with pytest.raises(FacebookRequestError) as refusal:
            page.create_feed(params={"message": kind})
        assert refusal.value.api_error_code() == code
        assert refusal.value.api_transient_error() is is_transient


def test_pywa_sends_a_template_with_picture(visitor: Visitor, whatsapp: WhatsApp) -> None:
    sent = whatsapp.send_template(
        to="+447700900555",
        name="announcement_image",
        language=TemplateLanguage.ENGLISH_US,
        params=[
            HeaderImage.params(image=visitor.gallery.url(image())),
            BodyText.params("Ada passed"),
        ],
        tracker="delivery-1",
    )
    (post,) = visitor.posts("whatsapp")
    assert post["external_id"] == sent.id
    assert "Ada passed" in post["text"]
    assert (len(post["media"]), post["callback_data"]) == (1, "delivery-1")


def test_pywa_sends_text_inside_the_window_only(visitor: Visitor, whatsapp: WhatsApp) -> None:
    whatsapp.send_message(to=visitor.accounts["whatsapp"]["open_window_number"], text="Hello")
    with pytest.raises(ReEngagementMessage):
        whatsapp.send_message(to="+447700900555", text="Hello")
    assert [post["text"] for post in visitor.posts("whatsapp")] == ["Hello"]


def test_pywa_understands_the_refusals(visitor: Visitor, whatsapp: WhatsApp) -> None:
    number = visitor.accounts["whatsapp"]["open_window_number"]
    for kind, error in (("rate_limit", RateLimitHit), ("token_expired", ExpiredAccessToken)):
        visitor.arm("whatsapp", kind)
        with pytest.raises(error):
            whatsapp.send_message(to=number, text="Hello")
    with pytest.raises(TemplateNotExists):
        whatsapp.send_template(to=number, name="none", language=TemplateLanguage.ENGLISH_US)
