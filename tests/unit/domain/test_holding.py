"""What comes from elsewhere comes in so that nobody publishes it unasked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain import holding, steps
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import Counts, Delivery, DeliveryKey
from chalicelib.domain.ports import AccountState, AccountStatus
from chalicelib.domain.states import Event, Status

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOBODY_SENT = (Status.PENDING, Status.QUEUED, Status.RETRYING, Status.BLOCKED)
NOBODY_KNOWS = (Status.SENDING, Status.IN_DOUBT, Status.UNPUBLISHING)


def delivery(status: Status, **changes: object) -> Delivery:
    made = Delivery(
        DeliveryKey("1", ChannelName("linkedin")),
        status,
        revision=1,
        due_at=NOW,
        next_at=None if status.is_terminal else NOW,
        claim=None if status.is_terminal else "claim",
        doubt=status is Status.IN_DOUBT,
    )
    return replace(made, **changes)  # type: ignore[arg-type] # names of fields


@pytest.mark.parametrize("status", Status)
def test_nothing_that_is_held_is_due_or_claimed(status: Status) -> None:
    after = holding.held(delivery(status))
    assert (after.status.is_terminal, after.next_at, after.claim) == (True, None, None)


@pytest.mark.parametrize("status", [status for status in Status if status.is_terminal])
def test_what_is_at_its_end_stays_as_it_is(status: Status) -> None:
    assert holding.held(delivery(status)) == delivery(status)


@pytest.mark.parametrize("status", NOBODY_SENT)
def test_what_was_certainly_not_published_waits_for_a_retry(status: Status) -> None:
    after = holding.held(delivery(status))
    assert (after.status, after.problem) == (Status.SKIPPED, holding.HELD)
    assert after.can(Event.RETRY)


@pytest.mark.parametrize("status", NOBODY_KNOWS)
def test_what_may_be_published_waits_for_a_persons_answer(status: Status) -> None:
    after = holding.held(delivery(status))
    assert after.status is Status.NEEDS_REVIEW
    assert after.problem is not None and "Look on the platform" in after.problem.remedy


def test_what_was_proven_absent_waits_for_a_retry() -> None:
    assert holding.held(delivery(Status.IN_DOUBT, doubt=False)).status is Status.SKIPPED


def test_a_parent_without_recipients_waits_for_a_retry() -> None:
    for status in (Status.PENDING, Status.QUEUED, Status.BLOCKED):
        assert holding.held(delivery(status, parent=True)).status is Status.SKIPPED


def test_holding_twice_is_holding_once() -> None:
    once = holding.held(delivery(Status.SENDING))
    assert holding.held(once) == once


@pytest.mark.parametrize(
    ("rows", "outcome"),
    [
        ((), Status.FAILED),
        ((Status.DELIVERED, Status.SKIPPED), Status.DELIVERED),
        ((Status.SKIPPED, Status.SKIPPED), Status.SKIPPED),
        ((Status.DELIVERED, Status.NEEDS_REVIEW), Status.NEEDS_REVIEW),
    ],
)
def test_a_parent_ends_as_its_recipients_did(rows: tuple[Status, ...], outcome: Status) -> None:
    counts = Counts()
    for row in rows:
        counts = holding.counted(counts, delivery(row))
    after = holding.held_parent(delivery(Status.SENDING, parent=True), counts, NOW)
    assert (after.status, after.counts.total, after.next_at) == (outcome, len(rows), None)
    assert after.can(Event.RETRY)


def test_only_what_nobody_began_and_is_not_due_is_ahead() -> None:
    later = NOW + timedelta(minutes=1)
    assert holding.is_ahead(delivery(Status.PENDING, due_at=later), NOW)
    assert not holding.is_ahead(delivery(Status.PENDING), NOW)
    assert not holding.is_ahead(delivery(Status.QUEUED, due_at=later), NOW)


def test_the_timeline_tells_that_it_was_held() -> None:
    before = delivery(Status.SENDING, audit_count=3)
    after, entry = holding.noted(before, holding.held(before), NOW)
    assert (after.audit_count, entry.sequence, entry.event) == (4, 4, "held")
    assert (entry.before, entry.after, entry.actor) == ("sending", "needs_review", "operator")


def test_a_step_without_a_problem_has_no_detail() -> None:
    before = delivery(Status.SENDING)
    assert holding.noted(before, steps.settle(before, RECEIPT, NOW), NOW)[1].detail == ""


RECEIPT = steps.Receipt("urn:1", None)


def test_an_account_has_to_be_connected_anew() -> None:
    state = AccountState(ChannelName("linkedin"), AccountStatus.CONNECTED, failures=3)
    after = holding.unplugged(state)
    assert (after.status, after.failures) == (AccountStatus.BLOCKED, 0)
    assert after.problem


def test_an_account_that_nobody_connected_stays_missing() -> None:
    state = AccountState(ChannelName("linkedin"))
    assert holding.unplugged(state) == state
