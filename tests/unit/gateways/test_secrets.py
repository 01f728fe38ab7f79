"""Secrets, their cache, and signatures with a key of our own."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.gateways.secrets import ACCOUNT_SECONDS, CACHE_SECONDS, HmacSigner, SecretsManager
from tests.fakes.aws import SILENCE, Raising, scripted

TOKEN = {"access_token": "hush"}
VALUE = {"ARN": "arn:aws:secretsmanager:us-east-1:0:secret:x", "Name": "p/linkedin"}


@dataclass
class Moment:
    """A monotonic clock that is set by hand."""

    seconds: float = 0

    def __call__(self) -> float:
        """Return the present."""
        return self.seconds


def stored(fields: Mapping[str, str] = TOKEN) -> dict[str, str]:
    """Return the service's answer with a secret."""
    return {**VALUE, "SecretString": json.dumps(fields)}


# --- reading and caching ----------------------------------------------------------------------


def test_a_secret_is_read_by_its_name_under_the_prefix() -> None:
    with scripted("secretsmanager") as stub:
        stub.add_response("get_secret_value", stored(), {"SecretId": "p/linkedin"})

        assert SecretsManager(stub.client, "p", Moment()).read("linkedin") == TOKEN


def test_a_secret_that_is_none_is_empty() -> None:
    with scripted("secretsmanager") as stub:
        stub.add_client_error("get_secret_value", "ResourceNotFoundException")

        assert SecretsManager(stub.client, "p", Moment()).read("linkedin") == {}


def test_within_a_minute_a_secret_is_not_fetched_again() -> None:
    moment = Moment()
    with scripted("secretsmanager") as stub:
        stub.add_response("get_secret_value", stored())
        secrets = SecretsManager(stub.client, "p", moment)
        secrets.read("linkedin")
        moment.seconds = CACHE_SECONDS - 0.1

        assert secrets.read("linkedin") == TOKEN


@pytest.mark.parametrize(("seconds", "fresh"), [(CACHE_SECONDS, False), (0, True)])
def test_after_a_minute_or_when_told_so_it_is_fetched_again(seconds: float, fresh: bool) -> None:
    moment = Moment()
    with scripted("secretsmanager") as stub:
        stub.add_response("get_secret_value", stored())
        stub.add_response("get_secret_value", stored({"access_token": "new"}))
        secrets = SecretsManager(stub.client, "p", moment)
        secrets.read("linkedin")
        moment.seconds = seconds

        assert secrets.read("linkedin", fresh=fresh) == {"access_token": "new"}


@pytest.mark.parametrize(
    ("seconds", "version", "known"),
    [
        (ACCOUNT_SECONDS - 0.1, 7, True),
        (ACCOUNT_SECONDS, 7, False),
        (0, 8, False),
        (0, 6, False),
        (0, None, False),
    ],
)
def test_within_an_hour_an_accounts_secret_is_fetched_again_once_its_version_changes(
    seconds: float, version: int | None, known: bool
) -> None:
    moment, new = Moment(), {"access_token": "new"}
    with scripted("secretsmanager") as stub:
        stub.add_response("get_secret_value", stored())
        if not known:
            stub.add_response("get_secret_value", stored(new))
        secrets = SecretsManager(stub.client, "p", moment)
        secrets.read("linkedin", version=7)
        moment.seconds = seconds

        assert secrets.read("linkedin", version=version) == (TOKEN if known else new)


def test_what_was_fetched_afresh_takes_the_place_of_what_a_version_had() -> None:
    with scripted("secretsmanager") as stub:
        for token in ("old", "new", "newer"):
            stub.add_response("get_secret_value", stored({"access_token": token}))
        secrets = SecretsManager(stub.client, "p", Moment())
        secrets.read("linkedin", version=7)
        secrets.read("linkedin", fresh=True)

        assert secrets.read("linkedin", version=7) == {"access_token": "newer"}


# --- writing ----------------------------------------------------------------------------------


def test_a_new_secret_is_created_and_known() -> None:
    with scripted("secretsmanager") as stub:
        expected = {"Name": "p/linkedin", "SecretString": json.dumps(TOKEN)}
        stub.add_response("create_secret", VALUE, expected)
        secrets = SecretsManager(stub.client, "p", Moment())
        secrets.write("linkedin", TOKEN)

        assert secrets.read("linkedin") == TOKEN


def test_a_known_secret_is_replaced() -> None:
    with scripted("secretsmanager") as stub:
        stub.add_client_error("create_secret", "ResourceExistsException")
        expected = {"SecretId": "p/linkedin", "SecretString": json.dumps(TOKEN)}
        stub.add_response("put_secret_value", VALUE, expected)
        secrets = SecretsManager(stub.client, "p", Moment())
        secrets.write("linkedin", TOKEN)

        assert secrets.read("linkedin") == TOKEN


def test_a_secret_is_created_only_once() -> None:
    with scripted("secretsmanager") as stub:
        stub.add_client_error("create_secret", "ResourceExistsException")

        assert not SecretsManager(stub.client, "p", Moment()).create("linkedin", TOKEN)


CALLS: dict[str, Callable[[SecretsManager], object]] = {
    "get_secret_value": lambda secrets: secrets.read("linkedin"),
    "create_secret": lambda secrets: secrets.create("linkedin", TOKEN),
}


