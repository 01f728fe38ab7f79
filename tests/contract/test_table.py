"""Do the in-memory table, moto and MiniStack do what the repositories build upon?

Where one is known to differ from what AWS documents, its test is a strict xfail with the reason.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.repositories.schema import GSI1, GSI2, PK, SK, Key
from chalicelib.repositories.table import (
    NEW,
    STORED,
    Absent,
    AnyOf,
    AtMost,
    Busy,
    Condition,
    ConditionFailed,
    Delete,
    Equals,
    Exists,
    LessThan,
    Put,
    Query,
    Table,
    Update,
    Write,
    all_of,
)
from tests.contract.conftest import MOTO, diverges, isolated

HERE = Key("A", "1")
THREADS = 12


def item(pk: str = "A", sk: str = "1", **attributes: Any) -> dict[str, Any]:
    return {PK: pk, SK: sk, **attributes}


def token() -> str:
    """Return a new token: an account's tables share them."""
    return str(uuid4())


def filled(table: Table, count: int = 5) -> None:
    for number in range(1, count + 1):
        row = item(sk=str(number), GSI1PK="user", GSI1SK=f"MSG#{number}", GSI2PK="due", GSI2SK="=")
        table.write(Put(row | {"text": "long"}))


class TestTable:
    def test_an_item_comes_back_as_it_was_written(self, table: Table) -> None:
        row = item(
            text="¡Enhorabuena, José! 🎉",
            empty="",
            number=10**15,
            yes=True,
            no=False,
            list=[1, "two", None, [], {"deep": "er"}],
            map={"a": {"b": [False]}, "c": "d"},
        )
        table.write(Put(row))
        assert table.get(HERE) == row

    def test_what_is_none_is_not_stored(self, table: Table) -> None:
        table.write(Put(item(nothing=None, map={"nothing": None, "kept": 1})))
        assert table.get(HERE) == item(map={"kept": 1})

    def test_a_float_is_refused_before_it_is_sent(self, table: Table) -> None:
        with pytest.raises(TypeError, match="float"):
            table.write(Put(item(ratio=0.5)))

    def test_there_is_nothing_under_an_unknown_key(self, table: Table) -> None:
        assert table.get(HERE) is None

    def test_a_batch_returns_what_there_is(self, table: Table) -> None:
        filled(table, 2)
        keys = [Key("A", "1"), Key("A", "2"), Key("A", "3")]
        batch = table.batch_get(keys)
        assert set(batch.items) == set(keys[:2])
        assert not batch.unread

    def test_a_new_item_is_written_once(self, table: Table) -> None:
        table.write(Put(item(by="first"), NEW))
        with pytest.raises(ConditionFailed) as caught:
            table.write(Put(item(by="second"), NEW))
        assert caught.value.failed == (0,)
        assert table.get(HERE) == item(by="first")

    def test_an_update_sets_removes_and_adds(self, table: Table) -> None:
        table.write(Put(item(old=1, gone=2, count=3, kept=4)))
        table.write(
            Update(HERE, set={"old": "new"}, remove=frozenset({"gone", "never"}), add={"count": -1})
        )
        assert table.get(HERE) == item(old="new", count=2, kept=4)

    def test_an_update_makes_an_item_and_counts_from_nothing(self, table: Table) -> None:
        table.write(Update(HERE, set={"a": 1}, add={"count": 2}))
        assert table.get(HERE) == item(a=1, count=2)

    def test_an_increase_returns_the_sum(self, table: Table) -> None:
        key = Key("A", "1")
        table.write(Put(item(n=5)))
        assert [table.increase(key, "n", by, 10) for by in (2, 3)] == [7, 10]
        assert table.get(key) == item(n=10)

    def test_what_is_too_big_or_not_there_is_not_increased(self, table: Table) -> None:
        table.write(Put(item(n=5)))
        for name, sk in (("n", "1"), ("m", "1"), ("n", "2")):
            with pytest.raises(ConditionFailed):
                table.increase(Key("A", sk), name, 1, 4)
        assert table.get(Key("A", "1")) == item(n=5)

    def test_a_delete_drops_the_item_if_its_condition_holds(self, table: Table) -> None:
        table.write(Put(item(version=2)))
        with pytest.raises(ConditionFailed):
            table.write(Delete(HERE, Equals("version", 1)))
        table.write(Delete(HERE, Equals("version", 2)))
        assert table.get(HERE) is None

    def test_deleting_what_is_not_there_is_no_error(self, table: Table) -> None:
        table.write(Delete(HERE, Absent("answer")))
        assert table.get(HERE) is None

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            (STORED, True),
            (NEW, False),
            (Exists("text"), True),
            (Exists("none"), False),
            (Absent("none"), True),
            (Absent("text"), False),
            (Equals("text", "b"), True),
            (Equals("text", "c"), False),
            (Equals("none", "b"), False),
            (Equals("number", 5), True),
            (Equals("number", "5"), False),
            (Equals("flag", True), True),
            (Equals("flag", False), False),
            (LessThan("number", 6), True),
            (LessThan("number", 5), False),
            (LessThan("number", 10), True),
            (LessThan("none", 5), False),
            (AtMost("number", 5), True),
            (AtMost("number", 4), False),
            (AtMost("text", "b"), True),
            (AtMost("text", "a"), False),
            (AtMost("none", "z"), False),
            (all_of(STORED, Equals("number", 5)), True),
            (all_of(STORED, Equals("number", 6)), False),
            (AnyOf((NEW, Equals("number", 5))), True),
            (AnyOf((NEW, Equals("number", 6))), False),
            (all_of(STORED, AnyOf((Absent("text"), LessThan("number", 9)))), True),
        ],
        ids=str,
    )
    def test_a_write_happens_exactly_if_its_condition_holds(
        self, table: Table, condition: Condition, expected: bool
    ) -> None:
        table.write(Put(item(text="b", number=5, flag=True)))
        try:
            table.write(Update(HERE, set={"done": 1}, condition=condition))
            happened = True
        except ConditionFailed:
            happened = False
        stored = table.get(HERE)
        assert stored is not None
        assert ("done" in stored, happened) == (expected, expected)


