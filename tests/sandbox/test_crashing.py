"""A process dies, or freezes, exactly where it is told to."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from chalicelib import wiring
from chalicelib.domain import ports
from chalicelib.gateways.stream import KinesisStream
from chalicelib.repositories.store import Store
from sandbox import crashing
from sandbox.crashing import CALLS_TO, CRASH_AT, FREEZE_AT, Moment, answered_calls
from sandbox.state import Trouble

# The forked processes use no thread of this one.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
STREAM = KinesisStream(None, "stream")


def child(work: Callable[[], object]) -> int:
    """Run `work` in a process of its own and return that process's id."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(0)
    return pid


def ended(pid: int, options: int = 0) -> int:
    return os.waitpid(pid, options)[1]


def put(*correlation_ids: str) -> None:
    for correlation_id in correlation_ids:
        with wiring.telemetry().correlated(correlation_id):
            STREAM.put([])


def test_each_port_that_leads_outside_has_one_class_that_answers_it() -> None:
    owners = {(found.call.split(".")[0], found.owner) for found in answered_calls()}
    kinds = [kind for kind in vars(ports).values() if isinstance(kind, type)]
    own = [kind for kind in kinds if kind.__module__ == ports.__name__]
    declared = {kind.__name__ for kind in own if Protocol in kind.__bases__}
    leading_out = declared - {port.__name__ for port in crashing.INSIDE}
    assert {"Unit", "Transport"} < leading_out
    assert Counter(port for port, _ in owners) == dict.fromkeys(leading_out, 1)


def test_a_method_that_only_makes_a_value_is_no_call() -> None:
    calls = {found.call: found.owner for found in answered_calls()}
    assert calls["Unit.commit"] is Store
    assert "Messages.moving" not in calls


@pytest.mark.parametrize(
    ("moment", "ids", "is_killed"),
    [
        ("Stream.put:before:1", ["a"], True),
        ("Stream.put:after:2", ["a", "b"], True),
        ("Stream.put:after:2", ["a"], False),
        ("Stream.put:before:2@b", ["a", "b"], False),
        ("Stream.put:before:2@b", ["b", "a", "b"], True),
        ("Unit.commit:before:1", ["a"], False),
    ],
)
def test_a_process_dies_at_the_moment_that_was_chosen(
    moment: str, ids: list[str], is_killed: bool
) -> None:
    def work() -> None:
        crashing.arm({CRASH_AT: moment})
        put(*ids)

    status = ended(child(work))
    assert os.WIFSIGNALED(status) is is_killed
    assert not is_killed or os.WTERMSIG(status) == signal.SIGKILL


def test_before_means_that_nothing_has_happened_and_after_that_it_has(tmp_path: Path) -> None:
    def work(when: str) -> Callable[[], None]:
        def put_down() -> None:
            crashing.arm({CALLS_TO: str(tmp_path / when), CRASH_AT: f"Stream.put:{when}:1"})
            put("a")

        return put_down

    for when in ("before", "after"):
        ended(child(work(when)))
    told = {name: (tmp_path / name).read_text().splitlines() for name in ("before", "after")}
    assert [json.loads(line) for line in told["before"]] == [["Stream.put", "before", "a"]]
    assert [json.loads(line)[1] for line in told["after"]] == ["before", "after"]


def test_a_frozen_process_goes_on_where_it_stood(tmp_path: Path) -> None:
    def work() -> None:
        crashing.arm({CALLS_TO: str(tmp_path / "calls"), FREEZE_AT: "Stream.put:before:1"})
        put("a")

    pid = child(work)
    assert os.WIFSTOPPED(ended(pid, os.WUNTRACED))
    stopped = (tmp_path / "calls").read_text()
    os.kill(pid, signal.SIGCONT)
    assert ended(pid) == 0
    assert '"after"' not in stopped and '"after"' in (tmp_path / "calls").read_text()


@pytest.mark.parametrize(
    "text", ["", "Unit.commit", "Unit.commit:during:1", "Nobody.calls:after:1"]
)
def test_a_moment_that_can_never_come_is_refused(text: str) -> None:
    with pytest.raises(Trouble, match="is no moment"):
        Moment.parse(text)


def test_a_moment_is_read_as_it_is_written() -> None:
    for text in ("Unit.commit:after:3", "Stream.put:before:1@m-7"):
        assert str(Moment.parse(text)) == text
