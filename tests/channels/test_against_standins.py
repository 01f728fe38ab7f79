"""All six channels, through the real transport, against the stand-ins of the platforms.

Nothing here waits: pauses are noted, and a fault that lasts is armed for a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import Media, Post, Receipt, Wording
from chalicelib.domain.errors import (
    Ambiguous,
    ContentRejected,
    CredentialsRejected,
    PlatformUnavailable,
    RateLimited,
)
from tests.channels.conversing import ADA, GRACE, TOKEN, World, channel, sandboxed

NAMES = sorted(CHANNELS)
FEEDS = ("facebook", "instagram", "linkedin")
SAID = (
    "Ada Lovelace (she/her) earned a certificate: 100 % #AWSCertified *cloud_*\n\nSee <it> @ home"
)
CARD = Media("cards/1.jpg", 1080, 1080, "A card with a name")
GALLERY = tuple(Media(f"cards/{n}.jpg", 1080, 1080, f"Picture {n}") for n in range(20))


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give one sandbox to all tests of this module; each begins with an empty world."""
    state: Path = tmp_path_factory.mktemp("outside")
    with sandboxed(state) as world:
        yield world


@pytest.fixture
def world(sandbox: World) -> World:
    """Empty the world."""
    sandbox.visitor.outside.reset()
    sandbox.handles.clear()
    return sandbox


def offered(world: World, name: str, text: str = SAID, *media: Media) -> Post:
    """Return what a channel would post, addressed as the service does."""
    pictures = media or ((CARD,) if channel(name).media.required else ())
    post, faults = channel(name).compose(Wording(text), pictures, world.account(name))
    assert not faults
    recipient = {"whatsapp": ADA, "sms": ADA, "email": GRACE}.get(name)
    return post.to(recipient, token=TOKEN, handle=None)


def addressed_again(world: World, post: Post) -> Post:
    """Return a post as a later attempt or look-up gets it."""
    return replace(post, handle=world.handles[-1] if world.handles else None)


@pytest.mark.parametrize("name", NAMES)
def test_readers_see_exactly_the_posts_text(world: World, name: str) -> None:
    post = offered(world, name)
    receipt = world.publish(name, post)
    assert [shown["text"] for shown in world.shown(name)] == [post.text]
    assert receipt.external_id == world.shown(name)[0]["external_id"]


@pytest.mark.parametrize("name", sorted({*NAMES} - {"sms"}))
def test_a_picture_is_carried_with_the_text(world: World, name: str) -> None:
    post = offered(world, name, SAID, CARD)
    world.publish(name, post)
    (shown,) = world.shown(name)
    assert (shown["text"], len(shown["media"])) == (post.text, 1)


@pytest.mark.parametrize("name", sorted(n for n in NAMES if channel(n).media.alt_text))
def test_the_pictures_description_arrives(world: World, name: str) -> None:
    world.publish(name, offered(world, name, SAID, CARD))
    assert world.shown(name)[0]["media"][0]["alt_text"] == CARD.alt_text


@pytest.mark.parametrize("name", FEEDS)
@pytest.mark.parametrize("many", [2, 10])
def test_several_pictures_make_one_post_in_their_order(world: World, name: str, many: int) -> None:
    world.publish(name, offered(world, name, SAID, *GALLERY[:many]))
    (shown,) = world.shown(name)
    described = [picture.alt_text for picture in GALLERY[:many]]
    assert [item["alt_text"] for item in shown["media"]] == described


def test_linkedin_shows_twenty_pictures(world: World) -> None:
    world.publish("linkedin", offered(world, "linkedin", SAID, *GALLERY))
    assert len(world.shown("linkedin")[0]["media"]) == len(GALLERY) == 20


def test_a_mail_shows_several_pictures_with_their_descriptions(world: World) -> None:
    world.publish("email", offered(world, "email", SAID, *GALLERY[:3]))
    (shown,) = world.shown("email")
    assert [item["alt_text"] for item in shown["media"]] == [p.alt_text for p in GALLERY[:3]]


def test_a_whatsapp_message_shows_the_first_picture_only(world: World) -> None:
    post = offered(world, "whatsapp", SAID, *GALLERY[:3])
    world.publish("whatsapp", post)
    assert (len(post.media), len(world.shown("whatsapp")[0]["media"])) == (1, 1)


def test_an_sms_shows_none(world: World) -> None:
    world.publish("sms", offered(world, "sms", SAID, *GALLERY[:3]))
    assert world.shown("sms")[0]["media"] == []


@pytest.mark.parametrize("name", FEEDS)
@pytest.mark.parametrize("kind", ["drop_after", "truncated_json", "error_500_after"])
def test_pictures_in_doubt_are_found_and_not_posted_again(
    world: World, name: str, kind: str
) -> None:
    post = offered(world, name, SAID, *GALLERY[:3])
    world.visitor.arm(name, kind)
    with pytest.raises(Ambiguous):
        world.publish(name, post)
    again = addressed_again(world, post)
    (shown,) = world.shown(name)
    assert world.find(name, again).external_id == shown["external_id"]
    assert world.publish(name, again).external_id == shown["external_id"]
    assert len(world.shown(name)) == 1


