"""Replays: what came to a halt is found, explained and driven again, and never posted twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.domain.ports import Hint, Snapshot
from chalicelib.domain.replays import Remedy
from chalicelib.domain.states import Status
from chalicelib.services.hinting import hint
from chalicelib.services.replaying import Finding, Outcome, Redriven, Selection, Source
from tests.fakes.ground import START, Died
from tests.fakes.platforms import answers, dies_after, lost_after, lost_before, unreachable
from tests.fakes.world import ADA, World

FEED, OTHER, DIRECT = "lookup-feed", "none-feed", "none-direct"
AROUND = Selection(START - timedelta(hours=1), START + timedelta(hours=1))
UNABLE = [answers(500, {})] * 20


def failed(world: World, channel: str = FEED, text: str = "Hello") -> Snapshot:
    """Have a message refused for good."""
    world.platforms.arm(channel, answers(400))
    message = world.submit(text, channel)
    world.run()
    assert world.status(message, channel) is Status.FAILED
    return message


def undecided(world: World, channel: str = FEED) -> Snapshot:
    """Have a message published without an answer, on a platform that then can't be asked."""
    world.platforms.arm(channel, lost_after)
    world.platforms.arm(channel, *UNABLE, asking=True)
    message = world.submit("Hello", channel)
    world.run()
    world.platforms.scripts[channel, False].clear()
    assert world.status(message, channel) is Status.NEEDS_REVIEW
    return message


def redrive(world: World, selection: Selection = AROUND) -> Redriven:
    """Find, drive again, and let everything end."""
    redriven = world.replaying.redrive(world.replaying.find(selection))
    world.run()
    return redriven


def remedies(world: World, selection: Selection = AROUND) -> list[Remedy]:
    return [finding.judgement.remedy for finding in world.replaying.find(selection).items]


# --- deliveries that ended badly --------------------------------------------------------------


def test_what_failed_is_sent_again(world: World) -> None:
    message = failed(world)
    redriven = redrive(world)

    assert [outcome for _, outcome in redriven.outcomes] == [Outcome.DONE]
    assert world.status(message, FEED) is Status.DELIVERED
    assert world.shown(FEED) == ["Hello"]


def test_a_replay_stands_in_the_timeline(world: World) -> None:
    message = failed(world)
    redrive(world)
    events = {(e.actor, e.event) for e in world.messages.timeline(message.message.id).entries}

    assert ("operator", "replayed") in events


def test_finding_changes_nothing(world: World) -> None:
    message = failed(world)
    before = world.delivery(message, FEED)
    found = world.replaying.find(AROUND)

    assert [f.source for f in found.items] == [Source.LEDGER]
    assert [f.reason for f in found.items] == [before.problem and before.problem.code]
    assert world.delivery(message, FEED) == before


def test_what_is_in_doubt_is_looked_up_and_not_sent_again(world: World) -> None:
    message = undecided(world)
    assert remedies(world) == [Remedy.LOOK_UP]
    redrive(world)

    assert world.status(message, FEED) is Status.DELIVERED
    assert world.shown(FEED) == ["Hello"]


def test_what_is_proven_absent_by_a_replay_is_sent(world: World) -> None:
    world.platforms.arm(FEED, lost_before)
    world.platforms.arm(FEED, *UNABLE, asking=True)
    message = world.submit("Hello", FEED)
    world.run()
    world.platforms.scripts[FEED, False].clear()
    redrive(world)

    assert world.status(message, FEED) is Status.DELIVERED
    assert world.shown(FEED) == ["Hello"]


def test_what_only_a_person_can_tell_is_left_to_them(world: World) -> None:
    world.platforms.arm(OTHER, lost_after)
    message = world.submit("Hello", OTHER)
    world.run()
    redriven = redrive(world)

    assert [outcome for _, outcome in redriven.outcomes] == [Outcome.LEFT]
    assert world.status(message, OTHER) is Status.NEEDS_REVIEW
    assert world.shown(OTHER) == ["Hello"]


def test_recipients_are_replayed_one_by_one(world: World) -> None:
    ids = world.subscribe(DIRECT, 3)
    world.platforms.arm(DIRECT, answers(400))
    message = world.submit("Hello", DIRECT)
    world.run()
    (finding,) = world.replaying.find(AROUND).items
    redrive(world)

    assert finding.key == DeliveryKey(message.message.id, ChannelName(DIRECT), ids[0])
    assert world.status(message, DIRECT) is Status.DELIVERED
    assert [row.status for row in world.rows(message, DIRECT)] == [Status.DELIVERED] * 3
    assert len(world.shown(DIRECT)) == 3


