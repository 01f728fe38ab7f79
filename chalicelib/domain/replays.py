"""What may be done again for a delivery that came to a halt, so that nothing is posted twice.

failed, skipped ─┬─ each attempt got a definite no, or there was none ──▶ send again
                 └─ an answer that came late says it is there ──────────▶ ask a person
either of these, or needs_review, since the table was restored ─────────▶ ask a person
needs_review ────┬─ in doubt, and there is somebody to ask ─────────────▶ look it up
                 └─ else ───────────────────────────────────────────────▶ ask a person
claimed ─────────── its record was lost; the claim still decides ───────▶ tell the worker
sending, or due later ──────────────────────────────────────────────────▶ wait
delivered, cancelled, deleted, unknown ─────────────────────────────────▶ nothing
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain import restores, steps
from chalicelib.domain.channels import Channel, Reconcilability
from chalicelib.domain.deliveries import Attempt, Delivery
from chalicelib.domain.instants import format_instant
from chalicelib.domain.states import Status

ASKABLE = frozenset({Reconcilability.KEY, Reconcilability.HANDLE, Reconcilability.LOOKUP})


class Remedy(StrEnum):
    """What a replay does with one delivery."""

    SEND_AGAIN = "send_again"
    LOOK_UP = "look_up"
    TELL_WORKER = "tell_worker"
    ASK_PERSON = "ask_person"
    WAIT = "wait"
    NOTHING = "nothing"

    @property
    def acts(self) -> bool:
        """Return whether a replay changes or sends anything."""
        return self in (Remedy.SEND_AGAIN, Remedy.LOOK_UP, Remedy.TELL_WORKER)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A remedy, and in words why it can't post twice or why there is none."""

    remedy: Remedy
    why: str


def judge(
    delivery: Delivery | None, channel: Channel | None, attempts: Sequence[Attempt]
) -> Judgement:
    """Return what a replay may do; None for what is no longer known."""
    if delivery is None or channel is None:
        return Judgement(Remedy.NOTHING, "There is no such delivery any more.")
    if delivery.status.is_terminal and restores.is_restored(delivery):
        return Judgement(
            Remedy.ASK_PERSON, "The table was restored: what became of it since is forgotten."
        )
    if delivery.status in (Status.FAILED, Status.SKIPPED):
        return _ended(delivery, attempts)
    if delivery.status is Status.NEEDS_REVIEW:
        return _undecided(delivery, channel, attempts)
    if delivery.status.is_terminal:
        return Judgement(Remedy.NOTHING, f"It is {delivery.status}: there is nothing left to do.")
    return _under_way(delivery)


def _is_evident(attempts: Sequence[Attempt]) -> bool:
    return any(attempt.external_id for attempt in attempts)


def _ended(delivery: Delivery, attempts: Sequence[Attempt]) -> Judgement:
    if delivery.problem is not None and delivery.problem.code == steps.OPTED_OUT.code:
        return Judgement(Remedy.NOTHING, "This person opted out, and that is respected.")
    if _is_evident(attempts):
        return Judgement(
            Remedy.ASK_PERSON, "An answer that came late says it is there: somebody must look."
        )
    if not delivery.attempts:
        return Judgement(Remedy.SEND_AGAIN, "It was never sent.")
    return Judgement(Remedy.SEND_AGAIN, "Every attempt ended with a definite no.")


def _undecided(delivery: Delivery, channel: Channel, attempts: Sequence[Attempt]) -> Judgement:
    if delivery.doubt and (channel.reconciles_by in ASKABLE or _is_evident(attempts)):
        return Judgement(Remedy.LOOK_UP, "It is looked up, and sent only if it is not there.")
    return Judgement(
        Remedy.ASK_PERSON, "Nothing can tell whether it is there: somebody must look and answer."
    )


def _under_way(delivery: Delivery) -> Judgement:
    when = "" if delivery.next_at is None else f" at {format_instant(delivery.next_at)}"
    if delivery.status is Status.SENDING and not delivery.parent:
        return Judgement(Remedy.WAIT, f"A worker has it; what became of it is looked up{when}.")
    if delivery.claim is None or delivery.status in (Status.PENDING, Status.RETRYING):
        return Judgement(Remedy.WAIT, f"It is {delivery.status} and goes on by itself{when}.")
    return Judgement(Remedy.TELL_WORKER, "It was claimed: only the first to begin it sends it.")
