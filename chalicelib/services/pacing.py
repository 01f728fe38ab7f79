"""Spaces the attempts of an account, so that neither a crowd nor an outage's end is a flood."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.domain.channels import Channel
from chalicelib.domain.deliveries import Delivery, Policy
from chalicelib.domain.ports import Accounts

LATE = timedelta(minutes=1)
"""From when on a feed's readers are spared: what should have come earlier comes one by one."""


class Pacing:
    """Gives each attempt its slot."""

    def __init__(self, accounts: Accounts, policy: Policy) -> None:
        self._accounts = accounts
        self._policy = policy

    def slot(self, delivery: Delivery, channel: Channel, now: datetime) -> tuple[datetime, bool]:
        """Return when an attempt may begin, which is soon, or else when to ask again; and which.

        Only who begins soon takes a slot. The others are told to come back one behind the other,
        but that gives them no right: those of a whole outage would use it all at once.
        """
        spacing = self._spacing(delivery, channel, now)
        if not spacing:
            return now, True
        latest = now + self._policy.early
        slot_at = self._accounts.take_slot(channel.name, spacing, now, latest)
        if slot_at is not None:
            return slot_at, True
        return max(latest, self._accounts.take_turn(channel.name, spacing, now)), False

    def _spacing(self, delivery: Delivery, channel: Channel, now: datetime) -> timedelta:
        spacing = self._policy.spacing
        if spacing is None:
            spacing = channel.spacing
        if not channel.direct and now - delivery.due_at > LATE:
            return max(spacing, self._policy.catch_up_spacing)
        return spacing
