"""Is what was simulated written down, and was every step of the state tables among it?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.domain.channels import Reconcilability
from sandbox.docs import simulation as page
from tests.simulation import record
from tests.simulation.chance import LOW
from tests.simulation.exhaustive import explore
from tests.simulation.report import UNREACHED, Total, declared
from tests.simulation.simulation import Simulation


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the record somewhere else."""
    for module in (record, page):
        monkeypatch.setattr(module, "RECORD", tmp_path / "runs.jsonl")
        monkeypatch.setattr(module, "CELLS", tmp_path / "cells.json")
        monkeypatch.setattr(module, "SEARCHES", tmp_path / "searches.jsonl")
    yield


def played(seed: int) -> Total:
    """Return a small run's sum."""
    total = Total()
    total.add(Simulation(seed, LOW, authors=frozenset({"m1", "m2"})).play(), 1)
    return total


@pytest.mark.usefixtures("kept")
def test_a_run_that_is_broken_off_goes_on_where_its_last_chunk_ended() -> None:
    record.append(played(0), "abc")
    record.append(played(1), "abc")

    assert record.next_seed() == 2
    assert "| abc | low | 0–1 |" in page.render()


@pytest.mark.usefixtures("kept")
def test_the_steps_of_all_runs_are_added_up() -> None:
    first, second = played(0), played(1)
    record.append(first, "abc")
    record.append(second, "abc")

    begun = ("", "queued", "begin")
    assert record.cells()[begun] == first.cells[begun] + second.cells[begun] > 0


@pytest.mark.usefixtures("kept")
def test_the_newest_search_of_each_kind_is_told() -> None:
    explored = explore(Reconcilability.NONE, 0)
    record.append_search("none", 0, replace(explored, states=1), "old")
    record.append_search("none", 0, explored, "new")
    record.append_search("key", 0, replace(explored, broken=[("2 posts", [])]), "new")

    told = page.render()
    assert f"| new | none | 0 | {explored.states:,} | {explored.ways:,} | cancelled" in told
    assert "| old |" not in told
    assert f"2 kinds of channel: {2 * explored.states:,} states, 1 broken promises." in told


@pytest.mark.usefixtures("kept")
def test_the_readme_says_what_is_recorded() -> None:
    total = played(0)
    record.append(total, "abc")
    readme = f"Before.\n{page.BEGIN}\nold\n{page.END}\nAfter."

    told = page.told_in(readme)
    assert f"{total.accepted:,} simulated deliveries: 0 lost, 0 duplicated, 0 early" in told
    assert told.startswith("Before.") and told.endswith("After.") and "old" not in told


def test_every_step_that_was_ever_recorded_as_possible_was_taken() -> None:
    counts = record.cells()

    never = [cell for cell in declared() if cell in counts and not counts[cell]]
    assert set(never) <= set(UNREACHED)


def test_only_steps_of_the_tables_are_said_to_be_out_of_reach() -> None:
    assert set(UNREACHED) <= set(declared())
    assert not [cell for cell in UNREACHED if record.cells()[cell]]


@pytest.mark.usefixtures("kept")
def test_what_was_broken_stays_on_record_after_it_was_corrected() -> None:
    run = {**dict.fromkeys(page.SUMS, 1), "broken": {"quota": 1}}
    told = [page.sentence([run]), page.sentence([{**run, "corrected": True}])]

    assert [text.partition("statuses, ")[2] for text in told] == [
        "1 other broken promises. Found on the way, and corrected since: nothing.",
        "0 other broken promises. Found on the way, and corrected since: 1 × `quota`.",
    ]
