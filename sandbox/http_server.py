"""Speak HTTP/1.1 for the local gateway: whatever bytes arrive, an answer is a whole document.

It stands where ``chalice local`` has its own server, and adds what that one lacks: bodies are
limited before they are read, framing faults are refused, replies leave in one segment (a
keep-alive client of Chalice's server waits 40 ms for each), and a stop lets answers finish.
"""

from __future__ import annotations

import contextlib
import errno
import re
import socket
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socketserver import TCPServer
from typing import Any

from chalice.local import ThreadedHTTPServer

from chalicelib.domain.errors import PublisherError
from chalicelib.edge.problems import BadRequest
from sandbox.gateway import Call, Gateway, Reply, check_size
from sandbox.live import LiveGateway, is_management, is_upgrade
from sandbox.reporting import end, report

IDLE_SECONDS = 75.0
LEAVING_SECONDS = 5.0
LINGER_SECONDS = 2.0
MAX_LINE = 65536
MAX_CHUNK_LINE = 256
MAX_TRAILERS = 64
_NUMBER = re.compile(r"[0-9]{1,18}")
_CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}")
_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class GatewayServer(ThreadedHTTPServer):
    """Serve a gateway on one loopback port; each connection has a thread."""

    request_queue_size = 256

    def __init__(
        self,
        address: tuple[str, int],
        gateway: Gateway,
        background: contextlib.AbstractContextManager[object],
        live: LiveGateway | None = None,
    ) -> None:
        """Bind the port; `background` is entered while requests are served."""
        self.gateway = gateway
        self.live = live
        self._background = background
        super().__init__(address, Connection)

    def server_bind(self) -> None:
        """Bind without asking a name server for this machine's name."""
        try:
            TCPServer.server_bind(self)
        except OSError as error:
            words = "is taken" if error.errno == errno.EADDRINUSE else f"can't be used: {error}"
            end(f"Port {self.server_address[1]} {words}: choose another with --port.")
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])

    def serve_forever(self, poll_interval: float = 0.1) -> None:
        """Serve until `shutdown`, then let the requests under way finish."""
        try:
            with self._background:
                super().serve_forever(poll_interval)
                self.server_close()
                if self.live is not None:
                    self.live.close(LEAVING_SECONDS)
                self.gateway.wait_until_idle(LEAVING_SECONDS)
        finally:
            self.server_close()

    def stop(self) -> None:
        """End `serve_forever` from any thread, the serving one included."""
        threading.Thread(target=self.shutdown, daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report what a connection's thread raised, unless the client just went away."""
        error = sys.exc_info()[1]
        if error is not None and not isinstance(error, OSError):
            report("connection_failed", error=error)


class Connection(BaseHTTPRequestHandler):
    """One client's connection."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    server: GatewayServer

    def handle_one_request(self) -> None:
        """Read a request and answer it; a fault ends the connection after its answer."""
        self.close_connection = True
        self.command = ""
        try:
            call = self._read()
            if call is None:
                return
            if self.server.live is not None and is_upgrade(call):
                self._hold(call, self.server.live)
            else:
                self._write(self._answered(call))
        except PublisherError as error:
            self._refuse(error)
        except TimeoutError:
            if self.raw_requestline:
                self._refuse(BadRequest("The request did not arrive in time."))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what the base class can't parse."""
        self._refuse(
            BadRequest(f"The request can't be read: {message or HTTPStatus(code).phrase}.")
        )

    def handle_expect_100(self) -> bool:
        """Invite the body only if we would take it."""
        check_size(self._announced() or 0)
        invited = super().handle_expect_100()
        self.wfile.flush()
        return invited

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent: the application logs what it does."""

    def _read(self) -> Call | None:
        self.raw_requestline = b""
        line = self.rfile.readline(MAX_LINE + 1)
        if line in (b"\r\n", b"\n"):  # tolerated once before a request
            line = self.rfile.readline(MAX_LINE + 1)
        if not line:
            return None
        self.raw_requestline = line
        if len(line) > MAX_LINE:
            raise BadRequest("The request line is too long.")
        if not line.strip():
            raise BadRequest("The request line is empty.")
        if not self.parse_request():
            return None
        if self.request_version not in ("HTTP/1.0", "HTTP/1.1") or not _TOKEN.fullmatch(
            self.command
        ):
            raise BadRequest("This server speaks HTTP/1.1.")
        target = line.decode("iso-8859-1").split()[1]  # parse_request takes liberties with slashes
        return Call(self.command, target, list(self.headers.items()), self._read_body())

    def _hold(self, call: Call, live: LiveGateway) -> None:
        """Let the request become a live connection, for as long as that lasts."""
        try:
            session = live.admit(call, self.connection)
        except PublisherError as error:
            self._write(self.server.gateway.refusal(call, error))
        except Exception as error:  # a defect: the handshake fails as in AWS
            report("live_connect_failed", error=error)
            self._write(self.server.gateway.refusal(call, PublisherError()))
        else:
            session.run()
        self.close_connection = True

    def _answered(self, call: Call) -> Reply:
        live = self.server.live
        try:
            if live is not None and is_management(call):
                return live.manage(call)
            return self.server.gateway.answer(call)
        except PublisherError as error:
            return self.server.gateway.refusal(call, error)
        except Exception as error:  # a defect: the client gets a document all the same
            report("request_failed", path=call.target, error=error)
            return self.server.gateway.refusal(call, PublisherError())

    def _read_body(self) -> bytes:
        coding = self.headers.get_all("Transfer-Encoding") or []
        if coding:
            if [value.strip().lower() for value in coding] != ["chunked"]:
                raise BadRequest("The only transfer coding understood is chunked.")
            if self.headers.get("Content-Length") is not None:
                raise BadRequest("Send Content-Length or Transfer-Encoding, not both.")
            return self._read_chunks()
        announced = self._announced()
        check_size(announced)
        body = self.rfile.read(announced)
        if len(body) < announced:
            raise BadRequest("The body is shorter than announced.")
        return body

    def _announced(self) -> int:
        lengths = {value.strip() for value in self.headers.get_all("Content-Length") or ["0"]}
        length = lengths.pop()
        if lengths or not _NUMBER.fullmatch(length):
            raise BadRequest("Content-Length is not a number.")
        return int(length)

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := self._chunk_size():
            check_size(len(body) + size)
            chunk = self.rfile.read(size + 2)
            if len(chunk) < size + 2 or not chunk.endswith(b"\r\n"):
                raise BadRequest("The chunked body is malformed.")
            body += chunk[:-2]
        for _ in range(MAX_TRAILERS):
            if not self.rfile.readline(MAX_LINE).strip():
                return bytes(body)
        raise BadRequest("There are too many trailers.")

    def _chunk_size(self) -> int:
        line = self.rfile.readline(MAX_CHUNK_LINE)
        size = line.partition(b";")[0].strip()
        if not line.endswith(b"\n") or not _CHUNK_SIZE.fullmatch(size):
            raise BadRequest("The chunked body is malformed.")
        return int(size, 16)

    def _refuse(self, error: PublisherError) -> None:
        """Answer a request that was not read to its end, and don't let that end cut the answer."""
        self.close_connection = True
        self._write(self.server.gateway.refusal(None, error))
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(LINGER_SECONDS)
            for _ in range(1024):
                if not self.connection.recv(64 * 1024):
                    break

    def _write(self, reply: Reply) -> None:
        status = HTTPStatus(reply.status)
        lines = [f"HTTP/1.1 {status.value} {status.phrase}", f"Date: {self.date_time_string()}"]
        for name, value in reply.headers:
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date"):
                lines.append(f"{name}: {' '.join(value.splitlines())}")
        if status not in _BODILESS:
            lines.append(f"Content-Length: {len(reply.body)}")
        if self.close_connection:
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode("iso-8859-1", "replace") + b"\r\n\r\n"
        self.wfile.write(head if self.command == "HEAD" else head + reply.body)
        self.wfile.flush()
