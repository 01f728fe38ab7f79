"""Several pictures in one post: what each feed is sent, in which order, and what it is asked later.

Requests: developers.facebook.com/docs/graph-api/reference/page/photos, .../page-post/attachments
and /docs/instagram-platform/content-publishing, learn.microsoft.com/linkedin/marketing/
community-management/shares/multiimage-post-api; checked 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import (
    Channel,
    Handle,
    Media,
    MediaBytes,
    MediaUrl,
    Pause,
    Post,
    Response,
    Wording,
)
from chalicelib.domain.errors import Ambiguous, ContentRejected, PlatformUnavailable
from chalicelib.edge.bodies import MAX_MEDIA
from tests.channels.conversing import ACCOUNTS, NOW, Talk, channel, refusal, reply, talk

PAGE, GRID, LINKEDIN = (channel(name) for name in ("facebook", "instagram", "linkedin"))
ONE, TWO = Media("one.jpg", 1080, 1080, "First"), Media("two.jpg", 1080, 1080)
POST = Post("Hello", media=(ONE, TWO))
EACH = pytest.mark.parametrize("named", CHANNELS.values(), ids=list(CHANNELS))


def pictures(count: int) -> list[Media]:
    """Return so many pictures."""
    return [Media(f"{number}.jpg", 1080, 1080) for number in range(count)]


def stored(held: Talk) -> list[str]:
    """Return the handles that a conversation stored."""
    return [step.value for step in held.steps if isinstance(step, Handle)]


# --- how many ---------------------------------------------------------------------------------


@EACH
def test_as_many_pictures_as_a_channel_takes_are_carried(named: Channel) -> None:
    post, faults = named.compose(
        Wording("Hello"), pictures(max(named.media.max_items, 1)), ACCOUNTS[named.name]
    )
    assert "too_many_media" not in [fault.code for fault in faults]
    assert len(post.media) <= named.media.max_items


@EACH
def test_one_picture_more_is_a_fault_or_left_out(named: Channel) -> None:
    rule = named.media
    post, faults = named.compose(
        Wording("Hello"), pictures(rule.max_items + 1), ACCOUNTS[named.name]
    )
    found = [(fault.pointer, fault.code) for fault in faults]
    if rule.leaves_out_surplus:
        assert (found, len(post.media) <= rule.max_items) == ([], True)
    else:
        assert found == [("/media", "too_many_media")]
        assert str(rule.max_items) in faults[0].detail


def test_only_who_has_room_for_one_or_none_leaves_pictures_out() -> None:
    lenient = {name for name, known in CHANNELS.items() if known.media.leaves_out_surplus}
    assert lenient == {"whatsapp", "sms"}


def test_whatsapps_message_is_headed_by_the_first_picture_without_words() -> None:
    account = ACCOUNTS["whatsapp"]
    settings = {**account.settings, "template_image_name": "news_image"}
    post, faults = channel("whatsapp").compose(
        Wording("Hello"), [ONE, TWO], replace(account, settings=settings)
    )
    assert (post.media, faults) == ((replace(ONE, alt_text=""),), [])


def test_the_api_takes_as_many_pictures_as_the_most_generous_channel() -> None:
    assert max(known.media.max_items for known in CHANNELS.values()) == MAX_MEDIA


# --- Facebook ---------------------------------------------------------------------------------

UP = [reply(body={"id": "41"}), reply(body={"id": "42"})]
OUT = reply(body={"id": "1042_7"})
TRIED = replace(POST, handle="41,42")
THERE = [reply(body={"id": "41"}), reply(body={"id": "42"})]


def story(number: int, *photos: str, message: str = "Hello") -> dict[str, Any]:
    """Return an album as the feed lists it."""
    parts = [{"type": "photo", "target": {"id": photo}} for photo in photos]
    album = {"type": "album", "target": {"id": "99"}, "subattachments": {"data": parts}}
    item = {"id": f"1042_{number}", "message": message, "created_time": "2026-11-21T12:00:30+0000"}
    return {**item, "attachments": {"data": [album]}} if photos else item


def feed(*stories: Mapping[str, Any]) -> Response:
    """Return a page of the feed."""
    return reply(body={"data": list(stories)})


def test_photos_are_put_up_unseen_and_then_posted_together() -> None:
    held = talk(PAGE.publish(POST, ACCOUNTS["facebook"]), *UP, OUT)
    first, second, posted = held.requests
    assert [request.publishes for request in held.requests] == [False, False, True]
    assert first.url.endswith("/1042/photos")
    assert first.json == {
        "published": False,
        "url": MediaUrl("one.jpg"),
        "alt_text_custom": "First",
    }
    assert second.json == {"published": False, "url": MediaUrl("two.jpg")}
    assert posted.url.endswith("/1042/feed")
    attached = [{"media_fbid": "41"}, {"media_fbid": "42"}]
    assert posted.json == {"message": "Hello", "attached_media": attached}


def test_the_photos_ids_are_stored_before_they_are_posted() -> None:
    held = talk(PAGE.publish(POST, ACCOUNTS["facebook"]), *UP, OUT)
    assert held.steps[2] == Handle("41,42")


def test_a_later_attempt_posts_the_photos_that_are_there() -> None:
    held = talk(PAGE.publish(TRIED, ACCOUNTS["facebook"]), *THERE, OUT)
    asked, _, posted = held.requests
    assert (asked.method, asked.url.rpartition("/")[2]) == ("GET", "41")
    assert posted.json["attached_media"] == [{"media_fbid": "41"}, {"media_fbid": "42"}]
    assert stored(held) == []


def test_a_later_attempt_puts_up_again_what_is_gone() -> None:
    anew = [reply(body={"id": "43"}), reply(body={"id": "44"})]
    answers = (THERE[0], refusal(100, 33), *anew, OUT)
    held = talk(PAGE.publish(TRIED, ACCOUNTS["facebook"]), *answers)
    assert stored(held) == ["43,44"]
    assert held.requests[-1].json["attached_media"] == [{"media_fbid": "43"}, {"media_fbid": "44"}]


def test_photos_that_can_not_be_asked_for_are_not_put_up_a_second_time() -> None:
    with pytest.raises(PlatformUnavailable):
        talk(PAGE.publish(TRIED, ACCOUNTS["facebook"]), refusal(2, status=500))


def test_photos_that_were_posted_before_lead_to_their_post() -> None:
    answers = (*THERE, refusal(100, 1366051), feed(story(8, "50", "51"), story(9, "41", "42")))
    held = talk(PAGE.publish(TRIED, ACCOUNTS["facebook"]), *answers)
    assert held.result.external_id == "1042_9"


def test_photos_that_were_posted_where_nobody_sees_them_are_doubt() -> None:
    answers = (*THERE, refusal(100, 1366051), feed(story(8, "50", "51")))
    with pytest.raises(Ambiguous):
        talk(PAGE.publish(TRIED, ACCOUNTS["facebook"]), *answers)


def test_of_two_posts_with_one_text_ours_has_our_photos() -> None:
    answer = feed(story(7), story(8, "50", "51"), story(9, "41", "42"))
    held = talk(PAGE.find(TRIED, ACCOUNTS["facebook"], NOW), answer)
    assert "attachments" in held.requests[0].params["fields"]
    assert held.result.external_id == "1042_9"


def test_a_post_with_other_photos_is_not_ours() -> None:
    answer = feed(story(8, "50", "51"))
    assert talk(PAGE.find(TRIED, ACCOUNTS["facebook"], NOW), answer).result is None


def test_a_post_whose_photos_are_not_told_may_be_ours() -> None:
    answer = feed(story(7))
    assert talk(PAGE.find(TRIED, ACCOUNTS["facebook"], NOW), answer).result is not None


@pytest.mark.parametrize(
    "attachments",
    [None, "x", {}, {"data": None}, {"data": [None, {"type": "photo"}, {"type": "album"}]}],
)
def test_attachments_that_can_not_be_read_tell_nothing(attachments: Any) -> None:
    answer = feed({**story(7), "attachments": attachments})
    assert talk(PAGE.find(TRIED, ACCOUNTS["facebook"], NOW), answer).result is not None


# --- Instagram --------------------------------------------------------------------------------


def made(number: int) -> Response:
    """Return a container's id."""
    return reply(body={"id": str(number)})


