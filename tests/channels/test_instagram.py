"""What Instagram is sent, and what its answers mean.

Requests and states: developers.facebook.com/docs/instagram-platform/content-publishing and
/instagram-graph-api/reference/ig-container; codes: .../reference/error-codes; checked 2026-11-21.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.channels import (
    Handle,
    Media,
    MediaUrl,
    Pause,
    Post,
    Receipt,
    Response,
    Wording,
)
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    ContentRejected,
    CredentialsRejected,
    PlatformUnavailable,
    RateLimited,
    UnsupportedContent,
)
from tests.channels.conversing import ACCOUNTS, NOW, channel, refusal, reply, talk

ACCOUNT = ACCOUNTS["instagram"]
GRID = channel("instagram")
ONE, TWO = Media("one.jpg", 1080, 1080, "First"), Media("two.jpg", 1080, 1080)
POST = Post("Hello #aws", media=(ONE,))
MADE = reply(body={"id": "178"})
PUBLISHED = reply(body={"id": "180"})
LINKED = reply(body={"id": "180", "permalink": "https://www.instagram.com/p/abc/"})


def status(code: str, told: str = "") -> Response:
    """Return where a container stands."""
    return reply(body={"id": "178", "status_code": code, "status": told})


def test_a_picture_becomes_a_container_that_is_then_published() -> None:
    held = talk(GRID.publish(POST, ACCOUNT), MADE, status("FINISHED"), PUBLISHED, LINKED)
    made, _, published, _ = held.requests
    assert made.url == "https://graph.facebook.com/v26.0/17841/media"
    assert made.json == {
        "image_url": MediaUrl("one.jpg"),
        "alt_text": "First",
        "caption": "Hello #aws",
    }
    assert published.url.endswith("/17841/media_publish")
    assert published.json == {"creation_id": "178"}
    assert [request.publishes for request in held.requests] == [False, False, True, False]
    assert held.result == Receipt("180", "https://www.instagram.com/p/abc/")


def test_the_container_is_stored_before_anything_is_visible() -> None:
    held = talk(GRID.publish(POST, ACCOUNT), MADE, status("FINISHED"), PUBLISHED, LINKED)
    assert held.steps[1] == Handle("178")


def test_a_picture_in_processing_is_waited_for() -> None:
    waiting = status("IN_PROGRESS")
    answers = (MADE, waiting, waiting, status("FINISHED"), PUBLISHED, LINKED)
    held = talk(GRID.publish(POST, ACCOUNT), *answers)
    assert [step for step in held.steps if isinstance(step, Pause)] == [Pause(0.5), Pause(1.0)]


def test_the_last_question_may_bring_the_good_answer() -> None:
    answers = (*[status("IN_PROGRESS")] * 5, status("FINISHED"), PUBLISHED, LINKED)
    assert talk(GRID.publish(POST, ACCOUNT), MADE, *answers).result is not None


def test_a_post_without_a_picture_can_not_be_published() -> None:
    with pytest.raises(UnsupportedContent):
        talk(GRID.publish(Post("Hello"), ACCOUNT))


def test_a_picture_that_takes_too_long_is_tried_again_later() -> None:
    with pytest.raises(PlatformUnavailable):
        talk(GRID.publish(POST, ACCOUNT), MADE, *[status("IN_PROGRESS")] * 6)


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (status("ERROR", "Error: 2207009"), ContentRejected),
        (status("ERROR", "Error: 2207003"), PlatformUnavailable),
        (status("EXPIRED"), PlatformUnavailable),
        (refusal(100, 33), PlatformUnavailable),
    ],
)
def test_a_container_that_dies_is_no_doubt(answer: Response, meaning: type[ChannelError]) -> None:
    with pytest.raises(ChannelError) as caught:
        talk(GRID.publish(POST, ACCOUNT), MADE, answer)
    assert type(caught.value) is meaning


def test_a_stored_container_that_is_ready_is_published_and_none_made() -> None:
    post = replace(POST, handle="177")
    held = talk(GRID.publish(post, ACCOUNT), status("FINISHED"), PUBLISHED, LINKED)
    assert held.requests[1].json == {"creation_id": "177"}


@pytest.mark.parametrize("answer", [status("ERROR"), status("EXPIRED"), refusal(24, 2207006)])
def test_a_stored_container_that_is_dead_is_replaced(answer: Response) -> None:
    post = replace(POST, handle="177")
    answers = (answer, MADE, status("FINISHED"), PUBLISHED, LINKED)
    held = talk(GRID.publish(post, ACCOUNT), *answers)
    assert [step for step in held.steps if isinstance(step, Handle)] == [Handle("178")]


def listed(*captions: str, **more: str) -> Response:
    """Return the account's latest posts."""
    items: list[dict[str, Any]] = [
        {"id": f"18{n}", "caption": caption, "timestamp": "2026-11-21T12:00:30+0000", **more}
        for n, caption in enumerate(captions)
    ]
    return reply(body={"data": items})


