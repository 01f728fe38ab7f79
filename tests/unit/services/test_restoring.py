"""After a restore to an earlier time nothing is published twice, and everything settles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import ChannelName, HttpRequest, Post
from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.domain.errors import LostRace
from chalicelib.domain.messages import Changes, MessageStatus
from chalicelib.domain.ports import Snapshot
from chalicelib.domain.replays import Remedy
from chalicelib.domain.restores import RESTORED, Course, Restore
from chalicelib.domain.states import Status
from chalicelib.repositories.schema import PK, SK, Key
from chalicelib.repositories.table import Delete, Put
from chalicelib.services.replaying import Selection
from chalicelib.services.restoring import Restored
from tests.channels.conversing import ACCOUNTS
from tests.fakes.platforms import answers
from tests.fakes.world import ADA, MAX, World

LOOKUP, KEY, HANDLE, EVENT, NONE = (
    f"{how}-feed" for how in ("lookup", "key", "handle", "event", "none")
)
FEEDS = (LOOKUP, KEY, HANDLE, EVENT, NONE)
DIRECT = ("none-direct", "event-direct")
SOON = timedelta(minutes=10)


def kept(world: World) -> Sequence[Any]:
    """Return what a backup of this instant holds."""
    return list(world.store.scan_all())


def roll_back(world: World, items: Sequence[Any]) -> None:
    """Restore the table to a backup, and lose what was on its way."""
    for item in kept(world):
        world.table.write(Delete(Key(item[PK], item[SK])))
    for item in items:
        world.table.write(Put(item))
    while world.stream.take():
        pass
    world.restart()


def restore(world: World, to: datetime, **how: bool) -> Restored:
    """Carry the operator's command out."""
    return world.restoring.apply(Restore(to, world.clock.now(), **how))


def shown(world: World) -> dict[str, int]:
    """Return how many posts each platform shows."""
    posts = {name: len(world.platforms.shown(name)) for name in world.channels}
    return {name: count for name, count in posts.items() if count}


def waiting(world: World) -> Snapshot:
    """Return a message on every kind of channel that is due in a while."""
    for channel in DIRECT:
        world.subscribe(channel)
    return world.submit("Hello", *FEEDS, *DIRECT, at=world.clock.now() + SOON)


@pytest.mark.parametrize("asks", [False, True])
def test_what_was_published_since_is_not_published_again_and_everything_settles(
    asks: bool,
) -> None:
    world = World()
    message = waiting(world)
    backup, to = kept(world), world.clock.now()
    world.run()
    published = shown(world)
    assert published == dict.fromkeys(FEEDS, 1) | dict.fromkeys(DIRECT, 3)

    roll_back(world, backup)
    restore(world, to, asks=asks)
    world.run()

    assert shown(world) == published
    assert world.next_due() is None
    found = {channel: world.status(message, channel) for channel in (*FEEDS, *DIRECT)}
    people = dict.fromkeys((HANDLE, EVENT, NONE), Status.NEEDS_REVIEW)
    machines = dict.fromkeys((LOOKUP, KEY), Status.NEEDS_REVIEW if asks else Status.DELIVERED)
    assert found == people | machines | dict.fromkeys(DIRECT, Status.SKIPPED)


def test_without_the_command_it_would_be_published_again() -> None:
    world = World()
    waiting(world)
    backup = kept(world)
    world.run()
    roll_back(world, backup)
    world.run()
    assert shown(world)[LOOKUP] == 2


@pytest.mark.parametrize("seconds", range(0, 700, 60))
def test_whenever_the_table_was_kept_nothing_is_published_twice(seconds: int) -> None:
    world = World()
    world.platforms.arm(LOOKUP, answers(429), answers(429))
    world.platforms.arm("none-direct", answers(429))
    waiting(world)
    world.run(timedelta(seconds=seconds))
    backup, to = kept(world), world.clock.now()
    world.run()
    published = shown(world)
    roll_back(world, backup)
    restore(world, to)
    world.run()
    assert shown(world) == published
    assert world.next_due() is None


def test_what_certainly_is_not_there_is_published_at_its_minute() -> None:
    world = World()
    message = world.submit("Hello", LOOKUP, at=world.clock.now() + timedelta(hours=5))
    restore(world, world.clock.now())
    world.run(timedelta(hours=4))
    assert shown(world) == {}
    world.run()
    assert world.status(message, LOOKUP) is Status.DELIVERED
    assert shown(world) == {LOOKUP: 1}


def test_what_was_rescheduled_and_published_since_is_found() -> None:
    world = World()
    message = world.submit("Hello", LOOKUP, at=world.clock.now() + timedelta(days=2))
    backup, to = kept(world), world.clock.now()
    world.editing.edit(message.message.id, Changes(reschedule=True), 1, ADA)
    world.run(timedelta(minutes=1))
    assert world.status(message, LOOKUP) is Status.DELIVERED
    roll_back(world, backup)
    restore(world, to)
    world.run()
    assert world.status(message, LOOKUP) is Status.DELIVERED
    assert shown(world) == {LOOKUP: 1}


def test_what_lies_ahead_can_be_trusted() -> None:
    world = World()
    message = waiting(world)
    found = restore(world, world.clock.now(), trusts=True)
    assert {course for course, _ in found.courses} == {Course.AHEAD}
    assert world.status(message, LOOKUP) is Status.PENDING


