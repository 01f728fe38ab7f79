"""What a platform reports later of something we sent, and what that makes of its delivery.

    fate             the platform had it   on the delivery             on its recipient
    taken            yes                   delivered
    complained       yes                   delivered, a problem        opts out
    returned         yes                   delivered, a problem
    unwanted         it came to nothing    failed, or a problem        opts out
    no_such_address  it came to nothing    failed, or a problem        can't be written to
    not_delivered    it came to nothing    failed, or a problem

`delivered` means that the platform took it over, and stays so: what comes to light afterwards is a
problem of a delivery that is delivered. Only doubt is settled as `failed`, and only if the report
certainly speaks of the one attempt that may have published. Reports come twice and in any order;
the same reports always end the same.
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

    token: str
    """The mark as it came back; whether it is ours is still to be seen."""
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
    """What a report makes of a delivery, and of the attempt that it certainly speaks of."""

    delivery: Delivery
    attempt: Attempt | None = None


def weigh(
    delivery: Delivery, attempts: Sequence[Attempt], report: Report, now: datetime
) -> Change | None:
    """Return what a report changes; None if it is no news, or proves nothing.

    `attempts` are all there were, in their order; they may be left out if it is delivered.

    Nothing is changed while an attempt is under way: then its worker decides.
    """
    spoken_of = _spoken_of(attempts, report)
    if delivery.status is S.DELIVERED:
        return _on_delivered(delivery, report)
    if delivery.receipt is not None:
        return None  # it was delivered, and somebody wants it taken back
    if spoken_of is not None and _is_superseded(delivery, attempts, spoken_of):
        return None
    is_proof = report.fate.proves_taken or _is_proven(spoken_of)
    if is_proof and delivery.status is not S.SENDING and delivery.can(Event.DELIVERED):
        settled = steps.settle(delivery, Receipt(report.external_id), now)
        settled = replace(settled, problem=_worse(delivery, report))
        return Change(settled, _completed(spoken_of, report, now) if spoken_of else None)
    if spoken_of is None and not is_proof:
        return _remembered(delivery, attempts, report, now)
    if is_proof or spoken_of is None or report.problem is None:
        return None
    if delivery.can(Event.DISPROVED):
        failed = steps.disprove(delivery, report.problem)
        return Change(failed, replace(_completed(spoken_of, report, now), refuted=True))
    return _noted(delivery, report) if spoken_of.refuted else None


def _remembered(
    delivery: Delivery, attempts: Sequence[Attempt], report: Report, now: datetime
) -> Change | None:
    """Keep the id of what a platform refused, had all the same, and lost.

    Or else a report that it was taken, come late, would pass for proof of a later attempt.
    """
    refused = [a for a in attempts if not a.external_id and a.outcome not in _UNANSWERED]
    if not refused or not delivery.can(Event.DELIVERED):
        return None
    known = replace(_completed(refused[-1], report, now), refuted=True)
    return Change(replace(delivery, version=delivery.version + 1), known)


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


def _spoken_of(attempts: Sequence[Attempt], report: Report) -> Attempt | None:
    """Return the attempt of that id; else the only one that may have published."""
    for attempt in attempts:
        if attempt.external_id == report.external_id:
            return attempt
    unanswered = [a for a in attempts if not a.external_id and a.outcome in _UNANSWERED]
    return unanswered[0] if len(unanswered) == 1 else None


def _is_superseded(delivery: Delivery, attempts: Sequence[Attempt], spoken_of: Attempt) -> bool:
    """Return whether it came to nothing and a person had it sent once more."""
    is_last = delivery.status is S.FAILED and spoken_of.number == attempts[-1].number
    return spoken_of.refuted and not is_last


def _is_proven(attempt: Attempt | None) -> bool:
    return attempt is not None and attempt.proof is not None


def _completed(attempt: Attempt, report: Report, now: datetime) -> Attempt:
    """Return the attempt with what the report adds."""
    return replace(
        attempt,
        external_id=report.external_id,
        outcome=attempt.outcome or report.fate.value,
        finished_at=attempt.finished_at or now,
    )


def _worse(delivery: Delivery, report: Report) -> Problem | None:
    """Return what weighs more: what was reported before, or now."""
    before, new = delivery.problem, report.problem
    if before is None or before.code not in _ORDER:
        return new
    if new is None or _ORDER.index(Fate(new.code)) <= _ORDER.index(Fate(before.code)):
        return before
    return new
