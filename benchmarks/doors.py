"""Knock at the application's own doors, in this process: what API Gateway hands over, no wire."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from chalice.app import Chalice

from chalicelib import settings

FOREVER = 4_102_444_800
"""An `exp` in the year 2100."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the application answered."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Doors:
    """An application as one signed-in member reaches it, whose token the present settings allow."""

    def __init__(self, application: Chalice) -> None:
        """Use an application that was imported under these settings."""
        chosen = settings.current()
        self._app = application
        self._claims = {
            "sub": "benchmark",
            "iss": chosen.token_issuer,
            "aud": chosen.client_id,
            "token_use": "id",
            "exp": FOREVER,
            "name": "Bea Bench",
        }

    def __call__(
        self, method: str, target: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Return the answer to a request; anything but success raises."""
        answer = self._app(self.event(method, target, body, headers), None)
        if answer["statusCode"] >= 300:
            raise RuntimeError(f"{method} {target}: {answer['statusCode']} {answer['body']}")
        given = {**answer.get("headers", {}), **answer.get("multiValueHeaders", {})}
        return Reply(answer["statusCode"], given, json.loads(answer["body"]))

    def event(
        self, method: str, target: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return what API Gateway hands over for a request."""
        path, _, query = target.partition("?")
        route, captured = self._matched(path)
        return {
            "requestContext": {
                "httpMethod": method,
                "resourcePath": route,
                "path": path,
                "authorizer": {"claims": self._claims},
            },
            "headers": {"content-type": "application/json", **(headers or {})},
            "multiValueQueryStringParameters": {k: [v] for k, v in parse_qsl(query)} or None,
            "pathParameters": captured or None,
            "stageVariables": None,
            "body": None if body is None else json.dumps(body),
            "isBase64Encoded": False,
        }

    def _matched(self, path: str) -> tuple[str, dict[str, str]]:
        for route in sorted(self._app.routes):  # "{" sorts after letters: concrete ones come first
            pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]*)", route)
            if found := re.fullmatch(pattern, path):
                return route, found.groupdict()
        raise LookupError(path)