class TestQueries:
    def sort_keys(self, table: Table, query: Query) -> list[str]:
        return [row[SK] for row in table.query(query).items]

    def test_items_come_in_the_order_of_their_sort_keys(self, table: Table) -> None:
        filled(table)
        assert self.sort_keys(table, Query("A")) == ["1", "2", "3", "4", "5"]

    def test_the_order_may_be_turned_round(self, table: Table) -> None:
        filled(table)
        assert self.sort_keys(table, Query("A", forward=False)) == ["5", "4", "3", "2", "1"]

    @pytest.mark.parametrize(
        ("bounds", "expected"),
        [
            ({"low": "2", "high": "4"}, ["2", "3", "4"]),
            ({"low": "4"}, ["4", "5"]),
            ({"high": "2"}, ["1", "2"]),
            ({"prefix": "3"}, ["3"]),
            ({"prefix": "x"}, []),
        ],
    )
    def test_bounds_are_inclusive(
        self, table: Table, bounds: dict[str, str], expected: list[str]
    ) -> None:
        filled(table)
        assert self.sort_keys(table, Query("A", **bounds)) == expected  # type: ignore[arg-type] # by name

    def test_a_prefix_matches_from_the_start_only(self, table: Table) -> None:
        for sk in (
            "CHANNEL#sms",
            "CHANNEL#sms#1",
            "CHANNEL#sms#2",
            "CHANNEL#smsx",
            "X#CHANNEL#sms#",
        ):
            table.write(Put(item(sk=sk)))
        found = self.sort_keys(table, Query("A", prefix="CHANNEL#sms#"))
        assert found == ["CHANNEL#sms#1", "CHANNEL#sms#2"]

    @pytest.mark.parametrize("forward", [True, False])
    @pytest.mark.parametrize("index", [None, GSI1, GSI2])
    def test_pages_follow_one_another_without_gap_or_overlap(
        self, table: Table, index: str | None, forward: bool
    ) -> None:
        filled(table, 7)
        pk = {None: "A", GSI1: "user", GSI2: "due"}[index]
        seen: list[str] = []
        cursor = None
        for _ in range(10):
            page = table.query(Query(pk, index, forward=forward, limit=3, start=cursor))
            seen += [row[SK] for row in page.items]
            cursor = page.cursor
            if cursor is None:
                break
        # On GSI2 all sort keys are equal here: any order, but nothing lost.
        expected = [str(number) for number in range(1, 8)]
        if index != GSI2:
            assert seen == (expected if forward else expected[::-1])
        assert sorted(seen) == expected
        assert cursor is None

    def test_a_page_goes_on_behind_an_item_that_is_gone(self, table: Table) -> None:
        filled(table)
        cursor = table.query(Query("A", limit=2)).cursor
        table.write(Delete(Key("A", "2")))
        assert self.sort_keys(table, Query("A", start=cursor)) == ["3", "4", "5"]

    def test_a_full_page_has_a_cursor_even_if_nothing_follows(
        self, table: Table, kind: str, request: pytest.FixtureRequest
    ) -> None:
        diverges(kind, request, {MOTO: "moto leaves it out when nothing follows"})
        filled(table, 2)
        assert table.query(Query("A", limit=2)).cursor is not None

    def test_gsi1_shows_whole_items(self, table: Table) -> None:
        filled(table, 1)
        (row,) = table.query(Query("user", GSI1, prefix="MSG#")).items
        assert row == table.get(HERE)

    def test_gsi2_shows_only_keys(self, table: Table) -> None:
        filled(table, 1)
        (row,) = table.query(Query("due", GSI2)).items
        assert row == item(GSI2PK="due", GSI2SK="=")

    def test_an_item_leaves_an_index_with_its_key(self, table: Table) -> None:
        filled(table, 1)
        table.write(Update(HERE, remove=frozenset({"GSI2PK", "GSI2SK"})))
        assert not table.query(Query("due", GSI2)).items

    def test_an_item_moves_within_an_index(self, table: Table) -> None:
        filled(table, 2)
        table.write(Update(Key("A", "1"), set={"GSI2SK": "z"}))
        assert self.sort_keys(table, Query("due", GSI2)) == ["2", "1"]


