"""No policy is wider than what the functions were seen to call, but where a reason stands here.

Last of all tests: whatever the others had the functions do counts.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

import pytest

from infrastructure.stages import CHALICE
from sandbox import seed
from sandbox.environment import until
from tests.deployed.product import Product, explained
from tests.deployed.test_policies import REVISION, SINCE
from tests.deployed.test_schedule import TWO_TICKS

FUNCTIONS = sorted(json.loads(CHALICE.read_text("utf-8"))["lambda_functions"])

LOGGED = "Lambda itself writes the log, on the emulator without asking."
TRACED = "X-Ray's daemon sends what the function hands it; the emulator has none."
READ = "Lambda itself reads the stream, on the emulator without asking."
LOST = "Lambda itself puts an event that failed on the queue; here none fails for good."
SIGNED = "Who follows an address that the function signed; the emulator looks at the address alone."
OTHERWISE = "Only after a fault, a bounce or a decision, or where a report comes first: chance."
REDRIVEN = "Only where something is driven again: not exercised here."
OWN = "The stand-in answers by itself: the emulator does not know it."
BEHIND = "SNS asks on the worker's behalf; the emulator does not."
MANY = "Only for more recipients than one run serves: not exercised here."
MISSING = "No call of its own: it makes a missing object tell itself from a forbidden one."
MADE = "The stacks make the signing key; without them the first who needs it would."
CHANGED = "Only for secrets that changed: not exercised here."
DOUBT = "Only where no answer came to a write, to see whether it took effect."
VANISHED = "Only where a client is gone before it is answered: chance."
ADAPTED = "Only where a model has a say; the emulator has none."
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
"""What each function may do and need not be seen to do here → why."""
STREAM = ("DescribeStream", "DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards")
UNSEEN: Mapping[str, Mapping[str, str]] = {
    "adapt": {"dynamodb:PutItem": ADAPTED},
    "api_handler": {
        "s3:GetObject": SIGNED,
        "secretsmanager:PutSecretValue": CHANGED,
        "sns:GetSMSAttributes": OWN,
    },
    "deliver": {
        "dynamodb:DeleteItem": VANISHED,
        **{f"kinesis:{action}": READ for action in STREAM},
        "kinesis:PutRecords": MANY,
        "s3:ListBucket": MISSING,
        "secretsmanager:CreateSecret": MADE,
        "sms-voice:SendTextMessage": BEHIND,
    },
    "hear_mail": {
        "dynamodb:BatchGetItem": OTHERWISE,
        "dynamodb:DeleteItem": OTHERWISE,
        "dynamodb:PutItem": OTHERWISE,
        "dynamodb:Query": OTHERWISE,
        "dynamodb:UpdateItem": OTHERWISE,
        "execute-api:ManageConnections": OTHERWISE,
        "sqs:SendMessage": LOST,
    },
    "prepare_media": {"s3:ListBucket": MISSING, "sqs:SendMessage": LOST},
    "release_due": {"dynamodb:GetItem": OTHERWISE, "sqs:SendMessage": LOST},
    "websocket_disconnect": {"dynamodb:GetItem": DOUBT},
    "websocket_message": {"dynamodb:DeleteItem": VANISHED, "dynamodb:GetItem": DOUBT},
    "replay": {
        "dynamodb:GetItem": REDRIVEN,
        "dynamodb:PutItem": REDRIVEN,
        "dynamodb:UpdateItem": REDRIVEN,
        "kinesis:PutRecords": REDRIVEN,
        "s3:DeleteObject": REDRIVEN,
        "s3:GetObject": REDRIVEN,
        "s3:PutObject": REDRIVEN,
    },
}
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
    watching = product.watch("member")
    seed.announce(product, print, time.sleep)
    watching.close()
    product.ended(product.publish("linkedin"))  # whose frames find nobody at the other end
    product.invoke("replay", {"action": "list", **SINCE})
    product.invoke("adapt", REVISION)
    product.ended(product.scheduled.message, TWO_TICKS)
    until(lambda: _allowed(product, "hear_mail"), "A report on a mail")


def _allowed(product: Product, function: str) -> set[str]:
    return {each.action for each in product.decisions(function) if each.decision == "Allow"}


@pytest.fixture(scope="module")
def exercised(product: Product) -> Product:
    """Give a product that did everything once."""
    with explained(product):
        exercise(product)
    return product


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_a_function_may_do_it_does(exercised: Product, function: str) -> None:
    may = {
        action
        for statement in exercised.policy(function).statements
        for action in _listed(statement["Action"])
    }
    unseen = {*EVERYWHERE, *UNSEEN.get(function, {})}

    idle = sorted(may - _allowed(exercised, function) - unseen)
    assert not idle, f"{function} was not seen to need {', '.join(idle)}"


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
