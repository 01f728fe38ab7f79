"""Messages: whose words a channel says, and the status that follows from the deliveries."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.certifications import Submission
from chalicelib.domain.channels import ChannelName, Wording
from chalicelib.domain.deliveries import Counts, Delivery, DeliveryKey
from chalicelib.domain.messages import (
    Content,
    LateAction,
    LatePolicy,
    Message,
    MessageStatus,
    Variant,
    roll_up,
)
from chalicelib.domain.states import Status

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LINKEDIN, SMS = ChannelName("linkedin"), ChannelName("sms")
SUBMISSION = Submission("Ada", "cloud-practitioner", date(2026, 11, 1), ("sms",), True)


def delivery(status: Status, counts: Counts = Counts()) -> Delivery:  # noqa: B008 - frozen
    """Return a delivery in a status."""
    return Delivery(DeliveryKey("m", SMS), status, 1, NOW, counts=counts)


def message(status: MessageStatus) -> Message:
    """Return a message in a status."""
    return Message("m", "ada", "Ada", status, 1, Content("Hello"), (SMS,), NOW, NOW)


# --- whose words ------------------------------------------------------------------------------


def test_a_channel_says_the_authors_words() -> None:
    assert Content("Hello", "Hi").authored(SMS) == Wording("Hello", "Hi")


def test_a_channel_with_a_text_of_its_own_says_that() -> None:
    content = Content("Hello", "Hi", variants={SMS: Variant("Short"), LINKEDIN: Variant("L", "S")})

    assert content.authored(SMS) == Wording("Short", "Hi")
    assert content.authored(LINKEDIN) == Wording("L", "S")


def test_an_announcement_has_no_authored_words() -> None:
    content = Content("Ada passed", announcement=SUBMISSION)

    assert content.is_generated
    assert content.authored(SMS) is None


def test_an_edited_announcement_says_the_editors_words() -> None:
    content = Content("Ada did it", announcement=SUBMISSION, edited=True)

    assert not content.is_generated
    assert content.authored(SMS) == Wording("Ada did it", keep=("Ada",), language="en")


def test_a_variant_of_an_announcement_wins_over_its_rule() -> None:
    content = Content("Ada passed", announcement=SUBMISSION, variants={SMS: Variant("Yes!")})

    assert content.authored(SMS) == Wording("Yes!", keep=("Ada",), language="en")
    assert content.authored(LINKEDIN) is None


@pytest.mark.parametrize("status", MessageStatus)
def test_a_message_is_unpublished_while_it_is_a_draft_or_waits(status: MessageStatus) -> None:
    waiting = status in (MessageStatus.DRAFT, MessageStatus.PENDING_REVIEW)

    assert message(status).is_unpublished == waiting


def test_what_comes_an_hour_late_is_sent_all_the_same() -> None:
    assert LatePolicy() == LatePolicy(timedelta(minutes=60), LateAction.SEND)


def test_a_late_message_is_left_out_only_if_its_author_said_so() -> None:
    late = timedelta(minutes=5)

    assert LatePolicy(late, LateAction.SEND).skip_after is None
    assert LatePolicy(late, LateAction.SKIP).skip_after == late


# --- what deliveries add up to ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([Status.PENDING] * 2, MessageStatus.SCHEDULED),
        ([Status.PENDING, Status.CANCELLED], MessageStatus.PUBLISHING),
        ([Status.PENDING, Status.DELIVERED], MessageStatus.PUBLISHING),
        ([Status.NEEDS_REVIEW, Status.BLOCKED], MessageStatus.PUBLISHING),
        ([Status.NEEDS_REVIEW, Status.DELIVERED], MessageStatus.NEEDS_REVIEW),
        ([Status.DELIVERED] * 2, MessageStatus.DELIVERED),
        ([Status.DELIVERED, Status.DELETED], MessageStatus.DELIVERED),
        ([Status.DELIVERED, Status.FAILED], MessageStatus.PARTIALLY_DELIVERED),
        ([Status.DELIVERED, Status.CANCELLED], MessageStatus.PARTIALLY_DELIVERED),
        ([Status.FAILED, Status.SKIPPED], MessageStatus.FAILED),
        ([Status.FAILED, Status.CANCELLED], MessageStatus.FAILED),
        ([Status.SKIPPED], MessageStatus.FAILED),
        ([Status.CANCELLED] * 2, MessageStatus.CANCELLED),
    ],
)
def test_deliveries_add_up(statuses: list[Status], expected: MessageStatus) -> None:
    assert roll_up(map(delivery, statuses)) is expected


def test_a_channel_that_missed_somebody_makes_it_partial() -> None:
    some = delivery(Status.DELIVERED, Counts(total=2, delivered=1, failed=1))

    assert roll_up([some, delivery(Status.DELIVERED)]) is MessageStatus.PARTIALLY_DELIVERED


PARTS = st.lists(st.sampled_from(Status), min_size=1, max_size=6)


@given(PARTS)
def test_the_order_of_the_deliveries_does_not_matter(statuses: list[Status]) -> None:
    parts = [delivery(status) for status in statuses]

    assert roll_up(parts) is roll_up(reversed(parts))


@given(PARTS)
def test_how_many_stand_somewhere_does_not_matter(statuses: list[Status]) -> None:
    parts = [delivery(status) for status in statuses]

    assert roll_up(parts) is roll_up(parts * 2)


@given(PARTS)
def test_it_is_open_exactly_while_a_delivery_is(statuses: list[Status]) -> None:
    is_open = roll_up(map(delivery, statuses)) in (
        MessageStatus.SCHEDULED,
        MessageStatus.PUBLISHING,
    )

    assert is_open == any(not status.is_terminal for status in statuses)


@given(PARTS)
def test_something_is_out_exactly_if_it_says_so(statuses: list[Status]) -> None:
    ended = [status for status in statuses if status.is_terminal] or [Status.FAILED]
    told = roll_up(map(delivery, ended))

    if told in (MessageStatus.DELIVERED, MessageStatus.PARTIALLY_DELIVERED):
        assert {Status.DELIVERED, Status.DELETED} & set(ended)
    if told in (MessageStatus.FAILED, MessageStatus.CANCELLED):
        assert not {Status.DELIVERED, Status.DELETED} & set(ended)


@given(PARTS)
def test_a_message_never_says_that_it_was_written_but_not_accepted(statuses: list[Status]) -> None:
    assert roll_up(map(delivery, statuses)) not in (
        MessageStatus.DRAFT,
        MessageStatus.PENDING_REVIEW,
        MessageStatus.REJECTED,
    )
