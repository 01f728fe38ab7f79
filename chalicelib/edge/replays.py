"""A replay as its function is asked for one, and what it answers.

    {"action": "dry_run", "since": "2026-12-01T00:00:00Z", "channels": ["email"]}

``list`` shows what came to a halt, ``explain`` also why and what was tried, ``dry_run`` what a
replay would do, ``redrive`` does it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import Attempt
from chalicelib.domain.errors import Fault, InvalidMessage, PublisherError
from chalicelib.domain.instants import format_instant
from chalicelib.domain.states import Status
from chalicelib.edge import problems
from chalicelib.edge.bodies import Body
from chalicelib.edge.fields import ChannelText, Moment, Surroundings, UploadId
from chalicelib.edge.reading import read
from chalicelib.services.replaying import Finding, Replaying, Selection

USUAL_SPAN = timedelta(days=1)
MOST = 2_000
"""Findings in one answer, so that it stays far below the 6 MB that a Lambda function may answer."""


def _status(value: str) -> str:
    if value not in set(Status):
        detail = f"Choose from: {', '.join(Status)}."
        raise PydanticCustomError("unknown_value", "{detail}", {"detail": detail})
    return value


StatusName = Annotated[str, AfterValidator(_status)]


class ReplayBody(Body):
    """What is asked for. Without `since` it looks a day back, without `until` up to now."""

    action: Literal["list", "explain", "dry_run", "redrive"]
    since: Moment | None = None
    until: Moment | None = None
    channels: list[ChannelText] = Field(default_factory=list)
    statuses: list[StatusName] = Field(default_factory=list)
    message_id: UploadId | None = None
    limit: Annotated[int, Field(ge=1, le=MOST)] = 500


def replay(
    event: Mapping[str, Any],
    replaying: Replaying,
    around: Surroundings,
    deadline: datetime,
) -> Mapping[str, Any]:
    """Answer a request for a replay; ``{"problem": …}`` if it can't be understood or served."""
    try:
        body = _understood(event, around)
        selection = _selection(body, around.now)
        findings = replaying.find(selection)
        if body.action == "redrive":
            redriven = replaying.redrive(findings, deadline)
            rows = [{**_planned(f), "outcome": str(o)} for f, o in redriven.outcomes]
            more = findings.more or len(rows) < len(findings.items)
            return _answer(body, selection, rows, more=more)
        rows = [_ROWS[body.action](finding) for finding in findings.items]
        return _answer(body, selection, rows, more=findings.more)
    except PublisherError as error:
        return {"problem": problems.document(error)}


def _understood(event: Mapping[str, Any], around: Surroundings) -> ReplayBody:
    given = event if isinstance(event, Mapping) else {}
    reading = read(ReplayBody, given, around)
    if reading.body is None or reading.faults:
        raise InvalidMessage(reading.faults)
    return reading.body


def _selection(body: ReplayBody, now: datetime) -> Selection:
    until = body.until or now
    since = body.since or until - USUAL_SPAN
    if since > until:
        detail = "It must not be after `until`."
        raise InvalidMessage([Fault("/since", "out_of_range", detail)])
    return Selection(
        since=since,
        until=until,
        channels=frozenset(ChannelName(name) for name in body.channels),
        statuses=frozenset(Status(name) for name in body.statuses),
        message_id=body.message_id,
        limit=body.limit,
    )


def _answer(
    body: ReplayBody, selection: Selection, rows: list[dict[str, Any]], *, more: bool
) -> Mapping[str, Any]:
    kind = "outcome" if body.action == "redrive" else "remedy"
    counts = Counter(row[kind] for row in rows if kind in row)
    return {
        "action": body.action,
        "since": format_instant(selection.since),
        "until": format_instant(selection.until),
        "found": len(rows),
        "more": more,
        "counts": dict(sorted(counts.items())),
        "items": rows,
    }


def _listed(finding: Finding) -> dict[str, Any]:
    return {
        "message_id": finding.key.message_id if finding.key else None,
        "channel": finding.key.channel if finding.key else None,
        "recipient": finding.key.recipient_id if finding.key else None,
        "status": str(finding.delivery.status) if finding.delivery else None,
        "source": str(finding.source),
        "at": format_instant(finding.found_at),
        "reason": finding.reason,
    }


def _planned(finding: Finding) -> dict[str, Any]:
    judgement = finding.judgement
    return {**_listed(finding), "remedy": str(judgement.remedy), "why": judgement.why}


def _explained(finding: Finding) -> dict[str, Any]:
    problem = finding.delivery.problem if finding.delivery else None
    return {
        **_planned(finding),
        "error": {"code": problem.code, "detail": problem.detail} if problem else None,
        "attempts": [_attempt(attempt) for attempt in finding.attempts],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "started_at": format_instant(attempt.started_at),
        "outcome": attempt.outcome or None,
        "detail": attempt.detail,
        "external_id": attempt.external_id,
        "late": attempt.late,
    }


_ROWS: Mapping[str, Callable[[Finding], dict[str, Any]]] = {
    "list": _listed,
    "explain": _explained,
    "dry_run": _planned,
}
