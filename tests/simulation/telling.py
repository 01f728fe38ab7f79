"""What platforms tell of a post by themselves: soon or late, once or twice, in any order or never.

    sent back     the post was handed over, and something came back
    undelivered   it came to nothing after all: nobody ever sees it
    unnoticed     … and for long nothing at all is told of it
    denied        it was refused, is there all the same, and only a report tells so
    foreign       what another stage sent carries a mark that our key did not sign

A report that is not taken in is told again for a while, as real platforms do.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from chalicelib.domain.channels import Channel, Reconcilability
from chalicelib.domain.errors import InFlight, StoreUnavailable
from chalicelib.domain.inbound import News
from chalicelib.domain.reports import Fate, Report
from tests.simulation.chance import Draw
from tests.simulation.hub import MINUTE, SECOND, Process, instant
from tests.simulation.outside import Live

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation

REQUEST = 29 * SECOND
TRIES = 14
"""How often one report is told: over about half an hour."""
PUNCTUAL, LATEST = 40 * SECOND, 25 * MINUTE
UNNOTICED = 15 * MINUTE
"""How long it takes at least until a failure is told that nobody noticed at once."""


class Telling:
    """The platforms that tell what became of a post, as their webhooks and topics do."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._told: Counter[str] = Counter()

    def watch(self, post: Live) -> None:
        """Decide what becomes of a post, and what its platform will say of it."""
        if not tells(self._simulation.channels[post.channel]):
            return
        who, at = post.call.who, post.shown_at
        kind = "fate of denied" if post.call.is_denied else "fate"
        fate, draw = self._simulation.chance.strike(kind, who, self._simulation.hub.now)
        if fate == "unnoticed":
            self._simulation.hub.plan(at + SECOND, lambda: self._fail(post))
            late = at + draw.between(1, UNNOTICED, LATEST)
            self._plan(post, Report(post.mark, Fate.NOT_DELIVERED, post.id, instant(at)), late)
            return
        # What was refused is not looked at at once.
        soonest = at + draw[3] ** 2 * MINUTE if post.call.is_denied else at + 20
        self._tell(post, Fate.TAKEN, soonest, draw[1])
        if fate == "returned":
            self._tell(post, Fate.RETURNED, at + SECOND, draw[2])
        if fate == "undelivered":
            fails_at = int(at + SECOND + draw[3] * MINUTE)
            self._simulation.hub.plan(fails_at, lambda: self._fail(post))
            self._tell(post, Fate.NOT_DELIVERED, fails_at, draw[2])
        if fate == "foreign":
            told = Fate.NOT_DELIVERED if draw[3] < 0.5 else Fate.TAKEN
            mark = f"{post.mark.partition('-')[0]}-0123456789"
            self._plan(post, Report(mark, told, f"foreign {post.id}"), at + draw[2] * PUNCTUAL)

    def _fail(self, post: Live) -> None:
        post.failed_at = self._simulation.hub.now
        self._simulation.platforms.take_down(post)

    def _tell(self, post: Live, fate: Fate, soonest: float, part: float) -> None:
        """Have a report told, unless it is lost, and perhaps not only once."""
        simulation, who = self._simulation, post.call.who
        is_again = who in simulation.platforms.denied and not post.call.is_denied
        kind = "report again" if is_again else "report"
        fault, draw = simulation.chance.strike(kind, who, simulation.hub.now)
        if fault == "lost":
            return
        report = Report(post.mark, fate, post.id, instant(int(soonest)))
        for at in _moments(fault, draw, soonest, part):
            self._plan(post, report, at)

    def _plan(self, post: Live, report: Report, at: float, tries: int = 0) -> None:
        who = post.call.who
        number = self._told[who]
        self._told[who] += 1
        self._simulation.hub.plan(at, lambda: self._say(post, report, number, tries))

    def _say(self, post: Live, report: Report, number: int, tries: int) -> None:
        """Call our program with a report."""
        simulation, who = self._simulation, post.call.who
        name, news = f"report {who}.{number}", News(reports=(report,))
        simulation.hub.tell(who, f"{post.channel} reports {report.external_id}: {report.fate}")
        simulation.oracle.report_begins(post)
        simulation.hub.start(
            "report",
            name,
            lambda: simulation.listening.take(post.channel, news),
            skew=simulation.skew(name),
            life=REQUEST,
            on_end=lambda process: self._said(process, post, report, tries),
        )

    def _said(self, process: Process, post: Live, report: Report, tries: int) -> None:
        """Tell it again later, if it was not taken in."""
        simulation = self._simulation
        simulation.oracle.report_ends(post)
        if (
            process.is_dead
            or process.is_given_up
            or isinstance(process.error, InFlight | StoreUnavailable)
        ):
            if tries < TRIES:
                wait = min(5 * MINUTE, SECOND * 2**tries)
                self._plan(post, report, simulation.hub.now + wait, tries + 1)
        elif process.error is not None:
            told = f"{type(process.error)}: {process.error}"
            simulation.oracle.blame("crashed", process.name, told)
        elif report.fate is Fate.NOT_DELIVERED and report.mark == post.mark:
            post.failure_told_at = post.failure_told_at or simulation.hub.now


def tells(channel: Channel) -> bool:
    """Return whether a platform tells by itself what became of a post."""
    return channel.reconciles_by is Reconcilability.EVENT


def _moments(fault: str, draw: Draw, soonest: float, part: float) -> list[float]:
    """Return when a report is told: mostly within seconds."""
    at = soonest + part**4 * PUNCTUAL
    if fault == "late":
        return [soonest + draw[1] * LATEST]
    if fault == "doubled":
        return [at, at + draw[1] * LATEST]
    return [at]
