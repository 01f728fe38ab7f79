"""The metrics that alarms are set on: what mirrors the product's promises."""

from __future__ import annotations

from enum import StrEnum


class Metric(StrEnum):
    """Name of a metric; each is also written for every channel where one is named."""

    TICKS = "Ticks"
    """Runs of the scheduler that could read what is due."""
    OLDEST_DUE = "OldestDueSeconds"
    """How long the oldest due delivery that nobody is at has been due."""
    DOUBT = "DoubtSeconds"
    """How long a delivery had been in doubt when somebody looked at it."""
    NEEDS_REVIEW = "NeedsReview"
    """Deliveries that came to need a person's answer."""
    CIRCUIT_OPEN = "CircuitOpen"
    """Deliveries held back because their channel's account rests after failures."""
    ACCOUNT_BLOCKED = "AccountBlocked"
    """Deliveries held back because their channel's account is refused or missing."""
