"""One HTTP request on the wire, never a second: no retry, no redirect, a budget of time and bytes.

    raised      meaning
    NotSent     certainly nothing left this process: bad address, no name, refused, TLS, time-out
                while connecting
    NoAnswer    some of it may have arrived, and what came back, if anything, is no whole answer

A time-out of a socket limits one wait. Whoever sends a byte a second never runs into it, so every
call also has a deadline and a number of bytes for everything it reads: status, headers, interim
answers, body. Only looking up a host's name can't be interrupted; the resolver's own limits end
it, and nothing follows it once the deadline has passed.

A kept connection is not trusted with a post: the other side may have forgotten it (a frozen
Lambda, a NAT, a restart), and a request lost on it would look like one that was carried out. Such a
request gets a connection of its own, and other requests one that was used a moment ago.
"""

from __future__ import annotations

import http.client
import logging
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import urllib3

from chalicelib.domain.channels import Response
from chalicelib.domain.ports import Clock
from chalicelib.gateways._connections import (
    Budget,
    Exhausted,
    NotSent,
    Reuse,
    TooLate,
    current_budget,
    pool_classes,
)

__all__ = ["NoAnswer", "NotSent", "TooLate", "Wire"]

MAX_BODY_BYTES = 1_000_000
MAX_IDLE = timedelta(seconds=15)
_CHUNK_BYTES = 65_536
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

# Its warnings quote addresses and answers, which hold proofs and tokens.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)


class NoAnswer(Exception):
    """Sent, or some of it, without a usable answer; the message may be shown to anybody."""


class Wire:
    """Sends requests over kept connections; safe to use from several threads."""

    def __init__(
        self, connect_timeout_seconds: float, read_timeout_seconds: float, clock: Clock
    ) -> None:
        self._clock = clock
        self._seconds = (connect_timeout_seconds, read_timeout_seconds)
        self._timeout = urllib3.Timeout(connect=connect_timeout_seconds, read=read_timeout_seconds)
        self._kept = _pools(clock, MAX_IDLE)
        self._new = _pools(clock, None)

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        alone: bool = False,
        until: datetime | None = None,
    ) -> Response:
        """Return the answer, whatever it says. Raises `NotSent` or `NoAnswer`.

        After `until` nothing is sent: `TooLate`, a `NotSent`.

        It takes no longer than both time-outs together, and memory for `MAX_BODY_BYTES`. `alone`
        asks for a connection that nothing was sent on before and nothing will be after.
        """
        _check(url, headers)
        budget = Budget(*self._seconds, lambda: until is not None and self._clock.now() > until)
        entered = current_budget.set(budget)
        try:
            return self._sent(method, url, headers, body, alone=alone)
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
            raise NoAnswer(_described(error)) from error
        finally:
            current_budget.reset(entered)

    def _sent(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, alone: bool
    ) -> Response:
        answer = (self._new if alone else self._kept).urlopen(
            method,
            url,
            body=body,
            headers={**headers, "Connection": "close"} if alone else dict(headers),
            timeout=self._timeout,
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            if answer.status < 200:
                raise NoAnswer("The platform has left HTTP.")
            return Response(answer.status, _first_of_each(answer), _body(answer))
        finally:
            # Read to its end, the connection is back in its pool; else it can't be used again.
            answer.close()


def _body(answer: urllib3.BaseHTTPResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := answer.read1(_CHUNK_BYTES, decode_content=True):
        size += len(part)
        if size > MAX_BODY_BYTES:
            raise Exhausted("The platform's answer is far too long.")
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
    for cause in _causes(error):
        if isinstance(cause, Exhausted):
            return str(cause)
    return f"The platform did not answer ({type(error).__name__})."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _pools(clock: Clock, max_idle: timedelta | None) -> urllib3.PoolManager:
    """Return a manager whose connections are used again within `max_idle`, or never."""
    pools = urllib3.PoolManager(num_pools=20, maxsize=64)
    pools.pool_classes_by_scheme = pool_classes(Reuse(clock, max_idle))
    return pools
