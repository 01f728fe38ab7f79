"""The judge: knows what people asked for and were told, and what the platforms hold; nothing else.

lost          accepted, on no platform, and nobody is told that it failed
duplicated    two posts of one delivery are there at the same time
early         a request that publishes began before the minute that was asked for
late_policy   … or long after the author wanted it no more
after_cancel  … after the cancel was acknowledged
revision      … with a text that an acknowledged edit had replaced
pictures      a post shows others than its author's, some of them, or in another order
opted_out     … to somebody whose wish to be left alone was acknowledged
untrue        the API says delivered and it is not there, or failed and it is
taken_back    a post is deleted that nobody wanted deleted, or said to be and is there
stuck         no final status long after everything worked again
two_owners    two requests for one delivery were under way at the same time
calls         more requests than a delivery may cost
idempotency   one request, sent twice, made two messages
recipients    somebody was forgotten, or was written to who never asked
monotone      a final status changed, and nobody decided that and no platform reported anything
put_aside     a record that was given up on is never done with
dry_run       who only wants to see what a replay would do changes something
crashed       something was raised that nobody declared
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.simulation.hub import MINUTE, SECOND, Hub
from tests.simulation.outside import Call, Live, SimulatedPlatforms

MARK = re.compile(r"\bm(\d+)v(\d+)\b")
SKEW = 1 * SECOND
INVOCATION = 300 * SECOND
MAX_ATTEMPTS = 8
MAX_LOOK_UPS = 8
FINAL = frozenset({"delivered", "failed", "cancelled", "skipped", "needs_review", "deleted"})
ABSENT = frozenset({"failed", "cancelled", "skipped"})
GALLERIES = ("facebook", "instagram", "linkedin")
"""The platforms whose posts show pictures, one or several."""


@dataclass
class Version:
    """A message as its author wanted it from some moment on."""

    text: int
    due: int
    channels: frozenset[str]
    late_after: int | None
    requested: int
    acked: int | None = None
    refused: bool = False


@dataclass
class Span:
    """Something that was asked for, and when it was acknowledged."""

    requested: int
    acked: int | None = None


@dataclass
class Wish:
    """All that one author asked for and was told about one message."""

    name: str
    pictures: tuple[str, ...] = ()
    """The uploads that belong to it, in their order."""
    versions: list[Version] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    created: int | None = None
    cancels: dict[str, Span] = field(default_factory=dict)
    taken_back: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    """By channel: when its author wanted the post deleted."""
    decided: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    """By channel: when a person had something sent again."""
    reports_begun: Counter[str] = field(default_factory=Counter)
    reports_ended: Counter[str] = field(default_factory=Counter)
    """By channel: how often a platform told something of it; nothing in between is compared."""
    reported: set[tuple[str, str]] = field(default_factory=set)
    """Of which deliveries something was told, by channel and recipient."""
    seen: dict[tuple[str, str], str] = field(default_factory=dict)
    """The last final status that the API told, by channel and recipient."""


@dataclass(frozen=True)
class Violation:
    """A broken promise."""

    kind: str
    who: str
    story: str
    at: int


class Oracle:
    """Collects what is seen from outside and judges it at the end."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.wishes: dict[str, Wish] = {}
        self.violations: list[Violation] = []
        self.opted_out: dict[tuple[str, str], int] = {}
        self.lateness: list[int] = []
        self.statuses: Counter[str] = Counter()
        self.reviews: Counter[str] = Counter()
        self.by_channel: Counter[str] = Counter()
        self.misfit: set[str] = set()
        """The channels on which for a while nothing fitted."""
        self._under_way: dict[str, Call] = {}
        self._counts: Counter[str] = Counter()
        self._calls: dict[str, list[Call]] = defaultdict(list)
        self._rejected: set[str] = set()
        self._begun: Mapping[str, int] = {}
        self._kept: set[str] = set()
        self._deletions: Mapping[str, int] = {}

    def blame(self, kind: str, who: str, story: str) -> None:
        """Note a broken promise."""
        self._hub.tell(who, f"VIOLATION {kind}: {story}")
        self.violations.append(Violation(kind, who, story, self._hub.now))

    def wish(self, name: str, pictures: tuple[str, ...]) -> Wish:
        """Begin to know of a message."""
        self.wishes[name] = Wish(name, pictures)
        return self.wishes[name]

    # --- while it happens ---------------------------------------------------------------------

    def called(self, call: Call) -> None:
        """Judge a request that could publish, when it begins."""
        before = self._under_way.get(call.who)
        if before is not None and before.ended is None:
            self.blame("two_owners", call.who, "two requests are under way at the same time")
        self._under_way[call.who] = call
        self._calls[call.who].append(call)
        self._hub.tell(call.who, "a request that publishes begins")

    def published(self, post: Live) -> None:
        """Judge a post, when it is made."""
        mark = MARK.search(post.text)
        if mark is None:
            self.blame("revision", post.call.who, f"nobody wrote {post.text!r}")
            return
        name, text = f"m{mark[1]}", int(mark[2])
        self._hub.tell(post.call.who, f"{post.channel} takes v{text} as {post.id}")
        wish = self.wishes[name]
        began = post.call.began
        decided = wish.decided.get(post.channel, [])
        by_person = any(span.requested <= began for span in decided)
        self._judge_cancel(wish, post, decided)
        self._judge_pictures(wish, post)
        same = [v for v in wish.versions if v.text == text and post.channel in v.channels]
        meant = [v for v in same if v.requested <= began and not v.refused]
        if not meant:
            self.blame("revision", post.call.who, f"v{text} was not asked for")
            return
        current = [v for v in meant if not self._is_superseded(wish, v, began)]
        if not current:
            self.blame("revision", post.call.who, f"v{text} had been replaced by an edit")
            return
        due = min(v.due for v in current)
        if not by_person:
            if began < due - SKEW:
                self.blame("early", post.call.who, f"{(due - began) / SECOND:.1f} s early")
            if all(_too_late(v, began) for v in current):
                self.blame("late_policy", post.call.who, "too late for its late policy")
            start = max(due, min(v.acked or v.requested for v in current))
            self.lateness.append(post.shown_at - start)
        self._judge_opt_out(post)

    def taken_back(self, who: str, post: Live | None) -> None:
        """Judge that one of our workers has a post deleted."""
        if post is None or post.call.who != who:
            self.blame("taken_back", who, f"deletes {post.id if post else 'what is not there'}")
            return
        self._hub.tell(who, f"{post.channel} deletes {post.id}")
        wish = self.wishes[who.split(".")[0]]
        if not wish.taken_back[post.channel]:
            self.blame("taken_back", who, f"{post.id} is deleted and nobody asked for it")

    def _judge_cancel(self, wish: Wish, post: Live, decided: Iterable[Span]) -> None:
        cancel = wish.cancels.get(post.channel)
        if cancel is None or cancel.acked is None or post.call.began <= cancel.acked:
            return
        raced = any(span.acked is None or span.acked >= cancel.requested for span in decided)
        if not raced:
            self.blame("after_cancel", post.call.who, "its cancel had been acknowledged")

    def _judge_pictures(self, wish: Wish, post: Live) -> None:
        if post.channel not in GALLERIES:
            return
        shown = tuple(reference.split("/")[1] for reference in post.pictures)
        if shown != wish.pictures:
            self.blame("pictures", post.call.who, f"{shown} instead of {wish.pictures}")

    def _judge_opt_out(self, post: Live) -> None:
        recipient = post.call.who.rpartition("#")[2]
        at = self.opted_out.get((post.channel, recipient))
        if at is not None and post.call.began > at + INVOCATION:
            self.blame("opted_out", post.call.who, "this person had opted out")

    def _is_superseded(self, wish: Wish, version: Version, at: int) -> bool:
        place = wish.versions.index(version)
        return any(v.acked is not None and v.acked < at for v in wish.versions[place + 1 :])

    def told(self, wish: Wish, channel: str, recipient: str, status: str) -> None:
        """Judge what the API tells of a delivery."""
        place = (channel, recipient)
        before = wish.seen.get(place)
        is_wanted = bool(wish.decided.get(channel) or wish.taken_back.get(channel))
        is_evidence = before in ("failed", "needs_review") and place in wish.reported
        is_edited = before == "failed" and any(not v.refused for v in wish.versions[1:])
        is_due_to_somebody = is_wanted or is_evidence or is_edited
        if before is not None and before != status and not is_due_to_somebody:
            who = f"{wish.name}#{channel}#{recipient}"
            self.blame("monotone", who, f"it was {before} and is {status}")
        if status in FINAL:
            wish.seen[place] = status

    def report_begins(self, post: Live) -> None:
        """Note that a platform tells what became of a post."""
        wish, recipient = self._about(post)
        wish.reports_begun[post.channel] += 1
        wish.reported.add((post.channel, recipient))

    def report_ends(self, post: Live) -> None:
        """Note that it has been told, or that our program did not get to its end."""
        wish, _ = self._about(post)
        wish.reports_ended[post.channel] += 1

    def _about(self, post: Live) -> tuple[Wish, str]:
        """Return the message that a post is of, and whom it was for."""
        message, _, *recipient = post.call.who.split("#")
        return self.wishes[message.partition(".")[0]], "".join(recipient)

    def told_of_all(self, name: str, told: Any) -> None:
        """Judge what the API tells of a direct channel as a whole, with everybody it goes to."""
        rows = {row.status for row in told.rows}
        if told.status not in FINAL or not rows:
            return
        who = f"{name}#{told.channel}"
        if not rows <= FINAL:
            self.blame("aggregate", who, f"it is {told.status} and some are still to be served")
            return
        ranked = ("needs_review", "delivered", "failed", "skipped", "cancelled")
        expected = next((status for status in ranked if status in rows), told.status)
        if told.status != expected:
            self.blame("aggregate", who, f"it is {told.status}, its recipients say {expected}")

    # --- at the end ---------------------------------------------------------------------------

    def judge(
        self,
        answers: Mapping[str, Any],
        platforms: SimulatedPlatforms,
        people: Mapping[str, Iterable[str]],
        begun: Mapping[str, int],
    ) -> None:
        """Judge the end: `answers` are the API's last ones, by message.

        `begun` says how many attempts each delivery had; some die before anybody hears of them.
        """
        by_delivery: dict[tuple[str, str, str], list[Live]] = defaultdict(list)
        self._rejected, self._kept = platforms.rejected, platforms.kept
        self._deletions = platforms.deletions
        self._begun = begun
        for post in platforms.live:
            mark = MARK.search(post.text)
            recipient = post.call.who.split("#")[2] if post.call.who.count("#") > 1 else ""
            if mark is not None:
                by_delivery[f"m{mark[1]}", post.channel, recipient].append(post)
        for (name, channel, recipient), made in by_delivery.items():
            self._judge_copies(f"{name}#{channel}#{recipient}", made)
        self._judge_calls(platforms.calls, platforms.asked)
        for name, wish in self.wishes.items():
            if len(wish.ids) > 1:
                self.blame("idempotency", name, f"it became {sorted(wish.ids)}")
            if wish.created is None:
                continue
            answer = answers.get(name)
            if answer is None:
                self.blame("lost", name, "nobody knows this message any more")
                continue
            for delivery in answer:
                self._judge_delivery(wish, delivery, by_delivery, people)

    def _judge_copies(self, who: str, made: list[Live]) -> None:
        made = sorted(_admitted(made), key=lambda post: post.shown_at)
        for before, after in pairwise(made):
            if before.gone_at is None or before.gone_at > after.shown_at:
                texts = f"{before.id} and {after.id}"
                self.blame("duplicated", who, f"{texts} are there at the same time")

    def _judge_calls(self, calls: Iterable[Call], asked: Mapping[str, int]) -> None:
        counts = self._counts = Counter(call.who for call in calls)
        for who, count in counts.items():
            name, channel = who.split("#")[:2]
            wish = self.wishes.get(name.split(".")[0])
            lives = 1
            if wish is not None:
                lives += len(wish.versions) - 1 + len(wish.decided.get(channel, []))
            if count > MAX_ATTEMPTS * lives:
                self.blame("calls", who, f"{count} requests that publish")
            # A conversation may ask several things before it publishes, and a look-up after it.
            limit = 4 * (MAX_ATTEMPTS + MAX_LOOK_UPS) * lives
            if asked.get(who, 0) > limit + 60:
                self.blame("calls", who, f"{asked[who]} questions to the platform")

    def _judge_delivery(
        self,
        wish: Wish,
        delivery: Any,
        by_delivery: Mapping[tuple[str, str, str], list[Live]],
        people: Mapping[str, Iterable[str]],
    ) -> None:
        channel = delivery.channel
        if delivery.rows is None:
            made = by_delivery.get((wish.name, channel, ""), [])
            self._judge_status(wish, channel, "", delivery, made)
            return
        self.told_of_all(wish.name, delivery)
        if delivery.status not in FINAL:
            self.blame("stuck", f"{wish.name}#{channel}", f"it is still {delivery.status}")
        rows = {row.recipient for row in delivery.rows}
        wanted = set(people.get(channel, ()))
        served = delivery.status not in ("cancelled", "skipped", "failed") or bool(rows)
        # Who cancels cuts the audience short: nobody is added to it any more.
        is_whole = served and not wish.cancels
        if is_whole and delivery.status in FINAL and (missing := wanted - rows):
            self.blame("recipients", f"{wish.name}#{channel}", f"forgotten: {sorted(missing)}")
        for row in delivery.rows:
            made = by_delivery.get((wish.name, channel, row.recipient), [])
            self._judge_status(wish, channel, row.recipient, row, made)
        for (name, where, recipient), _ in by_delivery.items():
            if (name, where) == (wish.name, channel) and recipient not in rows:
                self.blame("recipients", f"{name}#{where}#{recipient}", "written to without a row")

    def _judge_status(
        self, wish: Wish, channel: str, recipient: str, answer: Any, made: list[Live]
    ) -> None:
        who = f"{wish.name}#{channel}#{recipient}"
        status = answer.status
        self.statuses[status] += 1
        self.by_channel[channel] += 1
        self.told(wish, channel, recipient, status)
        self._judge_taking_back(wish, channel, who, status, made)
        if status == "needs_review":
            self.reviews[channel] += 1
        if status not in FINAL:
            self.blame("stuck", who, f"it is still {status}")
            if not made:
                self.blame("lost", who, f"it is {status} and nowhere to be seen")
        elif status == "delivered" and not made:
            self.blame("lost", who, "it is said to be delivered and was never there")
        elif status in ABSENT and (
            there := [post.id for post in _admitted(made) if post.gone_at is None]
        ):
            self.blame("untrue", who, f"it is said to be {status} and is there: {there[0]}")
        elif status == "failed" and not made and not self._may_fail(wish, channel, recipient):
            self.blame("given_up", who, "nobody refused it")
        elif status == "delivered" and answer.external_id is not None:
            ids = {post.id for post in made}
            if answer.external_id not in ids:
                self.blame("untrue", who, f"{answer.external_id} is not among {sorted(ids)}")
            self._judge_evidence(who, answer.external_id, made)

    def _judge_evidence(self, who: str, external_id: str, made: list[Live]) -> None:
        """Blame who goes by a post that had come to nothing before it was sent once more."""
        post = next((post for post in made if post.id == external_id), None)
        if post is None or post.failure_told_at is None:
            return
        calls = self._calls[post.call.who]
        before = [call for call in calls if call.began <= post.failure_told_at]
        if len(before) == 1 and len(calls) > 1:
            self.blame("untrue", who, f"{post.id} was known to have come to nothing")

    def _judge_taking_back(
        self, wish: Wish, channel: str, who: str, status: str, made: list[Live]
    ) -> None:
        """Judge what became of a post that its author wanted deleted."""
        there = [post.id for post in _admitted(made) if post.gone_at is None]
        taken = [post.id for post in made if post.is_taken_back]
        wanted = wish.taken_back.get(channel, ())
        if status == "deleted" and there:
            self.blame("taken_back", who, f"it is said to be deleted and is there: {there[0]}")
        elif status == "delivered" and taken and not there:
            self.blame("untrue", who, f"it is said to be delivered and we deleted it: {taken[0]}")
        elif status == "delivered" and any(span.acked is not None for span in wanted):
            names = {f"{name}#{channel}" for name in wish.ids}
            tried = max((self._deletions.get(name, 0) for name in names), default=0)
            is_tried = bool(names & self._kept) or tried >= MAX_ATTEMPTS
            if not is_tried and not wish.decided.get(channel):
                self.blame("taken_back", who, "its deletion was promised, and it is still there")

    def _may_fail(self, wish: Wish, channel: str, recipient: str) -> bool:
        """Return whether a platform refused it, every try was used up, or it did not fit."""
        if channel in self.misfit:
            return True
        names = [f"{name}#{channel}#{recipient}".rstrip("#") for name in wish.ids]
        return any(
            name in self._rejected or self._begun.get(name, 0) >= MAX_ATTEMPTS for name in names
        )


def _admitted(made: Iterable[Live]) -> list[Live]:
    """Return the posts but for those that their platform denied: of these it may be misled."""
    return [post for post in made if not post.call.is_denied]


def _too_late(version: Version, at: int) -> bool:
    """Return whether it was too late even for a worker that had looked just in time."""
    return (
        version.late_after is not None and at > version.due + version.late_after + 5 * MINUTE + SKEW
    )