@pytest.mark.parametrize("name", FEEDS)
def test_pictures_that_never_were_posted_are_posted_once(world: World, name: str) -> None:
    post = offered(world, name, SAID, *GALLERY[:3])
    world.visitor.arm(name, "drop_before")
    with pytest.raises(Ambiguous):
        world.publish(name, post)
    again = addressed_again(world, post)
    assert world.find(name, again) is None
    world.publish(name, again)
    assert [len(shown["media"]) for shown in world.shown(name)] == [3]


@pytest.mark.parametrize("name", FEEDS)
def test_a_worker_that_dies_after_any_step_leaves_one_whole_post(world: World, name: str) -> None:
    post = offered(world, name, SAID, *GALLERY[:3])
    for steps in count(1):
        world.visitor.outside.reset()
        world.handles.clear()
        is_whole = world.begin(name, post, steps)
        again = addressed_again(world, post)
        receipt = world.find(name, again) or world.publish(name, again)
        (shown,) = world.shown(name)
        assert receipt.external_id == shown["external_id"], f"dead after {steps} steps"
        described = [item["alt_text"] for item in shown["media"]]
        assert described == [picture.alt_text for picture in GALLERY[:3]]
        if is_whole:
            break
    assert steps > len(described)


@pytest.mark.parametrize("name", ["facebook", "linkedin"])
def test_what_was_put_up_is_used_again(world: World, name: str) -> None:
    post = offered(world, name, SAID, *GALLERY[:3])
    world.visitor.arm(name, "drop_before")
    with pytest.raises(Ambiguous):
        world.publish(name, post)
    world.publish(name, addressed_again(world, post))
    assert len(world.handles) == 1


def test_another_album_with_the_same_text_is_not_taken_for_ours(world: World) -> None:
    world.publish("facebook", offered(world, "facebook", SAID, *GALLERY[:2]))
    world.visitor.arm("facebook", "drop_before")
    post = offered(world, "facebook", SAID, *GALLERY[2:5])
    with pytest.raises(Ambiguous):
        world.publish("facebook", post)
    assert world.find("facebook", addressed_again(world, post)) is None


@pytest.mark.parametrize("name", FEEDS)
def test_the_receipts_address_is_the_platforms(world: World, name: str) -> None:
    receipt = world.publish(name, offered(world, name))
    assert receipt.url.rstrip("/") == world.shown(name)[0]["url"].rstrip("/")


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_that_was_lost_leaves_doubt_and_one_post(world: World, name: str) -> None:
    post = offered(world, name)
    world.visitor.arm(name, "drop_after")
    with pytest.raises(Ambiguous):
        world.publish(name, post)
    assert len(world.shown(name)) == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["truncated_json", "error_500_after"])
def test_an_unusable_answer_leaves_doubt_and_one_post(world: World, name: str, kind: str) -> None:
    post = offered(world, name)
    world.visitor.arm(name, kind)
    with pytest.raises(Ambiguous):
        world.publish(name, post)
    assert len(world.shown(name)) == 1


@pytest.mark.parametrize("name", FEEDS)
@pytest.mark.parametrize("kind", ["drop_after", "truncated_json", "error_500_after"])
def test_a_post_in_doubt_is_found(world: World, name: str, kind: str) -> None:
    post = offered(world, name)
    world.visitor.arm(name, kind)
    with pytest.raises(Ambiguous):
        world.publish(name, post)
    found = world.find(name, addressed_again(world, post))
    assert found.external_id == world.shown(name)[0]["external_id"]


@pytest.mark.parametrize("name", FEEDS)
@pytest.mark.parametrize("kind", ["drop_before", "error_503"])
def test_a_post_that_never_was_is_not_found_and_then_published_once(
    world: World, name: str, kind: str
) -> None:
    post = offered(world, name)
    world.visitor.arm(name, kind)
    with pytest.raises(Ambiguous):
        world.publish(name, post)
    again = addressed_again(world, post)
    assert world.find(name, again) is None
    world.publish(name, again)
    assert len(world.shown(name)) == 1


@pytest.mark.parametrize("name", FEEDS)
def test_an_attempt_after_a_lost_success_meets_the_post_that_is_there(
    world: World, name: str
) -> None:
    post = offered(world, name)
    world.visitor.arm(name, "drop_after")
    with pytest.raises(Ambiguous):
        world.publish(name, post)
    receipt = world.publish(name, addressed_again(world, post))
    assert [shown["external_id"] for shown in world.shown(name)] == [receipt.external_id]