def status(code: str, told: str = "") -> Response:
    """Return where a container stands."""
    return reply(body={"status_code": code, "status": told})


READY = status("FINISHED")
LINKED = reply(body={"id": "180", "permalink": "https://www.instagram.com/p/abc/"})
ISSUED = (reply(body={"id": "180"}), LINKED)


def test_a_carousel_is_made_of_items_that_are_ready() -> None:
    answers = (made(1), made(2), READY, READY, made(3), READY, *ISSUED)
    held = talk(GRID.publish(POST, ACCOUNTS["instagram"]), *answers)
    sent = [request.json for request in held.requests if request.url.endswith("/media")]
    assert sent == [
        {"is_carousel_item": True, "image_url": MediaUrl("one.jpg"), "alt_text": "First"},
        {"is_carousel_item": True, "image_url": MediaUrl("two.jpg")},
        {"media_type": "CAROUSEL", "children": "1,2", "caption": "Hello"},
    ]
    asked = [step.url.rpartition("/")[2] for step in held.requests if step.method == "GET"]
    assert asked == ["1", "2", "3", "180"]
    assert [step.json for step in held.requests if step.publishes] == [{"creation_id": "3"}]


def test_of_a_carousel_only_the_whole_is_stored() -> None:
    answers = (made(1), made(2), READY, READY, made(3), READY, *ISSUED)
    held = talk(GRID.publish(POST, ACCOUNTS["instagram"]), *answers)
    assert stored(held) == ["3"]
    assert held.steps.index(Handle("3")) < held.steps.index(held.requests[-2])


