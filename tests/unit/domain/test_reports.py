"""What a platform's report makes of a delivery, whatever was reported before or comes twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import steps
from chalicelib.domain.channels import Receipt
from chalicelib.domain.deliveries import Attempt, Delivery
from chalicelib.domain.reports import PROBLEMS, Fate, Report, came_back, weigh
from chalicelib.domain.states import Event, Status
from tests.fakes.deliveries import KEY, NOW, POLICY, delivery

LATER = NOW + timedelta(minutes=3)
PROOF = [Fate.TAKEN, Fate.RETURNED, Fate.COMPLAINED]
NO_PROOF = [fate for fate in Fate if fate not in PROOF]
TROUBLE = [fate for fate in Fate if fate is not Fate.TAKEN]
DOUBT = [Status.IN_DOUBT, Status.NEEDS_REVIEW]
STANDING = [Status.QUEUED, Status.RETRYING, Status.BLOCKED]
UNTOUCHED = [
    Status.PENDING,
    Status.SENDING,
    Status.CANCELLED,
    Status.SKIPPED,
    Status.UNPUBLISHING,
    Status.DELETED,
]


def report(fate: Fate = Fate.TAKEN, external_id: str = "m-1", detail: str = "") -> Report:
    """Return a report."""
    return Report("mark", fate, external_id, NOW, detail)


def attempt(number: int = 1, outcome: str = "no_answer", **changes: object) -> Attempt:
    """Return an attempt that went unanswered."""
    made = Attempt(KEY, number, 1, NOW, "c", "digest", finished_at=NOW, outcome=outcome)
    return replace(made, **changes)  # type: ignore[arg-type] # names of fields


def after(
    before: Delivery,
    *reports: Report,
    attempts: Sequence[Attempt] = (attempt(),),
    number: int = 1,
) -> tuple[Delivery, Sequence[Attempt]]:
    """Return a delivery and its attempts once all these reports on one of them were weighed."""
    known = {one.number: one for one in attempts}
    for told in reports:
        change = weigh(before, list(known.values()), number, told, LATER)
        if change is not None:
            before = change.delivery
            if change.attempt is not None:
                known[change.attempt.number] = change.attempt
    return before, list(known.values())


def code(of: Delivery) -> str | None:
    """Return the code of a delivery's problem."""
    return of.problem.code if of.problem else None


# --- doubt ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", DOUBT)
@pytest.mark.parametrize("fate", PROOF)
def test_what_proves_that_the_platform_had_it_settles_doubt(status: Status, fate: Fate) -> None:
    settled, (tried,) = after(delivery(status, doubt=True), report(fate))

    assert (settled.status, settled.receipt) == (Status.DELIVERED, Receipt("m-1"))
    assert (settled.doubt, settled.delivered_at) == (False, LATER)
    assert code(settled) == (None if fate is Fate.TAKEN else fate)
    assert (tried.external_id, tried.outcome) == ("m-1", "no_answer")


@pytest.mark.parametrize("status", DOUBT)
@pytest.mark.parametrize("fate", NO_PROOF)
def test_what_came_to_nothing_fails_what_is_in_doubt(status: Status, fate: Fate) -> None:
    failed, (tried,) = after(delivery(status, doubt=True), report(fate))

    assert (failed.status, code(failed), failed.receipt) == (Status.FAILED, fate, None)
    assert (tried.refuted, tried.proof) == (True, None)


def test_the_attempt_of_a_lost_worker_gets_an_end_and_an_outcome() -> None:
    lost = attempt(outcome="", finished_at=None)
    _, (tried,) = after(delivery(Status.IN_DOUBT, doubt=True), report(), attempts=[lost])

    assert (tried.outcome, tried.finished_at) == ("taken", LATER)


@pytest.mark.parametrize("fate", NO_PROOF)
@pytest.mark.parametrize("number", [1, 2])
def test_doubt_stays_while_one_attempt_may_have_published(fate: Fate, number: int) -> None:
    doubtful = delivery(Status.IN_DOUBT, doubt=True, attempts=2)
    still, tries = after(doubtful, report(fate), attempts=[attempt(1), attempt(2)], number=number)

    assert still == replace(doubtful, version=doubtful.version + 1)
    assert [one.refuted for one in tries] == [number == 1, number == 2]


