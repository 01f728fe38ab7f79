"""Connections of one call: what they may cost, and how they tell "not connected" from the rest."""

from __future__ import annotations

import http.client
import io
import socket
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util.connection import allowed_gai_family, create_connection

from chalicelib.domain.ports import Clock

MAX_ANSWER_BYTES = 1_500_000
"""As it comes over the wire, headers and all; a compressed body may unpack to less than it was."""
_MAX_INTERIM = 10
_PIECE_BYTES = 16_384
"""One record of TLS: what a single time-out covers."""


class NotSent(Exception):
    """Nothing was sent; the message may be shown to anybody."""


class TooLate(NotSent):
    """The time in which it might have been sent is over."""


class Exhausted(OSError):
    """A call has used up its time or its bytes; the message may be shown to anybody."""


class Budget:
    """What one call may still take."""

    def __init__(
        self,
        connect_seconds: float,
        wait_seconds: float,
        is_late: Callable[[], bool] = lambda: False,
    ) -> None:
        """Allow so much; `is_late` says whether nothing may be sent any more."""
        self._is_late = is_late
        self._has_begun = False
        self._connect_seconds = connect_seconds
        self._wait_seconds = wait_seconds
        self._ends_at = time.monotonic() + connect_seconds + wait_seconds
        self._bytes = MAX_ANSWER_BYTES

    def connecting(self) -> float:
        """Return how many seconds one try to connect may take."""
        return min(self._connect_seconds, self._left())

    def waiting(self) -> float:
        """Return how many seconds the other side may take for the next bytes."""
        return min(self._wait_seconds, self._left())

    def sending(self) -> float:
        """Return how many seconds the next bytes may take; the first ones must not be late."""
        if not self._has_begun and self._is_late():
            raise TooLate("It was too late to send it.")
        self._has_begun = True
        return self.waiting()

    def take(self, size: int) -> None:
        """Count what was read."""
        self._bytes -= size
        if self._bytes < 0:
            raise Exhausted("The platform's answer is far too long.")

    def _left(self) -> float:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise Exhausted("The platform took too long.")
        return left


current_budget: ContextVar[Budget] = ContextVar("budget")
"""Of the call that this thread is making: the library has no place to hand it through."""


class _Metered(io.RawIOBase):
    """What comes in on a socket, within its call's budget."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self.has_ended = False

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there; wait for it if nothing is."""
        budget = current_budget.get()
        self._sock.settimeout(budget.waiting())
        size: int | None = self._raw.readinto(buffer)
        budget.take(size or 0)
        self.has_ended = size == 0
        return size

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """An answer read within its call's budget."""

    def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        self._metered = _Metered(self.fp.detach(), sock)
        self.fp: io.BufferedReader = io.BufferedReader(self._metered)

    def begin(self) -> None:
        """Read status and headers of the final answer."""
        super().begin()
        interim = 0
        while 101 < self.status < 200:  # the library passes over 100 only
            interim += 1
            if interim > _MAX_INTERIM:
                raise http.client.HTTPException("There are too many interim answers.")
            self.headers = self.msg = None  # type: ignore[assignment]  # "not begun"
            super().begin()
        if self._metered.has_ended:  # the library takes an end for the headers' end
            raise http.client.IncompleteRead(b"")


@dataclass(frozen=True)
class Reuse:
    """Whether a connection may carry another request: within `max_idle`, or never."""

    clock: Clock
    max_idle: timedelta | None

    def now(self) -> datetime:
        """Return when a connection is used."""
        return self.clock.now()

    def allows(self, used_at: datetime) -> bool:
        """Return whether one that was used then is fresh."""
        return self.max_idle is not None and abs(self.clock.now() - used_at) <= self.max_idle


class _Connection:
    """What plain and secure connections share; mixed in before urllib3's own."""

    reuse: Reuse
    response_class: Any = _Answer
    sock: socket.socket | None
    port: int
    socket_options: Any
    _dns_host: str
    _used_at: datetime

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]  # of the class this is mixed into
        except Exception as error:
            raise NotSent(f"The platform could not be reached ({type(error).__name__}).") from error
        self._used_at = self.reuse.now()

    def _new_conn(self) -> socket.socket:
        """Connect to the first of the host's addresses that lets us within the time."""
        host = self._dns_host.strip("[]")
        found = socket.getaddrinfo(host, self.port, allowed_gai_family(), socket.SOCK_STREAM)
        refused: OSError = OSError("The name has no address.")
        for *_, address in found:
            try:
                return self._connected(str(address[0]))
            except OSError as error:
                refused = error
        raise refused

    def _connected(self, address: str) -> socket.socket:
        """Connect, and leave the handshake no more than what is left."""
        budget = current_budget.get()
        sock = create_connection(
            (address, self.port), budget.connecting(), socket_options=self.socket_options
        )
        try:
            sock.settimeout(budget.connecting())
        except Exhausted:
            sock.close()
            raise
        return sock

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        for start in range(0, len(data), _PIECE_BYTES):
            self.sock.settimeout(current_budget.get().sending())  # type: ignore[union-attr]
            super().send(data[start : start + _PIECE_BYTES])  # type: ignore[misc]

    def getresponse(self) -> Any:
        answer = super().getresponse()  # type: ignore[misc]
        self._used_at = self.reuse.now()
        return answer

    @property
    def is_connected(self) -> bool:
        return self.reuse.allows(self._used_at) and super().is_connected  # type: ignore[misc]


def pool_classes(chosen: Reuse) -> dict[str, type[HTTPConnectionPool]]:
    """Return connection pools by scheme."""

    class Plain(_Connection, HTTPConnection):
        reuse = chosen

    class Secure(_Connection, HTTPSConnection):
        reuse = chosen

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
