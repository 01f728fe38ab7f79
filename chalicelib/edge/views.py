"""What stands around every view: who is calling, what they sent, and a proper answer to anything.

    middleware    correlation id · CORS · security headers · problems for Chalice's own errors
      view        member · role · ids · query · size · JSON · model → function → answer or problem

A refusal comes in that order, so that a stranger learns nothing about bodies, and a fault of the
query is listed together with those of the body.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import wraps
from hashlib import sha256
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from chalice.app import CORSConfig
from chalice.app import Request as RawRequest
from chalice.app import Response as RawResponse

from chalicelib.domain.errors import (
    Conflict,
    Fault,
    Forbidden,
    InvalidMessage,
    NotFound,
    PublisherError,
)
from chalicelib.domain.identity import Member, Role
from chalicelib.domain.ports import Clock, Signer, Telemetry
from chalicelib.domain.sign_in import OAuthError
from chalicelib.edge import bridge, headers, identifiers, pages, problems, queries
from chalicelib.edge.cursors import Cursors
from chalicelib.edge.fields import Surroundings
from chalicelib.edge.operations import OPERATIONS, Operation
from chalicelib.edge.reading import read
from chalicelib.edge.requests import Answer, Request, digest_of
from chalicelib.edge.strict_json import read_object
from chalicelib.edge.tokens import Tokens

MAX_BODY_BYTES = 256 * 1024
_ALLOW_ORIGIN = "Access-Control-Allow-Origin"
View = Callable[..., Answer]

_CHALICE_ERRORS: Mapping[int, type[PublisherError]] = MappingProxyType(
    {
        400: problems.BadRequest,
        405: problems.MethodNotAllowed,
        415: problems.UnsupportedMediaType,
    }
)


@dataclass(frozen=True, slots=True)
class Ports:
    """What the edge needs from outside; what costs something to make comes as a factory."""

    channels: Collection[str]
    clock: Callable[[], Clock]
    signer: Callable[[], Signer]
    telemetry: Callable[[], Telemetry]


class Edge:
    """Turns view functions into Chalice's."""

    def __init__(
        self,
        ports: Ports,
        tokens: Tokens,
        origins: Collection[str] = ("*",),
        new_id: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        self._ports = ports
        self._tokens = tokens
        self._origins = origins
        self._new_id = new_id
        # Not Chalice's own `current_request`, which threads of one process share.
        self._current: ContextVar[RawRequest] = ContextVar("current_request")

    def view(self, function: View) -> Callable[..., RawResponse]:
        """Return a view for signed-in members that its operation's role allows."""
        return self._wrapped(function, self._member)

    def public(self, function: View) -> Callable[..., RawResponse]:
        """Return a view for everybody."""
        return self._wrapped(function, _nobody)

    def page(self, function: View) -> Callable[..., RawResponse]:
        """Return a view for people in a browser, who get a page instead of a 404 document."""

        @wraps(function)
        def shown(request: Request, **params: str) -> Answer:
            try:
                return function(request, **params)
            except NotFound:
                return pages.unknown(request.language)

        return self._wrapped(shown, _nobody)

    def bridge(self, function: View) -> Callable[..., RawResponse]:
        """Return a view that refuses in OAuth's own words."""

        @wraps(function)
        def spoken(request: Request) -> Answer:
            try:
                return function(request)
            except OAuthError as error:
                return bridge.refused(error)

        return self._wrapped(spoken, _nobody)

    def middleware(
        self, raw: RawRequest, get_response: Callable[[RawRequest], RawResponse]
    ) -> RawResponse:
        """Give every answer its correlation id, CORS and security headers, whoever made it."""
        correlation = headers.correlation_id(raw.headers.get(headers.CORRELATION), self._new_id())
        telemetry = self._ports.telemetry()
        with telemetry.correlated(correlation, method=raw.method, route=raw.path):
            held = self._current.set(raw)
            try:
                response = _as_problem(get_response(raw), correlation)
            finally:
                self._current.reset(held)
            telemetry.event("answered", status=response.status_code)
        self._dress(response, raw.headers.get("origin"), correlation)
        return response

    def _wrapped(
        self, function: View, identify: Callable[[RawRequest, Operation], Member | None]
    ) -> Callable[..., RawResponse]:
        operation = OPERATIONS[function.__name__]

        @wraps(function)
        def answered(**params: str) -> RawResponse:
            try:
                raw = self._current.get()
                caller = identify(raw, operation)
                clean = {name: self._param(name, value) for name, value in params.items()}
                answer = function(self._request(raw, operation, caller), **clean)
            except PublisherError as error:
                answer = self._problem(error)
            except Exception as error:
                answer = self._problem(PublisherError(), error)
            return RawResponse(answer.body, dict(answer.headers), answer.status)

        return answered

    def _member(self, raw: RawRequest, operation: Operation) -> Member:
        authorizer = raw.context.get("authorizer")
        claims = authorizer.get("claims") if isinstance(authorizer, Mapping) else None
        member = self._tokens.member(claims, self._ports.clock().now())
        if not member.may(operation.role):
            raise Forbidden(f"This needs the role {operation.role}.")
        return member

    def _param(self, name: str, value: str) -> str:
        if name == "channel":
            if value not in self._ports.channels:
                raise NotFound("There is no such channel.")
            return value
        if name == "token":
            return value
        if name == "recipient_id":
            return identifiers.opaque_id_of(value)
        return identifiers.uuid_of(value)

    def _request(self, raw: RawRequest, operation: Operation, caller: Member | None) -> Request:
        path = raw.path.format(**(raw.uri_params or {}))
        request = Request(
            method=raw.method, route=raw.path, path=path, headers=raw.headers, caller=caller
        )
        if operation.webhook or operation.bridge:
            sent = {name: values[0] for name, values in _parameters(raw).items() if values}
            return replace(request, query=sent, content=_content_of(raw))
        return request if caller is None else self._read(raw, operation, request, caller)

    def _read(
        self, raw: RawRequest, operation: Operation, request: Request, caller: Member
    ) -> Request:
        """Fill in what the caller sent; every fault of header, query and body is listed."""
        faults: list[Fault] = []
        query = queries.read(_parameters(raw), operation.query, faults)
        if query.get("scope") is queries.Scope.ALL and not caller.may(Role.COMMUNITY_MANAGER):
            raise Forbidden("Only community managers see everyone's.")
        cursors = Cursors(self._ports.signer, _list_purpose(request, caller, query))
        filled = replace(request, query=query, cursors=cursors)
        for part in (_with_key, _with_match, _with_position, self._with_body):
            try:
                filled = part(filled, raw, operation)
            except InvalidMessage as error:
                faults += error.faults
        faults += filled.reading.faults
        if faults and not (filled.payload and filled.payload.is_judged):
            raise InvalidMessage(faults)
        return replace(filled, reading=replace(filled.reading, faults=faults))

    def _with_body(self, request: Request, raw: RawRequest, operation: Operation) -> Request:
        if not operation.takes:
            return request
        given, found = _json_of(raw)
        around = Surroundings(self._ports.channels, self._ports.clock().now())
        reading = read(operation.model(given), given, around, found)
        return replace(request, reading=reading, digest=digest_of(request.path, given))

    def _problem(self, error: PublisherError, cause: Exception | None = None) -> Answer:
        telemetry = self._ports.telemetry()
        answer = problems.render(error, telemetry.correlation_id)
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            telemetry.failure("request_failed", cause or error)
        return answer

    def _dress(self, response: RawResponse, origin: str | None, correlation: str) -> None:
        """Put on the headers that every answer has; what the answer says itself stands."""
        given = response.headers
        for name, value in headers.SECURITY.items():
            given.setdefault(name, value)
        given[headers.CORRELATION] = correlation
        given.pop(_ALLOW_ORIGIN, None)
        allowed = headers.allowed_origin(origin, self._origins)
        if allowed is not None:
            given[_ALLOW_ORIGIN] = allowed
            given["Access-Control-Expose-Headers"] = ",".join(headers.EXPOSED)
        if allowed != "*":
            given["Vary"] = "Origin"


def cors(origins: Collection[str]) -> CORSConfig:
    """Return what preflights are answered.

    With several origins a preflight allows any: the answers themselves name the one they are for.
    """
    single = next(iter(origins)) if len(origins) == 1 else "*"
    return CORSConfig(
        allow_origin=single,
        allow_headers=list(headers.ALLOWED),
        expose_headers=list(headers.EXPOSED),
        max_age=600,
    )


def _nobody(raw: RawRequest, operation: Operation) -> None:
    """Identify nobody."""


def _with_key(request: Request, raw: RawRequest, operation: Operation) -> Request:
    if not operation.repeatable:
        return request
    return replace(request, key=headers.idempotency_key(raw.headers.get("idempotency-key")))


def _with_match(request: Request, raw: RawRequest, operation: Operation) -> Request:
    if operation.if_match:
        with suppress(Conflict):  # absent or stale is said by whoever asks, after all faults
            headers.if_match(raw.headers.get("if-match"))
    return request


def _with_position(request: Request, raw: RawRequest, operation: Operation) -> Request:
    token = request.query.get("cursor")
    if token is None or request.cursors is None:
        return request
    return replace(request, position=request.cursors.open(token))


def _parameters(raw: RawRequest) -> Mapping[str, Sequence[str]]:
    given = raw.query_params
    return {} if given is None else {name: given.getlist(name) for name in given}


def _list_purpose(request: Request, caller: Member, query: Mapping[str, Any]) -> str:
    """Return what a cursor is good for: this caller's list with these filters."""
    filters = sorted((k, str(v)) for k, v in query.items() if k not in ("limit", "cursor"))
    return "cursor " + sha256(repr((caller.id, request.path, filters)).encode()).hexdigest()


def _json_of(raw: RawRequest) -> tuple[Mapping[str, Any], Sequence[Fault]]:
    """Return the JSON object in a body and its faults; an absent body is an empty one."""
    content = _content_of(raw)
    if not content:
        return {}, ()
    headers.require_json(raw.headers.get("content-type"))
    return read_object(content)


def _content_of(raw: RawRequest) -> bytes:
    try:
        body = raw.raw_body
    except ValueError as error:
        raise problems.BadRequest("The body can't be decoded.") from error
    content = body if isinstance(body, bytes) else body.encode()
    if len(content) > MAX_BODY_BYTES:
        raise problems.BodyTooLarge(f"A body has at most {MAX_BODY_BYTES} bytes.")
    return content


def _as_problem(response: RawResponse, correlation: str) -> RawResponse:
    """Return Chalice's own refusals as problem documents."""
    if not isinstance(response.body, dict) or "Code" not in response.body:
        return response
    kind = _CHALICE_ERRORS.get(response.status_code, PublisherError)
    answer = problems.render(kind(), correlation)
    return RawResponse(answer.body, {**response.headers, **answer.headers}, answer.status)
