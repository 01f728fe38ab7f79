"""The worker: from the hint to the stored outcome, whoever else is at work."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.messages import Changes, LateAction, LatePolicy, MediaRef, MessageStatus
from chalicelib.domain.metrics import Metric
from chalicelib.domain.ports import Filter, Hint
from chalicelib.domain.states import Status
from tests.fakes.ground import START
from tests.fakes.platforms import (
    Request,
    unreachable,
)
from tests.fakes.world import ADA, World

FEED = ChannelName("lookup-feed")
OTHER = ChannelName("key-feed")
SECOND = timedelta(seconds=1)


# --- what always holds ------------------------------------------------------------------------


def test_one_message_appears_on_all_six_channels(world: World) -> None:
    picture = MediaRef(world.upload(), "A picture")
    for channel in ("email", "sms", "whatsapp"):
        world.subscribe(channel, 2)
    message = world.submit("Ada passed!", *CHANNELS, media=(picture,))
    world.run()

    for channel in CHANNELS:
        people = 2 if CHANNELS[channel].direct else 1
        assert world.shown(channel) == ["Ada passed!"] * people
    assert world.message(message).status is MessageStatus.DELIVERED


def test_each_channel_keeps_the_platforms_proof(world: World) -> None:
    message = world.submit("Hello", FEED)
    world.run()
    receipt = world.delivery(message, FEED).receipt

    assert receipt is not None and receipt.external_id == world.platforms.shown(FEED)[0].id


def test_a_hint_for_an_old_claim_does_nothing(world: World) -> None:
    message = world.submit("Hello", FEED)
    world.stream.take()
    world.delivering.deliver(Hint(DeliveryKey(message.message.id, FEED), "x"))

    assert world.shown(FEED) == []
    assert [line["event"] for line in world.heard.lines] == ["stale_hint"]


def test_a_hint_for_a_delivery_that_waits_does_nothing(world: World) -> None:
    world.platforms.arm(FEED, unreachable)
    message = world.submit("Hello", FEED)
    world.drain()
    delivery = world.delivery(message, FEED)
    world.delivering.deliver(Hint(delivery.key, delivery.claim or ""))

    assert world.delivery(message, FEED) == delivery


def test_a_hint_for_nothing_does_nothing(world: World) -> None:
    unknown = Hint(DeliveryKey("nothing", FEED), "x")

    assert world.delivering.deliver_all([unknown]) == []


def test_a_duplicate_record_publishes_once(world: World) -> None:
    world.submit("Hello", FEED)
    records = world.stream.take()
    assert world.delivering.deliver_all(records * 3) == []

    assert world.shown(FEED) == ["Hello"]


def test_a_record_that_comes_again_later_publishes_nothing(world: World) -> None:
    world.submit("Hello", FEED)
    records = world.stream.take()
    for _ in range(3):
        world.delivering.deliver_all(records)
        world.clock.advance(hours=1)

    assert world.shown(FEED) == ["Hello"]


def test_an_attempt_is_written_before_the_platform_is_called(world: World) -> None:
    message = world.submit("Hello", FEED)
    seen: list[tuple[Status, int]] = []

    def look(_: Request) -> None:
        seen.append((world.status(message, FEED), len(world.attempts(message, FEED))))

    world.platforms.during = look
    world.drain()

    assert seen == [(Status.SENDING, 1)]


def test_an_attempt_is_completed_with_its_outcome(world: World) -> None:
    message = world.submit("Hello", FEED)
    world.run()
    (attempt,) = world.attempts(message, FEED)
    post = world.messages.post(message.message.id, attempt.key.channel, 1)

    assert post is not None and attempt.digest == post.digest
    assert (attempt.number, attempt.outcome, attempt.late) == (1, "delivered", False)
    assert attempt.external_id == world.platforms.shown(FEED)[0].id


def test_each_attempt_is_measured_by_channel_and_outcome(world: World) -> None:
    world.platforms.arm(FEED, unreachable)
    world.submit("Hello", FEED)
    world.run()
    counted = [m for m in world.heard.metrics if m["name"] == "AttemptDuration"]

    assert [m["outcome"] for m in counted] == ["platform_unavailable", "delivered"]
    assert {m["channel"] for m in counted} == {FEED}


def test_how_long_an_attempt_took_is_measured_and_told(world: World) -> None:
    world.submit("Hello", FEED)
    world.run()
    (metric,) = (m for m in world.heard.metrics if m["name"] == "AttemptDuration")
    (event,) = world.heard.named("attempt_finished")

    assert (metric["unit"], metric["outcome"]) == ("Milliseconds", "delivered")
    assert (event["channel"], event["duration_ms"]) == (FEED, metric["value"])


def test_a_circuit_is_told_of_when_it_opens_and_with_each_failed_probe(world: World) -> None:
    world.platforms.arm(FEED, *[unreachable] * 6)
    for number in range(5):
        world.submit(f"Hello {number}", FEED)
    world.run()
    told = [m for m in world.heard.metrics if m["name"] == Metric.CIRCUIT_OPEN]

    assert [(m["value"], m["channel"]) for m in told] == [(1, FEED)] * 2


def test_the_correlation_id_of_the_request_follows_to_the_platform_call(world: World) -> None:
    with world.heard.correlated("corr-1"):
        message = world.submit("Hello", FEED)
    world.run()

    assert {span["correlation_id"] for span in world.heard.spans} == {"corr-1"}
    assert {span["name"] for span in world.heard.spans} == {"attempt", "platform_call"}
    entries = world.messages.timeline(message.message.id).entries
    assert {entry.correlation_id for entry in entries} == {"corr-1"}


def test_each_step_stands_in_the_timeline(world: World) -> None:
    message = world.submit("Hello", FEED)
    world.clock.advance(seconds=1)
    world.run()
    timeline = world.messages.timeline(message.message.id)

    assert [(e.actor, e.before, e.after) for e in timeline.entries] == [
        ("ada", "", "publishing"),
        ("worker", "sending", "delivered"),
    ]
    assert [(attempt.number, attempt.outcome) for attempt in timeline.attempts] == [
        (1, "delivered")
    ]


def test_the_last_of_a_messages_deliveries_to_settle_stores_its_status_for_lists(
    world: World,
) -> None:
    world.submit("Hello", FEED, OTHER)
    stored = []
    world.breaker.when = lambda at, op, request: (
        stored.append(request) if at == "before" and "'rolled'" in repr(request) else None
    )
    world.run()

    assert len(stored) == 1
    (listed,) = world.messages.by_author("ada", Filter(), 10, None).items
    assert dict(listed.summary) == {FEED: "delivered", OTHER: "delivered"}


def test_who_waits_for_long_keeps_no_one_from_the_list(world: World) -> None:
    world.platforms.arm(FEED, unreachable)
    world.submit("Hello", FEED, OTHER)
    world.drain()
    (listed,) = world.messages.by_author("ada", Filter(), 10, None).items

    assert dict(listed.summary) == {FEED: "retrying", OTHER: "delivered"}


def test_the_status_for_lists_follows(world: World) -> None:
    message = world.submit("Hello", FEED)
    world.run()
    (listed,) = world.messages.by_author("ada", Filter(), 10, None).items

    assert listed.id == message.message.id
    assert (listed.status, dict(listed.summary)) == (MessageStatus.DELIVERED, {FEED: "delivered"})


def test_a_batch_says_which_of_its_records_could_not_be_written(world: World) -> None:
    messages = [world.submit(f"Hello {number}", FEED) for number in range(3)]
    second = world.delivery(messages[1], FEED).key.message_id
    world.breaker.when = lambda at, op, request: (
        StoreUnavailable("full") if at == "before" and second in repr(request) else None
    )

    assert world.delivering.deliver_all(world.stream.take()) == [1]
    assert world.shown(FEED) == ["Hello 0", "Hello 2"]
    assert world.heard.named("outcome_not_written")[0]["error"] == "full"


def test_a_bug_of_ours_is_reported_and_does_not_spread(world: World) -> None:
    for number in range(2):
        world.submit(f"Hello {number}", FEED)
    first, second = world.stream.take()
    no_channel = replace(first, key=replace(first.key, channel=ChannelName("nowhere")))
    delivery = world.messages.delivery(first.key)
    assert delivery is not None
    world.store.commit(world.messages.starting(replace(delivery, key=no_channel.key)))

    assert world.delivering.deliver_all([no_channel, second]) == [0]
    assert [name for name, _ in world.heard.failures] == ["delivery_crashed"]
    assert world.shown(FEED) == ["Hello 1"]


def test_too_near_to_the_deadline_a_delivery_is_given_back(world: World) -> None:
    message = world.submit("Hello", FEED)
    policy = world.policy
    world.drain(world.clock.now() + policy.call + policy.early - SECOND)
    delivery = world.delivery(message, FEED)

    assert (delivery.status, delivery.claim) == (Status.QUEUED, None)
    assert (delivery.next_at, world.shown(FEED)) == (world.clock.now(), [])


def test_what_was_given_back_is_released_at_once(world: World) -> None:
    world.submit("Hello", FEED)
    world.drain(world.clock.now())
    world.tick()
    world.drain()

    assert world.shown(FEED) == ["Hello"]


def test_with_time_enough_a_deadline_changes_nothing(world: World) -> None:
    world.submit("Hello", FEED)
    world.drain(world.clock.now() + world.policy.invocation)

    assert world.shown(FEED) == ["Hello"]


# --- its minute -------------------------------------------------------------------------------


def test_nothing_appears_before_its_minute(world: World) -> None:
    due = START + timedelta(minutes=10, milliseconds=123)
    world.submit("Hello", FEED, at=due)
    world.run()

    assert [post.at >= due for post in world.platforms.shown(FEED)] == [True]


def test_the_worker_waits_the_last_seconds_itself(world: World) -> None:
    due = START + timedelta(minutes=10)
    world.submit("Hello", FEED, at=due)
    world.clock.pass_until(due - 5 * SECOND)
    world.tick()
    world.drain()

    assert [post.at for post in world.platforms.shown(FEED)] == [due]
    assert world.clock.slept == [5]


def test_what_was_released_far_too_early_goes_back(world: World) -> None:
    due = START + timedelta(minutes=10)
    message = world.submit("Hello", FEED, at=due)
    world.clock.pass_until(due - 6 * SECOND)
    world.tick()
    world.clock.show(due - 20 * SECOND)

    world.drain()
    delivery = world.delivery(message, FEED)
    assert (delivery.status, delivery.next_at) == (Status.QUEUED, due)
    world.run()
    assert [post.at >= due for post in world.platforms.shown(FEED)] == [True]


def test_what_comes_too_late_is_left_out_if_the_author_wants_so(world: World) -> None:
    late = LatePolicy(timedelta(minutes=5), LateAction.SKIP)
    message = world.submit("Hello", FEED, at=START + SECOND, late_policy=late)
    world.clock.advance(minutes=6)
    world.run()
    delivery = world.delivery(message, FEED)

    assert delivery.status is Status.SKIPPED
    assert delivery.problem is not None and delivery.problem.code == "too_late"
    assert world.shown(FEED) == []


def test_an_author_may_allow_no_lateness_at_all(world: World) -> None:
    never = LatePolicy(timedelta(0), LateAction.SKIP)
    message = world.submit("Hello", FEED, at=START + SECOND, late_policy=never)
    world.clock.advance(minutes=1)
    world.run()

    assert world.status(message, FEED) is Status.SKIPPED


def test_what_comes_too_late_is_sent_all_the_same_by_default(world: World) -> None:
    world.submit("Hello", FEED, at=START + SECOND)
    world.clock.advance(hours=6)
    world.run()

    assert world.shown(FEED) == ["Hello"]


# --- races ------------------------------------------------------------------------------------


def test_a_cancellation_before_the_attempt_wins(world: World) -> None:
    message = world.submit("Hello", FEED)
    world.deciding.cancel(message.message.id, ADA)
    world.run()

    assert world.status(message, FEED) is Status.CANCELLED
    assert world.platforms.calls == []


def test_a_cancellation_between_reading_and_beginning_wins(world: World) -> None:
    message = world.submit("Hello", FEED)

    def cancelled_meanwhile(at: str, operation: str, request: object) -> None:
        if at == "after" and operation == "write" and "POST#" in repr(request):
            world.breaker.mend()
            world.deciding.cancel(message.message.id, ADA)

    world.breaker.when = cancelled_meanwhile
    assert world.drain() == 0

    assert world.platforms.calls == []
    assert world.heard.named("lost_race")


def test_a_record_from_before_an_edit_is_a_no_op(world: World) -> None:
    message = world.submit("Old", FEED)
    records = world.stream.take()
    world.editing.edit(message.message.id, Changes(text="New"), 1, ADA)
    world.delivering.deliver_all(records)
    assert world.shown(FEED) == []

    world.run()
    assert world.shown(FEED) == ["New"]


def test_an_edit_while_retrying_publishes_the_new_words(world: World) -> None:
    world.platforms.arm("handle-feed", unreachable)
    message = world.submit("Old", "handle-feed")
    world.drain()
    world.editing.edit(message.message.id, Changes(text="New"), 1, ADA)
    world.run()

    assert world.shown("handle-feed") == ["New"]
