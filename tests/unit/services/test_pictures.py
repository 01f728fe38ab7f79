"""Several pictures in one post: whatever is lost at whichever step, it is seen exactly once."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest

from chalicelib.domain.channels import ChannelName, HttpRequest
from chalicelib.domain.errors import InvalidMessage, StoreUnavailable
from chalicelib.domain.messages import Content, Draft, MediaRef
from chalicelib.domain.ports import Snapshot
from chalicelib.domain.states import Status
from tests.fakes.ground import Died
from tests.fakes.platforms import (
    Fault,
    Request,
    answers,
    dies_after,
    dies_before,
    garbled,
    late,
    lost_after,
    lost_before,
    succeeds,
    unreachable,
)
from tests.fakes.world import ADA, World

PREPARING = {"facebook": 3, "instagram": 9, "linkedin": 9}
"""How many requests go out beside the one that publishes three pictures."""
STEPS = [(channel, step) for channel, count in PREPARING.items() for step in range(count)]
SILENT = [lost_before, lost_after, unreachable, garbled, answers(500), dies_before, dies_after]
NAMES = [
    "lost before",
    "lost after",
    "unreachable",
    "garbled",
    "a 500",
    "dies before",
    "dies after",
]


def submitted(world: World, channel: str, text: str = "Hello", count: int = 3) -> Snapshot:
    """Hand in a message with several pictures."""
    media = tuple(MediaRef(world.upload(), f"Picture {n}") for n in range(count))
    return world.submit(text, channel, media=media)


def settled(world: World) -> None:
    """Let the worker go on until nothing is open, starting it again if it dies."""
    with suppress(Died):
        world.drain()
    world.restart()
    world.run()


def assert_seen_once(world: World, message: Snapshot, channel: str) -> None:
    """Check that readers see one post with the pictures in the author's order."""
    post = world.messages.post(message.message.id, ChannelName(channel), 1)
    assert post is not None
    assert world.platforms.gallery(channel) == [[item.ref for item in post.media]]
    assert world.status(message, channel) is Status.DELIVERED


@pytest.mark.parametrize("channel", PREPARING)
def test_three_pictures_are_posted_by_one_request_after_all_others(
    world: World, channel: str
) -> None:
    message = submitted(world, channel)
    world.run()
    others = [step for _, _, step in world.platforms.calls if not step.publishes]

    assert_seen_once(world, message, channel)
    assert (len(others), len(world.platforms.published(channel))) == (PREPARING[channel], 1)


@pytest.mark.parametrize(("channel", "step"), STEPS)
@pytest.mark.parametrize("fault", SILENT, ids=NAMES)
def test_an_answer_lost_while_preparing_costs_a_try_and_no_second_post(
    world: World, channel: str, step: int, fault: Fault
) -> None:
    world.platforms.arm(channel, *[succeeds] * step, fault, asking=True)
    message = submitted(world, channel)
    settled(world)

    assert_seen_once(world, message, channel)


@pytest.mark.parametrize("channel", PREPARING)
@pytest.mark.parametrize("fault", [*SILENT, late(30)], ids=[*NAMES, "late"])
def test_an_answer_lost_while_publishing_leaves_one_post(
    world: World, channel: str, fault: Fault
) -> None:
    world.platforms.arm(channel, fault)
    message = submitted(world, channel)
    settled(world)

    assert_seen_once(world, message, channel)


@pytest.mark.parametrize(("channel", "step"), STEPS)
@pytest.mark.parametrize("fault", [lost_before, lost_after, dies_after])
def test_a_second_attempt_may_lose_its_answers_too(
    world: World, channel: str, step: int, fault: Fault
) -> None:
    message = submitted(world, channel)
    world.platforms.arm(channel, lost_before)
    world.drain()
    world.platforms.arm(channel, *[succeeds] * step, fault, asking=True)
    for _ in range(3):
        with suppress(Died):
            world.run()

    assert_seen_once(world, message, channel)


@pytest.mark.parametrize("channel", ["facebook", "linkedin"])
def test_a_second_attempt_puts_nothing_up_again(world: World, channel: str) -> None:
    world.platforms.arm(channel, lost_before)
    message = submitted(world, channel)
    world.run()

    assert_seen_once(world, message, channel)
    assert len(world.platforms.pictures) == 3


def test_photos_that_are_gone_by_the_second_attempt_are_put_up_anew(world: World) -> None:
    world.platforms.arm("facebook", lost_before)
    message = submitted(world, "facebook")
    world.drain()
    world.platforms.pictures.clear()
    world.run()

    assert_seen_once(world, message, "facebook")


