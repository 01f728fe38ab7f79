"""What a platform reports later of something we sent, and what that makes of its delivery.

    fate             the platform had it   on the delivery             on its recipient
    taken            yes                   delivered
    complained       yes                   delivered, a problem        opts out
    returned         yes                   delivered, a problem
    unwanted         it came to nothing    failed, or a problem        opts out
    no_such_address  it came to nothing    failed, or a problem        can't be written to
    not_delivered    it came to nothing    failed, or a problem

`delivered` means that the platform took it over, and stays so: what comes to light afterwards is a
problem of a delivery that is delivered. Only doubt is settled as `failed`, and only once all
attempts that may have published came to nothing. Reports come twice and in any order; the same
reports always end the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from chalicelib.domain import steps
from chalicelib.domain.channels import Receipt
from chalicelib.domain.deliveries import Attempt, Delivery, Problem
from chalicelib.domain.errors import Ambiguous
from chalicelib.domain.states import Event, Status

S = Status


class Fate(StrEnum):
    """What became of something we sent; the later ones outweigh the earlier ones."""

    TAKEN = "taken"
    """Sent on, waiting, in the mailbox, on the device or read: in any case the platform had it."""
    RETURNED = "returned"
    """Sent back, but perhaps only for now or by somebody who answers by himself."""
    NOT_DELIVERED = "not_delivered"
    NO_SUCH_ADDRESS = "no_such_address"
    UNWANTED = "unwanted"
    """The recipient told the platform that they want nothing more from us."""
    COMPLAINED = "complained"
    """It arrived, and the recipient called it spam."""

    @property
    def proves_taken(self) -> bool:
        """Return whether it shows that the platform has, or had, what we sent."""
        return self in (Fate.TAKEN, Fate.RETURNED, Fate.COMPLAINED)

    @property
    def opts_out(self) -> bool:
        """Return whether the recipient wants nothing more."""
        return self in (Fate.UNWANTED, Fate.COMPLAINED)


_UNANSWERED = ("", Ambiguous.code)
_ORDER = tuple(Fate)
_CAME_BACK = frozenset(_ORDER) - {Fate.TAKEN, Fate.COMPLAINED}

PROBLEMS: Mapping[Fate, Problem] = MappingProxyType(
    {
        fate: Problem(fate.value, title, detail, retryable=False, remedy=remedy)
        for fate, title, detail, remedy in (
            (
                Fate.RETURNED,
                "Sent back for now",
                "The recipient's side sent it back: full, too large, or an answer by itself.",
                "Ask the person; it is not sent again by itself, because it may have arrived.",
            ),
            (
                Fate.NOT_DELIVERED,
                "The platform could not deliver it",
                "The platform took it over and reports that it did not reach the recipient.",
                "Reach this person on another channel.",
            ),
            (
                Fate.NO_SUCH_ADDRESS,
                "This address can't be reached",
                "The recipient's side refused it for good; nothing is written there any more.",
                "Ask for the right address and add it as a recipient.",
            ),
            (
                Fate.UNWANTED,
                "This person wants nothing more",
                "They stopped messages like ours; they are not written to any more.",
                "Nothing to do: their wish is respected.",
            ),
            (
                Fate.COMPLAINED,
                "Reported as spam",
                "It arrived and was reported as spam; this person is not written to any more.",
                "Nothing to do: their wish is respected.",
            ),
        )
    }
)
"""What is shown on a delivery, by its fate."""


@dataclass(frozen=True, slots=True)
class Report:
    """One thing that a platform says of something that carried our mark."""

    mark: str
    """As it came back; whether it is ours is still to be seen."""
    fate: Fate
    external_id: str
    at: datetime | None = None
    detail: str = ""
    """The platform's own code for it; never an address."""

    @property
    def problem(self) -> Problem | None:
        """Return what is shown on the delivery; None if all is well."""
        told = PROBLEMS.get(self.fate)
        if told is None or not self.detail:
            return told
        return replace(told, detail=f"{told.detail} ({self.detail})")


