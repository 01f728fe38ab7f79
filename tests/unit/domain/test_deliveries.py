"""The state table, and what holds for every step over it."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from random import Random

import pytest

from chalicelib.domain import steps
from chalicelib.domain.deliveries import Delivery
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    ContentRejected,
    CredentialsRejected,
    IllegalTransition,
    PlatformUnavailable,
    RateLimited,
)
from chalicelib.domain.states import IN_DOUBT_TABLE, PARENT_TABLE, TABLE, Event, Status
from tests.fakes.deliveries import NOW, POLICY, RECEIPT, SETTLE, Step, delivery, failing

CELLS = list(product(Status, Event))


def refused(error: ChannelError) -> Step:
    """Return the step that follows a refusal to take a post back."""
    return lambda d: steps.unpublish_error(d, error, NOW, POLICY, Random(1), SETTLE)


STEPS: dict[str, Step] = {
    "claim": lambda d: steps.claim(d, NOW, POLICY, "k"),
    "begin": lambda d: steps.begin(d, NOW, POLICY),
    "skip": lambda d: steps.skip(d, steps.TOO_LATE),
    "postpone": lambda d: steps.postpone(d, NOW + SETTLE),
    "settle": lambda d: steps.settle(d, RECEIPT, NOW),
    "silence": failing(Ambiguous()),
    "credentials": failing(CredentialsRejected()),
    "limited": failing(RateLimited("", timedelta(hours=1))),
    "unavailable": failing(PlatformUnavailable()),
    "rejected": failing(ContentRejected()),
    "refuse": lambda d: steps.refuse(d, ContentRejected()),
    "block": lambda d: steps.block(d, CredentialsRejected(), NOW, POLICY),
    "look_again": lambda d: steps.look_again(d, NOW + SETTLE),
    "ask_person": lambda d: steps.ask_person(d),
    "disprove": lambda d: steps.disprove(d, steps.TOO_LATE),
    "give_up": lambda d: steps.give_up(d),
    "reopen": lambda d: steps.reopen(d, NOW, POLICY, "s"),
    "cancel": lambda d: steps.cancel(d),
    "edit": lambda d: steps.edit(d, 2, NOW + SETTLE, None),
    "retry": lambda d: steps.retry(d, NOW, POLICY, "k"),
    "confirm": lambda d: steps.confirm(d, NOW),
    "unpublish": lambda d: steps.unpublish(d, NOW, POLICY, "k"),
    "begin_unpublishing": lambda d: steps.begin_unpublishing(d, NOW, POLICY),
    "unpublished": lambda d: steps.unpublished(d),
    "not_taken_back": refused(ContentRejected()),
    "not_deleted_yet": refused(PlatformUnavailable()),
    "may_not_delete": refused(CredentialsRejected()),
    "still_there": lambda d: steps.still_there(d),
    "ask_whether_gone": lambda d: steps.ask_whether_gone(d),
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


def test_doubt_ends_in_a_failure_or_a_cancellation_only_if_it_is_disproved() -> None:
    ends = {
        steps.step(s, e, doubt=True)
        for s, e in TABLE
        if s in (Status.SENDING, Status.IN_DOUBT) and e is not Event.DISPROVED
    }

    assert not ends & {Status.FAILED, Status.CANCELLED, Status.SKIPPED, Status.BLOCKED}


def test_only_a_persons_decision_or_proof_leaves_a_terminal_status() -> None:
    leaving = {event for status, event in TABLE if status.is_terminal}

    assert leaving == {
        Event.EDIT,
        Event.RECHECK,
        Event.RETRY,
        Event.CONFIRM,
        Event.UNPUBLISH,
        Event.UNPUBLISHED,
        Event.DELIVERED,
        Event.DISPROVED,
    }


def test_proof_leaves_only_what_may_have_been_published() -> None:
    proof = (Event.DELIVERED, Event.DISPROVED)
    left = {status for status, event in TABLE if status.is_terminal and event in proof}

    assert left == {Status.FAILED, Status.NEEDS_REVIEW}


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
def test_doubt_ends_only_by_proof_or_a_persons_word(
    name: str, status: Status, doubt: bool, parent: bool
) -> None:
    before, after = taken(name, status, doubt, parent)

    assert after.doubt >= before.doubt or name in ("settle", "disprove", "confirm", "retry")


@pytest.mark.parametrize(
    "step",
    [
        steps.absent,
        lambda d: steps.trouble(d, steps.TOO_LATE),
        lambda d: steps.with_handle(d, "h"),
        lambda d: steps.grown(d, 3, "r3"),
        lambda d: steps.expanded(d, NOW + SETTLE),
    ],
)
def test_notes_on_a_delivery_make_a_version_too_and_keep_its_status(step: Step) -> None:
    before = delivery(Status.SENDING)
    after = step(before)

    assert (after.status, after.version) == (before.status, before.version + 1)
