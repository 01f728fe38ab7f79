"""The page about the states: what can happen to a delivery, and what follows for its message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import Attempt, Counts, Delivery, DeliveryKey
from chalicelib.domain.messages import UNPUBLISHED, MessageStatus, roll_up
from chalicelib.domain.reports import Fate, Report, weigh
from chalicelib.domain.states import IN_DOUBT_TABLE, PARENT_TABLE, TABLE, Event, Status
from sandbox.docs.data import code, table

Steps = Mapping[tuple[Status, Event], Status]
S, E = Status, Event

STATUSES: Mapping[Status, str] = {
    S.PENDING: "waits for its minute",
    S.QUEUED: "claimed: a worker is on its way to it, or the lease ends and it is claimed again",
    S.SENDING: "written down before the platform is called; from here on it may be public",
    S.RETRYING: "the platform certainly did not publish; it is tried again at `next_attempt_at`",
    S.IN_DOUBT: "the platform may or may not have published; it is asked before anything is sent",
    S.BLOCKED: "the account's credentials are refused; goes on by itself once it is connected anew",
    S.DELIVERED: "the platform has it",
    S.FAILED: "certainly not published, and not tried again without a person",
    S.CANCELLED: "a person stopped it in time",
    S.SKIPPED: "left out for a reason that is nobody's failure: too late, or opted out",
    S.NEEDS_REVIEW: "only a person can tell whether it is there",
    S.UNPUBLISHING: "is being taken back; it may be asked for twice, that does no harm",
    S.DELETED: "was published, then taken back",
}

EVENTS: Mapping[Event, str] = {
    E.CLAIM: "the scheduler, or the request that accepted it, takes the sole right to act on it",
    E.BEGIN: "the worker decides that it will be posted now; never before its minute",
    E.POSTPONE: "it is looked at again later; no attempt is used up",
    E.DELIVERED: "the platform proved to have it: it answered, was asked, or reported it later",
    E.TRANSIENT: "the platform certainly did not publish, and may later",
    E.PERMANENT: "the platform certainly did not publish, and never will as it is",
    E.NO_ANSWER: "sent, but no usable answer came back",
    E.CREDENTIALS: "the platform refuses the account",
    E.EXHAUSTED: "its tries or its time are used up",
    E.LEASE_EXPIRED: "its worker was lost while sending",
    E.UNDECIDABLE: "the platform can't be asked, or does not know",
    E.DISPROVED: "the platform reports that what may have been published came to nothing",
    E.UNBLOCK: "it is time to see whether the account works again",
    E.SKIP: "it is too late by its late policy, or its recipient opted out",
    E.CANCEL: "a person stops it",
    E.EDIT: "a person changes what it says or when; it is bound to the new revision",
    E.RETRY: "a person wants it tried again: `retry`, or the answer `send_it`",
    E.RECHECK: "an operator's replay: the platform is asked anew before a person has to answer",
    E.CONFIRM: "a person saw it on the platform: the answer `it_is_there`",
    E.UNPUBLISH: "a person wants it taken back",
    E.UNPUBLISHED: "the platform has it no more, by its word or a person's: `it_is_gone`",
    E.ROLL_UP: "all recipients are settled",
}

RECIPIENTS = (
    Counts(total=3, needs_review=1, delivered=2),
    Counts(total=3, delivered=1, failed=2),
    Counts(total=3, failed=1, skipped=2),
    Counts(total=3, skipped=1, cancelled=2),
    Counts(total=3, cancelled=3),
    Counts(),
)
"""One example for each way in which recipients decide their parent's outcome."""

INTRODUCTION = """# States: what can happen to a delivery

<!-- Generated from chalicelib/domain/states.py by `make docs`; changes here are lost. -->

A delivery is one message on one channel. These tables are the code's own: a step that is not in
them is refused with `illegal_transition`. What to do where a person is needed is told in
[Resolve doubt](../how-to/resolve-doubt.md).
"""

DOUBT = """## Doubt is sticky

Once an attempt went unanswered, a later "no" says nothing about the earlier attempt. As long as a
delivery is in doubt these steps lead elsewhere. Doubt ends when the platform is found to have the
post, when it certainly has not, when it reports what became of it, or when a person answers.
"""

PARENTS = """## Direct channels: the parent

On a direct channel ({direct}) the delivery that the API shows is the parent of one delivery per
recipient. Each recipient's goes through the table above; the parent has its own, shorter one.
`sending` means here that its recipients are being served.
"""

OUTCOMES = """Once the last recipient is settled, `roll_up` gives the parent the outcome of the
counts. Each row is worked out by the code:
"""

REPORTS = """## What platforms report later

E-mail (SES) and WhatsApp tell by themselves what became of what carried our mark. `delivered`
means that the platform took it over, and stays so: what comes to light afterwards stands in the
delivery's `error`, and those that did not arrive are counted as `returned` among the parent's
recipients. Only doubt becomes `failed`, and only if the report certainly speaks of the one attempt
that may have published. Reports come twice and in any order; the same ones end the same. Why so:
[0008](../decisions/0008-reports-are-evidence.md).
"""

MESSAGES = """## Messages

A message that waits to be accepted is {unpublished}; a manager may have it `rejected`. Once
accepted, its status follows from its deliveries alone. Worked out by the code for these
combinations:
"""


