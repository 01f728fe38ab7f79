"""People: what they ask for, how often they ask again, and what they decide.

Each request is a process of the API that lives for at most 29 seconds. Who gets no answer asks
again, with the same idempotency key where the API takes one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.errors import InFlight, PublisherError, StoreUnavailable
from chalicelib.domain.messages import (
    Changes,
    Content,
    Draft,
    LateAction,
    LatePolicy,
    MediaRef,
    Message,
)
from chalicelib.domain.ports import Once, Snapshot, StoredResponse
from tests.fakes.world import ADA, MAX, ROOT
from tests.simulation.chance import Draw
from tests.simulation.hub import MINUTE, SECOND, Process, elapsed, instant
from tests.simulation.oracle import FINAL, GALLERIES, Span, Version, Wish

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation

PATIENCE = 1 * SECOND
REQUEST = 29 * SECOND
MESSAGES = 64
CREATED_WITHIN = 16 * MINUTE
BELIEVABLE = 150 * SECOND
"""How long somebody waits before they trust their own eyes that a post is not there."""
FEEDS = ("key-feed", "handle-feed", "lookup-feed", "event-feed", "none-feed")
DIRECTS = ("key-direct", "handle-direct", "lookup-direct", "event-direct", "none-direct")
REAL = ("facebook", "linkedin", "whatsapp", "email", "sms")
PICTURES = 3
UNASKABLE = 0.16
"""The share of feeds, and of direct channels, whose platform can't be asked what it has."""
DESERTED = 0.03
"""The share of direct channels that nobody wants to hear from."""
MANY, FEW = (3, 8), (1, 3)
"""How many people a channel reaches: where doubt can be settled, and where it can't."""
RACES = ("cancel", "edit", *[""] * 18)
OK, REFUSED, UNKNOWN = "ok", "refused", "unknown"


@dataclass(frozen=True)
class Answered:
    """What somebody got for a request."""

    how: str
    value: Any = None
    at: int = 0


@dataclass(frozen=True)
class Row:
    """A recipient's delivery as the API tells it."""

    recipient: str
    status: str
    external_id: str | None


@dataclass(frozen=True)
class Told:
    """A delivery as the API tells it; `rows` on direct channels."""

    channel: str
    status: str
    external_id: str | None
    rows: tuple[Row, ...] | None
    needs_review: int = 0


@dataclass
class Plan:
    """What an author has in mind for one message."""

    name: str
    at: int
    channels: tuple[str, ...]
    due: int | None
    late_after: int | None
    is_draft: bool
    is_doubled: bool
    cancel_at: int | None
    race: str = ""
    """What the author does just when a worker begins: "cancel", "edit", or nothing."""
    take_back_at: int | None = None
    pictures: tuple[str, ...] = ()
    """The uploads to show, in this order."""
    edits: list[tuple[int, str]] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)


class Caller:
    """Somebody who sends requests."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.hub = simulation.hub

    def spawn(self, name: str, work: Callable[[], None]) -> None:
        """Begin to do something on one's own."""
        self.hub.start("client", name, work, on_end=self._ended)

    def _ended(self, process: Any) -> None:
        if process.error is not None:
            raise process.error

    def request(
        self,
        name: str,
        work: Callable[[], Any],
        first_id: str = "",
        *,
        kind: str = "api",
        life: int = REQUEST,
        on_end: Callable[[Process], None] = lambda _: None,
    ) -> Answered:
        """Send a request and wait for its answer, a little longer than it may live."""
        simulation = self.simulation
        skew = simulation.skew(name)
        process = self.hub.start(kind, name, work, skew=skew, life=life, on_end=on_end)
        process.first_id = first_id
        self.hub.pause(5)
        is_over = process.is_over or self.hub.join(process, life + PATIENCE)
        now = self.hub.now
        lost = simulation.chance.strike("api", name, now)[0] == "answer_lost"
        if not is_over or process.is_dead or lost:
            return Answered(UNKNOWN, at=now)
        if process.error is None:
            return Answered(OK, process.result, now)
        if isinstance(process.error, StoreUnavailable):
            return Answered(UNKNOWN, at=now)
        if isinstance(process.error, PublisherError):
            return Answered(REFUSED, process.error, now)
        simulation.oracle.blame("crashed", name, f"{type(process.error)}: {process.error}")
        return Answered(UNKNOWN, at=now)

    def insist(self, name: str, work: Callable[[], Any], tries: int = 4) -> Answered:
        """Send a request until there is an answer."""
        answered = Answered(UNKNOWN)
        for number in range(tries):
            if number:
                self.hub.pause(2 * SECOND * 2**number)
            answered = self.request(f"{name}.{number}", work)
            if answered.how != UNKNOWN:
                break
        return answered


