"""What an OpenID provider in front of GitHub asks for, proves and says."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.domain import sign_in
from chalicelib.domain.sign_in import (
    LONGEST_PARAMETER,
    Ask,
    Client,
    Declined,
    OAuthError,
    Person,
    PublicKey,
)

CLIENT = Client("ours", "hush", "https://pool.example.org/oauth2/idpresponse")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""The pair of RFC 7636, appendix B."""
ASKED = {
    "client_id": "ours",
    "redirect_uri": CLIENT.redirect_uri,
    "response_type": "code",
    "scope": "openid email",
    "state": "s",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
ADA = Person("1815", "ada", "Ada Lovelace", "ada@example.org")


def without(given: Mapping[str, str], *names: str, **changed: str) -> dict[str, str]:
    return {name: text for name, text in {**given, **changed}.items() if name not in names}


# --- asking -------------------------------------------------------------------------------------


def test_what_the_client_wants_back_is_kept() -> None:
    assert sign_in.asked(ASKED, CLIENT) == Ask("s", "n", CHALLENGE)


def test_state_nonce_and_challenge_may_be_left_out() -> None:
    left = ("state", "nonce", "code_challenge", "code_challenge_method")

    assert sign_in.asked(without(ASKED, *left), CLIENT) == Ask()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"client_id": "theirs"}, "unauthorized_client"),
        ({"redirect_uri": "https://evil.example.org/"}, "invalid_request"),
        ({"redirect_uri": f"{CLIENT.redirect_uri}/../x"}, "invalid_request"),
        ({"state": "s" * (LONGEST_PARAMETER + 1)}, "invalid_request"),
        ({"p" * (LONGEST_PARAMETER + 1): ""}, "invalid_request"),
    ],
)
def test_who_can_not_be_trusted_is_sent_nowhere(changed: Mapping[str, str], code: str) -> None:
    with pytest.raises(OAuthError) as refused:
        sign_in.asked({**ASKED, **changed}, CLIENT)

    assert (refused.value.code, type(refused.value)) == (code, OAuthError)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "email"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
    ],
)
def test_what_the_client_asks_wrongly_is_told_with_its_state(
    changed: Mapping[str, str], code: str
) -> None:
    with pytest.raises(Declined) as refused:
        sign_in.asked({**ASKED, **changed}, CLIENT)

    assert (refused.value.code, refused.value.state) == (code, "s")


def test_githubs_code_is_what_is_returned_with() -> None:
    assert sign_in.agreed({"code": "abc123"}, Ask("s")) == "abc123"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"error": "access_denied", "code": "abc"}, "access_denied"),
        ({}, "server_error"),
        ({"code": "a b"}, "server_error"),
        ({"code": "a" * 129}, "server_error"),
    ],
)
def test_who_did_not_agree_goes_back_with_the_state(given: Mapping[str, str], code: str) -> None:
    with pytest.raises(Declined) as refused:
        sign_in.agreed(given, Ask("s"))

    assert (refused.value.code, refused.value.state) == (code, "s")


# --- proving ------------------------------------------------------------------------------------


def test_the_clients_credentials_are_known() -> None:
    sign_in.require_client("ours", "hush", CLIENT)


@pytest.mark.parametrize(
    ("client_id", "secret"),
    [("ours", "guess"), ("theirs", "hush"), ("", ""), ("ours\x00hush", ""), ("ours", "\ud800")],
)
def test_other_credentials_are_refused(client_id: str, secret: str) -> None:
    with pytest.raises(OAuthError) as refused:
        sign_in.require_client(client_id, secret, CLIENT)

    assert (refused.value.code, refused.value.status) == ("invalid_client", 401)


EXCHANGE = {
    "grant_type": "authorization_code",
    "redirect_uri": CLIENT.redirect_uri,
    "code": "c",
}


def test_a_code_is_what_is_exchanged() -> None:
    assert sign_in.require_exchange(EXCHANGE, CLIENT) == "c"
    assert sign_in.require_exchange(without(EXCHANGE, "code"), CLIENT) == ""


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"grant_type": "refresh_token"}, "unsupported_grant_type"),
        ({"redirect_uri": "https://evil.example.org/"}, "invalid_grant"),
        ({"code": "c" * (LONGEST_PARAMETER + 1)}, "invalid_request"),
    ],
)
def test_any_other_exchange_is_refused(changed: Mapping[str, str], code: str) -> None:
    with pytest.raises(OAuthError) as refused:
        sign_in.require_exchange({**EXCHANGE, **changed}, CLIENT)

    assert refused.value.code == code


def test_the_verifier_is_what_the_challenge_was_made_of() -> None:
    sign_in.require_verifier(CHALLENGE, VERIFIER)
    sign_in.require_verifier("", "")


