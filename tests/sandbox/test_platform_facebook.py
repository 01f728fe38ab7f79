"""The Facebook stand-in: what a Page accepts, refuses and shows."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.platform_kit import Seen, Visitor, form, image, send, visit


def feed(visitor: Visitor, **body: Any) -> Seen:
    return visitor.graph("facebook", "POST", f"{page_of(visitor)}/feed", body)


def page_of(visitor: Visitor) -> str:
    return str(visitor.accounts["facebook"]["page_id"])


def test_a_photo_answers_its_own_id_and_the_id_of_the_post(visitor: Visitor) -> None:
    body = {
        "url": visitor.gallery.url(image(640, 480)),
        "message": "Ada",
        "alt_text_custom": "A badge",
    }
    answer = visitor.graph("facebook", "POST", f"{page_of(visitor)}/photos", body).json
    assert set(answer) == {"id", "post_id"}
    (post,) = visitor.posts()
    assert post["external_id"] == answer["post_id"]
    (medium,) = post["media"]
    assert (medium["alt_text"], medium["width"], medium["height"]) == ("A badge", 640, 480)
    assert send("GET", medium["url"]).body == image(640, 480)


def test_several_photos_are_uploaded_unseen_and_posted_together(visitor: Visitor) -> None:
    ids = []
    for width in (400, 500):
        body = {"url": visitor.gallery.url(image(width, 400)), "published": False}
        answer = visitor.graph("facebook", "POST", f"{page_of(visitor)}/photos", body).json
        assert "post_id" not in answer
        ids.append(answer["id"])
    assert visitor.posts() == []
    assert (
        feed(visitor, message="Two", attached_media=[{"media_fbid": i} for i in ids]).status == 200
    )
    assert [medium["width"] for medium in visitor.posts()[0]["media"]] == [400, 500]
    again = feed(visitor, message="Again", attached_media=[{"media_fbid": ids[0]}])
    assert again.error["error_subcode"] == 1366051


def test_attached_media_may_also_be_numbered_form_fields(visitor: Visitor) -> None:
    hidden = {"url": visitor.gallery.url(image()), "published": False}
    photo = visitor.graph("facebook", "POST", f"{page_of(visitor)}/photos", hidden).json["id"]
    fields = {"message": "x", "attached_media[0]": f'{{"media_fbid":"{photo}"}}'}
    body, headers = form(**fields, access_token=visitor.accounts["facebook"]["access_token"])
    url = f"{visitor.platforms['facebook']}/{page_of(visitor)}/feed"
    assert send("POST", url, body, headers).status == 200
    assert len(visitor.posts()[0]["media"]) == 1


def test_only_loopback_addresses_are_pulled(visitor: Visitor) -> None:
    for url in ("http://example.org/a.jpg", "https://127.0.0.1/a.jpg", "file:///etc/passwd", "x"):
        seen = visitor.graph("facebook", "POST", f"{page_of(visitor)}/photos", {"url": url})
        assert seen.error["code"] == 324
    assert visitor.posts() == []


def test_the_same_text_twice_in_a_row_is_refused_and_otherwise_allowed(visitor: Visitor) -> None:
    assert feed(visitor, message="A").status == 200
    assert feed(visitor, message="A").error["code"] == 506
    assert feed(visitor, message="B").status == 200
    second = feed(visitor, message="A")
    assert second.status == 200
    visitor.graph("facebook", "DELETE", second.json["id"])
    assert feed(visitor, message="B").error["code"] == 506


def test_the_feed_is_read_newest_first_by_pages(visitor: Visitor) -> None:
    for number in range(5):
        feed(visitor, message=str(number))
    seen: list[str] = []
    path = f"{page_of(visitor)}/feed?fields=id,message,permalink_url&limit=2"
    answer = visitor.graph("facebook", "GET", path).json
    while True:
        seen += [item["message"] for item in answer["data"]]
        if "next" not in answer["paging"]:
            break
        answer = send("GET", answer["paging"]["next"], None, visitor.bearer("facebook")).json
    assert seen == ["4", "3", "2", "1", "0"]


def test_the_feed_is_read_since_an_instant(tmp_path: Path) -> None:
    clock = [datetime(2026, 11, 1, tzinfo=UTC)]
    with visit(tmp_path, now=lambda: clock[0]) as visitor:
        feed(visitor, message="old")
        clock[0] += timedelta(days=1)
        feed(visitor, message="new")
        for since in (str(int(clock[0].timestamp())), "2026-11-02T00:00:00+0000"):
            path = f"{page_of(visitor)}/published_posts?since={quote(since)}&fields=message"
            (item,) = visitor.graph("facebook", "GET", path).json["data"]
            assert item["message"] == "new"


def test_a_post_answers_the_fields_asked_for_and_its_time_in_graph_format(visitor: Visitor) -> None:
    post_id = feed(visitor, message="Ada").json["id"]
    shown = visitor.graph("facebook", "GET", f"{post_id}?fields=permalink_url,created_time").json
    assert set(shown) == {"id", "permalink_url", "created_time"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000", shown["created_time"])
    assert visitor.graph("facebook", "GET", f"{post_id}?fields=nonsense").error["code"] == 100


def test_an_edit_shows_and_a_deleted_post_is_gone(visitor: Visitor) -> None:
    post_id = feed(visitor, message="Ada").json["id"]
    visitor.graph("facebook", "POST", post_id, {"message": "Ada Lovelace"})
    assert visitor.posts()[0]["text"] == "Ada Lovelace"
    assert visitor.graph("facebook", "DELETE", post_id).json == {"success": True}
    assert visitor.graph("facebook", "GET", post_id).error["error_subcode"] == 33


def test_a_token_is_accepted_in_header_query_and_form(visitor: Visitor) -> None:
    token = visitor.accounts["facebook"]["access_token"]
    url = f"{visitor.platforms['facebook']}/v25.0/me"
    assert send("GET", url, None, {"Authorization": f"Bearer {token}"}).json["id"]
    assert send("GET", f"{url}?access_token={token}").json["id"] == page_of(visitor)
    body, headers = form(access_token=token, message="x")
    assert (
        send("POST", url.replace("/me", f"/{page_of(visitor)}/feed"), body, headers).status == 200
    )


@pytest.mark.parametrize(
    ("token", "status", "code"), [(None, 401, 104), ("wrong", 401, 190), ("linkedin", 403, 200)]
)
def test_a_wrong_token_is_refused(
    visitor: Visitor, token: str | None, status: int, code: int
) -> None:
    if token == "linkedin":
        token = visitor.accounts["linkedin"]["access_token"]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{visitor.platforms['facebook']}/{page_of(visitor)}/feed?message=x"
    seen = send("POST", url, None, headers)
    assert (seen.status, seen.error["code"]) == (status, code)
    assert set(seen.error) >= {"message", "type", "code", "fbtrace_id"}
    assert visitor.posts() == []


def test_a_token_can_be_introspected(visitor: Visitor) -> None:
    token = visitor.accounts["facebook"]["access_token"]
    shown = visitor.graph("facebook", "GET", f"debug_token?input_token={token}").json["data"]
    assert shown["is_valid"]
    assert "pages_manage_posts" in shown["scopes"]
    bad = visitor.graph("facebook", "GET", "debug_token?input_token=x").json["data"]
    assert not bad["is_valid"]
    granted = visitor.graph("facebook", "GET", "me/permissions").json["data"]
    assert {"permission": "pages_manage_posts", "status": "granted"} in granted


def test_the_same_api_answers_below_the_real_host(visitor: Visitor) -> None:
    headers = visitor.bearer("facebook")
    url = f"{visitor.outside.url}/graph.facebook.com/v26.0/{page_of(visitor)}/feed"
    assert send("POST", url, {"message": "Ada"}, headers).status == 200
    user = visitor.accounts["instagram"]["ig_user_id"]
    url = f"{visitor.outside.url}/graph.facebook.com/{user}?fields=username"
    assert send("GET", url, None, visitor.bearer("instagram")).json["username"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"message": "x" * 63_207},
        {"message": "x", "link": "not a link"},
        {"message": "x", "attached_media": [{"media_fbid": "1"}]},
        {"message": "x", "attached_media": "nonsense"},
    ],
)
def test_a_faulty_post_is_refused(visitor: Visitor, body: dict[str, Any]) -> None:
    assert feed(visitor, **body).error["code"] == 100
    assert visitor.posts() == []


def test_a_multipart_photo_is_taken_byte_for_byte(visitor: Visitor) -> None:
    content = image(321, 200, "PNG") + b"\r\n--almost\r\n\x00\xff"
    boundary = "limit"
    head = 'Content-Disposition: form-data; name="{}"'
    body = b"".join(
        [
            f"--{boundary}\r\n{head.format('message')}\r\n\r\nAda ✨\r\n".encode(),
            f'--{boundary}\r\n{head.format("source")}; filename="a.png"\r\n'.encode(),
            b"Content-Type: image/png\r\n\r\n" + content + b"\r\n",
            f"--{boundary}--\r\n".encode(),
        ]
    )
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    url = f"{visitor.platforms['facebook']}/{page_of(visitor)}/photos"
    assert send("POST", url, body, {**visitor.bearer("facebook"), **kind}).status == 200
    (post,) = visitor.posts()
    assert post["text"] == "Ada ✨"
    assert send("GET", post["media"][0]["url"]).body == content
