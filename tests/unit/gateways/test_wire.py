"""Connections, and what one call may cost: which are used again, for how long, how much is read."""

from __future__ import annotations

import gzip
import logging
import ssl
import threading
import tracemalloc
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.gateways._connections import MAX_ANSWER_BYTES
from chalicelib.gateways._http import NoAnswer, NotSent, Wire
from tests.fakes.ground import VirtualClock
from tests.fakes.server import (
    Behaviour,
    Line,
    answering,
    closing,
    dripping,
    falling_silent,
    half_closing,
    pouring,
    resetting,
    serving,
)
from tests.fakes.transports import CANARY, HASTY, PATIENT

OK = b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"id": "42"}'
SPARE = 10_000_000
"""What the buffers of a connection take beyond what is read."""


def wire(seconds: tuple[float, float] = PATIENT, clock: VirtualClock | None = None) -> Wire:
    return Wire(*seconds, clock or VirtualClock())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a certificate for this machine that vouches for itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def secure(certificate: Path) -> ssl.SSLContext:
    """Return what a server speaks TLS with."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def _trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the machine trust that certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


# --- connections --------------------------------------------------------------------------------


def test_a_connection_is_used_again_while_it_is_fresh() -> None:
    with serving(answering(OK)) as server:
        sender = wire()
        for _ in range(3):
            sender.send("GET", server.base, {}, None)
    assert (len(server.requests), server.connections) == (3, 1)


def test_a_connection_that_was_idle_is_not_used_again() -> None:
    clock = VirtualClock()
    with serving(answering(OK)) as server:
        sender = wire(clock=clock)
        sender.send("GET", server.base, {}, None)
        clock.sleep(16)
        sender.send("GET", server.base, {}, None)
    assert (len(server.requests), server.connections) == (2, 2)


def test_a_request_alone_has_a_connection_that_it_closes() -> None:
    with serving(answering(OK)) as server:
        sender = wire()
        sender.send("GET", server.base, {}, None)
        for _ in range(2):
            sender.send("POST", server.base, {}, b"{}", alone=True)
    assert (len(server.requests), server.connections) == (3, 3)
    assert [server.headers(number).get("connection") for number in range(3)] == [
        None,
        "close",
        "close",
    ]


def test_a_connection_that_the_other_side_closed_costs_nothing() -> None:
    closed = threading.Event()

    def answer_and_leave(line: Line) -> None:
        closing(OK)(line)
        closed.set()

    with serving(answer_and_leave) as server:
        sender = wire()
        sender.send("GET", server.base, {}, None)
        assert closed.wait(5)
        assert sender.send("GET", server.base, {}, None).ok
    assert len(server.requests) == 2


def test_an_answer_nobody_asked_for_is_not_taken_for_the_next_one() -> None:
    said = threading.Event()

    def answer_twice(line: Line) -> None:
        line.say(OK)
        line.say(OK.replace(b"42", b"13"))
        said.set()

    with serving(answer_twice, answering(OK)) as server:
        sender = wire()
        sender.send("GET", server.base, {}, None)
        assert said.wait(5)
        assert sender.send("GET", server.base, {}, None).json() == {"id": "42"}


def test_a_connection_is_not_used_again_after_an_answer_that_was_too_long() -> None:
    with serving(pouring(b"HTTP/1.1 200 OK\r\n\r\n"), answering(OK)) as server:
        sender = wire()
        with pytest.raises(NoAnswer):
            sender.send("GET", server.base, {}, None)
        assert sender.send("GET", server.base, {}, None).ok
    assert server.connections == 2


def test_a_server_that_answers_before_it_has_read_everything_is_heard() -> None:
    def refuse(line: Line) -> None:
        line.say(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        line.sock.recv(1000)
        line.is_left()

    with serving(greeting=refuse) as server:
        answer = wire().send("POST", server.base, {}, b"x" * 20_000, alone=True)
    assert answer.status == 413


def test_the_addresses_of_a_name_are_tried_one_after_another() -> None:
    # "localhost" is ::1 as well on most machines, where this server does not listen.
    with serving(answering(OK)) as server:
        assert wire().send("GET", f"http://localhost:{server.port}/", {}, None).ok


# --- time ---------------------------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n"
SLOW: dict[str, Behaviour] = {
    "status and headers": dripping(OK + b" " * 100),
    "headers": dripping(OK, after=b"HTTP/1.1 200 OK\r\nX-Filler: "),
    "interim answers": dripping(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3 + OK),
    "a body": dripping(b"[" + b" " * 98 + b"]", after=HEAD.replace(b"12", b"100")),
    "a body without a length": dripping(b" " * 100, after=b"HTTP/1.1 200 OK\r\n\r\n"),
    "chunk sizes": dripping(
        b"1\r\n \r\n" * 20 + b"0\r\n\r\n",
        after=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
    "a trailer": dripping(
        b"X-Filler: " + b"x" * 100 + b"\r\n\r\n",
        after=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\n",
    ),
}
"""Whole answers, each byte well within the time-out of a socket, all of them well beyond a call's.

