"""The page about the table: what stands in it, who finds it how, and why so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chalicelib.repositories import schema
from chalicelib.repositories.patterns import PATTERNS, SHAPES

INTRODUCTION = """# The data: one table

<!-- Generated from chalicelib/repositories by `make docs`; changes here are lost. -->

Every item stands in one DynamoDB table. Ids are UUIDs of version 7, which sort by time.
Instants are fixed-width UTC with milliseconds (`2026-02-05T15:00:00.000Z`) and sort as text;
durations are whole milliseconds. An attribute without a value is left out. The attribute
`commit` names the commit that wrote an item last: when a write of ours stays unanswered,
reading it back tells whether it took effect.
"""

GUARANTEES = """## What the writes promise

- **All or nothing.** Several writes go as one `TransactWriteItems` of at most 100 items. Two
  updates of one item are merged first.
- **One winner.** A message, certification, upload or account changes on condition of the
  `version` that was read; so does every delivery's step. Attempts, audit entries, revisions and
  prepared posts are written only if they are not there.
- **Certain outcomes.** A time-out, lost connection or server fault is followed by a consistent
  read of the marked item. It is sent again at most twice, only if it did not take effect.
  Throttled writes and transactions that met another one wait with full jitter, eight tries at
  most.
- **Counters are added to.** A parent's counters change by `ADD` when a recipient is settled or
  opened again, in the same transaction, without touching the parent's version. A parent is
  closed on condition of the counts that were read.
- **The roll-up never goes back.** A message's stored status is for lists only. It is written on
  condition that no later one is there, in the order of the message's version, then of the sum
  of its deliveries' versions.
- **A dropped channel leaves its counters.** When an edit drops a channel, its delivery is
  emptied, not deleted: version, attempts and audit count remain, so that a worker which still
  holds it can't act on a later delivery of the same name, and no audit entry is overwritten.
- **Nothing expires by itself** but idempotency records: only they carry `ttl`, and whether one
  has expired is decided in code.
"""

DIFFERENCES = (
    (
        "due index in one partition, `STATUS#scheduled`",
        "sixteen, `STATUS#scheduled#00` … `15`, by a hash of the delivery",
        "every accept, claim and settle writes to it; a partition takes 1,000 writes a second",
    ),
    (
        "due index on messages",
        "on deliveries, by `next_at`, while they are open",
        "each channel waits, retries and fails on its own; a claim moves the entry and never "
        "removes it, so nothing is forgotten",
    ),
    (
        "a certification's channel states on the certification",
        "read through its message",
        "one ledger, not two that can disagree",
    ),
    (
        "no list of everyone's messages",
        "`GSI2`: `MONTH#<yyyy-mm>` / `<due_at>#<message>`",
        "the managers' calendar",
    ),
    (
        "no list of months",
        "`CALENDAR` / `MONTH#<yyyy-mm>`",
        "a message may be due years ahead: the months that hold one are listed, not walked",
    ),
    (
        "only waiting certifications in `GSI2`",
        "all of them, one partition a status",
        "everyone's certifications, of one status or merged from all",
    ),
    (
        "attempts and audit entries by channel",
        "a recipient's carry its opaque id before the number",
        "a channel may have a thousand recipients",
    ),
    (
        "the projection of the indexes is open",
        "`GSI1` whole items, `GSI2` keys only",
        "own lists take one request; the due index only says where to look, a step that leaves "
        "`next_at` alone does not rewrite it, and what it leads to is read consistently",
    ),
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(text: str) -> str:
    """Return text as Markdown code; braces become angle brackets."""
    return f"`{text.replace('{', '<').replace('}', '>')}`" if text else ""


def render() -> str:
    """Return the page."""
    shapes = [
        (shape.name, code(shape.key), code(shape.gsi1), code(shape.gsi2), shape.note)
        for shape in SHAPES
    ]
    indexes = [
        (name, " / ".join(map(code, schema.INDEXES[name])), projection)
        for name, projection in schema.PROJECTIONS.items()
    ]
    patterns = [
        (pattern.name, code(pattern.calls), "<br>".join(map(code, pattern.requests)))
        for pattern in PATTERNS
    ]
    parts = (
        INTRODUCTION,
        "## Items\n",
        table(("item", "`PK` / `SK`", "`GSI1`", "`GSI2`", "to know"), shapes) + "\n",
        "## Indexes\n\nThe table is billed by request; "
        f"`{schema.TTL}` is its time to live. The due index has {schema.SHARDS} shards.\n",
        table(("index", "keys", "projection"), indexes) + "\n",
        "## Access patterns\n\nEach is one test that compares what is really sent. `Put`, `Update` "
        "and `Delete` alone are single conditional writes.\n",
        table(("what", "call", "requests"), patterns) + "\n",
        GUARANTEES,
        "## Where this differs from the specification, and why\n",
        table(("specification", "here", "why"), DIFFERENCES) + "\n",
    )
    return "\n".join(parts)