def test_a_stored_container_that_was_published_is_not_published_again() -> None:
    post = replace(POST, handle="177")
    held = talk(GRID.publish(post, ACCOUNT), status("PUBLISHED"), listed("Other", "Hello #aws"))
    assert held.result == Receipt("181")
    assert not any(request.publishes for request in held.requests)


def test_a_permalink_that_can_not_be_read_does_not_fail_the_post() -> None:
    lost = PlatformUnavailable("No answer.")
    held = talk(GRID.publish(POST, ACCOUNT), MADE, status("FINISHED"), PUBLISHED, lost)
    assert held.result == Receipt("180", None)


@pytest.mark.parametrize(
    ("code", "subcode", "meaning"),
    [
        (24, 2207006, Ambiguous),
        (-1, 2207001, Ambiguous),
        (-2, 2207003, Ambiguous),
        (2, None, Ambiguous),
        (9007, 2207027, PlatformUnavailable),
        (9, 2207042, RateLimited),
        (4, 2207051, CredentialsRejected),
        (4, None, RateLimited),
        (25, 2207050, CredentialsRejected),
        (190, 463, CredentialsRejected),
        (100, 2207023, ContentRejected),
    ],
)
def test_a_refusal_to_publish_means(
    code: int, subcode: int | None, meaning: type[ChannelError]
) -> None:
    with pytest.raises(ChannelError) as caught:
        talk(GRID.publish(POST, ACCOUNT), MADE, status("FINISHED"), refusal(code, subcode))
    assert type(caught.value) is meaning


@pytest.mark.parametrize(
    ("code", "subcode", "meaning"),
    [
        (-1, 2207001, PlatformUnavailable),
        (9004, 2207052, PlatformUnavailable),
        (1, None, PlatformUnavailable),
        (36003, 2207009, ContentRejected),
        (100, 2207010, ContentRejected),
    ],
)
def test_a_refused_container_means(
    code: int, subcode: int | None, meaning: type[ChannelError]
) -> None:
    with pytest.raises(meaning):
        talk(GRID.publish(POST, ACCOUNT), refusal(code, subcode))


def test_a_look_up_without_a_container_asks_nobody() -> None:
    held = talk(GRID.find(POST, ACCOUNT, NOW))
    assert (held.steps, held.result) == ([], None)


@pytest.mark.parametrize("code", ["FINISHED", "IN_PROGRESS", "EXPIRED", "ERROR"])
def test_a_container_that_was_not_published_is_absence(code: str) -> None:
    post = replace(POST, handle="178")
    assert talk(GRID.find(post, ACCOUNT, NOW), status(code)).result is None


def test_a_published_container_is_found_by_its_caption() -> None:
    post = replace(POST, handle="178")
    posts = listed("Hello #aws", permalink="https://www.instagram.com/p/abc/")
    held = talk(GRID.find(post, ACCOUNT, NOW), status("PUBLISHED"), posts)
    assert held.result == Receipt("180", "https://www.instagram.com/p/abc/")


@pytest.mark.parametrize("captions", [(), ("Hello #aws", "Hello #aws")])
def test_a_published_container_without_its_own_post_is_doubt(captions: tuple[str, ...]) -> None:
    post = replace(POST, handle="178")
    with pytest.raises(Ambiguous):
        talk(GRID.find(post, ACCOUNT, NOW), status("PUBLISHED"), listed(*captions))


def test_a_post_without_a_picture_is_a_fault() -> None:
    _, faults = GRID.compose(Wording("Hello"), (), ACCOUNT)
    assert [(fault.pointer, fault.code) for fault in faults] == [("/media", "media_required")]


def test_an_authors_surplus_of_tags_and_mentions_is_a_fault() -> None:
    text = " ".join([f"#tag{n}" for n in range(31)] + [f"@someone{n}" for n in range(21)])
    _, faults = GRID.compose(Wording(text), (ONE,), ACCOUNT)
    assert [fault.code for fault in faults] == ["too_many_hashtags", "too_many_mentions"]


def test_surplus_hashtags_of_generated_text_are_left_out() -> None:
    text = "Ada " + " ".join(f"#tag{n}" for n in range(33))
    post, faults = GRID.compose(Wording(text, generated=True), (ONE,), ACCOUNT)
    assert (post.text.count("#"), post.text.endswith("#tag29"), faults) == (30, True, [])
