"""Listen on one loopback port, one thread per connection, HTTP/1.1 with keep-alive.

Unlike the standard library's server this one can stop listening and start again on the same port
while its idle connections are closed: that is what a platform that is down looks like.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any, cast

from sandbox.platforms.engine.wire import Answer, HangUp, Request, problem

LOOPBACK = "127.0.0.1"
MAX_BODY_BYTES = 64 * 1024 * 1024
IDLE_SECONDS = 120

Respond = Callable[[Request], Answer]


class PortTaken(OSError):
    """The port belongs to another process."""


class Listener:
    """Serve ``respond`` on a loopback port; 0 chooses a free one, which is then kept."""

    def __init__(self, port: int, respond: Respond) -> None:
        """Bind the port, without answering yet. Raise PortTaken when it is not ours."""
        self.respond = respond
        self.is_open = False
        self._socket = _bind(port)
        self.port: int = self._socket.getsockname()[1]
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._shut_until = 0.0

    @property
    def base(self) -> str:
        """Return the address, without a final slash."""
        return f"http://{LOOPBACK}:{self.port}"

    def open(self) -> None:
        """Accept connections from now on."""
        with self._guard:
            if self.is_open:
                return
            self._socket.listen(256)
            self.is_open = True
            acceptor = self._socket
        threading.Thread(target=self._accept, args=(acceptor,), daemon=True).start()

    def shut(self, seconds: float) -> None:
        """Refuse connections for ``seconds``, then open again on the same port."""
        self._shut_until = max(self._shut_until, time.monotonic() + seconds)
        self._stop_listening(hold_port=True)
        timer = threading.Timer(seconds, self._reopen)
        timer.daemon = True
        timer.start()

    def reopen(self) -> None:
        """End a refusal early."""
        self._shut_until = 0.0
        if self._socket.fileno() >= 0:
            self.open()

    def close(self) -> None:
        """Stop for good and give the port back."""
        self._shut_until = float("inf")
        self._stop_listening(hold_port=False)

    def _reopen(self) -> None:
        if time.monotonic() >= self._shut_until - 0.01:
            self.reopen()

    def _stop_listening(self, *, hold_port: bool) -> None:
        with self._guard:
            was_open, self.is_open = self.is_open, False
            if was_open or not hold_port:
                with contextlib.suppress(OSError):  # wakes the acceptor; not needed everywhere
                    self._socket.shutdown(socket.SHUT_RDWR)
                self._socket.close()
            if was_open and hold_port:
                # Bound but not listening: connections are refused and nobody takes the port.
                self._socket = _bind(self.port)
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):  # an answer being written is still sent
                connection.shutdown(socket.SHUT_RD)

    def _accept(self, acceptor: socket.socket) -> None:
        while self.is_open and acceptor is self._socket:
            try:
                connection, address = acceptor.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection, address), daemon=True).start()

    def _serve(self, connection: socket.socket, address: Any) -> None:
        with self._guard:
            self._connections.add(connection)
        try:
            if self.is_open:
                _Conversation(connection, address, self)  # type: ignore[arg-type]
        except OSError:
            pass  # the other side went away
        finally:
            with self._guard:
                self._connections.discard(connection)
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()


class _Conversation(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    sys_version = ""
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    server: Listener  # type: ignore[assignment]

    def handle_one_request(self) -> None:
        """Read one request, answer it, and never let an error out."""
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline:
                self.close_connection = True
                return
            if len(self.raw_requestline) > 65536:
                self.requestline = self.request_version = self.command = ""
                self._refuse(414, "URI Too Long", "The request line is too long.")
                return
            if not self.parse_request():
                return
            body = self._read_body()
            if body is None:
                return
            self._send(self.server.respond(self._request(body)))
            self.wfile.flush()
        except (HangUp, OSError):
            self.close_connection = True
        except Exception:  # a defect of ours must not look like a platform's answer
            self._refuse(500, "Internal Server Error", "The sandbox failed on this request.")
        if not self.server.is_open:
            self.close_connection = True

    def _request(self, body: bytes) -> Request:
        path, _, query = self.path.partition("?")
        headers = cast("Mapping[str, str]", self.headers)
        return Request(self.command, path, query, headers, body, self.server.base, self.path)

    def _read_body(self) -> bytes | None:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._read_chunks()
        announced = self.headers.get("Content-Length", "0").strip()
        if not announced.isascii() or not announced.isdigit():
            self._refuse(400, "Bad Request", "Content-Length is not a number.")
            return None
        if int(announced) > MAX_BODY_BYTES:
            self._refuse(413, "Content Too Large", f"At most {MAX_BODY_BYTES} bytes.")
            return None
        body = self.rfile.read(int(announced))
        if len(body) < int(announced):
            raise HangUp
        return body

    def _read_chunks(self) -> bytes | None:
        parts: list[bytes] = []
        while True:
            try:
                size = int(self.rfile.readline(1024).partition(b";")[0], 16)
            except ValueError:
                self._refuse(400, "Bad Request", "The chunked body is malformed.")
                return None
            if size < 0 or sum(map(len, parts)) + size > MAX_BODY_BYTES:
                self._refuse(413, "Content Too Large", f"At most {MAX_BODY_BYTES} bytes.")
                return None
            if size == 0:
                while self.rfile.readline(65537).strip():
                    pass
                return b"".join(parts)
            parts.append(self.rfile.read(size))
            self.rfile.readline(8)

    def _refuse(self, status: int, title: str, detail: str) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self._send(problem(status, title, detail))
            self.wfile.flush()

    def _send(self, answer: Answer) -> None:
        body, announced = answer.body, len(answer.body)
        if answer.cut:
            body, announced = (body[: len(body) // 2], announced) if body else (b"{", 64)
            self.close_connection = True
        self.send_response_only(answer.status)
        self.send_header("Date", self.date_time_string())
        for name, value in answer.headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date"):
                self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(announced))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and answer.status not in (204, 304):
            self.wfile.write(body)

    def handle_expect_100(self) -> bool:
        """Tell a client that waits before sending its body to go on."""
        self.send_response_only(100)
        self.end_headers()
        self.wfile.flush()
        return True

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request line that can't be parsed."""
        self.command = ""
        self.request_version = "HTTP/1.1"
        self._refuse(int(code), "Bad Request", message or "The request can't be read.")

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: the wall is the log."""


def _bind(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((LOOPBACK, port))
    except OSError as error:
        sock.close()
        raise PortTaken(f"port {port} is taken") from error
    return sock