def test_looking_changes_nothing() -> None:
    world = World()
    waiting(world)
    backup = kept(world)
    found = world.restoring.look(Restore(world.clock.now(), world.clock.now()))
    assert kept(world) == backup
    assert found.courses == {
        (Course.LOOK_UP, LOOKUP): 1,
        (Course.LOOK_UP, KEY): 1,
        (Course.LOOK_UP, EVENT): 1,
        (Course.ASK_PERSON, HANDLE): 1,
        (Course.ASK_PERSON, NONE): 1,
        (Course.LEAVE_OUT, DIRECT[0]): 1,
        (Course.LEAVE_OUT, DIRECT[1]): 1,
    }


def test_doing_it_again_finds_nothing_to_do() -> None:
    world = World()
    waiting(world)
    restore(world, world.clock.now())
    again = restore(world, world.clock.now())
    assert {course for course, _ in again.courses} == {Course.STAY}


def test_a_parent_that_was_getting_recipients_gets_no_more() -> None:
    world = World(page=5)
    world.subscribe("none-direct", people=45)
    world.breaker.when = stop_at(3)
    message = world.submit("Hello", "none-direct")
    world.drain()
    world.breaker.mend()
    served = len(world.rows(message, "none-direct"))
    assert 0 < served < 45
    found = restore(world, world.clock.now())
    assert found.courses[Course.CUT_SHORT, ChannelName("none-direct")] == 1
    world.run()
    assert len(world.rows(message, "none-direct")) == served
    assert world.status(message, "none-direct").is_terminal
    assert shown(world) == {}


def stop_at(page: int) -> Any:
    """Return what takes a process down when it asks for this page of recipients."""
    asked = iter(range(1, page))

    def when(moment: str, operation: str, request: Any) -> BaseException | None:
        is_page = operation == "query" and request.pk.startswith("ACCT#")
        if moment == "before" and is_page and next(asked, None) is None:
            return LostRace()
        return None

    return when


def test_a_person_who_says_so_has_it_sent_all_the_same() -> None:
    world = World()
    message = waiting(world)
    restore(world, world.clock.now())
    world.run()
    sent = shown(world)
    for channel in (HANDLE, NONE, "none-direct"):
        world.deciding.retry(message.message.id, channel, MAX)
    world.run()
    assert shown(world) == sent | {HANDLE: 1, NONE: 1, "none-direct": 3}


def test_no_replay_sends_what_only_a_person_can_decide() -> None:
    world = World()
    message = waiting(world)
    restore(world, world.clock.now())
    until = world.clock.now() + timedelta(days=1)
    wanted = Selection(
        world.clock.now(),
        until,
        statuses=frozenset({Status.SKIPPED, Status.NEEDS_REVIEW}),
        message_id=message.message.id,
    )
    found = world.replaying.find(wanted).items
    assert {finding.judgement.remedy for finding in found} == {Remedy.ASK_PERSON}
    assert len(found) == 4


def test_the_timeline_tells_of_the_restore_and_the_attempt_that_nobody_remembers() -> None:
    world = World()
    message = waiting(world)
    to = world.clock.now()
    world.clock.sleep(60)
    restore(world, to)
    story = world.messages.timeline(message.message.id)
    told = [entry for entry in story.entries if entry.event == "restored"]
    assert {entry.actor for entry in told} == {"operator"}
    assert len(told) == len(FEEDS) + len(DIRECT)
    assert {attempt.started_at for attempt in story.attempts} == {to}


def test_drafts_and_what_awaits_approval_are_counted_for_people() -> None:
    world = World(require_approval=True)
    world.submit("A draft", LOOKUP, keep_as_draft=True)
    world.submit("For review", LOOKUP)
    found = restore(world, world.clock.now())
    assert found.unpublished == {MessageStatus.DRAFT: 1, MessageStatus.PENDING_REVIEW: 1}


def test_what_somebody_else_moves_meanwhile_is_named() -> None:
    world = World()
    message = world.submit("Hello", LOOKUP, at=world.clock.now() + SOON)
    world.breaker.break_write(1, "before", LostRace())
    found = restore(world, world.clock.now())
    assert found.moved_on == [DeliveryKey(message.message.id, ChannelName(LOOKUP))]
    assert world.status(message, LOOKUP) is Status.PENDING


def test_an_open_delivery_of_every_status_is_told_apart() -> None:
    world = World()
    message = world.submit("Hello", LOOKUP, at=world.clock.now() + SOON)
    pending = world.delivery(message, LOOKUP)
    to = Restore(world.clock.now(), world.clock.now())
    for status in (Status.SENDING, Status.UNPUBLISHING):
        moved = type(pending)(pending.key, status, 1, pending.due_at)
        assert to.course(moved, world.channels[pending.key.channel]) is Course.STAY
    absent = type(pending)(pending.key, Status.IN_DOUBT, 1, pending.due_at)
    assert to.course(absent, world.channels[pending.key.channel]) is Course.LOOK_UP


def test_the_question_is_told_in_words() -> None:
    world = World()
    message = waiting(world)
    restore(world, world.clock.now())
    assert world.delivery(message, HANDLE).problem == RESTORED


@pytest.mark.parametrize(
    "channel", [name for name, c in CHANNELS.items() if c.reconciles_by == "lookup"]
)
def test_a_lost_handle_does_not_keep_a_platform_from_being_asked(channel: str) -> None:
    world = World()
    message = world.submit("Hello", channel, at=world.clock.now() + SOON)
    restore(world, world.clock.now())
    post = Post("Hello", handle=world.delivery(message, channel).handle)
    declared = CHANNELS[ChannelName(channel)]
    asked = next(declared.find(post, ACCOUNTS[channel], world.clock.now()))
    assert isinstance(asked, HttpRequest)
    assert asked.method == "GET"
