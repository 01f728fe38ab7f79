from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.messages import LateAction, LatePolicy, MediaRef, Variant
from chalicelib.edge import bodies, drafts
from chalicelib.edge.bodies import Body
from chalicelib.edge.fields import LATEST_PAST, Surroundings
from chalicelib.edge.reading import read
from tests.unit.domain.odd_instants import odd_instants, read_by_hand
from tests.unit.edge.kit import CHANNELS, NOW, UNKNOWN_ID

AROUND = Surroundings(CHANNELS, NOW)
MESSAGE = {"content": "Hello", "channels": ["facebook", "sms"]}


B = TypeVar("B", bound=Body)


def sound(model: type[B], given: dict[str, Any]) -> B:
    """Return a body that has no fault."""
    reading = read(model, given, AROUND)
    assert not reading.faults
    assert reading.body is not None
    return reading.body


def faults(model: type[Body], given: dict[str, Any]) -> dict[str, str]:
    """Return the codes of a body's faults by their places."""
    return {fault.pointer: fault.code for fault in read(model, given, AROUND).faults}


def message(**fields: Any) -> bodies.MessageBody:
    return sound(bodies.MessageBody, {**MESSAGE, **fields})


def edit(**fields: Any) -> bodies.MessageEdit:
    return sound(bodies.MessageEdit, fields)


def test_a_whole_message_becomes_a_draft() -> None:
    draft = drafts.draft(
        message(
            subject="News",
            scheduled_at="2026-12-01T15:00:00+01:00",
            time_zone="Europe/Madrid",
            draft=True,
            media=[{"upload_id": UNKNOWN_ID.upper(), "alt_text": "A cat"}],
            variants={"sms": {"content": "Hi", "subject": None}},
            late_policy={"after_minutes": 5, "action": "skip"},
        )
    )
    assert draft.content.text == "Hello"
    assert draft.content.subject == "News"
    assert draft.content.media == (MediaRef(UNKNOWN_ID, "A cat"),)
    assert draft.content.variants == {ChannelName("sms"): Variant("Hi")}
    assert draft.channels == ("facebook", "sms")
    assert draft.scheduled_at == datetime(2026, 12, 1, 14, tzinfo=UTC)
    assert draft.time_zone == "Europe/Madrid"
    assert draft.keep_as_draft
    assert draft.late_policy == LatePolicy(timedelta(minutes=5), LateAction.SKIP)


@pytest.mark.parametrize("name", ["subject", "scheduled_at", "time_zone", "late_policy"])
def test_a_null_is_as_good_as_nothing_where_nothing_is_allowed(name: str) -> None:
    assert drafts.draft(message(**{name: None})) == drafts.draft(message())


year_one = datetime(1, 1, 1, tzinfo=UTC)


@given(st.one_of(odd_instants, st.integers(), st.floats(), st.booleans(), st.lists(odd_instants)))
def test_a_schedule_is_one_instant_or_a_fault(given: Any) -> None:
    said = read_by_hand(given) if isinstance(given, str) else None
    instant = None if said is None else year_one + timedelta(milliseconds=said)
    if instant is not None and instant >= NOW - LATEST_PAST:
        assert message(scheduled_at=given).scheduled_at == instant
    else:
        found = faults(bodies.MessageBody, {**MESSAGE, "scheduled_at": given})
        assert found.keys() == {"/scheduled_at"}


