"""Deliveries as values, for tests of the state table and its steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from chalicelib.domain import steps
from chalicelib.domain.channels import ChannelName, Receipt
from chalicelib.domain.deliveries import Delivery, DeliveryKey, Policy
from chalicelib.domain.errors import ChannelError
from chalicelib.domain.states import Status

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLICY = Policy()
SETTLE = timedelta(seconds=60)
KEY = DeliveryKey("m", ChannelName("linkedin"))
RECEIPT = Receipt("urn:1", "https://example.org/1")

Step = Callable[[Delivery], Delivery]


def delivery(status: Status = Status.QUEUED, **changes: object) -> Delivery:
    """Return a delivery that is due, with plausible fields for its status."""
    made = Delivery(KEY, status, 1, NOW, None if status.is_terminal else NOW, version=7)
    fields = {"claim": None if status.is_terminal else "c", **changes}
    return replace(made, **fields)  # type: ignore[arg-type] # names of fields


def failing(error: ChannelError) -> Step:
    """Return the step that settles an error."""
    return lambda d: steps.settle_error(d, error, NOW, POLICY, SETTLE, Random(1))
