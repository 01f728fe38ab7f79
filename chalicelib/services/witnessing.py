"""Takes what platforms report of our deliveries as evidence: it settles doubt.

sending          kept on the attempt; its worker, or whoever takes over from it, decides
anything else    one conditional step of the state table, or nothing
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import Attempt, Delivery
from chalicelib.domain.errors import InFlight, LostRace, StoreUnavailable
from chalicelib.domain.ports import Clock, Ids, Messages, Signer, Subscriptions, Telemetry, Unit
from chalicelib.domain.reports import Fate, Report, weigh
from chalicelib.domain.states import Status
from chalicelib.services.marks import Marked, Marks
from chalicelib.services.progress import Progress

PLATFORM = "platform"
"""Who acts, in the timeline."""
TRIES = 5
TELL_AGAIN = "What this is about is being sent right now: tell it again."


class Use(StrEnum):
    """What a report was good for."""

    MOVED = "moved"
    KEPT = "kept"
    NO_NEWS = "no_news"
    NOT_OURS = "not_ours"
    EARLY = "early"
    CRASHED = "crashed"


class Witnessing:
    """Listens to what platforms say about what we sent. Again, or in another order: the same."""

    def __init__(
        self,
        *,
        messages: Messages,
        subscriptions: Subscriptions,
        progress: Progress,
        unit: Unit,
        signer: Signer,
        clock: Clock,
        ids: Ids,
        telemetry: Telemetry,
    ) -> None:
        self._messages = messages
        self._subscriptions = subscriptions
        self._progress = progress
        self._unit = unit
        self._marks = Marks(signer)
        self._clock = clock
        self._ids = ids
        self._telemetry = telemetry

    def take(self, channel: ChannelName, reports: Sequence[Report]) -> None:
        """Let each report settle what it can; one that nobody understands harms no other.

        Raises `InFlight` in the end if some have to come again, because what they speak of is being
        sent this moment; `StoreUnavailable` if all have to.
        """
        uses = Counter(self._used(channel, report).value for report in reports)
        for use, count in uses.items():
            self._telemetry.count("Reports", count, channel=channel, use=use)
        if uses[Use.EARLY.value]:
            raise InFlight([channel], TELL_AGAIN)

    def _used(self, channel: ChannelName, report: Report) -> Use:
        try:
            marked = self._marks.read(report.mark)
            if marked is None or marked.key.channel != channel:
                return Use.NOT_OURS
            self._respect(marked, report)
            return self._applied(marked, report)
        except StoreUnavailable:
            raise
        except Exception as error:
            self._telemetry.failure("report_crashed", error)
            return Use.CRASHED

    def _respect(self, marked: Marked, report: Report) -> None:
        """Write no more to whoever does not want it, or is not there."""
        person, now = marked.key.recipient_id, self._clock.now()
        if person is None:
            return
        channel, at = marked.key.channel, min(report.at or now, now)
        if report.fate.opts_out:
            self._subscriptions.opt_out(channel, person, at)
            self._telemetry.event("opted_out", channel=channel, recipient=person)
        if report.fate is Fate.NO_SUCH_ADDRESS:
            self._subscriptions.mark_undeliverable(channel, person, at)
            self._telemetry.event("undeliverable", channel=channel, recipient=person)

    def _applied(self, marked: Marked, report: Report) -> Use:
        for _ in range(TRIES):
            delivery = self._messages.delivery(marked.key)
            if delivery is None or delivery.parent or delivery.revision != marked.revision:
                return Use.NOT_OURS
            try:
                return self._weighed(delivery, marked.attempt, report)
            except LostRace:
                continue
        return Use.EARLY

    def _weighed(self, delivery: Delivery, number: int, report: Report) -> Use:
        is_settled = delivery.status is Status.DELIVERED
        attempts = () if is_settled else self._messages.attempts(delivery.key)
        if delivery.status is Status.SENDING:
            return self._kept(attempts, number, report)
        change = weigh(delivery, attempts, number, report, self._clock.now())
        if change is None:
            return self._noticed(delivery, number, report)
        key, after = delivery.key, change.delivery
        if key.recipient_id and delivery.status.is_terminal and after.status != delivery.status:
            parent = replace(key, recipient_id=None)
            self._progress.reopen(parent, self._ids.new(), PLATFORM)
        event = f"reported_{report.fate}"
        self._progress.move(delivery, after, event, actor=PLATFORM, attempt=change.attempt)
        return Use.MOVED

    def _noticed(self, delivery: Delivery, number: int, report: Report) -> Use:
        """Keep the proof of another post than the one that is known, so that both can be deleted.

        That happens where a platform took what it refused, or what went unanswered was sent again.
        """
        receipt = delivery.receipt if delivery.status is Status.DELIVERED else None
        is_other = receipt is not None and report.external_id not in ("", receipt.external_id)
        if not (is_other and report.fate.proves_taken):
            return Use.NO_NEWS
        attempts = self._messages.attempts(delivery.key)
        tried = next((one for one in attempts if one.number == number), None)
        if tried is None or tried.refuted or tried.proof is not None:
            return Use.NO_NEWS
        self._unit.commit(self._messages.proving(tried, report.external_id))
        return Use.KEPT

    def _kept(self, attempts: Sequence[Attempt], number: int, report: Report) -> Use:
        """Keep a proof of the attempt under way; what else there is to say has to come again."""
        tried = next((one for one in attempts if one.number == number), None)
        if tried is not None and tried.refuted:
            return Use.NO_NEWS  # it came to nothing, and was sent once more
        if tried is None or not report.fate.proves_taken:
            return Use.EARLY
        self._unit.commit(self._messages.proving(tried, report.external_id))
        is_enough = report.fate is Fate.TAKEN and tried is attempts[-1]
        return Use.KEPT if is_enough else Use.EARLY
