"""The application in this process: real routes and services over memory and a clock of ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from urllib.parse import parse_qs

import pytest
from jsonschema import Draft202012Validator

import app as doors
from chalicelib import edge, wiring
from chalicelib.domain.channels import Account, AwsCall, HttpRequest, Response
from chalicelib.domain.identity import Role
from chalicelib.domain.ports import Hint, UploadTicket
from chalicelib.edge import Tokens
from chalicelib.gateways.secrets import HmacSigner
from chalicelib.repositories.store import Store
from tests.fakes.table import MemoryTable

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Test00000"
CLIENT = "client-of-the-tests"
CHANNELS = ("email", "facebook", "instagram", "linkedin", "sms", "whatsapp")
UNKNOWN_ID = "019aa5c0-0000-7000-8000-00000000ffff"


@dataclass
class Now:
    """A clock that moves only when told."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Numbers:
    """Identifiers in order, each a version 7 UUID."""

    count: int = 0

    def new(self) -> str:
        self.count += 1
        return f"019aa5c0-0000-7000-8000-{self.count:012x}"


@dataclass
class Voice:
    """Telemetry that remembers."""

    lines: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)
    failures: list[BaseException] = field(default_factory=list)
    correlation_id: str = ""

    def event(self, name: str, /, **fields: object) -> None:
        self.lines.append((name, fields))

    def count(self, name: str, /, value: float = 1, unit: str = "Count", **by: str) -> None:
        self.lines.append((name, by))

    def failure(self, name: str, error: BaseException, /) -> None:
        self.failures.append(error)

    def span(self, name: str, /, **annotations: str) -> Voice:
        return self

    def correlated(self, correlation_id: str, /, **fields: str) -> Voice:
        self.correlation_id = correlation_id
        return self

    def carried(self, work: Callable[..., Any]) -> Callable[..., Any]:
        return work

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


@dataclass
class Vault:
    """Secrets in memory."""

    kept: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def read(
        self, name: str, *, version: int | None = None, fresh: bool = False
    ) -> Mapping[str, str]:
        return self.kept.get(name, {})

    def create(self, name: str, fields: Mapping[str, str]) -> bool:
        return self.kept.setdefault(name, fields) is fields

    def write(self, name: str, fields: Mapping[str, str]) -> None:
        self.kept[name] = fields


