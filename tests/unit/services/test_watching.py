"""Live connections: opened with a ticket, once, by whoever it was issued to."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from chalicelib.domain.errors import Forbidden
from chalicelib.domain.identity import Member
from chalicelib.domain.ports import Watcher
from chalicelib.services.watching import LONGEST, TICKET_LIFE, Watching
from tests.fakes.ground import START
from tests.fakes.world import ADA, MAX, World


@pytest.fixture
def watching(world: World) -> Watching:
    """Return the service; its secrets are counted."""
    numbers = count(1)
    return Watching(
        watchers=world.watchers,
        push=world.push,
        clock=world.clock,
        new_secret=lambda: f"secret-{next(numbers)}",
        telemetry=world.telemetry,
    )


@pytest.mark.parametrize("member", [ADA, MAX])
def test_a_ticket_opens_a_connection_of_whoever_it_was_issued_to(
    world: World, watching: Watching, member: Member
) -> None:
    ticket = watching.issue(member)
    watching.join(ticket.secret, "c1")
    assert world.watchers.present() == [Watcher("c1", member.id, member.role, START + LONGEST)]


def test_a_ticket_opens_one_connection(world: World, watching: Watching) -> None:
    ticket = watching.issue(ADA)
    watching.join(ticket.secret, "c1")
    with pytest.raises(Forbidden):
        watching.join(ticket.secret, "c2")
    assert [watcher.id for watcher in world.watchers.present()] == ["c1"]


def test_of_two_that_use_a_ticket_at_the_same_time_one_comes_in(
    world: World, watching: Watching
) -> None:
    ticket = watching.issue(ADA)
    seen = world.watchers.ticket(ticket.secret)
    world.watchers.ticket = lambda secret: seen  # type: ignore[method-assign] # both have read it
    watching.join(ticket.secret, "c1")
    with pytest.raises(Forbidden):
        watching.join(ticket.secret, "c2")


def test_a_ticket_is_worth_nothing_after_a_minute(world: World, watching: Watching) -> None:
    ticket = watching.issue(ADA)
    assert ticket.expires_at == START + TICKET_LIFE
    world.clock.advance(seconds=60)
    with pytest.raises(Forbidden):
        watching.join(ticket.secret, "c1")


def test_a_ticket_opens_a_connection_to_its_last_moment(world: World, watching: Watching) -> None:
    ticket = watching.issue(ADA)
    world.clock.pass_until(ticket.expires_at - timedelta(milliseconds=1))
    watching.join(ticket.secret, "c1")
    assert world.watchers.present()


def test_a_ticket_that_nobody_issued_opens_nothing(world: World, watching: Watching) -> None:
    with pytest.raises(Forbidden):
        watching.join("guessed", "c1")
    assert not world.watchers.present()


def test_every_ticket_is_another_one(watching: Watching) -> None:
    assert watching.issue(ADA).secret != watching.issue(ADA).secret


def test_a_ticket_does_not_show_its_secret(watching: Watching) -> None:
    ticket = watching.issue(ADA)
    assert ticket.secret not in repr(ticket)


def test_whoever_left_is_forgotten(world: World, watching: Watching) -> None:
    watching.join(watching.issue(ADA).secret, "c1")
    watching.leave("c1")
    watching.leave("c1")
    assert not world.watchers.present()


def test_what_is_said_is_answered(world: World, watching: Watching) -> None:
    world.push.open("c1")
    watching.answer("c1", '{"type":"ready"}')
    assert world.push.heard == {"c1": ['{"type":"ready"}']}


def test_who_is_gone_before_the_answer_is_forgotten(world: World, watching: Watching) -> None:
    watching.join(watching.issue(ADA).secret, "c1")
    watching.answer("c1", '{"type":"ready"}')
    assert not world.watchers.present()


def test_an_answer_that_can_not_be_sent_is_let_go(world: World, watching: Watching) -> None:
    watching.join(watching.issue(ADA).secret, "c1")
    world.push.is_broken = True
    watching.answer("c1", '{"type":"ready"}')
    assert [watcher.id for watcher in world.watchers.present()] == ["c1"]
