"""Live updates: who hears of which change, and that nothing depends on it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.identity import Member
from chalicelib.domain.ports import Ticket, Watcher
from chalicelib.services.relaying import Relaying
from tests.fakes.ground import START
from tests.fakes.world import ADA, BOB, MAX, ROOT, World

LATER = START + timedelta(hours=2)


class Inline:
    """Observers that relay at once, in the very call that changed something."""

    def __init__(self, relaying: Relaying) -> None:
        self._relaying = relaying

    def changed(self, message_id: str) -> None:
        """Tell of it before anything else happens."""
        self._relaying.relay([message_id])

    def finish(self, seconds: float) -> None:
        """Have nothing to wait for."""


@pytest.fixture
def relaying(world: World) -> Relaying:
    """Return the service."""
    return Relaying(
        watchers=world.watchers,
        messages=world.messages,
        push=world.push,
        clock=world.clock,
        telemetry=world.telemetry,
        pool=lambda: world.pool,
    )


def watch(world: World, member: Member, connection: str = "") -> str:
    """Open a connection; its id is the member's unless another is given."""
    name = connection or member.id
    ticket = Ticket(f"ticket of {name}", member.id, member.role, LATER)
    world.watchers.issue(ticket)
    world.watchers.admit(Watcher(name, member.id, member.role, LATER), ticket)
    world.push.open(name)
    return name


def requests(world: World) -> list[str]:
    """Return a list that every request to the table is noted in from now on."""
    asked: list[str] = []

    def note(moment: str, operation: str, _: object) -> None:
        if moment == "before":
            asked.append(operation)

    world.breaker.when = note
    return asked


def heard(world: World, who: str) -> list[str]:
    """Return the messages that somebody was told of."""
    frames = [json.loads(frame) for frame in world.push.heard[who]]
    assert all(frame["type"] == "message" and len(frame) == 2 for frame in frames)
    return [frame["id"] for frame in frames]


def test_the_author_hears_of_a_change(world: World, relaying: Relaying) -> None:
    message = world.submit("Hello", "linkedin").message
    watch(world, ADA)
    relaying.relay([message.id])
    assert heard(world, "ada") == [message.id]


@pytest.mark.parametrize("member", [MAX, ROOT])
def test_who_may_read_everything_hears_of_every_change(
    world: World, relaying: Relaying, member: Member
) -> None:
    message = world.submit("Hello", "linkedin").message
    watch(world, member)
    relaying.relay([message.id])
    assert heard(world, member.id) == [message.id]


def test_another_member_hears_nothing(world: World, relaying: Relaying) -> None:
    message = world.submit("Hello", "linkedin").message
    watch(world, BOB)
    relaying.relay([message.id])
    assert heard(world, "bob") == []


def test_every_window_of_a_member_hears_it_once(world: World, relaying: Relaying) -> None:
    message = world.submit("Hello", "linkedin").message
    windows = [watch(world, ADA, "one"), watch(world, ADA, "two")]
    relaying.relay([message.id])
    assert [heard(world, window) for window in windows] == [[message.id]] * 2


def test_several_messages_are_read_at_once(world: World, relaying: Relaying) -> None:
    ids = [world.submit(text, "linkedin").message.id for text in ("One", "Two", "Three")]
    watch(world, ADA)
    asked = requests(world)
    relaying.relay(ids)
    assert asked == ["query", "batch_get"]
    assert sorted(heard(world, "ada")) == sorted(ids)


def test_while_nobody_watches_only_that_is_asked(world: World, relaying: Relaying) -> None:
    message = world.submit("Hello", "linkedin").message
    asked = requests(world)
    relaying.relay([message.id])
    assert asked == ["query"]


def test_a_message_that_is_not_there_is_not_told(world: World, relaying: Relaying) -> None:
    watch(world, MAX)
    relaying.relay(["nowhere"])
    assert heard(world, "max") == []