@pytest.mark.parametrize("fate", NO_PROOF)
def test_when_every_attempt_came_to_nothing_it_fails(fate: Fate) -> None:
    doubtful = delivery(Status.IN_DOUBT, doubt=True, attempts=2)
    one, tries = after(doubtful, report(fate, "m-2"), attempts=[attempt(1), attempt(2)], number=2)
    both, tries = after(one, report(fate), attempts=tries)

    assert (both.status, code(both)) == (Status.FAILED, fate)
    assert [tried.external_id for tried in tries] == ["m-1", "m-2"]


@pytest.mark.parametrize("number", [1, 2])
def test_of_two_unanswered_attempts_one_that_was_taken_is_enough(number: int) -> None:
    doubtful = delivery(Status.IN_DOUBT, doubt=True, attempts=2)
    settled, tries = after(doubtful, report(), attempts=[attempt(1), attempt(2)], number=number)

    assert settled.status is Status.DELIVERED
    assert tries[number - 1].external_id == "m-1"


def test_an_attempt_that_was_refused_leaves_no_doubt() -> None:
    doubtful = delivery(Status.IN_DOUBT, doubt=True, attempts=2)
    tries = [attempt(1, "rate_limited"), attempt(2)]
    failed, known = after(doubtful, report(Fate.NOT_DELIVERED), attempts=tries, number=2)

    assert failed.status is Status.FAILED
    assert [one.refuted for one in known] == [False, True]


def test_the_loss_of_what_was_refused_does_not_end_the_doubt_of_another_attempt() -> None:
    doubtful = delivery(Status.IN_DOUBT, doubt=True, attempts=2)
    tries = [attempt(1, "rate_limited"), attempt(2)]
    still, known = after(doubtful, report(Fate.NOT_DELIVERED), attempts=tries)

    assert still.status is Status.IN_DOUBT
    assert [one.refuted for one in known] == [True, False]


def test_what_another_attempt_is_proven_to_have_published_does_not_fail() -> None:
    doubtful = delivery(Status.IN_DOUBT, doubt=True, attempts=2)
    tries = [attempt(1, "rate_limited", external_id="m-1"), attempt(2)]
    still, _ = after(doubtful, report(Fate.NOT_DELIVERED, "m-2"), attempts=tries, number=2)

    assert still.status is Status.IN_DOUBT


@pytest.mark.parametrize("fate", NO_PROOF)
def test_a_failure_of_an_attempt_that_nobody_knows_proves_nothing(fate: Fate) -> None:
    doubtful = delivery(Status.IN_DOUBT, doubt=True)

    assert weigh(doubtful, [attempt()], 2, report(fate), LATER) is None


@pytest.mark.parametrize("fate", PROOF)
def test_an_attempt_that_a_restored_table_forgot_is_still_proven_to_have_published(
    fate: Fate,
) -> None:
    settled, tries = after(
        delivery(Status.IN_DOUBT, doubt=True), report(fate, "m-2"), attempts=[attempt()], number=2
    )

    assert (settled.status, settled.receipt) == (Status.DELIVERED, Receipt("m-2"))
    assert code(settled) == (None if fate is Fate.TAKEN else fate)
    assert tries == [attempt()]


def test_a_proof_that_was_kept_outweighs_a_later_report_of_the_same_post() -> None:
    kept = attempt(external_id="m-1")
    settled, _ = after(
        delivery(Status.IN_DOUBT, doubt=True), report(Fate.NOT_DELIVERED), attempts=[kept]
    )

    assert (settled.status, code(settled)) == (Status.DELIVERED, "not_delivered")


# --- afterwards -------------------------------------------------------------------------------


def done(**changes: object) -> Delivery:
    """Return a delivery that the platform answered."""
    return delivery(Status.DELIVERED, receipt=Receipt("m-1"), delivered_at=NOW, **changes)


def test_what_is_known_already_is_no_news() -> None:
    assert weigh(done(), (), 1, report(), LATER) is None


@pytest.mark.parametrize("fate", TROUBLE)
def test_what_was_delivered_stays_so_with_a_problem(fate: Fate) -> None:
    told, _ = after(done(), report(fate))

    assert told == replace(done(), problem=PROBLEMS[fate], version=8)


