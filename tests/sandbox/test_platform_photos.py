"""Several pictures in one post, as each platform takes them: when they are seen, what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.platform_kit import Seen, Visitor, image, visit

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(hours=24)


def put_up(visitor: Visitor, width: int = 400, alt_text: str = "") -> str:
    """Put up a photo that nobody sees yet; return its id."""
    page = visitor.accounts["facebook"]["page_id"]
    url = visitor.gallery.url(image(width, 400), f"/{width}.jpg")
    body = {"url": url, "published": False, "alt_text_custom": alt_text}
    return str(visitor.graph("facebook", "POST", f"{page}/photos", body).json["id"])


def attach(visitor: Visitor, *photos: str, message: str = "Ada") -> Seen:
    """Publish a post with these photos."""
    page = visitor.accounts["facebook"]["page_id"]
    body = {"message": message, "attached_media": [{"media_fbid": photo} for photo in photos]}
    return visitor.graph("facebook", "POST", f"{page}/feed", body)


def child(visitor: Visitor, width: int = 400, height: int = 400, **more: Any) -> str:
    """Make a carousel's item and wait until it is ready."""
    url = visitor.gallery.url(image(width, height), f"/{width}x{height}.jpg")
    return visitor.container(image_url=url, is_carousel_item=True, **more)


def carousel(visitor: Visitor, children: Any, caption: str = "Ada") -> Seen:
    """Join items."""
    user = visitor.accounts["instagram"]["ig_user_id"]
    body = {"media_type": "CAROUSEL", "children": children, "caption": caption}
    return visitor.graph("instagram", "POST", f"{user}/media", body)


def publish(visitor: Visitor, container: str) -> Seen:
    """Publish a container after a look at it."""
    user = visitor.accounts["instagram"]["ig_user_id"]
    visitor.graph("instagram", "GET", f"{container}?fields=status_code")
    body = {"creation_id": container}
    return visitor.graph("instagram", "POST", f"{user}/media_publish", body)


def share(visitor: Visitor, content: Any) -> Seen:
    """Publish a post on LinkedIn."""
    return visitor.linkedin("POST", "/rest/posts", visitor.share("Ada", content=content))


def shown(visitor: Visitor) -> list[tuple[Any, int, int]]:
    """Return description and size of each picture of the only post."""
    (post,) = visitor.posts()
    return [(item["alt_text"], item["width"], item["height"]) for item in post["media"]]


# --- Facebook ---------------------------------------------------------------------------------


def test_an_unpublished_photo_is_on_no_wall_and_in_no_feed(visitor: Visitor) -> None:
    put_up(visitor)
    page = visitor.accounts["facebook"]["page_id"]
    assert visitor.posts() == []
    assert visitor.graph("facebook", "GET", f"{page}/feed").json["data"] == []


def test_an_album_shows_its_photos_in_the_order_of_the_post(visitor: Visitor) -> None:
    last, first = put_up(visitor, 500, "Last"), put_up(visitor, 600, "First")
    assert attach(visitor, first, last).status == 200
    assert shown(visitor) == [("First", 600, 400), ("Last", 500, 400)]


def test_the_feed_names_the_photos_of_an_album(visitor: Visitor) -> None:
    photos = [put_up(visitor, width) for width in (400, 500)]
    attach(visitor, *photos)
    page = visitor.accounts["facebook"]["page_id"]
    fields = "id,message,attachments{type,target,subattachments{type,target}}"
    path = f"{page}/feed?fields={quote(fields)}"
    (item,) = visitor.graph("facebook", "GET", path).json["data"]
    (album,) = item["attachments"]["data"]
    named = [(part["type"], part["target"]["id"]) for part in album["subattachments"]["data"]]
    assert (album["type"], named) == ("album", [("photo", photo) for photo in photos])


def test_a_photo_is_posted_by_one_post_only(visitor: Visitor) -> None:
    photos = [put_up(visitor, width) for width in (400, 500)]
    attach(visitor, *photos)
    assert attach(visitor, *photos).error["error_subcode"] == 1366051
    assert len(visitor.posts()) == 1


def test_a_photo_is_not_attached_twice(visitor: Visitor) -> None:
    photo = put_up(visitor)
    assert attach(visitor, photo, photo).error["code"] == 100
    assert visitor.posts() == []


def test_more_than_ten_photos_are_refused(visitor: Visitor) -> None:
    assert attach(visitor, *[put_up(visitor) for _ in range(11)]).error["code"] == 100


def test_an_unpublished_photo_is_gone_after_a_day_and_a_posted_one_stays(tmp_path: Path) -> None:
    clock = [START]
    with visit(tmp_path, now=lambda: clock[0]) as visitor:
        posted, forgotten = put_up(visitor), put_up(visitor)
        attach(visitor, posted)
        clock[0] += DAY
        assert visitor.graph("facebook", "GET", posted).json["id"] == posted
        assert visitor.graph("facebook", "GET", forgotten).error["error_subcode"] == 33
        assert attach(visitor, forgotten).error["code"] == 100


