"""Who is let in: the gateway's authorizer and the application behind it, both as deployed."""

from __future__ import annotations

import pytest

from tests.deployed.product import Product
from tests.deployed.signing_in import STRANGERS, strangers

ROUTE = "/api/v1/me"


def test_whoever_signs_in_on_the_pages_is_known_with_name_and_role(product: Product) -> None:
    status, answer = product.call("GET", ROUTE, token=product.tokens("manager")["id_token"])
    assert (status, answer["role"]) == (200, "community_manager")


def test_a_code_is_worth_nothing_to_whoever_intercepts_it(product: Product) -> None:
    assert product.sign_in.refused("member")["error"] == "invalid_grant"


@pytest.mark.parametrize("stranger", STRANGERS)
def test_the_gateway_turns_strangers_away(product: Product, stranger: str) -> None:
    tokens = strangers(product.tokens("member")["id_token"])
    before = len(product.log("api_handler"))

    status, answer = product.call("GET", ROUTE, token=tokens[stranger])

    assert (status, answer) == (401, {"message": "Unauthorized"})
    assert len(product.log("api_handler")) == before


def test_the_application_refuses_the_access_token_that_the_gateway_lets_through(
    product: Product,
) -> None:
    status, answer = product.call("GET", ROUTE, token=product.tokens("member")["access_token"])

    assert (status, answer["code"]) == (401, "unauthenticated")
