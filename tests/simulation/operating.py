"""Operators: they list what came to a halt, try a replay out, and drive it again.

They do so in the middle of everything, by channel, time or status, some of them at the same time
with the same selection, and again when no answer comes. One looks when all has been calm for long.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.replays import Remedy
from chalicelib.domain.states import Status
from chalicelib.services.replaying import Findings, Outcome, Redriven, Selection
from tests.simulation.chance import Draw
from tests.simulation.hub import MINUTE, SECOND, Process, instant
from tests.simulation.oracle import Span
from tests.simulation.people import OK, Answered, Caller
from tests.simulation.streaming import INVOCATION

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation

NAMES = tuple(f"operator{number}" for number in range(5))
LAST = "operator last"
CALM = 70 * MINUTE
"""When the last one looks: every record has been read or given up on by then."""
BUSY_UNTIL = 55 * MINUTE
MARGIN = timedelta(seconds=5)
READS = frozenset({"table.get", "table.batch_get", "table.query", "failures.read"})
"""All that may be done for somebody who only wants to see what would happen."""
STATUSES = (
    (Status.NEEDS_REVIEW,),
    (Status.FAILED,),
    (Status.SKIPPED, Status.FAILED),
    (Status.QUEUED, Status.SENDING),
    (),
    (),
)
LIMITS = (2, 20, 500, 500)


class Operator(Caller):
    """Somebody who cares for whatever came to a halt, whoever wrote it."""

    def __init__(self, simulation: Simulation, name: str) -> None:
        super().__init__(simulation)
        self._name = name

    def live(self) -> None:
        """Look some moment, and drive it again; perhaps together with a colleague."""
        draw = self._draw("when")
        self.hub.pause(2 * MINUTE + draw[0] * (BUSY_UNTIL - 2 * MINUTE))
        selection = self._selection(self._draw("what"), self._draw("which"))
        thinks = 2 * SECOND + draw[3] ** 3 * MINUTE
        if draw[1] < 0.4:
            name, behind = f"{self._name} twin", draw[2] ** 3 * 3 * SECOND
            self.spawn(name, lambda: self._care(name, selection, thinks + behind))
        self._care(self._name, selection, thinks)

    def finish(self) -> None:
        """Look when all is calm, until nothing that was put aside is left."""
        self.hub.pause(CALM)
        for number in range(5):
            self._care(f"{self._name} {number}", self._everything())
            if not self.simulation.bucket.inbox:
                return
            self.hub.pause(MINUTE)
        kept = ", ".join(self.simulation.bucket.inbox)
        self.simulation.oracle.blame("put_aside", self._name, f"nobody is done with {kept}")

    def _draw(self, label: str) -> Draw:
        return self.simulation.chance.draw(label, self._name)

    # --- what is looked for -------------------------------------------------------------------

    def _everything(self) -> Selection:
        return Selection(instant(-MINUTE), instant(self.hub.now + MINUTE), limit=2000)

    def _selection(self, what: Draw, which: Draw) -> Selection:
        """Return a selection as people make them: of everything, or of some of it."""
        now, names = self.hub.now, tuple(self.simulation.channels)
        since = -MINUTE if what[0] < 0.6 else now - what[1] * 20 * MINUTE
        until = now + MINUTE if what[2] < 0.7 else now - what[3] * 5 * MINUTE
        some = frozenset(ChannelName(which.pick(place, names)) for place in (0, 1, 2))
        many = self._draw("how many")
        return Selection(
            instant(since),
            instant(max(since, until)),
            channels=some if which[3] < 0.25 else frozenset(),
            statuses=frozenset(STATUSES[int(many[0] * len(STATUSES))]),
            limit=LIMITS[int(many[1] * len(LIMITS))],
        )

    # --- what is done -------------------------------------------------------------------------

    def _care(self, name: str, selection: Selection, thinks: float = SECOND) -> None:
        """See what a replay would do, think, and have it done."""
        self._insist(f"{name}.dry", "dry run", lambda: self.simulation.replaying.find(selection))
        self.hub.pause(thinks)
        self._insist(f"{name}.redrive", "operator", lambda: self._redrive(selection))

    def _insist(self, name: str, kind: str, work: Any) -> Answered:
        """Ask until there is an answer."""
        answered = Answered("")
        for number in range(4):
            if number:
                self.hub.pause(5 * SECOND * 2**number)
            answered = self.request(
                f"{name}.{number}", work, kind=kind, life=INVOCATION, on_end=self._look_at
            )
            if answered.how == OK:
                break
        return answered

    def _look_at(self, process: Process) -> None:
        """Judge what was done for somebody who only wanted to look."""
        if process.kind == "dry run" and (did := sorted(process.calls - READS)):
            self.simulation.oracle.blame("dry_run", process.name, f"it does {', '.join(did)}")

    def _redrive(self, selection: Selection) -> Redriven:
        """Do as our function does; tell the judge before anything is done."""
        replaying = self.simulation.replaying
        deadline = self.simulation.clock.now() + timedelta(milliseconds=INVOCATION) - MARGIN
        findings = replaying.find(selection)
        spans = list(self._decided(findings))
        redriven = replaying.redrive(findings, deadline)
        for span in spans:
            span.acked = self.hub.now
        done = sum(outcome is Outcome.DONE for _, outcome in redriven.outcomes)
        self.hub.tell(self._name, f"drives {done} of {len(findings.items)} again")
        return redriven

    def _decided(self, findings: Findings) -> Iterable[Span]:
        """Yield a decision for each channel of which something is set going again."""
        places = {
            (finding.key.message_id.partition(".")[0], str(finding.key.channel))
            for finding in findings.items
            if finding.key and finding.judgement.remedy in (Remedy.SEND_AGAIN, Remedy.LOOK_UP)
        }
        for name, channel in sorted(places):
            span = Span(self.hub.now)
            self.simulation.oracle.wishes[name].decided[channel].append(span)
            yield span
