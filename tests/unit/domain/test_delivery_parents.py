"""Parents of recipients, their counts, and the protocol's durations."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import steps
from chalicelib.domain.deliveries import COUNTED, RESERVE, Counts, Delivery, Problem
from chalicelib.domain.errors import (
    ContentRejected,
    IllegalTransition,
)
from chalicelib.domain.retry import RetryPolicy
from chalicelib.domain.states import Status
from tests.fakes.deliveries import KEY, NOW, POLICY, SETTLE, delivery

# --- parents ----------------------------------------------------------------------------------


def parent(status: Status = Status.SENDING, **changes: object) -> Delivery:
    """Return the parent of recipients."""
    return delivery(status, parent=True, **changes)


def test_a_growing_parent_counts_its_recipients_and_remembers_the_last() -> None:
    grown = steps.grown(parent(counts=Counts(total=2)), 3, "r5")

    assert (grown.counts.total, grown.cursor, grown.expanded) == (5, "r5", False)


def test_a_parent_without_anybody_says_so() -> None:
    done = steps.expanded(parent(), NOW + SETTLE)

    assert (done.expanded, done.problem, done.next_at) == (True, steps.NO_RECIPIENTS, NOW + SETTLE)


def test_a_parent_cut_short_keeps_serving_those_it_has() -> None:
    cut = steps.cut_short(parent(counts=Counts(total=2)))

    assert (cut.status, cut.expanded, cut.counts.total) == (Status.SENDING, True, 2)


def test_a_parent_cut_short_before_anybody_had_a_row_is_cancelled() -> None:
    cut = steps.cut_short(parent(next_at=NOW, claim="c"))

    assert (cut.status, cut.next_at, cut.claim) == (Status.CANCELLED, None, None)


def test_a_parent_with_somebody_has_no_problem() -> None:
    assert steps.expanded(parent(counts=Counts(total=1)), NOW).problem is None


@pytest.mark.parametrize(
    "changes",
    [
        {"expanded": False},
        {"status": Status.QUEUED},
        {"counts": Counts(total=2, delivered=1)},
    ],
)
def test_a_parent_is_not_closed_before_everybody_is_served(changes: dict[str, object]) -> None:
    whole = parent(expanded=True, counts=Counts(total=1, delivered=1))

    with pytest.raises(IllegalTransition):
        steps.roll_up_recipients(replace(whole, **changes), NOW)  # type: ignore[arg-type] # names of fields


@pytest.mark.parametrize(
    ("counts", "outcome", "delivered_at"),
    [
        (Counts(total=1, delivered=1), Status.DELIVERED, NOW),
        (Counts(total=1, failed=1), Status.FAILED, None),
        (Counts(), Status.FAILED, None),
    ],
)
def test_a_parent_closes_with_its_recipients_outcome(
    counts: Counts, outcome: Status, delivered_at: datetime | None
) -> None:
    closed = steps.roll_up_recipients(parent(expanded=True, counts=counts), NOW)

    assert (closed.status, closed.delivered_at) == (outcome, delivered_at)
    assert (closed.next_at, closed.claim, closed.version) == (None, None, 8)


def test_an_edited_parent_looks_for_recipients_anew() -> None:
    failed = parent(Status.FAILED, expanded=True, cursor="r1")
    edited = steps.edit(failed, 2, NOW, None)

    assert (edited.status, edited.expanded, edited.cursor) == (Status.PENDING, False, None)


def test_a_parent_with_recipients_is_not_edited() -> None:
    failed = parent(Status.FAILED, expanded=True, counts=Counts(total=1, failed=1))

    assert not failed.is_editable
    with pytest.raises(IllegalTransition):
        steps.edit(failed, 2, NOW, None)


@pytest.mark.parametrize("status", [Status.DELIVERED, Status.FAILED, Status.NEEDS_REVIEW])
def test_a_reopened_parent_serves_recipients_again(status: Status) -> None:
    closed = parent(status, expanded=True, delivered_at=NOW, problem=steps.TOO_LATE)
    opened = steps.reopen(closed, NOW, POLICY, "s")

    assert (opened.status, opened.expanded, opened.claim) == (Status.SENDING, True, "s")
    assert (opened.delivered_at, opened.problem) == (None, None)


def test_the_retry_of_a_parent_without_recipients_looks_for_some_anew() -> None:
    nobody = parent(Status.FAILED, expanded=True, cursor="r9")
    again = steps.retry(nobody, NOW, POLICY, "k")

    assert (again.status, again.expanded, again.cursor) == (Status.SENDING, False, None)


def test_the_retry_of_a_parent_with_recipients_makes_no_second_rows() -> None:
    served = parent(Status.FAILED, expanded=True, cursor="r9", counts=Counts(total=1, failed=1))
    again = steps.retry(served, NOW, POLICY, "k")

    assert (again.expanded, again.cursor) == (True, "r9")


COUNTS = st.builds(
    lambda d, f, s, c, n, rest: Counts(d + f + s + c + n + rest, d, f, s, c, n),
    *[st.integers(0, 3)] * 6,
)


@given(COUNTS)
def test_counts_lead_to_the_outcome_that_matters_most(counts: Counts) -> None:
    order = [
        (counts.needs_review, Status.NEEDS_REVIEW),
        (counts.delivered, Status.DELIVERED),
        (counts.failed, Status.FAILED),
        (counts.skipped, Status.SKIPPED),
        (counts.cancelled, Status.CANCELLED),
    ]
    expected = next((status for count, status in order if count), Status.FAILED)

    assert counts.outcome is expected


@given(COUNTS)
def test_nobody_was_left_out_exactly_if_all_got_it(counts: Counts) -> None:
    assert counts.is_whole == (counts.delivered == counts.total)


@given(COUNTS)
def test_everybody_is_settled_who_is_not_waiting(counts: Counts) -> None:
    ended = (counts.delivered, counts.failed, counts.skipped, counts.cancelled, counts.needs_review)

    assert counts.settled == sum(ended)


def test_who_got_it_back_stays_delivered() -> None:
    counts = Counts(total=2, delivered=2, returned=1)

    assert (counts.settled, counts.outcome, counts.is_whole) == (2, Status.DELIVERED, True)


@pytest.mark.parametrize("status", Status)
def test_exactly_terminal_statuses_are_counted(status: Status) -> None:
    assert (status in COUNTED) == status.is_terminal


# --- durations and names ----------------------------------------------------------------------


def test_the_usual_durations_contradict_nothing() -> None:
    assert POLICY.check() == []


@pytest.mark.parametrize(
    ("duration", "limit", "follows_from"),
    [
        ("attempt_lease", POLICY.invocation, "invocation"),
        ("queue_lease", POLICY.invocation, "invocation"),
        ("invocation", POLICY.call + POLICY.early + RESERVE, "call"),
    ],
)
def test_each_broken_inequality_names_what_is_too_short_and_what_it_must_exceed(
    duration: str, limit: timedelta, follows_from: str
) -> None:
    (broken,) = replace(POLICY, **{duration: limit}).check()  # type: ignore[arg-type] # durations
    assert (broken.duration, broken.limit) == (duration, limit)
    assert broken.follows_from == follows_from


def test_a_policy_with_eight_tries_within_a_day_is_the_default() -> None:
    assert POLICY.retry == RetryPolicy(max_attempts=8, max_age=timedelta(hours=24))


def test_a_key_reads_as_message_channel_and_recipient() -> None:
    assert str(KEY) == "m#linkedin"
    assert str(replace(KEY, recipient_id="r")) == "m#linkedin#r"


def test_a_problem_shows_what_a_person_can_do() -> None:
    error = ContentRejected("Too rude.", remedy="Be kind.")

    assert Problem.of(error) == Problem(
        "content_rejected", error.title, "Too rude.", False, "Be kind."
    )