@pytest.mark.parametrize("verifier", ["", "x" * 43, VERIFIER + "=", "\ud800" * 43])
def test_another_verifier_is_refused(verifier: str) -> None:
    with pytest.raises(OAuthError, match="does not match") as refused:
        sign_in.require_verifier(CHALLENGE, verifier)

    assert refused.value.code == "invalid_grant"


# --- whom GitHub describes ----------------------------------------------------------------------

USER: Mapping[str, Any] = {"id": 1815, "login": "ada", "name": "Ada Lovelace"}
PROVEN: Mapping[str, Any] = {"email": "ada@example.org", "primary": True, "verified": True}


def test_a_person_has_githubs_number_and_the_primary_address() -> None:
    assert sign_in.person(USER, [{**PROVEN, "primary": False, "email": "x@y"}, PROVEN]) == ADA


@pytest.mark.parametrize("name", [None, "", "\x07", 7])
def test_without_a_name_it_is_the_login(name: Any) -> None:
    found = sign_in.person({**USER, "name": name}, [PROVEN])

    assert found is not None and found.name == "ada"


def test_a_name_is_one_line_of_some_length() -> None:
    found = sign_in.person({**USER, "name": "Ada\r\nBcc: " + "x" * 500}, [PROVEN])

    assert found is not None and found.name.startswith("AdaBcc: x") and len(found.name) == 100


@pytest.mark.parametrize(
    ("user", "emails"),
    [
        (None, [PROVEN]),
        (USER, {}),
        (USER, []),
        (USER, ["ada@example.org"]),
        (USER, [{**PROVEN, "verified": False}]),
        (USER, [{**PROVEN, "verified": "true"}]),
        (USER, [{**PROVEN, "primary": False}]),
        (USER, [{**PROVEN, "email": None}]),
        (USER, [{**PROVEN, "email": "ada"}]),
        (USER, [{**PROVEN, "email": "ada@example.org\r\nBcc: x@y"}]),
        ({**USER, "id": "1815"}, [PROVEN]),
        ({**USER, "id": True}, [PROVEN]),
        ({**USER, "id": 0}, [PROVEN]),
    ],
)
def test_without_a_number_or_a_proven_primary_address_it_is_nobody(user: Any, emails: Any) -> None:
    assert sign_in.person(user, emails) is None


# --- saying -------------------------------------------------------------------------------------


def test_an_id_token_says_who_for_whom_and_how_long() -> None:
    said = sign_in.claims(ADA, Ask(nonce="n"), issuer="https://us", audience="ours", now=NOW)

    assert said == {
        "iss": "https://us",
        "aud": "ours",
        "iat": 1795262400,
        "exp": 1795262400 + 600,
        "sub": "1815",
        "name": "Ada Lovelace",
        "preferred_username": "ada",
        "email": "ada@example.org",
        "email_verified": True,
        "nonce": "n",
    }


def test_without_a_nonce_none_is_said() -> None:
    said = sign_in.claims(ADA, Ask(), issuer="https://us", audience="ours", now=NOW)

    assert "nonce" not in said


def test_a_token_names_the_key_that_is_published() -> None:
    key = PublicKey(modulus=0xC0FFEE, exponent=65537)
    header, body, signature = sign_in.signed(sign_in.unsigned({"a": 1}, key), b"\xff").split(".")

    def read(part: str) -> Any:
        return json.loads(urlsafe_b64decode(part + "=="))

    assert read(header) == {"alg": "RS256", "kid": key.published()["kid"], "typ": "JWT"}
    assert (read(body), signature) == ({"a": 1}, "_w")


def test_a_keys_name_is_the_thumbprint_of_the_standard() -> None:
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
        "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
        "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI"
        "4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    key = PublicKey(int.from_bytes(urlsafe_b64decode(modulus + "=="), "big"), 65537)

    assert key.fields["n"] == modulus
    assert key.id == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"  # RFC 7638, section 3.1


def test_discovery_names_every_door_below_the_issuer() -> None:
    told = sign_in.configuration("https://us/signin/github")
    doors = {name: told[name] for name in told if name.endswith(("_endpoint", "_uri"))}

    assert len(doors) == 4
    assert all(door.startswith("https://us/signin/github/") for door in doors.values())
    assert told["id_token_signing_alg_values_supported"] == ["RS256"]
    assert told["code_challenge_methods_supported"] == ["S256"]


def test_an_address_leaves_out_what_is_empty_and_hides_what_is_special() -> None:
    assert sign_in.with_parameters("https://a/", b="1&c=2", d="") == "https://a/?b=1%26c%3D2"
