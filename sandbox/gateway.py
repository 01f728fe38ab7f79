"""Stand in for API Gateway under ``chalice local``: routes, authorizer, limits, CORS, events.

Chalice's own local gateway admits every request to a Cognito route and answers some with nothing at
all. This one refuses what API Gateway refuses, and every refusal is a problem document. It never
reads the application's rules: a request that gets through is the application's business.
"""

from __future__ import annotations

import base64
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes, urlsplit

from chalice.app import Chalice, CognitoUserPoolAuthorizer, RouteEntry
from chalice.local import LambdaContext

from chalicelib.domain.errors import NotFound, PublisherError
from chalicelib.edge import headers, problems
from chalicelib.edge.problems import (
    BadRequest,
    BodyTooLarge,
    MethodNotAllowed,
    UnsupportedMediaType,
)
from chalicelib.edge.views import MAX_BODY_BYTES

MAX_QUERY_FIELDS = 200
API_TIMEOUT_MS = 29_000
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_VISIBLE = re.compile(r"[!-~]+")

Headers = Sequence[tuple[str, str]]
Claims = Callable[[str], dict[str, str]]


@dataclass(frozen=True)
class Call:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: Headers
    body: bytes = b""

    def values(self, name: str) -> list[str]:
        """Return every value of a header."""
        return [value for key, value in self.headers if key.lower() == name]

    def value(self, name: str) -> str:
        """Return a header's last value; empty when there is none."""
        return (self.values(name) or [""])[-1]


@dataclass(frozen=True)
class Reply:
    """What goes back over the wire."""

    status: int
    headers: Headers
    body: bytes = b""


@dataclass(frozen=True)
class Match:
    """The route that a path names, and what it captures."""

    route: str
    methods: Mapping[str, RouteEntry]
    captured: dict[str, str] = field(default_factory=dict)


class Gateway:
    """What stands between the wire and the application."""

    def __init__(self, app: Chalice, claims: Claims, origins: Sequence[str] = ("*",)) -> None:
        """`claims` reads an ``Authorization`` header's value or raises `Unauthenticated`."""
        self._app = app
        self._claims = claims
        self._origins = origins
        # Concrete routes come before those that capture: "{" sorts after every letter.
        self._routes = sorted(app.routes)
        self._guard = threading.Lock()
        self._running = 0

    def answer(self, call: Call) -> Reply:
        """Answer a request, whatever it is."""
        with self._guard:
            self._running += 1
        try:
            return self.allowing(call, self._answer(call))
        except PublisherError as error:
            return self.refusal(call, error)
        finally:
            with self._guard:
                self._running -= 1

    def refusal(self, call: Call | None, error: PublisherError) -> Reply:
        """Return the problem document for a request that goes no further."""
        document = problems.render(error)
        given = {**headers.SECURITY, **document.headers}
        if isinstance(error, _WrongMethod):
            given["Allow"] = error.allowed
        return self.allowing(
            call, Reply(document.status, list(given.items()), document.body.encode())
        )

    def allowing(self, call: Call | None, reply: Reply) -> Reply:
        """Let pages of the allowed origins read an answer."""
        if any(name.lower() == "access-control-allow-origin" for name, _ in reply.headers):
            return reply
        origin = call.value("origin") if call else ""
        allowed = headers.allowed_origin(origin, self._origins)
        added = [("Vary", "Origin")] if allowed != "*" else []
        if allowed is not None:
            added.append(("Access-Control-Allow-Origin", allowed))
            added.append(("Access-Control-Expose-Headers", ",".join(headers.EXPOSED)))
        return Reply(reply.status, [*reply.headers, *added], reply.body)

    def wait_until_idle(self, seconds: float) -> None:
        """Return when no request is being answered, or after `seconds`."""
        until = time.monotonic() + seconds
        while self._running and time.monotonic() < until:
            time.sleep(0.02)

    def _answer(self, call: Call) -> Reply:
        path, query = _split(call.target)
        match = self._match(path)
        if call.method == "OPTIONS" and "OPTIONS" not in match.methods:
            return self._preflight(match)
        entry = match.methods.get(call.method)
        if entry is None:
            raise _WrongMethod(sorted({*match.methods, "OPTIONS"}))
        event = self._event(call, path, query, match)
        if isinstance(entry.authorizer, CognitoUserPoolAuthorizer):
            claims = self._claims(_authorization(call))
            event["requestContext"]["authorizer"] = {"claims": claims}
        _check_media_type(call, entry)
        event["body"], event["isBase64Encoded"] = self._body(call)
        context = LambdaContext(f"{self._app.app_name}-local", 512, API_TIMEOUT_MS)
        return _reply(self._app(event, context))

    def _match(self, path: str) -> Match:
        parts = (path.rstrip("/") or "/").split("/")
        for route in self._routes:
            captured: dict[str, str] = {}
            wanted = route.split("/")
            if len(wanted) == len(parts) and all(
                _fits(part, pattern, captured) for part, pattern in zip(parts, wanted, strict=True)
            ):
                return Match(route, self._app.routes[route], captured)
        raise NotFound(
            "There is nothing at this path: /openapi.json describes what there is, and /health "
            "says whether the API is up."
        )

    def _preflight(self, match: Match) -> Reply:
        """Answer what Chalice declares for the route, as the deployed mock integration does."""
        declared = [entry.cors for entry in match.methods.values() if entry.cors is not None]
        given = {"Access-Control-Allow-Methods": ",".join(sorted({*match.methods, "OPTIONS"}))}
        if declared:
            given |= declared[0].get_access_control_headers()
        return Reply(200, list(given.items()))

    def _body(self, call: Call) -> tuple[str | None, bool]:
        if not call.body:
            return None, False
        kind = call.value("content-type").partition(";")[0].strip().lower()
        if kind in self._app.api.binary_types:
            return base64.b64encode(call.body).decode("ascii"), True
        try:
            return call.body.decode("utf-8"), False
        except UnicodeDecodeError as error:
            raise BadRequest("The body is not UTF-8.") from error

    def _event(self, call: Call, path: str, query: str, match: Match) -> dict[str, Any]:
        now = datetime.now(UTC)
        fields = _fields(query)
        several: dict[str, list[str]] = {}
        for name, value in call.headers:
            several.setdefault(name.lower(), []).append(value)
        return {
            "resource": match.route,
            "path": path,
            "httpMethod": call.method,
            "headers": {name: values[-1] for name, values in several.items()},
            "multiValueHeaders": several,
            "queryStringParameters": {name: values[-1] for name, values in fields.items()} or None,
            "multiValueQueryStringParameters": fields or None,
            "pathParameters": match.captured or None,
            "stageVariables": None,
            "requestContext": {
                "httpMethod": call.method,
                "resourcePath": match.route,
                "path": path,
                "protocol": "HTTP/1.1",
                "stage": "local",
                "apiId": "local",
                "accountId": "000000000000",
                "requestId": str(uuid.uuid4()),
                "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
                "requestTimeEpoch": int(now.timestamp() * 1000),
                "identity": {"sourceIp": "127.0.0.1", "userAgent": call.value("user-agent")},
            },
        }


