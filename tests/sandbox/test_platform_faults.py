"""Every kind of fault on every channel: what the platform holds, and what the client saw."""

from __future__ import annotations

import http.client
import time
from datetime import UTC, datetime

import pytest

from tests.sandbox.platform_kit import CHANNELS, Seen, Visitor, until

AFTER = ("drop_after", "error_500_after", "truncated_json", "slow")
BEFORE = ("drop_before", "error_503", "rate_limit", "reject_content", "token_expired")
SHORT_SECONDS = 0.3
NOTICED_SECONDS = 2.0
"""Long enough for a request, however busy the machine is."""


def code_of(channel: str, seen: Seen) -> object:
    """Return the platform's own error code."""
    if channel in ("facebook", "instagram", "whatsapp"):
        return seen.error["code"], seen.error.get("error_subcode")
    if channel == "linkedin":
        return seen.json.get("serviceErrorCode") or seen.json["code"]
    if channel == "email":
        return seen.headers["x-amzn-errortype"]
    return seen.body.decode().partition("<Code>")[2].partition("<")[0]


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind", AFTER)
def test_a_fault_after_the_effect_leaves_exactly_one_post(
    visitor: Visitor, channel: str, kind: str
) -> None:
    publish = visitor.publisher(channel, "Ada passed")
    visitor.arm(channel, kind, seconds=SHORT_SECONDS)
    began = time.monotonic()
    seen = publish()
    (post,) = visitor.posts(channel)
    assert "Ada passed" in post["text"]
    if kind == "drop_after":
        assert seen.failure == "dropped"
    elif kind == "error_500_after":
        assert seen.status == 500
    elif kind == "truncated_json":
        assert seen.failure == "truncated"
    else:
        assert seen.status in (200, 201)
        assert time.monotonic() - began >= SHORT_SECONDS


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind", BEFORE)
def test_a_fault_before_the_effect_leaves_nothing_and_the_next_attempt_works(
    visitor: Visitor, channel: str, kind: str
) -> None:
    publish = visitor.publisher(channel, "Ada passed")
    visitor.arm(channel, kind)
    seen = publish()
    assert visitor.posts() == []
    if kind == "drop_before":
        assert seen.failure == "dropped"
    else:
        assert (seen.status or 0) >= 400
    if (channel, kind) != ("instagram", "reject_content"):  # that container stays rejected
        assert publish().status in (200, 201)
        assert len(visitor.posts(channel)) == 1


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_delayed_effect_gives_no_answer_and_the_post_appears_later(
    visitor: Visitor, channel: str
) -> None:
    publish = visitor.publisher(channel, "Ada passed")
    visitor.arm(channel, "delayed_effect", seconds=SHORT_SECONDS)
    asked = datetime.now(UTC)
    assert publish().failure == "dropped"
    (post,) = until(lambda: visitor.posts(channel))
    waited = datetime.fromisoformat(post["created_at"]) - asked
    assert waited.total_seconds() >= SHORT_SECONDS - 0.001  # it is told in whole milliseconds


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_refused_connection_ends_on_the_same_port(visitor: Visitor, channel: str) -> None:
    publish = visitor.publisher(channel, "Ada passed")
    visitor.arm(channel, "refuse_connection", seconds=NOTICED_SECONDS)
    assert publish().failure == "refused"
    assert visitor.posts() == []
    until(lambda: publish().status in (200, 201))
    assert len(visitor.posts(channel)) == 1


@pytest.mark.parametrize(
    ("channel", "kind", "status", "code"),
    [
        ("facebook", "rate_limit", 403, (32, None)),
        ("facebook", "token_expired", 401, (190, 463)),
        ("facebook", "reject_content", 400, (100, 1346003)),
        ("facebook", "error_503", 503, (2, None)),
        ("instagram", "rate_limit", 403, (4, None)),
        ("instagram", "token_expired", 401, (190, 463)),
        ("instagram", "reject_content", 400, (100, 2207023)),
        ("whatsapp", "rate_limit", 429, (130429, None)),
        ("whatsapp", "token_expired", 401, (190, 463)),
        ("whatsapp", "reject_content", 400, (132007, None)),
        ("linkedin", "rate_limit", 429, 101),
        ("linkedin", "token_expired", 401, 65602),
        ("linkedin", "reject_content", 422, "INVALID_CONTENT"),
        ("linkedin", "error_503", 503, "SERVICE_UNAVAILABLE"),
        ("email", "rate_limit", 429, "TooManyRequestsException"),
        ("email", "token_expired", 403, "ExpiredTokenException"),
        ("email", "reject_content", 400, "MessageRejected"),
        ("sms", "rate_limit", 400, "Throttling"),
        ("sms", "token_expired", 403, "ExpiredToken"),
        ("sms", "reject_content", 400, "InvalidParameter"),
    ],
)
def test_each_platform_refuses_in_its_own_dialect(
    visitor: Visitor, channel: str, kind: str, status: int, code: object
) -> None:
    publish = visitor.publisher(channel, "Ada passed")
    visitor.arm(channel, kind)
    seen = publish()
    assert (seen.status, code_of(channel, seen)) == (status, code)


