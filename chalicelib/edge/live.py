"""What comes over a live connection: a ticket to open it, then hello and ping.

    {"type": "hello"} → {"type": "ready"}     from now on every change is told
    {"type": "ping"}  → {"type": "pong"}      the gateway closes what is silent for ten minutes

Anything else is answered with an error that says so and changes nothing. A refusal is the status of
the handshake: 401 without a ticket, 403 for one that opens nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import Any, TypeVar

from chalice.app import WebsocketEvent

from chalicelib.domain.errors import Forbidden, PublisherError
from chalicelib.domain.ports import Telemetry
from chalicelib.edge import headers, problems
from chalicelib.edge.problems import Unauthenticated

MAX_HEARD = 1024
"""Characters of the longest frame that is looked at."""
_TICKET = re.compile(r"[A-Za-z0-9_-]{16,128}")
_ANSWERS: Mapping[str, str] = {"hello": "ready", "ping": "pong"}
_NOT_UNDERSTOOD = {
    "type": "error",
    "code": "not_understood",
    "detail": 'Say {"type":"hello"} or {"type":"ping"}.',
}
T = TypeVar("T")
Status = dict[str, int]
Door = Callable[[WebsocketEvent], None]


def ticket(event: WebsocketEvent, origins: Collection[str]) -> str:
    """Return the ticket that a handshake carries.

    `Unauthenticated` if it carries none, `Forbidden` for a page of a site that may not call us.
    """
    raw: Mapping[str, Any] = event.to_dict()
    origin = _header(raw, "origin")
    if origin is not None and headers.allowed_origin(origin, origins) is None:
        raise Forbidden("Pages of this site may not open a connection.")
    given = raw.get("queryStringParameters")
    found = given.get("ticket") if isinstance(given, Mapping) else None
    if not isinstance(found, str) or not _TICKET.fullmatch(found):
        raise Unauthenticated("Ask for a ticket: POST /api/v1/live-tickets.")
    return found


def answer_to(event: WebsocketEvent) -> str:
    """Return the frame that answers what a client said."""
    said = _said(event.body)
    reply = {"type": _ANSWERS[said]} if said in _ANSWERS else _NOT_UNDERSTOOD
    return json.dumps(reply, separators=(",", ":"))


def door(telemetry: Callable[[], Telemetry]) -> Callable[[Door], Callable[..., Status]]:
    """Return what makes a handler answer the gateway with a status, whatever happens in it."""

    def wrap(function: Door) -> Callable[..., Status]:
        @wraps(function)
        def answered(event: WebsocketEvent) -> Status:
            with telemetry().correlated(event.connection_id, route=_route(event)):
                error: PublisherError | None = None
                try:
                    function(event)
                except PublisherError as refusal:
                    error = refusal
                except Exception as defect:
                    telemetry().failure("live_failed", defect)
                    error = PublisherError()
                status = 200 if error is None else int(problems.status_of(type(error)))
                telemetry().event("answered", status=status)
            return {"statusCode": status}

        return answered

    return wrap


def afterwards(finish: Callable[[], None]) -> Callable[[Any, Callable[[Any], T]], T]:
    """Return a middleware that does something once an event was answered, or failed."""

    def finishing(event: Any, get_response: Callable[[Any], T]) -> T:
        try:
            return get_response(event)
        finally:
            finish()

    return finishing


def _said(body: str) -> str:
    try:
        value = json.loads(body) if len(body) <= MAX_HEARD else None
    except (ValueError, RecursionError):
        value = None
    said = value.get("type") if isinstance(value, dict) else None
    return said if isinstance(said, str) else ""


def _header(raw: Mapping[str, Any], name: str) -> str | None:
    given = raw.get("headers")
    found = given.items() if isinstance(given, Mapping) else ()
    return next((str(value) for key, value in found if str(key).lower() == name), None)


def _route(event: WebsocketEvent) -> str:
    context = event.to_dict().get("requestContext", {})
    return str(context.get("routeKey", ""))
