"""Each step of a delivery: what it writes, beyond what holds for every step."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain import steps
from chalicelib.domain.deliveries import Problem
from chalicelib.domain.errors import (
    Ambiguous,
    ContentRejected,
    CredentialsRejected,
    IllegalTransition,
    PlatformUnavailable,
    RateLimited,
)
from chalicelib.domain.states import Status
from tests.fakes.deliveries import NOW, POLICY, RECEIPT, SETTLE, delivery, failing

# --- claiming and beginning -------------------------------------------------------------------


def test_a_claim_moves_the_due_time_to_the_end_of_the_lease() -> None:
    claimed = steps.claim(delivery(Status.PENDING, claim=None), NOW, POLICY, "k")

    assert (claimed.status, claimed.claim) == (Status.QUEUED, "k")
    assert claimed.next_at == NOW + POLICY.queue_lease


def test_the_claim_of_an_abandoned_attempt_is_doubt() -> None:
    claimed = steps.claim(delivery(Status.SENDING), NOW, POLICY, "k")

    assert (claimed.status, claimed.doubt, claimed.doubt_since) == (Status.IN_DOUBT, True, NOW)


def test_doubt_is_as_old_as_its_first_cause() -> None:
    earlier = NOW - SETTLE
    sending = delivery(Status.SENDING, doubt=True, doubt_since=earlier)

    assert steps.claim(sending, NOW, POLICY, "k").doubt_since == earlier
    assert failing(Ambiguous())(sending).doubt_since == earlier


def test_the_claim_of_a_parent_that_serves_recipients_is_no_doubt() -> None:
    claimed = steps.claim(delivery(Status.SENDING, parent=True), NOW, POLICY, "k")

    assert (claimed.status, claimed.doubt, claimed.claim) == (Status.SENDING, False, "k")


def test_the_claim_of_a_blocked_delivery_queues_it() -> None:
    assert steps.claim(delivery(Status.BLOCKED), NOW, POLICY, "k").status is Status.QUEUED


def test_an_attempt_never_begins_early() -> None:
    early = delivery(due_at=NOW + timedelta(milliseconds=1))

    with pytest.raises(IllegalTransition):
        steps.begin(early, NOW, POLICY)


def test_beginning_counts_the_attempt_and_takes_a_claim_of_its_own() -> None:
    begun = steps.begin(delivery(attempts=2), NOW, POLICY)

    assert (begun.status, begun.attempts, begun.claim) == (Status.SENDING, 3, "c/3")
    assert begun.next_at == NOW + POLICY.attempt_lease


def test_a_postponed_delivery_belongs_to_nobody() -> None:
    postponed = steps.postpone(delivery(), NOW + SETTLE)

    assert (postponed.claim, postponed.next_at) == (None, NOW + SETTLE)


@pytest.mark.parametrize(
    ("late_after", "minutes", "too_late"), [(None, 9_999, False), (5, 5, False), (5, 6, True)]
)
def test_it_is_too_late_only_past_what_the_author_allows(
    late_after: int | None, minutes: int, too_late: bool
) -> None:
    allowed = None if late_after is None else timedelta(minutes=late_after)

    waiting = delivery(late_after=allowed)

    assert steps.is_too_late(waiting, NOW + timedelta(minutes=minutes)) == too_late


# --- outcomes ---------------------------------------------------------------------------------


def test_a_receipt_settles_it() -> None:
    settled = steps.settle(delivery(Status.SENDING, doubt=True), RECEIPT, NOW)

    assert (settled.status, settled.receipt) == (Status.DELIVERED, RECEIPT)
    assert (settled.delivered_at, settled.doubt, settled.problem) == (NOW, False, None)


def test_silence_is_looked_into_after_the_settle_time() -> None:
    silent = failing(Ambiguous("nothing came"))(delivery(Status.SENDING))

    assert (silent.status, silent.doubt, silent.doubt_since) == (Status.IN_DOUBT, True, NOW)
    assert silent.next_at == NOW + SETTLE
    assert silent.problem == Problem.of(Ambiguous("nothing came"))


def test_rejected_credentials_wait_for_the_account() -> None:
    blocked = failing(CredentialsRejected())(delivery(Status.SENDING))

    assert (blocked.status, blocked.next_at) == (Status.BLOCKED, NOW + POLICY.blocked_recheck)


def test_a_definite_answer_does_not_end_sticky_doubt() -> None:
    for error in (CredentialsRejected(), ContentRejected(), PlatformUnavailable()):
        after = failing(error)(delivery(Status.SENDING, doubt=True))
        assert (after.status, after.doubt) == (Status.IN_DOUBT, True)


def test_a_transient_answer_is_retried_after_a_wait() -> None:
    retrying = failing(PlatformUnavailable())(delivery(Status.SENDING, attempts=1))

    assert (retrying.status, retrying.failures) == (Status.RETRYING, 1)
    assert retrying.next_at is not None and NOW < retrying.next_at <= NOW + POLICY.retry.base


def test_the_platforms_own_wait_is_honoured() -> None:
    limited = failing(RateLimited("", timedelta(hours=2)))(delivery(Status.SENDING, attempts=1))

    assert limited.next_at is not None and limited.next_at >= NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"attempts": 7}, Status.RETRYING),
        ({"attempts": 8}, Status.FAILED),
        ({"attempts": 9, "forgiven": 8}, Status.RETRYING),
        ({"attempts": 8, "doubt": True}, Status.NEEDS_REVIEW),
        ({"due_at": NOW - timedelta(hours=24)}, Status.FAILED),
    ],
)
def test_retries_end_after_eight_tries_or_a_day(changes: dict[str, object], status: Status) -> None:
    assert failing(PlatformUnavailable())(delivery(Status.SENDING, **changes)).status is status


def test_a_permanent_answer_fails_it() -> None:
    failed = failing(ContentRejected("no"))(delivery(Status.SENDING))

    assert failed.status is Status.FAILED
    assert failed.problem is not None and failed.problem.code == "content_rejected"


def test_what_cannot_be_prepared_fails_without_an_attempt() -> None:
    refused = steps.refuse(delivery(), ContentRejected())

    assert (refused.status, refused.attempts) == (Status.FAILED, 0)


def test_a_blocked_delivery_burns_no_attempt() -> None:
    blocked = steps.block(delivery(), CredentialsRejected(), NOW, POLICY)

    assert (blocked.status, blocked.attempts, blocked.claim) == (Status.BLOCKED, 0, None)
    assert blocked.next_at == NOW + POLICY.blocked_recheck


# --- doubt ------------------------------------------------------------------------------------


def test_a_look_up_that_could_not_tell_is_counted() -> None:
    again = steps.look_again(delivery(Status.IN_DOUBT, doubt=True, lookups=2), NOW + SETTLE)

    assert (again.status, again.lookups, again.next_at) == (Status.IN_DOUBT, 3, NOW + SETTLE)


def test_a_person_is_asked_in_words() -> None:
    asked = steps.ask_person(delivery(Status.IN_DOUBT, doubt=True))

    assert asked.status is Status.NEEDS_REVIEW
    assert asked.problem is not None and asked.problem.code == "needs_review"


def test_a_proven_absence_clears_the_doubt() -> None:
    cleared = steps.absent(delivery(Status.IN_DOUBT, doubt=True, doubt_since=NOW))

    assert (cleared.doubt, cleared.doubt_since, cleared.claim) == (False, None, "c")


def test_what_is_proven_absent_may_be_sent_again() -> None:
    cleared = steps.absent(delivery(Status.IN_DOUBT, doubt=True))

    assert steps.begin(cleared, NOW, POLICY).status is Status.SENDING


def test_what_is_given_up_is_failed_only_without_doubt() -> None:
    given_up = steps.give_up(delivery(Status.IN_DOUBT))
    in_doubt = steps.give_up(delivery(Status.IN_DOUBT, doubt=True))

    assert (given_up.status, in_doubt.status) == (Status.FAILED, Status.NEEDS_REVIEW)


@pytest.mark.parametrize("status", [Status.IN_DOUBT, Status.NEEDS_REVIEW])
def test_what_is_disproved_is_failed_for_the_reason_reported(status: Status) -> None:
    problem = Problem("not_delivered", "No", "No.", False, "None.")
    failed = steps.disprove(delivery(status, doubt=True, doubt_since=NOW), problem)

    assert (failed.status, failed.problem) == (Status.FAILED, problem)
    assert (failed.doubt, failed.doubt_since) == (False, None)


def test_what_comes_to_light_afterwards_changes_nothing_but_the_problem() -> None:
    problem = Problem("returned", "No", "No.", False, "None.")
    done = delivery(Status.DELIVERED, receipt=RECEIPT, delivered_at=NOW)

    assert steps.trouble(done, problem) == replace(done, problem=problem, version=8)


# --- people -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.SENDING, Status.IN_DOUBT, Status.DELIVERED])
def test_what_may_be_out_already_cannot_be_cancelled(status: Status) -> None:
    with pytest.raises(IllegalTransition):
        steps.cancel(delivery(status))


def test_an_edit_binds_it_to_a_new_revision_and_time() -> None:
    later = NOW + timedelta(hours=1)
    edited = steps.edit(delivery(Status.RETRYING, failures=3), 2, later, SETTLE)

    assert (edited.status, edited.revision) == (Status.PENDING, 2)
    assert (edited.due_at, edited.next_at, edited.late_after) == (later, later, SETTLE)
    assert (edited.claim, edited.failures) == (None, 0)


def test_an_edit_forgets_the_handle_of_what_was_said_before() -> None:
    assert steps.edit(delivery(Status.RETRYING, handle="h"), 2, NOW, None).handle is None


@pytest.mark.parametrize("status", [Status.FAILED, Status.SKIPPED, Status.NEEDS_REVIEW])
def test_a_persons_retry_starts_afresh(status: Status) -> None:
    stuck = delivery(
        status,
        attempts=8,
        failures=5,
        lookups=8,
        doubt=True,
        handle="h",
        late_after=SETTLE,
        problem=steps.TOO_LATE,
    )
    again = steps.retry(stuck, NOW + SETTLE, POLICY, "k")

    assert (again.status, again.claim, again.tries, again.attempts) == (Status.QUEUED, "k", 0, 8)
    assert (again.failures, again.lookups, again.doubt, again.handle) == (0, 0, False, None)
    assert (again.late_after, again.problem, again.due_at) == (None, None, NOW + SETTLE)


def test_a_persons_word_settles_it_without_a_receipt() -> None:
    confirmed = steps.confirm(delivery(Status.NEEDS_REVIEW, doubt=True), NOW)

    assert (confirmed.status, confirmed.delivered_at) == (Status.DELIVERED, NOW)
    assert (confirmed.doubt, confirmed.receipt) == (False, None)