@pytest.mark.parametrize("name", NAMES)
def test_a_closed_door_leaves_no_doubt(world: World, name: str) -> None:
    post = offered(world, name)
    account = world.account(name)
    world.visitor.arm(name, "refuse_connection", seconds=5)
    with pytest.raises(PlatformUnavailable):
        world.hold(channel(name).publish(post, account), account)
    world.visitor.outside.disarm()
    assert not world.shown(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_rate_limit_publishes_nothing(world: World, name: str) -> None:
    post = offered(world, name)
    world.visitor.arm(name, "rate_limit", seconds=120)
    with pytest.raises(RateLimited):
        world.publish(name, post)
    assert not world.shown(name)


@pytest.mark.parametrize("name", NAMES)
def test_an_expired_token_blocks_instead_of_failing(world: World, name: str) -> None:
    account, post = world.account(name), offered(world, name)
    world.visitor.arm(name, "token_expired", times=3)
    with pytest.raises(CredentialsRejected):
        world.hold(channel(name).publish(post, account), account)


@pytest.mark.parametrize("name", NAMES)
def test_refused_content_fails_for_good(world: World, name: str) -> None:
    post = offered(world, name)
    world.visitor.arm(name, "reject_content")
    with pytest.raises(ContentRejected):
        world.publish(name, post)
    assert not world.shown(name)


@pytest.mark.parametrize("name", ["facebook", "linkedin"])
def test_the_same_text_again_is_refused_and_not_taken_for_ours(world: World, name: str) -> None:
    world.publish(name, offered(world, name))
    with pytest.raises(ContentRejected):
        world.publish(name, offered(world, name))
    assert len(world.shown(name)) == 1


def test_linkedin_fails_a_text_whose_earlier_post_was_deleted(world: World) -> None:
    receipt = world.publish("linkedin", offered(world, "linkedin"))
    path = f"/rest/posts/{receipt.external_id.replace(':', '%3A')}"
    assert world.visitor.linkedin("DELETE", path).status == 204
    with pytest.raises(ContentRejected, match="deleted"):
        world.publish("linkedin", offered(world, "linkedin"))


def test_whatsapp_writes_freely_while_the_window_is_open(world: World) -> None:
    number = world.visitor.accounts["whatsapp"]["open_window_number"]
    recipient = replace(ADA, address=number, window_open_until=datetime(2027, 1, 1, tzinfo=UTC))
    post = replace(offered(world, "whatsapp", SAID, CARD), recipient=recipient)
    world.publish("whatsapp", post)
    (shown,) = world.shown("whatsapp")
    assert (shown["text"], len(shown["media"])) == (post.text, 1)


def test_whatsapp_takes_the_template_when_the_window_has_just_closed(world: World) -> None:
    recipient = replace(ADA, window_open_until=datetime(2027, 1, 1, tzinfo=UTC))
    post = replace(offered(world, "whatsapp"), recipient=recipient)
    receipt = world.publish("whatsapp", post)
    assert [item["external_id"] for item in world.shown("whatsapp")] == [receipt.external_id]


@pytest.mark.parametrize("name", ["facebook", "instagram", "linkedin", "whatsapp"])
def test_a_connected_account_is_recognised(world: World, name: str) -> None:
    account = world.account(name)
    check = world.hold(channel(name).check(account), account)
    assert (bool(check.identity), check.missing_scopes) == (True, ())


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("facebook", "page_id", "999"),
        ("instagram", "ig_user_id", "17841400000000099"),
        ("linkedin", "organization_urn", "urn:li:organization:999"),
        ("whatsapp", "phone_number_id", "999"),
        ("whatsapp", "phone_number_id", "102290000000042"),
        ("whatsapp", "waba_id", "999"),
    ],
)
def test_an_account_that_is_not_ours_is_refused_when_connecting(
    world: World, name: str, field: str, value: str
) -> None:
    ours = world.account(name)
    account = replace(ours, settings={**ours.settings, field: value})
    check = world.hold(channel(name).check(account), account)
    assert [(f.pointer, f.code) for f in check.faults] == [(f"/{field}", "unknown_account")]


@pytest.mark.parametrize("name", ["facebook", "instagram", "linkedin", "whatsapp"])
def test_a_wrong_token_is_refused_when_connecting(world: World, name: str) -> None:
    account = replace(world.account(name), secrets={"access_token": "no-such-token"})
    with pytest.raises(CredentialsRejected):
        world.hold(channel(name).check(account), account)


def test_a_look_up_without_a_match_says_absent(world: World) -> None:
    post = replace(offered(world, "facebook"), handle="attempted")
    assert world.find("facebook", post) is None


def test_an_instagram_post_without_a_stored_container_was_never_published(world: World) -> None:
    assert world.find("instagram", offered(world, "instagram")) is None


def test_two_equal_posts_leave_it_to_a_person(world: World) -> None:
    page = world.visitor.accounts["facebook"]["page_id"]
    for text in (SAID, "Something between", SAID):
        world.visitor.graph("facebook", "POST", f"{page}/feed", {"message": text})
    with pytest.raises(Ambiguous):
        world.find("facebook", replace(offered(world, "facebook"), handle="attempted"))


def test_a_long_feed_is_read_to_the_look_ups_beginning(world: World) -> None:
    page = world.visitor.accounts["facebook"]["page_id"]
    post = offered(world, "facebook")
    receipt: Receipt = world.publish("facebook", post)
    for number in range(120):
        world.visitor.graph("facebook", "POST", f"{page}/feed", {"message": f"Post {number}"})
    assert world.find("facebook", addressed_again(world, post)) == receipt