def test_who_is_gone_is_forgotten(world: World, relaying: Relaying) -> None:
    message = world.submit("Hello", "linkedin").message
    watch(world, ADA)
    watch(world, MAX)
    del world.push.heard["ada"]
    relaying.relay([message.id])
    assert [watcher.id for watcher in world.watchers.present()] == ["max"]
    assert heard(world, "max") == [message.id]


def test_a_connection_that_must_have_been_closed_is_told_nothing(
    world: World, relaying: Relaying
) -> None:
    message = world.submit("Hello", "linkedin").message
    watch(world, ADA)
    world.clock.pass_until(LATER)
    relaying.relay([message.id])
    assert heard(world, "ada") == []


def test_a_frame_that_can_not_be_sent_is_let_go(world: World, relaying: Relaying) -> None:
    message = world.submit("Hello", "linkedin").message
    watch(world, ADA)
    world.push.is_broken = True
    relaying.relay([message.id])
    assert [watcher.id for watcher in world.watchers.present()] == ["ada"]


def test_a_store_that_does_not_answer_is_let_go(world: World, relaying: Relaying) -> None:
    def silent() -> list[Watcher]:
        raise StoreUnavailable

    world.watchers.present = silent  # type: ignore[method-assign]
    relaying.relay(["any"])
    assert world.heard.named("not_relayed")


# --- what is told -----------------------------------------------------------------------------


def test_a_message_is_told_from_its_acceptance_to_its_end(world: World) -> None:
    message = world.submit("Hello", "linkedin").message
    accepted = len(world.observers.told)
    world.run()
    assert accepted
    assert len(world.observers.told) > accepted
    assert set(world.observers.told) == {message.id}


def test_an_approval_a_rejection_and_a_cancel_are_told(reviewed: World) -> None:
    for decide in (
        lambda message_id: reviewed.moderating.approve_message(message_id, None, MAX, None),
        lambda message_id: reviewed.moderating.reject_message(message_id, "No", MAX),
        lambda message_id: reviewed.deciding.cancel(message_id, ADA),
    ):
        message = reviewed.submit("Hello", "linkedin").message
        reviewed.observers.told.clear()
        decide(message.id)
        assert set(reviewed.observers.told) == {message.id}


def test_a_claim_by_the_scheduler_is_told(world: World) -> None:
    message = world.submit("Hello", "linkedin", at=START + timedelta(minutes=5)).message
    world.observers.told.clear()
    world.clock.advance(minutes=5)
    world.releasing.release()
    assert world.observers.told == [message.id]


# --- that nothing depends on it ---------------------------------------------------------------


@pytest.mark.parametrize("fault", ["broken", "gone", "none"])
def test_a_delivery_goes_the_same_way_whatever_becomes_of_its_frames(fault: str) -> None:
    alone, watched = World(), World()
    relay = Relaying(
        watchers=watched.watchers,
        messages=watched.messages,
        push=watched.push,
        clock=watched.clock,
        telemetry=watched.telemetry,
        pool=lambda: watched.pool,
    )
    for member in (ADA, MAX):
        watch(watched, member)
    watched.observers = Inline(relay)
    watched.restart()
    watched.push.is_broken = fault == "broken"
    if fault == "gone":
        watched.push.heard.clear()
    stories = []
    for world in (alone, watched):
        message = world.submit("Hello", "linkedin", "facebook", "email").message
        world.run()
        snapshot = world.messages.get(message.id)
        assert snapshot is not None
        trail = world.messages.timeline(message.id)
        steps = [(each.channel, each.before, each.after, each.at) for each in trail.entries]
        tries = [(each.key.channel, each.number, each.outcome) for each in trail.attempts]
        stories.append(
            (
                [(part.key.channel, part.status, part.tries) for part in snapshot.deliveries],
                steps,
                tries,
                world.shown("linkedin"),
            )
        )
    assert stories[0] == stories[1]
