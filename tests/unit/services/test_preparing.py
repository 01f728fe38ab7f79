"""Making posts: words and pictures, once, and the same for every later attempt."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from chalicelib.domain.certifications import Submission
from chalicelib.domain.channels import Account, ChannelName, Post, Reconcilability
from chalicelib.domain.errors import UnsupportedContent
from chalicelib.domain.messages import Content, MediaRef, Revision, Variant
from chalicelib.services.preparing import CARD_SIZES, card_facts
from tests.fakes.channels import FakeChannel
from tests.fakes.ground import START
from tests.fakes.world import World

SUBMISSION = Submission("Ada", "cloud-practitioner", date(2026, 11, 2), ("facebook",), True)
FEED = FakeChannel(ChannelName("feed"), Reconcilability.LOOKUP)


def revision(content: Content, number: int = 1) -> Revision:
    """Return a version of some message."""
    return Revision("m", number, content, START, "ada")


def prepared(world: World, content: Content, channel: FakeChannel = FEED, number: int = 1) -> Post:
    """Return the post that a channel will be offered."""
    return world.preparing.post(revision(content, number), channel, Account(channel.name))


def pictures(world: World, count: int = 1) -> tuple[MediaRef, ...]:
    """Return references to uploaded pictures."""
    return tuple(MediaRef(world.upload(), f"Picture {number}") for number in range(count))


def test_a_post_is_stored_when_it_is_first_made(world: World) -> None:
    post = prepared(world, Content("Hello"))

    assert world.messages.post("m", FEED.name, 1) == post


def test_whoever_prepares_first_decides(world: World) -> None:
    prepared(world, Content("First"))

    assert prepared(world, Content("Second")).text == "First"


def test_of_two_who_prepare_at_once_one_decides(world: World) -> None:
    def twin(at: str, operation: str, _: object) -> None:
        if at == "before" and operation == "write":
            world.breaker.mend()
            prepared(world, Content("First"))

    world.breaker.when = twin

    assert prepared(world, Content("Second")).text == "First"


def test_another_revision_is_another_post(world: World) -> None:
    prepared(world, Content("First"))

    assert prepared(world, Content("Second"), number=2).text == "Second"


def test_a_channels_own_text_is_its_post(world: World) -> None:
    content = Content("Hello", variants={FEED.name: Variant("Own")})

    assert prepared(world, content).text == "Own"


def test_a_picture_is_fitted_to_the_channel(world: World) -> None:
    (item,) = prepared(world, Content("Hello", media=pictures(world))).media

    assert (item.width, item.height, item.alt_text) == (2048, 500, "Picture 0")
    assert world.media.objects[item.ref] == b"fitted picture"


def test_a_fitted_picture_is_not_made_twice(world: World) -> None:
    content = Content("Hello", media=pictures(world))
    first = prepared(world, content)
    second = prepared(world, content, number=2)

    assert first.media == second.media
    assert len(world.media.written) == 1


def test_pictures_keep_the_order_and_descriptions_their_author_gave_them(world: World) -> None:
    post = prepared(world, Content("Hello", media=pictures(world, 2)))

    assert [item.alt_text for item in post.media] == ["Picture 0", "Picture 1"]


def test_more_pictures_than_a_channel_takes_are_refused(world: World) -> None:
    with pytest.raises(UnsupportedContent, match="3 pictures"):
        prepared(world, Content("Hello", media=pictures(world, 3)))


def test_a_post_is_not_made_without_one_of_its_pictures(world: World) -> None:
    with pytest.raises(UnsupportedContent, match="not there"):
        prepared(world, Content("Hello", media=(*pictures(world), MediaRef("gone"))))


def test_a_channel_with_little_room_carries_and_draws_the_first_only(world: World) -> None:
    small = replace(FEED, media=replace(FEED.media, max_items=1, leaves_out_surplus=True))
    post = prepared(world, Content("Hello", media=pictures(world, 3)), small)

    assert [item.alt_text for item in post.media] == ["Picture 0"]
    assert len(world.media.written) == 1


def test_pictures_beside_one_another_get_the_ratio_of_the_first(world: World) -> None:
    rule = replace(FEED.media, max_items=10, one_ratio=True)
    prepared(world, Content("Hello", media=pictures(world, 3)), replace(FEED, media=rule))
    first, *others = world.studio.rules

    assert first == rule
    assert others == [rule.beside(4.096)] * 2


def test_a_picture_is_made_for_the_one_it_stands_beside(world: World) -> None:
    rule = replace(FEED.media, one_ratio=True)
    one, two = pictures(world, 2)
    channel = replace(FEED, media=rule)
    prepared(world, Content("Hello", media=(one, two)), channel)
    turned = prepared(world, Content("Hello", media=(two, one)), channel, number=2)

    assert [item.ref for item in turned.media] == [
        f"prepared/{two.upload_id}/feed.jpg",
        f"prepared/{one.upload_id}/feed-4096.jpg",
    ]
    assert len(set(world.media.written)) == 4


def test_where_each_picture_may_have_its_own_ratio_none_is_made_for_another(world: World) -> None:
    prepared(world, Content("Hello", media=pictures(world, 2)))

    assert world.studio.rules == [FEED.media] * 2


def test_a_channel_without_pictures_draws_none(world: World) -> None:
    plain = replace(FEED, media=replace(FEED.media, max_items=0, leaves_out_surplus=True))
    content = Content("Ada", media=pictures(world), announcement=SUBMISSION, edited=True)

    assert prepared(world, content, plain).media == ()
    assert world.preparing.compose(content, plain, Account(plain.name), {})[0].media == ()
    assert world.media.written == []


def test_a_text_alone_needs_no_picture(world: World) -> None:
    assert prepared(world, Content("Hello")).media == ()


@pytest.mark.parametrize("shape", CARD_SIZES)
def test_an_announcement_without_pictures_gets_its_card(world: World, shape: str) -> None:
    channel = replace(FEED, media=replace(FEED.media, card=shape))
    content = Content("Ada passed", announcement=SUBMISSION, edited=True)
    (card,) = prepared(world, content, channel).media

    assert (card.width, card.height) == CARD_SIZES[shape]
    assert card.alt_text == card_facts(SUBMISSION).alt_text
    assert world.media.objects[card.ref] == f"card {shape} Ada None".encode()


def test_a_picture_that_is_there_is_not_fitted_again(world: World) -> None:
    content = Content("Hello", media=pictures(world))
    first, second = (prepared(world, content, number=number) for number in (1, 2))

    assert first.media == second.media
    assert world.studio.rules == [FEED.media]


def test_a_card_is_drawn_once_for_all_channels_of_a_shape(world: World) -> None:
    content = Content("Ada passed", announcement=SUBMISSION, edited=True)
    for name in ("one", "two"):
        prepared(world, content, replace(FEED, name=ChannelName(name)))

    assert len(world.media.written) == 1


def test_a_photo_that_is_gone_leaves_the_card_without_it(world: World) -> None:
    with_photo = replace(SUBMISSION, photo_upload_id="gone")
    (card,) = prepared(world, Content("Ada", announcement=with_photo, edited=True)).media

    assert b"None" in world.media.objects[card.ref]


def test_an_uploads_picture_wins_over_the_card(world: World) -> None:
    content = Content("Ada", media=pictures(world), announcement=SUBMISSION, edited=True)
    (item,) = prepared(world, content).media

    assert item.alt_text == "Picture 0"


def test_a_certification_that_left_the_catalogue_cannot_be_announced(world: World) -> None:
    gone = replace(SUBMISSION, family_id="gone")

    with pytest.raises(UnsupportedContent):
        prepared(world, Content("Ada", announcement=gone, edited=True))


def test_what_does_not_fit_is_told_in_words(world: World) -> None:
    with pytest.raises(UnsupportedContent, match="501 characters"):
        prepared(world, Content("x" * 501))


def test_a_sketch_tells_the_sizes_that_will_be_posted(world: World) -> None:
    rule = replace(FEED.media, one_ratio=True, min_ratio=0.8, max_ratio=1.91, max_width=1440)
    media = pictures(world, 2)
    uploads = world.uploads.many([item.upload_id for item in media])
    sizes = ((500, 625), (1000, 1000))
    shapes = {
        item.upload_id: replace(uploads[item.upload_id], width=width, height=height)
        for item, (width, height) in zip(media, sizes, strict=True)
    }
    channel = replace(FEED, media=rule)
    post, _ = world.preparing.compose(
        Content("Hello", media=media), channel, Account(FEED.name), shapes
    )

    assert [(item.width, item.height) for item in post.media] == [(500, 625), (808, 1000)]


def test_a_sketch_with_too_many_pictures_shows_them_all_and_the_fault(world: World) -> None:
    media = pictures(world, 3)
    uploads = world.uploads.many([item.upload_id for item in media])
    content = Content("Hello", media=media)
    post, faults = world.preparing.compose(content, FEED, Account(FEED.name), uploads)

    assert len(post.media) == 3
    assert [(fault.pointer, fault.code) for fault in faults] == [("/media", "too_many_media")]


def test_a_sketch_shows_pictures_by_their_uploads(world: World) -> None:
    media = pictures(world)
    uploads = world.uploads.many([media[0].upload_id])
    content = Content("Hello", media=(*media, MediaRef("nowhere")))
    post, _ = world.preparing.compose(content, FEED, Account(FEED.name), uploads)

    assert [(item.ref, item.width) for item in post.media] == [(media[0].upload_id, 800)]


def test_locks_of_pictures_that_were_drawn_are_forgotten_in_time(world: World) -> None:
    for number in range(300):
        prepared(world, Content("Ada", announcement=SUBMISSION, edited=True), number=number + 1)

    assert len(world.media.written) == 300
