"""A person writes back: the stand-in opens its window and tells the product, signed."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.platform_kit import Seen, Visitor, send, serving, visit
from tests.sandbox.test_platform_whatsapp import text

WORDS = {"channel": "whatsapp", "from": "+34600000012", "text": "STOP"}
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Product:
    """Remembers how it was called, and answers as told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, str], bytes]] = []
        self.status = 200

    def __call__(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        self.calls.append((request.command, request.path, dict(request.headers.items()), body))
        return self.status, {}, b""


@pytest.fixture
def product() -> Product:
    return Product()


@pytest.fixture
def sandbox(tmp_path: Path, product: Product) -> Iterator[Visitor]:
    with serving(product) as api, visit(tmp_path, api=api) as visitor:
        yield visitor


def write(visitor: Visitor, **changed: Any) -> Seen:
    return send("POST", f"{visitor.outside.url}/inbound", {**WORDS, **changed})


def test_the_product_is_told_what_somebody_wrote(sandbox: Visitor, product: Product) -> None:
    assert write(sandbox).json == {"channel": "whatsapp", "answered": 200}
    ((method, path, _, body),) = product.calls
    value = json.loads(body)["entry"][0]["changes"][0]["value"]
    assert (method, path) == ("POST", "/webhooks/whatsapp")
    assert value["metadata"]["phone_number_id"] == sandbox.accounts["whatsapp"]["phone_number_id"]
    assert (value["messages"][0]["from"], value["messages"][0]["text"]) == (
        "34600000012",
        {"body": "STOP"},
    )


def test_the_call_is_signed_with_the_accounts_secret(sandbox: Visitor, product: Product) -> None:
    write(sandbox, text="Olé ☃")
    ((_, _, headers, body),) = product.calls
    secret = sandbox.accounts["whatsapp"]["app_secret"].encode()
    proof = hmac.digest(secret, body, "sha256").hex()
    assert headers["X-Hub-Signature-256"] == f"sha256={proof}"


def test_whoever_wrote_is_reached_with_free_text(sandbox: Visitor) -> None:
    assert text(sandbox, "+34600000012").error["code"] == 131047
    write(sandbox)
    assert text(sandbox, "+34600000012").status == 200
    assert text(sandbox, "+34600000013").error["code"] == 131047


def test_the_window_closes_after_a_day(tmp_path: Path, product: Product) -> None:
    now = [AT]
    with serving(product) as api, visit(tmp_path, api=api, now=lambda: now[0]) as visitor:
        write(visitor)
        now[0] = AT + timedelta(hours=24, seconds=1)
        assert text(visitor, "+34600000012").error["code"] == 131047


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"channel": "sms"}, "sms"),
        ({"channel": "facebook"}, "facebook"),
        ({"channel": "fax"}, "channel"),
        ({"from": "34600000012"}, "from"),
        ({"from": None}, "from"),
        ({"text": ""}, "text"),
        ({"text": 1}, "text"),
        ({"text": "x" * 4097}, "text"),
        ({"body": "x"}, "body"),
    ],
)
def test_what_can_not_be_played_is_explained(
    sandbox: Visitor, product: Product, changed: dict[str, Any], word: str
) -> None:
    answer = write(sandbox, **changed)
    assert answer.status == 400
    assert word in answer.json["detail"]
    assert product.calls == []


def test_a_product_that_refuses_is_told_of(sandbox: Visitor, product: Product) -> None:
    product.status = 401
    answer = write(sandbox)
    assert (answer.status, "401" in answer.json["detail"]) == (502, True)


def test_a_product_that_is_not_there_is_told_of(tmp_path: Path, product: Product) -> None:
    with serving(product) as api:
        pass
    with visit(tmp_path, api=api) as visitor:
        assert write(visitor).status == 502


def test_a_proof_made_with_another_secret_is_refused(sandbox: Visitor) -> None:
    number = sandbox.accounts["whatsapp"]["phone_number_id"]
    path = f"{number}?appsecret_proof={'0' * 64}"
    assert sandbox.graph("whatsapp", "GET", path).error["code"] == 100


def test_an_account_of_an_older_sandbox_gets_what_it_lacks(tmp_path: Path) -> None:
    with visit(tmp_path) as visitor:
        world = visitor.outside.world
        before = dict(world.journal.get("account", "whatsapp") or {})
        del before["app_secret"]
        world.journal.put("account", "whatsapp", before)
    with visit(tmp_path) as visitor:
        account = visitor.accounts["whatsapp"]
        assert account["access_token"] == before["access_token"]
        assert account["app_secret"]
