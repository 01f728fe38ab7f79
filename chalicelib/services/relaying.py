"""Tells whoever has a live connection which of the messages they may read have changed.

A frame names the message and nothing else: what may be read of it, the API decides when it is read.
Nothing here decides anything about a delivery; a frame that is lost costs a moment's freshness.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from concurrent.futures import Executor

from chalicelib.domain.errors import PushFailed, StoreUnavailable
from chalicelib.domain.identity import Member
from chalicelib.domain.ports import Clock, Messages, Push, Telemetry, Watcher, Watchers


class Relaying:
    """Sends word of changed messages to those who may read them."""

    def __init__(
        self,
        *,
        watchers: Watchers,
        messages: Messages,
        push: Callable[[], Push],
        clock: Clock,
        telemetry: Telemetry,
        pool: Callable[[], Executor],
    ) -> None:
        """Make no `push` and no `pool` before somebody is there."""
        self._watchers = watchers
        self._messages = messages
        self._push = push
        self._clock = clock
        self._telemetry = telemetry
        self._pool = pool

    def relay(self, message_ids: Collection[str]) -> None:
        """Tell of these messages, best effort. While nobody is there, it costs one request."""
        try:
            present = self._present()
            if present:
                self._tell(present, message_ids)
        except StoreUnavailable as error:
            self._telemetry.event("not_relayed", reason=str(error))

    def _present(self) -> list[Watcher]:
        now = self._clock.now()
        return [watcher for watcher in self._watchers.present() if watcher.expires_at > now]

    def _tell(self, present: Collection[Watcher], message_ids: Collection[str]) -> None:
        found = self._messages.many(list(message_ids))
        authors = {message_id: message.author for message_id, message in found.items()}

        push = self._push()

        def send(watcher: Watcher) -> None:
            member = Member(watcher.user, watcher.role)
            readable = [each for each in authors if member.may_read(authors[each])]
            self._send(push, watcher, readable)

        for _ in self._pool().map(send, present):
            pass

    def _send(self, push: Push, watcher: Watcher, message_ids: Collection[str]) -> None:
        """Send one frame each; the first that can't be sent ends it."""
        try:
            if not all(push.send(watcher.id, frame(each)) for each in message_ids):
                self._watchers.forget(watcher.id)
        except (PushFailed, StoreUnavailable) as error:
            self._telemetry.event("not_relayed", reason=str(error))


def frame(message_id: str) -> str:
    """Return the frame that says that a message changed."""
    return json.dumps({"type": "message", "id": message_id}, separators=(",", ":"))
