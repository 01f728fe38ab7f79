"""When an account rests: the circuit that opens after failures in a row and closes by one probe.

    closed ─`failures` within `window`→ open ─`pause` over→ half open: one probe
       ↑                                 ↑                        │
       └──────────── it works ───────────┼────────────────────────┤
                                         └── fails, longer pause ─┘

No attempt is burnt while it is open: deliveries are looked at again when the pause is over. A rate
limit pauses the same account for as long as the platform says, whatever else happens meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zlib import crc32

from chalicelib.domain.ports import AccountState


@dataclass(frozen=True, slots=True)
class Circuit:
    """When an account's circuit opens, and for how long."""

    failures: int = 5
    window: timedelta = timedelta(seconds=60)
    pause: timedelta = timedelta(seconds=30)
    longest_pause: timedelta = timedelta(minutes=10)
    probe: timedelta = timedelta(seconds=60)
    """How long one probe may take before another delivery may try."""

    def failed(self, state: AccountState, now: datetime) -> AccountState:
        """Return the account after an attempt that the platform did not serve."""
        if state.openings:
            return self._opened(state, now)
        since = state.failing_since
        if since is None or now - since > self.window:
            return replace(state, failures=1, failing_since=now)
        counted = replace(state, failures=state.failures + 1)
        return self._opened(counted, now) if counted.failures >= self.failures else counted

    def _opened(self, state: AccountState, now: datetime) -> AccountState:
        pause = min(self.longest_pause, self.pause * (1 << min(state.openings, 16)))
        return replace(
            state,
            failures=0,
            failing_since=None,
            openings=state.openings + 1,
            open_until=now + pause,
        )

    def probing(self, state: AccountState, now: datetime) -> AccountState:
        """Return the half-open account while one delivery tries whether it works again."""
        return replace(state, open_until=now + self.probe)


def rested(state: AccountState) -> AccountState:
    """Return the account after an attempt that the platform served.

    How long the platform asked us to keep still is its own to say: that stays.
    """
    return replace(state, failures=0, failing_since=None, openings=0, open_until=None)


def is_paused(state: AccountState, now: datetime) -> bool:
    """Return whether nothing may be sent as this account yet."""
    return state.paused_until is not None and state.paused_until > now


def is_troubled(state: AccountState) -> bool:
    """Return whether a success is news about this account."""
    return bool(state.failures or state.openings)


def spread(key: object, until: datetime, now: datetime) -> datetime:
    """Return when after a pause this delivery is looked at again: not all at the same instant.

    The later half of the pause's length again, at most a minute, shared out by the key.
    """
    window = min((until - now) / 2, timedelta(minutes=1))
    return until + window * (crc32(str(key).encode()) % 1000 / 1000)
