"""Request headers that mean something to us, and the headers every answer carries."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from chalicelib.domain.certifications import LANGUAGES, Language
from chalicelib.domain.errors import (
    Fault,
    InvalidMessage,
    VersionConflict,
    VersionRequired,
)
from chalicelib.edge.problems import UnsupportedMediaType

CORRELATION = "X-Correlation-Id"
REPLAYED = "Idempotent-Replayed"
ALLOWED = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", CORRELATION)
EXPOSED = ("ETag", "Location", "Retry-After", REPLAYED, CORRELATION)

SECURITY: Mapping[str, str] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    }
)
"""Sent with every answer unless the answer says otherwise."""

_CORRELATION_ID = re.compile(r"[A-Za-z0-9._:-]{8,128}")
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")
_ENTITY_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]{0,64})"')
_REVISION = re.compile(r"[1-9][0-9]{0,8}")
_LANGUAGE_RANGE = re.compile(
    r"(?P<primary>[A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*"
    r"(?:\s*;\s*q\s*=\s*(?P<weight>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?"
)
_CONTENT_TYPE = re.compile(
    r'application/json\s*(?:;\s*charset\s*=\s*(?:utf-8|"utf-8")\s*)?;?', re.IGNORECASE
)


def correlation_id(given: str | None, new: str) -> str:
    """Return the caller's correlation id if it is one that a log line can carry, else `new`."""
    return given if given is not None and _CORRELATION_ID.fullmatch(given) else new


def idempotency_key(value: str | None) -> str | None:
    """Return the key: 1–255 printable ASCII characters; `InvalidMessage` otherwise."""
    if value is None or _IDEMPOTENCY_KEY.fullmatch(value):
        return value
    detail = "An Idempotency-Key is 1 to 255 printable ASCII characters without spaces around it."
    raise InvalidMessage([Fault("/headers/Idempotency-Key", "invalid_header", detail)])


def if_match(value: str | None) -> int:
    """Return the revision a change is based on.

    `VersionRequired` without the header and for ``*``, which names none; `InvalidMessage` unless it
    is one entity tag. A weak tag, or one we never made, matches nothing: `VersionConflict`.
    """
    if value is None or value.strip() == "*":
        raise VersionRequired('Send If-Match with the ETag you read, like "1".')
    tag = _ENTITY_TAG.fullmatch(value.strip())
    if tag is None:
        detail = 'If-Match takes one ETag as it was sent, with its quotes: "1".'
        raise InvalidMessage([Fault("/headers/If-Match", "invalid_header", detail)])
    if tag[1] is not None or not _REVISION.fullmatch(tag[2]):
        raise VersionConflict("The tag in If-Match is not one of ours.")
    return int(tag[2])


def language(accepted: str | None) -> Language:
    """Return the language of a page that an ``Accept-Language`` header likes best, else English."""
    best: Language = "en"
    best_weight = 0.0
    for wish in (accepted or "").split(","):
        found = _LANGUAGE_RANGE.fullmatch(wish.strip())
        weight = float(found["weight"] or 1) if found else 0
        for known in LANGUAGES:
            if found and found["primary"].lower() == known and weight > best_weight:
                best, best_weight = known, weight
    return best


def if_match_given(value: str | None) -> int | None:
    """Return the revision, as `if_match` does; None without the header and for ``*``."""
    return None if value is None or value.strip() == "*" else if_match(value)


def require_json(content_type: str | None) -> None:
    """Raise `UnsupportedMediaType` unless a body is declared as JSON in UTF-8, or not at all."""
    if content_type is not None and not _CONTENT_TYPE.fullmatch(content_type.strip()):
        raise UnsupportedMediaType("Send the body as application/json in UTF-8.")


def allowed_origin(origin: str | None, origins: Collection[str]) -> str | None:
    """Return what to allow for a request's origin; None allows nobody."""
    if "*" in origins:
        return "*"
    return origin if origin in origins else None
