"""The deployed rule ticks, and what it finds due is published at its minute."""

from __future__ import annotations

from chalicelib.domain.instants import parse_instant
from tests.deployed.product import Product, explained

TWO_TICKS = 200.0


def test_what_is_scheduled_is_published_at_its_time_because_the_rule_ticks(
    product: Product,
) -> None:
    scheduled = product.scheduled
    with explained(product):
        assert product.ended(scheduled.message, TWO_TICKS) == {"linkedin": "delivered"}
    (delivery,) = product.get("member", f"/api/v1/messages/{scheduled.message}")["deliveries"]
    assert parse_instant(delivery["delivered_at"]) >= scheduled.due
