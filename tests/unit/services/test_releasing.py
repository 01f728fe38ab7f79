"""The scheduler: what is due is claimed and hinted, at its lead and not a minute later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.metrics import Metric
from chalicelib.domain.states import Status
from chalicelib.services.releasing import LEAD, SPAN
from tests.fakes.ground import START
from tests.fakes.platforms import answers, rate_limited, unreachable
from tests.fakes.world import ADA, World

FEED = "lookup-feed"
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def scheduled(world: World, *moments: datetime) -> None:
    """Schedule a message for each of these moments."""
    for number, moment in enumerate(moments):
        world.submit(f"Hello {number}", FEED, at=moment)


def hinted(world: World) -> list[datetime]:
    """Have every record noted with the moment it is put; return the growing list."""
    moments: list[datetime] = []
    refuses = world.stream.refuses

    def note(hint: object) -> bool:
        moments.append(world.clock.now())
        return refuses(hint)  # type: ignore[arg-type] # a hint

    world.stream.refuses = note
    return moments


# --- what is due ------------------------------------------------------------------------------


def test_what_is_due_is_claimed_and_hinted(world: World) -> None:
    scheduled(world, START + HOUR)
    world.clock.pass_until(START + HOUR)

    assert world.tick() == 1
    (hint,) = world.stream.waiting
    delivery = world.messages.delivery(hint.key)
    assert delivery is not None
    assert (delivery.status, delivery.claim) == (Status.QUEUED, hint.claim)
    assert delivery.next_at == world.clock.now() + world.policy.queue_lease


def test_nothing_due_ends_the_run_at_once(world: World) -> None:
    scheduled(world, START + HOUR)

    assert world.tick() == 0
    assert world.clock.slept == []


def test_a_run_ends_as_soon_as_it_knows_nothing_more(world: World) -> None:
    scheduled(world, START + 20 * SECOND)
    world.tick()

    assert world.clock.now() == START + 20 * SECOND - LEAD


def test_a_run_looks_ahead_and_sleeps_until_each_ones_lead(world: World) -> None:
    dues = [START + seconds * SECOND for seconds in (20, 20.5, 45)]
    scheduled(world, *dues)
    moments = hinted(world)

    assert world.tick() == 3
    assert moments == [due - LEAD for due in dues]


def test_what_lies_beyond_the_span_is_left_to_the_next_run(world: World) -> None:
    scheduled(world, START + SPAN + LEAD, START + SPAN + LEAD + SECOND)

    assert world.tick() == 0
    assert world.clock.slept == []


def test_a_run_every_minute_misses_no_second(world: World) -> None:
    dues = [START + seconds * SECOND for seconds in range(1, 181, 7)]
    scheduled(world, *dues)
    moments = hinted(world)
    for minute in range(4):
        world.clock.pass_until(START + timedelta(minutes=minute))
        world.tick()

    lateness = [moment - due for moment, due in zip(moments, dues, strict=True)]
    assert max(lateness) <= -LEAD + SECOND * LEAD.total_seconds()
    assert len(moments) == len(dues)


def test_a_deadline_ends_a_run_before_its_span(world: World) -> None:
    scheduled(world, START + 20 * SECOND)

    assert world.releasing.release(START + 10 * SECOND) == 0
    assert world.clock.now() == START


def test_it_appears_at_its_minute_and_not_before(world: World) -> None:
    scheduled(world, START + 20 * SECOND)
    world.tick()
    world.drain()

    assert [post.at for post in world.platforms.shown(FEED)] == [START + 20 * SECOND]


# --- a hint is only a hint --------------------------------------------------------------------


def at_claim(world: World, action: Callable[[], object]) -> None:
    """Have something happen just before the scheduler re-reads what it is to claim."""

    def when(at: str, operation: str, request: object) -> None:
        if at == "before" and operation == "batch_get" and "CHANNEL#" in repr(request):
            world.breaker.mend()
            action()

    world.breaker.when = when


def test_a_stale_index_is_ignored(world: World) -> None:
    message = world.submit("Hello", FEED, at=START + HOUR)
    world.clock.pass_until(START + HOUR)
    at_claim(world, lambda: world.deciding.cancel(message.message.id, ADA))

    assert world.tick() == 0
    assert world.status(message, FEED) is Status.CANCELLED


def test_what_another_run_claimed_first_is_left_alone(world: World) -> None:
    scheduled(world, START + HOUR)
    world.clock.pass_until(START + HOUR)
    at_claim(world, world.tick)

    assert world.tick() == 0
    assert len(world.stream.waiting) == 1


def test_a_delivery_that_vanished_is_ignored(world: World) -> None:
    message = world.submit("Hello", FEED, at=START + HOUR)
    world.clock.pass_until(START + HOUR)
    delivery = world.delivery(message, FEED)
    at_claim(world, lambda: world.store.commit(world.messages.removing(delivery)))

    assert world.tick() == 0


def test_a_lost_race_for_one_claim_does_not_cost_the_others_theirs(world: World) -> None:
    messages = [world.submit(f"Hello {n}", FEED, at=START + HOUR) for n in range(9)]
    world.clock.pass_until(START + HOUR)

    def cancelled_after_reading(at: str, operation: str, request: object) -> None:
        if at == "after" and operation == "batch_get" and "CHANNEL#" in repr(request):
            world.breaker.mend()
            world.deciding.cancel(messages[4].message.id, ADA)

    world.breaker.when = cancelled_after_reading
    assert world.tick() == 8
    assert world.status(messages[4], FEED) is Status.CANCELLED


@pytest.mark.parametrize("operation", ["batch_get", "transact"])
def test_a_store_that_fails_for_one_batch_does_not_touch_the_others(
    world: World, operation: str
) -> None:
    scheduled(world, *[START + HOUR] * 120)
    world.clock.pass_until(START + HOUR)

    def once(at: str, asked: str, request: object) -> BaseException | None:
        if at == "before" and asked == operation and "CHANNEL#" in repr(request):
            world.breaker.mend()
            return StoreUnavailable("no")
        return None

    world.breaker.when = once
    assert world.tick() in (20, 70)
    assert len(world.heard.named("claim_not_written") + world.heard.named("due_not_read")) == 1
    world.run()
    assert len(world.shown(FEED)) == 120


def test_many_claims_are_one_transaction(world: World) -> None:
    scheduled(world, *[START + HOUR] * 100)
    world.clock.pass_until(START + HOUR)
    asked: list[str] = []
    world.breaker.when = lambda at, operation, _: asked.append(operation) if at == "after" else None

    assert world.tick() == 100
    assert asked.count("transact") == 2
    assert len([operation for operation in asked if operation != "query"]) == 4


# --- what comes back --------------------------------------------------------------------------


def test_lost_records_come_back_after_the_lease(world: World) -> None:
    world.stream.loses = lambda _: True
    scheduled(world, START + HOUR)
    world.clock.pass_until(START + HOUR)
    world.tick()
    world.stream.loses = lambda _: False
    world.run()

    assert world.shown(FEED) == ["Hello 0"]
    assert world.platforms.shown(FEED)[0].at == START + HOUR + world.policy.queue_lease


def test_what_is_leased_is_not_claimed_by_the_next_run(world: World) -> None:
    scheduled(world, START + HOUR)
    world.clock.pass_until(START + HOUR)
    world.tick()
    world.clock.advance(minutes=1)

    assert world.tick() == 0


def test_what_the_stream_refuses_is_due_again_at_once(world: World) -> None:
    scheduled(world, START + HOUR)
    world.clock.pass_until(START + HOUR)
    world.stream.refuses = lambda _: True
    world.tick()
    assert world.next_due() == world.clock.now()

    world.stream.refuses = lambda _: False
    world.run()
    assert world.shown(FEED) == ["Hello 0"]


def test_a_refusal_that_cannot_be_noted_is_logged(world: World) -> None:
    scheduled(world, START + HOUR)
    world.clock.pass_until(START + HOUR)
    world.stream.refuses = lambda _: True
    world.breaker.break_write(2, "before", StoreUnavailable("no"))
    world.tick()

    assert len(world.heard.named("stream_refused")) == 1


def test_a_retry_is_claimed_at_its_own_time_and_not_before(world: World) -> None:
    world.platforms.arm(FEED, unreachable)
    message = world.submit("Hello", FEED)
    world.drain()
    moments = hinted(world)
    again = world.delivery(message, FEED).next_at
    world.tick()

    assert moments == [again]


def test_blocked_deliveries_wait_quietly(world: World) -> None:
    world.platforms.arm(FEED, answers(401))
    message = world.submit("Hello", FEED)
    world.drain()
    for _ in range(3):
        world.clock.advance(minutes=2)
        assert world.tick() == 0
        delivery = world.delivery(message, FEED)
        assert delivery.next_at == world.clock.now() + world.policy.blocked_recheck
        assert (delivery.status, delivery.attempts) == (Status.BLOCKED, 1)


def test_quiet_rechecks_leave_no_trace_in_the_timeline(world: World) -> None:
    world.platforms.arm(FEED, answers(401))
    message = world.submit("Hello", FEED)
    world.drain()
    before = len(world.messages.timeline(message.message.id).entries)
    world.clock.advance(minutes=2)
    world.tick()

    assert len(world.messages.timeline(message.message.id).entries) == before


def test_a_claim_stands_in_the_timeline(world: World) -> None:
    message = world.submit("Hello", FEED, at=START + HOUR)
    world.clock.pass_until(START + HOUR)
    world.tick()
    last = world.messages.timeline(message.message.id).entries[-1]

    assert (last.actor, last.event, last.before, last.after) == (
        "scheduler",
        "queued",
        "pending",
        "queued",
    )


def test_once_connected_blocked_ones_are_released(world: World) -> None:
    world.platforms.arm(FEED, answers(401))
    world.submit("Hello", FEED)
    world.run(timedelta(minutes=10))
    world.connect(FEED)
    world.clock.advance(minutes=2)

    assert world.tick() == 1


def test_a_paused_account_is_looked_at_when_the_pause_is_over(world: World) -> None:
    world.platforms.arm(FEED, rate_limited(600))
    world.submit("First", FEED)
    world.submit("Second", FEED)
    world.drain()
    world.clock.advance(minutes=10)
    world.tick()
    world.drain()

    assert "Second" in world.shown(FEED)


# --- what alarms are set on -------------------------------------------------------------------


def measured(world: World, metric: Metric) -> list[float]:
    """Return a metric's values so far."""
    return [found["value"] for found in world.heard.metrics if found["name"] == metric]


