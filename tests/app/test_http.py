"""What a client sees over HTTP, against the running product."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import urllib3

MESSAGES = "/api/v1/messages"
NOBODYS = "018f0000-0000-7000-8000-000000000000"
PAGE = "https://app.example.org"
LATER = {
    "content": "Later",
    "channels": ["facebook", "sms"],
    "scheduled_at": "2099-01-01T00:00:00Z",
}


@dataclass(frozen=True)
class Http:
    """Calls the API as one of its users, or as nobody."""

    pool: urllib3.PoolManager
    running: Any

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        user: str | None = "member",
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        given = {"Origin": PAGE}
        content = body
        if body is not None and not isinstance(body, bytes):
            content = json.dumps(body).encode()
        if body is not None:
            given["Content-Type"] = "application/json"
        if user is not None:
            given["Authorization"] = f"Bearer {self.running.token(user)}"
        url = self.running.endpoints["api"] + path
        return self.pool.request(method, url, body=content, headers={**given, **(headers or {})})


@pytest.fixture(scope="module")
def http(running: Any) -> Iterator[Http]:
    with urllib3.PoolManager(maxsize=8, retries=False, timeout=20) as pool:
        yield Http(pool, running)


@pytest.mark.parametrize(
    ("token", "user"),
    [
        (None, None),
        ("garbage", None),
        ("Bearer a.b.c", None),
        ("access", "member"),
        ("forged", "member"),
    ],
)
def test_without_a_valid_id_token_there_is_no_way_in(
    http: Http, token: str | None, user: str | None
) -> None:
    headers = {} if token is None else {"Authorization": token}
    if token == "access":
        headers = {"Authorization": http.running.token("member", use="access")}
    if token == "forged":
        head, body, _ = http.running.token("member").split(".")
        headers = {"Authorization": f"{head}.{body}.{'A' * 342}"}
    reply = http("GET", "/api/v1/me", user=None, headers=headers)
    assert reply.status == 401
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("scheme", ["", "Bearer "])
def test_a_token_is_taken_with_and_without_its_scheme(http: Http, scheme: str) -> None:
    headers = {"Authorization": scheme + http.running.token("manager")}
    reply = http("GET", "/api/v1/me", user=None, headers=headers)
    assert reply.json()["role"] == "community_manager"


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", "/nowhere", None, {}, 404),
        ("GET", f"{MESSAGES}/not-an-id", None, {}, 404),
        ("PUT", MESSAGES, {}, {}, 405),
        ("GET", f"{MESSAGES}/%ff", None, {}, 400),
        ("POST", MESSAGES, b"{", {}, 400),
        ("POST", MESSAGES, b'{"content": "\xff"}', {}, 400),
        ("POST", MESSAGES, b"x" * 300_000, {}, 413),
        ("POST", MESSAGES, {}, {"Content-Type": "text/plain"}, 415),
        ("GET", f"{MESSAGES}?limit=0", None, {}, 400),
        ("GET", f"{MESSAGES}?scope=all", None, {}, 403),
    ],
)
def test_every_refusal_is_a_problem_document_that_pages_can_read(
    http: Http, method: str, path: str, body: Any, headers: dict[str, str], status: int
) -> None:
    reply = http(method, path, body, headers=headers)
    problem = reply.json()
    assert (reply.status, problem["status"]) == (status, status)
    assert {"type", "title", "detail", "code"} <= problem.keys()
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["/health", MESSAGES, f"{MESSAGES}/{NOBODYS}"])
def test_a_preflight_needs_no_token_and_names_what_is_allowed(http: Http, path: str) -> None:
    headers = {"Access-Control-Request-Method": "GET"}
    reply = http("OPTIONS", path, user=None, headers=headers)
    assert reply.status == 200
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    allowed = {name.strip() for name in reply.headers["Access-Control-Allow-Headers"].split(",")}
    assert {"Authorization", "Content-Type", "Idempotency-Key", "If-Match"} <= allowed
    assert "GET" in reply.headers["Access-Control-Allow-Methods"]


def test_a_correlation_id_travels_from_the_request_to_the_timeline(http: Http) -> None:
    correlation = f"test-{uuid4()}"
    made = http("POST", MESSAGES, LATER, headers={"X-Correlation-Id": correlation})
    assert made.headers["X-Correlation-Id"] == correlation
    timeline = http("GET", f"{made.headers['Location']}/timeline").json()
    assert timeline["items"][0]["correlation_id"] == correlation


def test_a_message_is_written_read_changed_and_cancelled(http: Http) -> None:
    made = http("POST", MESSAGES, LATER)
    path = made.headers["Location"]
    assert (made.status, made.json()["status"]) == (202, "scheduled")
    tag = http("GET", path).headers["ETag"]
    changed = http("PATCH", path, {"content": "Later still"}, headers={"If-Match": tag})
    assert (changed.status, changed.json()["revision"]) == (200, 2)
    assert http("PATCH", path, {"content": "No"}, headers={"If-Match": tag}).status == 412
    assert http("PATCH", path, {"content": "No"}).status == 428
    assert http("POST", f"{path}/cancel").json()["status"] == "cancelled"
    assert http("POST", f"{path}/cancel").status == 200


def test_anothers_message_does_not_exist(http: Http) -> None:
    path = http("POST", MESSAGES, LATER).headers["Location"]
    assert http("GET", path, user="member2").status == 404
    assert http("POST", f"{path}/cancel", user="member2").status == 404
    assert http("GET", path, user="manager").status == 200


def test_twins_of_one_request_make_one_message(http: Http) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    with ThreadPoolExecutor(6) as threads:
        replies = list(threads.map(lambda _: http("POST", MESSAGES, LATER, headers=key), range(6)))
    assert {reply.status for reply in replies} <= {202, 409}
    assert len({reply.json()["id"] for reply in replies if reply.status == 202}) == 1
    again = http("POST", MESSAGES, LATER, headers=key)
    assert (again.status, again.headers["Idempotent-Replayed"]) == (202, "true")


def test_callers_side_by_side_are_not_mistaken_for_one_another(http: Http) -> None:
    users = ["member", "member2", "manager", "admin"]
    own = {user: http("GET", "/api/v1/me", user=user).json()["user_id"] for user in users}

    def is_oneself(user: str) -> bool:
        return bool(http("GET", "/api/v1/me", user=user).json()["user_id"] == own[user])

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(is_oneself, users * 25))


def test_a_step_may_be_asked_for_without_a_body_whatever_is_declared(http: Http) -> None:
    draft = http("POST", MESSAGES, {**LATER, "draft": True}).headers["Location"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert http("POST", f"{draft}/publish", headers=form).status == 202


def test_the_description_is_public_and_complete(http: Http) -> None:
    described = http("GET", "/openapi.json", user=None).json()
    assert described["openapi"].startswith("3.1")
    assert f"{MESSAGES}/{{message_id}}/deliveries/{{channel}}/resolve" in described["paths"]


def test_health_is_public(http: Http) -> None:
    assert http("GET", "/health", user=None).json()["status"] == "ok"
