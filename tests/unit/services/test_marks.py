"""Our mark on what we send: it leads back to the delivery, and fits wherever platforms keep it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.gateways.secrets import HmacSigner
from chalicelib.services.marks import Marked, Marks
from tests.fakes.deliveries import delivery
from tests.fakes.stores import FakeSecrets

MESSAGE = "019aa5c0-0000-7000-8000-00000000ffff"
PERSON = "a2b3c4d5e6f7a2b3c4d5e6f7ab"
SIGNER = HmacSigner(FakeSecrets({"signing": {"key": "ab" * 32}}))
MARKS = Marks(SIGNER)
KEYS = [
    DeliveryKey(MESSAGE, ChannelName("linkedin")),
    DeliveryKey(MESSAGE, ChannelName("whatsapp"), PERSON),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize("revision", [1, 9999])
def test_a_mark_leads_back_to_its_attempt(key: DeliveryKey, revision: int) -> None:
    mark = MARKS.of(delivery(key=key, revision=revision, attempts=8))

    assert MARKS.read(mark) == Marked(key, revision, 8)


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_every_attempt_has_a_mark_of_its_own(key: DeliveryKey) -> None:
    first, second = (MARKS.of(delivery(key=key, attempts=number)) for number in (1, 2))

    assert len({first, second, MARKS.of(delivery(key=key, attempts=1, revision=2))}) == 3


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_every_attempt_of_a_revision_has_the_same_token(key: DeliveryKey) -> None:
    first, second = (MARKS.token(delivery(key=key, attempts=number)) for number in (1, 2))

    assert first == second != MARKS.token(delivery(key=key, revision=2))


def test_a_token_is_no_mark() -> None:
    assert MARKS.read(MARKS.token(delivery())) is None


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_a_mark_is_what_a_tag_of_ses_may_be(key: DeliveryKey) -> None:
    assert re.fullmatch(
        r"[A-Za-z0-9_-]{1,200}", MARKS.of(delivery(key=key, revision=9999, attempts=99))
    )


@given(st.text(max_size=300))
def test_any_other_text_is_no_mark(token: str) -> None:
    assert MARKS.read(token) is None


def test_what_was_signed_for_something_else_is_no_mark() -> None:
    assert MARKS.read(SIGNER.sign("unsubscribe", f"{KEYS[0]}#1")) is None


def test_the_mark_of_another_stage_is_none_of_ours() -> None:
    other = HmacSigner(FakeSecrets({"signing": {"key": "cd" * 32}}))

    assert MARKS.read(Marks(other).of(delivery())) is None
