"""Each step of a delivery as a pure function from one value to the next.

Every step returns a new value with `version + 1`; a repository stores it on condition that the
version read is still the stored one. That condition is what makes begin-attempt the one point that
decides "will be posted".
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from chalicelib.domain.channels import Receipt
from chalicelib.domain.deliveries import Delivery, Policy, Problem
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    ContentRejected,
    CredentialsRejected,
    IllegalTransition,
    Permanent,
    RateLimited,
    Transient,
    UnsupportedContent,
)
from chalicelib.domain.states import Event, Status, step

S, E = Status, Event
CONTENT_ERRORS = (ContentRejected, UnsupportedContent)


def _moved(delivery: Delivery, event: Event, **changes: object) -> Delivery:
    status = step(delivery.status, event, doubt=delivery.doubt, parent=delivery.parent)
    fields: dict[str, object] = {"status": status, "version": delivery.version + 1, **changes}
    if status.is_terminal:
        fields |= {"next_at": None, "claim": None}
    return replace(delivery, **fields)  # type: ignore[arg-type] # names are this module's own


def claim(delivery: Delivery, now: datetime, policy: Policy, claim_id: str) -> Delivery:
    """Take the sole right to act on a due delivery until the lease ends.

    A delivery found ``sending`` lost its worker: that is doubt, not a new try.
    """
    lease = {"claim": claim_id, "next_at": now + policy.queue_lease}
    if delivery.status is S.SENDING and not delivery.parent:
        since = delivery.doubt_since or now
        return _moved(delivery, E.LEASE_EXPIRED, doubt=True, doubt_since=since, **lease)
    if delivery.status is S.BLOCKED:
        return _moved(delivery, E.UNBLOCK, **lease)
    return _moved(delivery, E.CLAIM, **lease)


def begin(delivery: Delivery, now: datetime, policy: Policy) -> Delivery:
    """Decide that it will be posted now: written before the platform is called.

    Never early: `IllegalTransition` before `due_at`.
    """
    if now < delivery.due_at:
        raise IllegalTransition("This delivery is not due yet.")
    return _begun(delivery, now, policy)


def _begun(delivery: Delivery, now: datetime, policy: Policy) -> Delivery:
    number = delivery.attempts + 1
    return _moved(
        delivery,
        E.BEGIN,
        attempts=number,
        claim=f"{delivery.claim}/{number}",
        next_at=now + policy.attempt_lease,
    )


def is_too_late(delivery: Delivery, now: datetime) -> bool:
    """Return whether the author would rather not have it published any more."""
    return delivery.late_after is not None and now > delivery.due_at + delivery.late_after


TOO_LATE = Problem(
    "too_late",
    "Too late to publish",
    "Its minute had passed by more than the late policy allows.",
    retryable=True,
    remedy="Retry this channel to publish it all the same.",
)
OPTED_OUT = Problem(
    "opted_out",
    "This person opted out",
    "They no longer want to be written to on this channel.",
    retryable=False,
    remedy="Nothing to do: their wish is respected.",
)
NO_RECIPIENTS = Problem(
    "no_recipients",
    "Nobody to write to",
    "This channel has no opted-in recipients.",
    retryable=True,
    remedy="Add recipients who agreed, then retry this channel.",
)

STILL_THERE = Problem(
    "needs_review",
    "Is it still there?",
    "The platform did not say whether it deleted the post.",
    retryable=False,
    remedy="Look on the platform. If it is there, answer “it is there” and take it back again; if "
    "not, answer “it is gone”.",
)
NOT_TAKEN_BACK = Problem(
    "not_taken_back",
    "It is still there",
    "The platform was asked to delete the post, and still shows it.",
    retryable=False,
    remedy="Delete it again, here or on the platform.",
)


def skip(delivery: Delivery, problem: Problem) -> Delivery:
    """Leave out a delivery for a reason that is nobody's failure."""
    return _moved(delivery, E.SKIP, problem=problem)


