"""The deployed policies are enforced: a function that loses a statement is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from infrastructure.resilience import LIVE
from sandbox.embedded import REGION
from sandbox.environment import until
from tests.deployed.product import Product, explained
from tests.deployed.stacks import ACCOUNT
from tests.deployed.test_schedule import TWO_TICKS

Act = Callable[[Product], Any]
WORDS = "AccessDenied"
TICK: Mapping[str, Any] = {
    "version": "0",
    "id": "0",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": ACCOUNT,
    "time": "2026-12-01T00:00:00Z",
    "region": REGION,
    "resources": [],
    "detail": {},
}
SINCE = {"since": "2026-11-01T00:00:00Z"}

REVISION = {"message_id": "0197a1b2-0000-7000-8000-000000000000", "revision": 1}

ACTS: Mapping[str, Act] = {
    "adapt": lambda product: product.invoke("adapt", REVISION),
    "api_handler": lambda product: product.call(
        "GET", "/api/v1/messages", token=product.tokens("member")["id_token"]
    ),
    "deliver": lambda product: product.publish("linkedin"),
    "hear_mail": lambda product: product.publish("email"),
    "prepare_media": lambda product: product.hand_in(),
    "release_due": lambda product: product.invoke("release_due", TICK),
    "replay": lambda product: product.invoke("replay", {"action": "list", **SINCE}),
}
"""Function → what makes it ask for the table."""


@pytest.fixture(scope="module", autouse=True)
def _undisturbed(product: Product) -> None:
    """Let what is scheduled be published first: it must not meet a worker without its rights."""
    with explained(product):
        product.ended(product.scheduled.message, TWO_TICKS)


@pytest.mark.parametrize("function", sorted(ACTS))
def test_a_function_without_its_statement_on_the_table_is_refused(
    product: Product, function: str
) -> None:
    before = len(product.log(function))
    with explained(product), product.policy(function).without("Table"):
        answer = str(ACTS[function](product))
        until(
            lambda: WORDS in "\n".join([answer, *product.log(function)[before:]]),
            f"A refusal of {function}",
        )


def test_every_function_but_those_of_live_connections_was_taken_its_rights_away(
    product: Product,
) -> None:
    assert sorted([*ACTS, *LIVE]) == product.names
