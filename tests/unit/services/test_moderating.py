"""Achievements: submitted by members, announced once, shown to whom they concern."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.errors import (
    AlreadyAnnounced,
    InvalidMessage,
    MediaNotReady,
    NotFound,
    StoreUnavailable,
)
from chalicelib.domain.messages import Changes, MessageStatus
from chalicelib.domain.ports import (
    CertificationStatus,
    Profile,
    UploadStatus,
)
from chalicelib.repositories import schema
from chalicelib.repositories.table import Delete
from tests.fakes.ground import START
from tests.fakes.world import ACHIEVEMENT, ADA, BOB, MAX, World

LATER = START + timedelta(hours=1)


# --- submitting -------------------------------------------------------------------------------


def test_an_achievement_is_announced_on_its_channels(world: World) -> None:
    achievement, announcement = world.achieve()
    world.run()

    assert achievement.status is CertificationStatus.ANNOUNCED
    assert announcement.message.certification_id == achievement.id
    for channel in ACHIEVEMENT.channels:
        (text,) = world.shown(channel)
        assert "Ada Lovelace" in text


def test_a_check_tells_the_same_faults_and_stores_nothing(world: World) -> None:
    wrong = replace(ACHIEVEMENT, member_name="x" * 101)
    with pytest.raises(InvalidMessage) as checked:
        world.moderating.check(wrong, ADA)
    before = world.breaker.writes
    world.moderating.check(ACHIEVEMENT, ADA)
    assert world.breaker.writes == before
    with pytest.raises(InvalidMessage) as refused:
        world.moderating.submit(wrong, ADA)

    assert checked.value.faults == refused.value.faults


def test_the_announcement_reaches_all_six_channels_in_each_ones_tone(world: World) -> None:
    for channel in ("email", "sms", "whatsapp"):
        world.subscribe(channel, 1)
    _, announcement = world.achieve(channels=tuple(CHANNELS))
    world.run()

    assert world.message(announcement).status is MessageStatus.DELIVERED
    texts = [world.shown(channel)[0] for channel in CHANNELS]
    assert all("Ada Lovelace" in text for text in texts)
    assert len(set(texts)) > 3


def test_an_announcement_carries_a_card_drawn_once_per_shape(world: World) -> None:
    world.achieve(channels=("facebook", "instagram", "linkedin"))
    world.run()

    assert sorted(ref.rpartition("/")[2] for ref in world.media.written) == [
        "square.jpg",
        "wide.jpg",
    ]


def test_a_photo_stands_on_the_card(world: World) -> None:
    photo = world.upload()
    world.achieve(photo_upload_id=photo)
    world.run()

    assert any(b"'picture'" in drawn for drawn in world.media.objects.values())


def test_an_unknown_photo_is_named(world: World) -> None:
    with pytest.raises(InvalidMessage) as refused:
        world.achieve(photo_upload_id="nowhere")
    assert [fault.pointer for fault in refused.value.faults] == ["/photo_upload_id"]


def test_a_photo_that_is_being_looked_at_is_waited_for(world: World) -> None:
    with pytest.raises(MediaNotReady):
        world.achieve(photo_upload_id=world.upload(status=UploadStatus.PENDING))


def test_achievement_and_announcement_are_one_transaction(world: World) -> None:
    before = world.breaker.writes
    world.achieve()

    assert world.breaker.writes == before + 1


def test_the_name_defaults_to_the_profiles(world: World) -> None:
    world.profiles.save(Profile("ada", name="Countess Lovelace"))
    achievement, _ = world.achieve(member_name="")

    assert achievement.submission.member_name == "Countess Lovelace"


def test_without_a_profile_the_name_defaults_to_the_tokens(world: World) -> None:
    achievement, _ = world.achieve(member_name="")

    assert (achievement.submission.member_name, achievement.name_differs) == ("Ada Lovelace", False)


def test_the_language_defaults_to_the_profiles(world: World) -> None:
    world.profiles.save(Profile("ada", language="es"))
    achievement, announcement = world.achieve()
    world.run()

    assert achievement.submission.language == "es"
    assert "2 de noviembre de 2026" in announcement.message.content.text
    assert "2 de noviembre de 2026" in world.shown("facebook")[0]


def test_a_language_that_is_chosen_wins_over_the_profiles(world: World) -> None:
    world.profiles.save(Profile("ada", language="es"))

    assert world.achieve(language="en")[0].submission.language == "en"


def test_without_a_profile_english_is_written(world: World) -> None:
    assert world.achieve()[0].submission.language == "en"


def test_a_preview_speaks_the_profiles_language_too(world: World) -> None:
    world.profiles.save(Profile("ada", language="es"))

    assert "2 de noviembre de 2026" in world.moderating.preview(ACHIEVEMENT, ADA)[0].post.text


def test_another_name_is_marked_for_the_reviewer(world: World) -> None:
    achievement, _ = world.achieve(member_name="Grace Hopper")

    assert achievement.name_differs


def test_a_date_outside_an_exams_life_is_a_warning(world: World) -> None:
    achievement, _ = world.achieve(
        family_id="data-engineer-associate", certified_on=date(2020, 1, 1)
    )

    assert len(achievement.warnings) == 1


def test_faults_of_a_submission_are_told(world: World) -> None:
    with pytest.raises(InvalidMessage) as refused:
        world.achieve(certified_on=date(2030, 1, 1), member_name="x" * 101)
    pointers = {fault.pointer for fault in refused.value.faults}
    assert pointers == {"/certified_on", "/member_name"}


def test_a_family_nobody_knows_is_refused(world: World) -> None:
    with pytest.raises(InvalidMessage):
        world.achieve(family_id="underwater-basket-weaving")


def test_a_preview_shows_each_channel_and_stores_nothing(world: World) -> None:
    before = world.breaker.writes
    previews = world.moderating.preview(replace(ACHIEVEMENT, member_name=""), ADA)

    assert [preview.channel.name for preview in previews] == list(ACHIEVEMENT.channels)
    assert all("Ada Lovelace" in preview.post.text for preview in previews)
    assert all(len(preview.post.media) == 1 for preview in previews)
    assert world.breaker.writes == before


def test_a_scheduled_announcement_waits(world: World) -> None:
    _, announcement = world.achieve(scheduled_at=LATER, time_zone="Europe/Madrid")

    assert announcement.message.status is MessageStatus.SCHEDULED
    assert announcement.message.time_zone == "Europe/Madrid"


# --- only once --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Ada Lovelace", "ADA  LOVELACE", "Ａda Lovelace"])
def test_the_same_achievement_is_announced_only_once(world: World, name: str) -> None:
    first, _ = world.achieve()

    with pytest.raises(AlreadyAnnounced) as refused:
        world.achieve(member_name=name, channels=("sms",))
    assert refused.value.existing_id == first.id


def test_who_may_not_read_it_is_not_told_which_one_it_was(world: World) -> None:
    world.achieve()

    with pytest.raises(AlreadyAnnounced) as refused:
        world.achieve(BOB)
    assert refused.value.existing_id is None


def test_another_certification_of_the_same_person_is_announced(world: World) -> None:
    world.achieve()

    assert world.achieve(family_id="solutions-architect-associate")[1].deliveries


def test_after_a_year_it_may_be_announced_again(world: World) -> None:
    world.achieve()
    world.clock.advance(days=365)

    assert world.achieve(certified_on=date(2027, 11, 2))[1].deliveries


def test_a_key_that_ran_out_meanwhile_names_nobody(world: World) -> None:
    world.achieve()
    world.clock.advance(days=364, hours=23, minutes=59, seconds=59)

    def a_year_later(at: str, operation: str, request: object) -> None:
        if at == "before" and operation == "transact":
            world.clock.advance(minutes=5)

    world.breaker.when = a_year_later
    with pytest.raises(AlreadyAnnounced) as refused:
        world.achieve()
    assert refused.value.existing_id is None


# --- reading ----------------------------------------------------------------------------------


def test_authors_and_managers_read_an_achievement(world: World) -> None:
    achievement, announcement = world.achieve(scheduled_at=LATER)

    for reader in (ADA, MAX):
        assert world.moderating.read(achievement.id, reader) == (achievement, announcement)


def test_an_achievement_is_shown_as_its_message_is_now(world: World) -> None:
    achievement, announcement = world.achieve(scheduled_at=LATER, time_zone="UTC")
    changes = Changes(
        channels=(ChannelName("email"),),
        reschedule=True,
        scheduled_at=LATER + timedelta(days=1),
        time_zone="Europe/Madrid",
    )
    world.editing.edit(announcement.message.id, changes, 1, ADA)
    page = world.moderating.listing(ADA, everyone=False, status=None, limit=10, cursor=None)

    for shown in (world.moderating.read(achievement.id, ADA)[0], *page.items):
        assert shown.submission.channels == ("email",)
        assert shown.submission.scheduled_at == LATER + timedelta(days=1)
        assert shown.submission.time_zone == "Europe/Madrid"


def test_a_decision_does_not_change_what_was_handed_in(reviewed: World) -> None:
    achievement, announcement = reviewed.achieve()
    changes = Changes(channels=(ChannelName("linkedin"),))
    reviewed.editing.edit(announcement.message.id, changes, 1, ADA)
    reviewed.moderating.approve(achievement.id, None, MAX)

    stored = reviewed.certifications.get(achievement.id)
    assert stored is not None
    assert stored.submission.channels == ACHIEVEMENT.channels


def test_an_achievement_whose_message_vanished_is_listed_as_it_was_handed_in(world: World) -> None:
    _, announcement = world.achieve()
    world.table.write(Delete(schema.message(announcement.message.id)))

    assert listed(world, False, None) == ["cloud-practitioner"]


def test_a_list_of_nothing_reads_no_messages(world: World) -> None:
    world.breaker.when = lambda at, op, _: StoreUnavailable("no") if op == "batch_get" else None

    assert listed(world, False, None) == []


def test_anothers_achievement_is_not_found(world: World) -> None:
    achievement, _ = world.achieve()

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
    reviewed.achieve()
    other = replace(ACHIEVEMENT, family_id="developer-associate", member_name="Bob")
    reviewed.moderating.submit(other, BOB)
    third, _ = reviewed.achieve(family_id="solutions-architect-associate")
    reviewed.moderating.approve(third.id, None, MAX)
    waiting, announced = CertificationStatus.PENDING_REVIEW, CertificationStatus.ANNOUNCED

    assert listed(reviewed, False, None) == ["solutions-architect-associate", "cloud-practitioner"]
    assert listed(reviewed, False, waiting) == ["cloud-practitioner"]
    assert listed(reviewed, True, waiting) == ["developer-associate", "cloud-practitioner"]
    assert listed(reviewed, True, announced) == ["solutions-architect-associate"]
    assert len(listed(reviewed, True, None)) == 3
