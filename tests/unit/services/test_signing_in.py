"""The bridge to GitHub, from the user pool's question to the ID token that it verifies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from chalicelib.domain.errors import NotFound, PlatformUnavailable
from chalicelib.domain.sign_in import LIFETIME, OAuthError
from chalicelib.gateways.secrets import HmacSigner
from chalicelib.services.conversing import Conversing
from chalicelib.services.signing_in import SigningIn
from tests.fakes.github import APPLICATION, EMAILS, FakeKey, GitHub
from tests.fakes.ground import FakeTelemetry, VirtualClock
from tests.fakes.stores import FakeSecrets
from tests.unit.domain.test_sign_in import CHALLENGE, VERIFIER

ISSUER = "https://api.example.org/signin/github"
POOL = "https://pool.example.org/oauth2/idpresponse"
ID, SECRET = APPLICATION["client_id"], APPLICATION["client_secret"]


class Keys(FakeSecrets):
    """Secrets that make the signer's key."""

    def create(self, name: str, fields: Mapping[str, str]) -> bool:
        """Store a secret that must not exist yet."""
        return self.fields.setdefault(name, fields) is fields


@dataclass
class Bridge:
    """The service, its GitHub and its clock."""

    github: GitHub = field(default_factory=GitHub)
    clock: VirtualClock = field(default_factory=VirtualClock)
    secrets: Keys = field(default_factory=lambda: Keys({"github": APPLICATION}))
    secret_name: str = "github"

    def __post_init__(self) -> None:
        self.doors = SigningIn(
            secret_name=self.secret_name,
            issuer=ISSUER,
            redirect_uri=POOL,
            secrets=self.secrets,
            signer=HmacSigner(self.secrets),
            key=FakeKey,
            conversing=Conversing(self.github, self.clock, FakeTelemetry()),
            clock=self.clock,
        )

    def authorize(self, **changed: str) -> str:
        """Return where the user pool's question leads."""
        asked = {
            "client_id": ID,
            "redirect_uri": POOL,
            "response_type": "code",
            "scope": "openid email profile",
            "state": "pools",
            "nonce": "n-1",
        }
        return self.doors.authorize({**asked, **changed})

    def code(self, **changed: str) -> str:
        """Return the code that the user pool gets in the end."""
        state = query(self.authorize(**changed))["state"]
        back = query(self.doors.callback({"code": "abc123", "state": state}))
        assert back["state"] == "pools"
        return back["code"]

    def token(self, code: str, client: tuple[str, str] = (ID, SECRET), **changed: str) -> Any:
        """Return what the code is exchanged for."""
        given = {"grant_type": "authorization_code", "redirect_uri": POOL, "code": code}
        return self.doors.token({**given, **changed}, *client)


@pytest.fixture
def bridge() -> Bridge:
    return Bridge()


def query(address: str) -> dict[str, str]:
    """Return an address's parameters."""
    return dict(parse_qsl(urlsplit(address).query, strict_parsing=True))


# --- the whole way ------------------------------------------------------------------------------


def test_somebody_of_github_gets_an_id_token_that_the_published_keys_verify(
    bridge: Bridge,
) -> None:
    given = bridge.token(bridge.code())
    (key,) = jwt.PyJWKSet.from_dict(dict(bridge.doors.keys())).keys
    said = jwt.decode(
        given["id_token"],
        key,
        ["RS256"],
        audience=ID,
        issuer=ISSUER,
        options={"verify_exp": False, "verify_iat": False},
    )

    assert jwt.get_unverified_header(given["id_token"])["kid"] == key.key_id
    assert (said["sub"], said["email"], said["nonce"]) == ("1815", "ada@example.org", "n-1")
    assert said["exp"] - bridge.clock.now().timestamp() == LIFETIME.total_seconds()
    assert (given["token_type"], given["expires_in"]) == ("Bearer", 600)


def test_the_person_is_asked_by_github_for_our_application(bridge: Bridge) -> None:
    address = bridge.authorize()

    assert address.startswith("https://github.com/login/oauth/authorize?")
    asked = query(address)
    assert (asked["client_id"], asked["redirect_uri"]) == (ID, f"{ISSUER}/callback")
    assert asked["scope"] == "read:user user:email"


def test_the_access_token_tells_the_same_person(bridge: Bridge) -> None:
    given = bridge.token(bridge.code())

    told = bridge.doors.user(given["access_token"])
    assert (told["sub"], told["email"], told["email_verified"]) == ("1815", "ada@example.org", True)
    assert "gho_token" not in json.dumps([told, dict(given)])


def test_where_everything_is_stands_below_the_issuer(bridge: Bridge) -> None:
    assert bridge.doors.configuration()["issuer"] == ISSUER