def test_a_graph_rate_limit_tells_the_wait_in_whole_minutes(visitor: Visitor) -> None:
    publish = visitor.publisher("facebook", "Ada passed")
    visitor.arm("facebook", "rate_limit", seconds=150)
    usage = publish().headers["x-business-use-case-usage"]
    assert '"estimated_time_to_regain_access": 2' in usage


def test_an_expired_token_hits_every_request_and_counts_them(visitor: Visitor) -> None:
    visitor.arm("linkedin", "token_expired", times=2)
    assert [visitor.linkedin("GET", "/rest/me").status for _ in range(3)] == [401, 401, 200]
    assert visitor.control("GET", "/faults").json["items"][0]["used"] == 2


def test_a_fault_ignores_requests_that_publish_nothing(visitor: Visitor) -> None:
    page = visitor.accounts["facebook"]["page_id"]
    visitor.arm("facebook", "error_503")
    hidden = {"url": visitor.gallery.url(b""), "published": False}
    assert visitor.graph("facebook", "GET", f"{page}/feed").status == 200
    assert visitor.graph("facebook", "POST", f"{page}/photos", hidden).status == 400
    assert visitor.control("GET", "/faults").json["items"][0]["used"] == 0


def test_a_post_that_the_platform_refuses_does_not_use_up_a_fault(visitor: Visitor) -> None:
    visitor.arm("facebook", "drop_after")
    assert visitor.publisher("facebook", "")().status == 400
    assert visitor.publisher("facebook", "Ada passed")().failure == "dropped"


def test_a_rejected_container_shows_its_error_when_asked(visitor: Visitor) -> None:
    user = visitor.accounts["instagram"]["ig_user_id"]
    container_id = visitor.container("Ada passed")
    visitor.arm("instagram", "reject_content")
    visitor.graph("instagram", "POST", f"{user}/media_publish", {"creation_id": container_id})
    shown = visitor.graph("instagram", "GET", f"{container_id}?fields=status_code,status").json
    assert (shown["status_code"], shown["status"]) == ("ERROR", "Error: 2207023")


def test_clearing_the_faults_opens_a_refused_listener_at_once(visitor: Visitor) -> None:
    visitor.arm("sms", "refuse_connection", seconds=600)
    assert visitor.publisher("sms", "x")().failure == "refused"
    assert visitor.control("DELETE", "/faults").json == {"items": []}
    assert visitor.publisher("sms", "x")().status == 200


def test_a_refused_connection_also_ends_idle_connections(visitor: Visitor) -> None:
    address = visitor.platforms["linkedin"].removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=5)
    connection.connect()
    sock = connection.sock
    connection.request("GET", "/rest/me", headers=visitor.bearer("linkedin"))
    connection.getresponse().read()
    visitor.arm("linkedin", "refuse_connection", seconds=600)
    assert sock.recv(1) == b""
    connection.close()


def test_under_the_real_host_a_refused_platform_does_nothing(visitor: Visitor) -> None:
    page = visitor.accounts["facebook"]["page_id"]
    visitor.arm("facebook", "refuse_connection", seconds=600)
    path = f"/graph.facebook.com/v26.0/{page}/feed?message=x&access_token="
    token = visitor.accounts["facebook"]["access_token"]
    assert visitor.control("POST", path + token).failure == "dropped"
    assert visitor.posts() == []


def test_a_reset_cancels_an_effect_that_has_not_happened(visitor: Visitor) -> None:
    visitor.arm("facebook", "delayed_effect", seconds=0.2)
    visitor.publisher("facebook", "Ada passed")()
    visitor.control("POST", "/reset")
    visitor.arm("facebook", "slow", seconds=0.4)
    visitor.publisher("facebook", "Another")()  # outlasts the delay without sleeping here
    assert [post["text"] for post in visitor.posts()] == ["Another"]


def test_latency_slows_every_request_of_one_channel(visitor: Visitor) -> None:
    answer = visitor.control("POST", "/latency", {"channel": "linkedin", "ms": 200})
    assert answer.json == {"items": {"linkedin": 200.0}}
    began = time.monotonic()
    visitor.linkedin("GET", "/rest/me")
    assert time.monotonic() - began >= 0.2
    assert visitor.control("POST", "/latency", {"ms": 0}).json == {"items": {}}