@dataclass(frozen=True, slots=True)
class Change:
    """What a report makes of a delivery, and of the attempt that it speaks of."""

    delivery: Delivery
    attempt: Attempt | None = None


def weigh(
    delivery: Delivery, attempts: Sequence[Attempt], number: int, report: Report, now: datetime
) -> Change | None:
    """Return what a report on one attempt changes; None if it is no news, or proves nothing.

    `attempts` are all there were; they may be left out if it is delivered.

    Nothing is changed while an attempt is under way: then its worker decides.
    """
    if delivery.status is S.DELIVERED:
        return _on_delivered(delivery, report)
    if not _is_open(delivery):
        return None
    tried = next((one for one in attempts if one.number == number), None)
    if tried is None:  # a table that was restored forgot it; the platform did not
        receipt = Receipt(report.external_id)
        is_proof = report.fate.proves_taken
        return Change(_taken(delivery, receipt, report, now)) if is_proof else None
    if tried.refuted and (delivery.status is not S.FAILED or number != delivery.attempts):
        return None  # it came to nothing, and was sent once more
    if report.fate.proves_taken or tried.proof is not None:
        receipt = tried.proof or Receipt(report.external_id)
        return Change(_taken(delivery, receipt, report, now), _completed(tried, report, now))
    if tried.refuted:
        return _noted(delivery, report) if _was_reported(delivery.problem) else None
    refuted = replace(_completed(tried, report, now), refuted=True)
    is_doubted = any(_may_be_there(one) for one in attempts if one.number != number)
    if report.problem is None or is_doubted or not delivery.can(Event.DISPROVED):
        return Change(replace(delivery, version=delivery.version + 1), refuted)
    return Change(steps.disprove(delivery, report.problem), refuted)


def _taken(delivery: Delivery, receipt: Receipt, report: Report, now: datetime) -> Delivery:
    """Return the delivery as delivered, with the worst that was reported of it."""
    return replace(steps.settle(delivery, receipt, now), problem=_worse(delivery, report))


def came_back(delivery: Delivery) -> bool:
    """Return whether what was delivered did not arrive after all."""
    problem = delivery.problem
    return delivery.status is S.DELIVERED and problem is not None and problem.code in _CAME_BACK


def _on_delivered(delivery: Delivery, report: Report) -> Change | None:
    receipt = delivery.receipt
    is_this = receipt is None or receipt.external_id == report.external_id
    return _noted(delivery, report) if is_this else None


def _noted(delivery: Delivery, report: Report) -> Change | None:
    """Return the delivery with a problem that outweighs the one it has."""
    problem = _worse(delivery, report)
    if problem is None or problem == delivery.problem:
        return None
    return Change(steps.trouble(delivery, problem))


def _is_open(delivery: Delivery) -> bool:
    """Return whether a report may settle it: nothing is under way, or being taken back."""
    is_idle = delivery.status is not S.SENDING and delivery.receipt is None
    return is_idle and delivery.can(Event.DELIVERED)


def _may_be_there(attempt: Attempt) -> bool:
    is_answered = attempt.outcome not in _UNANSWERED and attempt.proof is None
    return not (is_answered or attempt.refuted)


def _completed(attempt: Attempt, report: Report, now: datetime) -> Attempt:
    """Return the attempt with what the report adds."""
    return replace(
        attempt,
        external_id=attempt.external_id or report.external_id,
        outcome=attempt.outcome or report.fate.value,
        finished_at=attempt.finished_at or now,
    )


def _worse(delivery: Delivery, report: Report) -> Problem | None:
    """Return what weighs more: what was reported before, or now."""
    before, new = delivery.problem, report.problem
    if before is None or not _was_reported(before):
        return new
    if new is None or _ORDER.index(Fate(new.code)) <= _ORDER.index(Fate(before.code)):
        return before
    return new


def _was_reported(problem: Problem | None) -> bool:
    return problem is not None and problem.code in _ORDER
