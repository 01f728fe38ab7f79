"""Run one copy of the local product: four processes, started together, stopped together.

    supervisor ─┬─ embedded AWS   (ends orderly: it saves its state only then)
                ├─ sandbox        (the stand-ins, the wall, the web app)
                └─ chalice local  (restarted whenever it dies)

The keeper does the same for a ``chalice local`` that somebody else started: it adds the other two
and goes when that process goes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from sandbox import dev_token, embedded, model, processes, web_app
from sandbox.environment import SUPERVISED, isolated, typed, until
from sandbox.ports import Ports
from sandbox.processes import Child
from sandbox.state import PROJECT, Lock, State, Trouble, read_json, write_json
from sandbox.users import USERS

SAVING_SECONDS = 20.0
LEAVING_SECONDS = 8.0
FIRST_RESTART_SECONDS = 0.5
LAST_RESTART_SECONDS = 5.0
YOUNG_SECONDS = 10.0
WATCH_SECONDS = 0.1
CHALICE = [sys.executable, "-c", "from chalice.cli import main; main()"]
LOST = "What it held since its last orderly stop is lost. "

Say = Callable[[str], None]


class Stopped(Exception):
    """Somebody asked us to end."""


class Signals:
    """Remembers that we were asked to end; every wait of ours ends with `Stopped` then.

    Raising from the handler itself could lose a process between its start and its registration.
    """

    NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        """Listen from now on; a second signal finds us stopping already."""
        self.was_asked = False
        for number in self.NUMBERS:
            # Only nohup's wish is respected: a shell's background job ignores Ctrl-C by default.
            if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._ask)

    def pause(self, seconds: float) -> None:
        """Wait; raise `Stopped` as soon as we were asked to end."""
        ends = time.monotonic() + seconds
        while True:
            if self.was_asked:
                raise Stopped
            left = ends - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.05))

    def _ask(self, _: int, __: FrameType | None) -> None:
        self.was_asked = True


class Product:
    """The processes of one copy. Use it as a context manager: leaving it leaves nothing behind."""

    def __init__(self, state: State, ports: Ports, signals: Signals) -> None:
        """Decide nothing yet; `start` does."""
        self.state = state
        self.ports = ports
        self._signals = signals
        self._lock: Lock | None = None
        self._aws: Child | None = None
        self._sandbox: Child | None = None
        self._api: Child | None = None
        self._restart_seconds = FIRST_RESTART_SECONDS

    def __enter__(self) -> Product:
        """Take the state folder."""
        self.state.prepare()
        self._lock = Lock(self.state)
        self.state.endpoints.unlink(missing_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop whatever runs: first who writes, then who keeps."""
        with contextlib.suppress(OSError):
            self.state.endpoints.unlink(missing_ok=True)
        processes.stop([child for child in (self._api,) if child], LEAVING_SECONDS)
        processes.stop([child for child in (self._sandbox, self._aws) if child], SAVING_SECONDS)
        if self._lock is not None:
            self._lock.release()

    @property
    def api_url(self) -> str:
        """Return the API's address."""
        return f"http://127.0.0.1:{self.ports.api}"

    @property
    def sandbox_url(self) -> str:
        """Return the address of the wall and the development doors."""
        return f"http://127.0.0.1:{self.ports.sandbox}"

    @property
    def resources(self) -> Mapping[str, Any]:
        """Return what was made in the embedded AWS; there once the API is ready."""
        found: Mapping[str, Any] = read_json(self.state.resources)
        return found

    def pause(self, seconds: float) -> None:
        """Wait; raise `Stopped` as soon as we were asked to end."""
        self._signals.pause(seconds)

    def start(self, *, with_api: bool = True) -> None:
        """Start the processes beside one another, without waiting for them."""
        self.ports.require_free(*(["API_PORT"] if with_api else []), "SANDBOX_PORT", "AWS_PORT")
        self._require_readable()
        (self.state.outside / "outside.json").unlink(missing_ok=True)
        base = self._environment()
        folder = self.state.aws
        aws = embedded.environment(base, self.ports.aws, folder)
        self._aws = self._spawn("aws", embedded.COMMAND, aws, folder)
        self._sandbox = self._spawn("sandbox", self._sandbox_command(), base, PROJECT)
        if with_api:
            self._start_api()

    def await_ready(self) -> None:
        """Return when the API answers, which it does when all the rest is ready."""
        until(self._is_ready, "The API", pause=self._signals.pause)

    def publish_endpoints(self, api_pid: int | None = None) -> None:
        """Write the file that says that everything is ready, and where."""
        pids = {
            "supervisor": os.getpid(),
            "api": api_pid or _pid(self._api),
            "aws": _pid(self._aws),
            "sandbox": _pid(self._sandbox),
        }
        outside = read_json(self.state.outside / "outside.json")
        write_json(
            self.state.endpoints, endpoints(self.ports, self.resources, outside) | {"pids": pids}
        )

    def watch(self) -> None:
        """Restart the API process whenever it dies; return only by `Stopped` or Trouble."""
        while True:
            self._signals.pause(WATCH_SECONDS)
            self.require_companions()
            if self._api is not None and not self._api.is_running:
                self._restart_api(self._api)

    def require_companions(self) -> None:
        """Raise Trouble if a process ended that is not restarted."""
        for child, words in ((self._aws, "embedded AWS"), (self._sandbox, "sandbox")):
            if child is not None and not child.is_running:
                is_lost = child is self._aws and not child.was_orderly
                raise Trouble(
                    f"The {words} {child.ending()}. {LOST if is_lost else ''}"
                    f"Start again with {typed('make run', os.environ)}.{child.last_words()}"
                )

    def _require_readable(self) -> None:
        if path := embedded.unreadable(self.state.aws):
            raise Trouble(
                f"The embedded AWS can't read what it kept in {path}: restore that file, or move "
                f"the folder {self.state.path} away to start from nothing."
            )

    def _restart_api(self, dead: Child) -> None:
        if time.monotonic() - dead.started > YOUNG_SECONDS:
            self._restart_seconds = FIRST_RESTART_SECONDS
        with contextlib.suppress(OSError):  # a closed terminal is no reason to stop
            sys.stdout.write(f"The API process {dead.ending()}; starting it again.\n")
            sys.stdout.flush()
        self._signals.pause(self._restart_seconds)
        self._restart_seconds = min(self._restart_seconds * 2, LAST_RESTART_SECONDS)
        self._start_api()
        with contextlib.suppress(Trouble):  # it died again, or hangs: the next round sees to it
            self.await_ready()
            self.publish_endpoints()

    def _is_ready(self) -> bool:
        self.require_companions()
        if self._api is not None and not self._api.is_running:
            raise Trouble(f"The API {self._api.ending()}.{self._api.last_words()}")
        return embedded.get(self.ports.api, "/health") is not None

    def _start_api(self) -> None:
        arguments = ["local", "--host", "127.0.0.1", "--port", str(self.ports.api)]
        command = [*CHALICE, *arguments, "--no-autoreload"]
        environment = {**self._environment(), SUPERVISED: "1", "PYTHONUNBUFFERED": "1"}
        self._api = self._spawn("api", command, environment, PROJECT)

    def _spawn(
        self, name: str, command: list[str], environment: Mapping[str, str], folder: Path
    ) -> Child:
        log = self.state.logs / f"{name}.log"
        if name != "api" or self._api is None:  # a restarted API goes on in the same log
            with contextlib.suppress(FileNotFoundError):
                log.replace(log.with_suffix(".log.1"))
        inherit = [self._lock.descriptor] if self._lock else []
        return processes.spawn(name, command, environment, log=log, folder=folder, inherit=inherit)

    def _environment(self) -> dict[str, str]:
        named = {name: str(port) for name, port in self.ports.named().items()}
        base = {**isolated(os.environ), **named}
        return {**base, "OMNICHANNEL_STATE_DIR": str(self.state.path)}

    def _sandbox_command(self) -> list[str]:
        command = [sys.executable, "-m", "sandbox.platforms"]
        command += ["--port", str(self.ports.sandbox), "--state", str(self.state.outside)]
        command += ["--aws", f"http://127.0.0.1:{self.ports.aws}"]
        command += ["--mount", f"{dev_token.PATH}=sandbox.dev_token:handler"]
        command += ["--mount", f"{model.PREFIX}=sandbox.model:handle"]
        return [*command, "--mount", f"{web_app.MOUNT}=sandbox.web_app:handler"]


