"""Replays: lists, explains and drives again what came to a halt, for an operator.

What came to a halt is found in two places: stream records that the failure destination keeps, and
deliveries that ended badly, by their message's due time. Every replay goes through the state table
and through begin-attempt, so that a delivery that goes on meanwhile, or is replayed twice at once,
is sent once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.channels import Channel, ChannelName
from chalicelib.domain.deliveries import Attempt, Delivery, DeliveryKey
from chalicelib.domain.errors import LostRace
from chalicelib.domain.ports import (
    Clock,
    FailureDestination,
    Filter,
    Messages,
    PutAside,
    Telemetry,
)
from chalicelib.domain.recall import was_stopped
from chalicelib.domain.replays import Judgement, Remedy, judge
from chalicelib.domain.states import Status
from chalicelib.services.hinting import Hinting
from chalicelib.services.paging import all_of
from chalicelib.services.restarting import Restarting

OPERATOR = "operator"
HALTED = frozenset({Status.FAILED, Status.NEEDS_REVIEW})
"""What is looked for unless statuses are named."""
EVENT = "replayed"


class Source(StrEnum):
    """Where a finding comes from."""

    STREAM = "stream"
    LEDGER = "ledger"


class Outcome(StrEnum):
    """What became of a finding when it was driven again."""

    DONE = "done"
    MOVED_ON = "moved_on"
    """Somebody else moved the delivery at the same time: look again."""
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which findings are wanted; instants are both inclusive."""

    since: datetime
    until: datetime
    channels: frozenset[ChannelName] = frozenset()
    """Empty: all."""
    statuses: frozenset[Status] = frozenset()
    """Empty: every delivery whose record was put aside, and whatever is `HALTED`."""
    message_id: str | None = None
    limit: int = 500

    @property
    def is_open(self) -> bool:
        """Return whether records are wanted that name no delivery."""
        return not (self.channels or self.statuses or self.message_id)

    def wants(self, key: DeliveryKey) -> bool:
        """Return whether a delivery of this key may be wanted."""
        if self.message_id is not None and key.message_id != self.message_id:
            return False
        return not self.channels or key.channel in self.channels