@pytest.mark.parametrize("fate", TROUBLE)
def test_the_same_problem_again_changes_nothing(fate: Fate) -> None:
    assert weigh(done(problem=PROBLEMS[fate]), (), 1, report(fate), LATER) is None


def test_of_two_problems_the_heavier_one_is_shown() -> None:
    told, _ = after(done(), report(Fate.NO_SUCH_ADDRESS), report(Fate.RETURNED))

    assert code(told) == "no_such_address"


def test_what_is_said_of_another_post_does_not_concern_it() -> None:
    assert weigh(done(), (), 1, report(Fate.NOT_DELIVERED, "m-0"), LATER) is None


def test_what_a_person_confirmed_is_any_post_of_ours() -> None:
    confirmed = steps.confirm(delivery(Status.NEEDS_REVIEW, doubt=True), NOW)
    told, _ = after(confirmed, report(Fate.RETURNED))

    assert (told.status, code(told)) == (Status.DELIVERED, "returned")


@pytest.mark.parametrize(
    ("fate", "has_come_back"), [(fate, fate is not Fate.COMPLAINED) for fate in TROUBLE]
)
def test_what_did_not_arrive_came_back(fate: Fate, has_come_back: bool) -> None:
    assert came_back(done(problem=PROBLEMS[fate])) == has_come_back


def test_what_is_well_or_was_never_delivered_has_not_come_back() -> None:
    assert not came_back(done())
    assert not came_back(delivery(Status.FAILED, problem=PROBLEMS[Fate.NOT_DELIVERED]))


# --- elsewhere --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", STANDING)
def test_a_proof_keeps_what_a_person_sent_again_from_being_sent(status: Status) -> None:
    settled, _ = after(delivery(status, attempts=1), report())

    assert (settled.status, settled.next_at) == (Status.DELIVERED, None)


@pytest.mark.parametrize("status", STANDING)
@pytest.mark.parametrize("fate", NO_PROOF)
def test_what_came_to_nothing_leaves_a_new_try_alone(status: Status, fate: Fate) -> None:
    waiting = delivery(status, attempts=1)
    still, (tried,) = after(waiting, report(fate))

    assert (still, tried.refuted) == (replace(waiting, version=waiting.version + 1), True)


@pytest.mark.parametrize("status", [*STANDING, Status.IN_DOUBT, Status.NEEDS_REVIEW])
@pytest.mark.parametrize("fate", Fate)
def test_nothing_more_is_learnt_of_an_attempt_that_came_to_nothing(
    status: Status, fate: Fate
) -> None:
    old = attempt(1, external_id="m-1", refuted=True)
    again = delivery(status, doubt=status in DOUBT, attempts=2)

    assert weigh(again, [old, attempt(2)], 1, report(fate), LATER) is None


@pytest.mark.parametrize("status", UNTOUCHED)
@pytest.mark.parametrize("fate", Fate)
def test_nothing_is_changed_where_no_report_decides(status: Status, fate: Fate) -> None:
    assert weigh(delivery(status, doubt=False), [attempt()], 1, report(fate), LATER) is None


@pytest.mark.parametrize("fate", Fate)
@pytest.mark.parametrize("status", [Status.UNPUBLISHING, Status.NEEDS_REVIEW])
def test_what_is_being_taken_back_is_left_alone(status: Status, fate: Fate) -> None:
    published = delivery(status, receipt=Receipt("m-1"))
    tries = [attempt(1, "delivered", external_id="m-1"), attempt(2, "", action="unpublish")]

    assert weigh(published, tries, 1, report(fate), LATER) is None


@pytest.mark.parametrize("fate", PROOF)
def test_what_was_refused_and_is_there_all_the_same_is_delivered(fate: Fate) -> None:
    refused = delivery(Status.FAILED, problem=steps.TOO_LATE)
    settled, _ = after(refused, report(fate), attempts=[attempt(1, "content_rejected")])

    assert (settled.status, settled.receipt) == (Status.DELIVERED, Receipt("m-1"))


@pytest.mark.parametrize("fate", NO_PROOF)
def test_what_failed_by_an_answer_keeps_its_reason(fate: Fate) -> None:
    refused = delivery(Status.FAILED, problem=steps.TOO_LATE)

    told = [report(fate)] * 2
    failed, _ = after(refused, *told, attempts=[attempt(1, "content_rejected")])
    assert (failed.status, failed.problem) == (Status.FAILED, steps.TOO_LATE)


