"""The supervisor starts, restarts and stops processes so that none is ever left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.surroundings import free_ports
from sandbox import embedded, environment, processes, supervisor
from sandbox.attach import clear_up
from sandbox.aws_process import PACKED, Partition
from sandbox.ports import Ports
from sandbox.processes import Child, spawn, stop
from sandbox.state import PROJECT, State, Trouble
from sandbox.supervisor import Product, Signals, Stopped

PATIENCE_SECONDS = 60.0
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('on', flush=True); signal.pause()"
)
OBEDIENT = "import signal; print('on', flush=True); signal.pause()"


def eventually(holds: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for something outside this process."""
    ends = time.monotonic() + seconds
    tick = threading.Event()
    while not holds():
        assert time.monotonic() < ends, "It did not come about in time."
        tick.wait(0.01)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], Child]]:
    children: list[Child] = []

    def started(program: str) -> Child:
        log = tmp_path / f"{len(children)}.log"
        command = [sys.executable, "-c", program]
        children.append(spawn("child", command, os.environ, log=log, folder=tmp_path))
        eventually(lambda: "on" in log.read_text())
        return children[-1]

    yield started
    stop(children, 0)


def test_a_child_that_listens_is_stopped_in_order(start: Callable[[str], Child]) -> None:
    child = start(OBEDIENT)
    stop([child], PATIENCE_SECONDS)
    assert child.process.returncode == -signal.SIGTERM


def test_a_child_that_does_not_listen_is_killed(start: Callable[[str], Child]) -> None:
    child = start(STUBBORN)
    stop([child], 0.1)
    assert child.process.returncode == -signal.SIGKILL


def test_what_a_child_started_is_killed_with_it(start: Callable[[str], Child]) -> None:
    child = start(
        "import subprocess, sys, time\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
        "print(p.pid, 'on', flush=True)\n"
        "p.wait()"
    )
    grandchild = int(child.log.read_text().split()[0])
    stop([child], 0.1)
    eventually(lambda: is_gone(grandchild))


