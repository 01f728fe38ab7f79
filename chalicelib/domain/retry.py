"""When to try again: full jitter, the platform's own wish, and when to give up.

Durations are `timedelta`; the random source is given, so that a simulation repeats exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random

SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`U(0, min(cap, base · 2ⁿ))` after each failure; `max_attempts` within `max_age` at most."""

    base: timedelta = timedelta(seconds=15)
    cap: timedelta = timedelta(minutes=30)
    max_attempts: int = 8
    max_age: timedelta = timedelta(hours=24)

    def wait(self, failures: int, random: Random, retry_after: timedelta | None) -> timedelta:
        """Return how long to wait after the `failures`-th transient answer (1 is the first)."""
        ceiling = min(self.cap, self.base * (1 << min(failures - 1, 20)))
        wait = max(SHORTEST_WAIT, ceiling * random.random())
        if retry_after is None:
            return wait
        wish = min(max(retry_after, SHORTEST_WAIT), LONGEST_WAIT)
        return max(wait, wish * random.uniform(1.0, 1.1))

    def is_exhausted(self, attempts: int, due_at: datetime, now: datetime) -> bool:
        """Return whether no further attempt may follow."""
        return attempts >= self.max_attempts or now - due_at >= self.max_age


def parse_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Read a ``Retry-After`` header: seconds (fractions too) or an HTTP date; garbage is None.

    Clamped to 1 s … 24 h.
    """
    if value is None or not value.strip():
        return None
    text = value.strip()
    wish: timedelta
    try:
        seconds = float(text)
        if not 0 <= seconds < float("inf"):
            return None
        wish = timedelta(seconds=min(seconds, LONGEST_WAIT.total_seconds()))
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, OverflowError, IndexError):
            return None
        wish = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    return min(max(wish, SHORTEST_WAIT), LONGEST_WAIT)