class Administrator(Caller):
    """Keeps the accounts connected."""

    def reconnect(self, channel: str, fields: Mapping[str, str], label: str) -> None:
        """Connect an account again, until it works."""

        def work() -> None:
            connect = self.simulation.connecting.connect
            for number in range(200):
                answered = self.request(
                    f"admin {label}.{number}", lambda: connect(channel, fields, ROOT)
                )
                if answered.how == OK:
                    self.hub.tell(channel, "its account is connected again")
                    # What was known of the old connection is rightly forgotten.
                    self.simulation.platforms.refusing.pop(channel, None)
                    return
                self.hub.pause(30 * SECOND)

        self.spawn(f"admin {label}", work)


class Author(Caller):
    """Writes one message and cares for it."""

    def __init__(self, simulation: Simulation, plan: Plan) -> None:
        super().__init__(simulation)
        self.plan = plan
        self.wish: Wish = simulation.oracle.wish(plan.name, plan.pictures)
        self.id = ""
        self.is_cancelled = False

    def live(self) -> None:
        """Do everything this author does."""
        plan = self.plan
        self.hub.pause(plan.at)
        if plan.is_doubled:
            self.spawn(f"{plan.name} twin", lambda: self._create("b"))
        self._create("a")
        if not self.id:
            return
        if plan.is_draft:
            self._publish()
        if plan.race:
            self.simulation.races[plan.name] = self._race
        if plan.edits:
            self.spawn(f"{plan.name} editor", self._edit_all)
        if plan.cancel_at is not None:
            self.spawn(f"{plan.name} canceller", self._cancel)
        if plan.take_back_at is not None:
            self.spawn(f"{plan.name} regretter", self._take_back)
        for number, at in enumerate(plan.looks):
            self.spawn(f"{plan.name} reader {number}", lambda n=number, a=at: self._care(n, a))

    def _race(self) -> None:
        """Change one's mind within the very moment in which a worker begins."""
        plan = self.plan
        draw = self.simulation.chance.draw("race", plan.name)
        change = self._cancel if plan.race == "cancel" else lambda: self._edit(9, "text")
        begins = max(self.hub.now, plan.due or 0)
        at = begins + draw.between(0, 0, 90)
        self.hub.plan(at, lambda: self.spawn(f"{plan.name} racer", change))

    # --- creating -----------------------------------------------------------------------------

    def _create(self, who: str) -> None:
        plan = self.plan
        version = self._first_version()
        for number in range(5):
            identifier = f"{plan.name}.{who}{number}"
            answered = self.request(
                f"{plan.name}.create.{who}{number}", self._submit, first_id=identifier
            )
            if answered.how == OK:
                version.acked = version.acked or answered.at
                self.wish.created = self.wish.created or answered.at
                self.wish.ids.add(answered.value.body)
                self.id = answered.value.body
                return
            self.hub.pause(SECOND * 2**number)

    def _first_version(self) -> Version:
        plan = self.plan
        if not self.wish.versions:
            due = plan.due if plan.due is not None else self.hub.now
            self.wish.versions.append(
                Version(0, due, frozenset(plan.channels), plan.late_after, self.hub.now)
            )
        return self.wish.versions[0]

    def _submit(self) -> StoredResponse:
        plan = self.plan
        late = LatePolicy()
        if plan.late_after is not None:
            late = LatePolicy(timedelta(milliseconds=plan.late_after), LateAction.SKIP)
        draft = Draft(
            Content(_text(plan.name, 0), media=tuple(map(MediaRef, plan.pictures))),
            tuple(ChannelName(channel) for channel in plan.channels),
            scheduled_at=instant(plan.due) if plan.due is not None else None,
            keep_as_draft=plan.is_draft,
            late_policy=late,
        )
        once = Once(
            ADA.id,
            plan.name,
            plan.name,
            lambda snapshot: StoredResponse(202, snapshot.message.id),
        )

        def run(once: Once | None) -> StoredResponse:
            snapshot = self.simulation.publishing.submit(draft, ADA, once)
            return StoredResponse(202, snapshot.message.id)

        return self.simulation.repeating.once(once, run, in_transaction=True)[0]

    def _publish(self) -> None:
        self.hub.pause(5 * SECOND)
        publish = self.simulation.publishing.publish
        self.insist(f"{self.plan.name}.publish", lambda: publish(self.id, ADA), tries=8)

    # --- changing -----------------------------------------------------------------------------

    def _edit_all(self) -> None:
        for number, (at, how) in enumerate(self.plan.edits, 1):
            self.hub.pause(max(0, at - self.hub.now))
            self._edit(number, how)

    def _edit(self, number: int, how: str) -> None:
        plan, now = self.plan, self.hub.now
        name = f"{plan.name}.edit.{number}"
        read = self.insist(f"{name}.read", lambda: self._read())
        if read.how != OK:
            return
        draw = self.simulation.chance.draw("edit", name)
        message = read.value.message
        before = self._shown(message)
        due, channels, text, late = before.due, before.channels, before.text, before.late_after
        changes: dict[str, Any] = {}
        if how != "reschedule" or draw[3] < 0.5:
            text = number
            changes["text"] = _text(plan.name, number)
        if how in ("earlier", "later", "reschedule"):
            due = (
                int(now + draw.between(0, -2, 3) * MINUTE)
                if how == "earlier"
                else int(max(due, now) + draw.between(0, 0, 8) * MINUTE)
            )
            changes |= {"reschedule": True, "scheduled_at": instant(due)}
        if how == "channels":
            known = sorted(channels)
            left = known[1:] if len(known) > 1 and draw[0] < 0.5 else known
            channels = frozenset(left) | {draw.pick(1, FEEDS)}
            changes["channels"] = tuple(ChannelName(c) for c in sorted(channels))
        if "reschedule" in changes:
            due = max(due, now - SECOND)
        version = Version(text, due, channels, late, now)
        self.wish.versions.append(version)
        edit = self.simulation.editing.edit
        answered = self.request(
            name, lambda: edit(self.id, Changes(**changes), message.revision, ADA)
        )
        if answered.how == OK:
            version.acked = answered.at
        elif answered.how == REFUSED:
            version.refused = True

    def _shown(self, message: Message) -> Version:
        """Return which of one's versions is shown: an edit without an answer may not be."""
        text, channels = message.content.text, frozenset(map(str, message.channels))
        same = [
            version
            for version in self.wish.versions
            if _text(self.plan.name, version.text) == text and version.channels == channels
        ]
        return min(same, key=lambda version: abs(version.due - elapsed(message.due_at)))

    def _cancel(self) -> None:
        plan = self.plan
        self.hub.pause(max(0, (plan.cancel_at or 0) - self.hub.now))
        channels = {channel for version in self.wish.versions for channel in version.channels}
        span = Span(self.hub.now)
        for channel in channels:
            self.wish.cancels[channel] = span
        self.is_cancelled = True
        cancel = self.simulation.deciding.cancel
        answered = self.insist(f"{plan.name}.cancel", lambda: cancel(self.id, ADA))
        if answered.how == OK:
            span.acked = answered.at
        elif answered.how == REFUSED and isinstance(answered.value, InFlight):
            for channel in channels - set(answered.value.channels):
                self.wish.cancels[channel] = Span(span.requested, answered.at)

    def _take_back(self) -> None:
        """Have everything that was published deleted."""
        plan = self.plan
        assert plan.take_back_at is not None
        self.hub.pause(max(0, plan.take_back_at - self.hub.now))
        unpublish = self.simulation.deciding.unpublish
        for channel in sorted({name for v in self.wish.versions for name in v.channels}):
            span = Span(self.hub.now)
            self.wish.taken_back[channel].append(span)
            answered = self.insist(
                f"{plan.name}.unpublish.{channel}",
                lambda channel=channel: unpublish(self.id, channel, ADA),
            )
            if answered.how == OK:
                span.acked = answered.at

    # --- looking, and deciding ----------------------------------------------------------------

    def _read(self) -> Snapshot:
        return self.simulation.publishing.read(self.id, ADA)

    def _care(self, number: int, at: int) -> None:
        """Look how it stands, and decide what only a person can."""
        self.hub.pause(max(0, at - self.hub.now))
        name = f"{self.plan.name}.look.{number}"
        decided = {channel: len(spans) for channel, spans in self.wish.decided.items()}
        heard = dict(self.wish.reports_ended)
        answered = self.insist(name, lambda: self.tell(self.id))
        if answered.how != OK:
            return
        for told in answered.value:
            decisions = len(self.wish.decided.get(told.channel, ()))
            is_decided = decided.get(told.channel, 0) != decisions
            is_moving = heard.get(told.channel, 0) != self.wish.reports_begun[told.channel]
            if not is_decided and not is_moving:
                self._compare(told)
        if self.is_cancelled:
            return
        draw = self.simulation.chance.draw("decide", name)
        for told in answered.value:
            if told.status == "failed" and draw[0] < 0.25:
                self._edit(20 + number, "reschedule")
            elif told.status in ("failed", "skipped", "delivered") and draw[0] < 0.5:
                self._retry(told, name)
            elif (told.status == "needs_review" or told.needs_review) and draw[1] < 0.6:
                self._resolve(told, name)

    def _compare(self, told: Told) -> None:
        if told.rows is None:
            self.simulation.oracle.told(self.wish, told.channel, "", told.status)
        if told.rows is not None and not self.wish.decided.get(told.channel):
            self.simulation.oracle.told_of_all(self.wish.name, told)
        for row in told.rows or ():
            self.simulation.oracle.told(self.wish, told.channel, row.recipient, row.status)

    def _retry(self, told: Told, name: str) -> None:
        stuck = told.status in ("failed", "skipped")
        if told.rows is not None:
            stuck = (
                told.status in FINAL
                and not told.needs_review
                and any(row.status in ("failed", "skipped") for row in told.rows)
            )
        if not stuck:
            return
        span = Span(self.hub.now)
        self.wish.decided[told.channel].append(span)
        retry = self.simulation.deciding.retry
        answered = self.insist(
            f"{name}.retry.{told.channel}", lambda: retry(self.id, told.channel, ADA)
        )
        span.acked = answered.at if answered.how == OK else None

    def _resolve(self, told: Told, name: str) -> None:
        """Look on the platform with one's own eyes, after a while, and answer."""
        self.hub.pause(BELIEVABLE)
        recipients = (
            [""]
            if told.rows is None
            else [row.recipient for row in told.rows if row.status == "needs_review"]
        )
        for recipient in recipients:
            self._answer(told.channel, recipient, name)

    def _answer(self, channel: str, recipient: str, name: str) -> None:
        is_there, missing = self._sees(channel, recipient), "send_it"
        if self.wish.taken_back[channel]:
            missing = "it_is_gone"
        answer = "it_is_there" if is_there else missing
        span = Span(self.hub.now)
        self.wish.decided[channel].append(span)
        resolve = self.simulation.deciding.resolve
        answered = self.request(
            f"{name}.resolve.{channel}.{recipient}",
            lambda: resolve(self.id, channel, answer, recipient or None, ADA),
        )
        span.acked = answered.at if answered.how == OK else None

    def _sees(self, channel: str, recipient: str) -> bool:
        who = f"{self.id}#{channel}#{recipient}".rstrip("#")
        return any(
            post.call.who == who and post.is_there(self.hub.now)
            for post in self.simulation.platforms.live
        )

    def tell(self, message_id: str) -> list[Told]:
        """Return a message's deliveries as the API tells them."""
        return told_by(self.simulation, message_id)