def postpone(delivery: Delivery, until: datetime) -> Delivery:
    """Look at it again later; burns no attempt. Stream records of the old claim become no-ops."""
    return _moved(delivery, E.POSTPONE, next_at=until, claim=None)


def settle(delivery: Delivery, receipt: Receipt, now: datetime) -> Delivery:
    """Record the platform's proof."""
    return _moved(
        delivery,
        E.DELIVERED,
        receipt=receipt,
        delivered_at=now,
        doubt=False,
        problem=None,
    )


def settle_error(
    delivery: Delivery,
    error: ChannelError,
    now: datetime,
    policy: Policy,
    settle_time: timedelta,
    random: Random,
) -> Delivery:
    """Record what a platform's refusal or silence means for this delivery."""
    fields: dict[str, object] = {
        "problem": _problem(delivery, error),
    }
    look_up_at = now + settle_time
    doubt = {"doubt": True, "doubt_since": delivery.doubt_since or now, "next_at": look_up_at}
    if isinstance(error, Ambiguous):
        return _moved(delivery, E.NO_ANSWER, **fields, **doubt)
    if isinstance(error, CredentialsRejected):
        again = look_up_at if delivery.doubt else now + policy.blocked_recheck
        return _moved(delivery, E.CREDENTIALS, next_at=again, **fields)
    if isinstance(error, Transient):
        if policy.retry.is_exhausted(delivery.tries, delivery.due_at, now):
            return _moved(delivery, E.EXHAUSTED, **fields)
        failures = delivery.failures + 1
        wish = error.retry_after if isinstance(error, RateLimited) else None
        again = now + policy.retry.wait(failures, random, wish)
        return _moved(delivery, E.TRANSIENT, failures=failures, next_at=again, **fields)
    return _moved(delivery, E.PERMANENT, next_at=look_up_at, **fields)


def refuse(delivery: Delivery, error: ChannelError) -> Delivery:
    """Fail a queued delivery that can't even be prepared: nothing was ever sent."""
    return _moved(delivery, E.PERMANENT, problem=_problem(delivery, error))


def _problem(delivery: Delivery, error: ChannelError) -> Problem:
    """Return the public face of an error: what recipients are offered can't be edited."""
    problem = Problem.of(error)
    if delivery.key.recipient_id is None or not isinstance(error, CONTENT_ERRORS):
        return problem
    return replace(problem, remedy="Write to them in a new message: this one's text is settled.")


def block(
    delivery: Delivery, error: CredentialsRejected, now: datetime, policy: Policy
) -> Delivery:
    """Hold a delivery back while the account's credentials are refused."""
    return _moved(
        delivery,
        E.CREDENTIALS,
        next_at=now + policy.blocked_recheck,
        problem=Problem.of(error),
        claim=None,
    )


def look_again(delivery: Delivery, at: datetime) -> Delivery:
    """Note a look-up that could not tell; look again at `at`."""
    return replace(postpone(delivery, at), lookups=delivery.lookups + 1)


def ask_person(delivery: Delivery) -> Delivery:
    """Hand the question to a person: nothing else can decide it."""
    problem = Problem(
        "needs_review",
        "Is it there?",
        "The platform did not answer and can't be asked whether it published this.",
        retryable=False,
        remedy="Look on the platform, then answer “it is there” or “send it”.",
    )
    return _moved(delivery, E.UNDECIDABLE, problem=problem)


def disprove(delivery: Delivery, problem: Problem) -> Delivery:
    """End doubt: the platform reports that what was sent came to nothing."""
    return _moved(delivery, E.DISPROVED, doubt=False, doubt_since=None, problem=problem)


def trouble(delivery: Delivery, problem: Problem) -> Delivery:
    """Note what came to light after the end; it changes nothing else."""
    return replace(delivery, problem=problem, version=delivery.version + 1)


def absent(delivery: Delivery) -> Delivery:
    """Clear the doubt: the platform certainly has not got it. `begin` or `give_up` must follow."""
    return replace(delivery, doubt=False, doubt_since=None, version=delivery.version + 1)


