"""The transport against a server that misbehaves on loopback, request by request."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from chalicelib.domain.channels import (
    Account,
    AwsCall,
    ChannelName,
    HttpRequest,
    MediaBytes,
    MediaUrl,
)
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    PlatformUnavailable,
    StoreUnavailable,
)
from chalicelib.gateways.transport import HttpTransport, single_attempt

CANARY = "canary-token-0123456789abcdef"
OK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n"
    + b'{"id": "42"}'
)
READ_SECONDS = 0.25

Behaviour = Callable[[socket.socket], None]


@dataclass
class Server:
    """What it was sent, and where it listens."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def base(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def heads(self) -> list[str]:
        """Return the first line of each request."""
        return [request.split(b"\r\n", 1)[0].decode() for request in self.requests]

    def body(self, number: int = 0) -> bytes:
        """Return the body of one request."""
        return self.requests[number].partition(b"\r\n\r\n")[2]

    def headers(self, number: int = 0) -> dict[str, str]:
        """Return the headers of one request, by lower-case name."""
        lines = self.requests[number].partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def answering(raw: bytes) -> Behaviour:
    """Answer with exactly these bytes."""
    return lambda connection: connection.sendall(raw)


def hanging_up(connection: socket.socket) -> None:
    """Close without a word."""
    connection.shutdown(socket.SHUT_RDWR)


def resetting(connection: socket.socket) -> None:
    """Break the connection off."""
    linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.close()


def keeping_silent(connection: socket.socket) -> None:
    """Say nothing until the other side gives up."""
    with suppress(OSError):
        connection.recv(1)


@contextmanager
def serving(*behaviours: Behaviour) -> Iterator[Server]:
    """Treat the n-th request by the n-th behaviour, the last one for all further."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = Server(listener.getsockname()[1])
    open_connections: list[socket.socket] = []

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while (request := _read_request(connection)) is not None:
                server.requests.append(request)
                behaviour = behaviours[min(len(server.requests), len(behaviours)) - 1]
                behaviour(connection)

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                server.connections += 1
                open_connections.append(connection)
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        for sock in (listener, *open_connections):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        acceptor.join(2)


def _read_request(connection: socket.socket) -> bytes | None:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65_536)
        if not part:
            return None
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            while len(body) < int(value):
                body += connection.recv(65_536)
        if name.lower() == b"expect":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    return head + b"\r\n\r\n" + body


class Clock:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 11, 21, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the present."""
        return self.instant

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.instant += timedelta(seconds=seconds)


def client(service: str, endpoint: str | None) -> Any:
    """Make an AWS client as the product does."""
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key=CANARY,
        config=single_attempt(0.5, READ_SECONDS),
    )


def transport(
    base: str | None, clock: Clock | None = None, read: Callable[[str], bytes] = str.encode
) -> HttpTransport:
    """Return a transport whose channels are all served at one address."""
    names = ("facebook", "email", "sms")
    return HttpTransport(
        media_url=lambda ref: f"https://media.example.org/{ref}?signed=1",
        media_bytes=read,
        client=client,
        endpoints=dict.fromkeys(names, base) if base else {},
        connect_timeout_seconds=0.5,
        read_timeout_seconds=READ_SECONDS,
        clock=clock or Clock(),
    )


FACEBOOK = Account(ChannelName("facebook"), secrets={"access_token": CANARY})
EMAIL = Account(ChannelName("email"))
SMS = Account(ChannelName("sms"))


def post(*, publishes: bool = True, **more: Any) -> HttpRequest:
    """Return a request to a real host."""
    return HttpRequest(
        "POST",
        "https://graph.facebook.com/v26.0/1/feed",
        headers={"Authorization": f"Bearer {CANARY}"},
        publishes=publishes,
        **more,
    )


