"""What the benchmarks of due deliveries make of what they see; no wall times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks.canned import Answers
from benchmarks.counting import AwsRequests
from benchmarks.herd import BATCH, Lanes, Outcome, drive, told
from benchmarks.punctual import FEEDS, Asked, crowd, lateness, quantile, schedule
from benchmarks.punctual import told as told_of_lateness
from benchmarks.scheduler import Price, Round, Sizes, compared, measure, price
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.domain.ports import Hint
from chalicelib.repositories.schema import SHARDS

MOMENT = datetime(2026, 11, 21, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SIZES = Sizes(ours=40, naive=5)


def item(number: int, shard: str = "00") -> dict[str, Any]:
    """Return an item on the wire that stands in a shard of an index."""
    texts = {"PK": f"MSG#{number}", "SK": "CHANNEL#x", "I": shard, "IS": f"{number:04d}"}
    return {name: {"S": text} for name, text in {**texts, "status": "pending"}.items()}


def values(figures: Sequence[Any]) -> dict[str, float]:
    """Return figures by their names."""
    return {figure.name: figure.value for figure in figures}


# --- the canned AWS ---------------------------------------------------------------------------


def test_a_canned_query_shows_every_entry_of_its_partition_once_page_by_page() -> None:
    answers = Answers([*(item(number) for number in range(5)), item(9, "01")], "I", "IS")
    request: dict[str, Any] = {"ExpressionAttributeValues": {":0": {"S": "00"}}, "Limit": 2}
    seen = []
    page = answers("Query", request)
    seen += page["Items"]
    while "LastEvaluatedKey" in page:
        page = answers("Query", {**request, "ExclusiveStartKey": page["LastEvaluatedKey"]})
        seen += page["Items"]

    assert [entry["IS"]["S"] for entry in seen] == ["0000", "0001", "0002", "0003", "0004"]
    assert "status" not in seen[0]


def test_a_canned_query_of_an_empty_partition_shows_nothing() -> None:
    values = {":0": {"S": "02"}}

    page = Answers([item(1)], "I", "IS")("Query", {"ExpressionAttributeValues": values})

    assert page == {"Items": [], "Count": 0}


def test_a_canned_batch_read_leaves_out_what_there_is_not() -> None:
    answers = Answers([item(1)], "I", "IS")
    keys = [{"PK": {"S": f"MSG#{number}"}, "SK": {"S": "CHANNEL#x"}} for number in (1, 2)]

    found = answers("BatchGetItem", {"RequestItems": {"t": {"Keys": keys}}})

    assert found == {"Responses": {"t": [item(1)]}, "UnprocessedKeys": {}}


def test_a_canned_put_takes_every_record() -> None:
    answer = Answers([], "I", "IS")("PutRecords", {"Records": [{}, {}, {}]})

    assert (answer["FailedRecordCount"], len(answer["Records"])) == (0, 3)


# --- the scheduler ----------------------------------------------------------------------------


def test_a_claims_price_is_compared_with_the_naive_loops_of_the_same_round() -> None:
    rounds = [
        Round(Price(1.0, 0.1), Price(10.0, 2.0), Price(0.5, 0.1)),
        Round(Price(6.0, 0.1), Price(20.0, 2.0), Price(4.0, 0.1)),
        Round(Price(2.0, 0.1), Price(10.0, 2.0), Price(1.0, 0.1)),
    ]

    found = values(compared(rounds, SIZES))

    assert found["CPU over the naive loop's"] == 0.2
    assert found["the same calls without our code"] == 0.1
    assert found["CPU for each claim"] == 2_000_000
    assert found["AWS calls for each claim"] == 0.1


def test_a_price_of_less_than_everything_is_none() -> None:
    with AwsRequests() as requests, pytest.raises(RuntimeError, match="3 of 4"):
        price(requests, lambda: 3, 4)


def test_all_three_ways_release_what_the_canned_aws_says_is_due(tmp_path: Path) -> None:
    found = values(measure(tmp_path, sizes=SIZES, rounds=1))

    # A page of each shard, the accounts, one read, one transaction, one put.
    assert round(found["AWS calls for each claim"] * SIZES.ours) == SHARDS + 1 + 1 + 1 + 1
    assert round(found["AWS calls for each, naive loop"] * SIZES.naive) == 2 * SIZES.naive + 1


# --- the herd ---------------------------------------------------------------------------------


def outcome(deliveries: int, **changes: Any) -> Outcome:
    """Return how a herd got through without a flaw."""
    usual = {
        "claimed_seconds": 10.0,
        "drained_seconds": 20.0,
        "delivered": deliveries,
        "attempts": deliveries,
        "posts": deliveries,
        "hints": deliveries,
        "growth_bytes": deliveries * 2048,
    }
    return Outcome(deliveries=deliveries, **{**usual, **changes})


def test_a_herds_flaws_are_counted() -> None:
    flawed = outcome(100, delivered=98, attempts=110, posts=99, growth_bytes=100 * 4096)

    found = values(told(outcome(10), flawed))

    assert found["drained"] == 5
    assert found["attempts that were repeated"] == pytest.approx(10)
    assert found["not delivered"] == 2
    assert found["posted more than once"] == 1


def test_a_herds_memory_is_compared_for_each_delivery() -> None:
    few, many = outcome(10), outcome(100, growth_bytes=100 * 3072)

    assert (few.growth, many.growth) == (2, 3)


def test_a_herd_is_claimed_and_posted_once_each() -> None:
    found = drive(41)

    assert (found.delivered, found.attempts, found.posts, found.hints) == (41, 41, 41, 41)


def test_lanes_hand_over_everything_in_batches_that_are_not_too_large() -> None:
    hints = [Hint(DeliveryKey(str(n), ChannelName("x")), "claim") for n in range(3 * BATCH + 1)]
    batches: list[Sequence[Hint]] = []
    is_done = Event()

    def work(batch: Sequence[Hint]) -> None:
        batches.append(batch)
        if sum(map(len, batches)) == len(hints):
            is_done.set()

    lanes = Lanes(lambda: work)
    lanes.put(hints)
    with lanes.running():
        assert is_done.wait(60)

    assert {hint for batch in batches for hint in batch} == set(hints)
    assert max(map(len, batches)) <= BATCH


# --- punctuality ------------------------------------------------------------------------------


def test_moments_are_spread_over_the_minutes_in_order() -> None:
    asked = schedule(MOMENT, 2, 100, Random(1))

    moments = [one.at for one in asked]
    assert len({one.text for one in asked}) == 200
    assert moments == sorted(moments)
    assert MOMENT <= moments[0] < MOMENT + MINUTE < moments[-1] < MOMENT + 2 * MINUTE
    assert {one.channel for one in asked} == set(FEEDS)


def test_a_crowd_is_due_at_one_moment() -> None:
    asked = crowd(MOMENT)

    assert {one.at for one in asked} == {MOMENT}
    assert len({one.text for one in asked}) == len(asked)


def test_lateness_is_what_a_platform_says_beyond_what_was_asked() -> None:
    asked = [Asked("a", MOMENT, "x"), Asked("b", MOMENT + MINUTE, "x")]
    posts = [
        {"text": "b", "created_at": "2026-11-21T12:01:02.500Z"},
        {"text": "a", "created_at": "2026-11-21T11:59:59.999Z"},
        {"text": "b", "created_at": "2026-11-21T12:01:03.000Z"},
    ]

    assert lateness(asked, posts) == [-0.001, 2.5]


def test_a_post_before_its_moment_is_too_early_and_one_at_it_is_not() -> None:
    found = values(told_of_lateness([-0.001, 1.0, 0.0, 0.2], [-1, 5], ""))

    assert found["posted too early"] == 2
    assert found["late, the last of all"] == 1
    assert found["2 due at one moment, late, 99 of 100"] == 5


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_a_quantile_is_a_value_that_was_seen(share: float, value: float) -> None:
    assert quantile([float(number) for number in range(100, 0, -1)], share) == value


# --- the command ------------------------------------------------------------------------------


def test_the_long_parts_take_the_size_that_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[command.Plan] = []

    def part(folder: Path, plan: command.Plan) -> list[Any]:
        plans.append(plan)
        return []

    monkeypatch.setitem(command.PARTS, "herd", ("Herd", part))
    command.main(["--only", "herd", "--herd", "70", "--minutes", "0.5", "--due", "3"])

    (plan,) = plans
    assert (plan.herd, plan.minutes, plan.due) == (70, 0.5, 3)
    assert plan.rounds == command.USUAL.rounds


def test_a_size_of_nothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--only", "herd", "--herd", "0"])

    assert "--herd" in capsys.readouterr().err
