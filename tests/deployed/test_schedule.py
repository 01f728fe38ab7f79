"""The deployed rule ticks, and what it finds due is published at its minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chalicelib.domain.instants import parse_instant
from chalicelib.domain.instants import parse_instant
from tests.deployed.product import Product, explained

AHEAD = timedelta(seconds=80)
"""More than the 75 s within which accepting a message starts a release of its own."""


def test_what_is_scheduled_is_published_at_its_time_because_the_rule_ticks(
    product: Product,
) -> None:
    due = datetime.now(UTC) + AHEAD
    body = {
        "content": "Not before its time.",
        "channels": ["linkedin"],
        "scheduled_at": due.isoformat(timespec="seconds"),
    }
    message = product.post("member", "/api/v1/messages", body)

    with explained(product):
        assert product.ended(message["id"], seconds=180) == {"linkedin": "delivered"}
    (delivery,) = product.get("member", f"/api/v1/messages/{message['id']}")["deliveries"]
    assert parse_instant(delivery["delivered_at"]) >= due.replace(microsecond=0)
