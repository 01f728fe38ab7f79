"""Put the outside world together: one listener per platform and one main port for people."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any, Self

from sandbox.platforms.engine import moments
from sandbox.platforms.engine.doors import (
    Doors,
    is_for_another_host,
    is_from_another_page,
)
from sandbox.platforms.engine.faults import Faults, Kind
from sandbox.platforms.engine.server import Listener, PortTaken
from sandbox.platforms.engine.wire import Answer, HangUp, Request, problem
from sandbox.platforms.engine.world import Neighbour, StandIn, World, discover

Handler = Callable[[str, str, str, Mapping[str, str], bytes], tuple[int, Mapping[str, str], bytes]]
"""A mounted handler: (method, path, query, headers, body) to (status, headers, body).

``path`` is the whole path as sent, still percent-encoded; ``headers`` ignore case. Host and Origin
have been checked before it is called.
"""

FOREIGN = problem(403, "Forbidden", "This opens only to this computer's own pages.")


class Outside:
    """The stand-ins of the outside world, in this process.

    Use it as a context manager or call ``start`` and ``stop``. Everything it holds lies below
    ``state`` and is read back by the next one; every port is bound to loopback only.
    """

    def __init__(
        self,
        state: Path,
        *,
        aws: str | None = None,
        api: str | None = None,
        port: int = 0,
        channel_ports: Mapping[str, int] | None = None,
        latency_ms: float = 0,
        now: Callable[[], datetime] = moments.now,
    ) -> None:
        """Prepare; port 0 means the one used before if it is free, else any free one.

        ``aws`` is the embedded AWS that e-mail and SMS are passed on to, ``api`` the product that
        is told what people write and what became of its messages. Raise PortTaken when a port that
        was asked for belongs to somebody else.
        """
        self.world = World(state, aws, now, api)
        self.faults = Faults()
        self.stand_ins: dict[str, StandIn] = discover(self.world)
        self._mounts: dict[str, Handler] = {}
        self._listeners: dict[str, Listener] = {}
        self._bound: list[Listener] = []
        wanted = channel_ports or {}
        try:
            self._main = self._listener("sandbox", port, self._answer)
            for name, stand_in in self.stand_ins.items():
                respond = partial(self._perform, stand_in)
                self._listeners[name] = self._listener(name, wanted.get(name, 0), respond)
        except PortTaken:
            self._close()
            raise
        self._doors = Doors(self)
        for channel in self.stand_ins:
            self.faults.set_latency(channel, latency_ms)

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def start(self) -> None:
        """Listen on every port."""
        for listener in self._bound:
            listener.open()
        summary = {
            "sandbox": self.url,
            "platforms": self.platforms(),
            "accounts": self.accounts(),
            "pid": os.getpid(),
        }
        fresh = self._summary_file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(summary, indent=1), encoding="utf-8")
        fresh.replace(self._summary_file)

    def stop(self) -> None:
        """Close every port; pending delayed effects are dropped."""
        self._summary_file.unlink(missing_ok=True)
        self.faults.cancel_effects()
        self._close()

    def mount(self, prefix: str, handler: Handler) -> None:
        """Let ``handler`` answer main-port paths that begin with ``prefix``; the longest wins."""
        self._mounts[prefix] = handler

    @property
    def url(self) -> str:
        """Return the main port's address."""
        return self._main.base

    def platforms(self) -> dict[str, str]:
        """Return each stand-in's own listener, by channel."""
        return {channel: listener.base for channel, listener in self._listeners.items()}

    def accounts(self) -> dict[str, dict[str, Any]]:
        """Return the development accounts in the shape of ``endpoints.json``."""
        accounts = {channel: stand_in.account() for channel, stand_in in self.stand_ins.items()}
        return {channel: account for channel, account in accounts.items() if account}

    def arm(self, channel: str, kind: str, times: int = 1, seconds: float = 3) -> dict[str, Any]:
        """Arm a fault; a refused connection begins at once."""
        fault = self.faults.arm(channel, Kind(kind), times, seconds)
        if fault.kind is Kind.REFUSE_CONNECTION:
            fault.used = times
            self._listeners[channel].shut(seconds * times)
        return fault.shown()

    def disarm(self) -> None:
        """Clear every fault and open every listener again."""
        self.faults.clear()
        for listener in self._listeners.values():
            listener.reopen()

    def reset(self) -> None:
        """Forget posts, platform objects and faults; accounts and ports stay."""
        self.faults.cancel_effects()
        self.disarm()
        self.world.reset()

    def _close(self) -> None:
        for listener in self._bound:
            listener.close()
        self.world.close()

    @property
    def _summary_file(self) -> Path:
        return self.world.state / "outside.json"

    def _listener(self, name: str, port: int, respond: Callable[[Request], Answer]) -> Listener:
        """Take the port asked for, else the one used before, else a free one."""
        before = (self.world.journal.get("port", name) or {}).get("port", 0)
        try:
            listener = Listener(port or before, respond)
        except PortTaken:
            if port:
                raise
            listener = Listener(0, respond)
        self._bound.append(listener)
        if listener.port != before:
            self.world.journal.put("port", name, {"port": listener.port})
        return listener

    def _perform(self, stand_in: StandIn, request: Request) -> Answer:
        """Answer on a platform's own listener."""
        if is_from_another_page(request):
            return FOREIGN
        # One host serves several platforms, so each of its listeners knows all their objects.
        neighbours = [n for host in stand_in.hosts for n in self._serving(host)]
        return self.faults.perform(_whose(request, [stand_in, *neighbours]), request)

    def _serving(self, host: str) -> list[StandIn]:
        return [
            stand_in
            for stand_in in self.stand_ins.values()
            if any(fnmatchcase(host, pattern) for pattern in stand_in.hosts)
        ]

    def _answer(self, request: Request) -> Answer:
        """Answer on the main port: the platforms' real hosts, doors, mounted handlers.

        Doors and handlers ask nobody for a token, so they open to this computer's own pages only. A
        platform asks for one itself; its clients are no pages and may know us by any name.
        """
        if is_from_another_page(request):
            return FOREIGN
        if answer := self._as_real_host(request):
            return answer
        if is_for_another_host(request):
            return FOREIGN
        answer = self._doors.answer(request)
        if answer is not None:
            return answer
        for prefix in sorted(self._mounts, key=len, reverse=True):
            if request.path.startswith(prefix):
                handler = self._mounts[prefix]
                parts = (request.method, request.path, request.query, request.headers)
                status, headers, body = handler(*parts, request.body)
                return Answer(status, body, headers)
        return problem(404, "Not Found", "There is nothing here; the wall is at /.")

    def _as_real_host(self, request: Request) -> Answer | None:
        """Answer below a platform's real host; None when the path begins with none."""
        host, _, path = request.path.lstrip("/").partition("/")
        serving = self._serving(host)
        if not serving:
            return None
        inner = Request(
            request.method,
            f"/{path}",
            request.query,
            request.headers,
            request.body,
            f"{request.base}/{host}",
            f"/{path}" + (f"?{request.query}" if request.query else ""),
        )
        stand_in = _whose(inner, serving)
        if not self._listeners[stand_in.channel].is_open:
            raise HangUp
        return self.faults.perform(stand_in, inner)


def _whose(request: Request, candidates: Sequence[StandIn]) -> StandIn:
    """Return who answers: whose object is named, else whose caller it is, else the first."""
    for candidate in candidates:
        if candidate.claims(request):
            return candidate
    for candidate in candidates:
        if isinstance(candidate, Neighbour) and candidate.knows(request):
            return candidate
    return candidates[0]