def test_items_are_waited_for_together() -> None:
    busy = status("IN_PROGRESS")
    answers = (made(1), made(2), busy, busy, READY, busy, READY, made(3), READY, *ISSUED)
    held = talk(GRID.publish(POST, ACCOUNTS["instagram"]), *answers)
    assert [step for step in held.steps if isinstance(step, Pause)] == [Pause(0.5), Pause(1.0)]


def test_an_item_that_dies_ends_the_attempt_before_anything_is_stored() -> None:
    dead = status("ERROR", "Error: 2207009")
    with pytest.raises(ContentRejected):
        talk(GRID.publish(POST, ACCOUNTS["instagram"]), made(1), made(2), READY, dead)


def test_a_stored_carousel_is_published_without_making_items() -> None:
    held = talk(GRID.publish(replace(POST, handle="3"), ACCOUNTS["instagram"]), READY, *ISSUED)
    assert [step.json for step in held.requests if step.method == "POST"] == [{"creation_id": "3"}]


def test_an_expired_carousel_is_made_anew_from_its_pictures() -> None:
    answers = (status("EXPIRED"), made(4), made(5), READY, READY, made(6), READY, *ISSUED)
    held = talk(GRID.publish(replace(POST, handle="3"), ACCOUNTS["instagram"]), *answers)
    assert stored(held) == ["6"]


# --- LinkedIn ---------------------------------------------------------------------------------

URNS = ("urn:li:image:1", "urn:li:image:2")
AGAIN = replace(POST, handle=",".join(URNS))
AVAILABLE = reply(body={"status": "AVAILABLE"})
PROCESSING = reply(body={"status": "PROCESSING"})
SHARED = reply(201, b"", x_restli_id="urn:li:share:7")
IMAGES = [{"id": URNS[0], "altText": "First"}, {"id": URNS[1], "altText": ""}]


def upload(number: int) -> list[Response]:
    """Return the answers to the upload of one picture."""
    value = {
        "uploadUrl": f"https://www.linkedin.com/up/{number}",
        "image": f"urn:li:image:{number}",
    }
    return [reply(body={"value": value}), reply(201, b"")]


def share(number: int, *urns: str, commentary: str = "Hello") -> dict[str, Any]:
    """Return a post as the finder lists it."""
    images = [{"id": urn, "altText": ""} for urn in urns]
    content = {"multiImage": {"images": images}} if len(urns) > 1 else {"media": images[0]}
    at = int(NOW.timestamp() * 1000) + 30_000
    item = {"commentary": commentary, "createdAt": at, "lastModifiedAt": at, "content": content}
    return {"id": f"urn:li:share:{number}", **item}


