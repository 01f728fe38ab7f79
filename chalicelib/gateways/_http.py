"""One HTTP request on the wire, never a second: no retry, no redirect, explicit time-outs.

    raised      meaning
    NotSent     certainly nothing left this process: bad address, no name, refused, TLS, time-out
                while connecting
    NoAnswer    some of it may have arrived, and what came back, if anything, is no whole answer

A kept connection is not trusted with a post: the other side may have forgotten it (a frozen
Lambda, a NAT, a restart), and a request lost on it would look like one that was carried out. Such a
request gets a connection of its own, and other requests one that was used a moment ago.
"""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from chalicelib.domain.channels import Response
from chalicelib.domain.ports import Clock

MAX_BODY_BYTES = 1_000_000
MAX_IDLE = timedelta(seconds=15)
_CHUNK_BYTES = 65_536
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class NotSent(Exception):
    """Nothing was sent; the message may be shown to anybody."""


class NoAnswer(Exception):
    """Sent, or some of it, without a usable answer; the message may be shown to anybody."""


class Wire:
    """Sends requests over kept connections; safe to use from several threads."""

    def __init__(
        self, connect_timeout_seconds: float, read_timeout_seconds: float, clock: Clock
    ) -> None:
        self._timeout = urllib3.Timeout(connect=connect_timeout_seconds, read=read_timeout_seconds)
        self._whole_call = timedelta(seconds=connect_timeout_seconds + read_timeout_seconds)
        self._clock = clock
        self._kept = _pools(clock, read_timeout_seconds, MAX_IDLE)
        self._new = _pools(clock, read_timeout_seconds, None)

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        alone: bool = False,
    ) -> Response:
        """Return the answer, whatever it says. Raises `NotSent` or `NoAnswer`.

        `alone` asks for a connection that nothing was sent on before.
        """
        _check(url, headers)
        deadline = self._clock.now() + self._whole_call
        try:
            answer = (self._new if alone else self._kept).urlopen(
                method,
                url,
                body=body,
                headers=dict(headers),
                timeout=self._timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
            raise NoAnswer(_described(error)) from error
        try:
            return Response(answer.status, _first_of_each(answer), self._body(answer, deadline))
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
            raise NoAnswer(_described(error)) from error
        finally:
            # Read to its end, the connection is back in its pool; else it can't be used again.
            answer.close()

    def _body(self, answer: urllib3.BaseHTTPResponse, deadline: datetime) -> bytes:
        parts: list[bytes] = []
        size = 0
        # Whatever is there, so that the clock is looked at however slowly it comes.
        while part := answer.read1(_CHUNK_BYTES, decode_content=True):
            size += len(part)
            if size > MAX_BODY_BYTES:
                raise NoAnswer("The platform's answer is far too long.")
            if self._clock.now() > deadline:
                raise NoAnswer("The platform's answer took too long.")
            parts.append(part)
        return b"".join(parts)


def _check(url: str, headers: Mapping[str, str]) -> None:
    """Refuse what the client library would trip over later."""
    try:
        parsed = urllib3.util.parse_url(url)
    except urllib3.exceptions.LocationParseError as error:
        raise NotSent("The address is malformed.") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise NotSent("The address is malformed.")
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise NotSent(f"The header {name!r} can't be sent: it has a character it must not.")


def _first_of_each(answer: urllib3.BaseHTTPResponse) -> dict[str, str]:
    """Return headers by lower-case name; of one that is repeated, the first."""
    found: dict[str, str] = {}
    for name, value in answer.headers.iteritems():
        found.setdefault(name.lower(), value)
    return found


def _described(error: Exception) -> str:
    """Return what happened without an address: those hold tokens and identities."""
    return f"The platform did not answer ({type(error).__name__})."


def _pools(
    clock: Clock, send_timeout_seconds: float, max_idle: timedelta | None
) -> urllib3.PoolManager:
    """Return a manager whose connections are used again within `max_idle`, or never."""
    pools = urllib3.PoolManager(num_pools=20, maxsize=64)
    pools.pool_classes_by_scheme = _pool_classes(clock, send_timeout_seconds, max_idle)
    return pools


def _pool_classes(
    clock: Clock, send_timeout_seconds: float, max_idle: timedelta | None
) -> dict[str, type[HTTPConnectionPool]]:
    """Return connection pools whose connections tell "not connected" from "not answered"."""

    class Told:
        """What both kinds of connection share; mixed in before urllib3's own."""

        sock: socket.socket
        _used_at: datetime

        def connect(self) -> None:
            try:
                super().connect()  # type: ignore[misc]  # of the class this is mixed into
            except Exception as error:
                raise NotSent(
                    f"The platform could not be reached ({type(error).__name__})."
                ) from error
            # The library would give a whole upload no longer than a connection may take.
            self.sock.settimeout(send_timeout_seconds)
            self._used_at = clock.now()

        def getresponse(self) -> Any:
            answer = super().getresponse()  # type: ignore[misc]
            self._used_at = clock.now()
            return answer

        @property
        def is_connected(self) -> bool:
            is_fresh = max_idle is not None and abs(clock.now() - self._used_at) <= max_idle
            return is_fresh and super().is_connected  # type: ignore[misc]

    class Plain(Told, HTTPConnection):
        pass

    class Secure(Told, HTTPSConnection):
        pass

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