def test_each_run_is_counted_also_one_with_nothing_to_do(world: World) -> None:
    world.tick()
    world.tick()

    assert measured(world, Metric.TICKS) == [1, 1]
    assert measured(world, Metric.OLDEST_DUE) == [0, 0]


def test_a_run_that_cannot_read_what_is_due_is_not_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise StoreUnavailable("The table does not answer.")

    monkeypatch.setattr(world.messages, "due", refuse)
    with pytest.raises(StoreUnavailable):
        world.tick()

    assert measured(world, Metric.TICKS) == []


def test_how_long_the_oldest_has_been_due_is_measured_before_it_is_claimed(world: World) -> None:
    scheduled(world, START + HOUR, START + 2 * HOUR)
    world.clock.pass_until(START + 3 * HOUR)
    world.tick()

    assert measured(world, Metric.OLDEST_DUE) == [2 * 3600]


def test_a_pause_that_a_platform_asked_for_alarms_nobody(world: World) -> None:
    world.platforms.arm(FEED, rate_limited(600))
    world.submit("First", FEED)
    world.submit("Second", FEED)
    world.drain()
    world.run(timedelta(minutes=5))

    assert measured(world, Metric.CIRCUIT_OPEN) + measured(world, Metric.ACCOUNT_BLOCKED) == []


def test_a_channel_whose_account_is_refused_is_told_of_once_a_run(world: World) -> None:
    world.platforms.arm(FEED, answers(401))
    world.submit("Hello", FEED)
    world.submit("Hello again", FEED)
    world.drain()
    world.clock.advance(minutes=2)
    world.tick()

    assert measured(world, Metric.ACCOUNT_BLOCKED) == [1]


# --- how much ---------------------------------------------------------------------------------


def test_more_than_a_page_of_the_index_is_released() -> None:
    world = World(page=3)
    scheduled(world, *[START + HOUR] * 100)
    world.clock.pass_until(START + HOUR)

    assert world.tick() == 100


def test_one_run_claims_no_more_than_the_workers_serve_until_the_next() -> None:
    world = World(claims_per_second=0.5)
    scheduled(world, *[START + HOUR] * 35)
    world.clock.pass_until(START + HOUR)

    assert world.tick() == 30
    assert world.tick() == 5