def listed(*shares: Mapping[str, Any]) -> Response:
    """Return a page of the finder."""
    return reply(body={"elements": list(shares)})


def test_pictures_are_uploaded_awaited_and_named_in_order() -> None:
    answers = (*upload(1), *upload(2), AVAILABLE, AVAILABLE, SHARED)
    held = talk(LINKEDIN.publish(POST, ACCOUNTS["linkedin"]), *answers)
    assert [step.method for step in held.requests] == ["POST", "PUT"] * 2 + ["GET"] * 2 + ["POST"]
    bodies = [step.body for step in held.requests if step.method == "PUT"]
    assert bodies == [MediaBytes("one.jpg"), MediaBytes("two.jpg")]
    assert held.requests[-1].json["content"] == {"multiImage": {"images": IMAGES}}
    assert [step.publishes for step in held.requests] == [False] * 6 + [True]


def test_the_pictures_urns_are_stored_before_they_are_named() -> None:
    answers = (*upload(1), *upload(2), AVAILABLE, AVAILABLE, SHARED)
    held = talk(LINKEDIN.publish(POST, ACCOUNTS["linkedin"]), *answers)
    assert held.steps[-2:] == [Handle(",".join(URNS)), held.requests[-1]]


def test_pictures_are_waited_for_together() -> None:
    answers = (*upload(1), *upload(2), PROCESSING, AVAILABLE, AVAILABLE, SHARED)
    held = talk(LINKEDIN.publish(POST, ACCOUNTS["linkedin"]), *answers)
    assert [step for step in held.steps if isinstance(step, Pause)] == [Pause(0.5)]


def test_a_later_attempt_names_the_pictures_that_are_there() -> None:
    held = talk(LINKEDIN.publish(AGAIN, ACCOUNTS["linkedin"]), AVAILABLE, AVAILABLE, SHARED)
    assert held.requests[-1].json["content"] == {"multiImage": {"images": IMAGES}}
    assert stored(held) == []


def test_a_later_attempt_uploads_again_what_is_gone() -> None:
    answers = (AVAILABLE, reply(404, {}), *upload(3), *upload(4), AVAILABLE, AVAILABLE, SHARED)
    held = talk(LINKEDIN.publish(AGAIN, ACCOUNTS["linkedin"]), *answers)
    assert stored(held) == ["urn:li:image:3,urn:li:image:4"]


def test_ours_names_our_pictures() -> None:
    answer = listed(share(8, "urn:li:image:8", "urn:li:image:9"), share(9, *URNS))
    held = talk(LINKEDIN.find(AGAIN, ACCOUNTS["linkedin"], NOW), answer)
    assert held.result.external_id == "urn:li:share:9"


@pytest.mark.parametrize("urns", [("urn:li:image:8", "urn:li:image:9"), ("urn:li:image:8",)])
def test_a_post_that_names_other_pictures_is_not_ours(urns: tuple[str, ...]) -> None:
    answer = listed(share(8, *urns))
    assert talk(LINKEDIN.find(AGAIN, ACCOUNTS["linkedin"], NOW), answer).result is None


@pytest.mark.parametrize("content", [None, "x", {}, {"media": None}, {"multiImage": {}}])
def test_content_that_can_not_be_read_tells_nothing(content: Any) -> None:
    answer = listed({**share(8, "x"), "content": content})
    assert talk(LINKEDIN.find(AGAIN, ACCOUNTS["linkedin"], NOW), answer).result is not None


def test_a_repetition_with_other_pictures_is_somebody_elses() -> None:
    error = {
        "message": "Content is a duplicate of urn:li:share:8",
        "errorDetails": {"inputErrors": [{"code": "DUPLICATE_POST"}]},
    }
    there = reply(body=share(8, "urn:li:image:8", "urn:li:image:9"))
    answers = (AVAILABLE, AVAILABLE, reply(422, error), there)
    with pytest.raises(ContentRejected, match="urn:li:share:8"):
        talk(LINKEDIN.publish(AGAIN, ACCOUNTS["linkedin"]), *answers)
