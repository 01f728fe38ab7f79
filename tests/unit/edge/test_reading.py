"""A body with faults is read as far as it can be, and no further."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.errors import Fault
from chalicelib.domain.messages import MediaRef, Variant
from chalicelib.edge import bodies, drafts
from chalicelib.edge.fields import Surroundings
from chalicelib.edge.operations import OPERATIONS
from chalicelib.edge.reading import NOBODYS, Reading, read
from tests.unit.edge.kit import CHANNELS, NOW, UNKNOWN_ID

AROUND = Surroundings(CHANNELS, NOW)
MAKERS: Mapping[type[bodies.Body], Callable[[Any], object]] = {
    bodies.MessageBody: drafts.draft,
    bodies.MessageEdit: drafts.changes,
    bodies.CertificationBody: drafts.submission,
    bodies.CertificationPreview: drafts.sketched,
    bodies.ApproveBody: drafts.text,
    bodies.RecipientBody: drafts.consented,
    bodies.UploadBody: drafts.upload,
}
"""What is made of each body that a service judges further."""
JUDGED = sorted(
    {m for operation in OPERATIONS.values() for m in operation.takes if m.is_judged},
    key=lambda model: model.__name__,
)
WORDS = st.sampled_from(["sms", "myspace", "en", "2026-12-01T15:00:00Z", "2026-11-02", UNKNOWN_ID])
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["content", "upload_id", "sms", "email", "[key]"]) | NAMES,
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


def message(**fields: Any) -> Reading[bodies.MessageBody]:
    """Return what is read of a message that has some fault."""
    whole = {"content": "Hello", "channels": ["sms"], "unknown": 1, **fields}
    reading = read(bodies.MessageBody, whole, AROUND)
    assert reading.faults
    return reading


def readable(**fields: Any) -> bodies.MessageBody:
    body = message(**fields).body
    assert body is not None
    return body


@pytest.mark.parametrize("model", JUDGED, ids=lambda model: model.__name__)
@settings(max_examples=50)
@given(data=st.data())
def test_whatever_is_sent_something_can_be_made_of_it(
    model: type[bodies.Body], data: st.DataObject
) -> None:
    fields = st.sampled_from(sorted(model.model_fields)) | NAMES
    sent = data.draw(st.dictionaries(fields, VALUES, max_size=6))
    reading = read(model, sent, AROUND)
    if model is bodies.CertificationPreview and not isinstance(sent.get("certification"), dict):
        assert (bool(reading.faults), reading.body) == (True, None)
    else:
        assert reading.body is not None
        MAKERS[model](reading.body)


def test_a_body_that_no_service_judges_is_not_read_on() -> None:
    reading = read(bodies.RejectBody, {"reason": "Rude.", "unknown": 1}, AROUND)

    assert (bool(reading.faults), reading.body) == (True, None)


def test_what_can_be_read_stays_as_it_was_written() -> None:
    body = readable(subject="News", draft=True, late_policy={"after_minutes": 5, "action": "drop"})

    assert (body.content, body.subject, body.draft) == ("Hello", "News", True)
    assert body.late_policy is not None and body.late_policy.after_minutes == 5


def test_what_breaks_a_rule_can_be_read_all_the_same() -> None:
    assert readable(content="a\x07b").content == "a\x07b"


def test_a_picture_that_can_not_be_read_keeps_its_place() -> None:
    draft = drafts.draft(readable(media=[1, {"upload_id": UNKNOWN_ID, "alt_text": 1}, {}]))

    assert draft.content.media == (MediaRef(NOBODYS), MediaRef(UNKNOWN_ID), MediaRef(NOBODYS))


def test_channels_that_can_not_be_read_are_left_out() -> None:
    assert readable(channels=["myspace", "sms", 5, "email"]).channels == ["sms", "email"]


def test_a_channels_own_text_that_can_not_be_read_is_not_replaced_by_the_common_one() -> None:
    draft = drafts.draft(readable(variants={"sms": 5, "email": {"content": "x"}, "myspace": 5}))

    assert draft.content.variants == {"sms": Variant(""), "email": Variant("x")}


def test_a_rule_tells_all_its_reasons() -> None:
    faults = message(content="\x07", subject="\n").faults

    assert [(fault.pointer, fault.code) for fault in faults] == [
        ("/content", "control_character"),
        ("/content", "blank"),
        ("/subject", "control_character"),
        ("/subject", "blank"),
        ("/unknown", "unknown_field"),
    ]


def test_of_an_unreadable_part_and_what_is_below_it_nothing_more_is_said() -> None:
    reading = Reading(None, [Fault("/a", "b", "")], {"/media", "/content"})
    found = [
        Fault(place, "code", "") for place in ("/media/0/upload_id", "/content", "/contents", "")
    ]

    assert [fault.pointer for fault in reading.further(found)] == ["/contents", ""]


def test_what_is_known_is_not_told_again() -> None:
    reading = Reading(None, [Fault("/subject", "control_character", "")])
    again = Fault("/subject", "control_character", "E-mail", "email")
    new = Fault("/subject", "too_long", "E-mail", "email")

    assert reading.further([again, new]) == [new]