@dataclass
class River:
    """A stream that takes everything and keeps it."""

    hints: list[Hint] = field(default_factory=list)

    def put(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        self.hints += hints
        return ()


class Shelf:
    """A media store without media."""

    def ticket(self, upload_id: str, content_type: str, size: int, now: datetime) -> UploadTicket:
        fields = {"key": f"uploads/{upload_id}", "Content-Type": content_type}
        return UploadTicket("https://media.example.org/", fields, now + timedelta(minutes=5))

    def size(self, ref: str) -> tuple[int, int] | None:
        return None


class Refusing:
    """Platforms that refuse every credential."""

    def perform(
        self, step: HttpRequest | AwsCall, account: Account, until: datetime | None = None
    ) -> Response:
        body = {"error": {"message": "Invalid OAuth access token.", "code": 190}}
        return Response(401, body=json.dumps(body).encode(), error="ExpiredTokenException")


class Nobody:
    """Starts nothing."""

    def release(self, at: datetime) -> None:
        return None


@dataclass(frozen=True)
class Reply:
    """What the application answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def claims(role: Role = Role.MEMBER, subject: str = "", **changed: Any) -> dict[str, Any]:
    """Return a member's claims as API Gateway hands them over: everything is text."""
    found = {
        "sub": subject or f"sub-of-{role}",
        "aud": CLIENT,
        "iss": ISSUER,
        "token_use": "id",
        "exp": "Sat Nov 21 13:00:00 UTC 2026",
        "iat": "Sat Nov 21 12:00:00 UTC 2026",
        "name": f"Ada {role.value.title()}",
        "email": "ada@example.org",
        "cognito:username": "ada",
        "cognito:groups": role.value,
    }
    return {name: value for name, value in {**found, **changed}.items() if value is not None}


MEMBER, MANAGER, ADMIN = (claims(role) for role in Role)
OTHER = claims(subject="somebody-else")


def event(
    method: str,
    target: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    who: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a request as API Gateway hands it to Lambda."""
    path, _, query = target.partition("?")
    route, captured = matched(path)
    content = body if isinstance(body, str | bytes | None) else json.dumps(body)
    given = {"content-type": "application/json"} if content is not None else {}
    context: dict[str, Any] = {"httpMethod": method, "resourcePath": route, "path": path}
    if who is not None:
        context["authorizer"] = {"claims": dict(who)}
    return {
        "requestContext": context,
        "headers": {**given, **(headers or {})},
        "multiValueQueryStringParameters": parse_qs(query, keep_blank_values=True) or None,
        "pathParameters": captured or None,
        "stageVariables": None,
        "body": content,
        "isBase64Encoded": False,
    }


@cache
def patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (route, re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]*)", route)))
        for route in sorted(doors.app.routes)
    ]


def matched(path: str) -> tuple[str, dict[str, str]]:
    """Return the route of a path and what it captures, concrete routes first."""
    for route, pattern in patterns():
        if found := pattern.fullmatch(path):
            return route, found.groupdict()
    raise LookupError(path)


@dataclass
class Api:
    """The application and what it stands on."""

    clock: Now
    voice: Voice
    river: River

    def __call__(
        self,
        method: str,
        target: str,
        body: Any = None,
        *,
        who: Mapping[str, Any] | None = MEMBER,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        request = event(method, target, body, headers, who)
        answer = doors.app(request, None)
        named = {**answer["headers"], **answer["multiValueHeaders"]}
        reply = Reply(answer["statusCode"], named, answer["body"])
        check_promise(method, request["requestContext"]["resourcePath"], reply)
        return reply


@cache
def description() -> Any:
    """Return the published description of the API."""
    return edge.openapi.document(
        doors.app, CHANNELS, version="0.0.0", server_url="https://api.example.org"
    )


@cache
def validator(method: str, route: str, status: int) -> Draft202012Validator | None:
    """Return what judges an answer's JSON as the description promises it."""
    responses = description()["paths"][route][method.lower()]["responses"]
    content = responses[str(status)].get("content", {})
    kinds = [content[kind]["schema"] for kind in content if kind.endswith("json")]
    if not kinds:
        return None
    schema = {**kinds[0], "components": description()["components"]}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def check_promise(method: str, route: str, reply: Reply) -> None:
    """Raise unless an answer is one that the published description promises."""
    if method.lower() not in description()["paths"].get(route, {}):
        return
    promise = validator(method, route, reply.status)
    if promise is not None and reply.headers["Content-Type"] != "text/html; charset=utf-8":
        promise.validate(reply.json)


def assemble(monkeypatch: pytest.MonkeyPatch) -> Api:
    """Return the application over memory; every other factory of the wiring is the real one."""
    clock, ids, voice, river = Now(), Numbers(), Voice(), River()
    store = Store(MemoryTable(), ids, Random(1), clock.sleep)
    vault = Vault()
    replaced: dict[str, Any] = {
        "clock": clock,
        "ids": ids,
        "telemetry": voice,
        "stream": river,
        "store": store,
        "secrets": vault,
        "signer": HmacSigner(vault),
        "media": Shelf(),
        "transport": Refusing(),
        "starter": Nobody(),
    }
    for name, factory in vars(wiring).items():
        if hasattr(factory, "cache_clear") and name not in replaced:
            monkeypatch.setattr(wiring, name, cache(factory.__wrapped__))
    for name, value in replaced.items():
        monkeypatch.setattr(wiring, name, lambda value=value: value)
    ports = edge.Ports(
        channels=tuple(CHANNELS),
        clock=lambda: clock,
        signer=wiring.signer,
        telemetry=lambda: voice,
    )
    monkeypatch.setattr(doors.api, "_ports", ports)
    monkeypatch.setattr(doors.api, "_tokens", Tokens(ISSUER, CLIENT))
    monkeypatch.setattr(doors.api, "_origins", ("*",))
    return Api(clock, voice, river)