def told_by(simulation: Simulation, message_id: str) -> list[Told]:
    """Ask the API for a message with everybody it goes to."""
    snapshot = simulation.publishing.read(message_id, MAX)
    told = []
    for delivery in snapshot.deliveries:
        rows: tuple[Row, ...] | None = None
        if delivery.parent:
            rows = tuple(
                Row(str(row.key.recipient_id), str(row.status), _id_of(row))
                for row in _all_rows(simulation, message_id, delivery.key.channel)
            )
        told.append(
            Told(
                str(delivery.key.channel),
                str(delivery.status),
                _id_of(delivery),
                rows,
                delivery.counts.needs_review,
            )
        )
    return told


def _all_rows(simulation: Simulation, message_id: str, channel: ChannelName) -> list[Any]:
    rows: list[Any] = []
    cursor = None
    while True:
        page = simulation.publishing.recipients(message_id, channel, MAX, limit=100, cursor=cursor)
        rows += page.items
        cursor = page.cursor
        if cursor is None:
            return rows


def _id_of(delivery: Any) -> str | None:
    return delivery.receipt.external_id if delivery.receipt else None


def _text(name: str, number: int) -> str:
    return f"Announcement {name}v{number} for everyone."


def _channels(what: Draw, extra: Draw) -> list[str]:
    """Return where a message goes: feeds, often a direct channel, and every third time a real one.

    Most platforms can be asked; what goes to the others is so little that it can't hide in it.
    """
    channels = [_mixed(what[0], FEEDS)]
    if what[1] < 0.6:
        channels.append(_mixed(what[2], DIRECTS))
    if what[3] < 0.45:
        channels.append(extra.pick(0, REAL))
    if extra[1] < 0.5:
        channels.append(_mixed(extra[2], FEEDS))
    return channels