def test_a_ctrl_c_in_the_terminal_does_not_reach_a_child(start: Callable[[str], Child]) -> None:
    child = start(OBEDIENT)
    assert os.getpgid(child.pid) == child.pid != os.getpgid(0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent")
def test_killing_the_parent_ends_its_children(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from sandbox.processes import spawn\n"
        f"command = [sys.executable, '-c', {OBEDIENT!r}]\n"
        f"log = Path({str(tmp_path / 'child.log')!r})\n"
        f"child = spawn('c', command, os.environ, log=log, folder=Path({str(tmp_path)!r}))\n"
        "print(child.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=PROJECT, stdin=pipe, stdout=pipe, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        eventually(lambda: "on" in (tmp_path / "child.log").read_text())
        parent.kill()
    eventually(lambda: is_gone(child))


def test_a_child_keeps_its_memory_in_few_pools(start: Callable[[str], Child]) -> None:
    child = start("import os; print('on', os.environ['MALLOC_ARENA_MAX'], flush=True)")
    assert child.log.read_text() == "on 2\n"


def test_the_last_words_of_a_child_are_the_end_of_its_log(start: Callable[[str], Child]) -> None:
    child = start("print('first\\nsecond\\non', flush=True)")
    stop([child], PATIENCE_SECONDS)
    assert child.last_words(2) == " Its last words:\n  second\n  on"


def test_a_child_that_says_nothing_has_no_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-S", "-c", "raise SystemExit(3)"]
    child = spawn("child", command, os.environ, log=tmp_path / "log", folder=tmp_path)
    child.process.wait()
    assert (child.ending(), child.last_words()) == ("ended by itself (status 3)", "")


def test_what_a_killed_child_said_before_are_no_last_words(start: Callable[[str], Child]) -> None:
    child = start(STUBBORN)
    stop([child], 0)
    assert (child.ending(), child.last_words()) == ("was killed (signal 9)", "")


@pytest.fixture
def signals() -> Iterator[Signals]:
    before = {number: signal.getsignal(number) for number in Signals.NUMBERS}
    yield Signals()
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", Signals.NUMBERS)
def test_a_signal_ends_the_next_wait(signals: Signals, number: signal.Signals) -> None:
    os.kill(os.getpid(), number)
    with pytest.raises(Stopped):
        signals.pause(PATIENCE_SECONDS)


def test_a_second_signal_does_not_interrupt_the_stopping(signals: Signals) -> None:
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    assert signals.was_asked


def test_without_a_signal_a_wait_ends_by_itself(signals: Signals) -> None:
    signals.pause(0)


class Dying(Product):
    """A product whose API ends at once, and that notes how long it waits before each restart."""

    def __init__(self, state: State, signals: Signals, restarts: int) -> None:
        super().__init__(state, Ports(), signals)
        self.waits: list[float] = []
        self._restarts = restarts
        signals.pause = self._note  # type: ignore[method-assign]

    def await_ready(self) -> None:
        """Pretend."""

    def publish_endpoints(self, api_pid: int | None = None) -> None:
        """Pretend."""

    def _note(self, seconds: float) -> None:
        if seconds == supervisor.WATCH_SECONDS:
            return
        self.waits.append(seconds)
        if len(self.waits) == self._restarts:
            raise Stopped

    def _start_api(self) -> None:
        command = [sys.executable, "-S", "-c", ""]
        self._api = self._spawn("api", command, os.environ, self.state.path)
        self._api.process.wait()


def test_a_dying_api_is_restarted_ever_more_slowly_but_always(
    tmp_path: Path, signals: Signals
) -> None:
    with Dying(State(tmp_path), signals, restarts=7) as product:
        product._start_api()
        with pytest.raises(Stopped):
            product.watch()
    assert product.waits == [0.5, 1, 2, 4, 5, 5, 5]


def test_an_api_that_lived_long_is_restarted_quickly_again(
    tmp_path: Path, signals: Signals
) -> None:
    with Dying(State(tmp_path), signals, restarts=1) as product:
        product._restart_seconds = supervisor.LAST_RESTART_SECONDS
        product._start_api()
        assert product._api is not None
        product._api.started -= supervisor.YOUNG_SECONDS + 1
        with pytest.raises(Stopped):
            product.watch()
    assert product.waits == [0.5]


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("print('done')", r"embedded AWS ended by itself \(status 0\)\. Start .*\n  done$"),
        (
            "exit(3)",
            r"embedded AWS ended by itself \(status 3\)\. What .* is lost\. Start .*run\.$",
        ),
        (
            "import os; os.kill(os.getpid(), 9)",
            r"was killed \(signal 9\)\. What .* is lost\. Start",
        ),
    ],
)
def test_the_embedded_aws_is_not_restarted_but_its_end_is_told(
    tmp_path: Path, signals: Signals, program: str, told: str
) -> None:
    with Product(State(tmp_path), Ports(), signals) as product:
        product._aws = product._spawn("aws", [sys.executable, "-c", program], os.environ, tmp_path)
        product._aws.process.wait()
        with pytest.raises(Trouble, match=told):
            product.require_companions()


def test_nothing_is_lost_with_the_sandbox(tmp_path: Path, signals: Signals) -> None:
    with Product(State(tmp_path), Ports(), signals) as product:
        command = [sys.executable, "-c", "exit(3)"]
        product._sandbox = product._spawn("sandbox", command, os.environ, tmp_path)
        product._sandbox.process.wait()
        with pytest.raises(Trouble, match=r"sandbox ended by itself \(status 3\)\. Start again"):
            product.require_companions()


def test_a_command_is_typed_with_what_makes_this_copy_another() -> None:
    given = {"OMNICHANNEL_STATE_DIR": "/my state", "API_PORT": "8100", "AWS_PORT": "", "HOME": "/"}
    told = "OMNICHANNEL_STATE_DIR='/my state' API_PORT=8100 make run"
    assert environment.typed("make run", given) == told
    assert environment.typed("make token", given, ["AWS_PORT"]) == "make token"


TORN = {
    "nothing": b"",
    "half": b'{"__ministack_format__": 3, "payload": {"_tables": {',
    "no text": b"\xff\x00",
    "no object": b"[]",
    "something else": b'{"a": 1}',
    "a partition that is torn": b'{"payload": {"_tables": {"__packed__": "{\\"a\\": "}}}',
}


@pytest.mark.parametrize("content", TORN.values(), ids=TORN)
def test_an_embedded_aws_whose_state_is_torn_is_not_started_over_it(
    tmp_path: Path, signals: Signals, content: bytes
) -> None:
    state = State(tmp_path)
    kept = embedded.kept(state.aws)
    kept.mkdir(parents=True)
    (kept / "cognito.json").write_text('{"__ministack_format__": 2, "payload": {}}')
    (kept / "dynamodb.json").write_bytes(content)
    with Product(state, free_ports(), signals) as product:
        with pytest.raises(Trouble, match=rf"{kept}/dynamodb\.json: restore .* {tmp_path} away"):
            product.start()
        assert product._aws is None
    assert (kept / "dynamodb.json").read_bytes() == content