@pytest.mark.parametrize(
    "content", ["a", "\ta\n", "🎉", "línea\r\notra", "مرحبا", "\u200d👩‍💻", " x "]
)
def test_content_is_kept_as_it_was_written(content: str) -> None:
    assert message(content=content).content == content


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-21T11:55:00Z", NOW - timedelta(minutes=5)),
        ("2026-12-01T15:00:00.000000001Z", datetime(2026, 12, 1, 15, 0, 0, 1000, tzinfo=UTC)),
        ("2026-12-01t15:00:00z", datetime(2026, 12, 1, 15, tzinfo=UTC)),
        ("9998-12-31T23:59:59Z", datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read(text: str, expected: datetime) -> None:
    assert message(scheduled_at=text).scheduled_at == expected


def test_every_fault_of_a_body_is_listed() -> None:
    given = {
        "content": " ",
        "channels": ["sms", "sms", "myspace", 7],
        "scheduled_at": "soon",
        "time_zone": "Mars",
        "media": [{"upload_id": "x"}],
        "variants": {"email": {"content": ""}, "sms": {}},
        "own_words": ["sms", "sms", "facebook", "myspace"],
        "late_policy": {"action": "drop", "after_minutes": 0},
        "extra": 1,
    }
    assert faults(bodies.MessageBody, given) == {
        "/content": "blank",
        "/channels/1": "repeated_channel",
        "/channels/2": "unknown_channel",
        "/channels/3": "wrong_type",
        "/scheduled_at": "invalid_instant",
        "/time_zone": "unknown_time_zone",
        "/media/0/upload_id": "invalid_id",
        "/variants/email/content": "blank",
        "/variants/email": "variant_without_channel",
        "/variants/sms/content": "required",
        "/own_words/1": "repeated_channel",
        "/own_words/2": "channel_not_chosen",
        "/own_words/3": "unknown_channel",
        "/late_policy/after_minutes": "out_of_range",
        "/late_policy/action": "unknown_value",
        "/extra": "unknown_field",
    }


def test_a_field_called_like_a_marker_is_named_as_it_is() -> None:
    assert faults(bodies.MessageBody, {**MESSAGE, "[key]": 1}) == {"/[key]": "unknown_field"}


def test_an_edit_changes_only_what_was_sent() -> None:
    changes = drafts.changes(edit(content="Bye"))
    assert changes.text == "Bye"
    assert (changes.media, changes.variants, changes.channels) == (None, None, None)
    assert (changes.clear_subject, changes.reschedule) == (False, False)
    assert (changes.time_zone, changes.late_policy) == (None, None)


def test_an_edit_can_empty_what_may_be_empty() -> None:
    changes = drafts.changes(edit(subject=None, scheduled_at=None, media=[], variants={}))
    assert changes.clear_subject
    assert (changes.reschedule, changes.scheduled_at) == (True, None)
    assert (changes.media, changes.variants) == ((), {})


def test_an_edits_variants_are_not_held_against_channels_it_does_not_name() -> None:
    changes = drafts.changes(edit(variants={"email": {"content": "x"}}))
    assert changes.variants == {"email": Variant("x")}


def test_an_edits_own_words_are_not_held_against_channels_it_does_not_name() -> None:
    assert drafts.changes(edit(own_words=["email"])).own_words == ("email",)
    assert drafts.changes(edit(own_words=[])).own_words == ()
    assert drafts.changes(edit(content="Bye")).own_words is None


def test_own_words_of_an_announcement_are_for_its_channels() -> None:
    sketch = {
        "certification_type": "cloud-practitioner",
        "certified_on": "2026-11-02",
        "channels": ["sms"],
        "own_words": ["sms", "email"],
    }
    given = {"certification": sketch}
    assert faults(bodies.CertificationPreview, given) == {
        "/certification/own_words/1": "channel_not_chosen"
    }
    sketch["own_words"] = ["sms"]
    assert drafts.sketched(sound(bodies.CertificationPreview, given)).own_words == ("sms",)


def test_an_absent_name_and_language_are_left_to_the_profile() -> None:
    given = {
        "certification_type": "cloud-practitioner",
        "certified_on": "2026-11-02",
        "channels": ["sms"],
        "consent": True,
        "scheduled_at": None,
        "time_zone": None,
    }
    submission = drafts.submission(sound(bodies.CertificationBody, given))
    assert (submission.member_name, submission.language) == ("", None)


def test_a_body_is_not_judged_without_its_surroundings() -> None:
    with pytest.raises(TypeError):
        bodies.MessageBody.model_validate(MESSAGE)
