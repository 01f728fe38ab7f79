"""Start the product's own process as often as it dies: load it once, then fork it.

A fork is a process like any other to whoever kills it, and is there in a tenth of a second. Orders
come as lines of JSON, news goes back the same way::

    → {"roles": ["serve", "work"], "environment": {…}}     ← {"pid": 4711, "state": "started"}
    → {"pid": 4711, "signal": 9}                           ← {"pid": 4711, "state": "killed"}

Only a parent knows that a number still means its child, so all signals go by way of it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.environment import SUPERVISED
from sandbox.state import PROJECT, Trouble

SERVE, WORK, RELEASE, TAKE = ROLES = ("serve", "work", "release", "take")
"""Answer requests; serve the stream; keep the schedule; take in uploads."""
STARTED, STOPPED, KILLED, ENDED = "started", "stopped", "killed", "ended"
LOOK_SECONDS = 0.01
LOADING_SECONDS = 60.0


class Nursery:
    """Gives orders to the process that forks. Leaving it ends that process and all its forks."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        """Begin to load the product; `start` waits for that."""
        command = [sys.executable, "-m", "tests.kill.nursery"]
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                command,
                cwd=PROJECT,
                env={**environment, SUPERVISED: "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
            )
        self._log = log
        self._states: dict[int, str] = {}
        self._born: list[int] = []
        self._news = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def start(self, *roles: str, **environment: str) -> int:
        """Start a process that plays these roles, and return its id."""
        with self._news:
            before = len(self._born)
            self._order({"roles": roles or ROLES, "environment": environment})
            if not self._news.wait_for(lambda: len(self._born) > before, LOADING_SECONDS):
                words = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
                raise Trouble(f"The nursery starts nothing ({self._process.poll()}): {words}")
            return self._born[-1]

    def await_change(self, pid: int, seconds: float) -> str:
        """Return what became of a process as soon as it runs no more, at the latest then."""
        with self._news:
            self._news.wait_for(lambda: self._states[pid] != STARTED, seconds)
            return self._states[pid]

    def kill(self, pid: int) -> None:
        """Kill a process, if it is still there, and wait until it is gone."""
        with self._news:
            self._order({"pid": pid, "signal": signal.SIGKILL})
            if not self._news.wait_for(lambda: self._states[pid] in (KILLED, ENDED), 10):
                raise Trouble(f"Process {pid} survives SIGKILL.")

    def thaw(self, pid: int) -> None:
        """Let a stopped process go on."""
        with self._news:
            self._states[pid] = STARTED
            self._order({"pid": pid, "signal": signal.SIGCONT})

    def _order(self, order: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            news = json.loads(line)
            with self._news:
                if news["state"] == STARTED:
                    self._born.append(news["pid"])
                self._states[news["pid"]] = news["state"]
                self._news.notify_all()


def main() -> None:
    """Load the product, then fork and reap until nobody gives orders any more."""
    news = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # the product's own lines go to the log
    # What `chalice local` looks like to app.py, which then lets the sandbox in.
    os.environ["AWS_CHALICE_CLI_MODE"] = "true"
    sys.argv = ["chalice", "local", "--port", os.environ["API_PORT"]]
    import app  # the module, which fills the environment first

    _warm_up()
    gc.freeze()  # a child's collector would otherwise copy every page
    living: set[int] = set()
    rest = b""
    while True:
        if select.select([0], [], [], LOOK_SECONDS)[0]:
            read = os.read(0, 65536)
            if not read:
                break
            *orders, rest = (rest + read).split(b"\n")
            for order in map(json.loads, orders):
                if "signal" not in order:
                    living.add(pid := _fork(app.app, order))
                    news.write(json.dumps({"pid": pid, "state": STARTED}) + "\n")
                elif order["pid"] in living:
                    os.kill(order["pid"], order["signal"])
        _reap(living, news)
    for pid in living:
        os.kill(pid, signal.SIGKILL)


def _reap(living: set[int], news: Any) -> None:
    while living:
        pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED)
        if not pid:
            return
        state = STOPPED if os.WIFSTOPPED(status) else KILLED if os.WIFSIGNALED(status) else ENDED
        if state != STOPPED:
            living.discard(pid)
        news.write(json.dumps({"pid": pid, "state": state}) + "\n")


def _warm_up() -> None:
    """Read what every process would read anew: the SDK's descriptions of its services."""
    import boto3

    from sandbox.embedded import REGION

    for service in ("dynamodb", "kinesis", "s3", "secretsmanager", "sqs", "sesv2", "sns"):
        boto3.client(service, region_name=REGION)


def _fork(app: Any, order: Mapping[str, Any]) -> int:
    nursery = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ.update(order["environment"])
        _play(app, order["roles"], nursery)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


def _play(app: Any, roles: list[str], nursery: int) -> None:
    from chalicelib import wiring
    from chalicelib.gateways.ground import NoStarter
    from sandbox import attach, crashing
    from sandbox.http_server import GatewayServer

    crashing.arm(os.environ)
    threading.Thread(target=attach.end_with, args=(nursery,), daemon=True).start()
    declared = attach.Declared(app)
    jobs: list[attach.Job] = []
    if WORK in roles:
        jobs += declared.pumps(batching_window_seconds=0)
    if TAKE in roles:
        jobs += declared.object_events()
    if RELEASE in roles and (ticker := declared.ticker()) is not None:
        wiring.starter = lambda: ticker  # type: ignore[assignment] # as `attach` does
        jobs.append(ticker.run)
    if RELEASE not in roles:
        wiring.starter = NoStarter  # type: ignore[assignment] # the schedule is another process's
    background = attach.Background(jobs)
    if SERVE in roles:
        address = ("127.0.0.1", int(os.environ["API_PORT"]))
        GatewayServer(address, declared.gateway(), background).serve_forever()
    with background:
        while True:
            time.sleep(60)


if __name__ == "__main__":
    main()
