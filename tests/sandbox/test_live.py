"""The local WebSocket gateway: API Gateway's events, limits and ways to close, on real sockets."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from chalice.app import Chalice
from wsproto.events import Pong

from chalicelib.domain.errors import PushFailed
from chalicelib.gateways.push import WebSocketPush
from sandbox.embedded import ACCESS_KEY
from sandbox.gateway import Gateway
from sandbox.http_server import GatewayServer
from sandbox.live import CONNECT, DISCONNECT, MESSAGE, Limits, LiveGateway
from tests.live_client import Closed, Headers, LiveClient, Refused, connected

WAIT_SECONDS = 60.0
FRAME, WHOLE = 64, 256


class Application:
    """Handlers that remember their events and answer as they are told."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.status = 200
        self.says: Callable[[dict[str, Any]], object] = lambda _: None
        self.has_left = threading.Event()

    def connect(self, event: dict[str, Any]) -> dict[str, int]:
        self.events.append(event)
        return {"statusCode": self.status}

    def message(self, event: dict[str, Any]) -> dict[str, int]:
        self.events.append(event)
        self.says(event)
        return {"statusCode": 200}

    def disconnect(self, event: dict[str, Any]) -> dict[str, int]:
        self.events.append(event)
        self.has_left.set()
        return {"statusCode": 200}

    def routes(self) -> list[str]:
        return [event["requestContext"]["routeKey"] for event in self.events]


class Copy:
    """A running gateway."""

    def __init__(self, application: Application, limits: Limits) -> None:
        functions = {
            CONNECT: application.connect,
            MESSAGE: application.message,
            DISCONNECT: application.disconnect,
        }
        gateway = Gateway(Chalice(app_name="small"), lambda _: {})
        self.live = LiveGateway(functions, "127.0.0.1:0", limits)
        self.server = GatewayServer(("127.0.0.1", 0), gateway, contextlib.nullcontext(), self.live)
        self.url = f"ws://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()

    def push(self, access_key: str = ACCESS_KEY) -> WebSocketPush:
        """Return the product's own client."""
        client = boto3.client(
            "apigatewaymanagementapi",
            region_name="us-east-1",
            endpoint_url=self.url.replace("ws:", "http:"),
            aws_access_key_id=access_key,
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}),
        )
        return WebSocketPush(client)

    def request(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=10)
        try:
            connection.request(method, path, b"frame", headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def stop(self) -> None:
        self.server.stop()
        self._thread.join(WAIT_SECONDS)
        assert not self._thread.is_alive()


@pytest.fixture
def application() -> Application:
    return Application()


@pytest.fixture
def copy(application: Application) -> Iterator[Copy]:
    running = Copy(application, Limits(message_bytes=WHOLE, frame_bytes=FRAME))
    yield running
    running.stop()


def closed_with(client: LiveClient) -> int:
    with pytest.raises(Closed) as closed:
        client.hear()
    return closed.value.code


def identity(application: Application) -> str:
    return str(application.events[0]["requestContext"]["connectionId"])


def test_a_connection_has_api_gateways_three_events(copy: Copy, application: Application) -> None:
    with connected(f"{copy.url}?ticket=abc&x=1&x=2", [("Origin", copy.url)]) as client:
        client.say({"type": "ping"})
        client.ping()
        client.event()  # what was said before it has been handled
    assert application.has_left.wait(WAIT_SECONDS)
    opened, said, left = application.events
    assert application.routes() == [CONNECT, MESSAGE, DISCONNECT]
    assert opened["queryStringParameters"] == {"ticket": "abc", "x": "2"}
    assert opened["multiValueQueryStringParameters"]["x"] == ["1", "2"]
    assert opened["headers"]["Origin"] == copy.url
    assert said["body"] == '{"type": "ping"}'
    assert {each["requestContext"]["connectionId"] for each in (opened, said, left)} == {
        identity(application)
    }
    kinds = [each["requestContext"]["eventType"] for each in application.events]
    assert kinds == ["CONNECT", "MESSAGE", "DISCONNECT"]


def test_the_management_client_of_the_product_reaches_a_connection(
    copy: Copy, application: Application
) -> None:
    with connected(copy.url) as client:
        assert copy.push().send(identity(application), '{"type":"message"}')
        assert client.hear() == {"type": "message"}


def test_a_handler_may_answer_while_it_handles(copy: Copy, application: Application) -> None:
    application.says = lambda _: copy.push().send(identity(application), '{"type":"ready"}')
    with connected(copy.url) as client:
        assert client.ready()


def test_who_hung_up_is_gone(copy: Copy, application: Application) -> None:
    with connected(copy.url):
        pass
    assert application.has_left.wait(WAIT_SECONDS)
    assert not copy.push().send(identity(application), "frame")


def test_nobody_is_gone_who_never_came(copy: Copy) -> None:
    assert not copy.push().send("AAAAAAAAAAAAAAA=", "frame")


def test_only_the_local_credentials_may_send(copy: Copy, application: Application) -> None:
    with connected(copy.url), pytest.raises(PushFailed):
        copy.push("stranger").send(identity(application), "frame")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}])