def test_what_an_embedded_aws_keeps_is_readable(tmp_path: Path) -> None:
    kept = embedded.kept(tmp_path)
    kept.mkdir()
    partition = Partition({"METADATA": {"PK": {"S": "MSG#1"}}})
    packed = {PACKED: json.dumps(dict(partition))}
    (kept / "dynamodb.json").write_text(json.dumps({"payload": {"t": packed}}))
    assert embedded.unreadable(tmp_path) is None


def test_leaving_stops_everything_and_removes_the_endpoints(
    tmp_path: Path, signals: Signals
) -> None:
    with Product(State(tmp_path), Ports(), signals) as product:
        product._aws = product._spawn("aws", [sys.executable, "-c", OBEDIENT], os.environ, tmp_path)
        product.state.endpoints.write_text("{}")
        child = product._aws
    assert not child.is_running
    assert not product.state.endpoints.exists()


@pytest.mark.parametrize("was_killed", [True, False])
def test_whoever_ends_last_takes_away_the_endpoints_of_a_killed_supervisor(
    tmp_path: Path, was_killed: bool
) -> None:
    state, stopping = State(tmp_path), threading.Event()
    state.endpoints.write_text("{}")
    stopping.set()
    clear_up(state, os.getppid() + was_killed, stopping)
    assert state.endpoints.exists() is not was_killed


def test_the_logs_of_the_last_start_are_kept_beside_the_present_ones(
    tmp_path: Path, signals: Signals
) -> None:
    for word in ("first", "second"):
        with Product(State(tmp_path), Ports(), signals) as product:
            command = [sys.executable, "-c", f"print('{word}')"]
            product._spawn("aws", command, os.environ, tmp_path).process.wait()
    assert (tmp_path / "logs" / "aws.log").read_text() == "second\n"
    assert (tmp_path / "logs" / "aws.log.1").read_text() == "first\n"


def test_nothing_of_this_machines_aws_reaches_the_product() -> None:
    given = {
        "AWS_PROFILE": "work",
        "AWS_ENDPOINT_URL_S3": "https://s3.example",
        "AWS_SESSION_TOKEN": "x",
        "AWS_PORT": "4566",
        "HTTPS_PROXY": "http://proxy.example",
        "PATH": "/bin",
    }
    found = environment.isolated(given)
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN"} & set(found)
    assert (found["AWS_PORT"], found["PATH"]) == ("4566", "/bin")
    assert "127.0.0.1" in found["NO_PROXY"]


def test_a_setting_that_is_wrong_is_told_by_its_name_in_one_sentence() -> None:
    with pytest.raises(Trouble, match=r"^RETRY_MAX_ATTEMPTS must be .*, not 'many'\.$"):
        environment.require_settings({"RETRY_MAX_ATTEMPTS": "many"})


def test_settings_are_checked_beside_the_short_waits_of_the_local_product() -> None:
    environment.require_settings({"QUEUE_LEASE_SECONDS": "61"})
    with pytest.raises(Trouble, match="QUEUE_LEASE_SECONDS must be more than 60"):
        environment.require_settings({"QUEUE_LEASE_SECONDS": "1"})


def test_what_the_local_product_decides_itself_is_told_and_not_read() -> None:
    given = {"PLATFORM_ENDPOINTS": "garbage", "STAGE": "prod", "AWS_REGION": "mars", "TRACING": ""}
    environment.require_settings(given)
    assert environment.ignored(given) == ["STAGE", "PLATFORM_ENDPOINTS"]
    assert environment.told_ignored(["STAGE"]).endswith(" decides it itself: STAGE.")


@pytest.mark.parametrize(
    ("arguments", "port"),
    [
        (["chalice", "local"], 8000),
        (["chalice", "local", "--port", "9000"], 9000),
        (["chalice", "local", "--port=9001", "--no-autoreload"], 9001),
    ],
)
def test_the_api_port_is_the_one_chalice_was_told(arguments: list[str], port: int) -> None:
    assert environment._api_port(arguments) == port


def test_waiting_for_what_never_comes_ends_with_a_sentence() -> None:
    with pytest.raises(Trouble, match="The moon did not get ready within 0 seconds"):
        environment.until(lambda: None, "The moon", 0, lambda _: None)


def test_children_are_told_of_their_parents_end_on_linux_only() -> None:
    assert (processes._die_with(os.getpid()) is not None) == (sys.platform == "linux")