def test_the_table_lets_a_proof_in_wherever_it_is_weighed() -> None:
    open_to_proof = {status for status in Status if delivery(status).can(Event.DELIVERED)}

    assert open_to_proof == {*DOUBT, *STANDING, Status.SENDING, Status.FAILED}


def test_after_a_retry_a_late_report_of_the_first_try_does_not_settle_the_second() -> None:
    failed, known = after(delivery(Status.IN_DOUBT, doubt=True), report(Fate.NOT_DELIVERED))
    again = steps.retry(failed, LATER, POLICY, "c")
    unsure = replace(steps.begin(again, LATER, POLICY), status=Status.IN_DOUBT, doubt=True)
    still, _ = after(unsure, report(), attempts=[*known, attempt(2)])

    assert still == unsure


@pytest.mark.parametrize("status", [*STANDING, Status.FAILED])
def test_what_was_refused_and_lost_does_not_settle_a_later_attempt(status: Status) -> None:
    refused = attempt(outcome="rate_limited")
    lost = report(Fate.NOT_DELIVERED)
    waiting, known = after(delivery(status), lost, attempts=[refused])
    doubted = replace(waiting, status=Status.IN_DOUBT, doubt=True)
    settled, _ = after(doubted, report(Fate.TAKEN), attempts=[*known, attempt(2)])

    assert (waiting.status, settled) == (status, doubted)


@pytest.mark.parametrize("fate", Fate)
def test_what_failed_once_more_stays_failed_whatever_is_said_of_the_first_try(fate: Fate) -> None:
    rejected = delivery(Status.FAILED, problem=steps.TOO_LATE, attempts=2)
    tries = [attempt(1, external_id="m-1", refuted=True), attempt(2, "content_rejected")]

    assert weigh(rejected, tries, 1, report(fate), LATER) is None


# --- what is told -----------------------------------------------------------------------------


def test_a_problem_carries_the_platforms_own_code() -> None:
    told = report(Fate.NO_SUCH_ADDRESS, detail="SES: Bounce, Permanent").problem

    assert told is not None and told.detail.endswith("(SES: Bounce, Permanent)")
    assert report(Fate.NO_SUCH_ADDRESS).problem == PROBLEMS[Fate.NO_SUCH_ADDRESS]


def test_every_fate_but_the_good_one_has_a_problem() -> None:
    assert set(PROBLEMS) == set(TROUBLE)


def test_only_who_says_so_opts_out() -> None:
    assert {fate for fate in Fate if fate.opts_out} == {Fate.UNWANTED, Fate.COMPLAINED}


# --- twice, and in any order ------------------------------------------------------------------

STARTS = [
    delivery(Status.IN_DOUBT, doubt=True, attempts=1),
    delivery(Status.NEEDS_REVIEW, doubt=True, attempts=1),
    delivery(Status.DELIVERED, attempts=1, receipt=Receipt("m-1")),
]


@given(start=st.sampled_from(STARTS), data=st.data())
def test_the_same_reports_end_the_same_in_any_order_and_however_often(
    start: Delivery, data: st.DataObject
) -> None:
    fates = data.draw(st.sets(st.sampled_from(Fate), min_size=1))
    orders = [data.draw(st.permutations(sorted(fates))) for _ in range(2)]
    again = data.draw(st.lists(st.sampled_from(sorted(fates))))
    one, other = (after(start, *map(report, [*order, *again]))[0] for order in orders)

    assert (one.status, code(one)) == (other.status, code(other))
    assert one.receipt == other.receipt


@given(start=st.sampled_from(Status), fates=st.lists(st.sampled_from(Fate), max_size=6))
def test_every_change_is_one_new_version_and_none_moves_a_delivered_one(
    start: Status, fates: Sequence[Fate]
) -> None:
    before, known = delivery(start, doubt=start in DOUBT, attempts=1), [attempt()]
    for fate in fates:
        change = weigh(before, known, 1, report(fate), LATER)
        if change is not None:
            assert change.delivery.version == before.version + 1
            assert before.status is not Status.DELIVERED or change.delivery.status == before.status
            before, known = change.delivery, [change.attempt or known[0]]
