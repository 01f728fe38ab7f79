"""States of the channels' accounts; their secrets are kept elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.errors import LostRace
from chalicelib.domain.ports import AccountState
from chalicelib.repositories import schema
from chalicelib.repositories.codec import MILLISECOND, pack_fields, unpack
from chalicelib.repositories.items import keyed
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import (
    NEW,
    Absent,
    AnyOf,
    AtMost,
    Equals,
    Put,
    Update,
    Write,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SLOT, TURN = "next_slot", "next_turn"
"""Milliseconds since 1970: numbers, because only numbers can be added to."""
FARTHEST = timedelta(hours=1)
"""Nobody is told to come back later than this."""


def _milliseconds(instant: datetime) -> int:
    return (instant - EPOCH) // MILLISECOND


class Accounts:
    """What is known of each channel's account; an account nobody connected is `MISSING`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def state(self, channel: ChannelName) -> AccountState:
        """Return what is known of an account."""
        return self.states([channel])[channel]

    def states(self, channels: Iterable[ChannelName]) -> Mapping[ChannelName, AccountState]:
        """Return what is known of several accounts, in one call."""
        keys = {channel: schema.account(channel) for channel in channels}
        found = self._store.batch_get(list(keys.values()))
        return {
            channel: unpack(AccountState, found[key]) if key in found else AccountState(channel)
            for channel, key in keys.items()
        }

    def take_slot(
        self, channel: ChannelName, spacing: timedelta, now: datetime, latest: datetime
    ) -> datetime | None:
        """Return the instant at which an attempt may begin; None if that is after `latest`.

        A slot that is taken is used at once: so the slots never run ahead of what is really sent.
        """
        return self._taken(channel, SLOT, spacing, now, latest)

    def take_turn(self, channel: ChannelName, spacing: timedelta, now: datetime) -> datetime:
        """Return when to ask for a slot again, `spacing` behind who asked before."""
        return self._taken(channel, TURN, spacing, now, now + FARTHEST) or now + FARTHEST

    def _taken(
        self, channel: ChannelName, name: str, spacing: timedelta, now: datetime, latest: datetime
    ) -> datetime | None:
        """Return the next free instant; of several that ask at once, each gets another.

        Either the account was idle, or the next free instant moves by an atomic addition.
        """
        key, present, step = schema.pace(channel), _milliseconds(now), spacing // MILLISECOND
        idle = AnyOf((Absent(name), AtMost(name, present)))
        try:
            self._store.commit([Update(key, set={name: present + step}, condition=idle)])
        except LostRace:
            pass
        else:
            return now
        try:
            after = self._store.increase(key, name, step, _milliseconds(latest))
        except LostRace:
            return None
        return EPOCH + (after - step) * MILLISECOND

    def saving(self, before: AccountState, after: AccountState) -> Sequence[Write]:
        """Store a changed state on condition of its version (0: nothing stored yet)."""
        item = keyed(schema.account(after.channel)) | pack_fields(after)
        condition = Equals("version", before.version) if before.version else NEW
        return [Put(item, condition)]
