"""Accepting messages: what is checked, what is stored, what is told to the worker."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.errors import InvalidMessage, MediaNotReady, NotFound, StoreUnavailable
from chalicelib.domain.messages import (
    Content,
    Draft,
    LateAction,
    LatePolicy,
    MediaRef,
    MessageStatus,
    Variant,
)
from chalicelib.domain.ports import Filter, Snapshot, UploadStatus
from chalicelib.domain.states import Status
from chalicelib.services.publishing import SOON
from tests.fakes.ground import START
from tests.fakes.world import ADA, BOB, MAX, World

FEED, OTHER = "lookup-feed", "key-feed"
LATER = START + timedelta(hours=1)


def faults(world: World, text: str, *channels: str, **draft: object) -> list[tuple[str, str]]:
    """Return the pointers and codes of what is wrong with a message."""
    with pytest.raises(InvalidMessage) as refused:
        world.submit(text, *channels, **draft)  # type: ignore[arg-type] # fields of a draft
    return [(fault.pointer, fault.code) for fault in refused.value.faults]


# --- now, later, soon -------------------------------------------------------------------------


def test_what_is_due_now_is_on_the_stream_when_it_is_accepted(world: World) -> None:
    message = world.submit("Hello", FEED, OTHER)

    assert [(h.key, h.claim) for h in world.stream.waiting] == [
        (d.key, d.claim) for d in message.deliveries
    ]
    assert {d.status for d in message.deliveries} == {Status.QUEUED}
    assert message.message.status is MessageStatus.PUBLISHING


def test_what_is_accepted_is_stored_as_it_was_answered(world: World) -> None:
    message = world.submit("Hello", FEED, OTHER, at=LATER, time_zone="Europe/Madrid")

    assert world.messages.get(message.message.id) == message


def test_accepting_takes_one_transaction(world: World) -> None:
    before = world.breaker.writes
    world.submit("Hello", FEED, OTHER)

    assert world.breaker.writes == before + 1


def test_what_is_scheduled_waits_for_its_minute(world: World) -> None:
    message = world.submit("Hello", FEED, at=LATER)
    (delivery,) = message.deliveries

    assert (delivery.status, delivery.next_at, delivery.claim) == (Status.PENDING, LATER, None)
    assert message.message.status is MessageStatus.SCHEDULED
    assert (list(world.stream.waiting), world.starter.asked) == ([], [])


def test_what_is_due_soon_gets_a_release_of_its_own(world: World) -> None:
    world.submit("Hello", FEED, at=START + SOON)

    assert world.starter.asked == [START + SOON]


def test_a_minute_just_past_is_published_at_once(world: World) -> None:
    message = world.submit("Hello", FEED, at=START - timedelta(minutes=4))

    assert message.message.due_at == START - timedelta(minutes=4)
    assert message.message.scheduled_at == START - timedelta(minutes=4)
    assert message.deliveries[0].status is Status.QUEUED


def test_lateness_counts_from_the_minute_that_was_asked_for(world: World) -> None:
    late = LatePolicy(timedelta(minutes=3), LateAction.SKIP)
    message = world.submit("Hello", FEED, at=START - timedelta(minutes=4), late_policy=late)
    world.drain()

    assert world.status(message, FEED) is Status.SKIPPED


def test_a_late_policy_binds_each_delivery(world: World) -> None:
    late = LatePolicy(timedelta(minutes=5), LateAction.SKIP)

    skips = world.submit("Hello", FEED, late_policy=late).deliveries[0]
    sends = world.submit("Hello", FEED, late_policy=LatePolicy(timedelta(minutes=5))).deliveries[0]
    assert (skips.late_after, sends.late_after) == (timedelta(minutes=5), None)


def test_a_direct_channel_gets_a_parent(world: World) -> None:
    parents = [d.parent for d in world.submit("Hello", FEED, "lookup-direct").deliveries]

    assert parents == [False, True]


def test_a_message_carries_the_correlation_id_of_its_request(world: World) -> None:
    with world.heard.correlated("corr-1"):
        message = world.submit("Hello", FEED)

    assert message.message.correlation_id == "corr-1"
    assert [hint.correlation_id for hint in world.stream.waiting] == ["corr-1"]


# --- drafts and reviews -----------------------------------------------------------------------


def test_a_draft_goes_nowhere(world: World) -> None:
    draft = world.submit("Hello", FEED, keep_as_draft=True)
    world.run()

    assert (draft.message.status, draft.deliveries) == (MessageStatus.DRAFT, ())
    assert world.platforms.calls == []


def test_with_approval_a_members_message_waits() -> None:
    world = World(require_approval=True)
    message = world.submit("Hello", FEED)

    assert (message.message.status, message.deliveries) == (MessageStatus.PENDING_REVIEW, ())


def test_with_approval_a_managers_message_does_not_wait() -> None:
    world = World(require_approval=True)

    assert world.submit("Hello", FEED, author=MAX).message.status is MessageStatus.PUBLISHING


def test_with_approval_a_draft_stays_a_draft() -> None:
    world = World(require_approval=True)
    draft = world.submit("Hello", FEED, keep_as_draft=True)

    assert draft.message.status is MessageStatus.DRAFT


# --- the stream -------------------------------------------------------------------------------


def test_what_the_stream_refuses_is_due_again_at_once(world: World) -> None:
    world.stream.refuses = lambda hint: hint.key.channel == FEED
    message = world.submit("Hello", FEED, OTHER)
    delivery = world.delivery(message, FEED)

    assert (delivery.status, delivery.next_at, delivery.claim) == (Status.QUEUED, START, None)
    assert len(world.stream.waiting) == 1
    assert world.starter.asked == [START]


def test_refused_and_released_it_appears_once(world: World) -> None:
    world.stream.refuses = lambda _: True
    world.submit("Hello", FEED)
    world.stream.refuses = lambda _: False
    world.run()

    assert world.shown(FEED) == ["Hello"]


def test_records_the_stream_lost_come_after_the_lease(world: World) -> None:
    world.stream.loses = lambda _: True
    world.submit("Hello", FEED)
    world.stream.loses = lambda _: False
    world.run()

    assert world.shown(FEED) == ["Hello"]
    assert world.platforms.shown(FEED)[0].at == START + world.policy.queue_lease


def test_a_refusal_that_cannot_be_noted_fails_nobody(world: World) -> None:
    world.stream.refuses = lambda _: True
    world.breaker.when = lambda at, op, request: (
        StoreUnavailable("no") if op == "write" and at == "before" else None
    )
    world.submit("Hello", FEED)

    assert len(world.heard.named("stream_refused")) == 1


def test_what_the_store_did_not_take_is_not_promised(world: World) -> None:
    world.breaker.break_write(1, "before", StoreUnavailable("no"))
    with pytest.raises(StoreUnavailable):
        world.submit("Hello", FEED)

    assert list(world.stream.waiting) == []


# --- what is wrong with it --------------------------------------------------------------------


def test_faults_of_several_channels_are_told_at_once(world: World) -> None:
    told = faults(world, "x" * 1700, "instagram", "sms", FEED)

    assert ("/media", "media_required") in told
    assert told.count(("/content", "too_long")) == 2


def test_a_check_tells_the_same_faults_and_stores_nothing(world: World) -> None:
    draft = Draft(Content("x" * 1700), (ChannelName(FEED),))
    before = world.breaker.writes
    with pytest.raises(InvalidMessage) as checked:
        world.publishing.check(draft, ADA)
    world.publishing.check(replace(draft, content=Content("Hello")), ADA)

    assert [(f.pointer, f.code) for f in checked.value.faults] == faults(world, "x" * 1700, FEED)
    assert world.breaker.writes == before


def test_faults_at_one_place_name_the_channels_they_are_about(world: World) -> None:
    with pytest.raises(InvalidMessage) as refused:
        world.submit("x" * 501, FEED, OTHER)

    told = refused.value.faults
    assert [(fault.pointer, fault.channel) for fault in told] == [
        ("/content", FEED),
        ("/content", OTHER),
    ]
    titles = (world.channels[ChannelName(name)].title for name in (FEED, OTHER))
    assert all(fault.detail.startswith(title) for fault, title in zip(told, titles, strict=True))


def test_who_names_media_is_told_what_is_wrong_with_it_only(world: World) -> None:
    media = (MediaRef("nowhere"),)

    assert faults(world, "Hello", "instagram", media=media) == [
        ("/media/0/upload_id", "unknown_upload")
    ]


def test_an_upload_named_twice_is_told_once_at_its_first_place(world: World) -> None:
    media = (MediaRef("nowhere"), MediaRef("nowhere"))

    assert faults(world, "Hello", FEED, media=media) == [("/media/0/upload_id", "unknown_upload")]


def test_a_fault_of_a_channels_own_text_points_at_that_text(world: World) -> None:
    variants = {ChannelName(OTHER): Variant("x" * 501)}

    assert faults(world, "Hello", FEED, OTHER, variants=variants) == [
        (f"/variants/{OTHER}/content", "too_long")
    ]


def test_the_common_text_need_not_fit_a_channel_with_a_text_of_its_own(world: World) -> None:
    variants = {ChannelName(FEED): Variant("short")}
    world.submit("x" * 501, FEED, variants=variants)
    world.run()

    assert world.shown(FEED) == ["short"]


def test_nothing_is_stored_of_a_refused_message(world: World) -> None:
    before = world.breaker.writes
    faults(world, "x" * 501, FEED)

    assert world.breaker.writes == before


def test_an_unknown_upload_is_named(world: World) -> None:
    media = (MediaRef(world.upload()), MediaRef("nowhere"))

    assert faults(world, "Hello", FEED, media=media) == [("/media/1/upload_id", "unknown_upload")]


def test_anothers_upload_is_as_good_as_unknown(world: World) -> None:
    media = (MediaRef(world.upload(BOB)),)

    assert faults(world, "Hello", FEED, media=media) == [("/media/0/upload_id", "unknown_upload")]


def test_a_manager_may_use_a_members_upload(world: World) -> None:
    media = (MediaRef(world.upload(BOB)),)

    assert world.submit("Hello", FEED, author=MAX, media=media).deliveries


def test_a_rejected_upload_is_named(world: World) -> None:
    media = (MediaRef(world.upload(status=UploadStatus.REJECTED)),)

    assert faults(world, "Hello", FEED, media=media) == [("/media/0/upload_id", "upload_rejected")]


def test_an_upload_that_is_being_looked_at_is_waited_for(world: World) -> None:
    media = (MediaRef(world.upload(status=UploadStatus.PENDING)),)

    with pytest.raises(MediaNotReady) as refused:
        world.submit("Hello", FEED, media=media)
    assert [fault.pointer for fault in refused.value.faults] == ["/media/0/upload_id"]
    assert media[0].upload_id in refused.value.detail


def test_an_upload_that_is_being_looked_at_is_told_with_everything_else(world: World) -> None:
    media = (MediaRef(world.upload(status=UploadStatus.PENDING)), MediaRef("nowhere"))

    assert faults(world, "x" * 501, FEED, media=media) == [
        ("/media/0/upload_id", "media_not_ready"),
        ("/media/1/upload_id", "unknown_upload"),
        ("/content", "too_long"),
    ]


# --- previews ---------------------------------------------------------------------------------


def draft(text: str, *channels: str, **content: object) -> Draft:
    """Return what somebody is about to hand in."""
    names = tuple(ChannelName(channel) for channel in channels)
    return Draft(Content(text, **content), names)  # type: ignore[arg-type] # fields of a content


def test_a_preview_shows_each_channel_in_the_order_asked(world: World) -> None:
    shown = world.checking.preview(draft("Hello", "sms", FEED, "email"), ADA)

    assert [preview.channel.name for preview in shown] == ["sms", FEED, "email"]
    assert [preview.post.text for preview in shown] == ["Hello"] * 3


def test_a_preview_is_exactly_what_will_be_posted(world: World) -> None:
    world.connect(FEED, footer=" (c)")
    (preview,) = world.checking.preview(draft("Hello", FEED), ADA)
    world.submit("Hello", FEED)
    world.run()

    assert world.shown(FEED) == [preview.post.text]


def test_a_preview_tells_faults_instead_of_refusing(world: World) -> None:
    long, fine = world.checking.preview(draft("x" * 501, FEED, "facebook"), ADA)

    assert [fault.code for fault in long.faults] == ["too_long"]
    assert (long.length.used, long.length.limit, fine.faults) == (501, 500, ())


def test_a_preview_of_unusable_media_is_refused(world: World) -> None:
    with pytest.raises(InvalidMessage):
        world.checking.preview(draft("Hello", FEED, media=(MediaRef("nowhere"),)), ADA)


def test_a_preview_stores_and_draws_nothing(world: World) -> None:
    media = (MediaRef(world.upload(), "A dog"),)
    before = world.breaker.writes
    (preview,) = world.checking.preview(draft("Hello", FEED, media=media), ADA)

    assert [item.alt_text for item in preview.post.media] == ["A dog"]
    assert (world.breaker.writes, world.media.written) == (before, [])


# --- reading ----------------------------------------------------------------------------------


def test_authors_and_managers_read_a_message(world: World) -> None:
    message = world.submit("Hello", FEED, at=LATER)

    assert world.publishing.read(message.message.id, ADA) == message
    assert world.publishing.read(message.message.id, MAX) == message


@pytest.mark.parametrize("reading", ["read", "timeline", "recipients"])
def test_anothers_message_is_not_found(world: World, reading: str) -> None:
    message = world.submit("Hello", FEED)
    more = {"recipients": {"channel": ChannelName(FEED), "limit": 5, "cursor": None}}

    with pytest.raises(NotFound):
        getattr(world.publishing, reading)(message.message.id, member=BOB, **more.get(reading, {}))


def test_a_message_that_is_none_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.publishing.read("nothing", MAX)


def unrolled(world: World) -> Snapshot:
    """Return a message whose roll-up could not be stored when it was delivered."""
    message = world.submit("Hello", FEED, at=LATER)
    world.breaker.when = lambda at, op, request: (
        StoreUnavailable("no") if at == "before" and "rolled" in repr(request) else None
    )
    world.run()
    return message


def test_a_read_message_tells_what_its_deliveries_add_up_to_now(world: World) -> None:
    message = unrolled(world)

    assert world.publishing.read(message.message.id, ADA).message.status is MessageStatus.DELIVERED
    assert world.heard.named("follow_later")


def test_reading_a_message_mends_what_lists_show_of_it(world: World) -> None:
    message = unrolled(world)
    world.breaker.mend()
    for _ in range(2):
        world.publishing.read(message.message.id, ADA)
        page = world.publishing.listing(ADA, Filter(), everyone=False, limit=10, cursor=None)
        assert [item.status for item in page.items] == [MessageStatus.DELIVERED]


def test_reading_writes_only_where_something_is_to_mend(world: World) -> None:
    message = unrolled(world)
    world.breaker.mend()
    before = world.breaker.writes
    for _ in range(2):
        world.publishing.read(message.message.id, ADA)

    assert world.breaker.writes == before + 1


def test_members_list_their_own_messages_newest_first(world: World) -> None:
    ids = [world.submit(f"Hello {number}", FEED).message.id for number in range(3)]
    world.submit("Mine", FEED, author=BOB)
    page = world.publishing.listing(ADA, Filter(), everyone=False, limit=10, cursor=None)

    assert [message.id for message in page.items] == ids[::-1]


def test_managers_list_everyones_messages(world: World) -> None:
    world.submit("Hello", FEED)
    world.submit("Mine", FEED, author=BOB)
    page = world.publishing.listing(MAX, Filter(), everyone=True, limit=10, cursor=None)

    assert {message.author for message in page.items} == {"ada", "bob"}


def test_the_recipients_of_a_direct_channel_are_listed(world: World) -> None:
    ids = world.subscribe("lookup-direct", 3)
    message = world.submit("Hello", "lookup-direct")
    world.run()
    page = world.publishing.recipients(
        message.message.id, ChannelName("lookup-direct"), ADA, limit=2, cursor=None
    )

    assert [row.key.recipient_id for row in page.items] == ids[:2]
    assert page.cursor is not None


def test_a_timeline_tells_who_accepted_it(world: World) -> None:
    message = world.submit("Hello", FEED, at=LATER)
    (entry,) = world.publishing.timeline(message.message.id, ADA).entries

    assert (entry.actor, entry.event, entry.after) == ("ada", "accepted", "scheduled")


def test_all_real_channels_accept_an_ordinary_message(world: World) -> None:
    media = (MediaRef(world.upload()),)

    assert len(world.submit("Hello", *CHANNELS, media=media).deliveries) == 6
