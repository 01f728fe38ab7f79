"""OAuth's own forms: what the user pool sends to the GitHub bridge, and what it is answered."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from chalicelib.domain.sign_in import OAuthError
from chalicelib.edge import responses
from chalicelib.edge.requests import Answer, Request

LARGEST_FORM = 16 * 1024
FIELDS = 20
_BEARER = re.compile(r"Bearer ([A-Za-z0-9._~+/=-]{1,8192})", re.IGNORECASE)
_BASIC = re.compile(r"Basic ([A-Za-z0-9+/=]{1,4096})", re.IGNORECASE)


def form(request: Request) -> Mapping[str, str]:
    """Return the fields of a form; `OAuthError` if it is none, too large, or says a thing twice."""
    if len(request.content) > LARGEST_FORM:
        raise OAuthError("invalid_request", f"A form has at most {LARGEST_FORM} bytes.", 413)
    try:
        pairs = parse_qsl(
            request.content.decode(), keep_blank_values=True, errors="strict", max_num_fields=FIELDS
        )
    except ValueError as error:
        raise OAuthError("invalid_request", "The body is no form.") from error
    if len(dict(pairs)) < len(pairs):
        raise OAuthError("invalid_request", "A parameter is there twice.")
    return dict(pairs)


def credentials(request: Request, given: Mapping[str, str]) -> tuple[str, str]:
    """Return the client's id and secret, from the header or else the form."""
    header = request.headers.get("authorization")
    if header is None:
        return given.get("client_id", ""), given.get("client_secret", "")
    try:
        found = _BASIC.fullmatch(header.strip())
        client_id, _, secret = b64decode(found[1] if found else "").decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise OAuthError("invalid_client", "The credentials can't be read.", 401) from error
    return unquote_plus(client_id), unquote_plus(secret)


def bearer(request: Request) -> str:
    """Return the access token of the header; empty if there is none."""
    found = _BEARER.fullmatch(request.headers.get("authorization", "").strip())
    return found[1] if found else ""


def sent_on(address: str) -> Answer:
    """Send a person on to an address."""
    return Answer(int(HTTPStatus.FOUND), "", {"Location": address})


def refused(error: OAuthError) -> Answer:
    """Answer with a refusal as OAuth's standards write it."""
    said: dict[str, Any] = {"error": error.code, "error_description": error.detail}
    answer = responses.ok(said, HTTPStatus(error.status))
    if error.status != HTTPStatus.UNAUTHORIZED:
        return answer
    scheme = "Bearer" if error.code == "invalid_token" else "Basic"
    challenge = {"WWW-Authenticate": f'{scheme} realm="sign-in", error="{error.code}"'}
    return Answer(answer.status, answer.body, {**answer.headers, **challenge})
