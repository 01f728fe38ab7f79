"""One announcement, from signing in to the platforms, through what CloudFormation deployed."""

from __future__ import annotations

import time

from chalicelib.channels import CHANNELS
from sandbox import seed
from tests.deployed.product import Product, explained


def test_an_announcement_is_published_on_every_platform(product: Product) -> None:
    with explained(product):
        rows = seed.announce(product, print, time.sleep)
        outcomes = {row.channel: row.outcome for row in rows}
        assert outcomes == dict.fromkeys(CHANNELS, "delivered"), seed.table(rows, "")
