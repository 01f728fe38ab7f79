"""Direct channels: one row per recipient under a parent, nobody lost and nobody twice."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import Counts, DeliveryKey
from chalicelib.domain.errors import LostRace, OptedOut, StoreUnavailable
from chalicelib.domain.messages import LateAction, LatePolicy, MessageStatus
from chalicelib.domain.ports import Hint
from chalicelib.domain.states import Status
from tests.fakes.ground import START, Died
from tests.fakes.platforms import Act, answers, lost_before, unreachable
from tests.fakes.world import ADA, World

DIRECT = "lookup-direct"
NAME = ChannelName(DIRECT)


def reached(world: World, channel: str = DIRECT) -> Counter[str | None]:
    """Return how often each address got something."""
    return Counter(post.recipient for post in world.platforms.shown(channel))


def test_everybody_is_served_once_and_the_parent_counts_them(world: World) -> None:
    world.subscribe(DIRECT, 5)
    message = world.submit("Hello", DIRECT)
    world.run()

    assert set(reached(world).values()) == {1} and len(reached(world)) == 5
    assert world.delivery(message, DIRECT).counts == Counts(total=5, delivered=5)
    assert world.message(message).status is MessageStatus.DELIVERED


def test_a_thousand_recipients_are_all_served_once(world: World) -> None:
    world.subscribe(DIRECT, 1000)
    message = world.submit("Hello", DIRECT)
    world.run()

    assert len(reached(world)) == 1000 and set(reached(world).values()) == {1}
    assert world.delivery(message, DIRECT).counts == Counts(total=1000, delivered=1000)


def test_the_first_recipients_are_served_along_with_their_parent(world: World) -> None:
    world.subscribe(DIRECT, 5)
    world.submit("Hello", DIRECT)
    world.delivering.deliver_all(world.stream.take())

    assert len(reached(world)) == 5
    assert len(world.stream.everything) == 1


def test_a_long_list_is_shared_out_by_the_stream(world: World) -> None:
    world.subscribe(DIRECT, 100)
    world.submit("Hello", DIRECT)
    world.delivering.deliver_all(world.stream.take())

    assert len(reached(world)) == 40
    assert len(world.stream.waiting) == 60


def test_recipients_the_stream_refused_are_due_again_at_once(world: World) -> None:
    world.stream.refuses = lambda hint: hint.key.recipient_id is not None
    world.subscribe(DIRECT, 60)
    message = world.submit("Hello", DIRECT)
    world.drain()
    waiting = [row for row in world.rows(message, DIRECT) if row.status is Status.QUEUED]
    assert [row.next_at for row in waiting] == [world.clock.now()] * 20

    world.stream.refuses = lambda _: False
    world.run()
    assert len(reached(world)) == 60 and set(reached(world).values()) == {1}


WRITES_OF_AN_EXPANSION = range(1, 10)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("number", WRITES_OF_AN_EXPANSION)
def test_an_expansion_interrupted_at_any_write_loses_and_repeats_nobody(
    number: int, moment: str
) -> None:
    world = World()
    world.subscribe(DIRECT, 90)
    message = world.submit("Hello", DIRECT)
    world.breaker.break_write(number, moment, Died())
    with pytest.raises(Died):
        world.drain()
    world.breaker.mend()
    world.restart()
    world.run()

    assert len(reached(world)) == 90 and set(reached(world).values()) == {1}
    assert world.delivery(message, DIRECT).counts == Counts(total=90, delivered=90)
    assert world.message(message).status is MessageStatus.DELIVERED


@pytest.mark.parametrize("number", range(1, 14))
def test_a_store_that_fails_at_any_write_loses_and_repeats_nobody(number: int) -> None:
    world = World()
    world.subscribe(DIRECT, 25)
    message = world.submit("Hello", DIRECT)
    world.breaker.break_write(number, "before", StoreUnavailable("no"))
    world.run()

    assert len(reached(world)) == 25 and set(reached(world).values()) == {1}
    assert world.delivery(message, DIRECT).counts == Counts(total=25, delivered=25)


def test_who_opted_out_is_not_written_to(world: World) -> None:
    first, *_ = world.subscribe(DIRECT, 3)
    world.subscriptions.opt_out(NAME, first, START)
    message = world.submit("Hello", DIRECT)
    world.run()

    assert world.delivery(message, DIRECT).counts == Counts(total=2, delivered=2)


def test_who_turns_out_not_to_be_there_after_the_expansion_is_left_out(world: World) -> None:
    ids = world.subscribe(DIRECT, 2)
    world.platforms.arm(DIRECT, unreachable, unreachable)
    message = world.submit("Hello", DIRECT)
    world.drain()
    world.subscriptions.mark_undeliverable(NAME, ids[0], world.clock.now())
    world.run()
    skipped = world.delivery(message, DIRECT, ids[0])

    assert skipped.status is Status.SKIPPED
    assert skipped.problem is not None and skipped.problem.code == "no_such_address"


def test_who_opts_out_after_the_expansion_is_left_out(world: World) -> None:
    ids = world.subscribe(DIRECT, 2)
    world.platforms.arm(DIRECT, unreachable, unreachable)
    message = world.submit("Hello", DIRECT)
    world.drain()
    world.subscriptions.opt_out(NAME, ids[0], world.clock.now())
    world.run()
    skipped = world.delivery(message, DIRECT, ids[0])

    assert skipped.status is Status.SKIPPED
    assert skipped.problem is not None and skipped.problem.code == "opted_out"
    assert world.delivery(message, DIRECT).counts == Counts(total=2, delivered=1, skipped=1)
    assert world.message(message).status is MessageStatus.PARTIALLY_DELIVERED


def test_who_was_removed_after_the_expansion_is_left_out(world: World) -> None:
    ids = world.subscribe(DIRECT, 1)
    world.platforms.arm(DIRECT, unreachable)
    message = world.submit("Hello", DIRECT)
    world.drain()
    world.subscriptions.remove(NAME, ids[0])
    world.run()

    assert world.status(message, DIRECT, ids[0]) is Status.SKIPPED
    assert world.status(message, DIRECT) is Status.SKIPPED


def test_pages_full_of_erased_people_do_not_stop_the_expansion(world: World) -> None:
    gone = world.subscribe(DIRECT, 50)
    for recipient_id in gone:
        world.subscriptions.opt_out(NAME, recipient_id, START)
        world.subscriptions.remove(NAME, recipient_id)
    world.subscribe(DIRECT, 2, first=50)
    message = world.submit("Hello", DIRECT)
    world.run()

    assert world.delivery(message, DIRECT).counts == Counts(total=2, delivered=2)


def test_whoever_told_the_platform_to_stop_is_opted_out_here_too(world: World) -> None:
    def refused(act: Act) -> object:
        raise OptedOut("They told WhatsApp.")

    ids = world.subscribe("whatsapp", 1)
    world.platforms.arm("whatsapp", refused)  # type: ignore[arg-type] # it never returns
    message = world.submit("Hello", "whatsapp")
    world.run()
    known = world.subscriptions.get(ChannelName("whatsapp"), ids[0])

    assert known is not None and known.opted_out_at == START
    assert world.status(message, "whatsapp") is Status.FAILED


def test_a_channel_without_recipients_says_so(world: World) -> None:
    message = world.submit("Hello", DIRECT)
    world.run()
    parent = world.delivery(message, DIRECT)

    assert parent.status is Status.FAILED
    assert parent.problem is not None and parent.problem.code == "no_recipients"


def test_added_recipients_are_served_when_a_person_retries(world: World) -> None:
    message = world.submit("Hello", DIRECT)
    world.run()
    world.subscribe(DIRECT, 2)
    world.deciding.retry(message.message.id, DIRECT, ADA)
    world.drain()

    assert len(reached(world)) == 2
    parent = world.delivery(message, DIRECT)
    assert (parent.status, parent.problem) == (Status.DELIVERED, None)


def test_a_parent_waits_for_its_account_before_it_makes_rows() -> None:
    world = World(connected=False)
    world.subscribe(DIRECT, 2)
    message = world.submit("Hello", DIRECT)
    world.run(timedelta(minutes=10))
    assert (world.status(message, DIRECT), world.rows(message, DIRECT)) == (Status.BLOCKED, [])

    world.connect(DIRECT)
    world.run()
    assert len(reached(world)) == 2


def test_a_parent_that_comes_too_late_makes_no_rows(world: World) -> None:
    world.subscribe(DIRECT, 2)
    late = LatePolicy(timedelta(minutes=5), LateAction.SKIP)
    message = world.submit("Hello", DIRECT, at=START + timedelta(seconds=1), late_policy=late)
    world.clock.advance(minutes=10)
    world.run()

    assert (world.status(message, DIRECT), world.rows(message, DIRECT)) == (Status.SKIPPED, [])


def test_a_parent_closes_with_what_became_of_everybody(world: World) -> None:
    world.subscribe("none-direct", 4)
    world.platforms.arm("none-direct", answers(400), lost_before)
    message = world.submit("Hello", "none-direct")
    world.run()
    parent = world.delivery(message, "none-direct")

    assert parent.status is Status.NEEDS_REVIEW
    assert parent.counts == Counts(total=4, delivered=2, failed=1, needs_review=1)


@pytest.mark.parametrize(
    ("acts", "code"),
    [
        ((answers(400), answers(400)), "content_rejected"),
        ((answers(400), lost_before), "needs_review"),
        ((lost_before,), "needs_review"),
        ((answers(400),), None),
    ],
)
def test_a_closed_parent_says_what_kept_its_recipients_from_it(
    world: World, acts: tuple[Act, ...], code: str | None
) -> None:
    world.subscribe("none-direct", 2)
    world.platforms.arm("none-direct", *acts)
    message = world.submit("Hello", "none-direct")
    world.run()
    problem = world.delivery(message, "none-direct").problem

    assert (problem and problem.code) == code


def test_the_retry_of_a_closed_parent_serves_those_who_were_missed(world: World) -> None:
    world.subscribe(DIRECT, 3)
    world.platforms.arm(DIRECT, answers(400))
    message = world.submit("Hello", DIRECT)
    world.run()
    assert world.message(message).status is MessageStatus.PARTIALLY_DELIVERED

    world.deciding.retry(message.message.id, DIRECT, ADA)
    assert world.status(message, DIRECT) is Status.SENDING
    world.run()
    assert set(reached(world).values()) == {1} and len(reached(world)) == 3
    assert world.delivery(message, DIRECT).counts == Counts(total=3, delivered=3)
    assert world.message(message).status is MessageStatus.DELIVERED


def test_a_persons_word_about_a_recipient_closes_the_parent_soon(world: World) -> None:
    world.subscribe("none-direct", 2)
    world.platforms.arm("none-direct", lost_before)
    message = world.submit("Hello", "none-direct")
    world.run()
    world.deciding.resolve(message.message.id, "none-direct", "it_is_there", None, ADA)
    world.drain()

    assert world.status(message, "none-direct") is Status.DELIVERED
    assert world.delivery(message, "none-direct").counts == Counts(total=2, delivered=2)


def test_a_parent_whose_closing_was_lost_is_closed_after_its_lease(world: World) -> None:
    world.subscribe(DIRECT, 1)
    message = world.submit("Hello", DIRECT)
    closing = "'count_delivered'"
    world.breaker.when = lambda at, op, request: (
        StoreUnavailable("no")
        if at == "before" and "delivered_at" in repr(request) and closing in repr(request)
        else None
    )
    world.drain()
    world.breaker.mend()
    world.run()

    assert world.status(message, DIRECT) is Status.DELIVERED
    assert set(reached(world).values()) == {1}


def test_a_parent_is_looked_at_again_while_recipients_are_open(world: World) -> None:
    world.subscribe(DIRECT, 1)
    world.platforms.arm(DIRECT, answers(429, {}, retry_after="3600"))
    message = world.submit("Hello", DIRECT)
    world.run(timedelta(minutes=20))
    parent = world.delivery(message, DIRECT)
    assert (parent.status, parent.counts.settled) == (Status.SENDING, 0)

    world.run()
    assert world.status(message, DIRECT) is Status.DELIVERED


def test_a_recipients_last_step_can_race_with_another_one(world: World) -> None:
    world.subscribe(DIRECT, 1)
    message = world.submit("Hello", DIRECT)
    raced: list[None] = []

    def when(at: str, operation: str, request: object) -> BaseException | None:
        closing = operation == "transact" and "recipient_id': None" not in repr(request)
        if at == "before" and closing and "count_delivered', value" in repr(request) and not raced:
            raced.append(None)
            return LostRace()
        return None

    world.breaker.when = when
    world.run()

    assert raced and world.heard.named("follow_later")
    assert world.status(message, DIRECT) is Status.DELIVERED


def test_a_parent_that_another_worker_closed_first_is_left_alone(world: World) -> None:
    world.subscribe(DIRECT, 1)
    message = world.submit("Hello", DIRECT)

    served: list[object] = []

    def closed_meanwhile(at: str, operation: str, request: object) -> None:
        if at == "after" and operation == "transact" and "delivered_at" in repr(request):
            served.append(request)
        elif at == "before" and operation == "get" and served:
            world.breaker.mend()
            parent = world.delivery(message, DIRECT)
            world.delivering.deliver(Hint(parent.key, parent.claim or ""))

    world.breaker.when = closed_meanwhile
    world.run()

    assert world.heard.named("follow_later") == []
    assert world.status(message, DIRECT) is Status.DELIVERED


def test_a_window_that_has_passed_is_closed_to_free_text(world: World) -> None:
    ids = world.subscribe("whatsapp", 2)
    for recipient_id, hours in zip(ids, (-1, 1), strict=True):
        until = START + timedelta(hours=hours)
        world.subscriptions.open_window(ChannelName("whatsapp"), recipient_id, until)
    world.submit("Hello", "whatsapp")
    world.run()
    kinds = [step.json["type"] for step in world.platforms.published("whatsapp")]  # type: ignore[union-attr] # it speaks HTTP

    assert kinds == ["template", "text"]


def test_a_recipient_is_never_part_of_a_record_but_by_an_opaque_id(world: World) -> None:
    world.subscribe(DIRECT, 60)
    world.submit("Hello", DIRECT)
    world.run()

    assert not any("+1555" in repr(hint) for hint in world.stream.everything)


def test_a_child_of_a_parent_that_vanished_closes_nobody(world: World) -> None:
    world.subscribe(DIRECT, 1)
    world.platforms.arm(DIRECT, unreachable)
    message = world.submit("Hello", DIRECT)
    world.drain()
    parent = world.delivery(message, DIRECT)
    world.store.commit(world.messages.removing(parent))
    world.run()

    key = DeliveryKey(message.message.id, NAME)
    assert world.messages.delivery(key) is None
    assert len(reached(world)) == 1
