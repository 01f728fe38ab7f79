"""Problem documents (RFC 9457): every error of the domain and of the edge, and its status.

A document never carries a stack trace, a token or another user's data: it is made from the error's
public face alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from math import ceil
from types import MappingProxyType
from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.domain import errors
from chalicelib.domain.errors import Fault, InvalidMessage, PublisherError
from chalicelib.domain.ports import StoredResponse
from chalicelib.edge.fields import CHANNEL_FORMAT

PROBLEM_JSON = "application/problem+json"
MAX_FAULTS_SHOWN = 200
"""More help nobody, and a body of nothing but faults would make an answer larger than itself."""
RETRY_AFTER = timedelta(seconds=2)
Channel = Annotated[str, Field(json_schema_extra={"format": CHANNEL_FORMAT})]


class FaultView(TypedDict):
    """One thing wrong with an input: where (RFC 6901, or /query/…, /headers/…) and what to do.

    `channel` is there if it is wrong for that channel, so one place may be named once per channel.
    """

    pointer: str
    code: str
    detail: str
    channel: NotRequired[Channel]


class Problem(TypedDict):
    """An error (RFC 9457). `code` is stable; `errors` lists every fault of an invalid input.

    Uploads that are not ready are listed there too, as the 409 or among the faults of a 400.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: NotRequired[list[FaultView]]
    channels: NotRequired[list[str]]
    existing_id: NotRequired[str]
    retryable: NotRequired[bool]
    remedy: NotRequired[str]
    correlation_id: NotRequired[str]


class Unauthenticated(PublisherError):
    """The request carries no token that we accept."""

    code = "unauthenticated"
    title = "Sign in first"


class BodyTooLarge(PublisherError):
    """The body is larger than we read."""

    code = "body_too_large"
    title = "The body is too large"


class UnsupportedMediaType(PublisherError):
    """The body is not JSON by its content type."""

    code = "unsupported_media_type"
    title = "Send application/json"


class MethodNotAllowed(PublisherError):
    """The path exists, but not with this method."""

    code = "method_not_allowed"
    title = "This path does not take this method"


class BadRequest(PublisherError):
    """The request can't be understood at all."""

    code = "bad_request"
    title = "The request can't be understood"


STATUSES: Mapping[type[PublisherError], HTTPStatus] = MappingProxyType(
    {
        PublisherError: HTTPStatus.INTERNAL_SERVER_ERROR,
        BadRequest: HTTPStatus.BAD_REQUEST,
        Unauthenticated: HTTPStatus.UNAUTHORIZED,
        MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
        BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        errors.InvalidMessage: HTTPStatus.BAD_REQUEST,
        errors.NotFound: HTTPStatus.NOT_FOUND,
        errors.Forbidden: HTTPStatus.FORBIDDEN,
        errors.Conflict: HTTPStatus.CONFLICT,
        errors.VersionConflict: HTTPStatus.PRECONDITION_FAILED,
        errors.VersionRequired: HTTPStatus.PRECONDITION_REQUIRED,
        errors.IdempotencyMismatch: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
        # A platform refused while a person was waiting for it (connecting an account).
        errors.ChannelError: HTTPStatus.UNPROCESSABLE_ENTITY,
        errors.Transient: HTTPStatus.SERVICE_UNAVAILABLE,
        errors.Ambiguous: HTTPStatus.BAD_GATEWAY,
    }
)
"""Status of an error class; a class that is not here has that of its nearest ancestor."""


def status_of(kind: type[PublisherError]) -> HTTPStatus:
    """Return the HTTP status for an error class."""
    return next(STATUSES[base] for base in kind.__mro__ if base in STATUSES)


def render(error: PublisherError, correlation_id: str = "") -> StoredResponse:
    """Return the answer that tells of an error."""
    status = status_of(type(error))
    whole = document(error)
    if correlation_id:
        whole["correlation_id"] = correlation_id
    headers = {"Content-Type": PROBLEM_JSON, **_headers(error, status)}
    return StoredResponse(int(status), encode(whole), headers)


def document(error: PublisherError) -> dict[str, Any]:
    """Return the problem document for an error."""
    return {
        "type": f"urn:omnichannel-publisher:problem:{error.code}",
        "title": error.title,
        "status": int(status_of(type(error))),
        "detail": error.detail,
        "code": error.code,
        **_members(error),
    }


def encode(document: Any) -> str:
    """Write compact JSON that is always valid UTF-8: lone surrogates become a question mark."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def fault_json(fault: Fault) -> FaultView:
    """Return a fault as the API shows it."""
    found: FaultView = {"pointer": fault.pointer, "code": fault.code, "detail": fault.detail}
    return {**found, "channel": fault.channel} if fault.channel else found


def _members(error: PublisherError) -> dict[str, Any]:
    """Return the members that only this class of problem has."""
    if isinstance(error, InvalidMessage | errors.MediaNotReady) and error.faults:
        return {"errors": [fault_json(fault) for fault in error.faults[:MAX_FAULTS_SHOWN]]}
    if isinstance(error, errors.InFlight):
        return {"channels": list(error.channels)}
    already = errors.AlreadyAnnounced | errors.AlreadySubscribed
    if isinstance(error, already) and error.existing_id:
        return {"existing_id": error.existing_id}
    if isinstance(error, errors.ChannelError):
        return {"retryable": error.retryable, "remedy": error.remedy}
    return {}


def _headers(error: PublisherError, status: HTTPStatus) -> dict[str, str]:
    if status is HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Bearer realm="omnichannel-publisher"'}
    wish = error.retry_after if isinstance(error, errors.RateLimited) else None
    is_running = error.code == errors.StillRunning.code
    if status is HTTPStatus.SERVICE_UNAVAILABLE or is_running:
        return {"Retry-After": str(ceil((wish or RETRY_AFTER).total_seconds()))}
    return {}
