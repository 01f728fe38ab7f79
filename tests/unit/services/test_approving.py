"""Managers decide on achievements, and authors take them back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.errors import (
    AlreadyAnnounced,
    Conflict,
    Forbidden,
    IllegalTransition,
    InFlight,
    InvalidMessage,
    VersionConflict,
)
from chalicelib.domain.messages import Changes, MessageStatus
from chalicelib.domain.ports import (
    CertificationStatus,
)
from chalicelib.domain.states import Status
from chalicelib.repositories import schema
from chalicelib.repositories.table import Delete
from tests.fakes.ground import START
from tests.fakes.platforms import Request, answers
from tests.fakes.world import ACHIEVEMENT, ADA, MAX, World

LATER = START + timedelta(hours=1)


# --- deciding ---------------------------------------------------------------------------------


def test_with_approval_a_members_achievement_waits(reviewed: World) -> None:
    achievement, announcement = reviewed.achieve()
    reviewed.run()

    assert achievement.status is CertificationStatus.PENDING_REVIEW
    assert announcement.message.status is MessageStatus.PENDING_REVIEW
    assert reviewed.platforms.calls == []


def test_an_approved_achievement_is_announced(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()
    approved, announcement = reviewed.moderating.approve(achievement.id, None, MAX)
    reviewed.run()

    assert approved.status is CertificationStatus.ANNOUNCED
    assert announcement.message.status is MessageStatus.PUBLISHING
    assert "Ada Lovelace" in reviewed.shown("facebook")[0]


def test_the_reviewers_own_text_is_what_is_announced_and_shown(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()
    _, announcement = reviewed.moderating.approve(achievement.id, "Ada Lovelace did it!", MAX)
    reviewed.run()

    assert reviewed.shown("facebook") == ["Ada Lovelace did it!"]
    assert announcement.message.content.text == "Ada Lovelace did it!"
    assert (announcement.message.revision, announcement.message.content.edited) == (2, True)
    assert reviewed.messages.revision(announcement.message.id, 2) is not None


def test_the_reviewers_own_text_is_checked(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()

    with pytest.raises(InvalidMessage):
        reviewed.moderating.approve(achievement.id, "x" * 3001, MAX)


@pytest.mark.parametrize("text", [None, "Ada Lovelace did it!"])
def test_what_may_be_approved_passes_its_check(reviewed: World, text: str | None) -> None:
    achievement, announcement = reviewed.achieve()
    reviewed.moderating.check_rewriting(achievement.id, text, MAX)

    assert reviewed.message(announcement) == announcement.message


def test_a_check_of_the_reviewers_own_text_points_at_it(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()
    with pytest.raises(InvalidMessage) as refused:
        reviewed.moderating.check_rewriting(achievement.id, "x" * 3001, MAX)

    assert {fault.pointer for fault in refused.value.faults} == {"/text"}


def test_approving_again_changes_nothing(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()
    reviewed.moderating.approve(achievement.id, None, MAX)
    reviewed.moderating.approve(achievement.id, None, MAX)
    reviewed.run()

    assert len(reviewed.shown("facebook")) == 1


def test_approving_again_with_the_same_text_changes_nothing(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()
    for _ in range(2):
        _, announcement = reviewed.moderating.approve(achievement.id, "Ada Lovelace did it!", MAX)

    assert announcement.message.revision == 2


def test_approving_again_after_it_was_delivered_changes_nothing(reviewed: World) -> None:
    message = reviewed.submit("Hello", "facebook")
    reviewed.moderating.approve_message(message.message.id, None, MAX)
    reviewed.run()

    again = reviewed.moderating.approve_message(message.message.id, None, MAX)
    assert again.message.status is MessageStatus.DELIVERED


def test_approving_again_with_another_text_is_refused(reviewed: World) -> None:
    achievement, _ = reviewed.achieve(scheduled_at=LATER)
    reviewed.moderating.approve(achievement.id, None, MAX)

    with pytest.raises(IllegalTransition, match="approved"):
        reviewed.moderating.approve(achievement.id, "Ada Lovelace did it!", MAX)


@pytest.mark.parametrize("text", [None, "Ada Lovelace did it!"])
def test_what_was_cancelled_cannot_be_approved(reviewed: World, text: str | None) -> None:
    achievement, announcement = reviewed.achieve()
    reviewed.deciding.cancel(announcement.message.id, ADA)

    with pytest.raises(IllegalTransition, match="cancelled"):
        reviewed.moderating.approve(achievement.id, text, MAX)


def test_what_was_cancelled_after_its_approval_cannot_be_approved_again(reviewed: World) -> None:
    achievement, announcement = reviewed.achieve(scheduled_at=LATER)
    reviewed.moderating.approve(achievement.id, None, MAX)
    reviewed.deciding.cancel(announcement.message.id, ADA)

    with pytest.raises(IllegalTransition, match="cancelled"):
        reviewed.moderating.approve(achievement.id, None, MAX)


@pytest.mark.parametrize("text", [None, "Ada Lovelace did it!"])
def test_what_never_awaited_a_decision_cannot_be_approved(world: World, text: str | None) -> None:
    achievement, _ = world.achieve()
    world.run()

    with pytest.raises(IllegalTransition, match="delivered"):
        world.moderating.approve(achievement.id, text, MAX)


def test_a_draft_cannot_be_approved(world: World) -> None:
    draft = world.submit("Hello", "facebook", keep_as_draft=True)

    with pytest.raises(IllegalTransition, match="draft"):
        world.moderating.approve_message(draft.message.id, None, MAX)


def test_a_reviewer_approves_what_they_saw(reviewed: World) -> None:
    achievement, announcement = reviewed.achieve()
    change = Changes(text="Ada Lovelace did it!")
    reviewed.editing.edit(announcement.message.id, change, 1, ADA)

    with pytest.raises(VersionConflict, match="2"):
        reviewed.moderating.approve(achievement.id, None, MAX, 1)
    _, announced = reviewed.moderating.approve(achievement.id, None, MAX, 2)
    assert announced.message.status is MessageStatus.PUBLISHING


def test_an_approval_that_is_sent_again_is_not_stale_by_its_own_text(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()
    for _ in range(2):
        reviewed.moderating.approve(achievement.id, "Ada Lovelace did it!", MAX, 1)

    with pytest.raises(VersionConflict):
        reviewed.moderating.approve(achievement.id, None, MAX, 1)


def test_what_changes_during_an_approval_is_read_again(reviewed: World) -> None:
    achievement, announcement = reviewed.achieve()

    def author(at: str, operation: str, request: object) -> None:
        if at == "before" and operation == "transact":
            reviewed.breaker.mend()
            change = Changes(text="Ada Lovelace did it!")
            reviewed.editing.edit(announcement.message.id, change, 1, ADA)

    reviewed.breaker.when = author
    with pytest.raises(Conflict):
        reviewed.moderating.approve(achievement.id, None, MAX, 1)
    assert reviewed.message(announcement).status is MessageStatus.PENDING_REVIEW


def test_two_who_approve_at_once_announce_once(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()

    def twin(at: str, operation: str, request: object) -> None:
        if at == "before" and operation == "transact":
            reviewed.breaker.mend()
            reviewed.moderating.approve(achievement.id, None, MAX)

    reviewed.breaker.when = twin
    with pytest.raises(Conflict):
        reviewed.moderating.approve(achievement.id, None, MAX)
    reviewed.run()
    assert len(reviewed.shown("facebook")) == 1


def test_a_rejected_achievement_tells_why(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()
    rejected, announcement = reviewed.moderating.reject(achievement.id, "Blurry.", MAX)

    assert (rejected.status, rejected.reason) == (CertificationStatus.REJECTED, "Blurry.")
    assert announcement.message.status is MessageStatus.REJECTED
    assert announcement.message.reason == "Blurry."


def test_a_rejected_achievement_may_be_submitted_again(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()
    reviewed.moderating.reject(achievement.id, "Blurry.", MAX)

    assert reviewed.achieve()[0].status is CertificationStatus.PENDING_REVIEW


def test_rejecting_again_changes_nothing(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()
    first = reviewed.moderating.reject(achievement.id, "Blurry.", MAX)

    assert reviewed.moderating.reject(achievement.id, "Blurry.", MAX) == first


def test_rejecting_again_for_another_reason_is_refused(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()
    reviewed.moderating.reject(achievement.id, "Blurry.", MAX)

    with pytest.raises(IllegalTransition, match="rejected"):
        reviewed.moderating.reject(achievement.id, "Twice.", MAX)


def test_what_was_approved_cannot_be_rejected(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()
    reviewed.moderating.approve(achievement.id, None, MAX)

    with pytest.raises(IllegalTransition):
        reviewed.moderating.reject(achievement.id, "Too late.", MAX)


def test_what_was_rejected_cannot_be_approved(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()
    reviewed.moderating.reject(achievement.id, "Blurry.", MAX)

    with pytest.raises(IllegalTransition):
        reviewed.moderating.approve(achievement.id, None, MAX)


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_members_decide_nothing(reviewed: World, decision: str) -> None:
    achievement, announcement = reviewed.achieve()

    with pytest.raises(Forbidden):
        getattr(reviewed.moderating, decision)(achievement.id, "x", ADA)
    with pytest.raises(Forbidden):
        getattr(reviewed.moderating, f"{decision}_message")(announcement.message.id, "x", ADA)


def test_an_ordinary_message_is_approved_and_rejected_too(reviewed: World) -> None:
    first, second = (reviewed.submit(text, "facebook") for text in ("Yes", "No"))
    reviewed.moderating.approve_message(first.message.id, None, MAX)
    reviewed.moderating.reject_message(second.message.id, "Rude.", MAX)
    reviewed.run()

    assert reviewed.shown("facebook") == ["Yes"]
    assert reviewed.message(second).reason == "Rude."


# --- taking it back ---------------------------------------------------------------------------


def test_a_cancelled_announcement_may_be_made_again(world: World) -> None:
    achievement, announcement = world.achieve(scheduled_at=LATER)
    world.deciding.cancel(announcement.message.id, ADA)

    assert world.moderating.read(achievement.id, ADA)[0].status is CertificationStatus.CANCELLED
    assert world.achieve()[1].deliveries


def test_an_achievement_withdrawn_before_its_review_may_be_submitted_again(reviewed: World) -> None:
    achievement, announcement = reviewed.achieve()
    reviewed.deciding.cancel(announcement.message.id, ADA)

    withdrawn = reviewed.moderating.read(achievement.id, ADA)[0]
    assert withdrawn.status is CertificationStatus.CANCELLED
    assert reviewed.achieve()[0].id != achievement.id


def test_what_was_partly_announced_stays_announced(world: World) -> None:
    achievement, announcement = world.achieve()
    world.delivering.deliver_all(world.stream.take(1))
    with pytest.raises(InFlight):
        world.deciding.cancel(announcement.message.id, ADA)

    assert world.moderating.read(achievement.id, ADA)[0].status is CertificationStatus.ANNOUNCED
    with pytest.raises(AlreadyAnnounced):
        world.achieve()


def test_an_achievement_that_vanished_does_not_stop_a_decision(reviewed: World) -> None:
    ids = []
    for name in ("Ada", "Bob"):
        achievement, announcement = reviewed.achieve(member_name=name)
        reviewed.table.write(Delete(schema.certification(achievement.id)))
        ids.append(announcement.message.id)

    approved = reviewed.moderating.approve_message(ids[0], None, MAX)
    cancelled = reviewed.deciding.cancel(ids[1], ADA)
    assert approved.message.status is MessageStatus.PUBLISHING
    assert cancelled.message.status is MessageStatus.CANCELLED


def test_an_edited_announcement_is_the_same_on_every_channel(world: World) -> None:
    _, announcement = world.achieve(scheduled_at=LATER)
    changes = Changes(text="Ada Lovelace did it!")
    world.editing.edit(announcement.message.id, changes, 1, ADA)
    world.run()

    assert [world.shown(c) for c in ACHIEVEMENT.channels] == [["Ada Lovelace did it!"]] * 2


def test_an_announcement_that_fails_on_one_channel_is_partial(world: World) -> None:
    world.platforms.arm("facebook", answers(400))
    _, announcement = world.achieve()
    world.run()

    assert world.message(announcement).status is MessageStatus.PARTIALLY_DELIVERED
    assert world.status(announcement, "facebook") is Status.FAILED


def test_the_announced_persons_name_is_posted_verbatim(world: World) -> None:
    name = "José Ñandú-O’Brien  王小明"
    world.achieve(member_name=name, channels=tuple(CHANNELS)[:3])
    seen: list[Request] = []
    world.platforms.during = seen.append
    world.run()

    assert all(name in post.text for post in world.platforms.posts)


def test_what_was_approved_can_not_be_changed_behind_the_reviewers_back(reviewed: World) -> None:
    waiting = reviewed.submit("Approved words", "facebook", at=LATER)
    approved = reviewed.moderating.approve_message(waiting.message.id, None, MAX)
    change = Changes(text="Other words")

    with pytest.raises(Forbidden):
        reviewed.editing.edit(waiting.message.id, change, approved.message.revision, ADA)
    changed = reviewed.editing.edit(waiting.message.id, change, approved.message.revision, MAX)
    assert changed.message.content.text == "Other words"