That the call ends before they do is seen by its not returning them.
"""


@pytest.mark.parametrize("what", SLOW)
def test_whoever_drips_does_not_get_more_time(what: str) -> None:
    with serving(SLOW[what]) as server, pytest.raises(NoAnswer):
        wire(HASTY).send("POST", server.base, {}, b"{}", alone=True)


@pytest.mark.usefixtures("_trusted")
@pytest.mark.parametrize("what", ["status and headers", "a body"])
def test_whoever_drips_over_tls_does_not_get_more_time_either(
    what: str, secure: ssl.SSLContext
) -> None:
    base = "https://127.0.0.1"
    with serving(SLOW[what], tls=secure) as server, pytest.raises(NoAnswer):
        wire((0.5, 0.1)).send("POST", f"{base}:{server.port}", {}, b"{}", alone=True)


def test_a_server_that_reads_nothing_does_not_keep_us() -> None:
    with serving(greeting=falling_silent()) as server, pytest.raises(NoAnswer):
        wire(HASTY).send("POST", server.base, {}, b"x" * 50_000_000, alone=True)
    assert server.requests == []


# --- bytes --------------------------------------------------------------------------------------

GZIPPED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ENDLESS: dict[str, Behaviour] = {
    "a gigabyte as announced": pouring(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"),
    "a body without a length": pouring(b"HTTP/1.1 200 OK\r\n\r\n"),
    "chunks": pouring(CHUNKED, b"1\r\nx\r\n"),
    "a chunk's size": pouring(CHUNKED, b"0"),
    "a trailer": pouring(CHUNKED + b"0\r\n", b"X-Filler: x\r\n"),
    "a status line": pouring(b"HTTP/1.1 200 "),
    "a header": pouring(b"HTTP/1.1 200 OK\r\nX-Filler: "),
    "headers": pouring(b"HTTP/1.1 200 OK\r\n", b"X-Filler: x\r\n"),
    "leave to continue": pouring(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "early hints": pouring(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_an_endless_answer_is_given_up_early(what: str) -> None:
    with serving(ENDLESS[what]) as server, pytest.raises(NoAnswer):
        wire().send("POST", server.base, {}, b"{}", alone=True)
    assert server.said < MAX_ANSWER_BYTES + SPARE


def bomb(layers: int) -> bytes:
    """Return a hundred megabytes of nothing, packed so many times."""
    packed = b"\x00" * 100_000_000
    for _ in range(layers):
        packed = gzip.compress(packed, 6)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n"
    return head % (b", ".join([b"gzip"] * layers), len(packed)) + packed


@pytest.mark.parametrize("layers", [1, 2])
def test_a_small_answer_that_unpacks_to_a_huge_one_takes_little_memory(layers: int) -> None:
    with serving(answering(bomb(layers))) as server:
        tracemalloc.start()
        try:
            with pytest.raises(NoAnswer, match="too long"):
                wire().send("GET", server.base, {}, None)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < SPARE


def test_a_compressed_answer_is_unpacked() -> None:
    body = gzip.compress(b'{"id": "42"}')
    with serving(answering(GZIPPED % len(body) + body)) as server:
        assert wire().send("GET", server.base, {}, None).json() == {"id": "42"}


# --- reading ------------------------------------------------------------------------------------


def test_an_answer_in_pieces_is_put_together() -> None:
    raw = CHUNKED + b'8\r\n{"id": "\r\n4\r\n42"}\r\n0\r\n\r\n'
    with serving(answering(raw)) as server:
        assert wire().send("GET", server.base, {}, None).json() == {"id": "42"}


def test_an_old_protocol_without_a_length_is_read_to_its_end() -> None:
    with serving(closing(b'HTTP/1.0 200 OK\r\n\r\n{"id": "42"}')) as server:
        assert wire().send("GET", server.base, {}, None).json() == {"id": "42"}


def test_of_a_header_that_is_repeated_the_first_counts() -> None:
    raw = b"HTTP/1.1 200 OK\r\nX-Id: one\r\nx-id: two\r\nContent-Length: 0\r\n\r\n"
    with serving(answering(raw)) as server:
        assert wire().send("GET", server.base, {}, None).headers["x-id"] == "one"


@pytest.mark.parametrize("interim", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_an_interim_answer_is_passed_over(interim: bytes) -> None:
    raw = b"HTTP/1.1 %s\r\nX-Id: interim\r\n\r\n" % interim
    with serving(answering(raw * 2 + OK)) as server:
        answer = wire().send("GET", server.base, {}, None)
    assert (answer.status, answer.headers.get("x-id"), answer.json()) == (200, None, {"id": "42"})


@pytest.mark.parametrize("cut", range(1, OK.index(b"{")))
@pytest.mark.parametrize("behave", [closing, half_closing, resetting])
def test_an_answer_cut_before_its_body_is_none(behave: type, cut: int) -> None:
    with serving(behave(OK[:cut])) as server, pytest.raises(NoAnswer):
        wire().send("GET", server.base, {}, None)


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    with serving(answering(OK)) as elsewhere:
        raw = f"HTTP/1.1 307 No\r\nLocation: {elsewhere.base}/\r\nContent-Length: 0\r\n\r\n"
        with serving(answering(raw.encode())) as server:
            headers = {"Authorization": f"Bearer {CANARY}"}
            assert wire().send("POST", server.base, headers, b"{}").status == 307
    assert (len(server.requests), elsewhere.connections) == (1, 0)


def test_what_the_library_says_of_a_strange_answer_is_in_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    raw = b"HTTP/1.1 200 OK\r\n" + CANARY.encode() + b"\r\nContent-Length: 0\r\n\r\n"
    with caplog.at_level(logging.WARNING), serving(closing(raw)) as server:
        wire().send("GET", f"{server.base}/?proof={CANARY}", {}, None)
    assert CANARY not in caplog.text


# --- TLS ----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_trusted")
def test_an_answer_over_tls_is_read(secure: ssl.SSLContext) -> None:
    with serving(answering(OK), tls=secure) as server:
        answer = wire().send("POST", f"https://127.0.0.1:{server.port}/", {}, b"x" * 100_000)
    assert (answer.json(), len(server.body())) == ({"id": "42"}, 100_000)


def test_a_certificate_that_nobody_vouches_for_is_sent_nothing(secure: ssl.SSLContext) -> None:
    with serving(answering(OK), tls=secure) as server, pytest.raises(NotSent):
        wire().send("POST", f"https://127.0.0.1:{server.port}/", {}, b"{}")
    assert server.requests == []


@pytest.mark.usefixtures("_trusted")
def test_a_certificate_of_another_name_is_sent_nothing(secure: ssl.SSLContext) -> None:
    with serving(answering(OK), tls=secure) as server, pytest.raises(NotSent):
        wire().send("POST", f"https://localhost:{server.port}/", {}, b"{}")
    assert server.requests == []


# A reset before the handshake: Python's own ssl leaves its socket to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("greeting", [closing(), resetting(), falling_silent(), answering(OK)])
def test_a_handshake_that_fails_is_sent_nothing(greeting: Behaviour) -> None:
    with serving(answering(OK), greeting=greeting) as server, pytest.raises(NotSent):
        wire(HASTY).send("POST", f"https://127.0.0.1:{server.port}/", {}, b"{}")
    assert server.requests == []


def test_a_plain_request_to_a_server_of_tls_is_in_doubt(secure: ssl.SSLContext) -> None:
    with serving(answering(OK), tls=secure) as server, pytest.raises(NoAnswer):
        wire().send("POST", server.base, {}, b"{}")