class TestTransactions:
    def test_every_write_happens(self, table: Table) -> None:
        filled(table, 3)
        table.transact(
            [
                Put(item(sk="new"), NEW),
                Update(Key("A", "2"), set={"text": "short"}),
                Delete(Key("A", "3")),
            ],
            token(),
        )
        assert table.get(Key("A", "new")) == item(sk="new")
        assert (table.get(Key("A", "2")) or {})["text"] == "short"
        assert table.get(Key("A", "3")) is None

    def test_one_failed_condition_prevents_all_and_is_named(self, table: Table) -> None:
        filled(table, 1)
        with pytest.raises(ConditionFailed) as caught:
            table.transact(
                [
                    Put(item(sk="new")),
                    Put(item(), NEW),
                    Update(Key("A", "9"), set={"a": 1}, condition=STORED),
                ],
                token(),
            )
        assert caught.value.failed == (1, 2)
        assert table.get(Key("A", "new")) is None

    def test_the_same_token_is_performed_once(
        self, table: Table, kind: str, request: pytest.FixtureRequest
    ) -> None:
        diverges(kind, request, {MOTO: "moto ignores ClientRequestToken"})
        mark = token()
        writes: list[Write] = [Update(HERE, add={"count": 1}), Put(item(sk="2"))]
        table.transact(writes, mark)
        table.transact(writes, mark)
        assert table.get(HERE) == item(count=1)

    def test_a_token_belongs_to_its_writes(
        self, table: Table, kind: str, request: pytest.FixtureRequest
    ) -> None:
        diverges(kind, request, {MOTO: "moto ignores ClientRequestToken"})
        mark = token()
        table.transact([Put(item()), Put(item(sk="2"))], mark)
        with pytest.raises(StoreUnavailable):
            table.transact([Put(item()), Put(item(sk="3"))], mark)

    def test_a_hundred_writes_are_the_most(self, table: Table) -> None:
        table.transact([Put(item(sk=str(number))) for number in range(100)], token())
        with pytest.raises(StoreUnavailable):
            table.transact([Put(item(sk=str(number))) for number in range(101)], token())

    def test_one_item_can_not_be_written_twice_at_once(self, table: Table) -> None:
        with pytest.raises(StoreUnavailable):
            table.transact([Put(item()), Update(HERE, add={"count": 1})], token())

    @pytest.mark.parametrize("value", ["", 5])
    def test_an_item_that_an_index_can_not_hold_is_refused(
        self, table: Table, kind: str, value: object, request: pytest.FixtureRequest
    ) -> None:
        if value == 5:
            diverges(kind, request, {MOTO: "moto accepts a number as a text key of an index"})
        with pytest.raises(StoreUnavailable):
            table.write(Put(item(GSI1PK=value, GSI1SK="x")))

    def test_a_transaction_with_an_item_that_an_index_can_not_hold_is_refused(
        self, table: Table
    ) -> None:
        with pytest.raises(StoreUnavailable):
            table.transact([Put(item(sk="2")), Put(item(GSI1PK="", GSI1SK="x"))], token())
        assert table.get(Key("A", "2")) is None


@isolated
class TestRaces:
    def together(self, call: Any) -> list[Any]:
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(call, range(THREADS)))

    def test_of_many_conditional_writers_one_wins(self, table: Table) -> None:
        table.write(Put(item(version=1)))

        def claim(number: int) -> bool:
            try:
                table.write(
                    Update(
                        HERE,
                        set={"by": number},
                        add={"version": 1},
                        condition=Equals("version", 1),
                    )
                )
            except (ConditionFailed, Busy):
                return False
            return True

        wins = self.together(claim)
        assert sum(wins) == 1
        assert table.get(HERE) == item(version=2, by=wins.index(True))

    def test_of_many_conditional_transactions_one_wins(self, table: Table) -> None:
        def start(number: int) -> bool:
            try:
                table.transact([Put(item(by=number), NEW), Put(item(sk=f"by-{number}"))], token())
            except (ConditionFailed, Busy):
                return False
            return True

        wins = self.together(start)
        assert sum(wins) == 1
        assert len(table.query(Query("A")).items) == 2

    def test_no_count_is_lost(self, table: Table) -> None:
        def count(number: int) -> None:
            for _ in range(50):
                try:
                    return table.transact(
                        [Update(HERE, add={"count": 1}), Put(item(sk=f"by-{number}"), NEW)],
                        token(),
                    )
                except Busy:
                    continue
            raise AssertionError("always busy")

        self.together(count)
        assert table.get(HERE) == item(count=THREADS)