def _mixed(part: float, channels: Sequence[str]) -> str:
    """Return one of five channels, the last two of which can't be asked."""
    if part < UNASKABLE:
        return channels[3 + int(2 * part / UNASKABLE)]
    return channels[int(3 * (part - UNASKABLE) / (1 - UNASKABLE))]


class Story:
    """Everything that people do in one run."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self.people: dict[str, list[str]] = {}
        self._gallery: list[str] = []
        self._authors: dict[str, Author] = {}

    def begin(self) -> None:
        """Set people going."""
        simulation = self._simulation
        self._subscribe()
        self._gallery = [simulation.upload() for _ in range(PICTURES)]
        for number in range(MESSAGES):
            if simulation.authors is not None and f"m{number}" not in simulation.authors:
                continue
            author = Author(simulation, self._plan(f"m{number}"))
            self._authors[author.plan.name] = author
            author.spawn(f"{author.plan.name} author", author.live)
        for number in range(8):
            self._change_footer(number)
        self._blunder()
        for number in range(4):
            self._opt_out(number)
        self._operate()

    def _operate(self) -> None:
        """Set those going who care for what came to a halt."""
        from tests.simulation.operating import LAST, NAMES, Operator

        simulation = self._simulation
        for name in (*NAMES, LAST):
            if simulation.authors is not None and name not in simulation.authors:
                continue
            operator = Operator(simulation, name)
            operator.spawn(name, operator.finish if name == LAST else operator.live)

    def answer(self, wish: Wish) -> list[Told] | None:
        """Return the API's last word on a message."""
        author = self._authors[wish.name]
        try:
            return told_by(self._simulation, author.id)
        except PublisherError:
            return None

    def _draw(self, label: str, name: str) -> Draw:
        return self._simulation.chance.draw(label, name)

    def _subscribe(self) -> None:
        for channel in (*DIRECTS, "whatsapp", "email", "sms"):
            draw = self._draw("people", channel)
            low, high = MANY if channel in DIRECTS[:3] else FEW
            many = 45 + int(draw[1] * 25) if draw[0] < 0.01 else int(draw.between(1, low, high + 1))
            if draw[2] < DESERTED:
                many = 0
            self.people[channel] = self._simulation.subscribe(channel, many)

    def _plan(self, name: str) -> Plan:
        when, what, extra, edit = (self._draw(f"plan {n}", name) for n in range(4))
        at = int(when[0] * CREATED_WITHIN)
        channels = _channels(what, extra)
        pictures = self._pictures(name)
        if pictures:
            channels.append(self._draw("feed of pictures", name).pick(0, GALLERIES))
        due = None if when[1] < 0.5 else int(at + 10 * SECOND + when[2] * 12 * MINUTE)
        around = due if due is not None else at
        late_after = int(edit[0] * 1000 * 5) * 60 if extra[3] < 0.12 else None
        plan = Plan(
            name,
            at,
            tuple(dict.fromkeys(channels)),
            due,
            late_after,
            is_draft=edit[1] < 0.05,
            is_doubled=edit[1] > 0.9,
            cancel_at=self._cancel_at(name, at, around),
            race=self._draw("race", name).pick(0, RACES),
            take_back_at=self._take_back_at(name, around),
            pictures=pictures,
        )
        hows = ("text", "reschedule", "earlier", "later", "channels")
        for number in range(2):
            draw = self._draw(f"edits {number}", name)
            if draw[0] < 0.16:
                if draw[3] < 0.3:
                    spread = draw.between(2, -1, 1.5) * SECOND
                elif draw[3] < 0.7:
                    spread = draw.between(2, -10, 60) * SECOND
                else:
                    spread = -draw[2] * (around - at)
                moment = max(at + 200, int(around + spread))
                plan.edits.append((moment, draw.pick(1, hows)))
        plan.edits.sort()
        looks = self._draw("looks", name)
        plan.looks = [
            int(around + looks[0] * 10 * MINUTE),
            int(around + looks[1] * 30 * MINUTE),
            30 * MINUTE + int((20 + 30 * looks[2]) * MINUTE),
        ]
        return plan

    def _pictures(self, name: str) -> tuple[str, ...]:
        """Return none, or one to three of the gallery in an order of the author's own."""
        draw = self._draw("pictures", name)
        if draw[0] > 0.35:
            return ()
        first, many = int(draw[1] * PICTURES), 1 + int(draw[2] * PICTURES)
        return tuple((self._gallery * 2)[first : first + many])

    def _cancel_at(self, name: str, at: int, around: int) -> int | None:
        draw = self._draw("cancel", name)
        if draw[0] > 0.14:
            return None
        if draw[1] < 0.4:
            return max(at + 100, int(around + draw.between(2, -0.4, 1.6) * SECOND))
        if draw[1] < 0.7:
            return max(at + 100, int(around + draw.between(2, -3, 8) * SECOND))
        return int(at + draw[2] * (around - at + 5 * MINUTE))

    def _take_back_at(self, name: str, around: int) -> int | None:
        draw = self._draw("take back", name)
        return None if draw[0] > 0.2 else int(around + draw[1] ** 2 * 30 * MINUTE)

    def _change_footer(self, number: int) -> None:
        draw = self._draw("footer", str(number))
        # Only by its text can a look-up on a feed recognise a post.
        channel = "lookup-feed" if number % 2 else draw.pick(0, (*FEEDS, *DIRECTS))
        administrator = Administrator(self._simulation)
        fields = {"footer": f" Yours, {number}."}
        self._simulation.hub.plan(
            draw[1] * CREATED_WITHIN,
            lambda: administrator.reconnect(channel, fields, f"footer{number}"),
        )

    def _blunder(self) -> None:
        """Have an administrator set a footer that no post has room for, and see it soon."""
        simulation = self._simulation
        draw = self._draw("blunder", "footer")
        if draw[0] > 0.3 * simulation.chance.level.storms:
            return
        channel = draw.pick(1, (*FEEDS[2:], *DIRECTS[2:]))
        simulation.oracle.misfit.add(channel)
        administrator = Administrator(simulation)
        begin = int(draw[2] * CREATED_WITHIN)
        for moment, footer in ((begin, "!" * 500), (begin + 3 * MINUTE, " Sorry.")):
            fields, label = {"footer": footer}, f"blunder{moment}"
            simulation.hub.plan(moment, partial(administrator.reconnect, channel, fields, label))

    def _opt_out(self, number: int) -> None:
        simulation = self._simulation
        draw = self._draw("opt-out", str(number))
        channel = draw.pick(0, DIRECTS)
        if len(self.people[channel]) < 3:
            return
        recipient = self.people[channel].pop()
        caller = Caller(simulation)

        def work() -> None:
            opt_out = simulation.subscriptions.opt_out
            answered = caller.insist(
                f"opt-out.{number}",
                lambda: opt_out(ChannelName(channel), recipient, simulation.clock.now()),
            )
            if answered.how == OK and answered.value:
                simulation.oracle.opted_out[channel, recipient] = answered.at

        simulation.hub.plan(
            draw[1] * CREATED_WITHIN, lambda: caller.spawn(f"opt-out {number}", work)
        )
