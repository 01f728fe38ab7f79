"""Live connections and the tickets that open them.

All connections stand in one partition: whoever has something to tell asks once who is there, and
reads nothing further when that is nobody. Tickets are kept under the hash of their secret, so the
table holds nothing that opens a connection.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from chalicelib.domain.ports import Ticket, Watcher
from chalicelib.repositories import schema
from chalicelib.repositories.codec import pack_fields, unpack
from chalicelib.repositories.items import Attributes, keyed
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import NEW, STORED, Delete, Item, Put, Query

_ID, _SECRET = frozenset({"id"}), frozenset({"secret"})


class Watchers:
    """Who has a live connection open, and who may open one."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def issue(self, ticket: Ticket) -> None:
        """Keep a ticket until it is used, or some time after it has expired."""
        item = {
            **keyed(_ticket(ticket.secret)),
            **pack_fields(ticket, without=_SECRET),
            **_until(ticket.expires_at),
        }
        self._store.commit([Put(item, NEW)])

    def ticket(self, secret: str) -> Ticket | None:
        """Return an unused ticket, an expired one too."""
        item = self._store.get(_ticket(secret))
        return unpack(Ticket, {**item, "secret": secret}) if item else None

    def admit(self, watcher: Watcher, ticket: Ticket) -> None:
        """Use a ticket up and remember the connection; `LostRace` if it was used already."""
        item = {
            **keyed(schema.connection(watcher.id)),
            **pack_fields(watcher, without=_ID),
            **_until(watcher.expires_at),
        }
        # Not together: twice as dear, and a ticket that was lost in between is asked for anew.
        self._store.commit([Delete(_ticket(ticket.secret), STORED)])
        self._store.commit([Put(item)])

    def forget(self, watcher_id: str) -> None:
        """Forget a connection; nothing for an unknown one."""
        self._store.commit([Delete(schema.connection(watcher_id))])

    def present(self) -> Sequence[Watcher]:
        """Return every connection, consistently: one request but for thousands of them."""
        rows = self._store.query_all(Query(schema.LIVE, prefix=schema.CONNECTIONS))
        return [_watcher(row) for row in rows]


def _watcher(item: Item) -> Watcher:
    return unpack(Watcher, {**item, "id": item[schema.SK].removeprefix(schema.CONNECTIONS)})


def _ticket(secret: str) -> schema.Key:
    return schema.ticket(sha256(secret.encode()).hexdigest())


def _until(moment: datetime) -> Attributes:
    return {schema.TTL: int(moment.timestamp())}
