"""What is done to us: each fault once, against production services on a virtual clock.

Only the platforms' answers, our own table's failures and the end of a process are made up; what is
counted is what the platform then shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from chalicelib.domain.channels import Response
from chalicelib.domain.errors import InFlight, StoreUnavailable
from chalicelib.domain.messages import LateAction, LatePolicy, MediaRef
from chalicelib.domain.ports import Snapshot
from tests.fakes.ground import START, Died
from tests.fakes.platforms import (
    Act,
    Fault,
    answers,
    dies_after,
    dies_before,
    garbled,
    late,
    lost_after,
    rate_limited,
    reply,
    succeeds,
    unreachable,
)
from tests.fakes.world import ADA, World

FEED = "linkedin"
SOON = START + timedelta(minutes=30)
"""A minute for what is scheduled."""


@dataclass(frozen=True)
class Observed:
    """What came of it."""

    live: int
    status: str
    publishing_calls: int
    wanted: int = 1
    """How many posts there should be in the end."""
    after: timedelta | None = None
    """How long after its minute it was public, where that says something."""
    note: str = ""

    @property
    def holds(self) -> bool:
        """Return whether nothing was lost, doubled or told untruly."""
        return self.live == self.wanted


def observed(world: World, message: Snapshot, channel: str = FEED, **more: object) -> Observed:
    """Count what the platform shows, and read what we say about it."""
    calls = sum(a.channel == channel and step.publishes for _, a, step in world.platforms.calls)
    live, status = len(world.shown(channel)), str(world.status(message, channel))
    return Observed(live, status, calls, **more)  # type: ignore[arg-type] # its own fields


def published_then_500(act: Act) -> Response:
    """Publish it and answer that it went wrong."""
    act.do()
    return reply({"message": "Internal Server Error"}, 500)


def through(*faults: Fault, channel: str = FEED, timed: bool = False) -> Callable[[], Observed]:
    """Return a story: these faults hit the next requests that publish, then all is well."""

    def play() -> Observed:
        world = World()
        world.subscribe("email", 1)
        world.platforms.arm(channel, *faults)
        message = world.submit("Hello", channel, media=_picture(world))
        _run(world)
        delivered = world.delivery(message, channel).delivered_at
        after = delivered - START if timed and delivered else None
        return observed(world, message, channel, after=after)

    return play


def _picture(world: World) -> tuple[MediaRef, ...]:
    return (MediaRef(world.upload(), "A certificate"),)


def _run(world: World) -> None:
    """Serve until nothing is open; a process that dies is started again."""
    while True:
        try:
            return world.run()
        except Died:
            world.restart()


def _breaking(*marks: str) -> Callable[[], Observed]:
    """Return a story in which our table fails for writes that show all these marks, five times."""

    def play() -> Observed:
        world = World()
        message = world.submit("Hello", FEED)
        left = [5]

        def fails(moment: str, _: str, request: object) -> StoreUnavailable | None:
            text = repr(request)
            if moment != "before" or not left[0] or not all(mark in text for mark in marks):
                return None
            left[0] -= 1
            return StoreUnavailable("The table did not answer.")

        world.breaker.when = fails
        _run(world)
        return observed(world, message)

    return play


def two_workers() -> Observed:
    """Two workers are handed the same record at the same moment."""
    world = World()
    message = world.submit("Hello", FEED)
    (record,) = world.stream.take()

    def twin(_: object) -> None:
        world.platforms.during = lambda _: None
        world.delivering.deliver_all([record])

    world.platforms.during = twin
    world.delivering.deliver_all([record, record])
    _run(world)
    return observed(world, message)


def frozen_worker() -> Observed:
    """A worker stands still for longer than its lease while the platform has its request."""
    world = World()
    message = world.submit("Hello", FEED)

    def stands_still(_: object) -> None:
        world.platforms.during = lambda _: None
        world.clock.advance(minutes=20)
        world.tick()
        world.drain()

    world.platforms.during = stands_still
    world.delivering.deliver_all(world.stream.take())
    _run(world)
    return observed(world, message)


def overdue(policy: LatePolicy | None, wanted: int) -> Callable[[], Observed]:
    """Return a story: everything stood still for 30 days."""

    def play() -> Observed:
        world = World()
        given = {} if policy is None else {"late_policy": policy}
        message = world.submit("Hello", FEED, at=SOON, **given)
        world.clock.advance(days=30)
        _run(world)
        return observed(world, message, wanted=wanted)

    return play


def lost_record() -> Observed:
    """The stream loses the record."""
    world = World()
    world.stream.loses = lambda _: True
    message = world.submit("Hello", FEED)
    world.stream.loses = lambda _: False
    _run(world)
    return observed(world, message)


def doubled_records() -> Observed:
    """Every record arrives three times, and the scheduler runs twice each minute."""
    world = World()
    message = world.submit("Hello", FEED, at=SOON)
    for _ in range(40):
        world.clock.advance(minutes=1)
        world.tick()
        world.tick()
        batch = world.stream.take()
        world.delivering.deliver_all([*batch, *batch, *batch])
    return observed(world, message)


def cancelled_in_flight() -> Observed:
    """The author cancels while the platform has the request: the answer must be true."""
    world = World()
    message = world.submit("Hello", FEED)
    refused: list[str] = []

    def cancel(_: object) -> None:
        world.platforms.during = lambda _: None
        try:
            world.deciding.cancel(message.message.id, ADA)
        except InFlight as error:
            refused.append(error.code)

    world.platforms.during = cancel
    _run(world)
    return observed(world, message, note=f"the cancel is answered `{refused[0]}`")


def cancelled_in_time() -> Observed:
    """The author cancels a minute before; a record is already on the stream."""
    world = World()
    message = world.submit("Hello", FEED)
    world.deciding.cancel(message.message.id, ADA)
    _run(world)
    return observed(world, message, wanted=0)


def token_refused() -> Observed:
    """The platform refuses our token for an hour, until somebody connects the account again."""
    world = World()
    world.platforms.arm(FEED, answers(401, {"message": "The token has expired"}))
    message = world.submit("Hello", FEED)
    world.drain()
    world.run(limit=timedelta(hours=1))
    world.connect(FEED)
    _run(world)
    return observed(world, message)


def rate_limited_account() -> Observed:
    """A platform refuses for 15 minutes while 20 messages wait for the same account."""
    world = World()
    world.platforms.arm(FEED, rate_limited(900))
    messages = [world.submit(f"Number {number}", FEED) for number in range(20)]
    _run(world)
    return observed(world, messages[-1], wanted=20)


def outage_with_a_backlog() -> Observed:
    """Nobody serves for two hours in which 30 messages become due on one account."""
    world = World()
    messages = [
        world.submit(f"Number {number}", FEED, at=SOON + timedelta(minutes=number))
        for number in range(30)
    ]
    world.clock.advance(hours=2)
    _run(world)
    times = sorted(post.at for post in world.platforms.shown(FEED))
    gap = min(later - earlier for earlier, later in pairwise(times))
    note = f"at least {gap.total_seconds():.0f} s between two posts"
    return observed(world, messages[-1], wanted=30, note=note)


def killed_among_recipients() -> Observed:
    """The worker is killed five times while 1,000 people are written to."""
    world = World()
    world.subscribe("email", 1000)
    deadly = {100, 250, 400, 650, 900}
    world.platforms.arm("email", *(dies_after if n in deadly else succeeds for n in range(1000)))
    message = world.submit("Hello", "email")
    _run(world)
    people = {post.recipient for post in world.platforms.shown("email")}
    twice = len(world.shown("email")) - len(people)
    counts = world.delivery(message, "email").counts
    note = f"{twice} people twice, {counts.needs_review} put to a person"
    return observed(world, message, "email", wanted=1000, note=note)


@dataclass(frozen=True)
class Row:
    """A fault in words, our story of it, and what others do (`peers`), where that was measured."""

    fault: str
    play: Callable[[], Observed]
    peers: tuple[str, str] = ("", "")
    short: str = ""
    """Its words in the README; empty: not shown there."""


SKIP_AFTER_AN_HOUR = LatePolicy(timedelta(minutes=60), LateAction.SKIP)

ROWS: Sequence[Row] = (
    Row(
        "No answer after the platform published, every time",
        through(*[lost_after] * 20),
        ("4 live posts, then `failed`", "5 live posts at once, then an error; nobody is told"),
        short="No answer although it published, every time",
    ),
    Row(
        "The same, the first time only",
        through(lost_after),
        ("2 live posts, `published` (one of them unknown)", "2 live posts, `PUBLISHED`"),
        short="The same, once",
    ),
    Row(
        "No answer, and it becomes public 30 s later",
        through(late(30)),
    ),
    Row("Published, answered 500", through(published_then_500)),
    Row(
        "500 on create, not published",
        through(answers(500)),
        ("retried as transient", "4 requests 5 s apart, then failed for good"),
    ),
    Row(
        "502 and 503 on create for a while",
        through(answers(502), answers(503), answers(503), timed=True),
        ("retried as transient", "1 request, then failed for good"),
        short="502/503 three times",
    ),
    Row("Answered 200 with a body that nobody can read", through(garbled)),
    Row(
        "429 with `Retry-After: 3600`",
        through(rate_limited(3600), timed=True),
        ("`Retry-After` ignored: 4 requests, then failed", "4 requests in 15 s, then failed"),
        short="429, come back in an hour",
    ),
    Row("429 for 15 minutes while 20 posts of the account wait", rate_limited_account),
    Row(
        "Not reachable five times in a row",
        through(*[unreachable] * 5, timed=True),
        ("back-off ignored: failed after 4 polls", "5 tries at once, then failed"),
    ),
    Row("The token is refused for an hour, then the account is connected again", token_refused),
    Row(
        "Our table fails exactly when success is recorded",
        _breaking("delivered_at"),
        ("2 live posts", "1 live post, an error for a person to sort out"),
        short="Database down when success is recorded",
    ),
    Row(
        "Our audit trail can't be written after publishing",
        _breaking("AUDIT", "delivered"),
        ("2 live posts", "–"),
    ),
    Row(
        "The worker is killed before the request",
        through(dies_before),
        ("0 posts, `publishing` for ever", "0 posts, an error after 30 minutes"),
        short="Worker killed before the request",
    ),
    Row(
        "The worker is killed after the platform accepted",
        through(dies_after),
        ("1 live post, `publishing` for ever", "1 live post, an error after 30 minutes"),
        short="Worker killed after it was accepted",
    ),
    Row(
        "Killed between an Instagram container and its publication",
        through(dies_before, channel="instagram"),
    ),
    Row("Killed after Instagram published", through(dies_after, channel="instagram")),
    Row("A worker stands still for 20 minutes in mid-request, others go on", frozen_worker),
    Row("The worker is killed five times while it writes to 1,000 people", killed_among_recipients),
    Row(
        "Two workers are handed the same delivery",
        two_workers,
        ("2 live posts", "–"),
        short="Two workers take the same post",
    ),
    Row("Every record three times, every tick twice", doubled_records),
    Row("The stream loses the record", lost_record),
    Row(
        "30 days late; the author allowed an hour",
        overdue(SKIP_AFTER_AN_HOUR, wanted=0),
        ("published at once, no limit to set", "older than 2 days: stays queued, nobody is told"),
        short="30 days late, an hour allowed",
    ),
    Row("30 days late; the author set no limit", overdue(None, wanted=1)),
    Row("Nobody serves for two hours in which 30 posts become due", outage_with_a_backlog),
    Row("Cancelled while the platform has the request", cancelled_in_flight),
    Row("Cancelled while the record is on the stream", cancelled_in_time),
    Row("No answer by e-mail, which can't be asked", through(lost_after, channel="email")),
)
