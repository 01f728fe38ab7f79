"""What a table restored to an earlier time says of an open delivery, which may be public since.

feed or recipient, pending, queued, retrying, blocked, or proven absent
  ├─ the platform can be asked, or reports ──────────────▶ in_doubt: asked, sent only if not there
  ├─ only by a handle, which may be lost ────────────────▶ needs_review
  └─ nobody can tell, or a person is wanted ─────────────▶ needs_review
a parent that had no recipients yet ─────────────────────▶ skipped: who sends it says so
a parent that was getting its recipients ────────────────▶ gets no more
in_doubt, sending, unpublishing, a parent that has all ──▶ stays: it is asked anyway

An attempt is written down as if it had begun when the table's memory ends: look-ups reach back that
far, and a platform's late report finds it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain import steps
from chalicelib.domain.channels import ATTEMPTED, Channel, Reconcilability
from chalicelib.domain.deliveries import Attempt, Delivery, Policy, Problem
from chalicelib.domain.states import Status

RESTORED = Problem(
    "restored",
    "Was it published since?",
    "The table was restored to an earlier time: what became of this since is forgotten.",
    retryable=False,
    remedy="Wait where the platform is asked: what is not there is sent at its minute. "
    "Where you are asked, look on the platform, then answer “it is there” or “send it”.",
)


class Course(StrEnum):
    """What becomes of a delivery after a restore."""

    LOOK_UP = "look_up"
    ASK_PERSON = "ask_person"
    LEAVE_OUT = "leave_out"
    CUT_SHORT = "cut_short"
    STAY = "stay"
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True)
class Restore:
    """A restore: to when, when it is looked at, and what its operator decided."""

    to: datetime
    now: datetime
    asks: bool = False
    """Whether a person is asked for each, also where a platform could be."""
    trusts: bool = False
    """Whether what is pending for a later minute is taken as it stands."""

    def course(self, delivery: Delivery, channel: Channel) -> Course:
        """Return what becomes of an open delivery."""
        if delivery.parent:
            return self._parents(delivery)
        is_asked = delivery.status is Status.IN_DOUBT and delivery.doubt
        if is_asked or delivery.status in (Status.SENDING, Status.UNPUBLISHING):
            return Course.STAY
        if self._is_ahead(delivery):
            return Course.AHEAD
        if self.asks or channel.reconciles_by in (Reconcilability.HANDLE, Reconcilability.NONE):
            return Course.ASK_PERSON
        return Course.LOOK_UP

    def _parents(self, parent: Delivery) -> Course:
        if self._is_ahead(parent):
            return Course.AHEAD
        if parent.status is not Status.SENDING:
            return Course.LEAVE_OUT
        return Course.STAY if parent.expanded else Course.CUT_SHORT

    def _is_ahead(self, delivery: Delivery) -> bool:
        is_ahead = delivery.status is Status.PENDING and delivery.due_at > self.now
        return self.trusts and is_ahead

    def step(
        self, delivery: Delivery, channel: Channel, course: Course, policy: Policy, claim_id: str
    ) -> tuple[Delivery, Attempt | None]:
        """Return the delivery on its course, with the attempt that nobody remembers."""
        if course is Course.LEAVE_OUT:
            claimed = steps.claim(delivery, self.now, policy, claim_id)
            left = replace(steps.skip(claimed, RESTORED), version=delivery.version + 1)
            return left, None
        if course is Course.CUT_SHORT:
            return steps.expanded(delivery, self.now), None
        begun, after = steps.forget(delivery, self.now, policy, claim_id, RESTORED)
        attempt = Attempt.begun(begun, self.to)
        if course is Course.ASK_PERSON:
            asked = replace(steps.ask_person(after), problem=RESTORED, version=after.version)
            return asked, attempt
        if channel.reconciles_by is Reconcilability.LOOKUP:
            # A handle that is lost is no proof that nobody came as far as publishing.
            after = replace(after, handle=ATTEMPTED)
        return after, attempt


def is_restored(delivery: Delivery) -> bool:
    """Return whether a restore left it for a person."""
    return delivery.problem is not None and delivery.problem.code == RESTORED.code
