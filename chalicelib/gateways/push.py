"""Frames over live connections, and the thread that sends them beside everything else.

    changed ─▶ a set of ids ─▶ after a moment, one `relay` of all of them ─▶ …
                                  at the end of an invocation: at once, waited for a moment only

However often a message changes meanwhile, it is told of once. However slow a connection is, whoever
changed the message waits for nothing but the end of the invocation, where Lambda stops all threads.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from threading import Condition, Thread
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.errors import PushFailed
from chalicelib.domain.ports import Telemetry

GONE = "GoneException"
MOST_WAITING = 1000
"""Messages that are remembered; who misses one further reads it at the next change."""


class WebSocketPush:
    """Implements `ports.Push` with API Gateway's management API."""

    def __init__(self, client: Any) -> None:
        """Take a client whose endpoint is that of the WebSocket API's stage."""
        self._client = client

    def send(self, watcher_id: str, frame: str) -> bool:
        """Send one text frame; False if there is no such connection any more."""
        try:
            self._client.post_to_connection(ConnectionId=watcher_id, Data=frame.encode())
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == GONE:
                return False
            raise PushFailed(str(error)) from error
        except BotoCoreError as error:
            raise PushFailed(str(error)) from error
        return True


class Courier:
    """Implements `ports.Observers`: gathers what changed and relays it from a thread of its own."""

    def __init__(
        self,
        relay: Callable[[Collection[str]], None],
        telemetry: Telemetry,
        *,
        gathering_seconds: float,
    ) -> None:
        """`relay` is called with what changed during `gathering_seconds`; it may raise anything."""
        self._relay = relay
        self._telemetry = telemetry
        self._gathering_seconds = gathering_seconds
        self._state = Condition()
        self._waiting: dict[str, None] = {}
        self._is_running = False
        self._is_urgent = False

    def changed(self, message_id: str) -> None:
        """Remember that a message changed; a thread is there only while something waits."""
        with self._state:
            if len(self._waiting) < MOST_WAITING:
                self._waiting[message_id] = None
            if not self._is_running:
                self._is_running = self._started()

    def finish(self, seconds: float) -> None:
        """Send what waits, at once; return when it is sent or after `seconds`, if any."""
        if not seconds:
            return
        with self._state:
            self._is_urgent = True
            self._state.notify_all()
            self._state.wait_for(lambda: not self._is_running, seconds)
            self._is_urgent = False

    def _started(self) -> bool:
        try:
            Thread(target=self._run, name="courier", daemon=True).start()
        except RuntimeError:  # no more threads: whoever watches reads it at the next change
            self._waiting.clear()
            return False
        return True

    def _run(self) -> None:
        while batch := self._next():
            try:
                self._relay(batch)
            except Exception as error:  # nothing that happens here may matter to anyone
                self._telemetry.failure("relay_crashed", error)

    def _next(self) -> Collection[str]:
        """Return what changed meanwhile; nothing ends the thread."""
        with self._state:
            if self._waiting:
                self._state.wait_for(lambda: self._is_urgent, self._gathering_seconds)
            batch, self._waiting = list(self._waiting), {}
            if not batch:
                self._is_running = False
                self._state.notify_all()
            return batch


class NoObservers:
    """Implements `ports.Observers` where nobody can be told."""

    def changed(self, message_id: str) -> None:
        """Tell nobody."""

    def finish(self, seconds: float) -> None:
        """Wait for nothing."""