# --- closed -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("", APPLICATION),
        ("github", {}),
        ("github", {"client_id": "x"}),
        ("github", {"client_secret": "x"}),
    ],
)
def test_without_the_whole_secret_every_door_is_closed(
    name: str, fields: Mapping[str, str]
) -> None:
    doors = Bridge(secrets=Keys({name: fields}), secret_name=name).doors
    for closed in (
        doors.require_open,
        doors.configuration,
        doors.keys,
        lambda: doors.authorize({}),
        lambda: doors.callback({}),
        lambda: doors.token({}, "", ""),
        lambda: doors.user(""),
    ):
        with pytest.raises(NotFound):
            closed()


# --- hostile ------------------------------------------------------------------------------------


def refused(act: Any) -> OAuthError:
    with pytest.raises(OAuthError) as caught:
        act()
    return caught.value


def test_a_foreign_address_is_never_sent_to(bridge: Bridge) -> None:
    error = refused(lambda: bridge.authorize(redirect_uri="https://evil.example.org/"))

    assert error.code == "invalid_request"


def test_what_the_pool_asks_wrongly_comes_back_to_it(bridge: Bridge) -> None:
    address = bridge.authorize(response_type="token")

    assert address.startswith(f"{POOL}?")
    assert query(address)["error"] == "unsupported_response_type"
    assert query(address)["state"] == "pools"


def test_who_declines_at_github_comes_back_with_that(bridge: Bridge) -> None:
    state = query(bridge.authorize())["state"]
    back = query(bridge.doors.callback({"error": "access_denied", "state": state}))

    assert (back["error"], back["state"]) == ("access_denied", "pools")


def test_a_code_works_once(bridge: Bridge) -> None:
    code = bridge.code()
    bridge.token(code)

    assert refused(lambda: bridge.token(code)).code == "invalid_grant"


def test_a_code_of_ours_works_for_ten_minutes(bridge: Bridge) -> None:
    code = bridge.code()
    bridge.clock.advance(minutes=10)

    assert refused(lambda: bridge.token(code)).code == "invalid_grant"
    assert bridge.github.asked == []


def test_a_state_of_ours_works_for_ten_minutes(bridge: Bridge) -> None:
    state = query(bridge.authorize())["state"]
    bridge.clock.advance(minutes=10)

    error = refused(lambda: bridge.doors.callback({"code": "abc123", "state": state}))
    assert (error.code, "too long" in error.detail) == ("invalid_request", True)


def test_nothing_that_is_signed_passes_for_something_else(bridge: Bridge) -> None:
    state, code = query(bridge.authorize())["state"], bridge.code()

    assert refused(lambda: bridge.token(state)).code == "invalid_grant"
    assert refused(lambda: bridge.doors.user(code)).code == "invalid_token"
    assert refused(lambda: bridge.doors.callback({"state": code, "code": "x"})).code


@pytest.mark.parametrize("text", ["", "x", "é" * 50, "A" * 4000])
def test_what_we_did_not_sign_is_no_state_code_or_token(bridge: Bridge, text: str) -> None:
    assert refused(lambda: bridge.doors.callback({"state": text})).code == "invalid_request"
    assert refused(lambda: bridge.token(text)).code == "invalid_grant"
    assert refused(lambda: bridge.doors.user(text)).status == 401


def test_another_client_gets_nothing_for_a_good_code(bridge: Bridge) -> None:
    code = bridge.code()

    assert refused(lambda: bridge.token(code, (ID, "guess"))).code == "invalid_client"
    assert bridge.token(code)["id_token"]


def test_a_challenge_wants_its_verifier(bridge: Bridge) -> None:
    challenge = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    code = bridge.code(**challenge)

    assert refused(lambda: bridge.token(code)).code == "invalid_grant"
    assert refused(lambda: bridge.token(code, code_verifier="x" * 43)).code == "invalid_grant"
    assert bridge.token(code, code_verifier=VERIFIER)["id_token"]


# --- GitHub -------------------------------------------------------------------------------------


def test_an_address_that_nobody_proved_is_no_way_in(bridge: Bridge) -> None:
    bridge.github.emails = [{**EMAILS[1], "verified": False}]

    error = refused(lambda: bridge.token(bridge.code()))
    assert (error.code, "verified" in error.detail) == ("invalid_grant", True)


def test_credentials_that_github_refuses_are_our_fault(bridge: Bridge) -> None:
    bridge.github.application = {**APPLICATION, "client_secret": "rotated"}

    error = refused(lambda: bridge.token(bridge.code()))
    assert (error.code, error.status) == ("server_error", 502)


def test_a_github_that_does_not_answer_is_to_be_asked_again(bridge: Bridge) -> None:
    bridge.github.error = PlatformUnavailable("No answer.")

    error = refused(lambda: bridge.token(bridge.code()))
    assert (error.code, error.status) == ("temporarily_unavailable", 503)


@pytest.mark.parametrize("user", [[], "x", {"message": "Requires authentication"}])
def test_what_github_says_oddly_lets_nobody_in(bridge: Bridge, user: Any) -> None:
    bridge.github.user = user

    assert refused(lambda: bridge.token(bridge.code())).code == "invalid_grant"
