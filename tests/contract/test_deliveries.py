"""Do deliveries move as the state table says, one worker at a time, on every kind of table?"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import steps
from chalicelib.domain.channels import Receipt
from chalicelib.domain.deliveries import Attempt, Counts, Delivery, DeliveryKey, Problem
from chalicelib.domain.errors import LostRace
from chalicelib.domain.ports import Due
from chalicelib.domain.reports import PROBLEMS, Fate
from chalicelib.domain.states import Status
from tests.contract.conftest import isolated
from tests.contract.samples import (
    LINKEDIN,
    NOW,
    SMS,
    World,
    attempt,
    begun,
    claimed,
    delivered,
    delivery,
    entry,
    message,
    parent,
    queued,
    through,
)

THREADS = 8


def accepted(world: World, **changes: Any) -> Delivery:
    part = delivery(message(), **changes)
    world.accept(message(), part)
    return part


def everything_due(world: World, until: datetime) -> list[Due]:
    shards = range(world.messages.shards)
    return [due for shard in shards for due in world.messages.due(shard, until, None).items]


class TestMoving:
    def test_every_field_survives(self, world: World) -> None:
        before = accepted(world)
        after = replace(
            before,
            status=Status.IN_DOUBT,
            revision=2,
            next_at=NOW + timedelta(minutes=5),
            claim="c/1",
            attempts=1,
            failures=2,
            lookups=3,
            doubt=True,
            doubt_since=NOW,
            handle="h",
            receipt=Receipt("urn:1", None),
            problem=Problem("code", "title", "detail", True, "remedy"),
            delivered_at=NOW,
            late_after=timedelta(milliseconds=1500),
            cursor="r1",
            correlation_id="c-9",
            audit_count=4,
            version=2,
        )
        world.commit(world.messages.moving(before, after))
        assert world.delivery(before.key) == after

    def test_what_is_none_afterwards_is_forgotten(self, world: World) -> None:
        before = accepted(world, claim="c", handle="h")
        after = replace(before, claim=None, handle=None, version=2)
        world.commit(world.messages.moving(before, after))
        assert world.delivery(before.key) == after

    def test_a_stale_copy_loses(self, world: World) -> None:
        before = accepted(world)
        world.commit(world.messages.moving(before, claimed(before, "a")))
        with pytest.raises(LostRace):
            world.commit(world.messages.moving(before, claimed(before, "b")))
        assert world.delivery(before.key).claim == "a"

    def test_a_step_is_stored_with_its_attempt_and_audit_entry(self, world: World) -> None:
        first = accepted(world)
        second = claimed(first)
        third = replace(begun(second), audit_count=1)
        world.commit(world.messages.moving(first, second))
        note = entry(first.key.message_id, 1, LINKEDIN)
        world.commit(world.messages.moving(second, third, note, attempt(third)))
        assert world.messages.attempts(first.key) == [attempt(third)]
        assert note in world.messages.timeline(first.key.message_id).entries

    def test_an_attempt_is_completed_when_it_is_settled(self, world: World) -> None:
        first = accepted(world)
        second, third = through(first, claimed), through(first, claimed, begun)
        world.commit(world.messages.moving(first, second))
        world.commit(world.messages.moving(second, third, attempt=attempt(third)))
        settled = attempt(third, finished_at=NOW, outcome="delivered", external_id="urn:1")
        world.commit(world.messages.moving(third, delivered(third), attempt=settled))
        assert world.messages.attempts(first.key) == [settled]

    def test_an_attempt_is_begun_once(self, world: World) -> None:
        first = accepted(world)
        third = through(first, claimed, begun)
        world.commit(world.messages.moving(first, third, attempt=attempt(third)))
        other = replace(third, version=third.version + 1)
        with pytest.raises(LostRace):
            world.commit(world.messages.moving(third, other, attempt=attempt(third)))

    def test_an_attempt_that_was_never_begun_can_not_be_settled(self, world: World) -> None:
        first = accepted(world)
        third = through(first, claimed, begun)
        world.commit(world.messages.moving(first, third))
        settled = attempt(third, finished_at=NOW, outcome="delivered")
        with pytest.raises(LostRace):
            world.commit(world.messages.moving(third, delivered(third), attempt=settled))

    def test_an_audit_entry_is_never_overwritten(self, world: World) -> None:
        first = accepted(world)
        second = claimed(first)
        note = entry(first.key.message_id, 1, LINKEDIN)
        world.commit(world.messages.moving(first, second, note))
        with pytest.raises(LostRace):
            world.commit(world.messages.moving(second, begun(second), note))

    def test_late_evidence_is_kept_without_moving_the_delivery(self, world: World) -> None:
        first = accepted(world)
        third = through(first, claimed, begun)
        world.commit(world.messages.moving(first, third, attempt=attempt(third)))
        evidence = attempt(third, finished_at=NOW, outcome="delivered", url="https://x", late=True)
        world.commit(world.messages.noting(evidence))
        assert world.messages.attempts(first.key) == [evidence]
        assert world.delivery(first.key) == third

    def test_a_proof_is_kept_on_an_attempt_under_way(self, world: World) -> None:
        tried = self.under_way(world)
        for external_id in ("m-1", "m-2"):
            world.commit(world.messages.proving(tried, external_id))
        assert world.messages.attempts(tried.key) == [replace(tried, external_id="m-1")]

    def test_what_was_never_begun_can_not_be_proved(self, world: World) -> None:
        tried = replace(self.under_way(world), number=2)
        world.commit(world.messages.proving(tried, "m-1"))
        assert [one.number for one in world.messages.attempts(tried.key)] == [1]

    @pytest.mark.parametrize("late", [False, True])
    def test_a_proof_survives_what_its_worker_learns(self, world: World, late: bool) -> None:
        tried = self.under_way(world)
        world.commit(world.messages.proving(tried, "m-1"))
        learnt = replace(tried, finished_at=NOW, outcome="no_answer", late=late)
        third = world.delivery(tried.key)
        unsure = replace(third, status=Status.IN_DOUBT, version=third.version + 1)
        writes = (
            world.messages.noting(learnt)
            if late
            else world.messages.moving(third, unsure, attempt=learnt)
        )
        world.commit(writes)
        assert world.messages.attempts(tried.key) == [replace(learnt, external_id="m-1")]

    def under_way(self, world: World) -> Attempt:
        """Store an attempt that was begun."""
        first = accepted(world)
        third = through(first, claimed, begun)
        world.commit(world.messages.moving(first, third, attempt=attempt(third)))
        return attempt(third)

    def test_a_parents_attempts_are_not_its_recipients(self, world: World) -> None:
        sent = message()
        child = begun(queued(sent, "r1"))
        world.accept(sent, parent(sent, 1))
        world.commit(world.messages.starting(queued(sent, "r1")))
        world.commit(world.messages.moving(queued(sent, "r1"), child, attempt=attempt(child)))
        assert world.messages.attempts(DeliveryKey(sent.id, SMS)) == []
        assert world.messages.attempts(child.key) == [attempt(child)]


class TestDueIndex:
    def test_a_delivery_is_due_exactly_while_it_is_open(self, world: World) -> None:
        first = accepted(world)
        assert everything_due(world, NOW) == [Due(first.key, NOW)]
        third = through(first, claimed, begun)
        done = delivered(third)
        world.commit(world.messages.moving(first, third))
        assert everything_due(world, NOW + timedelta(hours=1)) == [Due(first.key, third.next_at)]  # type: ignore[arg-type] # it is open
        world.commit(world.messages.moving(third, done))
        assert everything_due(world, NOW + timedelta(days=9)) == []

    def test_a_claim_moves_the_due_time(self, world: World) -> None:
        first = accepted(world)
        world.commit(world.messages.moving(first, claimed(first)))
        assert everything_due(world, NOW) == []

    def test_recipients_are_due_by_their_own_keys(self, world: World) -> None:
        sent = message()
        child = queued(sent, "r1")
        world.accept(sent, parent(sent, 1, next_at=None))
        world.commit(world.messages.starting(child))
        assert everything_due(world, NOW) == [Due(child.key, NOW)]

    def test_a_shard_is_read_page_by_page_soonest_first(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("chalicelib.repositories.messages.DUE_PAGE", 2)
        moments = [NOW + timedelta(milliseconds=number) for number in (5, 1, 4, 2, 3)]
        for number, moment in enumerate(moments):
            sent = message(number)
            world.accept(sent, delivery(sent, next_at=moment))
        for shard in range(world.messages.shards):
            found: list[Due] = []
            cursor = None
            for _ in range(10):
                page = world.messages.due(shard, NOW + timedelta(milliseconds=4), cursor)
                found += page.items
                cursor = page.cursor
                if cursor is None:
                    break
            assert cursor is None
            assert found == sorted(found, key=lambda due: due.next_at)
            assert all(due.next_at <= NOW + timedelta(milliseconds=4) for due in found)
        assert len(everything_due(world, NOW + timedelta(milliseconds=4))) == 4


class TestRecipients:
    def started(self, world: World, *recipients: str) -> Delivery:
        """Store a message whose parent serves these recipients; return the parent."""
        sent = message()
        above = parent(sent, len(recipients))
        world.accept(sent, above)
        for recipient in recipients:
            world.commit(world.messages.starting(queued(sent, recipient)))
        return above

    def settle(self, world: World, recipient: str) -> None:
        first = queued(message(), recipient)
        second = begun(first)
        world.commit(world.messages.moving(first, second))
        world.commit(world.messages.moving(second, delivered(second)))

    def test_they_are_listed_page_by_page_without_their_parent(self, world: World) -> None:
        self.started(world, "r3", "r1", "r2")
        page = world.messages.recipients(message().id, SMS, 2, None)
        assert [row.key.recipient_id for row in page.items] == ["r1", "r2"]
        rest = world.messages.recipients(message().id, SMS, 2, page.cursor)
        assert [row.key.recipient_id for row in rest.items] == ["r3"]
        assert rest.cursor is None

    def test_a_settled_recipient_counts_on_the_parent_without_touching_its_version(
        self, world: World
    ) -> None:
        above = self.started(world, "r1", "r2")
        self.settle(world, "r1")
        stored = world.delivery(above.key)
        assert stored == replace(above, counts=Counts(total=2, delivered=1))

    def test_a_recipient_that_is_opened_again_counts_no_more(self, world: World) -> None:
        above = self.started(world, "r1")
        first = queued(message(), "r1")
        failed = replace(first, status=Status.FAILED, next_at=None, version=2)
        world.commit(world.messages.moving(first, failed))
        assert world.delivery(above.key).counts == Counts(total=1, failed=1)
        again = steps.retry(failed, NOW, steps.Policy(), "c")
        world.commit(world.messages.moving(failed, again))
        assert world.delivery(above.key).counts == Counts(total=1)

    def test_a_changed_verdict_moves_from_one_count_to_another(self, world: World) -> None:
        above = self.started(world, "r1")
        first = queued(message(), "r1")
        unsure = replace(first, status=Status.NEEDS_REVIEW, next_at=None, version=2)
        world.commit(world.messages.moving(first, unsure))
        sure = steps.confirm(unsure, NOW)
        world.commit(world.messages.moving(unsure, sure))
        assert world.delivery(above.key).counts == Counts(total=1, delivered=1)

    def test_what_came_back_is_counted_among_those_delivered_once(self, world: World) -> None:
        above = self.started(world, "r1")
        self.settle(world, "r1")
        done = world.delivery(queued(message(), "r1").key)
        for fate in (Fate.RETURNED, Fate.NO_SUCH_ADDRESS):
            told = steps.trouble(done, PROBLEMS[fate])
            world.commit(world.messages.moving(done, told))
            done = told
            counts = Counts(total=1, delivered=1, returned=1)
            assert world.delivery(above.key) == replace(above, counts=counts)
        arrived = steps.trouble(done, PROBLEMS[Fate.COMPLAINED])
        world.commit(world.messages.moving(done, arrived))
        assert world.delivery(above.key).counts == Counts(total=1, delivered=1)

    def test_what_came_back_meanwhile_does_not_keep_a_parent_open(self, world: World) -> None:
        self.started(world, "r1")
        self.settle(world, "r1")
        above = world.delivery(DeliveryKey(message().id, SMS))
        done = world.delivery(queued(message(), "r1").key)
        told = steps.trouble(done, PROBLEMS[Fate.RETURNED])
        world.commit(world.messages.moving(done, told))
        world.commit(world.messages.moving(above, steps.roll_up_recipients(above, NOW)))
        closed = world.delivery(above.key)
        assert (closed.status, closed.counts.returned) == (Status.DELIVERED, 1)

    def test_parent_and_recipient_may_move_in_one_transaction(self, world: World) -> None:
        above = self.started(world, "r1")
        first = queued(message(), "r1")
        failed = replace(first, status=Status.FAILED, next_at=None, version=2)
        moved = replace(above, cursor="r1", version=2)
        world.commit(world.messages.moving(above, moved), world.messages.moving(first, failed))
        assert world.delivery(above.key) == replace(moved, counts=Counts(total=1, failed=1))

    def test_a_parent_grows_by_what_is_added_not_by_what_was_read(self, world: World) -> None:
        above = self.started(world, "r1")
        self.settle(world, "r1")
        grown = replace(above, counts=Counts(total=3), cursor="r3", version=2)
        world.commit(world.messages.moving(above, grown))
        assert world.delivery(above.key).counts == Counts(total=3, delivered=1)

    def test_a_parent_is_not_closed_on_counts_that_changed(self, world: World) -> None:
        self.started(world, "r1", "r2")
        self.settle(world, "r1")
        self.settle(world, "r2")
        above = world.delivery(DeliveryKey(message().id, SMS))
        closed = steps.roll_up_recipients(above, NOW)
        one = replace(delivered(begun(queued(message(), "r1"))))
        again = replace(one, status=Status.QUEUED, next_at=NOW, version=one.version + 1)
        world.commit(world.messages.moving(one, again))
        with pytest.raises(LostRace):
            world.commit(world.messages.moving(above, closed))

    def test_a_parent_is_closed_on_the_counts_that_were_read(self, world: World) -> None:
        self.started(world, "r1")
        self.settle(world, "r1")
        above = world.delivery(DeliveryKey(message().id, SMS))
        closed = steps.roll_up_recipients(above, NOW)
        world.commit(world.messages.moving(above, closed))
        assert world.delivery(above.key) == closed

    def test_recipients_may_change_places_in_one_transaction(self, world: World) -> None:
        above = self.started(world, "r1", "r2")
        self.settle(world, "r1")
        second = queued(message(), "r2")
        third = begun(queued(message(), "r1"))
        done = delivered(third)
        again = replace(done, status=Status.QUEUED, next_at=NOW, version=done.version + 1)
        world.commit(
            world.messages.moving(done, again),
            world.messages.moving(second, delivered(begun(second))),
        )
        assert world.delivery(above.key).counts == Counts(total=2, delivered=1)

    def test_a_recipient_without_a_parent_can_not_be_settled(self, world: World) -> None:
        first = queued(message(), "r1")
        world.commit(world.messages.starting(first))
        with pytest.raises(LostRace):
            world.commit(world.messages.moving(first, delivered(begun(first))))


@isolated
class TestRaces:
    def winners(self, race: Callable[[World], None], world: World) -> int:
        def won(_: int) -> bool:
            try:
                race(World(world.table))
            except LostRace:
                return False
            return True

        with ThreadPoolExecutor(THREADS) as pool:
            return sum(pool.map(won, range(THREADS)))

    def test_of_many_schedulers_one_claims(self, world: World) -> None:
        before = accepted(world)

        def race(own: World) -> None:
            own.commit(own.messages.moving(before, claimed(before)))

        assert self.winners(race, world) == 1
        assert world.delivery(before.key) == claimed(before)

    def test_of_many_workers_one_begins(self, world: World) -> None:
        before = accepted(world)
        second = claimed(before)
        world.commit(world.messages.moving(before, second))
        third = begun(second)
        note = entry(before.key.message_id, 1, LINKEDIN)

        def race(own: World) -> None:
            own.commit(own.messages.moving(second, third, note, attempt(third)))

        assert self.winners(race, world) == 1
        assert len(world.messages.attempts(before.key)) == 1

    def test_recipients_that_settle_at_once_are_all_counted(self, world: World) -> None:
        sent = message()
        names = [f"r{number}" for number in range(1, THREADS + 1)]
        world.accept(sent, parent(sent, len(names)))
        for name in names:
            world.commit(world.messages.starting(queued(sent, name)))

        def settle(name: str) -> None:
            first = queued(sent, name)
            world.commit(world.messages.moving(first, delivered(begun(first))))

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(settle, names))
        counts = world.delivery(DeliveryKey(sent.id, SMS)).counts
        assert counts == Counts(total=len(names), delivered=len(names))
