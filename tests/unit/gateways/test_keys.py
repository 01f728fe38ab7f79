"""The key of ID tokens in KMS."""

from __future__ import annotations

from hashlib import sha256

import pytest

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.gateways.keys import KmsKey, public_key
from tests.fakes.aws import SILENCE, Raising, scripted
from tests.fakes.github import FakeKey, der


def test_the_digest_is_what_is_signed() -> None:
    expected = {
        "KeyId": "k",
        "Message": sha256(b"token").digest(),
        "MessageType": "DIGEST",
        "SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256",
    }
    with scripted("kms") as stub:
        stub.add_response("sign", {"Signature": b"proof"}, expected)

        assert KmsKey(stub.client, "k").sign(b"token") == b"proof"


def test_the_public_key_is_asked_for_once() -> None:
    with scripted("kms") as stub:
        stub.add_response("get_public_key", {"PublicKey": der()}, {"KeyId": "k"})
        key = KmsKey(stub.client, "k")

        assert key.public() == key.public() == FakeKey().public()


def test_modulus_and_exponent_are_read_as_another_library_wrote_them() -> None:
    assert public_key(der()) == FakeKey().public()


@pytest.mark.parametrize("operation", [lambda key: key.sign(b""), lambda key: key.public()])
def test_a_key_that_does_not_answer_is_a_store_that_is_away(operation) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StoreUnavailable):
        operation(KmsKey(Raising(SILENCE), "k"))