def give_up(delivery: Delivery) -> Delivery:
    """End a delivery that has used up its tries."""
    return _moved(delivery, E.EXHAUSTED)


def with_handle(delivery: Delivery, handle: str) -> Delivery:
    """Remember a two-phase platform's handle while sending."""
    return replace(delivery, handle=handle, version=delivery.version + 1)


def grown(delivery: Delivery, recipients: int, cursor: str | None) -> Delivery:
    """Note that `recipients` more rows were made for a parent, the last one's id being `cursor`."""
    counts = replace(delivery.counts, total=delivery.counts.total + recipients)
    return replace(delivery, counts=counts, cursor=cursor, version=delivery.version + 1)


def expanded(delivery: Delivery, again_at: datetime) -> Delivery:
    """Note that a parent has a row for every recipient; look at it again at `again_at`."""
    problem = NO_RECIPIENTS if not delivery.counts.total else None
    return replace(
        delivery,
        expanded=True,
        next_at=again_at,
        problem=problem,
        version=delivery.version + 1,
    )


def cut_short(delivery: Delivery) -> Delivery:
    """Give no more recipients to a parent that is served; without any yet it is cancelled."""
    if delivery.counts.total:
        return replace(delivery, expanded=True, version=delivery.version + 1)
    return replace(
        delivery, status=S.CANCELLED, next_at=None, claim=None, version=delivery.version + 1
    )


def reopen(delivery: Delivery, now: datetime, policy: Policy, claim_id: str) -> Delivery:
    """Open a closed parent again because a recipient of it is served once more."""
    return _moved(
        delivery,
        E.RETRY,
        next_at=now + policy.queue_lease,
        claim=claim_id,
        problem=None,
        delivered_at=None,
    )


def cancel(delivery: Delivery) -> Delivery:
    """Stop it for good; `IllegalTransition` once a platform call may be under way."""
    return _moved(delivery, E.CANCEL)


def edit(delivery: Delivery, revision: int, due_at: datetime, late: timedelta | None) -> Delivery:
    """Bind it to a new revision and time; records of the old claim become no-ops.

    A parent that had nobody to write to looks for recipients anew; one whose recipients were
    offered the old revision is beyond an edit: `IllegalTransition`.
    """
    if delivery.counts.total:
        raise IllegalTransition("Its recipients were offered an earlier revision.")
    return _moved(
        delivery,
        E.EDIT,
        revision=revision,
        due_at=due_at,
        next_at=due_at,
        late_after=late,
        claim=None,
        forgiven=delivery.attempts,
        failures=0,
        cursor=None,
        expanded=False,
        handle=None,
        problem=None,
    )


def retry(delivery: Delivery, now: datetime, policy: Policy, claim_id: str) -> Delivery:
    """Try again because a person says so: whatever was in doubt, they have decided to send.

    Its minute is now. A parent that had nobody to write to looks for recipients anew.
    """
    return _moved(
        delivery,
        E.RETRY,
        due_at=now,
        next_at=now + policy.queue_lease,
        claim=claim_id,
        forgiven=delivery.attempts,
        failures=0,
        cursor=delivery.cursor if delivery.counts.total else None,
        expanded=delivery.expanded and delivery.counts.total > 0,
        lookups=0,
        doubt=False,
        doubt_since=None,
        handle=None,
        late_after=None,
        problem=None,
    )


def recheck(delivery: Delivery, now: datetime, policy: Policy, claim_id: str) -> Delivery:
    """Have it looked up anew before a person has to answer; it stays in doubt."""
    return _moved(
        delivery,
        E.RECHECK,
        claim=claim_id,
        next_at=now + policy.queue_lease,
        lookups=0,
    )


def forget(
    delivery: Delivery, now: datetime, policy: Policy, claim_id: str, problem: Problem
) -> tuple[Delivery, Delivery]:
    """Doubt an open delivery whose later steps are lost, as if its worker had died.

    Return it as it may have been begun, which is one more attempt, and as it is in doubt.
    """
    begun = _begun(claim(delivery, now, policy, claim_id), now, policy)
    doubted = claim(begun, now, policy, claim_id)
    changes = {"claim": None, "lookups": 0, "problem": problem, "next_at": now}
    return begun, replace(doubted, **changes, version=delivery.version + 1)  # type: ignore[arg-type] # names of its fields


