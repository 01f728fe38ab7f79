"""Stand in for API Gateway's WebSocket API under ``chalice local``, on the API's own port.

    ws://127.0.0.1:<api port>/?ticket=…          $connect ─▶ frames ─▶ $default … ─▶ $disconnect
    http://127.0.0.1:<api port>/@connections/<id>    POST: one frame to a connection; 410: gone

The application's own handlers decide who may come in, from events in API Gateway's shape; its own
client of the management API sends the frames. Limits and ways to close are the gateway's.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    Request,
    TextMessage,
)
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from chalicelib.domain.errors import Forbidden, NotFound, PublisherError
from chalicelib.edge.problems import BadRequest, Unauthenticated
from sandbox.embedded import ACCESS_KEY
from sandbox.gateway import Call, Reply
from sandbox.reporting import report

CONNECT, MESSAGE, DISCONNECT = "$connect", "$default", "$disconnect"
MANAGEMENT = "/@connections/"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
STEP_SECONDS = 1.0
"""How long one read or write waits for the other side before it looks up."""
_SIGNED = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/")
_KEY = re.compile(r"[A-Za-z0-9+/]{22}==")

Function = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Limits:
    """API Gateway's quotas for WebSocket APIs (its developer guide, 2026-11-22)."""

    message_bytes: int = 128 * 1024
    frame_bytes: int = 32 * 1024
    idle_seconds: float = 600
    life_seconds: float = 7200


class LiveGateway:
    """Holds the live connections of one copy of the product."""

    def __init__(
        self, functions: Mapping[str, Function], address: str, limits: Limits | None = None
    ) -> None:
        """`functions` are the application's, by route; `address` is host and port."""
        self._functions = functions
        self._address = address
        self.limits = limits or Limits()
        self._open: dict[str, Session] = {}
        self._changing = threading.Condition()

    def admit(self, call: Call, connection: socket.socket) -> Session:
        """Shake hands with a client that the application lets in; any refusal is raised."""
        _require_ours(call)
        if urlsplit(call.target).path not in ("", "/"):
            raise NotFound("There is no WebSocket at this path.")
        protocol = _upgraded(call)
        session = Session(self, protocol, connection, _new_id())
        answer = self._call(CONNECT, session, **_handshake(call))
        status = int((answer or {}).get("statusCode", 200))
        if status != 200:
            raise _REFUSALS.get(status, PublisherError)()
        with self._changing:  # whoever was let in is there to be closed
            session.accept()
            self._open[session.id] = session
        return session

    def manage(self, call: Call) -> Reply:
        """Send a frame to a connection for whoever holds the local credentials."""
        signed = _SIGNED.match(call.value("authorization"))
        if signed is None or signed[1] != ACCESS_KEY:
            raise Forbidden("Only the application itself sends frames.")
        if call.method != "POST":
            raise NotFound("Only POST is understood here.")
        session = self._open.get(unquote(call.target.partition("?")[0]).removeprefix(MANAGEMENT))
        if session is None or not session.send(call.body.decode("utf-8", "replace")):
            # What botocore takes for GoneException.
            return Reply(410, [("x-amzn-ErrorType", "GoneException")], b'{"message":"Gone"}')
        return Reply(200, [], b"")

    def message(self, session: Session, body: str) -> None:
        """Hand the application what a client said."""
        try:
            self._call(MESSAGE, session, body=body, isBase64Encoded=False)
        except Exception as error:  # API Gateway tells the client, and goes on
            report("live_message_failed", error=error)
            session.send('{"message": "Internal server error"}')

    def left(self, session: Session) -> None:
        """Forget a connection and tell the application."""
        try:
            self._call(DISCONNECT, session)
        except Exception as error:  # its item expires
            report("live_disconnect_failed", error=error)
        finally:
            with self._changing:
                self._open.pop(session.id, None)
                self._changing.notify_all()

    def close(self, seconds: float) -> None:
        """Close every connection; return when all are gone, or after `seconds`."""
        with self._changing:
            sessions = list(self._open.values())
        for session in sessions:
            session.close(CloseReason.GOING_AWAY)
        with self._changing:
            self._changing.wait_for(lambda: not self._open, seconds)

    def _call(self, route: str, session: Session, **fields: Any) -> Any:
        kinds = {CONNECT: "CONNECT", DISCONNECT: "DISCONNECT"}
        now = datetime.now(UTC)
        context = {
            "routeKey": route,
            "eventType": kinds.get(route, "MESSAGE"),
            "messageDirection": "IN",
            "stage": "local",
            "apiId": "local",
            "domainName": self._address,
            "connectionId": session.id,
            "connectedAt": session.connected_at,
            "requestId": str(uuid.uuid4()),
            "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": int(now.timestamp() * 1000),
            "identity": {"sourceIp": "127.0.0.1"},
        }
        return self._functions[route]({"requestContext": context, **fields})