def test_a_parent_without_recipients_is_replayed_itself(world: World) -> None:
    message = world.submit("Hello", DIRECT)
    world.run()
    world.subscribe(DIRECT, 2)
    assert world.status(message, DIRECT) is Status.FAILED
    redrive(world)

    assert len(world.shown(DIRECT)) == 2


def test_somebody_who_opted_out_is_left_alone(world: World) -> None:
    ids = world.subscribe(DIRECT, 2)
    message = world.submit("Hello", DIRECT, at=START + timedelta(minutes=5))
    world.subscriptions.opt_out(ChannelName(DIRECT), ids[0], START)
    world.subscriptions.opt_out(ChannelName(DIRECT), ids[1], START)
    world.run()
    redrive(world, replace(AROUND, statuses=frozenset({Status.SKIPPED, Status.FAILED})))

    assert world.shown(DIRECT) == []
    assert world.status(message, DIRECT) is not Status.DELIVERED


# --- choosing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, 2),
        ({"channels": frozenset({ChannelName(FEED)})}, 1),
        ({"statuses": frozenset({Status.FAILED})}, 2),
        ({"statuses": frozenset({Status.NEEDS_REVIEW})}, 0),
        ({"until": START - timedelta(minutes=1)}, 0),
        ({"since": START + timedelta(minutes=1)}, 0),
        ({"limit": 1}, 1),
    ],
)
def test_findings_are_chosen_by_time_channel_and_status(
    world: World, changes: dict[str, object], expected: int
) -> None:
    world.platforms.arm(FEED, answers(400))
    world.platforms.arm(OTHER, answers(400))
    world.submit("Hello", FEED, OTHER)
    world.run()
    found = world.replaying.find(replace(AROUND, **changes))  # type: ignore[arg-type] # fields

    assert len(found.items) == expected
    assert found.more is ("limit" in changes)


def test_one_message_can_be_chosen(world: World) -> None:
    first, second = failed(world), failed(world, text="Bye")
    found = world.replaying.find(replace(AROUND, message_id=second.message.id))

    assert [f.key and f.key.message_id for f in found.items] == [second.message.id]
    assert first.message.id != second.message.id


def test_a_message_that_is_not_there_is_not_found(world: World) -> None:
    assert not world.replaying.find(replace(AROUND, message_id=world.ids.new())).items


def test_what_failed_before_its_message_was_cancelled_is_left_alone(world: World) -> None:
    world.platforms.arm(FEED, answers(400))
    world.platforms.arm(OTHER, unreachable)
    message = world.submit("Hello", FEED, OTHER)
    world.drain()
    world.deciding.cancel(message.message.id, ADA)

    (finding,) = world.replaying.find(AROUND).items
    redrive(world)
    assert finding.judgement.why.startswith("Its message was cancelled")
    assert [world.status(message, name) for name in (FEED, OTHER)] == [
        Status.FAILED,
        Status.CANCELLED,
    ]


def test_more_messages_than_a_page_holds_are_all_found(world: World) -> None:
    count = 130
    for _ in range(count):
        world.platforms.arm(FEED, answers(400))
        world.submit("Hello", FEED)
    world.run()

    assert len(world.replaying.find(AROUND).items) == count


# --- stream records that were given up on -----------------------------------------------------


def abandoned(world: World, channel: str = FEED) -> tuple[Snapshot, Hint]:
    """Have a message accepted whose stream record is put aside."""
    message = world.submit("Hello", channel)
    (record,) = world.stream.take()
    world.failures.add(world.clock.now(), record)
    return message, record


def test_a_record_that_was_put_aside_is_served(world: World) -> None:
    message, _ = abandoned(world)
    assert remedies(world) == [Remedy.TELL_WORKER]
    world.replaying.redrive(world.replaying.find(AROUND))
    world.drain()

    assert world.status(message, FEED) is Status.DELIVERED
    assert world.failures.done == ["aside-0"]


def test_a_record_whose_delivery_went_on_meanwhile_changes_nothing(world: World) -> None:
    message, _ = abandoned(world)
    world.run()
    redriven = redrive(world)

    assert [outcome for _, outcome in redriven.outcomes] == [Outcome.LEFT]
    assert world.shown(FEED) == ["Hello"]
    assert world.status(message, FEED) is Status.DELIVERED
    assert world.failures.done == ["aside-0"]