@dataclass(frozen=True, slots=True)
class Finding:
    """A delivery that came to a halt, and what a replay does about it."""

    key: DeliveryKey | None
    """None where a record can't be read."""
    source: Source
    found_at: datetime
    """When its record was put aside, or when it was due."""
    reason: str
    judgement: Judgement
    delivery: Delivery | None = None
    attempts: Sequence[Attempt] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found; `more` says that the limit left something out."""

    items: Sequence[Finding]
    more: bool = False
    covered: Mapping[str, Sequence[DeliveryKey]] = field(default_factory=dict)
    """Objects of the failure destination with nothing in them that is not among the findings."""


@dataclass(frozen=True, slots=True)
class Redriven:
    """What became of findings, in their order; those after a deadline are not in it."""

    outcomes: Sequence[tuple[Finding, Outcome]]

    @property
    def settled(self) -> frozenset[DeliveryKey]:
        """Return what needs no other look."""
        return frozenset(
            finding.key
            for finding, outcome in self.outcomes
            if finding.key is not None and outcome is not Outcome.MOVED_ON
        )


SENDS = frozenset({Remedy.SEND_AGAIN, Remedy.LOOK_UP})
STOPPED = Judgement(
    Remedy.NOTHING,
    "Its message was cancelled: whoever wants it sent all the same retries it there.",
)
UNREADABLE = Judgement(Remedy.NOTHING, "The record names no delivery; it stays until it expires.")


class Replaying:
    """Finds what came to a halt and drives it again."""

    def __init__(
        self,
        *,
        channels: Mapping[ChannelName, Channel],
        messages: Messages,
        failures: FailureDestination,
        restarting: Restarting,
        hinting: Hinting,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._channels = channels
        self._messages = messages
        self._failures = failures
        self._restarting = restarting
        self._hinting = hinting
        self._clock = clock
        self._telemetry = telemetry

    # --- finding ------------------------------------------------------------------------------

    def find(self, selection: Selection) -> Findings:
        """Return what came to a halt, what was put aside first. Changes nothing."""
        found: dict[DeliveryKey | str, Finding] = {}
        covered: dict[str, Sequence[DeliveryKey]] = {}
        for ref, finding in self._all(selection, covered):
            place = finding.key or ref
            if place not in found and len(found) == selection.limit:
                inside = {key for key in found if isinstance(key, DeliveryKey)}
                whole = {ref: keys for ref, keys in covered.items() if inside.issuperset(keys)}
                return Findings(tuple(found.values()), more=True, covered=whole)
            found.setdefault(place, finding)
        return Findings(tuple(found.values()), covered=covered)

    def _all(
        self, selection: Selection, covered: dict[str, Sequence[DeliveryKey]]
    ) -> Iterator[tuple[str, Finding]]:
        for put_aside in self._failures.put_aside(selection.since, selection.until):
            inside = [self._recorded(hint.key, put_aside) for hint in put_aside.hints]
            wanted = [finding for finding in inside if _is_wanted(finding, selection)]
            if len(wanted) == len(inside) and not put_aside.unreadable:
                covered[put_aside.ref] = [hint.key for hint in put_aside.hints]
            if put_aside.unreadable and selection.is_open:
                yield put_aside.ref, _unreadable(put_aside)
            yield from ((put_aside.ref, finding) for finding in wanted)
        for delivery in self._halted(selection):
            reason = delivery.problem.code if delivery.problem else str(delivery.status)
            yield "", self._finding(delivery, Source.LEDGER, delivery.due_at, reason)

    def _recorded(self, key: DeliveryKey, put_aside: PutAside) -> Finding:
        delivery = self._messages.delivery(key)
        if delivery is None:
            judgement = judge(None, None, ())
            return Finding(key, Source.STREAM, put_aside.at, put_aside.reason, judgement)
        return self._finding(delivery, Source.STREAM, put_aside.at, put_aside.reason)

    def _finding(self, delivery: Delivery, source: Source, at: datetime, reason: str) -> Finding:
        key = delivery.key
        attempts = self._messages.attempts(key) if delivery.attempts else ()
        judgement = judge(delivery, self._channels.get(key.channel), attempts)
        if judgement.remedy in SENDS and self._was_stopped(key.message_id):
            judgement = STOPPED
        return Finding(key, source, at, reason, judgement, delivery, attempts)

    def _was_stopped(self, message_id: str) -> bool:
        snapshot = self._messages.get(message_id)
        return snapshot is not None and was_stopped(snapshot.deliveries)

    def _halted(self, selection: Selection) -> Iterator[Delivery]:
        for message_id in self._messages_of(selection):
            snapshot = self._messages.get(message_id)
            for delivery in snapshot.deliveries if snapshot else ():
                if selection.wants(delivery.key):
                    yield from self._parts(delivery, selection.statuses or HALTED)

    def _messages_of(self, selection: Selection) -> Iterator[str]:
        if selection.message_id is not None:
            yield selection.message_id
            return
        wanted = Filter(since=selection.since, until=selection.until)
        listed = all_of(lambda cursor: self._messages.calendar(wanted, 100, cursor))
        yield from (message.id for message in listed)

    def _parts(self, delivery: Delivery, statuses: frozenset[Status]) -> Iterator[Delivery]:
        """Yield a delivery, or of a parent's recipients those that are wanted."""
        if delivery.parent and delivery.counts.total:
            rows = self._restarting.recipients(delivery.key)
            yield from (row for row in rows if row.status in statuses)
        elif delivery.status in statuses:
            yield delivery

    # --- driving again ------------------------------------------------------------------------

    def redrive(self, findings: Findings, deadline: datetime | None = None) -> Redriven:
        """Do for each finding what its judgement says.

        What was put aside and is settled by that is listed no more. What is left at `deadline` can
        be found again.
        """
        outcomes: list[tuple[Finding, Outcome]] = []
        for finding in findings.items:
            if deadline is not None and self._clock.now() >= deadline:
                break
            outcomes.append((finding, self._redrive(finding)))
        redriven = Redriven(outcomes)
        for ref, keys in findings.covered.items():
            if redriven.settled.issuperset(keys):
                self._failures.done_with(ref)
        return redriven

    def _redrive(self, finding: Finding) -> Outcome:
        remedy, delivery = finding.judgement.remedy, finding.delivery
        if delivery is None or not remedy.acts:
            return Outcome.LEFT
        told: Sequence[Delivery] = [delivery]
        if remedy is not Remedy.TELL_WORKER:
            looks = remedy is Remedy.LOOK_UP
            step = self._restarting.look_up if looks else self._restarting.send_again
            try:
                told = self._restarting.take([delivery], step, EVENT, OPERATOR)
            except LostRace:
                return Outcome.MOVED_ON
        self._hinting.tell([part for part in told if part.claim])
        self._telemetry.event("replayed", delivery=str(delivery.key), remedy=remedy)
        return Outcome.DONE


def _is_wanted(finding: Finding, selection: Selection) -> bool:
    if finding.key is None or not selection.wants(finding.key):
        return False
    status = finding.delivery.status if finding.delivery else None
    return not selection.statuses or status in selection.statuses


def _unreadable(put_aside: PutAside) -> Finding:
    return Finding(None, Source.STREAM, put_aside.at, put_aside.reason, UNREADABLE)
