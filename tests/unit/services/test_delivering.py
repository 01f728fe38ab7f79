"""The worker: one attempt, from the hint to the stored outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import AwsCall, ChannelName, HttpRequest
from chalicelib.domain.deliveries import DeliveryKey, Status
from chalicelib.domain.errors import LostRace, StoreUnavailable
from chalicelib.domain.messages import Changes, LateAction, LatePolicy, MediaRef, MessageStatus
from chalicelib.domain.ports import AccountStatus, Filter, Hint
from tests.fakes.ground import START
from tests.fakes.platforms import (
    Request,
    answers,
    broken,
    garbled,
    lost_after,
    rate_limited,
    unreachable,
)
from tests.fakes.world import ADA, World

FEED = ChannelName("lookup-feed")
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
    counted = [m["outcome"] for m in world.heard.metrics if m["name"] == "Attempts"]

    assert counted == ["platform_unavailable", "delivered"]
    assert {m["channel"] for m in world.heard.metrics} == {FEED}
    assert {m["unit"] for m in world.heard.metrics} == {"Count", "Milliseconds"}


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
    entries = world.messages.timeline(message.message.id).entries

    assert [(e.actor, e.before, e.after) for e in entries] == [
        ("ada", "", "publishing"),
        ("worker", "queued", "sending"),
        ("worker", "sending", "delivered"),
    ]


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
    world.publishing.edit(message.message.id, Changes(text="New"), 1, ADA)
    world.delivering.deliver_all(records)
    assert world.shown(FEED) == []

    world.run()
    assert world.shown(FEED) == ["New"]


def test_an_edit_while_retrying_publishes_the_new_words(world: World) -> None:
    world.platforms.arm("handle-feed", unreachable)
    message = world.submit("Old", "handle-feed")
    world.drain()
    world.publishing.edit(message.message.id, Changes(text="New"), 1, ADA)
    world.run()

    assert world.shown("handle-feed") == ["New"]


# --- the account ------------------------------------------------------------------------------


def test_without_an_account_deliveries_wait() -> None:
    world = World(connected=False)
    message = world.submit("Hello", FEED)
    world.run(timedelta(minutes=10))
    delivery = world.delivery(message, FEED)

    assert (delivery.status, delivery.attempts) == (Status.BLOCKED, 0)
    assert delivery.problem is not None and delivery.problem.code == "credentials_rejected"


def test_rejected_credentials_hold_back_the_whole_account(world: World) -> None:
    world.platforms.arm(FEED, answers(401))
    messages = [world.submit(f"Hello {number}", FEED) for number in range(3)]
    world.drain()

    assert [world.status(message, FEED) for message in messages] == [Status.BLOCKED] * 3
    assert len(world.platforms.published(FEED)) == 1
    assert world.accounts.state(FEED).status is AccountStatus.BLOCKED


def test_blocked_deliveries_go_on_when_the_account_is_connected_again(world: World) -> None:
    world.platforms.arm(FEED, answers(401))
    message = world.submit("Hello", FEED)
    world.run(timedelta(minutes=30))
    assert world.status(message, FEED) is Status.BLOCKED

    world.connect(FEED)
    world.run()
    assert world.shown(FEED) == ["Hello"]


def test_waiting_for_an_account_burns_no_attempts(world: World) -> None:
    world.platforms.arm(FEED, answers(401))
    message = world.submit("Hello", FEED)
    world.run(timedelta(days=2))
    world.connect(FEED)
    world.run()

    assert world.delivery(message, FEED).attempts == 2


def test_a_rate_limit_pauses_the_whole_account(world: World) -> None:
    world.platforms.arm(FEED, rate_limited(600))
    messages = [world.submit(f"Hello {number}", FEED) for number in range(3)]
    world.drain()

    assert len(world.platforms.published(FEED)) == 1
    for message in messages[1:]:
        delivery = world.delivery(message, FEED)
        assert (delivery.attempts, delivery.next_at) == (0, START + timedelta(minutes=10))


def test_after_a_rate_limit_everything_is_published(world: World) -> None:
    world.platforms.arm(FEED, rate_limited(600))
    for number in range(3):
        world.submit(f"Hello {number}", FEED)
    world.run()

    assert sorted(world.shown(FEED)) == ["Hello 0", "Hello 1", "Hello 2"]
    assert min(post.at for post in world.platforms.posts) >= START + timedelta(minutes=10)


def test_another_account_is_not_delayed(world: World) -> None:
    world.platforms.arm(FEED, rate_limited(600))
    world.submit("Hello", FEED, "key-feed")
    world.drain()

    assert world.shown("key-feed") == ["Hello"]


# --- answers ----------------------------------------------------------------------------------


def test_what_certainly_did_not_happen_is_tried_again(world: World) -> None:
    world.platforms.arm(FEED, unreachable, unreachable)
    message = world.submit("Hello", FEED)
    world.run()

    assert world.shown(FEED) == ["Hello"]
    assert world.delivery(message, FEED).attempts == 3


def test_retries_end_after_eight_attempts(world: World) -> None:
    world.platforms.arm(FEED, *[unreachable] * 20)
    message = world.submit("Hello", FEED)
    world.run()
    delivery = world.delivery(message, FEED)

    assert (delivery.status, delivery.attempts) == (Status.FAILED, 8)
    assert len(world.platforms.calls) == 8


def test_a_persons_retry_gets_eight_attempts_of_its_own(world: World) -> None:
    world.platforms.arm(FEED, *[unreachable] * 20)
    message = world.submit("Hello", FEED)
    world.run()
    world.clock.advance(days=2)
    world.deciding.retry(message.message.id, FEED, ADA)
    world.run()

    assert world.delivery(message, FEED).attempts == 16


def test_rejected_content_fails_at_once(world: World) -> None:
    world.platforms.arm(FEED, answers(400))
    message = world.submit("Hello", FEED)
    world.run()

    assert world.status(message, FEED) is Status.FAILED
    assert len(world.platforms.calls) == 1


def test_a_channel_that_trips_over_an_answer_is_in_doubt(world: World) -> None:
    world.platforms.arm(FEED, garbled)
    message = world.submit("Hello", FEED)
    world.drain()

    assert world.status(message, FEED) is Status.IN_DOUBT
    assert [name for name, _ in world.heard.failures] == ["channel_crashed"]


def test_a_transport_that_fails_unforeseen_is_in_doubt(world: World) -> None:
    world.platforms.arm(FEED, broken)
    message = world.submit("Hello", FEED)
    world.drain()

    assert world.status(message, FEED) is Status.IN_DOUBT


def test_the_outcome_is_kept_even_if_the_account_can_not_be_noted(world: World) -> None:
    world.platforms.arm(FEED, answers(401))
    message = world.submit("Hello", FEED)
    world.breaker.when = lambda at, op, request: (
        StoreUnavailable("no") if op == "write" and "STATE" in repr(request) else None
    )

    assert world.drain() == 0
    assert world.status(message, FEED) is Status.BLOCKED


# --- what is posted ---------------------------------------------------------------------------


def test_what_is_posted_is_fixed_before_the_first_attempt(world: World) -> None:
    world.platforms.arm(FEED, unreachable)
    message = world.submit("Hello", FEED)
    world.drain()
    world.connect(FEED, footer=" (c) 2027")
    world.run()

    assert world.shown(FEED) == ["Hello"]
    digests = {attempt.digest for attempt in world.attempts(message, FEED)}
    assert len(digests) == 1


def test_what_cannot_become_a_post_fails_without_an_attempt(world: World) -> None:
    world.connect(FEED, footer="!" * 600)
    message = world.submit("Hello", FEED)
    world.run()
    delivery = world.delivery(message, FEED)

    assert (delivery.status, delivery.attempts) == (Status.FAILED, 0)
    assert delivery.problem is not None and delivery.problem.code == "unsupported_content"


def test_a_revision_that_cannot_be_read_is_our_own_trouble(world: World) -> None:
    message = world.submit("Hello", FEED)
    delivery = world.delivery(message, FEED)
    gone = replace(delivery, revision=9, version=delivery.version + 1)
    world.store.commit(world.messages.moving(delivery, gone))

    assert world.drain() == 1
    assert world.status(message, FEED) is Status.QUEUED


def test_a_token_is_the_same_for_every_attempt(world: World) -> None:
    world.platforms.arm(FEED, unreachable)
    world.submit("Hello", FEED)
    world.run()
    steps = world.platforms.published(FEED)
    tokens = {step.json["token"] for step in steps if isinstance(step, HttpRequest)}

    assert len(steps) == 2 and len(tokens) == 1


def test_a_handle_is_stored_before_anything_is_visible(world: World) -> None:
    message = world.submit("Hello", "handle-feed")
    seen: list[str | None] = []

    def look(request: Request) -> None:
        if request.publishes:
            seen.append(world.delivery(message, "handle-feed").handle)

    world.platforms.during = look
    world.drain()

    assert seen == ["container1"]


def test_without_its_handle_stored_nothing_is_published(world: World) -> None:
    message = world.submit("Hello", "handle-feed")
    world.breaker.when = lambda at, op, request: (
        StoreUnavailable("no") if at == "before" and "'handle'" in repr(request) else None
    )
    assert world.drain() == 1
    assert world.platforms.published("handle-feed") == []

    world.breaker.mend()
    world.run()
    assert world.shown("handle-feed") == ["Hello"]
    assert world.status(message, "handle-feed") is Status.DELIVERED


def test_a_retry_publishes_the_stored_handle(world: World) -> None:
    world.platforms.arm("handle-feed", unreachable)
    world.submit("Hello", "handle-feed")
    world.run()

    assert list(world.platforms.containers) == ["container1"]
    assert world.shown("handle-feed") == ["Hello"]


# --- our own store ----------------------------------------------------------------------------


def test_an_attempt_that_could_not_begin_calls_nobody(world: World) -> None:
    world.submit("Hello", FEED)
    world.breaker.when = lambda at, op, request: (
        StoreUnavailable("no") if at == "before" and "ATTEMPT#" in repr(request) else None
    )

    assert world.drain() == 1
    assert world.platforms.calls == []


def test_an_outcome_that_could_not_be_written_is_found_again(world: World) -> None:
    message = world.submit("Hello", FEED)
    world.breaker.when = lambda at, op, request: (
        StoreUnavailable("no") if at == "before" and "delivered_at" in repr(request) else None
    )
    assert world.drain() == 1
    assert world.status(message, FEED) is Status.SENDING

    world.breaker.mend()
    world.run()
    assert world.status(message, FEED) is Status.DELIVERED
    assert world.shown(FEED) == ["Hello"]


def test_a_roll_up_that_fails_does_not_fail_the_delivery(world: World) -> None:
    message = world.submit("Hello", FEED)
    world.breaker.when = lambda at, op, request: (
        StoreUnavailable("no") if at == "before" and "rolled" in repr(request) else None
    )

    assert world.drain() == 0
    assert world.status(message, FEED) is Status.DELIVERED
    assert world.heard.named("roll_up_later")


def test_there_is_nothing_to_roll_up_without_deliveries(world: World) -> None:
    draft = world.submit("Hello", FEED, keep_as_draft=True)

    assert world.delivering.roll_up(draft.message.id) is None
    assert world.delivering.roll_up("nothing") is None


def test_a_worker_that_lost_its_lease_only_leaves_evidence(world: World) -> None:
    message = world.submit("Hello", FEED)

    def taken_over(request: Request) -> None:
        world.platforms.during = lambda _: None
        world.clock.advance(minutes=10)
        world.tick()

    world.platforms.during = taken_over
    world.delivering.deliver_all(world.stream.take())
    (attempt,) = world.attempts(message, FEED)

    assert world.status(message, FEED) is Status.IN_DOUBT
    assert (attempt.late, attempt.outcome) == (True, "delivered")


def test_evidence_of_a_late_worker_settles_the_doubt(world: World) -> None:
    message = world.submit("Hello", "none-feed")

    def taken_over(request: Request) -> None:
        world.platforms.during = lambda _: None
        world.clock.advance(minutes=10)
        world.tick()

    world.platforms.during = taken_over
    world.delivering.deliver_all(world.stream.take(1))
    world.run()
    delivery = world.delivery(message, "none-feed")

    assert delivery.status is Status.DELIVERED
    assert delivery.receipt is not None and delivery.receipt.external_id == "none-feed_1"
    assert world.shown("none-feed") == ["Hello"]


def test_what_raced_is_not_reported(world: World) -> None:
    world.submit("Hello", FEED)
    world.breaker.break_write(1, "before", LostRace())

    assert world.drain() == 0


@pytest.mark.parametrize("channel", ["facebook", "linkedin"])
def test_a_lost_answer_on_a_real_feed_publishes_once(world: World, channel: str) -> None:
    world.platforms.arm(channel, lost_after)
    message = world.submit("Hello", channel)
    world.run()

    assert world.shown(channel) == ["Hello"]
    assert world.status(message, channel) is Status.DELIVERED


def test_a_lost_answer_on_instagram_publishes_once(world: World) -> None:
    world.platforms.arm("instagram", lost_after)
    picture = MediaRef(world.upload())
    message = world.submit("Hello", "instagram", media=(picture,))
    world.run()

    assert world.shown("instagram") == ["Hello"]
    assert world.status(message, "instagram") is Status.DELIVERED


def test_a_mail_carries_our_mark_and_a_way_out(world: World) -> None:
    world.subscribe("email", 1)
    world.submit("Hello", "email")
    world.run()
    (step,) = world.platforms.published("email")

    assert isinstance(step, AwsCall)
    assert step.params["EmailTags"][0]["Value"] == world.platforms.posts[0].token
    assert "https://api.example.org/unsubscribe/" in repr(step.params["Content"])
