"""The claims of a token whose signature the gateway has verified.

API Gateway hands claims over as text, times as ``Sat Nov 21 03:00:00 UTC 2026`` and groups as
``a,b``; the local gateway does the same. Numbers and lists are understood too, so that no gateway's
taste decides who gets in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chalicelib.domain.identity import Member, Role
from chalicelib.edge.problems import Unauthenticated

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TEXT_TIME = re.compile(
    rf"[A-Z][a-z]{{2}} (?P<month>{'|'.join(_MONTHS)}) (?P<day>[0-9]{{1,2}}) "
    r"(?P<clock>[0-9]{2}:[0-9]{2}:[0-9]{2}) (?:UTC|GMT) (?P<year>[0-9]{4})"
)
_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?")
_SUBJECT = re.compile(r"[A-Za-z0-9._:@+|-]{1,128}")


@dataclass(frozen=True, slots=True)
class Tokens:
    """Which ID tokens we accept: from this issuer, for this client."""

    issuer: str
    client_id: str

    def member(self, claims: Any, now: datetime) -> Member:
        """Return who is calling; `Unauthenticated` unless every claim is as it must be."""
        if not isinstance(claims, Mapping) or not claims:
            raise Unauthenticated("There is no valid token in the Authorization header.")
        for holds, detail in (
            (claims.get("iss") == self.issuer, "The token was issued by somebody else."),
            (claims.get("token_use") == "id", "Send the ID token, not another one."),
            (
                bool(self.client_id) and claims.get("aud") == self.client_id,
                "The token was made for another application.",
            ),
            (_is_later(claims.get("exp"), now), "The token has expired."),
        ):
            if not holds:
                raise Unauthenticated(detail)
        return Member(
            id=_subject(claims.get("sub")),
            role=Role.of_groups(_groups(claims.get("cognito:groups"))),
            name=_text(claims, "name") or _text(claims, "cognito:username"),
            email=_text(claims, "email"),
        )


def _subject(value: Any) -> str:
    if not isinstance(value, str) or not _SUBJECT.fullmatch(value):
        raise Unauthenticated("The token names nobody.")
    return value


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _groups(value: Any) -> list[str]:
    if isinstance(value, str):
        return [group for group in re.split(r"[\s,]+", value.strip("[] ")) if group]
    return [group for group in value if isinstance(group, str)] if isinstance(value, list) else []


def _is_later(value: Any, now: datetime) -> bool:
    """Return whether a time claim lies after `now`; what can't be read does not."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value > now.timestamp()
    if not isinstance(value, str):
        return False
    if _SECONDS.fullmatch(value):
        return float(value) > now.timestamp()
    found = _TEXT_TIME.fullmatch(value)
    if found is None:
        return False
    month = _MONTHS.index(found["month"]) + 1
    try:
        written = datetime.fromisoformat(
            f"{found['year']}-{month:02}-{found['day']:>02}T{found['clock']}+00:00"
        )
    except ValueError:
        return False
    return written > now