def test_a_record_replayed_twice_at_once_posts_once(world: World) -> None:
    abandoned(world)
    found = world.replaying.find(AROUND)
    world.replaying.redrive(found)
    world.replaying.redrive(found)
    world.run()

    assert world.shown(FEED) == ["Hello"]


def test_a_record_of_a_worker_that_died_after_posting_is_not_posted_again(world: World) -> None:
    message = world.submit("Hello", FEED)
    world.platforms.arm(FEED, dies_after)
    (record,) = world.stream.take()
    with pytest.raises(Died):
        world.delivering.deliver_all([record])
    world.failures.add(world.clock.now(), record)
    assert remedies(world) == [Remedy.WAIT]
    redrive(world)

    assert world.status(message, FEED) is Status.DELIVERED
    assert world.shown(FEED) == ["Hello"]


def test_a_record_of_a_delivery_that_is_not_known_is_done_with(world: World) -> None:
    key = DeliveryKey(world.ids.new(), ChannelName(FEED))
    world.failures.add(START, Hint(key, "c-1"))
    redriven = redrive(world)

    assert [f.judgement.remedy for f, _ in redriven.outcomes] == [Remedy.NOTHING]
    assert world.failures.done == ["aside-0"]


def test_a_record_that_can_not_be_read_is_shown_and_kept(world: World) -> None:
    world.failures.add(START, unreadable=1)
    redriven = redrive(world)

    assert [f.key for f, _ in redriven.outcomes] == [None]
    assert world.failures.done == []


@pytest.mark.parametrize(
    "changes",
    [
        {"channels": frozenset({ChannelName(OTHER)})},
        {"statuses": frozenset({Status.FAILED})},
        {"message_id": "m-2"},
    ],
)
def test_what_was_not_chosen_stays_listed(world: World, changes: dict[str, object]) -> None:
    _, record = abandoned(world)
    world.failures.add(START, record, unreadable=1)
    redriven = redrive(world, replace(AROUND, **changes))  # type: ignore[arg-type] # fields

    assert not redriven.outcomes
    assert world.failures.done == []


def test_an_object_is_listed_until_all_that_is_in_it_is_settled(world: World) -> None:
    first, second = world.submit("One", FEED), world.submit("Two", FEED)
    world.failures.add(START, *(hint(m.deliveries[0]) for m in (first, second)))
    world.stream.take()
    redrive(world, replace(AROUND, limit=1))
    assert world.failures.done == []
    redrive(world)

    assert world.failures.done == ["aside-0"]
    assert sorted(world.shown(FEED)) == ["One", "Two"]


def test_a_limit_does_not_keep_what_is_settled_listed(world: World) -> None:
    abandoned(world)
    failed(world, OTHER)
    redrive(world, replace(AROUND, limit=1))

    assert world.failures.done == ["aside-0"]


def test_a_record_put_aside_twice_is_one_finding(world: World) -> None:
    _, record = abandoned(world)
    world.failures.add(START, record)
    found = world.replaying.find(AROUND)
    world.replaying.redrive(found)

    assert len(found.items) == 1
    assert world.failures.done == ["aside-0", "aside-1"]


# --- racing -----------------------------------------------------------------------------------


def test_whoever_moves_a_delivery_first_decides(world: World) -> None:
    message = failed(world)
    found = world.replaying.find(AROUND)
    world.deciding.retry(message.message.id, FEED, ADA)
    redriven = world.replaying.redrive(found)
    world.run()

    assert [outcome for _, outcome in redriven.outcomes] == [Outcome.MOVED_ON]
    assert world.shown(FEED) == ["Hello"]


def test_what_is_left_at_the_deadline_is_found_again(world: World) -> None:
    failed(world), failed(world)
    found = world.replaying.find(AROUND)
    redriven = world.replaying.redrive(found, deadline=world.clock.now())

    assert redriven.outcomes == []
    assert len(world.replaying.find(AROUND).items) == 2


def test_an_unreadable_finding_settles_nothing() -> None:
    finding = Finding(None, Source.STREAM, START, "", judgement=None)  # type: ignore[arg-type] # not read

    assert Redriven([(finding, Outcome.LEFT)]).settled == frozenset()


def test_an_object_stays_listed_when_somebody_was_faster(world: World) -> None:
    message = failed(world)
    world.failures.add(START, Hint(message.deliveries[0].key, "an old claim"))
    found = world.replaying.find(AROUND)
    world.deciding.retry(message.message.id, FEED, ADA)
    world.replaying.redrive(found)

    assert world.failures.done == []
