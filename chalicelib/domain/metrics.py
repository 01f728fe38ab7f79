"""The metrics that alarms are set on: what mirrors the product's promises."""

from __future__ import annotations

from enum import StrEnum


class Metric(StrEnum):
    """Name of a metric."""

    TICKS = "Ticks"
    """Runs of the scheduler that could read what is due."""
    OLDEST_DUE = "OldestDueSeconds"
    """How long the oldest due delivery that nobody is at has been due."""
    DOUBT = "DoubtSeconds"
    """How long a delivery had been in doubt when a worker looked at it."""
    NEEDS_REVIEW = "NeedsReview"
    """Deliveries that came to need a person's answer."""
    CIRCUIT_OPEN = "CircuitOpen"
    """Accounts that were given a rest after failures, or a longer one after a failed probe."""
    ACCOUNT_BLOCKED = "AccountBlocked"
    """Channels with something due whose account is refused or missing."""