@pytest.mark.parametrize("channel", PREPARING)
def test_what_was_put_up_is_written_down_before_it_can_be_seen(world: World, channel: str) -> None:
    message = submitted(world, channel)
    known: list[str | None] = []

    def look(request: Request) -> None:
        if request.publishes:
            known.append(world.delivery(message, channel).handle)

    world.platforms.during = look
    world.run()

    assert len(known) == 1 and known[0]


@pytest.mark.parametrize("channel", PREPARING)
def test_nothing_is_published_that_could_not_be_written_down(world: World, channel: str) -> None:
    message = submitted(world, channel)
    world.breaker.when = lambda at, op, request: (
        StoreUnavailable("no") if at == "before" and "handle" in repr(request) else None
    )
    world.drain()
    assert world.platforms.published(channel) == []

    world.breaker.mend()
    world.run()
    assert_seen_once(world, message, channel)


@pytest.mark.parametrize(("channel", "step"), STEPS)
def test_a_worker_that_was_stopped_while_preparing_does_not_post_beside_its_successor(
    world: World, channel: str, step: int
) -> None:
    message = submitted(world, channel)
    seen = 0

    def stop(request: Request) -> None:
        nonlocal seen
        seen += not request.publishes
        if seen == step + 1:
            world.platforms.during = lambda _: None
            world.run(limit=timedelta(hours=2))

    world.platforms.during = stop
    world.delivering.deliver_all(world.stream.take())
    world.run()

    assert_seen_once(world, message, channel)


@pytest.mark.parametrize(("channel", "asked"), [("facebook", "photo"), ("linkedin", "images")])
def test_a_second_attempt_that_was_stopped_does_not_post_beside_its_successor(
    world: World, channel: str, asked: str
) -> None:
    world.platforms.arm(channel, lost_before)
    message = submitted(world, channel)
    world.drain()

    def stop(request: Request) -> None:
        if isinstance(request, HttpRequest) and asked in request.url:
            world.platforms.during = lambda _: None
            world.run(limit=timedelta(hours=2))

    world.platforms.during = stop
    world.run()

    assert_seen_once(world, message, channel)
    assert len(world.platforms.published(channel)) == 2


@pytest.mark.parametrize("channel", ["facebook", "linkedin"])
def test_another_post_with_the_same_text_is_not_taken_for_the_one_in_doubt(
    world: World, channel: str
) -> None:
    world.platforms.arm(channel, succeeds, lost_before)
    first, second = submitted(world, channel), submitted(world, channel)
    world.run()

    for message in (first, second):
        assert world.status(message, channel) is Status.DELIVERED
    assert len({tuple(refs) for refs in world.platforms.gallery(channel)}) == 2


@pytest.mark.parametrize("channel", PREPARING)
def test_a_post_with_several_pictures_is_taken_back_as_one(world: World, channel: str) -> None:
    world.platforms.arm(channel, lost_after)
    message = submitted(world, channel)
    world.run()
    world.deciding.unpublish(message.message.id, channel, ADA)
    world.run()

    assert world.platforms.gallery(channel) == []
    assert world.status(message, channel) is Status.DELETED


def test_more_pictures_than_a_feed_takes_are_refused_before_anything_is_sent(world: World) -> None:
    with pytest.raises(InvalidMessage) as refused:
        submitted(world, "facebook", count=11)

    assert [(f.pointer, f.code) for f in refused.value.faults] == [("/media", "too_many_media")]


def test_linkedin_takes_twenty(world: World) -> None:
    message = submitted(world, "linkedin", count=20)
    world.run()

    assert_seen_once(world, message, "linkedin")


def test_a_preview_shows_the_pictures_that_each_channel_will_post(world: World) -> None:
    names = tuple(ChannelName(name) for name in ("instagram", "whatsapp", "sms", "email"))
    world.connect("whatsapp", template_image_name="news_image")
    world.subscribe("whatsapp", 1)
    media = tuple(MediaRef(world.upload(), f"Picture {n}") for n in range(3))
    message = world.submit("Hello", *names, media=media)
    previews = world.checking.preview(Draft(Content("Hello", media=media), names), ADA)
    world.run()

    for preview in previews:
        posted = world.messages.post(message.message.id, preview.channel.name, 1)
        assert posted is not None
        described = [item.alt_text for item in preview.post.media]
        assert described == [item.alt_text for item in posted.media]
    assert [len(preview.post.media) for preview in previews] == [3, 1, 0, 3]
