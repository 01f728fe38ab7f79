"""The state table and every step over it: first the tables as such, then the step functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import deliveries as steps
from chalicelib.domain.channels import ChannelName, Receipt
from chalicelib.domain.deliveries import (
    COUNTED,
    IN_DOUBT_TABLE,
    PARENT_TABLE,
    TABLE,
    Counts,
    Delivery,
    DeliveryKey,
    Event,
    Policy,
    Problem,
    Status,
)
from chalicelib.domain.errors import (
    Ambiguous,
    ContentRejected,
    CredentialsRejected,
    IllegalTransition,
    PlatformUnavailable,
    RateLimited,
)
from chalicelib.domain.retry import RetryPolicy

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLICY = Policy()
SETTLE = timedelta(seconds=60)
KEY = DeliveryKey("m", ChannelName("linkedin"))
RECEIPT = Receipt("urn:1", "https://example.org/1")
CELLS = list(product(Status, Event))

Step = Callable[[Delivery], Delivery]


def delivery(status: Status = Status.QUEUED, **changes: object) -> Delivery:
    """Return a delivery that is due, with plausible fields for its status."""
    made = Delivery(KEY, status, 1, NOW, None if status.is_terminal else NOW, version=7)
    fields = {"claim": None if status.is_terminal else "c", **changes}
    return replace(made, **fields)  # type: ignore[arg-type] # names of fields


def failing(error: Exception) -> Step:
    """Return the step that settles an error."""
    return lambda d: steps.settle_error(d, error, NOW, POLICY, SETTLE, Random(1), "s")  # type: ignore[arg-type] # channel errors


STEPS: dict[str, Step] = {
    "claim": lambda d: steps.claim(d, NOW, POLICY, "k"),
    "begin": lambda d: steps.begin(d, NOW, POLICY, "s"),
    "skip": lambda d: steps.skip(d, steps.TOO_LATE, "s"),
    "postpone": lambda d: steps.postpone(d, NOW + SETTLE, "s"),
    "settle": lambda d: steps.settle(d, RECEIPT, NOW, "s"),
    "silence": failing(Ambiguous()),
    "credentials": failing(CredentialsRejected()),
    "limited": failing(RateLimited("", timedelta(hours=1))),
    "unavailable": failing(PlatformUnavailable()),
    "rejected": failing(ContentRejected()),
    "refuse": lambda d: steps.refuse(d, ContentRejected(), "s"),
    "block": lambda d: steps.block(d, CredentialsRejected(), NOW, POLICY, "s"),
    "look_again": lambda d: steps.look_again(d, NOW + SETTLE, "s"),
    "ask_person": lambda d: steps.ask_person(d, "s"),
    "give_up": lambda d: steps.give_up(d, "s"),
    "reopen": lambda d: steps.reopen(d, NOW, POLICY, "s"),
    "cancel": lambda d: steps.cancel(d, "s"),
    "edit": lambda d: steps.edit(d, 2, NOW + SETTLE, None),
    "retry": lambda d: steps.retry(d, NOW, POLICY, "k"),
    "confirm": lambda d: steps.confirm(d, NOW, "s"),
}
TAKEN = [
    (name, status, doubt, parent)
    for name, status, doubt, parent in product(STEPS, Status, (False, True), (False, True))
]


# --- the tables -------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "event"), sorted(TABLE))
def test_a_declared_step_leads_where_the_table_says(status: Status, event: Event) -> None:
    assert steps.step(status, event) is TABLE[status, event]


@pytest.mark.parametrize(("status", "event"), sorted(IN_DOUBT_TABLE))
def test_doubt_leads_elsewhere_where_the_doubt_table_says(status: Status, event: Event) -> None:
    assert steps.step(status, event, doubt=True) is IN_DOUBT_TABLE[status, event]


@pytest.mark.parametrize(("status", "event"), sorted(set(TABLE) - set(IN_DOUBT_TABLE)))
def test_doubt_changes_nothing_elsewhere(status: Status, event: Event) -> None:
    assert steps.step(status, event, doubt=True) is TABLE[status, event]


@pytest.mark.parametrize(("status", "event"), sorted(PARENT_TABLE))
@pytest.mark.parametrize("doubt", [False, True])
def test_a_parent_follows_a_table_of_its_own(status: Status, event: Event, doubt: bool) -> None:
    assert steps.step(status, event, doubt=doubt, parent=True) is PARENT_TABLE[status, event]


@pytest.mark.parametrize(("status", "event"), [cell for cell in CELLS if cell not in TABLE])
@pytest.mark.parametrize("doubt", [False, True])
def test_an_undeclared_step_is_refused(status: Status, event: Event, doubt: bool) -> None:
    with pytest.raises(IllegalTransition):
        steps.step(status, event, doubt=doubt)


@pytest.mark.parametrize(("status", "event"), [cell for cell in CELLS if cell not in PARENT_TABLE])
def test_an_undeclared_step_of_a_parent_is_refused(status: Status, event: Event) -> None:
    with pytest.raises(IllegalTransition):
        steps.step(status, event, parent=True)


def test_the_doubt_table_only_refines_declared_steps() -> None:
    assert set(IN_DOUBT_TABLE) <= set(TABLE)


def test_doubt_never_ends_in_a_failure_or_a_cancellation() -> None:
    ends = {
        steps.step(s, e, doubt=True) for s, e in TABLE if s in (Status.SENDING, Status.IN_DOUBT)
    }

    assert not ends & {Status.FAILED, Status.CANCELLED, Status.SKIPPED, Status.BLOCKED}


def test_only_a_persons_decision_or_proof_leaves_a_terminal_status() -> None:
    leaving = {event for status, event in TABLE if status.is_terminal}

    assert leaving == {Event.RETRY, Event.CONFIRM, Event.DELIVERED, Event.UNPUBLISHED}


def test_nothing_leaves_a_cancelled_or_deleted_delivery() -> None:
    left = {status for status, _ in [*TABLE, *PARENT_TABLE]}

    assert not left & {Status.CANCELLED, Status.DELETED}


def test_every_status_can_be_reached() -> None:
    assert set(TABLE.values()) == set(Status)


def test_an_illegal_step_names_the_status_and_the_step() -> None:
    with pytest.raises(IllegalTransition, match=r"delivered.*'claim'"):
        steps.step(Status.DELIVERED, Event.CLAIM)


@pytest.mark.parametrize(("status", "event"), CELLS)
def test_can_says_whether_a_step_would_be_taken(status: Status, event: Event) -> None:
    assert delivery(status).can(event) == ((status, event) in TABLE)


# --- what holds for every step ----------------------------------------------------------------


def taken(name: str, status: Status, doubt: bool, parent: bool) -> tuple[Delivery, Delivery]:
    """Return a delivery before and after a step; skips where there is no such step."""
    before = delivery(status, doubt=doubt, parent=parent)
    try:
        return before, STEPS[name](before)
    except IllegalTransition:
        pytest.skip("no such step")


def legal(name: str, status: Status, doubt: bool, parent: bool) -> bool:
    """Return whether there is such a step."""
    try:
        STEPS[name](delivery(status, doubt=doubt, parent=parent))
    except IllegalTransition:
        return False
    return True


LEGAL = [case for case in TAKEN if legal(*case)]


def test_every_step_function_is_legal_somewhere() -> None:
    assert {name for name, *_ in LEGAL} == set(STEPS)


@pytest.mark.parametrize(("name", "status", "doubt", "parent"), LEGAL)
def test_a_step_makes_exactly_one_new_version(
    name: str, status: Status, doubt: bool, parent: bool
) -> None:
    before, after = taken(name, status, doubt, parent)

    assert after.version == before.version + 1


@pytest.mark.parametrize(("name", "status", "doubt", "parent"), LEGAL)
def test_it_is_due_exactly_while_it_is_not_terminal(
    name: str, status: Status, doubt: bool, parent: bool
) -> None:
    _, after = taken(name, status, doubt, parent)

    assert (after.next_at is None) == after.status.is_terminal


@pytest.mark.parametrize(("name", "status", "doubt", "parent"), LEGAL)
def test_nobody_holds_a_claim_on_a_terminal_delivery(
    name: str, status: Status, doubt: bool, parent: bool
) -> None:
    _, after = taken(name, status, doubt, parent)

    assert after.claim is None or not after.status.is_terminal


@pytest.mark.parametrize(("name", "status", "doubt", "parent"), LEGAL)
def test_a_step_leaves_a_mark_of_who_took_it(
    name: str, status: Status, doubt: bool, parent: bool
) -> None:
    _, after = taken(name, status, doubt, parent)

    assert after.stamp


@pytest.mark.parametrize(("name", "status", "doubt", "parent"), LEGAL)
def test_doubt_ends_only_by_proof_or_a_persons_word(
    name: str, status: Status, doubt: bool, parent: bool
) -> None:
    before, after = taken(name, status, doubt, parent)

    assert after.doubt >= before.doubt or name in ("settle", "confirm", "retry")


@pytest.mark.parametrize(
    "step",
    [
        lambda d: steps.absent(d, "s"),
        lambda d: steps.with_handle(d, "h", "s"),
        lambda d: steps.grown(d, 3, "r3", "s"),
        lambda d: steps.expanded(d, NOW + SETTLE, "s"),
    ],
)
def test_notes_on_a_delivery_make_a_version_too_and_keep_its_status(step: Step) -> None:
    before = delivery(Status.SENDING)
    after = step(before)

    assert (after.status, after.version, after.stamp) == (before.status, before.version + 1, "s")


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
        steps.begin(early, NOW, POLICY, "s")


def test_beginning_counts_the_attempt_and_takes_a_claim_of_its_own() -> None:
    begun = steps.begin(delivery(attempts=2), NOW, POLICY, "s")

    assert (begun.status, begun.attempts, begun.claim) == (Status.SENDING, 3, "c/3")
    assert begun.next_at == NOW + POLICY.attempt_lease


def test_a_postponed_delivery_belongs_to_nobody() -> None:
    postponed = steps.postpone(delivery(), NOW + SETTLE, "s")

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
    settled = steps.settle(delivery(Status.SENDING, doubt=True), RECEIPT, NOW, "s")

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
    refused = steps.refuse(delivery(), ContentRejected(), "s")

    assert (refused.status, refused.attempts) == (Status.FAILED, 0)


def test_a_blocked_delivery_burns_no_attempt() -> None:
    blocked = steps.block(delivery(), CredentialsRejected(), NOW, POLICY, "s")

    assert (blocked.status, blocked.attempts, blocked.claim) == (Status.BLOCKED, 0, None)
    assert blocked.next_at == NOW + POLICY.blocked_recheck


# --- doubt ------------------------------------------------------------------------------------


def test_a_look_up_that_could_not_tell_is_counted() -> None:
    again = steps.look_again(delivery(Status.IN_DOUBT, doubt=True, lookups=2), NOW + SETTLE, "s")

    assert (again.status, again.lookups, again.next_at) == (Status.IN_DOUBT, 3, NOW + SETTLE)


def test_a_person_is_asked_in_words() -> None:
    asked = steps.ask_person(delivery(Status.IN_DOUBT, doubt=True), "s")

    assert asked.status is Status.NEEDS_REVIEW
    assert asked.problem is not None and asked.problem.code == "needs_review"


def test_a_proven_absence_clears_the_doubt() -> None:
    cleared = steps.absent(delivery(Status.IN_DOUBT, doubt=True, doubt_since=NOW), "s")

    assert (cleared.doubt, cleared.doubt_since, cleared.claim) == (False, None, "c")


def test_what_is_proven_absent_may_be_sent_again() -> None:
    cleared = steps.absent(delivery(Status.IN_DOUBT, doubt=True), "s")

    assert steps.begin(cleared, NOW, POLICY, "s").status is Status.SENDING


def test_what_is_given_up_is_failed_only_without_doubt() -> None:
    given_up = steps.give_up(delivery(Status.IN_DOUBT), "s")
    in_doubt = steps.give_up(delivery(Status.IN_DOUBT, doubt=True), "s")

    assert (given_up.status, in_doubt.status) == (Status.FAILED, Status.NEEDS_REVIEW)


# --- people -----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.SENDING, Status.IN_DOUBT, Status.DELIVERED])
def test_what_may_be_out_already_cannot_be_cancelled(status: Status) -> None:
    with pytest.raises(IllegalTransition):
        steps.cancel(delivery(status), "s")


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
    confirmed = steps.confirm(delivery(Status.NEEDS_REVIEW, doubt=True), NOW, "s")

    assert (confirmed.status, confirmed.delivered_at) == (Status.DELIVERED, NOW)
    assert (confirmed.doubt, confirmed.receipt) == (False, None)


# --- parents ----------------------------------------------------------------------------------


def parent(status: Status = Status.SENDING, **changes: object) -> Delivery:
    """Return the parent of recipients."""
    return delivery(status, parent=True, **changes)


def test_a_growing_parent_counts_its_recipients_and_remembers_the_last() -> None:
    grown = steps.grown(parent(counts=Counts(total=2)), 3, "r5", "s")

    assert (grown.counts.total, grown.cursor, grown.expanded) == (5, "r5", False)


def test_a_parent_without_anybody_says_so() -> None:
    done = steps.expanded(parent(), NOW + SETTLE, "s")

    assert (done.expanded, done.problem, done.next_at) == (True, steps.NO_RECIPIENTS, NOW + SETTLE)


def test_a_parent_with_somebody_has_no_problem() -> None:
    assert steps.expanded(parent(counts=Counts(total=1)), NOW, "s").problem is None


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
        steps.roll_up_recipients(replace(whole, **changes), NOW, "s")  # type: ignore[arg-type] # names of fields


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
    closed = steps.roll_up_recipients(parent(expanded=True, counts=counts), NOW, "s")

    assert (closed.status, closed.delivered_at) == (outcome, delivered_at)
    assert (closed.next_at, closed.claim, closed.version) == (None, None, 8)


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


@pytest.mark.parametrize("status", Status)
def test_exactly_terminal_statuses_are_counted(status: Status) -> None:
    assert (status in COUNTED) == status.is_terminal


# --- durations and names ----------------------------------------------------------------------


def test_the_usual_durations_contradict_nothing() -> None:
    assert POLICY.check() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"attempt_lease": POLICY.invocation}, "attempt lease must outlive the worker"),
        ({"queue_lease": POLICY.invocation}, "queue lease must outlive the worker"),
        ({"invocation": POLICY.call + POLICY.early}, "the worker must outlive one call and wait"),
    ],
)
def test_each_broken_inequality_is_told_in_words(changes: dict[str, timedelta], words: str) -> None:
    assert replace(POLICY, **changes).check() == [words]  # type: ignore[arg-type] # names of fields


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
