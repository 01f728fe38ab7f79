"""What is kept of runs that kill processes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.kill import report
from tests.kill.phases import Part


def test_a_part_that_is_played_again_takes_the_place_of_what_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "RECORD", tmp_path / "kills.json")
    report.record([Part("calls"), Part("frozen")], "abc", 0)
    report.record([Part("frozen")], "def", 1)

    kept = json.loads(report.RECORD.read_text("utf-8"))["parts"]
    assert [(part["title"], part["commit"], part["seed"]) for part in kept] == [
        ("calls", "abc", 0),
        ("frozen", "def", 1),
    ]