# --- Instagram --------------------------------------------------------------------------------


def test_no_part_of_a_carousel_is_seen_before_it_is_published(visitor: Visitor) -> None:
    parent = carousel(visitor, ",".join([child(visitor), child(visitor, 500)])).json["id"]
    assert visitor.posts() == []
    publish(visitor, parent)
    assert len(visitor.posts()) == 1


def test_a_carousel_is_cut_to_the_ratio_of_its_first_picture(visitor: Visitor) -> None:
    items = [child(visitor, 400, 500, alt_text="Tall"), child(visitor, 900, 500, alt_text="Wide")]
    publish(visitor, carousel(visitor, items).json["id"])
    assert shown(visitor) == [("Tall", 400, 500), ("Wide", 400, 500)]


@pytest.mark.parametrize("count", [1, 11])
def test_a_carousel_has_two_to_ten_items(visitor: Visitor, count: int) -> None:
    items = [child(visitor) for _ in range(count)]
    assert carousel(visitor, ",".join(items)).error["error_subcode"] == 2207028


def test_a_container_that_is_no_item_can_not_be_joined(visitor: Visitor) -> None:
    items = [child(visitor), visitor.container("Alone")]
    assert carousel(visitor, ",".join(items)).error["error_subcode"] == 2207028


def test_an_item_expires_after_a_day(tmp_path: Path) -> None:
    clock = [START]
    with visit(tmp_path, now=lambda: clock[0]) as visitor:
        items = [child(visitor), child(visitor, 500)]
        clock[0] += DAY
        assert carousel(visitor, items).error["error_subcode"] == 2207028


def test_a_carousel_lives_no_longer_than_its_oldest_item(tmp_path: Path) -> None:
    clock = [START]
    with visit(tmp_path, now=lambda: clock[0]) as visitor:
        old = child(visitor)
        clock[0] += DAY / 2
        parent = carousel(visitor, [child(visitor, 500), old]).json["id"]
        clock[0] += DAY / 2
        assert publish(visitor, parent).error["error_subcode"] == 2207008
        assert visitor.posts() == []


# --- LinkedIn ---------------------------------------------------------------------------------


def test_a_post_shows_several_images_in_order_with_their_descriptions(visitor: Visitor) -> None:
    urns = [visitor.upload(image(width, 400)) for width in (500, 600)]
    images = [{"id": urn, "altText": f"{n}"} for n, urn in enumerate(urns)]
    assert share(visitor, {"multiImage": {"images": images}}).status == 201
    assert shown(visitor) == [("0", 500, 400), ("1", 600, 400)]


@pytest.mark.parametrize("count", [1, 21])
def test_several_images_are_two_to_twenty(visitor: Visitor, count: int) -> None:
    images = [{"id": visitor.upload()}] * count
    assert share(visitor, {"multiImage": {"images": images}}).status == 422


def test_an_image_that_is_not_there_can_not_be_one_of_several(visitor: Visitor) -> None:
    images = [{"id": visitor.upload()}, {"id": "urn:li:image:none"}]
    assert share(visitor, {"multiImage": {"images": images}}).json["code"] == "INVALID_URN_ID"
    assert visitor.posts() == []


def test_a_post_has_one_kind_of_content(visitor: Visitor) -> None:
    urns = [{"id": visitor.upload()} for _ in range(2)]
    content = {"media": urns[0], "multiImage": {"images": urns}}
    assert share(visitor, content).status == 422


@pytest.mark.parametrize("alt_text", ["x" * 4087, 7])
def test_a_description_beyond_the_limit_is_refused(visitor: Visitor, alt_text: Any) -> None:
    assert share(visitor, {"media": {"id": visitor.upload(), "altText": alt_text}}).status == 422


# --- what fails -------------------------------------------------------------------------------


def test_a_fault_waits_for_the_request_that_makes_the_pictures_visible(visitor: Visitor) -> None:
    for channel in ("facebook", "instagram", "linkedin"):
        visitor.arm(channel, "error_503")
    photos = [put_up(visitor), put_up(visitor, 500)]
    parent = carousel(visitor, [child(visitor), child(visitor, 500)]).json["id"]
    images = [{"id": visitor.upload(image(width, 400))} for width in (500, 600)]
    assert [fault["used"] for fault in visitor.control("GET", "/faults").json["items"]] == [0, 0, 0]
    refused = [
        attach(visitor, *photos).status,
        publish(visitor, parent).status,
        share(visitor, {"multiImage": {"images": images}}).status,
    ]
    assert (refused, visitor.posts()) == ([503, 503, 503], [])


def test_pictures_survive_a_restart_of_the_sandbox(tmp_path: Path) -> None:
    with visit(tmp_path) as visitor:
        attach(visitor, put_up(visitor, 500, "One"), put_up(visitor, 600, "Two"))
    with visit(tmp_path) as visitor:
        assert shown(visitor) == [("One", 500, 400), ("Two", 600, 400)]