class _WrongMethod(MethodNotAllowed):
    def __init__(self, allowed: Sequence[str]) -> None:
        self.allowed = ", ".join(allowed)
        super().__init__(f"This path takes {self.allowed}.")


def check_size(announced: int) -> None:
    """Refuse a body that is larger than what the API takes."""
    if announced > MAX_BODY_BYTES:
        raise BodyTooLarge(f"A body has at most {MAX_BODY_BYTES} bytes.")


def _split(target: str) -> tuple[str, str]:
    """Return path and query of a request target; `BadRequest` if it can't be decoded."""
    if not _VISIBLE.fullmatch(target) or _PERCENT.search(target):
        raise BadRequest("The path can't be decoded.")
    if not target.startswith("/"):
        try:
            parts = urlsplit(target)
        except ValueError as error:
            raise BadRequest("The path can't be decoded.") from error
        target = f"{parts.path or '/'}?{parts.query}"
    path, _, query = target.partition("?")
    try:
        decoded = unquote_to_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest("The path can't be decoded.") from error
    if not decoded.isprintable():
        raise BadRequest("The path contains control characters.")
    return path, query.partition("#")[0]


def _fields(query: str) -> dict[str, list[str]]:
    try:
        return parse_qs(
            query, keep_blank_values=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS
        )
    except ValueError as error:
        raise BadRequest("The query can't be decoded.") from error


def _fits(part: str, pattern: str, captured: dict[str, str]) -> bool:
    if pattern.startswith("{") and pattern.endswith("}"):
        captured[pattern[1:-1]] = part
        return part != ""
    return part == pattern


def _authorization(call: Call) -> str:
    values = call.values("authorization")
    return values[0] if len(values) == 1 else ""


def _check_media_type(call: Call, entry: RouteEntry) -> None:
    if not call.body and not call.value("content-type"):
        return
    kind = (call.value("content-type") or "application/json").partition(";")[0].strip().lower()
    known = [known.lower() for known in entry.content_types]
    if known and kind not in known and "*/*" not in known:
        raise UnsupportedMediaType(f"This path takes {', '.join(known)}.")


def _reply(answer: Mapping[str, Any]) -> Reply:
    given = [(name, str(value)) for name, value in (answer.get("headers") or {}).items()]
    for name, values in (answer.get("multiValueHeaders") or {}).items():
        given += [(name, str(value)) for value in values]
    body = answer.get("body") or ""
    encoded = base64.b64decode(body) if answer.get("isBase64Encoded") else body
    content = encoded if isinstance(encoded, bytes) else str(encoded).encode("utf-8", "replace")
    if content and not any(name.lower() == "content-type" for name, _ in given):
        given.append(("Content-Type", "application/json"))
    return Reply(int(answer["statusCode"]), given, content)