class Session:
    """One live connection. Its own thread reads; any thread may send."""

    def __init__(
        self,
        gateway: LiveGateway,
        protocol: WSConnection,
        connection: socket.socket,
        connection_id: str,
    ) -> None:
        self.id = connection_id
        self.connected_at = int(time.time() * 1000)
        self._gateway = gateway
        self._protocol = protocol
        self._socket = connection
        self._sending = threading.Lock()
        self._is_open = True
        self._frame_bytes = 0
        self._said: list[str] = []
        self._said_bytes = 0

    def accept(self) -> None:
        """Finish the handshake."""
        self._socket.settimeout(STEP_SECONDS)
        self._write(AcceptConnection())

    def run(self) -> None:
        """Read until either side closes, or nothing was said for too long."""
        try:
            self._read_on()
        except (OSError, RemoteProtocolError, LocalProtocolError):
            self.close(CloseReason.PROTOCOL_ERROR)
        finally:
            self._is_open = False
            self._gateway.left(self)

    def send(self, text: str) -> bool:
        """Send one text frame; False if that is not possible any more."""
        return self._is_open and self._write(TextMessage(text))

    def close(self, reason: CloseReason) -> None:
        """Say goodbye and hang up."""
        self._write(CloseConnection(reason))
        self._is_open = False
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)

    def _read_on(self) -> None:
        limits, began = self._gateway.limits, time.monotonic()
        heard = began
        while self._is_open:
            now = time.monotonic()
            if now - heard > limits.idle_seconds or now - began > limits.life_seconds:
                return self.close(CloseReason.GOING_AWAY)
            try:
                data = self._socket.recv(64 * 1024)
            except TimeoutError:
                continue
            heard = time.monotonic()
            self._protocol.receive_data(data or None)
            for event in self._protocol.events():
                self._handle(event)

    def _handle(self, event: Event) -> None:
        if isinstance(event, TextMessage):
            self._hear(event)
        elif isinstance(event, BytesMessage):
            self.close(CloseReason.UNSUPPORTED_DATA)
        elif isinstance(event, Ping):
            self._write(event.response())
        elif isinstance(event, CloseConnection):
            self._write(event.response())
            self._is_open = False

    def _hear(self, part: TextMessage) -> None:
        limits, size = self._gateway.limits, len(part.data.encode())
        self._frame_bytes += size
        self._said_bytes += size
        if self._frame_bytes > limits.frame_bytes or self._said_bytes > limits.message_bytes:
            return self.close(CloseReason.MESSAGE_TOO_BIG)
        self._said.append(part.data)
        if part.frame_finished:
            self._frame_bytes = 0
        if part.message_finished:
            body, self._said, self._said_bytes = "".join(self._said), [], 0
            self._gateway.message(self, body)
        return None

    def _write(self, event: Event) -> bool:
        with self._sending:
            try:
                self._socket.sendall(self._protocol.send(event))
            except (OSError, LocalProtocolError):
                self._is_open = False
                return False
        return True


def is_upgrade(call: Call) -> bool:
    """Return whether a request asks for a WebSocket."""
    return call.method == "GET" and call.value("upgrade").lower() == "websocket"


def is_management(call: Call) -> bool:
    """Return whether a request is for the management API."""
    return unquote(call.target).startswith(MANAGEMENT)


_REFUSALS: Mapping[int, type[PublisherError]] = {401: Unauthenticated, 403: Forbidden}


def _require_ours(call: Call) -> None:
    """Refuse pages of other sites, and names that only pretend to be this machine's."""
    origin = call.value("origin")
    named = [f"//{call.value('host')}", *([origin] if origin else [])]
    if any(_host(each) not in LOOPBACK for each in named):
        raise Forbidden("Only pages of this machine may open a connection.")


def _host(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _upgraded(call: Call) -> WSConnection:
    if not _KEY.fullmatch(call.value("sec-websocket-key")):
        raise BadRequest("This is no handshake of RFC 6455.")
    protocol = WSConnection(ConnectionType.SERVER)
    headers = [(name.encode(), value.encode()) for name, value in call.headers]
    try:
        protocol.initiate_upgrade_connection(headers, call.target)
        asked = list(protocol.events())
    except (RemoteProtocolError, LocalProtocolError, UnicodeError) as error:
        raise BadRequest("This is no handshake of RFC 6455.") from error
    if not any(isinstance(event, Request) for event in asked):
        raise BadRequest("This is no handshake of RFC 6455.")
    return protocol


def _handshake(call: Call) -> dict[str, Any]:
    several: dict[str, list[str]] = {}
    for name, value in call.headers:
        several.setdefault(name.title(), []).append(value)
    try:
        fields = parse_qs(urlsplit(call.target).query, errors="strict", max_num_fields=20)
    except ValueError as error:
        raise BadRequest("The query can't be decoded.") from error
    return {
        "headers": {name: values[-1] for name, values in several.items()},
        "multiValueHeaders": several,
        "queryStringParameters": {name: values[-1] for name, values in fields.items()} or None,
        "multiValueQueryStringParameters": fields or None,
        "isBase64Encoded": False,
    }


def _new_id() -> str:
    return base64.urlsafe_b64encode(os.urandom(11)).decode()
