"""The deployed policies: enforced, and no wider than what the functions were seen to call."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sandbox import seed
from sandbox.embedded import REGION
from sandbox.environment import until
from tests.deployed.product import Product, explained
from tests.deployed.stacks import ACCOUNT

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

ACTS: Mapping[str, Act] = {
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


def test_every_function_was_taken_its_rights_away(product: Product) -> None:
    assert sorted(ACTS) == product.names


# --- what was called ----------------------------------------------------------------------------

LOGGED = "Lambda itself writes the log, on the emulator without asking."
TRACED = "X-Ray's daemon sends what the function hands it; the emulator has none."
READ = "Lambda itself reads the stream, on the emulator without asking."
FAILED = "Lambda itself writes what it gives up on; the emulator never gives up."
CHECKED = "Only where a condition of a transaction stands on an item that it does not change."
KEYS = "The emulator's services encrypt without asking for the key."

EVERYWHERE: Mapping[str, str] = {
    "logs:CreateLogGroup": LOGGED,
    "logs:CreateLogStream": LOGGED,
    "logs:PutLogEvents": LOGGED,
    "xray:PutTraceSegments": TRACED,
    "xray:PutTelemetryRecords": TRACED,
    "kms:Decrypt": KEYS,
    "kms:DescribeKey": KEYS,
    "kms:Encrypt": KEYS,
    "kms:GenerateDataKey": KEYS,
}
"""What each function may do and none is seen to do here → why."""
UNSEEN: Mapping[str, Mapping[str, str]] = {}
"""The same for single functions."""


def exercise(product: Product) -> None:
    """Do with the product what makes its functions call what they can call."""
    upload = product.upload()
    picture = [{"upload_id": upload, "alt_text": "A plain picture."}]
    product.ended(product.publish("instagram", media=picture))
    accounts = seed.call(product.outside.url, "GET", "/accounts")[1]["accounts"]
    product.put("admin", "/api/v1/channels/linkedin/account", accounts["linkedin"])
    consent = {"consent": True, "consent_note": seed.CONSENT}
    wish = {"address": "leaving@community.example", **consent}
    recipient = product.post("manager", "/api/v1/channels/email/recipients", wish)["id"]
    product.delete("manager", f"/api/v1/channels/email/recipients/{recipient}")
    seed.announce(product, print, time.sleep)
    product.invoke("replay", {"action": "list", **SINCE})
    until(lambda: _allowed(product, "hear_mail"), "A report on a mail")


def _allowed(product: Product, function: str) -> set[str]:
    return {each.action for each in product.decisions(function) if each.decision == "Allow"}


@pytest.fixture(scope="module")
def exercised(product: Product) -> Product:
    """Give a product that did everything once."""
    with explained(product):
        exercise(product)
    return product


@pytest.mark.parametrize("function", sorted(ACTS))
def test_what_a_function_may_do_it_does(exercised: Product, function: str) -> None:
    may = {
        action
        for statement in exercised.policy(function).statements
        for action in _listed(statement["Action"])
    }
    unseen = {*EVERYWHERE, *UNSEEN.get(function, {})}

    idle = sorted(may - _allowed(exercised, function) - unseen)
    assert not idle, f"{function} was not seen to need {', '.join(idle)}"
    assert _allowed(exercised, function).isdisjoint(unseen)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
