from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.channels import ChannelName, Receipt
from chalicelib.domain.deliveries import Attempt, AuditEntry, Counts, Delivery, DeliveryKey, Problem
from chalicelib.domain.errors import ContentRejected
from chalicelib.domain.messages import Content, Message, MessageStatus
from chalicelib.domain.ports import AccountState, AccountStatus, Snapshot, Timeline
from chalicelib.domain.states import Status
from chalicelib.edge import rendering
from tests.unit.edge.kit import NOW

LATER = NOW + timedelta(minutes=3)


def delivery(channel: str = "linkedin", status: Status = Status.QUEUED, **fields: Any) -> Delivery:
    made = Delivery(
        key=DeliveryKey("message", ChannelName(channel)),
        status=status,
        revision=1,
        due_at=NOW,
        next_at=LATER,
    )
    return replace(made, **fields)


def test_a_delivered_delivery_shows_the_platforms_proof() -> None:
    receipt = Receipt("urn:li:share:1", "https://www.linkedin.com/feed/update/urn:li:share:1")
    shown = rendering.delivery(
        delivery(
            status=Status.DELIVERED, receipt=receipt, delivered_at=NOW, attempts=2, next_at=None
        )
    )
    assert shown == {
        "channel": "linkedin",
        "status": "delivered",
        "attempts": 2,
        "external_id": "urn:li:share:1",
        "url": "https://www.linkedin.com/feed/update/urn:li:share:1",
        "error": None,
        "next_attempt_at": None,
        "delivered_at": "2026-11-21T12:00:00.000Z",
        "recipients": None,
    }


def test_a_failed_delivery_says_why_and_what_helps() -> None:
    problem = Problem.of(ContentRejected("Too many emoji."))
    assert rendering.delivery(delivery(status=Status.FAILED, problem=problem))["error"] == {
        "code": "content_rejected",
        "title": "The platform rejects the content",
        "detail": "Too many emoji.",
        "retryable": False,
        "remedy": ContentRejected.remedy,
    }


@pytest.mark.parametrize("status", list(Status))
def test_only_a_delivery_that_waits_for_an_attempt_names_its_time(status: Status) -> None:
    shown = rendering.delivery(delivery(status=status))["next_attempt_at"]
    waits = status in (Status.PENDING, Status.RETRYING, Status.BLOCKED)
    assert shown == ("2026-11-21T12:03:00.000Z" if waits else None)


def test_a_parent_counts_its_recipients() -> None:
    counts = Counts(
        total=10, delivered=3, failed=2, skipped=1, cancelled=1, needs_review=1, returned=2
    )
    shown = rendering.delivery(delivery("sms", Status.SENDING, parent=True, counts=counts))
    assert shown["recipients"] == {
        "total": 10,
        "delivered": 3,
        "failed": 2,
        "skipped": 1,
        "cancelled": 1,
        "needs_review": 1,
        "pending": 2,
        "returned": 2,
    }


def test_a_recipients_delivery_names_the_recipient_by_its_opaque_id() -> None:
    row = delivery(key=DeliveryKey("message", ChannelName("sms"), "opaque"))
    assert rendering.recipient_delivery(row)["recipient"] == "opaque"


MESSAGE = Message(
    id="message",
    author="a",
    author_name="A",
    status=MessageStatus.PUBLISHING,
    revision=1,
    content=Content("x"),
    channels=(ChannelName("sms"), ChannelName("email"), ChannelName("facebook")),
    created_at=NOW,
    due_at=NOW,
)


@pytest.mark.parametrize(
    ("zone", "hour", "shown"),
    [
        ("Europe/Madrid", 0, "2026-10-25T02:30:00.000+02:00"),
        ("Europe/Madrid", 1, "2026-10-25T02:30:00.000+01:00"),
        ("Asia/Kolkata", 1, "2026-10-25T07:00:00.000+05:30"),
        (None, 1, None),
        ("US/Pacific-New", 1, None),
    ],
)
def test_a_message_shows_its_time_on_its_authors_clocks(
    zone: str | None, hour: int, shown: str | None
) -> None:
    at = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
    item = rendering.message_item(replace(MESSAGE, scheduled_at=at, time_zone=zone))
    assert item["scheduled_at"] == f"2026-10-25T0{hour}:30:00.000Z"
    assert item["scheduled_at_local"] == shown


def test_what_is_published_at_once_has_no_time_of_its_own() -> None:
    item = rendering.message_item(replace(MESSAGE, time_zone="Europe/Madrid"))
    assert (item["scheduled_at"], item["scheduled_at_local"]) == (None, None)


def test_deliveries_stand_in_the_order_of_the_channels() -> None:
    snapshot = Snapshot(MESSAGE, tuple(delivery(name) for name in ("email", "facebook", "sms")))
    assert [d["channel"] for d in rendering.deliveries(snapshot)] == ["sms", "email", "facebook"]


def entry(seconds: int, sequence: int) -> AuditEntry:
    at = NOW + timedelta(seconds=seconds)
    return AuditEntry("message", "sms", None, sequence, at, "worker", "step", "a", "b", "c")


def attempt(seconds: int, number: int, **fields: Any) -> Attempt:
    at = NOW + timedelta(seconds=seconds)
    key = DeliveryKey("message", ChannelName("sms"), None)
    return replace(Attempt(key, number, 1, at, "claim", "digest"), **fields)


def test_a_timeline_is_merged_by_time_audit_first() -> None:
    timeline = Timeline((entry(2, 2), entry(0, 1)), (attempt(2, 1), attempt(1, 2)))
    items = rendering.timeline(timeline)["items"]
    assert [(item["kind"], item["at"][17:19]) for item in items] == [
        ("audit", "00"),
        ("attempt", "01"),
        ("audit", "02"),
        ("attempt", "02"),
    ]


def test_an_answer_that_came_too_late_is_told_apart() -> None:
    late = attempt(0, 1, late=True, outcome="delivered", finished_at=LATER, external_id="1")
    (item,) = rendering.timeline(Timeline((), (late,)))["items"]
    assert (item["event"], item["outcome"], item["external_id"]) == (
        "late_answer",
        "delivered",
        "1",
    )


def test_an_account_shows_neither_secrets_nor_settings() -> None:
    state = AccountState(
        ChannelName("email"),
        AccountStatus.CONNECTED,
        identity="Community",
        settings={"from_address": "canary@example.org"},
        expires_at=LATER,
    )
    shown = rendering.account(state)
    assert "canary" not in str(shown)
    assert (shown["account_state"], shown["token_expires_at"]) == (
        "connected",
        "2026-11-21T12:03:00.000Z",
    )