def endpoints(
    ports: Ports, resources: Mapping[str, Any], outside: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the public contract's document, without the process ids."""
    sandbox = f"http://127.0.0.1:{ports.sandbox}"
    pool = resources["user_pool_id"]
    return {
        "api": f"http://127.0.0.1:{ports.api}",
        "web": web_app.addresses(ports.sandbox)[0] if web_app.is_built() else None,
        "sandbox": sandbox,
        "aws": f"http://127.0.0.1:{ports.aws}",
        "region": embedded.REGION,
        "table": resources["table"],
        "stream": resources["stream"],
        "media_bucket": resources["media_bucket"],
        "user_pool_id": pool,
        "client_id": resources["client_id"],
        "issuer": f"https://cognito-idp.{embedded.REGION}.amazonaws.com/{pool}",
        "websocket": f"ws://127.0.0.1:{ports.api}",
        "users": {login: {"role": user.role.value} for login, user in USERS.items()},
        "platforms": outside["platforms"],
        "accounts": outside["accounts"],
    }


def keep(state: State, ports: Ports, owner: int) -> int:
    """Run the embedded AWS and the sandbox for a ``chalice local`` until its process ends."""
    from sandbox import seed

    signals = Signals()
    marker = state.path / "keeper.json"
    with contextlib.suppress(Stopped), Product(state, ports, signals) as product:
        try:
            product.start(with_api=False)
            write_json(marker, {"owner": owner})
            pause = partial(_pause_for, owner, signals)
            until(lambda: embedded.get(ports.api, "/health"), "The API", pause=pause)
            seed.prepare(product.api_url, product.sandbox_url, product.resources, _quiet, pause)
            product.publish_endpoints(owner)
            while True:
                pause(WATCH_SECONDS)
                product.require_companions()
        finally:
            marker.unlink(missing_ok=True)
    return 0


def _pause_for(owner: int, signals: Signals, seconds: float) -> None:
    signals.pause(seconds)
    try:
        os.kill(owner, 0)
    except ProcessLookupError:
        raise Stopped from None


def _quiet(_: str) -> None:
    """Say nothing: the terminal belongs to ``chalice local``."""


def _pid(child: Child | None) -> int | None:
    return child.pid if child else None
