"""Deleting a published post, and asking whether it is there: requests, answers, the stand-ins.

Requests: developers.facebook.com/docs/graph-api/reference/post and
/docs/instagram-platform/reference/instagram-media, learn.microsoft.com/linkedin/marketing/
community-management/shares/posts-api; checked 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import Media, Receipt, Wording
from chalicelib.domain.errors import (
    ChannelError,
    ContentRejected,
    CredentialsRejected,
    PlatformUnavailable,
    UnsupportedContent,
)
from tests.channels.conversing import ACCOUNTS, World, channel, reply, sandboxed, talk

FEEDS = sorted(name for name in CHANNELS if channel(name).takes_back)
DIRECT = sorted(name for name in CHANNELS if not channel(name).takes_back)
ADDRESSES = {
    "facebook": "https://graph.facebook.com/v26.0/1042_7",
    "instagram": "https://graph.facebook.com/v26.0/1042_7",
    "linkedin": "https://api.linkedin.com/rest/posts/1042_7",
}
DONE = {
    "facebook": reply(body={"success": True}),
    "instagram": reply(body={"success": True}),
    "linkedin": reply(204),
}
POSTED = Receipt("1042_7")
GALLERY = tuple(Media(f"cards/{n}.jpg", 1080, 1080, f"Picture {n}") for n in range(3))


def graph_error(code: int, subcode: int = 0) -> dict[str, object]:
    """Return a Graph API error's body."""
    return {"error": {"code": code, "error_subcode": subcode, "message": "no"}}


def test_feeds_can_be_taken_back_and_what_was_sent_to_people_cannot() -> None:
    assert (FEEDS, DIRECT) == (["facebook", "instagram", "linkedin"], ["email", "sms", "whatsapp"])


@pytest.mark.parametrize("name", FEEDS)
def test_a_post_is_deleted_by_its_id(name: str) -> None:
    held = talk(channel(name).unpublish(POSTED, ACCOUNTS[name]), DONE[name])

    (request,) = held.requests
    assert (request.method, request.url) == ("DELETE", ADDRESSES[name])
    assert not request.publishes
    assert request.headers["Authorization"].startswith("Bearer ")
    assert (request.json, request.body) == (None, None)


def test_a_urn_is_one_part_of_the_path() -> None:
    receipt = Receipt("urn:li:share:42")
    held = talk(channel("linkedin").unpublish(receipt, ACCOUNTS["linkedin"]), DONE["linkedin"])

    assert held.requests[0].url.endswith("/rest/posts/urn%3Ali%3Ashare%3A42")
    assert held.requests[0].headers["X-RestLi-Method"] == "DELETE"


GONE = [
    ("facebook", 400, graph_error(100, 33)),
    ("instagram", 400, graph_error(100, 33)),
    ("linkedin", 404, {"status": 404}),
]


@pytest.mark.parametrize(("name", "status", "body"), GONE)
def test_what_is_gone_already_is_no_error(name: str, status: int, body: object) -> None:
    talk(channel(name).unpublish(POSTED, ACCOUNTS[name]), reply(status, body))


@pytest.mark.parametrize(
    ("name", "status", "body", "kind"),
    [
        ("facebook", 400, graph_error(190), CredentialsRejected),
        ("facebook", 400, graph_error(100), ContentRejected),
        ("facebook", 500, graph_error(2), PlatformUnavailable),
        ("facebook", 200, {"success": False}, PlatformUnavailable),
        ("facebook", 200, {}, PlatformUnavailable),
        ("instagram", 200, {"success": "true"}, PlatformUnavailable),
        ("instagram", 403, graph_error(10), CredentialsRejected),
        ("linkedin", 401, {"status": 401}, CredentialsRejected),
        ("linkedin", 503, {"status": 503}, PlatformUnavailable),
        ("linkedin", 200, b"<html>Please log in", PlatformUnavailable),
        ("linkedin", 202, b"", PlatformUnavailable),
    ],
)
def test_a_refusal_is_told_by_its_kind(
    name: str, status: int, body: object, kind: type[ChannelError]
) -> None:
    with pytest.raises(kind):
        talk(channel(name).unpublish(POSTED, ACCOUNTS[name]), reply(status, body))


@pytest.mark.parametrize("name", DIRECT)
def test_a_message_to_a_person_stays_sent(name: str) -> None:
    for ask in (channel(name).unpublish, channel(name).is_there):
        with pytest.raises(UnsupportedContent, match="can't be taken back"):
            talk(ask(POSTED, ACCOUNTS[name]))


@pytest.mark.parametrize("name", FEEDS)
def test_a_post_is_asked_for_by_its_id(name: str) -> None:
    held = talk(channel(name).is_there(POSTED, ACCOUNTS[name]), reply(body={"id": "1042_7"}))

    (request,) = held.requests
    assert held.result is True
    assert (request.method, request.url) == ("GET", ADDRESSES[name])
    assert not request.publishes


@pytest.mark.parametrize(("name", "status", "body"), GONE)
def test_a_post_that_is_gone_is_not_there(name: str, status: int, body: object) -> None:
    held = talk(channel(name).is_there(POSTED, ACCOUNTS[name]), reply(status, body))

    assert held.result is False


@pytest.mark.parametrize(
    ("name", "status", "body", "kind"),
    [
        ("facebook", 400, graph_error(100), ContentRejected),
        ("facebook", 500, graph_error(1), PlatformUnavailable),
        ("facebook", 200, {}, PlatformUnavailable),
        ("instagram", 403, graph_error(10), CredentialsRejected),
        ("instagram", 200, b"<html>Please log in", PlatformUnavailable),
        ("linkedin", 403, {"status": 403}, CredentialsRejected),
        ("linkedin", 503, {"status": 503}, PlatformUnavailable),
        ("linkedin", 200, b"<html>Please log in", PlatformUnavailable),
    ],
)
def test_what_else_is_answered_says_nothing_of_it(
    name: str, status: int, body: object, kind: type[ChannelError]
) -> None:
    with pytest.raises(kind):
        talk(channel(name).is_there(POSTED, ACCOUNTS[name]), reply(status, body))


# --- against the stand-ins --------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give one sandbox to the tests below."""
    state: Path = tmp_path_factory.mktemp("outside")
    with sandboxed(state) as world:
        yield world


@pytest.mark.parametrize("name", FEEDS)
@pytest.mark.parametrize("pictures", [GALLERY[:1], GALLERY], ids=["one picture", "several"])
def test_the_platform_shows_it_no_more_and_may_be_asked_twice(
    world: World, name: str, pictures: Sequence[Media]
) -> None:
    account = world.account(name)
    post, _ = channel(name).compose(Wording(f"{len(pictures)} to see"), pictures, account)
    receipt = world.publish(name, post)
    assert len(world.shown(name)) == 1
    assert world.hold(channel(name).is_there(receipt, account), account) is True

    for _ in range(2):
        world.hold(channel(name).unpublish(receipt, account), account)
        assert world.shown(name) == []
        assert world.hold(channel(name).is_there(receipt, account), account) is False
