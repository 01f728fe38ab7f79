"""The benchmarks' own arithmetic and their in-process stage; no wall times."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.calls import Cost
from benchmarks.fanout import Round, ratios
from benchmarks.figures import Figure, Section, save
from benchmarks.stage import Relay
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.domain.ports import Hint
from scripts import web

FACEBOOK, INSTAGRAM = ChannelName("facebook"), ChannelName("instagram")
HINT = Hint(DeliveryKey("m-1", FACEBOOK), "claim-1")
AFTER = Hint(DeliveryKey("m-1", FACEBOOK, "r-1"), "claim-2")


class Worker:
    """Remembers its batches; the first one leads to another."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Hint]] = []
        self.relay = Relay(lambda: self.work)

    def work(self, hints: Sequence[Hint]) -> None:
        self.batches.append(hints)
        if hints == [HINT]:
            self.relay.put([AFTER])


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("ratio", 1.3, at_most=1.3), True),
        (Figure("ratio", 1.31, at_most=1.3), False),
        (Figure("rate", 99, at_least=100), False),
        (Figure("rate", 100, at_least=100), True),
        (Figure("rate", 100), None),
    ],
)
def test_a_goal_is_reached_at_its_bound(figure: Figure, verdict: bool | None) -> None:
    assert figure.is_met is verdict


def test_a_figure_names_its_result_and_its_goal() -> None:
    line = Figure("1 message", 1.504, "×", at_most=1.3, note="1.4 to 1.6").line()

    assert line.split() == [
        "1",
        "message",
        "1.50",
        "×",
        "≤",
        "1.30",
        "MISSED",
        *["1.4", "to", "1.6"],
    ]


def test_every_figure_is_saved_with_its_section(tmp_path: Path) -> None:
    save([Section("Calls", [Figure("read", 1, "calls", 1)], 2.0)], tmp_path / "found.json")

    (found,) = json.loads((tmp_path / "found.json").read_text("utf-8"))
    assert (found["section"], found["name"], found["value"], found["at_most"]) == (
        "Calls",
        "read",
        1,
        1,
    )


def test_a_relay_is_settled_only_when_what_followed_is_done_too() -> None:
    worker = Worker()

    worker.relay.put([HINT])
    worker.relay.settle()
    worker.relay.close()

    assert worker.batches == [[HINT], [AFTER]]


def test_a_relay_that_holds_hands_nothing_on() -> None:
    worker = Worker()

    with worker.relay.holding() as held:
        worker.relay.put([HINT])
    worker.relay.settle()
    worker.relay.close()

    assert (held, worker.batches) == ([HINT], [])


def test_a_relay_raises_what_its_worker_raised() -> None:
    def fail(_: Sequence[Hint]) -> None:
        raise ValueError("broken")

    relay = Relay(lambda: fail)
    relay.put([HINT])

    with pytest.raises(ValueError, match="broken"):
        relay.settle()
    relay.close()


def test_a_ratio_is_the_median_over_rounds_each_against_its_own_slowest_conversation() -> None:
    first = {FACEBOOK: 1.0, INSTAGRAM: 2.0}
    second = {FACEBOOK: 1.0, INSTAGRAM: 4.0}
    rounds = [
        Round(first, 4.0, 8.0, {FACEBOOK: 1.0}, 1.0),
        Round(second, 4.0, 8.0, {FACEBOOK: 1.0}, 3.0),
    ]

    values = [figure.value for figure in ratios(rounds, "in memory", is_goal=True)]

    assert values == [3.0, 1.5, 3.0, 1.0, 2.0]


def test_a_cost_counts_every_call() -> None:
    figure = Cost("create", Counter({"a.Put": 2, "b.Get": 1}), 2).figure()

    assert (figure.value, figure.is_met, figure.note) == (3, False, "2 a.Put, 1 b.Get")


def test_only_known_parts_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--only", "calls,nonsense"])

    assert "nonsense" in capsys.readouterr().err


def test_the_parts_asked_for_are_printed_and_saved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def part(folder: Path, plan: command.Plan) -> list[Figure]:
        assert folder.is_dir()
        return [Figure("rounds", plan.rounds)]

    monkeypatch.setitem(command.PARTS, "calls", ("Counted", part))

    assert command.main(["--quick", "--only", "calls", "--json", str(tmp_path / "f.json")]) == 0
    assert capsys.readouterr().out.startswith("Counted")
    assert json.loads((tmp_path / "f.json").read_text("utf-8"))[0]["value"] == command.QUICK.rounds


def test_without_a_browser_the_web_app_is_left_out_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(web, "find_node", lambda: None)

    assert command.main(["--only", "web"]) == 1
    assert "needs Node.js 20.19 or newer, and Chromium" in capsys.readouterr().out
