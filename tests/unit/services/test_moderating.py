"""Achievements: submitted by members, approved by managers, announced once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.certifications import Submission
from chalicelib.domain.deliveries import Status
from chalicelib.domain.errors import (
    AlreadyAnnounced,
    Conflict,
    Forbidden,
    IllegalTransition,
    InFlight,
    InvalidMessage,
    MediaNotReady,
    NotFound,
)
from chalicelib.domain.messages import Changes, MessageStatus
from chalicelib.domain.ports import (
    Achievement,
    CertificationStatus,
    Profile,
    Snapshot,
    UploadStatus,
)
from chalicelib.repositories import schema
from chalicelib.repositories.table import Delete
from tests.fakes.ground import START
from tests.fakes.platforms import Request, answers
from tests.fakes.world import ADA, BOB, MAX, World

SUBMISSION = Submission(
    "Ada Lovelace", "cloud-practitioner", date(2026, 11, 2), ("facebook", "linkedin"), True
)
LATER = START + timedelta(hours=1)


@pytest.fixture
def reviewed() -> World:
    """Return a world in which members need approval."""
    return World(require_approval=True)


def submit(world: World, **changes: object) -> tuple[Achievement, Snapshot]:
    """Submit an achievement as Ada."""
    return world.moderating.submit(replace(SUBMISSION, **changes), ADA)  # type: ignore[arg-type] # names of fields


# --- submitting -------------------------------------------------------------------------------


def test_an_achievement_is_announced_on_its_channels(world: World) -> None:
    achievement, announcement = submit(world)
    world.run()

    assert achievement.status is CertificationStatus.ANNOUNCED
    assert announcement.message.certification_id == achievement.id
    for channel in SUBMISSION.channels:
        (text,) = world.shown(channel)
        assert "Ada Lovelace" in text


def test_the_announcement_reaches_all_six_channels_in_each_ones_tone(world: World) -> None:
    for channel in ("email", "sms", "whatsapp"):
        world.subscribe(channel, 1)
    _, announcement = submit(world, channels=tuple(CHANNELS))
    world.run()

    assert world.message(announcement).status is MessageStatus.DELIVERED
    texts = [world.shown(channel)[0] for channel in CHANNELS]
    assert all("Ada Lovelace" in text for text in texts)
    assert len(set(texts)) > 3


def test_an_announcement_carries_a_card_drawn_once_per_shape(world: World) -> None:
    submit(world, channels=("facebook", "instagram", "linkedin"))
    world.run()

    assert sorted(ref.rpartition("/")[2] for ref in world.media.written) == [
        "square.jpg",
        "wide.jpg",
    ]


def test_a_photo_stands_on_the_card(world: World) -> None:
    photo = world.upload()
    submit(world, photo_upload_id=photo)
    world.run()

    assert any(b"'picture'" in drawn for drawn in world.media.objects.values())


def test_an_unknown_photo_is_named(world: World) -> None:
    with pytest.raises(InvalidMessage) as refused:
        submit(world, photo_upload_id="nowhere")
    assert [fault.pointer for fault in refused.value.faults] == ["/photo_upload_id"]


def test_a_photo_that_is_being_looked_at_is_waited_for(world: World) -> None:
    with pytest.raises(MediaNotReady):
        submit(world, photo_upload_id=world.upload(status=UploadStatus.PENDING))


def test_achievement_and_announcement_are_one_transaction(world: World) -> None:
    before = world.breaker.writes
    submit(world)

    assert world.breaker.writes == before + 1


def test_the_name_defaults_to_the_profiles(world: World) -> None:
    world.profiles.save(Profile("ada", name="Countess Lovelace"))
    achievement, _ = submit(world, member_name="")

    assert achievement.submission.member_name == "Countess Lovelace"


def test_without_a_profile_the_name_defaults_to_the_tokens(world: World) -> None:
    achievement, _ = submit(world, member_name="")

    assert (achievement.submission.member_name, achievement.name_differs) == ("Ada Lovelace", False)


def test_another_name_is_marked_for_the_reviewer(world: World) -> None:
    achievement, _ = submit(world, member_name="Grace Hopper")

    assert achievement.name_differs


def test_a_date_outside_an_exams_life_is_a_warning(world: World) -> None:
    achievement, _ = submit(
        world, family_id="data-engineer-associate", certified_on=date(2020, 1, 1)
    )

    assert len(achievement.warnings) == 1


def test_faults_of_a_submission_are_told(world: World) -> None:
    with pytest.raises(InvalidMessage) as refused:
        submit(world, certified_on=date(2030, 1, 1), member_name="x" * 101)
    pointers = {fault.pointer for fault in refused.value.faults}
    assert pointers == {"/certified_on", "/member_name"}


def test_a_family_nobody_knows_is_refused(world: World) -> None:
    with pytest.raises(InvalidMessage):
        submit(world, family_id="underwater-basket-weaving")


def test_a_preview_shows_each_channel_and_stores_nothing(world: World) -> None:
    before = world.breaker.writes
    previews = world.moderating.preview(replace(SUBMISSION, member_name=""), ADA)

    assert [preview.channel.name for preview in previews] == list(SUBMISSION.channels)
    assert all("Ada Lovelace" in preview.post.text for preview in previews)
    assert all(len(preview.post.media) == 1 for preview in previews)
    assert world.breaker.writes == before


def test_a_scheduled_announcement_waits(world: World) -> None:
    _, announcement = submit(world, scheduled_at=LATER, time_zone="Europe/Madrid")

    assert announcement.message.status is MessageStatus.SCHEDULED
    assert announcement.message.time_zone == "Europe/Madrid"


# --- only once --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Ada Lovelace", "ADA  LOVELACE", "Ａda Lovelace"])
def test_the_same_achievement_is_announced_only_once(world: World, name: str) -> None:
    first, _ = submit(world)

    with pytest.raises(AlreadyAnnounced) as refused:
        submit(world, member_name=name, channels=("sms",))
    assert refused.value.existing_id == first.id


def test_who_may_not_read_it_is_not_told_which_one_it_was(world: World) -> None:
    submit(world)

    with pytest.raises(AlreadyAnnounced) as refused:
        world.moderating.submit(SUBMISSION, BOB)
    assert refused.value.existing_id is None


def test_another_certification_of_the_same_person_is_announced(world: World) -> None:
    submit(world)

    assert submit(world, family_id="solutions-architect-associate")[1].deliveries


def test_after_a_year_it_may_be_announced_again(world: World) -> None:
    submit(world)
    world.clock.advance(days=365)

    assert submit(world, certified_on=date(2027, 11, 2))[1].deliveries


def test_a_key_that_ran_out_meanwhile_names_nobody(world: World) -> None:
    submit(world)
    world.clock.advance(days=364, hours=23, minutes=59, seconds=59)

    def a_year_later(at: str, operation: str, request: object) -> None:
        if at == "before" and operation == "transact":
            world.clock.advance(minutes=5)

    world.breaker.when = a_year_later
    with pytest.raises(AlreadyAnnounced) as refused:
        submit(world)
    assert refused.value.existing_id is None


# --- reading ----------------------------------------------------------------------------------


def test_authors_and_managers_read_an_achievement(world: World) -> None:
    achievement, announcement = submit(world, scheduled_at=LATER)

    for reader in (ADA, MAX):
        assert world.moderating.read(achievement.id, reader) == (achievement, announcement)


def test_anothers_achievement_is_not_found(world: World) -> None:
    achievement, _ = submit(world)

    with pytest.raises(NotFound):
        world.moderating.read(achievement.id, BOB)


def test_an_achievement_that_is_none_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        world.moderating.read("nothing", MAX)


def listed(world: World, everyone: bool, status: CertificationStatus | None) -> list[str]:
    """Return the families that a list shows to Ada."""
    page = world.moderating.listing(ADA, everyone=everyone, status=status, limit=10, cursor=None)
    return [item.submission.family_id for item in page.items]


def test_lists_show_what_is_asked_for(reviewed: World) -> None:
    submit(reviewed)
    other = replace(SUBMISSION, family_id="developer-associate", member_name="Bob")
    reviewed.moderating.submit(other, BOB)
    third, _ = submit(reviewed, family_id="solutions-architect-associate")
    reviewed.moderating.approve(third.id, None, MAX)
    waiting, announced = CertificationStatus.PENDING_REVIEW, CertificationStatus.ANNOUNCED

    assert listed(reviewed, False, None) == ["solutions-architect-associate", "cloud-practitioner"]
    assert listed(reviewed, False, waiting) == ["cloud-practitioner"]
    assert listed(reviewed, True, waiting) == ["developer-associate", "cloud-practitioner"]
    assert listed(reviewed, True, announced) == ["solutions-architect-associate"]
    assert len(listed(reviewed, True, None)) == 3


# --- deciding ---------------------------------------------------------------------------------


def test_with_approval_a_members_achievement_waits(reviewed: World) -> None:
    achievement, announcement = submit(reviewed)
    reviewed.run()

    assert achievement.status is CertificationStatus.PENDING_REVIEW
    assert announcement.message.status is MessageStatus.PENDING_REVIEW
    assert reviewed.platforms.calls == []


def test_an_approved_achievement_is_announced(reviewed: World) -> None:
    achievement, _ = submit(reviewed)
    approved, announcement = reviewed.moderating.approve(achievement.id, None, MAX)
    reviewed.run()

    assert approved.status is CertificationStatus.ANNOUNCED
    assert announcement.message.status is MessageStatus.PUBLISHING
    assert "Ada Lovelace" in reviewed.shown("facebook")[0]


def test_the_reviewers_own_text_is_what_is_announced_and_shown(reviewed: World) -> None:
    achievement, _ = submit(reviewed)
    _, announcement = reviewed.moderating.approve(achievement.id, "Ada Lovelace did it!", MAX)
    reviewed.run()

    assert reviewed.shown("facebook") == ["Ada Lovelace did it!"]
    assert announcement.message.content.text == "Ada Lovelace did it!"
    assert (announcement.message.revision, announcement.message.content.edited) == (2, True)
    assert reviewed.messages.revision(announcement.message.id, 2) is not None


def test_the_reviewers_own_text_is_checked(reviewed: World) -> None:
    achievement, _ = submit(reviewed)

    with pytest.raises(InvalidMessage):
        reviewed.moderating.approve(achievement.id, "x" * 3001, MAX)


def test_approving_again_changes_nothing(reviewed: World) -> None:
    achievement, _ = submit(reviewed)
    reviewed.moderating.approve(achievement.id, None, MAX)
    reviewed.moderating.approve(achievement.id, None, MAX)
    reviewed.run()

    assert len(reviewed.shown("facebook")) == 1


def test_two_who_approve_at_once_announce_once(reviewed: World) -> None:
    achievement, _ = submit(reviewed)

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
    achievement, _ = submit(reviewed)
    rejected, announcement = reviewed.moderating.reject(achievement.id, "Blurry.", MAX)

    assert (rejected.status, rejected.reason) == (CertificationStatus.REJECTED, "Blurry.")
    assert announcement.message.status is MessageStatus.REJECTED
    assert announcement.message.reason == "Blurry."


def test_a_rejected_achievement_may_be_submitted_again(reviewed: World) -> None:
    achievement, _ = submit(reviewed)
    reviewed.moderating.reject(achievement.id, "Blurry.", MAX)

    assert submit(reviewed)[0].status is CertificationStatus.PENDING_REVIEW


def test_rejecting_again_changes_nothing(reviewed: World) -> None:
    achievement, _ = submit(reviewed)
    first = reviewed.moderating.reject(achievement.id, "Blurry.", MAX)

    assert reviewed.moderating.reject(achievement.id, "Twice.", MAX) == first


def test_what_was_approved_cannot_be_rejected(reviewed: World) -> None:
    achievement, _ = submit(reviewed)
    reviewed.moderating.approve(achievement.id, None, MAX)

    with pytest.raises(IllegalTransition):
        reviewed.moderating.reject(achievement.id, "Too late.", MAX)


def test_what_was_rejected_cannot_be_approved(reviewed: World) -> None:
    achievement, _ = submit(reviewed)
    reviewed.moderating.reject(achievement.id, "Blurry.", MAX)

    with pytest.raises(IllegalTransition):
        reviewed.moderating.approve(achievement.id, None, MAX)


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_members_decide_nothing(reviewed: World, decision: str) -> None:
    achievement, announcement = submit(reviewed)

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
    achievement, announcement = submit(world, scheduled_at=LATER)
    world.deciding.cancel(announcement.message.id, ADA)

    assert world.moderating.read(achievement.id, ADA)[0].status is CertificationStatus.CANCELLED
    assert submit(world)[1].deliveries


def test_an_achievement_withdrawn_before_its_review_may_be_submitted_again(reviewed: World) -> None:
    achievement, announcement = submit(reviewed)
    reviewed.deciding.cancel(announcement.message.id, ADA)

    withdrawn = reviewed.moderating.read(achievement.id, ADA)[0]
    assert withdrawn.status is CertificationStatus.CANCELLED
    assert submit(reviewed)[0].id != achievement.id


def test_what_was_partly_announced_stays_announced(world: World) -> None:
    achievement, announcement = submit(world)
    world.delivering.deliver_all(world.stream.take(1))
    with pytest.raises(InFlight):
        world.deciding.cancel(announcement.message.id, ADA)

    assert world.moderating.read(achievement.id, ADA)[0].status is CertificationStatus.ANNOUNCED
    with pytest.raises(AlreadyAnnounced):
        submit(world)


def test_an_achievement_that_vanished_does_not_stop_a_decision(reviewed: World) -> None:
    ids = []
    for name in ("Ada", "Bob"):
        achievement, announcement = submit(reviewed, member_name=name)
        reviewed.table.write(Delete(schema.certification(achievement.id)))
        ids.append(announcement.message.id)

    approved = reviewed.moderating.approve_message(ids[0], None, MAX)
    cancelled = reviewed.deciding.cancel(ids[1], ADA)
    assert approved.message.status is MessageStatus.PUBLISHING
    assert cancelled.message.status is MessageStatus.CANCELLED


def test_an_edited_announcement_is_the_same_on_every_channel(world: World) -> None:
    _, announcement = submit(world, scheduled_at=LATER)
    changes = Changes(text="Ada Lovelace did it!")
    world.publishing.edit(announcement.message.id, changes, 1, ADA)
    world.run()

    assert [world.shown(c) for c in SUBMISSION.channels] == [["Ada Lovelace did it!"]] * 2


def test_an_announcement_that_fails_on_one_channel_is_partial(world: World) -> None:
    world.platforms.arm("facebook", answers(400))
    _, announcement = submit(world)
    world.run()

    assert world.message(announcement).status is MessageStatus.PARTIALLY_DELIVERED
    assert world.status(announcement, "facebook") is Status.FAILED


def test_the_announced_persons_name_is_posted_verbatim(world: World) -> None:
    name = "José Ñandú-O’Brien  王小明"
    submit(world, member_name=name, channels=tuple(CHANNELS)[:3])
    seen: list[Request] = []
    world.platforms.during = seen.append
    world.run()

    assert all(name in post.text for post in world.platforms.posts)