def confirm(delivery: Delivery, now: datetime) -> Delivery:
    """Accept a person's word that the platform has it."""
    return _moved(delivery, E.CONFIRM, delivered_at=now, doubt=False, problem=None)


def unpublish(delivery: Delivery, now: datetime, policy: Policy, claim_id: str) -> Delivery:
    """Have a published post taken back. Asking the platform twice does no harm: no doubt arises."""
    return _moved(
        delivery,
        E.UNPUBLISH,
        claim=claim_id,
        next_at=now + policy.queue_lease,
        forgiven=delivery.attempts,
        failures=0,
        lookups=0,
        problem=None,
    )


def begin_unpublishing(delivery: Delivery, now: datetime, policy: Policy) -> Delivery:
    """Note the attempt to take it back before the platform is asked."""
    return _begun(delivery, now, policy)


def unpublished(delivery: Delivery) -> Delivery:
    """Record that the platform has not got it any more, or a person saw that it is gone."""
    return _moved(delivery, E.UNPUBLISHED, problem=None)


def unpublish_error(
    delivery: Delivery,
    error: ChannelError,
    now: datetime,
    policy: Policy,
    random: Random,
    settle: timedelta,
) -> Delivery:
    """Record what a refusal or silence means for a post that is to be taken back.

    It stays public after a definite no. What gives no answer is asked again and again; after that,
    and after a no to what an earlier try may have deleted, is looked whether it is there: as late
    as a silent try may still have its effect.
    """
    problem = Problem.of(error)
    if isinstance(error, Permanent):
        if delivery.tries > 1:
            return _asked_enough(delivery, now + settle, policy, problem)
        return _moved(delivery, E.PERMANENT, problem=problem)
    if isinstance(error, CredentialsRejected):
        again = now + policy.blocked_recheck
        return _moved(delivery, E.POSTPONE, next_at=again, claim=None, problem=problem)
    failures = delivery.failures + 1
    if failures >= policy.retry.max_attempts:
        return _asked_enough(delivery, now + settle, policy, NOT_TAKEN_BACK)
    wish = error.retry_after if isinstance(error, RateLimited) else None
    again = now + policy.retry.wait(failures, random, wish)
    return _moved(
        delivery, E.POSTPONE, next_at=again, claim=None, failures=failures, problem=problem
    )


def _asked_enough(
    delivery: Delivery, look_at: datetime, policy: Policy, problem: Problem
) -> Delivery:
    failures = policy.retry.max_attempts
    return _moved(
        delivery, E.POSTPONE, next_at=look_at, claim=None, failures=failures, problem=problem
    )


def is_to_be_looked_for(delivery: Delivery, policy: Policy) -> bool:
    """Return whether its deletion was asked for often enough: is the post there, or not?"""
    is_leaving = delivery.status is S.UNPUBLISHING
    return is_leaving and delivery.failures >= policy.retry.max_attempts


def still_there(delivery: Delivery) -> Delivery:
    """Record that the platform still shows what it was asked to delete; its problem says why."""
    return _moved(delivery, E.PERMANENT)


def ask_whether_gone(delivery: Delivery) -> Delivery:
    """Put the question whether a post is still there to a person."""
    return _moved(delivery, E.EXHAUSTED, problem=STILL_THERE)


def roll_up_recipients(delivery: Delivery, now: datetime) -> Delivery:
    """Close a parent whose recipients are all settled; `IllegalTransition` before that."""
    counts = delivery.counts
    if delivery.status is not S.SENDING or not delivery.expanded or counts.settled < counts.total:
        raise IllegalTransition("Some recipients are still being served.")
    outcome = counts.outcome
    return replace(
        delivery,
        status=outcome,
        version=delivery.version + 1,
        next_at=None,
        claim=None,
        delivered_at=now if outcome is S.DELIVERED else None,
    )
