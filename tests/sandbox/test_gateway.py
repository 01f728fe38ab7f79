"""The local gateway refuses what API Gateway refuses, and answers whatever bytes arrive."""

from __future__ import annotations

import contextlib
import hmac
import http.client
import json
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPMessage
from typing import Any

import jwt
import pytest
from chalice.app import Chalice, CognitoUserPoolAuthorizer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from chalicelib import edge
from sandbox.bearer import Bearers, KeyRing
from sandbox.gateway import Gateway
from sandbox.http_server import GatewayServer

ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_test"
CLIENT = "client"
LIMIT = 256 * 1024


@dataclass(frozen=True)
class Signer:
    """A user pool's key."""

    private: rsa.RSAPrivateKey
    key_id: str = "key"

    def public(self) -> dict[str, Any]:
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key()))
        return {**jwk, "kid": self.key_id, "use": "sig", "alg": "RS256"}

    def token(self, **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "sub": "1111",
            "iss": ISSUER,
            "aud": CLIENT,
            "token_use": "id",
            "iat": now - 10,
            "exp": now + 600,
            "auth_time": now - 10,
            "email_verified": True,
            "cognito:groups": ["member", "admin"],
            **changes,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, self.private, "RS256", headers={"kid": self.key_id})


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer(rsa.generate_private_key(65537, 2048))


@pytest.fixture(scope="module")
def stranger() -> Signer:
    return Signer(rsa.generate_private_key(65537, 2048))


