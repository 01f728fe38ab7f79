"""The bridge's doors as the user pool meets them: over HTTP, in OAuth's own words."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from chalicelib import wiring
from chalicelib.domain.channels import Account, ChannelName, HttpRequest
from chalicelib.edge.bridge import FIELDS, LARGEST_FORM
from chalicelib.gateways.transport import HttpTransport
from chalicelib.services.conversing import Conversing
from chalicelib.services.signing_in import SigningIn
from tests.fakes.github import APPLICATION, FakeKey, GitHub
from tests.unit.edge.kit import Api, Reply, assemble

DOORS = (
    ("GET", "/signin/github/.well-known/openid-configuration"),
    ("GET", "/signin/github/jwks"),
    ("GET", "/signin/github/authorize"),
    ("GET", "/signin/github/callback"),
    ("POST", "/signin/github/token"),
    ("GET", "/signin/github/userinfo"),
)
POOL = "https://pool.example.org/oauth2/idpresponse"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Api:
    return assemble(monkeypatch)


@pytest.fixture
def github() -> Iterator[tuple[GitHub, str]]:
    """Serve the stand-in on loopback; give it and its address."""
    stand_in = GitHub()

    class Answering(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            form = dict(parse_qsl(self.rfile.read(length).decode()))
            host = "github.com" if self.path.startswith("/login/") else "api.github.com"
            asked = HttpRequest(
                self.command, f"https://{host}{self.path}", headers=dict(self.headers), form=form
            )
            found = stand_in.perform(asked, Account(ChannelName("github"), {}, {}, ""))
            self.send_response(found.status)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            self.wfile.write(found.body)

        do_GET = do_POST = _answer

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    Thread(target=server.serve_forever, daemon=True).start()
    yield stand_in, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def opened(closed: Api, github: tuple[GitHub, str], monkeypatch: pytest.MonkeyPatch) -> Api:
    """Give the application with the bridge open, its GitHub behind the real transport."""
    wiring.secrets().write("github", APPLICATION)
    transport = HttpTransport(
        media_url=str,
        media_bytes=str.encode,
        client=lambda *_: None,
        endpoints={"github": github[1]},
        connect_timeout_seconds=3,
        read_timeout_seconds=3,
        clock=closed.clock,
    )
    doors = SigningIn(
        secret_name="github",
        issuer="https://api.example.org/signin/github",
        redirect_uri=POOL,
        secrets=wiring.secrets(),
        signer=wiring.signer(),
        key=FakeKey,
        conversing=Conversing(transport, closed.clock, closed.voice),
        clock=closed.clock,
    )
    monkeypatch.setattr(wiring, "signing_in", lambda: doors)
    return closed


def query(reply: Reply) -> dict[str, str]:
    """Return the parameters of the address that an answer leads to."""
    return dict(parse_qsl(urlsplit(reply.headers["Location"]).query))


def authorize(api: Api, **changed: str) -> Reply:
    asked = {
        "client_id": APPLICATION["client_id"],
        "redirect_uri": POOL,
        "response_type": "code",
        "scope": "openid",
        "state": "pools",
    }
    parameters = urlencode({**asked, **changed})
    return api("GET", f"/signin/github/authorize?{parameters}", who=None)


def code(api: Api) -> str:
    state = query(authorize(api))["state"]
    found = urlencode({"code": "abc123", "state": state})
    return query(api("GET", f"/signin/github/callback?{found}", who=None))["code"]


def exchange(api: Api, given: str | None = None, headers: Mapping[str, str] = FORM) -> Reply:
    form = {
        "grant_type": "authorization_code",
        "redirect_uri": POOL,
        "code": given or code(api),
        **APPLICATION,
    }
    return api("POST", "/signin/github/token", urlencode(form), who=None, headers=headers)


# --- closed -------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door[1].rpartition("/")[2])
@pytest.mark.parametrize("body", [None, "a=1&a=2", "x" * (LARGEST_FORM + 1)])
def test_every_door_is_closed_unless_it_is_configured(
    closed: Api, door: tuple[str, str], body: str | None
) -> None:
    method, path = door
    reply = closed(method, path, body, who=None)

    assert (reply.status, reply.json["code"]) == (404, "not_found")
    assert closed.voice.failures == []


# --- open ---------------------------------------------------------------------------------------


def test_the_whole_way_over_http_to_a_stand_in(opened: Api) -> None:
    sent_on = authorize(opened)
    reply = exchange(opened)

    assert sent_on.status == 302
    assert (reply.status, reply.json["token_type"]) == (200, "Bearer")
    assert reply.headers["Cache-Control"] == "no-store"
    bearer = {"Authorization": f"Bearer {reply.json['access_token']}"}
    who = opened("GET", "/signin/github/userinfo", who=None, headers=bearer)
    assert (who.status, who.json["email"]) == (200, "ada@example.org")


def test_the_client_may_prove_itself_in_the_header(opened: Api) -> None:
    pair = f"{APPLICATION['client_id']}:{APPLICATION['client_secret']}"
    header = {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}

    assert exchange(opened, headers={**FORM, **header}).status == 200


def test_discovery_and_keys_are_there_for_everybody(opened: Api) -> None:
    for _, path in DOORS[:2]:
        assert opened("GET", path, who=None).status == 200


# --- hostile ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "Basic !",
        "Basic QQ",
        "Basic /w==",
        "Bearer x",
        "",
        f"Basic {'A' * 5000}",
        "Basic Zm9vOmJhcg==",
    ],
)
def test_credentials_that_are_none_are_refused_as_such(opened: Api, header: str) -> None:
    reply = exchange(opened, "any", {**FORM, "Authorization": header})

    assert (reply.status, reply.json["error"]) == (401, "invalid_client")
    assert reply.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("grant_type=authorization_code&grant_type=x", 400),
        ("a=" + "b" * LARGEST_FORM, 413),
        ("&".join(f"a{n}=" for n in range(FIELDS + 1)), 400),
        ("a=%FF", 400),
        ("code=" + "c" * 5000, 401),
    ],
)
def test_a_body_that_is_no_form_is_refused(opened: Api, body: str, status: int) -> None:
    reply = opened("POST", "/signin/github/token", body, who=None, headers=FORM)

    assert (reply.status, reply.json["error"][:8]) == (status, "invalid_")


def test_a_used_code_is_refused_in_the_standards_words(opened: Api) -> None:
    given = code(opened)
    exchange(opened, given)
    reply = exchange(opened, given)

    assert (reply.status, reply.json["error"]) == (400, "invalid_grant")
    assert reply.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer x", "Basic x", "Bearer " + "x" * 9000]
)
def test_nobody_is_told_of_without_a_token_of_ours(opened: Api, header: str | None) -> None:
    given = {} if header is None else {"Authorization": header}
    reply = opened("GET", "/signin/github/userinfo", who=None, headers=given)

    assert (reply.status, reply.json["error"]) == (401, "invalid_token")
    assert reply.headers["WWW-Authenticate"].startswith("Bearer ")


def test_a_foreign_address_is_answered_here_and_not_there(opened: Api) -> None:
    reply = authorize(opened, redirect_uri="https://evil.example.org/")

    assert (reply.status, reply.json["error"]) == (400, "invalid_request")
    assert "Location" not in reply.headers


def test_nothing_secret_of_a_sign_in_is_logged(opened: Api) -> None:
    reply = exchange(opened)
    told = json.dumps([[name, dict(fields)] for name, fields in opened.voice.lines], default=str)

    for secret in (APPLICATION["client_secret"], "abc123", "gho_token", "ada@example.org"):
        assert secret not in told
    assert reply.json["id_token"] not in told
