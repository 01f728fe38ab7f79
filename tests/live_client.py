"""A WebSocket client for tests: it says what it is told to and hands out what it hears."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError

HEARING_SECONDS = 60.0
Headers = Sequence[tuple[str, str]]


class Refused(Exception):
    """The server answered the handshake with another status than 101."""

    def __init__(self, status: int) -> None:
        super().__init__(f"The handshake was answered with {status}.")
        self.status = status


class Closed(Exception):
    """The server closed the connection."""

    def __init__(self, code: int) -> None:
        super().__init__(f"The server closed with {code}.")
        self.code = code


class LiveClient:
    """One open connection."""

    def __init__(self, url: str, headers: Headers = (), seconds: float = HEARING_SECONDS) -> None:
        """Connect; `Refused` if the server does not want that."""
        address = urlsplit(url)
        target = f"{address.path or '/'}?{address.query}" if address.query else address.path or "/"
        self._socket = socket.create_connection((str(address.hostname), address.port or 80), 10)
        self._socket.settimeout(seconds)
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._heard: list[Event] = []
        given = [(name.encode(), value.encode()) for name, value in headers]
        self._send(Request(host=address.netloc, target=target, extra_headers=given))
        answer = self._next()
        if isinstance(answer, RejectConnection):
            self._socket.close()
            raise Refused(answer.status_code)
        assert isinstance(answer, AcceptConnection), answer

    def say(self, value: Any) -> None:
        """Send a value as JSON."""
        self.text(json.dumps(value))

    def text(self, text: str) -> None:
        """Send a text frame."""
        self._send(TextMessage(text))

    def bytes(self, data: bytes) -> None:
        """Send a binary frame."""
        self._send(BytesMessage(data))

    def ping(self) -> None:
        """Send a ping of the protocol."""
        self._send(Ping(b"there?"))

    def part(self, text: str, *, last: bool) -> None:
        """Send one frame of a message."""
        self._send(TextMessage(text, message_finished=last))

    def raw(self, data: bytes) -> None:
        """Send any bytes."""
        self._socket.sendall(data)

    def hear(self) -> Any:
        """Return the next message's value; `Closed` when the server hangs up."""
        text = ""
        while True:
            event = self._next()
            if isinstance(event, CloseConnection):
                raise Closed(event.code)
            if isinstance(event, TextMessage):
                text += event.data
                if event.message_finished:
                    return json.loads(text)

    def event(self) -> Event:
        """Return the next event of the protocol."""
        return self._next()

    def ready(self) -> LiveClient:
        """Say hello and return once the server is ready."""
        self.say({"type": "hello"})
        while self.hear() != {"type": "ready"}:
            pass
        return self

    def close(self) -> None:
        """Hang up; a close handshake first, so that whoever is at the other end hears of it."""
        with suppress(OSError, LocalProtocolError):
            self._send(CloseConnection(1000))
        self._socket.close()

    def _send(self, event: Event) -> None:
        self._socket.sendall(self._protocol.send(event))

    def _next(self) -> Event:
        while not self._heard:
            self._protocol.receive_data(self._socket.recv(64 * 1024) or None)
            self._heard = list(self._protocol.events())
        return self._heard.pop(0)


@contextmanager
def connected(url: str, headers: Headers = ()) -> Iterator[LiveClient]:
    """Yield an open connection and hang up at the end."""
    client = LiveClient(url, headers)
    try:
        yield client
    finally:
        client.close()
