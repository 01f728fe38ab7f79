"""The Instagram stand-in: containers, their checks, publishing and reading back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.platform_kit import Seen, Visitor, image, visit


def user_of(visitor: Visitor) -> str:
    return str(visitor.accounts["instagram"]["ig_user_id"])


def create(visitor: Visitor, content: bytes | None = None, **more: Any) -> Seen:
    body = {"image_url": visitor.gallery.url(content or image()), **more}
    return visitor.graph("instagram", "POST", f"{user_of(visitor)}/media", body)


def publish(visitor: Visitor, container_id: str) -> Seen:
    body = {"creation_id": container_id}
    return visitor.graph("instagram", "POST", f"{user_of(visitor)}/media_publish", body)


def status(visitor: Visitor, container_id: str) -> str:
    path = f"{container_id}?fields=status_code,status"
    return str(visitor.graph("instagram", "GET", path).json["status_code"])


def test_a_container_is_pulled_at_once_is_in_progress_once_and_then_finished(
    visitor: Visitor,
) -> None:
    container_id = create(visitor, caption="Ada").json["id"]
    assert visitor.gallery.pulled == ["/a.jpg"]
    assert [status(visitor, container_id) for _ in range(3)] == [
        "IN_PROGRESS", "FINISHED", "FINISHED",
    ]  # fmt: skip
    publish(visitor, container_id)
    assert status(visitor, container_id) == "PUBLISHED"


def test_a_container_that_is_not_ready_can_not_be_published(visitor: Visitor) -> None:
    error = publish(visitor, create(visitor).json["id"]).error
    assert (error["code"], error["error_subcode"]) == (9007, 2207027)
    assert visitor.posts() == []


def test_publishing_the_same_container_again_returns_the_same_medium(visitor: Visitor) -> None:
    container_id = visitor.container("Ada")
    first, second = publish(visitor, container_id), publish(visitor, container_id)
    assert first.json == second.json
    assert len(visitor.posts()) == 1


def test_a_container_expires_after_a_day(tmp_path: Path) -> None:
    clock = [datetime(2026, 11, 1, tzinfo=UTC)]
    with visit(tmp_path, now=lambda: clock[0]) as visitor:
        container_id = visitor.container("Ada")
        clock[0] += timedelta(hours=24)
        assert status(visitor, container_id) == "EXPIRED"
        assert publish(visitor, container_id).error["error_subcode"] == 2207008


@pytest.mark.parametrize(
    ("content", "code", "subcode"),
    [
        (image(kind="PNG"), 36001, 2207005),
        (b"no image", 36001, 2207005),
        (image(1080, 1400), 36003, 2207009),
        (image(2000, 1000), 36003, 2207009),
        (image(300, 300), 36001, 2207005),
        (image() + bytes(8 * 1024 * 1024), 36000, 2207004),
    ],
    ids=["png", "no image", "too tall", "too wide", "too small", "too heavy"],
)
def test_an_unsuitable_image_is_refused_when_the_container_is_made(
    visitor: Visitor, content: bytes, code: int, subcode: int
) -> None:
    error = create(visitor, content).error
    assert (error["code"], error["error_subcode"]) == (code, subcode)


def test_an_address_that_gives_no_image_is_refused(visitor: Visitor) -> None:
    body = {"image_url": visitor.gallery.base + "/missing.jpg"}
    error = visitor.graph("instagram", "POST", f"{user_of(visitor)}/media", body).error
    assert (error["code"], error["error_subcode"]) == (9004, 2207052)


@pytest.mark.parametrize(
    "caption", ["x" * 2201, " ".join(["#a"] * 31), " ".join(["@a"] * 21)],
    ids=["long", "hashtags", "mentions"],
)  # fmt: skip
def test_a_caption_beyond_the_limits_is_refused(visitor: Visitor, caption: str) -> None:
    assert create(visitor, caption=caption).error["error_subcode"] == 2207010


def test_a_caption_at_the_limits_is_taken(visitor: Visitor) -> None:
    caption = (" ".join(["#a"] * 30) + " " + " ".join(["@b"] * 20)).ljust(2200, "x")
    assert create(visitor, caption=caption).status == 200


def test_a_carousel_shows_every_item_in_order(visitor: Visitor) -> None:
    children = [
        create(visitor, image(size, size), is_carousel_item=True, alt_text=str(size)).json["id"]
        for size in (400, 500)
    ]
    body = {"media_type": "CAROUSEL", "children": ",".join(children), "caption": "Both"}
    parent = visitor.graph("instagram", "POST", f"{user_of(visitor)}/media", body).json["id"]
    status(visitor, parent)
    assert publish(visitor, parent).status == 200
    (post,) = visitor.posts()
    assert [m["alt_text"] for m in post["media"]] == ["400", "500"]
    assert post["text"] == "Both"


def test_a_carousel_item_can_not_be_published_alone(visitor: Visitor) -> None:
    child = create(visitor, is_carousel_item=True).json["id"]
    assert publish(visitor, child).error["code"] == 24


@pytest.mark.parametrize("children", ["1", "", "1,2"])
def test_a_carousel_needs_two_items_of_its_own(visitor: Visitor, children: str) -> None:
    body = {"media_type": "CAROUSEL", "children": children}
    seen = visitor.graph("instagram", "POST", f"{user_of(visitor)}/media", body)
    assert seen.error["error_subcode"] == 2207028


def test_a_medium_can_be_found_by_its_caption(visitor: Visitor) -> None:
    media_id = publish(visitor, visitor.container("Ada ✨")).json["id"]
    path = f"{user_of(visitor)}/media?fields=id,caption,permalink,timestamp"
    (item,) = visitor.graph("instagram", "GET", path).json["data"]
    assert (item["id"], item["caption"]) == (media_id, "Ada ✨")
    (post,) = visitor.posts()
    assert post["url"] == item["permalink"]
    assert visitor.graph("instagram", "GET", f"{media_id}?fields=permalink").json == {
        "id": media_id, "permalink": post["url"],
    }  # fmt: skip


def test_the_publishing_quota_counts_posts(visitor: Visitor) -> None:
    publish(visitor, visitor.container("Ada"))
    path = f"{user_of(visitor)}/content_publishing_limit?fields=quota_usage,config"
    (shown,) = visitor.graph("instagram", "GET", path).json["data"]
    assert shown["quota_usage"] == 1
    assert shown["config"]["quota_duration"] == 86_400


def test_a_deleted_medium_is_gone(visitor: Visitor) -> None:
    media_id = publish(visitor, visitor.container("Ada")).json["id"]
    assert visitor.graph("instagram", "DELETE", media_id).json == {"success": True}
    assert visitor.posts()[0]["deleted_at"] is not None
    for method in ("DELETE", "GET"):
        assert visitor.graph("instagram", method, media_id).error["error_subcode"] == 33
    user = visitor.accounts["instagram"]["ig_user_id"]
    assert visitor.graph("instagram", "GET", f"{user}/media").json["data"] == []
