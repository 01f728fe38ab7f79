"""Speak LinkedIn's Rest.li: versions, protocol headers, methods, tokens and errors.

Source of codes and shapes: the project's channel fact sheet, section 4.4 (checked November 2026).
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sandbox.platforms.engine.wire import Answer, Request, json_answer

SUNSET_DAY = 15
"""A version published in a month is switched off in the middle of that month a year later."""


class RestliError(Exception):
    """An error the platform answers with."""

    def __init__(self, status: int, code: str, message: str, service: int | None = None) -> None:
        """Describe it; ``service`` is the platform's own number."""
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"status": status, "code": code, "message": message}
        if service is not None:
            self.body["serviceErrorCode"] = service

    def answer(self) -> Answer:
        """Return it as an answer."""
        return json_answer(self.status, self.body)


def check_headers(request: Request, today: datetime) -> None:
    """Check version and protocol of a versioned call. Raise RestliError."""
    version = request.headers.get("LinkedIn-Version", "").strip()
    if not version:
        raise RestliError(400, "VERSION_MISSING", "send the LinkedIn-Version header")
    if not is_active(version, today):
        raise RestliError(426, "NONEXISTENT_VERSION", f"version {version} is not active")
    if request.headers.get("X-Restli-Protocol-Version", "").strip() != "2.0.0":
        raise RestliError(400, "ILLEGAL_ARGUMENT", "X-Restli-Protocol-Version must be 2.0.0", 100)


def is_active(version: str, today: datetime) -> bool:
    """Say whether a YYYYMM version is between its month and its sunset a year later."""
    if not re.fullmatch(r"\d{4}(0[1-9]|1[0-2])", version):
        return False
    age = (today.year - int(version[:4])) * 12 + today.month - int(version[4:])
    return 0 <= age < 12 or (age == 12 and today.day <= SUNSET_DAY)


def rest_method(request: Request) -> str:
    """Return the Rest.li method, from its header or from the shape of the request."""
    announced = request.headers.get("X-Restli-Method", "").strip().upper()
    if "action" in request.arguments:
        implied = "ACTION"
    elif "q" in request.arguments:
        implied = "FINDER"
    else:
        single = len(request.segments) > 2
        implied = {
            "POST": "PARTIAL_UPDATE" if single else "CREATE",
            "DELETE": "DELETE",
            "PUT": "UPDATE",
        }.get(request.method, "GET" if single else "GET_ALL")
    if announced and announced != implied:
        detail = f"X-RestLi-Method is {announced} but this is a {implied}"
        raise RestliError(400, "ILLEGAL_ARGUMENT", detail, 100)
    if implied == "PARTIAL_UPDATE" and not announced:
        raise RestliError(400, "ILLEGAL_ARGUMENT", "X-RestLi-Method is needed here", 100)
    return implied


def urn_key(request: Request, position: int) -> str:
    """Return a URN from the path, which must be percent-encoded there."""
    raw = [part for part in request.path.split("/") if part][position]
    if ":" in raw:
        raise RestliError(400, "ILLEGAL_ARGUMENT", "a URN in a path is percent-encoded", 100)
    return request.segments[position]