@pytest.mark.parametrize("operation", CALLS)
def test_a_refusal_is_our_own_trouble(operation: str) -> None:
    with scripted("secretsmanager") as stub:
        stub.add_client_error(operation, "AccessDeniedException")

        with pytest.raises(StoreUnavailable):
            CALLS[operation](SecretsManager(stub.client, "p", Moment()))


@pytest.mark.parametrize("operation", CALLS)
def test_silence_is_our_own_trouble(operation: str) -> None:
    with pytest.raises(StoreUnavailable):
        CALLS[operation](SecretsManager(Raising(SILENCE), "p", Moment()))


def test_a_replacement_that_fails_is_our_own_trouble_and_not_cached() -> None:
    with scripted("secretsmanager") as stub:
        stub.add_client_error("create_secret", "ResourceExistsException")
        stub.add_client_error("put_secret_value", "InternalServiceError")
        stub.add_response("get_secret_value", stored({"access_token": "old"}))
        secrets = SecretsManager(stub.client, "p", Moment())
        with pytest.raises(StoreUnavailable):
            secrets.write("linkedin", TOKEN)

        assert secrets.read("linkedin") == {"access_token": "old"}


# --- signing ----------------------------------------------------------------------------------


@dataclass
class Keys:
    """A store of keys; `twin` is what another process creates in the meantime."""

    kept: dict[str, Mapping[str, str]] = field(default_factory=dict)
    twin: Mapping[str, str] | None = None

    def read(self, name: str, *, fresh: bool = False) -> Mapping[str, str]:
        """Return a key."""
        return self.kept.get(name, {})

    def create(self, name: str, fields: Mapping[str, str]) -> bool:
        """Store a key that must not exist."""
        if self.twin is not None:
            self.kept[name] = self.twin
            return False
        self.kept[name] = fields
        return True


KEY = {"key": "ab" * 32}
SIGNER = HmacSigner(Keys({"signing": KEY}))
PARTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=40)


def test_the_key_is_made_once_and_kept() -> None:
    keys = Keys()
    first, second = HmacSigner(keys), HmacSigner(keys)

    assert first.opaque("x") == second.opaque("x")
    assert len(bytes.fromhex(keys.kept["signing"]["key"])) == 32


def test_of_two_processes_that_make_a_key_one_wins() -> None:
    loser = HmacSigner(Keys(twin=KEY))

    assert loser.opaque("x") == SIGNER.opaque("x")


def test_another_key_makes_other_ids_and_signatures() -> None:
    other = HmacSigner(Keys())

    assert other.opaque("x") != SIGNER.opaque("x")
    assert other.verify("p", SIGNER.sign("p", "v")) is None


def test_an_opaque_id_is_stable_short_and_plain() -> None:
    made = SIGNER.opaque("recipient", "email", "grace@example.org")

    assert made == SIGNER.opaque("recipient", "email", "grace@example.org")
    assert len(made) == 26 and set(made) <= set(string.ascii_lowercase + string.digits)


@given(PARTS, PARTS)
def test_how_parts_are_divided_matters(one: str, other: str) -> None:
    assert SIGNER.opaque(one, other) != SIGNER.opaque(one + other)


@given(PARTS, PARTS)
def test_what_was_signed_is_given_back(purpose: str, value: str) -> None:
    assert SIGNER.verify(purpose, SIGNER.sign(purpose, value)) == value


@given(PARTS)
def test_a_signature_holds_for_its_purpose_only(value: str) -> None:
    assert SIGNER.verify("cursor", SIGNER.sign("unsubscribe", value)) is None


@given(PARTS)
def test_a_token_can_stand_in_an_address_and_in_a_tag(value: str) -> None:
    allowed = set(string.ascii_letters + string.digits + "-_")

    assert set(SIGNER.sign("p", value)) <= allowed


@given(st.text(max_size=60))
def test_any_other_text_proves_nothing(token: str) -> None:
    assert SIGNER.verify("p", token) is None


@pytest.mark.parametrize("place", range(len(SIGNER.sign("p", "value"))))
def test_a_token_with_another_character_proves_nothing(place: int) -> None:
    token = SIGNER.sign("p", "value")
    for changed in set(string.ascii_letters + string.digits + "-_") - {token[place]}:
        assert SIGNER.verify("p", token[:place] + changed + token[place + 1 :]) is None


def other_spellings(token: str) -> Iterator[str]:
    """Yield texts from which a generous decoder reads the same as from a token."""
    body, _, mac = token.partition(".")
    yield from (f"{token}{tail}" for tail in ("=", "==", "\n", " ", "."))
    yield from (f"{body}={'' if tail else '='}.{mac}" for tail in (True, False))
    yield f" {token}"
    yield f"{body}.{mac}\udc80"
    # 22 characters hold 16 bytes, and four bits that mean nothing.
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    yield token[:-1] + alphabet[alphabet.index(token[-1]) ^ 1]


@pytest.mark.parametrize("value", ["value", "valu", "val"])
def test_a_token_has_one_spelling(value: str) -> None:
    token = SIGNER.sign("p", value)

    assert [text for text in other_spellings(token) if SIGNER.verify("p", text) is not None] == []


@pytest.mark.parametrize("token", ["", ".", "dmFsdWU", "dmFsdWU.", ".AAAA", "ä.ö", "_w.AAAA"])
def test_a_token_without_its_parts_proves_nothing(token: str) -> None:
    assert SIGNER.verify("p", token) is None
