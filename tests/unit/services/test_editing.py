"""Changing a message that was accepted, and handing in a draft."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.errors import (
    Conflict,
    IllegalTransition,
    InFlight,
    InvalidMessage,
    LostRace,
    NotFound,
    VersionConflict,
    VersionRequired,
)
from chalicelib.domain.messages import (
    Changes,
    LateAction,
    LatePolicy,
    MediaRef,
    MessageStatus,
    Variant,
)
from chalicelib.domain.ports import Snapshot
from chalicelib.domain.states import Status
from tests.fakes.ground import START
from tests.fakes.platforms import Fault, Request, answers, lost_before, unreachable
from tests.fakes.world import ADA, BOB, MAX, World

FEED, OTHER, DIRECT = "lookup-feed", "key-feed", "none-direct"
LATER = START + timedelta(hours=1)
NEW = Changes(text="New")


def edit(world: World, message: Snapshot, changes: Changes = NEW, revision: int = 1) -> Snapshot:
    """Change a message as its author."""
    return world.editing.edit(message.message.id, changes, revision, ADA)


def names(*channels: str) -> tuple[ChannelName, ...]:
    """Return channels by name."""
    return tuple(ChannelName(channel) for channel in channels)


def test_a_check_tells_what_an_edit_would_and_changes_nothing(world: World) -> None:
    message = world.submit("Hello", FEED, at=LATER)
    with pytest.raises(InvalidMessage) as checked:
        world.editing.check(message.message.id, Changes(text="x" * 1700), ADA)
    with pytest.raises(InvalidMessage) as refused:
        edit(world, message, Changes(text="x" * 1700))
    world.editing.check(message.message.id, NEW, ADA)

    assert checked.value.faults == refused.value.faults
    assert world.message(message) == message.message


# --- what an edit does ------------------------------------------------------------------------


def test_an_edit_makes_a_new_revision(world: World) -> None:
    message = world.submit("Old", FEED, at=LATER)
    edited = edit(world, message)

    assert (edited.message.revision, edited.message.content.text) == (2, "New")
    assert world.messages.get(message.message.id) == edited
    kept = [world.messages.revision(message.message.id, number) for number in (1, 2)]
    assert [revision.content.text for revision in kept if revision] == ["Old", "New"]


def test_the_new_words_are_published(world: World) -> None:
    edit(world, world.submit("Old", FEED, at=LATER))
    world.run()

    assert world.shown(FEED) == ["New"]


def test_an_edit_may_follow_an_edit(world: World) -> None:
    message = world.submit("Old", FEED, at=LATER)
    edit(world, message)
    edit(world, message, Changes(text="Newer"), 2)
    world.run()

    assert world.shown(FEED) == ["Newer"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (Changes(subject="S"), "S"),
        (Changes(clear_subject=True), None),
        (Changes(text="x"), "Old subject"),
    ],
)
def test_a_subject_changes_only_if_it_is_given(
    world: World, changes: Changes, expected: str | None
) -> None:
    message = world.submit("Old", FEED, at=LATER, subject="Old subject")

    assert edit(world, message, changes).message.content.subject == expected


def test_media_and_zone_and_policy_change(world: World) -> None:
    media = (MediaRef(world.upload()),)
    late = LatePolicy(timedelta(minutes=1), LateAction.SKIP)
    message = world.submit("Old", FEED, at=LATER, time_zone="UTC")
    changes = Changes(media=media, time_zone="Europe/Madrid", late_policy=late)
    edited = edit(world, message, changes)

    assert edited.message.content.media == media
    assert (edited.message.time_zone, edited.message.late_policy) == ("Europe/Madrid", late)
    assert edited.deliveries[0].late_after == timedelta(minutes=1)


def test_another_minute_moves_the_deliveries(world: World) -> None:
    message = world.submit("Old", FEED, at=LATER)
    much_later = LATER + timedelta(days=1)
    edited = edit(world, message, Changes(reschedule=True, scheduled_at=much_later))

    assert (edited.message.due_at, edited.message.scheduled_at) == (much_later, much_later)
    assert (edited.deliveries[0].due_at, edited.deliveries[0].next_at) == (much_later, much_later)


def test_rescheduled_to_now_it_is_released_at_once(world: World) -> None:
    message = world.submit("Old", FEED, at=LATER)
    edited = edit(world, message, Changes(reschedule=True))

    assert (edited.message.due_at, edited.message.scheduled_at) == (START, None)
    assert world.starter.asked == [START]
    world.run()
    assert world.platforms.shown(FEED)[0].at == START


def test_an_added_channel_gets_a_delivery(world: World) -> None:
    message = world.submit("Old", FEED, at=LATER)
    edited = edit(world, message, Changes(channels=names(FEED, OTHER)))
    world.run()

    assert [d.key.channel for d in edited.deliveries] == [FEED, OTHER]
    assert (world.shown(FEED), world.shown(OTHER)) == (["Old"], ["Old"])


def test_a_dropped_channel_loses_its_delivery_and_its_own_text(world: World) -> None:
    variants = {ChannelName(OTHER): Variant("Other")}
    message = world.submit("Old", FEED, OTHER, at=LATER, variants=variants)
    edited = edit(world, message, Changes(channels=names(FEED)))
    world.run()

    assert edited.message.content.variants == {}
    assert (world.shown(FEED), world.shown(OTHER)) == (["Old"], [])
    assert world.message(message).status is MessageStatus.DELIVERED


def test_a_channel_can_be_dropped_and_added_again(world: World) -> None:
    message = world.submit("Old", FEED, OTHER, at=LATER)
    edit(world, message, Changes(channels=names(FEED)))
    edit(world, message, Changes(channels=names(FEED, OTHER)), 2)
    world.run()

    assert world.shown(OTHER) == ["Old"]
    assert world.message(message).status is MessageStatus.DELIVERED


def test_a_draft_is_edited_without_deliveries(world: World) -> None:
    draft = world.submit("Old", FEED, keep_as_draft=True)
    edited = edit(world, draft, Changes(text="New", channels=names(OTHER)))

    assert (edited.message.status, edited.deliveries) == (MessageStatus.DRAFT, ())
    assert world.messages.get(draft.message.id) == edited


def test_an_edited_queue_record_is_published_with_the_new_words(world: World) -> None:
    message = world.submit("Old", FEED)
    edited = edit(world, message)
    world.run()

    assert edited.message.status is MessageStatus.SCHEDULED
    assert world.shown(FEED) == ["New"]


# --- when it is refused -----------------------------------------------------------------------


def test_an_edit_says_what_it_is_based_on(world: World) -> None:
    message = world.submit("Old", FEED, at=LATER)

    with pytest.raises(VersionRequired):
        world.editing.edit(message.message.id, NEW, None, ADA)


def test_an_edit_of_an_old_revision_is_refused(world: World) -> None:
    message = world.submit("Old", FEED, at=LATER)
    edit(world, message)

    with pytest.raises(VersionConflict, match="current revision is 2"):
        edit(world, message)


def test_two_edits_of_one_revision_cannot_both_win(world: World) -> None:
    message = world.submit("Old", FEED, at=LATER)

    def twin(at: str, operation: str, request: object) -> None:
        if at == "before" and operation == "transact":
            world.breaker.mend()
            edit(world, message, Changes(text="First"))

    world.breaker.when = twin
    with pytest.raises(VersionConflict):
        edit(world, message)
    assert world.message(message).content.text == "First"


def test_a_worker_that_moved_a_delivery_meanwhile_is_only_read_again(world: World) -> None:
    message = world.submit("Old", FEED, at=LATER)
    world.breaker.break_write(1, "before", LostRace())

    assert edit(world, message).message.content.text == "New"


def test_an_edit_that_always_races_is_refused(world: World) -> None:
    message = world.submit("Old", FEED, at=LATER)
    world.breaker.when = lambda at, op, _: LostRace() if op == "transact" else None

    with pytest.raises(InFlight, match="try again"):
        edit(world, message)


@pytest.mark.parametrize("fault", [lost_before, None])
def test_what_may_be_out_already_cannot_be_edited(world: World, fault: object) -> None:
    message = world.submit("Old", FEED)
    refused: list[InFlight] = []

    def try_to_edit(_: Request) -> None:
        with pytest.raises(InFlight) as error:
            edit(world, message)
        refused.append(error.value)

    if fault is None:
        world.platforms.during = try_to_edit
        world.drain()
    else:
        world.platforms.arm(FEED, lost_before)
        world.drain()
        with pytest.raises(InFlight) as error:
            edit(world, message)
        refused.append(error.value)

    how = "Perhaps published already" if fault else "Being published right now"
    assert [error.channels for error in refused] == [(FEED,)]
    assert refused[0].detail == f"{how}: {FEED}."


def test_what_is_settled_cannot_be_edited(world: World) -> None:
    message = world.submit("Old", FEED)
    world.run()

    with pytest.raises(IllegalTransition, match=FEED):
        edit(world, message)


def test_a_cancelled_message_cannot_be_edited(world: World) -> None:
    message = world.submit("Old", FEED, at=LATER)
    world.deciding.cancel(message.message.id, ADA)

    with pytest.raises(IllegalTransition, match="cancelled"):
        edit(world, message)


def test_an_edit_is_checked_like_a_new_message(world: World) -> None:
    message = world.submit("Old", FEED, at=LATER)

    with pytest.raises(InvalidMessage):
        edit(world, message, Changes(text="x" * 501))


def test_anothers_message_cannot_be_edited(world: World) -> None:
    message = world.submit("Old", FEED, at=LATER)

    with pytest.raises(NotFound):
        world.editing.edit(message.message.id, NEW, 1, BOB)


@pytest.mark.parametrize("fault", [unreachable, answers(401)])
def test_what_waits_for_another_try_can_be_edited(world: World, fault: object) -> None:
    world.platforms.arm(FEED, fault)  # type: ignore[arg-type] # a fault
    message = world.submit("Old", FEED)
    world.drain()
    edited = edit(world, message)

    assert edited.deliveries[0].status is Status.PENDING


def test_a_channel_that_is_taken_out_takes_its_choice_of_words_along(world: World) -> None:
    message = world.submit("Old", FEED, OTHER, at=LATER)
    chosen = edit(world, message, Changes(own_words=names(FEED, OTHER)))
    kept = edit(world, chosen, Changes(channels=names(OTHER)), 2)

    assert kept.message.content.own_words == names(OTHER)


# --- what failed ------------------------------------------------------------------------------


def partly(world: World, **draft: Any) -> Snapshot:
    """Return a message that one channel shows and another has refused."""
    world.platforms.arm(OTHER, answers(400))
    message = world.submit("Old", FEED, OTHER, **draft)
    world.run()
    assert world.message(message).status is MessageStatus.PARTIALLY_DELIVERED
    return message


def own(**texts: str) -> Changes:
    """Return an edit that gives channels, by their kind, texts of their own."""
    return Changes(
        variants={ChannelName(f"{kind}-feed"): Variant(text) for kind, text in texts.items()}
    )


def test_a_message_that_failed_is_published_again_with_its_new_words(world: World) -> None:
    world.platforms.arm(FEED, answers(400))
    message = world.submit("Old", FEED)
    world.run()
    edited = edit(world, message)
    world.run()

    assert edited.message.status is MessageStatus.SCHEDULED
    assert world.shown(FEED) == ["New"]
    assert world.message(message).status is MessageStatus.DELIVERED


def test_a_channel_that_failed_is_published_again_with_words_of_its_own(world: World) -> None:
    message = partly(world)
    edited = edit(world, message, own(key="New"))
    world.run()

    assert edited.message.status is MessageStatus.PUBLISHING
    assert (world.shown(FEED), world.shown(OTHER)) == (["Old"], ["New"])
    assert world.delivery(message, FEED).revision == 1
    assert world.message(message).status is MessageStatus.DELIVERED


@pytest.mark.parametrize(
    "changes",
    [
        NEW,
        own(key="New", lookup="New"),
        Changes(subject="New"),
        Changes(media=(MediaRef("later"),)),
        Changes(channels=names(OTHER)),
        Changes(own_words=names(FEED)),
    ],
)
def test_what_a_channel_shows_already_is_not_edited(world: World, changes: Changes) -> None:
    message = partly(world)

    with pytest.raises(IllegalTransition, match=f"{FEED}.*variants"):
        edit(world, message, changes)
    assert world.message(message).revision == 1


def test_a_channel_with_words_of_its_own_does_not_keep_the_others_from_an_edit(
    world: World,
) -> None:
    message = partly(world, variants=own(lookup="Own").variants)
    edit(world, message)
    world.run()

    assert (world.shown(FEED), world.shown(OTHER)) == (["Own"], ["New"])


def test_a_failed_channel_that_says_the_same_as_before_stays_failed(world: World) -> None:
    message, late = partly(world), LatePolicy(timedelta(minutes=5))
    edited = edit(world, message, Changes(late_policy=late))
    world.run()

    assert edited.message.late_policy == late
    assert world.shown(OTHER) == []
    assert world.status(message, OTHER) is Status.FAILED


def test_a_failed_channel_is_published_again_at_its_new_minute(world: World) -> None:
    message = partly(world)
    tomorrow = world.clock.now() + timedelta(days=1)
    edit(world, message, Changes(reschedule=True, scheduled_at=tomorrow))
    world.run()

    assert [post.at for post in world.platforms.shown(OTHER)] == [tomorrow]
    assert world.shown(FEED) == ["Old"]


def test_a_failed_channel_that_is_edited_late_is_not_left_out_for_it(world: World) -> None:
    policy = LatePolicy(timedelta(minutes=1), LateAction.SKIP)
    message = partly(world, late_policy=policy)
    world.clock.advance(hours=1)
    edit(world, message, own(key="New"))
    world.run()

    assert world.shown(OTHER) == ["New"]


def test_a_channel_added_late_is_not_left_out_for_it(world: World) -> None:
    policy = LatePolicy(timedelta(minutes=1), LateAction.SKIP)
    message = partly(world, late_policy=policy)
    world.clock.advance(hours=1)
    edit(world, message, Changes(channels=names(FEED, OTHER, "none-feed")))
    world.run()

    assert world.shown("none-feed") == ["Old"]


def test_a_failed_channel_may_be_given_up(world: World) -> None:
    message = partly(world)
    edited = edit(world, message, Changes(channels=names(FEED)))

    assert edited.message.status is MessageStatus.DELIVERED


def test_only_what_is_published_again_is_checked_again(world: World) -> None:
    message = partly(world)

    with pytest.raises(InvalidMessage) as refused:
        edit(world, message, own(key="x" * 501))
    assert [fault.pointer for fault in refused.value.faults] == [f"/variants/{OTHER}/content"]


def test_nothing_is_edited_while_another_channel_is_in_doubt(world: World) -> None:
    world.platforms.arm(OTHER, answers(400))
    world.platforms.arm(FEED, lost_before)
    message = world.submit("Old", FEED, OTHER)
    world.drain()

    with pytest.raises(InFlight):
        edit(world, message, own(key="New"))


def test_a_direct_channel_that_failed_before_anybody_was_served_is_edited(world: World) -> None:
    message = world.submit("Old", DIRECT)
    world.run()
    assert world.status(message, DIRECT) is Status.FAILED
    world.subscribe(DIRECT, 1)
    edit(world, message)
    world.run()

    assert world.shown(DIRECT) == ["New"]


def test_what_recipients_were_offered_is_not_edited(world: World) -> None:
    (person,) = world.subscribe(DIRECT, 1)
    world.platforms.arm(DIRECT, answers(400))
    message = world.submit("Old", DIRECT)
    world.run()
    problem = world.delivery(message, DIRECT, person).problem

    with pytest.raises(IllegalTransition, match=DIRECT):
        edit(world, message)
    assert problem is not None
    assert "in a new message" in problem.remedy


# --- handing in a draft -----------------------------------------------------------------------


def test_a_draft_is_published_now(world: World) -> None:
    draft = world.submit("Hello", FEED, keep_as_draft=True)
    world.clock.advance(hours=2)
    published = world.publishing.publish(draft.message.id, ADA)
    world.run()

    assert published.message.due_at == START + timedelta(hours=2)
    assert world.shown(FEED) == ["Hello"]


def test_a_draft_is_published_at_its_time(world: World) -> None:
    draft = world.submit("Hello", FEED, keep_as_draft=True, at=LATER)
    published = world.publishing.publish(draft.message.id, ADA)
    world.run()

    assert published.message.status is MessageStatus.SCHEDULED
    assert [post.at for post in world.platforms.shown(FEED)] == [LATER]


def test_publishing_again_changes_nothing(world: World) -> None:
    draft = world.submit("Hello", FEED, keep_as_draft=True)
    first = world.publishing.publish(draft.message.id, ADA)
    second = world.publishing.publish(draft.message.id, ADA)
    world.run()

    assert first == second
    assert world.shown(FEED) == ["Hello"]


def test_with_approval_a_members_draft_is_handed_in_for_review() -> None:
    world = World(require_approval=True)
    draft = world.submit("Hello", FEED, keep_as_draft=True)

    for _ in range(2):
        handed_in = world.publishing.publish(draft.message.id, ADA)
        assert handed_in.message.status is MessageStatus.PENDING_REVIEW


def test_what_awaits_a_decision_is_approved_rather_than_published() -> None:
    world = World(require_approval=True)
    waiting = world.submit("Hello", FEED)

    with pytest.raises(IllegalTransition, match="approve"):
        world.publishing.publish(waiting.message.id, MAX)
    assert world.message(waiting).status is MessageStatus.PENDING_REVIEW


def test_with_approval_a_manager_publishes_a_draft_at_once() -> None:
    world = World(require_approval=True)
    draft = world.submit("Hello", FEED, keep_as_draft=True)

    assert world.publishing.publish(draft.message.id, MAX).deliveries


@pytest.mark.parametrize(
    ("faults", "status"),
    [
        ([], MessageStatus.DELIVERED),
        ([answers(400)], MessageStatus.PARTIALLY_DELIVERED),
        ([answers(400)] * 2, MessageStatus.FAILED),
    ],
)
def test_what_was_published_is_not_published_again(
    world: World, faults: list[Fault], status: MessageStatus
) -> None:
    for channel, fault in zip((FEED, OTHER), faults, strict=False):
        world.platforms.arm(channel, fault)
    message = world.submit("Hello", FEED, OTHER)
    world.run()
    assert world.message(message).status is status

    with pytest.raises(IllegalTransition, match=status):
        world.publishing.publish(message.message.id, ADA)


def test_a_rejected_message_cannot_be_published() -> None:
    world = World(require_approval=True)
    message = world.submit("Hello", FEED)
    world.moderating.reject_message(message.message.id, "No.", MAX)

    with pytest.raises(IllegalTransition, match="rejected"):
        world.publishing.publish(message.message.id, ADA)


def test_a_cancelled_draft_cannot_be_published(world: World) -> None:
    draft = world.submit("Hello", FEED, keep_as_draft=True)
    world.deciding.cancel(draft.message.id, ADA)

    with pytest.raises(IllegalTransition, match="cancelled"):
        world.publishing.publish(draft.message.id, ADA)


def test_two_who_publish_at_once_publish_once(world: World) -> None:
    draft = world.submit("Hello", FEED, keep_as_draft=True)

    def twin(at: str, operation: str, request: object) -> None:
        if at == "before" and operation == "transact":
            world.breaker.mend()
            world.publishing.publish(draft.message.id, ADA)

    world.breaker.when = twin
    with pytest.raises(Conflict):
        world.publishing.publish(draft.message.id, ADA)
    world.run()
    assert world.shown(FEED) == ["Hello"]


def test_a_cancelled_message_is_not_published(world: World) -> None:
    message = world.submit("Hello", FEED, at=START + timedelta(hours=1))
    world.deciding.cancel(message.message.id, ADA)

    with pytest.raises(IllegalTransition):
        world.publishing.publish(message.message.id, ADA)
