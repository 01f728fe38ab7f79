"""Is a commit's outcome certain, whatever the table does? Faults surround each request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

from chalicelib.domain.errors import AlreadyAnnounced, LostRace, StoreUnavailable
from chalicelib.domain.ports import OnceTaken
from chalicelib.repositories.schema import PK, SK, Key
from chalicelib.repositories.store import COMMIT_TRIES, DOUBTFUL_TRIES, READ_TRIES, Store
from chalicelib.repositories.table import (
    NEW,
    STORED,
    Batch,
    Busy,
    Delete,
    Equals,
    Item,
    Put,
    Query,
    Unanswered,
    Update,
    Write,
)
from tests.contract.samples import RandomIds
from tests.fakes.table import MemoryTable, Watched

HERE, THERE = Key("A", "1"), Key("A", "2")
WRITES = ("write", "transact")
Fault = Callable[[], None]


def item(key: Key = HERE, **attributes: Any) -> dict[str, Any]:
    return {PK: key.pk, SK: key.sk, **attributes}


def raising(error: Exception) -> Fault:
    def fault() -> None:
        raise error

    return fault


class Rig:
    """A store over a memory table whose requests fail as planned."""

    def __init__(self) -> None:
        self.table = MemoryTable()
        self.calls: list[str] = []
        self.requests: list[Any] = []
        self.waits: list[float] = []
        self.plan: list[tuple[str, Fault]] = []
        self.reading: list[tuple[str, Fault]] = []
        watched = Watched(self.table, self._hook)
        self.store = Store(watched, RandomIds(), Random(1), self.waits.append)

    def before(self, fault: Exception | Fault) -> None:
        """Plan what happens in the place of the next write."""
        self.plan.append(("before", raising(fault) if isinstance(fault, Exception) else fault))

    def after(self, fault: Exception | Fault) -> None:
        """Plan what happens once the next write took effect."""
        self.plan.append(("after", raising(fault) if isinstance(fault, Exception) else fault))

    def read(self, fault: Exception) -> None:
        """Plan what happens in the place of the next read."""
        self.reading.append(("before", raising(fault)))

    def _hook(self, moment: str, operation: str, request: Any) -> None:
        if moment == "before":
            self.calls.append(operation)
            self.requests.append(request)
        plan = self.plan if operation in WRITES else self.reading
        if plan and plan[0][0] == moment:
            plan.pop(0)[1]()

    @property
    def writes(self) -> int:
        return sum(call in WRITES for call in self.calls)

    def stored(self, key: Key = HERE) -> dict[str, Any] | None:
        """Return an item without the mark of its commit."""
        found = self.table.get(key)
        return {n: v for n, v in found.items() if n != "commit"} if found else None


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.fixture(params=["alone", "in a transaction"])
def with_company(request: pytest.FixtureRequest) -> Sequence[Write]:
    """Return what else is written: nothing, or another item."""
    return [] if request.param == "alone" else [Update(THERE, add={"count": 1})]


class TestAnswered:
    def test_one_write_is_one_conditional_write(self, rig: Rig) -> None:
        rig.store.commit([Put(item(), NEW)])
        assert rig.calls == ["write"]

    def test_several_writes_are_one_transaction(self, rig: Rig) -> None:
        rig.store.commit([Put(item(), NEW)], [Put(item(THERE), NEW)])
        assert rig.calls == ["transact"]

    def test_no_write_is_no_request(self, rig: Rig) -> None:
        rig.store.commit([], [])
        assert rig.calls == []

    def test_a_failed_condition_raises_what_its_write_declares(self, rig: Rig) -> None:
        with pytest.raises(AlreadyAnnounced):
            rig.store.commit([Update(HERE, {"a": 1}, condition=STORED, conflict=AlreadyAnnounced)])
        assert rig.waits == []

    @pytest.mark.parametrize(
        ("conflicts", "expected"),
        [
            ((LostRace, AlreadyAnnounced, OnceTaken), OnceTaken),
            ((LostRace, AlreadyAnnounced), AlreadyAnnounced),
            ((LostRace, LostRace), LostRace),
            ((None, None), LostRace),
        ],
    )
    def test_of_several_failed_conditions_the_most_telling_is_raised(
        self, rig: Rig, conflicts: Sequence[Any], expected: type[Exception]
    ) -> None:
        writes = [
            Update(Key("A", str(number)), {"a": 1}, condition=STORED, conflict=conflict)
            for number, conflict in enumerate(conflicts)
        ]
        with pytest.raises(expected):
            rig.store.commit(writes)

    def test_a_condition_that_does_not_matter_is_no_conflict(self, rig: Rig) -> None:
        rig.store.commit([Update(HERE, {"a": 1}, condition=STORED, conflict=None)])
        assert rig.stored() is None

    def test_updates_of_one_item_are_merged_under_both_conditions(self, rig: Rig) -> None:
        rig.table.write(Put(item(a=1, n=1, m=1, gone=1)))
        rig.store.commit(
            [
                Update(HERE, {"b": 2}, frozenset({"gone"}), {"n": 1, "m": 1}, Equals("a", 1)),
                Update(HERE, {"c": 3}, add={"n": 2, "m": -1}, condition=STORED),
            ]
        )
        assert rig.stored() == item(a=1, b=2, c=3, n=4, m=1)

    def test_merged_updates_fail_together(self, rig: Rig) -> None:
        rig.table.write(Put(item(a=1)))
        update = Update(HERE, {"b": 2}, condition=Equals("a", 1))
        with pytest.raises(LostRace):
            rig.store.commit([update, Update(HERE, {"c": 3}, condition=Equals("a", 2))])
        assert rig.stored() == item(a=1)

    def test_writes_that_exclude_one_another_are_a_mistake(self, rig: Rig) -> None:
        with pytest.raises(ValueError, match="exclude one another"):
            rig.store.commit([Put(item()), Delete(HERE)])

    def test_more_writes_than_a_transaction_takes_are_a_mistake(self, rig: Rig) -> None:
        with pytest.raises(ValueError, match="101 writes"):
            rig.store.commit([Put(item(Key("A", str(number)))) for number in range(101)])


class TestUnanswered:
    def test_a_write_that_took_effect_is_recognised(
        self, rig: Rig, with_company: Sequence[Write]
    ) -> None:
        rig.after(Unanswered())
        rig.store.commit([Put(item(a=1), NEW), *with_company])
        assert rig.writes == 1
        assert rig.stored() == item(a=1)

    def test_a_write_that_did_not_is_sent_again(
        self, rig: Rig, with_company: Sequence[Write]
    ) -> None:
        rig.before(Unanswered())
        rig.store.commit([Put(item(a=1), NEW), *with_company])
        assert rig.writes == 2
        assert rig.stored() == item(a=1)

    def test_a_count_is_never_added_twice(self, rig: Rig) -> None:
        rig.after(Unanswered())
        rig.store.commit([Update(HERE, add={"count": 1})])
        assert rig.stored() == item(count=1)

    def test_a_write_that_takes_effect_late_is_recognised(
        self, rig: Rig, with_company: Sequence[Write]
    ) -> None:
        def late() -> None:
            request = rig.requests[0]
            if isinstance(request, list):
                rig.table.transact(request, "its-own")
            else:
                rig.table.write(request)

        rig.before(Unanswered())
        rig.before(late)
        rig.store.commit([Put(item(a=1), NEW), *with_company])
        assert rig.stored() == item(a=1)
        assert rig.stored(THERE) in (None, item(THERE, count=1))

    def test_someone_elses_write_is_not_taken_for_ours(
        self, rig: Rig, with_company: Sequence[Write]
    ) -> None:
        def other() -> None:
            rig.table.write(Put(item(a="theirs", commit="theirs")))
            raise Unanswered

        rig.before(other)
        with pytest.raises(LostRace):
            rig.store.commit([Put(item(a="ours"), NEW), *with_company])
        assert rig.stored() == item(a="theirs")

    def test_a_step_is_recognised_by_its_audit_entry_though_others_moved_on(self, rig: Rig) -> None:
        rig.table.write(Put(item(version=1)))

        def moved_on() -> None:
            rig.table.write(Update(HERE, {"version": 3, "commit": "theirs"}))
            raise Unanswered

        rig.after(moved_on)
        step = Update(HERE, {"version": 2}, condition=Equals("version", 1))
        rig.store.commit([step, Put(item(THERE), NEW)])
        assert rig.stored() == item(version=3)

    def test_a_delete_that_took_effect_is_recognised(self, rig: Rig) -> None:
        rig.table.write(Put(item(a=1)))
        rig.after(Unanswered())
        rig.store.commit([Delete(HERE, Equals("a", 1))])
        assert (rig.writes, rig.stored()) == (1, None)

    def test_a_write_is_sent_three_times_at_most(
        self, rig: Rig, with_company: Sequence[Write]
    ) -> None:
        for _ in range(DOUBTFUL_TRIES):
            rig.before(Unanswered())
        with pytest.raises(StoreUnavailable):
            rig.store.commit([Put(item(a=1), NEW), *with_company])
        assert rig.writes == DOUBTFUL_TRIES
        assert rig.stored() is None

    def test_a_transaction_keeps_its_token_and_its_mark(self, rig: Rig) -> None:
        rig.before(Unanswered())
        rig.store.commit([Put(item(), NEW), Put(item(THERE), NEW)])
        first, again = (
            r for r, call in zip(rig.requests, rig.calls, strict=True) if call in WRITES
        )
        assert first == again

    def test_what_can_not_be_read_back_is_not_promised(self, rig: Rig) -> None:
        rig.after(Unanswered())
        for _ in range(READ_TRIES):
            rig.read(Unanswered())
        with pytest.raises(StoreUnavailable):
            rig.store.commit([Put(item(), NEW)])
        assert rig.writes == 1


class TestBusy:
    def test_a_busy_table_is_asked_again(self, rig: Rig, with_company: Sequence[Write]) -> None:
        for _ in range(COMMIT_TRIES - 1):
            rig.before(Busy())
        rig.store.commit([Put(item(), NEW), *with_company])
        assert rig.stored() == item()
        assert "get" not in rig.calls

    def test_patience_ends(self, rig: Rig) -> None:
        for _ in range(COMMIT_TRIES):
            rig.before(Busy())
        with pytest.raises(StoreUnavailable):
            rig.store.commit([Put(item(), NEW)])
        assert rig.writes == COMMIT_TRIES

    def test_waits_grow_have_jitter_and_stay_short(self, rig: Rig) -> None:
        for _ in range(COMMIT_TRIES - 1):
            rig.before(Busy())
        rig.store.commit([Put(item(), NEW)])
        ceilings = [min(1.0, 0.02 * 2**number) for number in range(1, COMMIT_TRIES)]
        assert len(set(rig.waits)) == COMMIT_TRIES - 1
        assert all(0 <= w <= top for w, top in zip(rig.waits, ceilings, strict=True))

    def test_a_refusal_is_not_repeated(self, rig: Rig) -> None:
        rig.before(StoreUnavailable())
        with pytest.raises(StoreUnavailable):
            rig.store.commit([Put(item(), NEW)])
        assert rig.writes == 1


class TestReading:
    @pytest.mark.parametrize("fault", [Busy(), Unanswered()])
    def test_a_read_is_repeated(self, rig: Rig, fault: Exception) -> None:
        rig.table.write(Put(item()))
        for _ in range(READ_TRIES - 1):
            rig.read(fault)
        assert rig.store.get(HERE) == item()

    @pytest.mark.parametrize(
        "ask",
        [
            lambda store: store.get(HERE),
            lambda store: store.batch_get([HERE]),
            lambda store: store.query(Query("A")),
        ],
    )
    def test_a_table_that_stays_silent_is_unavailable(
        self, rig: Rig, ask: Callable[[Store], object]
    ) -> None:
        for _ in range(READ_TRIES):
            rig.read(Unanswered())
        with pytest.raises(StoreUnavailable):
            ask(rig.store)

    def test_a_batch_may_be_larger_than_a_request_and_name_a_key_twice(self, rig: Rig) -> None:
        keys = [Key("A", str(number)) for number in range(150)]
        for key in keys:
            rig.table.write(Put(item(key)))
        assert set(rig.store.batch_get([*keys, *keys])) == set(keys)
        assert rig.calls == ["batch_get", "batch_get"]

    def test_every_page_of_a_query_is_read(self) -> None:
        table = MemoryTable(page=2)
        for number in range(5):
            table.write(Put(item(Key("A", str(number)))))
        store = Store(table, RandomIds(), Random(1), lambda _: None)
        assert [row[SK] for row in store.query_all(Query("A"))] == list("01234")


class Reluctant(MemoryTable):
    """Reads one key of a batch at a time, as DynamoDB may."""

    stubborn = False

    def batch_get(self, keys: Sequence[Key]) -> Batch:
        found = super().batch_get(keys[:1]).items
        kept: dict[Key, Item] = {} if self.stubborn else dict(found)
        return Batch(kept, list(keys if self.stubborn else keys[1:]))


class TestUnreadKeys:
    def test_they_are_asked_for_again(self) -> None:
        table = Reluctant()
        for key in (HERE, THERE):
            table.write(Put(item(key)))
        store = Store(table, RandomIds(), Random(1), lambda _: None)
        missing = Key("A", "3")
        assert set(store.batch_get([HERE, missing, THERE])) == {HERE, THERE}

    def test_patience_ends(self) -> None:
        table = Reluctant()
        table.stubborn = True
        store = Store(table, RandomIds(), Random(1), lambda _: None)
        with pytest.raises(StoreUnavailable):
            store.batch_get([HERE, THERE])