def test_a_page_can_not_send(copy: Copy, headers: dict[str, str]) -> None:
    status, problem = copy.request("POST", "/@connections/abc", headers)
    assert (status, problem["code"]) == (403, "forbidden")


def test_the_management_api_takes_only_frames(copy: Copy) -> None:
    signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/2026/x, …".encode()}
    status, problem = copy.request("DELETE", "/@connections/abc", signed)  # type: ignore[arg-type]
    assert (status, problem["code"]) == (404, "not_found")


@pytest.mark.parametrize("status", [401, 403, 500])
def test_whom_the_application_refuses_is_not_connected(
    copy: Copy, application: Application, status: int
) -> None:
    application.status = status
    with pytest.raises(Refused) as refused:
        LiveClient(copy.url)
    assert refused.value.status == status
    assert application.routes() == [CONNECT]


@pytest.mark.parametrize(
    "headers",
    [[("Origin", "https://evil.example")], [("Origin", "null")], [("Origin", "http://[")]],
)
def test_a_page_of_another_site_does_not_reach_the_application(
    copy: Copy, application: Application, headers: Headers
) -> None:
    with pytest.raises(Refused) as refused:
        LiveClient(copy.url, headers)
    assert (refused.value.status, application.events) == (403, [])


def test_a_name_that_was_pointed_here_does_not_reach_the_application(
    copy: Copy, application: Application
) -> None:
    headers = {
        "Host": "evil.example",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    assert copy.request("GET", "/", headers)[0] == 403
    assert application.events == []


@pytest.mark.parametrize(
    "changes",
    [{"Sec-WebSocket-Key": ""}, {"Sec-WebSocket-Version": "12"}, {"Connection": "close"}],
)
def test_what_is_no_handshake_is_refused(copy: Copy, changes: dict[str, str]) -> None:
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        **changes,
    }
    status, problem = copy.request("GET", "/", headers)
    assert (status, problem["code"]) == (400, "bad_request")


def test_there_is_one_address(copy: Copy) -> None:
    with pytest.raises(Refused) as refused:
        LiveClient(f"{copy.url}/health")
    assert refused.value.status == 404


def test_a_query_that_can_not_be_decoded_is_refused(copy: Copy) -> None:
    with pytest.raises(Refused) as refused:
        LiveClient(f"{copy.url}?ticket=%ff")
    assert refused.value.status == 400


def test_a_message_of_several_frames_is_one(copy: Copy, application: Application) -> None:
    with connected(copy.url) as client:
        for _ in range(WHOLE // FRAME - 1):
            client.part("x" * FRAME, last=False)
        client.part("y" * FRAME, last=True)
        client.ping()
        assert isinstance(client.event(), Pong)
    assert application.events[1]["body"] == "x" * (WHOLE - FRAME) + "y" * FRAME


def test_a_frame_that_is_too_big_ends_the_connection(copy: Copy, application: Application) -> None:
    with connected(copy.url) as client:
        client.text("x" * (FRAME + 1))
        assert closed_with(client) == 1009
    assert MESSAGE not in application.routes()


def test_a_message_that_is_too_big_ends_the_connection(copy: Copy) -> None:
    with connected(copy.url) as client:
        for _ in range(WHOLE // FRAME):
            client.part("x" * FRAME, last=False)
        client.part("x", last=True)
        assert closed_with(client) == 1009


def test_a_binary_frame_ends_the_connection(copy: Copy) -> None:
    with connected(copy.url) as client:
        client.bytes(b"\x00")
        assert closed_with(client) == 1003


@pytest.mark.parametrize("junk", [b"\xff" * 10, b"GET / HTTP/1.1\r\n\r\n", b"\x81\x05hello"])
def test_what_is_no_frame_ends_the_connection(
    copy: Copy, application: Application, junk: bytes
) -> None:
    with connected(copy.url) as client:
        client.raw(junk)
        assert closed_with(client) == 1002
    assert application.has_left.wait(WAIT_SECONDS)


def test_a_handler_that_fails_is_told_and_ends_nothing(
    copy: Copy, application: Application
) -> None:
    def fail(_: object) -> None:
        raise ValueError("boom")

    application.says = fail
    with connected(copy.url) as client:
        client.text("one")
        assert client.hear()["message"] == "Internal server error"
        client.text("two")
        assert client.hear()["message"] == "Internal server error"


def test_an_orderly_stop_closes_every_connection(application: Application) -> None:
    running = Copy(application, Limits())
    with connected(running.url) as client:
        running.stop()
        assert closed_with(client) == 1001
    assert application.routes() == [CONNECT, DISCONNECT]


@pytest.mark.parametrize("limits", [Limits(idle_seconds=0), Limits(life_seconds=0)])
def test_a_connection_that_is_silent_or_old_is_closed(
    application: Application, limits: Limits
) -> None:
    running = Copy(application, limits)
    try:
        with connected(running.url) as client:
            assert closed_with(client) == 1001
    finally:
        running.stop()


def test_the_limits_are_api_gateways() -> None:
    limits = Limits()
    assert (limits.message_bytes, limits.frame_bytes) == (131_072, 32_768)
    assert (limits.idle_seconds, limits.life_seconds) == (600, 7200)
