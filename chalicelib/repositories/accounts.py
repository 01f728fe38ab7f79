"""States of the channels' accounts; their secrets are kept elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.ports import AccountState
from chalicelib.repositories import schema
from chalicelib.repositories.codec import pack_fields, unpack
from chalicelib.repositories.items import keyed
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import NEW, Equals, Put, Write


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

    def saving(self, before: AccountState, after: AccountState) -> Sequence[Write]:
        """Store a changed state on condition of its version (0: nothing stored yet)."""
        item = keyed(schema.account(after.channel)) | pack_fields(after)
        condition = Equals("version", before.version) if before.version else NEW
        return [Put(item, condition)]
