from __future__ import annotations

import pytest

from chalicelib.domain.errors import InvalidMessage
from chalicelib.edge.cursors import Cursors
from chalicelib.gateways.secrets import HmacSigner
from tests.unit.edge.kit import Vault

SIGNER = HmacSigner(Vault())
POSITION = {"pk": "USER#somebody", "sk": "MSG#é"}


def cursors(purpose: str = "a list") -> Cursors:
    return Cursors(lambda: SIGNER, purpose)


def test_a_position_comes_back_as_it_went() -> None:
    sealed = cursors().seal(POSITION)
    assert sealed is not None
    assert cursors().open(sealed) == POSITION


def test_the_end_of_a_list_has_no_cursor() -> None:
    assert cursors().seal(None) is None


@pytest.mark.parametrize("token", ["", "x", "a.b", ".", "é", "a\nb", "x" * 5_000])
def test_what_we_did_not_give_out_is_refused(token: str) -> None:
    with pytest.raises(InvalidMessage):
        cursors().open(token)


def test_a_cursor_of_another_list_is_refused() -> None:
    sealed = cursors("another list").seal(POSITION)
    assert sealed is not None
    with pytest.raises(InvalidMessage):
        cursors().open(sealed)
