"""A server on loopback that answers as badly as one can: byte by byte, cut off, endless, or never.

A *behaviour* is what happens to one request. It is handed the line to the client, says what it
likes, and the next request is read when it returns.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

DRIP_SECONDS = 0.02
_CHUNK = b"x" * 65_536


@dataclass
class Server:
    """What it was sent, how much it said, and where it listens."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    said: int = 0

    @property
    def base(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def heads(self) -> list[str]:
        """Return the first line of each request."""
        return [request.split(b"\r\n", 1)[0].decode() for request in self.requests]

    def body(self, number: int = 0) -> bytes:
        """Return the body of one request."""
        return self.requests[number].partition(b"\r\n\r\n")[2]

    def headers(self, number: int = 0) -> dict[str, str]:
        """Return the headers of one request, by lower-case name."""
        lines = self.requests[number].partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


@dataclass
class Line:
    """One connection as the server has it."""

    sock: socket.socket
    server: Server

    def say(self, raw: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(raw)
        self.server.said += len(raw)

    def hang_up(self) -> None:
        """Close in an orderly way."""
        self.sock.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Break off: the other side gets an RST."""
        linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.sock.close()

    def is_left(self, within: float | None = None) -> bool:
        """Return whether the client has gone, or said more; None waits until it has."""
        return bool(select.select([self.sock], [], [], within)[0])


Behaviour = Callable[[Line], None]


def answering(raw: bytes) -> Behaviour:
    """Answer with exactly these bytes."""
    return lambda line: line.say(raw)


def closing(raw: bytes = b"") -> Behaviour:
    """Answer with these bytes and close."""

    def behave(line: Line) -> None:
        line.say(raw)
        line.hang_up()

    return behave


def resetting(raw: bytes = b"") -> Behaviour:
    """Answer with these bytes and break off."""

    def behave(line: Line) -> None:
        line.say(raw)
        line.reset()

    return behave


def half_closing(raw: bytes = b"") -> Behaviour:
    """Answer with these bytes, say that nothing more will come, and go on listening."""

    def behave(line: Line) -> None:
        line.say(raw)
        line.sock.shutdown(socket.SHUT_WR)
        line.is_left()

    return behave


def falling_silent(raw: bytes = b"") -> Behaviour:
    """Answer with these bytes and no more, until the client goes."""

    def behave(line: Line) -> None:
        line.say(raw)
        line.is_left()

    return behave


def dripping(raw: bytes, after: bytes = b"") -> Behaviour:
    """Answer with `after` at once and with the rest byte by byte, until all is said."""

    def behave(line: Line) -> None:
        line.say(after)
        for value in raw:
            line.say(bytes([value]))
            if line.is_left(DRIP_SECONDS):
                return

    return behave


def pouring(head: bytes, unit: bytes = _CHUNK) -> Behaviour:
    """Answer with `head` and then `unit` for ever."""
    many = unit * max(1, len(_CHUNK) // len(unit))

    def behave(line: Line) -> None:
        line.say(head)
        while True:
            line.say(many)

    return behave


def unread(then: Behaviour) -> Behaviour:
    """Wait until something has arrived, leave it there, and go on."""

    def behave(line: Line) -> None:
        line.is_left()
        then(line)

    return behave


@contextmanager
def serving(
    *behaviours: Behaviour, greeting: Behaviour | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[Server]:
    """Treat the n-th request by the n-th behaviour, the last one for all further.

    `greeting` happens to each connection before anything is read of it. Afterwards every request
    that arrived has been counted, read while somebody waited for its answer or not.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1])
    opened: list[socket.socket] = []
    served: list[threading.Thread] = []

    def serve(sock: socket.socket) -> None:
        with suppress(OSError, ValueError), sock:  # ours may be closed at any moment
            if greeting is not None:
                greeting(Line(sock, server))
            secured = tls.wrap_socket(sock, server_side=True) if tls else sock
            with secured:
                opened.append(secured)
                line = Line(secured, server)
                while (request := _read_request(secured)) is not None:
                    server.requests.append(request)
                    behaviours[min(len(server.requests), len(behaviours)) - 1](line)

    def accept() -> None:
        while True:
            sock, caller = listener.accept()
            opened.append(sock)
            if caller == last.getsockname():
                return
            server.connections += 1
            served.append(threading.Thread(target=serve, args=(sock,), daemon=True))
            served[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    last = socket.socket()
    last.bind(("127.0.0.1", 0))
    acceptor.start()
    try:
        yield server
    finally:
        with listener, last:
            last.connect(("127.0.0.1", server.port))  # whoever came before has been let in
            acceptor.join()
        for sock in opened:
            with suppress(OSError):
                # What has arrived can still be read. Not SSLSocket's own: it would go on in plain.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in served:
            thread.join()
        for sock in opened:
            sock.close()


def _read_request(sock: socket.socket) -> bytes | None:
    data = b""
    while b"\r\n\r\n" not in data:
        part = sock.recv(65_536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    for header in head.split(b"\r\n"):
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            while len(body) < int(value):
                part = sock.recv(65_536)
                if not part:
                    return None
                body += part
    return head + b"\r\n\r\n" + body