def application() -> Chalice:
    app = Chalice(app_name="small")
    app.api.cors = edge.cors(("*",))
    members = CognitoUserPoolAuthorizer("members", provider_arns=["arn:aws:cognito-idp:x:y:pool/z"])

    @app.route("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.route("/things/{thing}")
    def thing(thing: str) -> dict[str, str]:
        return {"thing": thing}

    @app.route("/things/special")
    def special() -> dict[str, str]:
        return {"thing": "the special one"}

    @app.route("/private", authorizer=members)
    def private() -> Any:
        return app.current_request.context["authorizer"]["claims"]  # type: ignore[union-attr]

    @app.route("/echo", methods=["POST"])
    def echo() -> Any:
        return {"body": app.current_request.json_body}  # type: ignore[union-attr]

    @app.route("/event")
    def event() -> Any:
        request = app.current_request.to_dict()  # type: ignore[union-attr]
        return {"query": request["query_params"], "context": request["context"]}

    return app


@pytest.fixture(scope="module")
def port(signer: Signer) -> Iterator[int]:
    keys = KeyRing(lambda: {"keys": [signer.public()]})
    gateway = Gateway(application(), Bearers(ISSUER, CLIENT, keys).claims)
    with serving(gateway) as bound:
        yield bound


@contextlib.contextmanager
def serving(gateway: Gateway) -> Iterator[int]:
    server = GatewayServer(("127.0.0.1", 0), gateway, contextlib.nullcontext())
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, given)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def raw(port: int, *pieces: bytes) -> Answer:
    """Send bytes as they are and read the first answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        with contextlib.suppress(OSError):  # it may have answered and closed already
            for piece in pieces:
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return Answer(response.status, response.headers, response.read())


def assert_problem(answer: Answer, status: int, code: str) -> None:
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status, answer.json["status"], answer.json["code"]) == (status, status, code)
    assert {"type", "title", "detail"} <= set(answer.json)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


# --- routes -----------------------------------------------------------------------------------


def test_a_known_path_is_answered_by_the_application(port: int) -> None:
    assert ask(port, "GET", "/health").json == {"status": "ok"}


def test_a_concrete_route_comes_before_one_that_captures(port: int) -> None:
    assert ask(port, "GET", "/things/special").json == {"thing": "the special one"}
    assert ask(port, "GET", "/things/other").json == {"thing": "other"}


@pytest.mark.parametrize("path", ["/nothing", "/", "/things", "/things/a/b", "//health", "/HEALTH"])
def test_an_unknown_path_is_not_found(port: int, path: str) -> None:
    assert_problem(ask(port, "GET", path), 404, "not_found")


def test_at_the_root_a_newcomer_is_told_where_to_look(port: int) -> None:
    answer = ask(port, "GET", "/")
    assert_problem(answer, 404, "not_found")
    detail = json.loads(answer.body)["detail"]
    assert all(path in detail for path in ("/openapi.json", "/health"))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"])
def test_a_wrong_method_names_the_right_ones(port: int, method: str) -> None:
    answer = ask(port, method, "/health")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, OPTIONS"


def test_head_is_refused_without_a_body(port: int) -> None:
    answer = ask(port, "HEAD", "/health")
    assert (answer.status, answer.body) == (405, b"")


@pytest.mark.parametrize("path", ["/things/%ff", "/things/%zz", "/things/%", "/things/%00"])
def test_a_path_that_can_not_be_decoded_is_a_bad_request(port: int, path: str) -> None:
    assert_problem(ask(port, "GET", path), 400, "bad_request")


@pytest.mark.parametrize("query", ["a=%ff", "&".join(f"a{n}=1" for n in range(300))])
def test_a_query_that_can_not_be_decoded_is_a_bad_request(port: int, query: str) -> None:
    assert_problem(ask(port, "GET", f"/health?{query}"), 400, "bad_request")


def test_an_absolute_target_is_understood(port: int) -> None:
    answer = raw(port, b"GET http://127.0.0.1/health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.json == {"status": "ok"}


def test_the_event_says_which_route_was_asked(port: int) -> None:
    context = ask(port, "GET", "/event?a=1&a=2").json["context"]
    assert (context["resourcePath"], context["httpMethod"]) == ("/event", "GET")


# --- bodies -----------------------------------------------------------------------------------


def test_a_body_up_to_the_limit_is_taken(port: int) -> None:
    body = json.dumps("x" * (LIMIT - 2)).encode()
    assert len(body) == LIMIT
    assert ask(port, "POST", "/echo", body, Content_Type="application/json").status == 200


def test_a_body_over_the_limit_is_refused_before_it_is_sent(port: int) -> None:
    head = f"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT + 1}\r\n\r\n"
    assert_problem(raw(port, head.encode()), 413, "body_too_large")


def test_a_client_that_sends_its_whole_oversized_body_reads_the_answer(port: int) -> None:
    answer = ask(port, "POST", "/echo", b"x" * 5_000_000, Content_Type="application/json")
    assert_problem(answer, 413, "body_too_large")


def test_a_chunked_body_over_the_limit_is_refused(port: int) -> None:
    answer = ask(
        port, "POST", "/echo", iter([b"x" * 100_000] * 30), Content_Type="application/json"
    )
    assert_problem(answer, 413, "body_too_large")


def test_an_oversized_body_is_not_invited(port: int) -> None:
    head = f"POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: {LIMIT + 1}\r\n\r\n"
    assert_problem(raw(port, head.encode()), 413, "body_too_large")


def test_a_chunked_body_is_put_together(port: int) -> None:
    answer = ask(port, "POST", "/echo", iter([b'{"a"', b": 1}"]), Content_Type="application/json")
    assert answer.json == {"body": {"a": 1}}


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 1e3\r\n\r\n",
        b"Content-Length: \r\n\r\n",
        b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: gzip\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabcde\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * 5000,
        b"Content-Length: 10\r\n\r\nshort",
    ],
)
def test_broken_framing_is_a_bad_request(port: int, framing: bytes) -> None:
    head = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    assert_problem(raw(port, head + framing), 400, "bad_request")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "nonsense"])
def test_an_unsupported_media_type_is_refused(port: int, kind: str) -> None:
    answer = ask(port, "POST", "/echo", b"{}", Content_Type=kind)
    assert_problem(answer, 415, "unsupported_media_type")


def test_a_body_that_is_not_utf_8_is_a_bad_request(port: int) -> None:
    answer = ask(port, "POST", "/echo", b'"\xff"', Content_Type="application/json")
    assert_problem(answer, 400, "bad_request")


def test_a_connection_is_used_again(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.connect()
    local = connection.sock.getsockname()
    for path in ("/health", "/nothing", "/private", "/health"):
        connection.request("GET", path)
        connection.getresponse().read()
        assert connection.sock is not None
    assert connection.sock.getsockname() == local
    connection.close()


# --- tokens -----------------------------------------------------------------------------------


def test_a_valid_id_token_is_admitted_with_and_without_bearer(port: int, signer: Signer) -> None:
    token = signer.token()
    for header in (token, f"Bearer {token}", f"bearer {token}"):
        assert ask(port, "GET", "/private", Authorization=header).status == 200


def test_claims_are_text_as_api_gateway_has_them(port: int, signer: Signer) -> None:
    token = signer.token(exp=4_102_444_800, auth_time=1_795_232_908)
    claims = ask(port, "GET", "/private", Authorization=token).json
    assert claims["cognito:groups"] == "member,admin"
    assert claims["exp"] == "Fri Jan 01 00:00:00 UTC 2100"
    assert claims["auth_time"] == "1795232908"
    assert claims["email_verified"] == "true"


Forge = Callable[[Signer, Signer], str]


def unsigned(signer: Signer, _: Signer) -> str:
    claims = jwt.decode(signer.token(), options={"verify_signature": False})
    return jwt.encode(claims, None, "none", headers={"kid": signer.key_id})


def signed_with_the_public_key(signer: Signer, _: Signer) -> str:
    encode = jwt.utils.base64url_encode
    head = encode(json.dumps({"alg": "HS256", "kid": signer.key_id}).encode())
    text = head + b"." + signer.token().split(".")[1].encode()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    key = signer.private.public_key().public_bytes(serialization.Encoding.PEM, form)
    return (text + b"." + encode(hmac.digest(key, text, "sha256"))).decode()


def tampered(signer: Signer, _: Signer) -> str:
    head, _body, signature = signer.token().split(".")
    other = signer.token(sub="2222").split(".")[1]
    return f"{head}.{other}.{signature}"


REFUSED: dict[str, Forge] = {
    "nothing": lambda signer, stranger: "",
    "garbage": lambda signer, stranger: "garbage",
    "garbage_with_dots": lambda signer, stranger: "a.b.c",
    "two_words": lambda signer, stranger: f"Bearer Bearer {signer.token()}",
    "basic": lambda signer, stranger: "Basic YTpi",
    "huge": lambda signer, stranger: "a." * 20_000,
    "expired": lambda signer, stranger: signer.token(exp=int(time.time()) - 1),
    "without_expiry": lambda signer, stranger: signer.token(exp=None),
    "from_the_future": lambda signer, stranger: signer.token(iat=int(time.time()) + 900),
    "odd_expiry": lambda signer, stranger: signer.token(exp="soon"),
    "foreign_issuer": lambda signer, stranger: signer.token(iss=ISSUER + "2"),
    "foreign_client": lambda signer, stranger: signer.token(aud="other"),
    "several_clients": lambda signer, stranger: signer.token(aud=[CLIENT, "other"]),
    "access_token": lambda signer, stranger: signer.token(token_use="access"),
    "real_access_token": lambda signer, stranger: signer.token(
        token_use="access", aud=None, client_id=CLIENT
    ),
    "without_use": lambda signer, stranger: signer.token(token_use=None),
    "without_subject": lambda signer, stranger: signer.token(sub=None),
    "stranger": lambda signer, stranger: stranger.token(),
    "unsigned": unsigned,
    "signed_with_the_public_key": signed_with_the_public_key,
    "tampered": tampered,
    "cut": lambda signer, stranger: signer.token()[:-20],
}


@pytest.mark.parametrize("name", REFUSED)
def test_any_other_token_is_refused(port: int, signer: Signer, stranger: Signer, name: str) -> None:
    answer = ask(port, "GET", "/private", Authorization=REFUSED[name](signer, stranger))
    assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_two_authorization_headers_are_refused(port: int, signer: Signer) -> None:
    line = f"Authorization: {signer.token()}\r\n".encode()
    answer = raw(port, b"GET /private HTTP/1.1\r\nHost: x\r\n" + line + line + b"\r\n")
    assert_problem(answer, 401, "unauthenticated")


def test_unknown_keys_do_not_make_the_gateway_fetch_at_any_rate(signer: Signer) -> None:
    fetches: list[float] = []
    now = [1000.0]

    def fetch() -> dict[str, Any]:
        fetches.append(now[0])
        return {"keys": [signer.public()]}

    keys = KeyRing(fetch, lambda: now[0])
    for _ in range(100):
        assert keys.key("unknown") is None
        now[0] += 0.5
    assert len(fetches) == 5


def test_a_new_key_of_the_pool_is_learnt(signer: Signer, stranger: Signer) -> None:
    published = [signer.public()]
    now = [1000.0]
    keys = KeyRing(lambda: {"keys": published}, lambda: now[0])
    assert keys.key("key") is not None
    published.append({**stranger.public(), "kid": "new"})
    now[0] += 60
    assert keys.key("new") is not None


def test_while_the_keys_can_not_be_read_nobody_is_told_that_his_token_is_wrong(
    signer: Signer,
) -> None:
    gateway = Gateway(application(), Bearers(ISSUER, CLIENT, KeyRing(lambda: None)).claims)
    with serving(gateway) as port:
        answer = ask(port, "GET", "/private", Authorization=signer.token())
    assert_problem(answer, 503, "store_unavailable")


# --- pages of other origins -------------------------------------------------------------------


def test_a_preflight_needs_no_token(port: int) -> None:
    answer = ask(
        port, "OPTIONS", "/private", Origin="https://x", Access_Control_Request_Method="GET"
    )
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "GET,OPTIONS"
    allowed = answer.headers["Access-Control-Allow-Headers"].split(",")
    assert {"Authorization", "Content-Type", "Idempotency-Key", "If-Match"} <= set(allowed)


@pytest.mark.parametrize("path", ["/health", "/nothing", "/private"])
def test_every_answer_can_be_read_by_other_origins(port: int, path: str) -> None:
    answer = ask(port, "GET", path, Origin="https://x")
    assert answer.headers.get_all("Access-Control-Allow-Origin") == ["*"]
    exposed = answer.headers["Access-Control-Expose-Headers"].split(",")
    assert {"ETag", "Location", "Retry-After", "Idempotent-Replayed"} <= set(exposed)


def test_only_the_allowed_origins_can_read_when_they_are_named(signer: Signer) -> None:
    gateway = Gateway(application(), lambda header: {}, ("https://a", "https://b"))
    with serving(gateway) as port:
        friend = ask(port, "GET", "/nothing", Origin="https://b").headers
        other = ask(port, "GET", "/nothing", Origin="https://c").headers
    assert (friend["Access-Control-Allow-Origin"], friend["Vary"]) == ("https://b", "Origin")
    assert (other["Access-Control-Allow-Origin"], other["Vary"]) == (None, "Origin")


# --- whatever arrives -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /health\r\n\r\n",
        b"GET /health HTTP/0.9\r\n\r\n",
        b"GET /health HTTP/2.0\r\n\r\n",
        b"GET /health HTTP/1.1.1\r\n\r\n",
        b"GET /health FTP/1.1\r\n\r\n",
        b"GET  /health  extra HTTP/1.1\r\n\r\n",
        b"G\x00T /health HTTP/1.1\r\n\r\n",
        b"GET /he\x00lth HTTP/1.1\r\n\r\n",
        b"GET /h\xc3\xa9 HTTP/1.1\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(64)),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /health HTTP/1.1\r\n" + b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + b"\r\n",
        b"GET /health HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"a" * 10_000_000,
        b"\x00" * 100_000,
    ],
)
def test_nonsense_gets_a_problem_document(port: int, nonsense: bytes) -> None:
    answer = raw(port, nonsense)
    assert 400 <= answer.status < 500
    assert answer.json["status"] == answer.status


def test_random_bytes_never_get_an_empty_answer_or_a_5xx(port: int) -> None:
    chance = random.Random(20261121)
    seed = (
        b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 7\r\nAuthorization: a.b.c\r\n\r\n" + b'{"a":1}'
    )
    for _ in range(300):
        changed = bytearray(seed)
        for _ in range(chance.randint(1, 6)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        answer = raw(port, bytes(changed))
        assert answer.status < 500, bytes(changed)


def test_a_defect_of_the_application_is_a_problem_document_without_a_trace(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def defective(header: str) -> dict[str, str]:
        raise RuntimeError("secret detail")

    with serving(Gateway(application(), defective)) as port:
        answer = ask(port, "GET", "/private", Authorization="x")
    assert_problem(answer, 500, "internal")
    assert b"secret" not in answer.body
    assert json.loads(capfd.readouterr().err)["event"] == "request_failed"


def test_stopping_lets_a_request_under_way_finish(signer: Signer) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow(header: str) -> dict[str, str]:
        entered.set()
        leave.wait(10)
        return {"sub": "late"}

    server = GatewayServer(("127.0.0.1", 0), Gateway(application(), slow), contextlib.nullcontext())
    serving_thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving_thread.start()
    answers: list[Answer] = []
    asking = threading.Thread(
        target=lambda: answers.append(ask(server.server_port, "GET", "/private", Authorization="x"))
    )
    asking.start()
    assert entered.wait(10)
    server.stop()
    leave.set()
    asking.join(10)
    serving_thread.join(10)
    assert [answer.status for answer in answers] == [200]
