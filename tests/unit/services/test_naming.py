"""An announcement names its person verbatim on every channel, or is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.errors import Fault, InvalidMessage
from chalicelib.domain.messages import Changes, MessageStatus, Variant
from chalicelib.domain.states import Status
from tests.fakes.ground import START
from tests.fakes.world import ACHIEVEMENT, ADA, MAX, World

LATER = START + timedelta(hours=1)
FAMILY = "👨‍👩‍👧‍👦"
FACEBOOK = ChannelName("facebook")


def faults(act: Callable[[], object]) -> list[Fault]:
    """Return the faults that something is refused with."""
    with pytest.raises(InvalidMessage) as refused:
        act()
    return list(refused.value.faults)


def found(act: Callable[[], object]) -> list[tuple[str, str]]:
    """Return where and by which code something is refused."""
    return [(fault.pointer, fault.code) for fault in faults(act)]


# --- texts that people write ------------------------------------------------------------------


def test_a_reviewers_text_names_the_person(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()

    (fault,) = faults(lambda: reviewed.moderating.approve(achievement.id, "She did it!", MAX))
    assert (fault.pointer, fault.code) == ("/text", "member_name_missing")
    assert "Ada Lovelace" in fault.detail


def test_a_refused_text_leaves_the_achievement_waiting(reviewed: World) -> None:
    achievement, announcement = reviewed.achieve()
    faults(lambda: reviewed.moderating.approve(achievement.id, "ada lovelace did it!", MAX))

    assert reviewed.message(announcement).status is MessageStatus.PENDING_REVIEW


def test_a_reviewers_text_that_is_too_long_is_pointed_at(reviewed: World) -> None:
    achievement, _ = reviewed.achieve()
    text = "Ada Lovelace " + "x" * 3001

    assert found(lambda: reviewed.moderating.approve(achievement.id, text, MAX)) == [
        ("/text", "too_long")
    ]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        (Changes(text="She did it!"), "/content"),
        (Changes(variants={FACEBOOK: Variant("She did it!")}), "/variants/facebook/content"),
    ],
)
def test_an_edited_text_names_the_person(world: World, changes: Changes, pointer: str) -> None:
    _, announcement = world.achieve(scheduled_at=LATER)

    def edit() -> None:
        world.editing.edit(announcement.message.id, changes, 1, ADA)

    assert found(edit) == [(pointer, "member_name_missing")]


def test_a_subject_need_not_name_the_person(world: World) -> None:
    _, announcement = world.achieve(scheduled_at=LATER)
    edited = world.editing.edit(announcement.message.id, Changes(subject="Hurray"), 1, ADA)

    assert edited.message.content.subject == "Hurray"


def test_an_ordinary_message_names_nobody_in_particular(world: World) -> None:
    message = world.submit("Hello", "facebook", at=LATER)

    assert world.editing.edit(message.message.id, Changes(text="Bye"), 1, ADA)


def test_the_cheap_alphabet_of_sms_leaves_the_name_in_an_edited_text_alone(world: World) -> None:
    world.subscribe("sms", 1)
    _, announcement = world.achieve(member_name="Łukasz", channels=("sms",), scheduled_at=LATER)
    changes = Changes(text="Łukasz – at last")
    world.editing.edit(announcement.message.id, changes, 1, ADA)
    world.run()

    assert "Łukasz" in world.shown("sms")[0]


# --- names that a channel can't hold ----------------------------------------------------------


def test_a_name_longer_than_a_channel_takes_is_refused_there(world: World) -> None:
    def achieve() -> None:
        world.achieve(member_name=FAMILY * 100, channels=tuple(CHANNELS))

    (fault,) = faults(achieve)
    assert (fault.pointer, fault.code) == ("/member_name", "member_name_missing")
    assert "WhatsApp" in fault.detail


def test_a_channel_that_can_not_hold_the_name_is_not_added(world: World) -> None:
    _, announcement = world.achieve(member_name=FAMILY * 100, scheduled_at=LATER)
    changes = Changes(channels=(FACEBOOK, ChannelName("whatsapp")))

    def edit() -> None:
        world.editing.edit(announcement.message.id, changes, 1, ADA)

    assert found(edit) == [("/channels", "member_name_missing")]


def test_a_name_is_refused_in_its_preview_already(world: World) -> None:
    submission = replace(ACHIEVEMENT, member_name=FAMILY * 100, channels=("sms", "whatsapp"))
    sms, whatsapp = world.moderating.preview(submission, ADA)

    assert sms.faults == ()
    assert [fault.code for fault in whatsapp.faults] == ["member_name_missing"]


@pytest.mark.parametrize("channel", sorted(set(CHANNELS) - {"whatsapp"}))
def test_a_hundred_families_fit_everywhere_else(world: World, channel: str) -> None:
    world.subscribe("sms", 1)
    world.subscribe("email", 1)
    world.achieve(member_name=FAMILY * 100, channels=(channel,))
    world.run()

    assert FAMILY * 100 in world.shown(channel)[0]


def test_the_text_that_an_accounts_template_adds_counts(world: World) -> None:
    world.connect("whatsapp", template_body="News! {{1}}" + " reply STOP" * 90)

    assert found(lambda: world.achieve(channels=("whatsapp",), member_name="Ada " * 9)) == [
        ("/member_name", "member_name_missing")
    ]


def test_a_channel_that_drops_the_name_after_all_fails_before_anything_is_sent(
    world: World,
) -> None:
    world.subscribe("whatsapp", 1)
    _, announcement = world.achieve(channels=("whatsapp",), scheduled_at=LATER)
    world.connect("whatsapp", template_body="{{1}}" + "x" * 1020)
    world.run()

    delivery = world.delivery(announcement, "whatsapp")
    assert delivery.status is Status.FAILED
    assert delivery.problem is not None
    assert delivery.problem.code == "unsupported_content"
    assert world.platforms.calls == []


@pytest.mark.parametrize(("spaces", "refused"), [(4, False), (5, True)])
def test_as_many_spaces_as_a_template_takes_stay_in_a_name(
    world: World, spaces: int, refused: bool
) -> None:
    name = f"Ada{' ' * spaces}Lovelace"
    submission = replace(ACHIEVEMENT, member_name=name, channels=("whatsapp",))
    (preview,) = world.moderating.preview(submission, ADA)

    assert (name in preview.post.text) is not refused
    assert bool(preview.faults) is refused


def test_a_text_that_a_channel_would_post_without_the_name_as_it_is_is_refused(
    world: World,
) -> None:
    name = "Ada     Lovelace"
    _, announcement = world.achieve(member_name=name, scheduled_at=LATER)
    channels = tuple(ChannelName(channel) for channel in ("facebook", "whatsapp"))
    changes = Changes(text=f"{name} did it!", channels=channels)

    (fault,) = faults(lambda: world.editing.edit(announcement.message.id, changes, 1, ADA))
    assert (fault.pointer, fault.code) == ("/content", "member_name_missing")
    assert "WhatsApp" in fault.detail


def test_a_subject_has_the_whole_name_or_none_of_it(world: World) -> None:
    submission = replace(ACHIEVEMENT, member_name=FAMILY * 100, channels=("email",))
    (preview,) = world.moderating.preview(submission, ADA)

    assert preview.post.subject == "AWS Certified Cloud Practitioner"