CALLS = {
    "sesv2": AwsCall(
        "sesv2",
        "send_email",
        {
            "FromEmailAddress": "news@example.org",
            "Destination": {"ToAddresses": ["ada@example.org"]},
            "Content": {"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
        },
        publishes=True,
    ),
    "sns": AwsCall(
        "sns", "publish", {"PhoneNumber": "+447700900321", "Message": "Hello"}, publishes=True
    ),
}
STEPS = {
    "http": (post(json={"message": "Hello"}), FACEBOOK),
    "sesv2": (CALLS["sesv2"], EMAIL),
    "sns": (CALLS["sns"], SMS),
}
UNANSWERED = {
    "hangs up": hanging_up,
    "resets": resetting,
    "keeps silent": keeping_silent,
    "cuts the body": answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
    "speaks nonsense": answering(b"\x00\x01 no protocol at all\r\n\r\n"),
}


@pytest.mark.parametrize("kind", STEPS)
@pytest.mark.parametrize("how", UNANSWERED)
def test_a_step_that_publishes_and_gets_no_answer_is_in_doubt(kind: str, how: str) -> None:
    step, account = STEPS[kind]
    with serving(UNANSWERED[how]) as server, pytest.raises(Ambiguous):
        transport(server.base).perform(step, account)


@pytest.mark.parametrize("kind", STEPS)
@pytest.mark.parametrize("how", UNANSWERED)
def test_one_step_is_one_request_on_the_wire_however_it_ends(kind: str, how: str) -> None:
    step, account = STEPS[kind]
    with serving(UNANSWERED[how]) as server, pytest.raises(ChannelError):
        transport(server.base).perform(step, account)
    assert len(server.requests) == 1


@pytest.mark.parametrize("kind", STEPS)
@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_refusal_is_an_answer_and_not_repeated(kind: str, status: int) -> None:
    step, account = STEPS[kind]
    body = (
        b"<ErrorResponse><Error><Code>No</Code></Error></ErrorResponse>" if kind == "sns" else b""
    )
    raw = f"HTTP/1.1 {status} No\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    with serving(answering(raw)) as server:
        response = transport(server.base).perform(step, account)
    assert (response.status, response.ok, len(server.requests)) == (status, False, 1)


@pytest.mark.parametrize("how", UNANSWERED)
def test_a_step_that_only_prepares_leaves_no_doubt(how: str) -> None:
    with serving(UNANSWERED[how]) as server, pytest.raises(PlatformUnavailable):
        transport(server.base).perform(post(publishes=False), FACEBOOK)


@pytest.mark.parametrize("kind", STEPS)
def test_a_refused_connection_sent_nothing(kind: str) -> None:
    step, account = STEPS[kind]
    with serving() as server:
        base = server.base
    with pytest.raises(PlatformUnavailable):
        transport(base).perform(step, account)


@pytest.mark.parametrize("kind", STEPS)
def test_an_unknown_host_was_sent_nothing(kind: str) -> None:
    step, account = STEPS[kind]
    with pytest.raises(PlatformUnavailable):
        transport("http://nowhere.invalid").perform(step, account)


@pytest.mark.parametrize("kind", STEPS)
def test_a_failed_handshake_sent_nothing_or_is_in_doubt_but_never_an_answer(kind: str) -> None:
    step, account = STEPS[kind]
    with serving(answering(OK)) as server, pytest.raises(ChannelError):
        transport(f"https://127.0.0.1:{server.port}").perform(step, account)
    assert server.requests == []


def test_a_failed_handshake_leaves_no_doubt_over_http() -> None:
    with serving(answering(OK)) as server, pytest.raises(PlatformUnavailable):
        transport(f"https://127.0.0.1:{server.port}").perform(post(), FACEBOOK)


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    raw = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"
    with serving(answering(raw), answering(OK)) as server:
        assert transport(server.base).perform(post(), FACEBOOK).status == 302
    assert len(server.requests) == 1


def test_a_small_answer_that_unpacks_to_a_huge_one_is_none() -> None:
    bomb = gzip.compress(b"\x00" * 50_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    with serving(answering(head.encode() + bomb)) as server, pytest.raises(Ambiguous):
        transport(server.base).perform(post(), FACEBOOK)


def test_a_broken_compression_is_no_answer() -> None:
    raw = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"
    with serving(answering(raw)) as server, pytest.raises(Ambiguous):
        transport(server.base).perform(post(), FACEBOOK)


def test_an_answer_in_pieces_is_put_together() -> None:
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    raw += b'8\r\n{"id": "\r\n4\r\n42"}\r\n0\r\n\r\n'
    with serving(answering(raw)) as server:
        assert transport(server.base).perform(post(), FACEBOOK).json() == {"id": "42"}


def test_a_compressed_answer_is_unpacked() -> None:
    body = gzip.compress(b'{"id": "42"}')
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    with serving(answering(head.encode() + body)) as server:
        assert transport(server.base).perform(post(), FACEBOOK).json() == {"id": "42"}


def test_a_piece_that_is_cut_is_no_answer() -> None:
    def cut(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{")
        connection.shutdown(socket.SHUT_RDWR)

    with serving(cut) as server, pytest.raises(Ambiguous):
        transport(server.base).perform(post(), FACEBOOK)


def test_a_body_that_is_shorter_than_announced_is_no_answer() -> None:
    def cut(connection: socket.socket) -> None:
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id": "42"}')
        connection.shutdown(socket.SHUT_RDWR)

    with serving(cut) as server, pytest.raises(Ambiguous):
        transport(server.base).perform(post(), FACEBOOK)


def test_an_endless_answer_is_none() -> None:
    def pour(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65_536)

    with serving(pour) as server, pytest.raises(Ambiguous):
        transport(server.base).perform(post(), FACEBOOK)


def test_an_answer_that_trickles_in_ends_with_the_calls_time() -> None:
    clock = Clock()

    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        clock.sleep(60)
        connection.sendall(b"}")
        keeping_silent(connection)

    with serving(trickle) as server, pytest.raises(Ambiguous, match="too long"):
        transport(server.base, clock).perform(post(), FACEBOOK)


def test_an_old_protocol_without_a_length_is_read_to_its_end() -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b'HTTP/1.0 200 OK\r\n\r\n{"id": "42"}')
        connection.shutdown(socket.SHUT_RDWR)

    with serving(answer) as server:
        assert transport(server.base).perform(post(), FACEBOOK).json() == {"id": "42"}


def test_of_a_header_that_is_repeated_the_first_counts() -> None:
    raw = b"HTTP/1.1 200 OK\r\nX-Id: one\r\nx-id: two\r\nContent-Length: 0\r\n\r\n"
    with serving(answering(raw)) as server:
        assert transport(server.base).perform(post(), FACEBOOK).headers["x-id"] == "one"


def test_a_connection_is_used_again_while_it_is_fresh() -> None:
    with serving(answering(OK)) as server:
        sender = transport(server.base)
        for _ in range(3):
            sender.perform(post(publishes=False), FACEBOOK)
    assert (len(server.requests), server.connections) == (3, 1)


def test_a_connection_that_was_idle_is_not_used_again() -> None:
    clock = Clock()
    with serving(answering(OK)) as server:
        sender = transport(server.base, clock)
        sender.perform(post(publishes=False), FACEBOOK)
        clock.sleep(16)
        sender.perform(post(publishes=False), FACEBOOK)
    assert (len(server.requests), server.connections) == (2, 2)


def test_a_post_has_a_connection_of_its_own() -> None:
    with serving(answering(OK)) as server:
        sender = transport(server.base)
        sender.perform(post(publishes=False), FACEBOOK)
        for _ in range(2):
            sender.perform(post(), FACEBOOK)
    assert (len(server.requests), server.connections) == (3, 3)


def test_a_connection_the_other_side_closed_costs_no_doubt() -> None:
    closed = threading.Event()

    def answer_and_leave(connection: socket.socket) -> None:
        connection.sendall(OK)
        connection.shutdown(socket.SHUT_RDWR)
        closed.set()

    with serving(answer_and_leave) as server:
        sender = transport(server.base)
        sender.perform(post(), FACEBOOK)
        assert closed.wait(2)
        assert sender.perform(post(), FACEBOOK).ok
    assert len(server.requests) == 2


def test_an_aws_call_has_a_connection_of_its_own() -> None:
    raw = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"MessageId": "m"}'
    with serving(answering(raw)) as server:
        transport(server.base).perform(CALLS["sesv2"], EMAIL)
    assert server.headers()["connection"] == "close"


def test_a_real_host_becomes_its_stand_in_with_path_and_parameters() -> None:
    request = HttpRequest(
        "GET", "https://graph.facebook.com/v26.0/1?a=b", params={"since": "1", "q": "é&ü"}
    )
    with serving(answering(OK)) as server:
        transport(server.base).perform(request, FACEBOOK)
    assert server.heads == ["GET /v26.0/1?a=b&since=1&q=%C3%A9%26%C3%BC HTTP/1.1"]


def test_an_address_the_stand_in_gave_out_is_called_as_it_is() -> None:
    with serving(answering(OK)) as server:
        request = HttpRequest("PUT", f"{server.base}/upload/7", body=MediaBytes("jpeg"))
        transport(f"{server.base}/").perform(request, FACEBOOK)
    assert server.heads == ["PUT /upload/7 HTTP/1.1"]


@pytest.mark.parametrize("url", ["http://graph.facebook.com/x", "file:///etc/hosts", "//x/y"])
def test_without_a_stand_in_only_https_leaves(url: str) -> None:
    with pytest.raises(PlatformUnavailable, match="https"):
        transport(None).perform(HttpRequest("POST", url, publishes=True), FACEBOOK)


def test_a_stand_in_of_another_channel_is_not_used() -> None:
    whatsapp = Account(ChannelName("whatsapp"))
    with serving(answering(OK)) as server, pytest.raises(PlatformUnavailable):
        transport(server.base).perform(HttpRequest("GET", "https://nowhere.invalid/"), whatsapp)
    assert server.requests == []


@pytest.mark.parametrize("url", ["https://[x/", "https://", "https://x:99999/", "https:///path"])
def test_a_malformed_address_is_not_called(url: str) -> None:
    with pytest.raises(PlatformUnavailable):
        transport(None).perform(HttpRequest("POST", url, publishes=True), FACEBOOK)


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\x00b", "snow \u2603"])
def test_a_header_with_a_forbidden_character_is_not_sent(value: str) -> None:
    with serving(answering(OK)) as server, pytest.raises(PlatformUnavailable):
        request = HttpRequest("POST", "https://x.example/", headers={"X-Name": value})
        transport(server.base).perform(request, FACEBOOK)
    assert server.requests == []


def test_json_is_sent_as_utf_8_with_addresses_of_pictures() -> None:
    body = {"message": "Grüße 🎉", "url": MediaUrl("a.jpg"), "list": [MediaUrl("b.jpg"), 1, None]}
    with serving(answering(OK)) as server:
        transport(server.base).perform(post(json=body), FACEBOOK)
    assert server.headers()["content-type"] == "application/json"
    assert json.loads(server.body()) == {
        "message": "Grüße 🎉",
        "url": "https://media.example.org/a.jpg?signed=1",
        "list": ["https://media.example.org/b.jpg?signed=1", 1, None],
    }


def test_a_form_has_nested_values_as_json() -> None:
    form = {"message": "a&b", "attached_media": [{"media_fbid": "1"}]}
    with serving(answering(OK)) as server:
        transport(server.base).perform(post(form=form), FACEBOOK)
    assert server.headers()["content-type"] == "application/x-www-form-urlencoded"
    assert server.body() == (
        b"message=a%26b&attached_media=%5B%7B%22media_fbid%22%3A+%221%22%7D%5D"
    )


def test_a_picture_is_sent_as_its_bytes() -> None:
    request = HttpRequest(
        "PUT",
        "https://www.linkedin.com/upload",
        headers={"Content-Type": "image/jpeg"},
        body=MediaBytes("jpeg"),
    )
    with serving(answering(OK)) as server:
        transport(server.base).perform(request, FACEBOOK)
    assert (server.headers()["content-type"], server.body()) == ("image/jpeg", b"jpeg")


def test_a_picture_that_our_store_does_not_give_leaves_no_doubt() -> None:
    def fail(ref: str) -> bytes:
        raise StoreUnavailable

    request = post(body=MediaBytes("jpeg"))
    with serving(answering(OK)) as server, pytest.raises(PlatformUnavailable):
        transport(server.base, read=fail).perform(request, FACEBOOK)
    assert server.requests == []


def test_an_aws_answer_is_decoded() -> None:
    raw = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"MessageId": "m"}'
    with serving(answering(raw)) as server:
        response = transport(server.base).perform(CALLS["sesv2"], EMAIL)
    assert (response.ok, response.data) == (True, {"MessageId": "m"})


def test_an_aws_error_is_a_response_with_its_code() -> None:
    body = b'{"message": "Slow down"}'
    head = (
        "HTTP/1.1 429 No\r\nx-amzn-ErrorType: TooManyRequestsException\r\nRetry-After: 7\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with serving(answering(head.encode() + body)) as server:
        response = transport(server.base).perform(CALLS["sesv2"], EMAIL)
    told = (response.status, response.error, response.message, response.headers["retry-after"])
    assert told == (429, "TooManyRequestsException", "Slow down", "7")


def test_parameters_that_aws_can_not_take_are_not_sent() -> None:
    step = AwsCall("sns", "publish", {"PhoneNumber": 42}, publishes=True)
    with serving(answering(OK)) as server, pytest.raises(PlatformUnavailable):
        transport(server.base).perform(step, SMS)
    assert server.requests == []


def test_a_client_is_made_once_for_a_service_and_endpoint() -> None:
    made: list[str] = []

    def counting(service: str, endpoint: str | None) -> Any:
        made.append(service)
        return client(service, endpoint)

    raw = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"MessageId": "m"}'
    with serving(answering(raw)) as server:
        sender = HttpTransport(
            media_url=str,
            media_bytes=str.encode,
            client=counting,
            endpoints={"email": server.base},
            connect_timeout_seconds=0.5,
            read_timeout_seconds=READ_SECONDS,
            clock=Clock(),
        )
        for _ in range(3):
            sender.perform(CALLS["sesv2"], EMAIL)
    assert made == ["sesv2"]


@pytest.mark.parametrize("how", UNANSWERED)
@pytest.mark.parametrize("kind", STEPS)
def test_what_went_wrong_is_told_without_token_number_or_address(kind: str, how: str) -> None:
    step, account = STEPS[kind]
    with serving(UNANSWERED[how]) as server, pytest.raises(ChannelError) as caught:
        transport(server.base).perform(step, account)
    private = (CANARY, "ada@example.org", "+447700900321", "127.0.0.1", "/v26.0")
    assert not [word for word in private if word in caught.value.detail]