def edges(steps: Steps) -> list[tuple[Status, Status, list[Event]]]:
    """Return source, target and the events between them, in the order of the statuses."""
    order = {status: place for place, status in enumerate(Status)}
    moves = sorted(
        ((source, target, event) for (source, event), target in steps.items()),
        key=lambda move: (order[move[0]], order[move[1]]),
    )
    grouped = groupby(moves, key=lambda move: move[:2])
    return [(source, target, [m[2] for m in found]) for (source, target), found in grouped]


def diagram(steps: Steps, outcomes: Iterable[Status] = ()) -> str:
    """Return a Mermaid diagram; steps that stay where they are stand in the table only.

    `outcomes` are where `roll_up` leads.
    """
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> pending"]
    lines += [
        f"    {source} --> {target} : {', '.join(events)}"
        for source, target, events in edges(steps)
        if source != target
    ]
    lines += [f"    {S.SENDING} --> {status} : {E.ROLL_UP}" for status in sorted(set(outcomes))]
    ends = set(steps.values()) - {source for source, _ in steps}
    lines += [f"    {status} --> [*]" for status in sorted(ends)]
    return "\n".join([*lines, "```", ""])


def step_table(steps: Steps) -> str:
    """Return every step of a table, one row per source and target."""
    rows = [
        (code(source), ", ".join(map(code, events)), "stays" if source == target else code(target))
        for source, target, events in edges(steps)
    ]
    return table(("from", "when", "to"), rows) + "\n"


def render() -> str:
    """Return the page."""
    statuses = [
        (code(status), "yes" if status.is_terminal else "", STATUSES[status]) for status in Status
    ]
    events = [(code(event), EVENTS[event]) for event in Event]
    outcomes = [(_counted(counts), code(counts.outcome)) for counts in RECIPIENTS]
    parts = (
        INTRODUCTION,
        diagram(TABLE),
        "## Statuses\n\nTerminal: nothing more happens by itself.\n",
        table(("status", "terminal", "means"), statuses) + "\n",
        "## Steps\n",
        step_table(TABLE),
        "## What happens\n",
        table(("event", "means"), events) + "\n",
        DOUBT,
        step_table(IN_DOUBT_TABLE),
        PARENTS.format(direct=", ".join(sorted(c.title for c in CHANNELS.values() if c.direct))),
        diagram(PARENT_TABLE, [counts.outcome for counts in RECIPIENTS]),
        step_table(PARENT_TABLE),
        OUTCOMES,
        table(("recipients", "parent"), outcomes) + "\n",
        REPORTS,
        table(("report", "delivery in doubt", "delivered", "recipient"), _reports()) + "\n",
        MESSAGES.format(unpublished=_listed(UNPUBLISHED)),
        table(("deliveries", "message"), _roll_ups()),
        "",
    )
    return "\n".join(parts)


def _listed(statuses: Iterable[MessageStatus]) -> str:
    return " or ".join(code(status) for status in sorted(statuses))


def _counted(counts: Counts) -> str:
    names = ("delivered", "failed", "skipped", "cancelled", "needs_review")
    found = [f"{getattr(counts, name)} {name}" for name in names if getattr(counts, name)]
    return ", ".join(found) or "nobody to write to"


def _reports() -> list[tuple[str, ...]]:
    """Return what the code makes of each report that something came back, or did not."""
    return [
        (
            code(fate),
            _reported(fate, _delivery(S.IN_DOUBT)),
            _reported(fate, _delivery(S.DELIVERED)),
            "is not written to any more" if fate.opts_out or fate is Fate.NO_SUCH_ADDRESS else "",
        )
        for fate in Fate
    ]


def _reported(fate: Fate, delivery: Delivery) -> str:
    attempt = Attempt(delivery.key, 1, 1, delivery.due_at, "claim", "digest")
    change = weigh(delivery, [attempt], 1, Report("mark", fate, "id"), delivery.due_at)
    if change is None:
        return "stays"
    problem = change.delivery.problem
    return code(change.delivery.status) + (f", {code(problem.code)}" if problem else "")


def _roll_ups() -> list[tuple[str, str]]:
    cases: Sequence[Sequence[Delivery]] = (
        [_delivery(S.PENDING), _delivery(S.PENDING)],
        *(
            [_delivery(status), _delivery(S.DELIVERED)]
            for status in Status
            if not status.is_terminal
        ),
        [_delivery(S.NEEDS_REVIEW), _delivery(S.DELIVERED)],
        [_delivery(S.NEEDS_REVIEW), _delivery(S.FAILED)],
        [_delivery(S.DELIVERED), _delivery(S.DELIVERED)],
        [_delivery(S.DELIVERED, Counts(total=3, delivered=2, failed=1))],
        *(
            [_delivery(S.DELIVERED), _delivery(status)]
            for status in (S.FAILED, S.SKIPPED, S.CANCELLED, S.DELETED)
        ),
        [_delivery(S.CANCELLED), _delivery(S.CANCELLED)],
        [_delivery(S.FAILED), _delivery(S.FAILED)],
        [_delivery(S.FAILED), _delivery(S.CANCELLED)],
        [_delivery(S.SKIPPED), _delivery(S.SKIPPED)],
    )
    return [(" and ".join(map(_shown, parts)), code(roll_up(parts))) for parts in cases]


def _shown(delivery: Delivery) -> str:
    counts = delivery.counts
    return code(delivery.status) + (f" ({_counted(counts)})" if counts.total else "")


def _delivery(status: Status, counts: Counts | None = None) -> Delivery:
    key = DeliveryKey("message", ChannelName("channel"))
    due = datetime(2026, 1, 1, tzinfo=UTC)
    return Delivery(key, status, 1, due, parent=counts is not None, counts=counts or Counts())
