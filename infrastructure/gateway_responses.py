"""What API Gateway answers by itself: problem documents, readable by pages of other origins.

The texts are those of `edge.problems`, so that a refusal reads the same wherever it is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.domain.errors import NotFound, PublisherError
from chalicelib.edge import headers, problems
from chalicelib.edge.problems import (
    PROBLEM_JSON,
    BadRequest,
    BodyTooLarge,
    Unauthenticated,
    UnsupportedMediaType,
)

BY_ERROR: Mapping[str, PublisherError] = {
    "UNAUTHORIZED": Unauthenticated("Send a valid ID token in the Authorization header."),
    "EXPIRED_TOKEN": Unauthenticated("The token has expired: sign in again."),
    "INVALID_SIGNATURE": Unauthenticated("Send a valid ID token in the Authorization header."),
    "MISSING_AUTHENTICATION_TOKEN": NotFound("There is nothing at this path for this method."),
    "RESOURCE_NOT_FOUND": NotFound("There is nothing at this path."),
    "REQUEST_TOO_LARGE": BodyTooLarge("The request is larger than the API takes."),
    "UNSUPPORTED_MEDIA_TYPE": UnsupportedMediaType("Send application/json."),
    "BAD_REQUEST_BODY": BadRequest("The body can't be read."),
    "BAD_REQUEST_PARAMETERS": BadRequest("The request's parameters can't be read."),
}
"""Gateway response → the error that our own code would raise there."""

PLAIN: Mapping[str, tuple[int, str, str]] = {
    "ACCESS_DENIED": (403, "forbidden", "This is not allowed"),
    "WAF_FILTERED": (403, "refused_by_firewall", "The firewall refused this request"),
    "THROTTLED": (429, "too_many_requests", "Too many requests"),
    "QUOTA_EXCEEDED": (429, "too_many_requests", "Too many requests"),
    "AUTHORIZER_FAILURE": (503, "unavailable", "Sign-in can't be checked right now"),
    "API_CONFIGURATION_ERROR": (500, "internal", "Something went wrong here"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "internal", "Something went wrong here"),
    "INVALID_API_KEY": (403, "forbidden", "This is not allowed"),
    "INTEGRATION_FAILURE": (502, "unavailable", "The application did not answer"),
    "INTEGRATION_TIMEOUT": (504, "unavailable", "The application did not answer in time"),
    "DEFAULT_4XX": (400, "bad_request", "The request can't be understood"),
    "DEFAULT_5XX": (500, "internal", "Something went wrong here"),
}
"""What only a gateway refuses: status, code, title."""

RETRY_AFTER_SECONDS = 2


def responses(origins: Sequence[str]) -> dict[str, Any]:
    """Return `x-amazon-apigateway-gateway-responses` for the API's document."""
    documents = {kind: problems.document(error) for kind, error in BY_ERROR.items()}
    for kind, (status, code, title) in PLAIN.items():
        documents[kind] = {
            "type": f"urn:omnichannel-publisher:problem:{code}",
            "title": title,
            "status": status,
            "detail": f"{title}.",
            "code": code,
        }
    return {kind: _response(document, origins) for kind, document in documents.items()}


def _response(document: Mapping[str, Any], origins: Sequence[str]) -> dict[str, Any]:
    given = {
        "Content-Type": PROBLEM_JSON,
        "Access-Control-Expose-Headers": ",".join(headers.EXPOSED),
        # One answer for every origin; with several allowed, a refusal tells nothing to guard.
        "Access-Control-Allow-Origin": origins[0] if len(origins) == 1 else "*",
        **headers.SECURITY,
    }
    if document["status"] in (429, 503):
        given["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return {
        "statusCode": document["status"],
        "responseParameters": {
            f"gatewayresponse.header.{name}": f"'{value}'"
            for name, value in given.items()
            # A mapping's literal can't hold an apostrophe; a policy matters to pages alone.
            if "'" not in value
        },
        "responseTemplates": {"application/json": problems.encode(document)},
    }
