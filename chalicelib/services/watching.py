"""Live connections: who may open one, who has one, what is answered over it.

    ticket ──$connect──▶ watcher ──hello──▶ ready ──ping──▶ pong ──$disconnect, gone, 2 h──▶ nobody
    (60 s, once)

The gateway does not let us send anything before a connection is open, so a client says hello and is
told that it is heard: from then on no change is missed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.domain.errors import Forbidden, LostRace, PushFailed
from chalicelib.domain.identity import Member
from chalicelib.domain.ports import Clock, Push, Telemetry, Ticket, Watcher, Watchers

TICKET_LIFE = timedelta(seconds=60)
LONGEST = timedelta(hours=2, minutes=5)
"""API Gateway closes every connection after two hours (its quotas, 2026-11-22); with a margin."""
REFUSED = "The ticket is not valid: it was used, has expired or was never issued."


class Watching:
    """Opens, answers and closes live connections."""

    def __init__(
        self,
        *,
        watchers: Watchers,
        push: Callable[[], Push],
        clock: Clock,
        new_secret: Callable[[], str],
        telemetry: Telemetry,
    ) -> None:
        """`new_secret` returns what nobody can guess; only who answers makes a `push`."""
        self._watchers = watchers
        self._push = push
        self._clock = clock
        self._new_secret = new_secret
        self._telemetry = telemetry

    def issue(self, member: Member) -> Ticket:
        """Return the right to open one live connection, for a minute."""
        expires_at = self._clock.now() + TICKET_LIFE
        ticket = Ticket(self._new_secret(), member.id, member.role, expires_at)
        self._watchers.issue(ticket)
        return ticket

    def join(self, secret: str, connection_id: str) -> None:
        """Open a connection to whoever a ticket was issued to; `Forbidden` unless it is valid."""
        now = self._clock.now()
        ticket = self._watchers.ticket(secret)
        if ticket is None or ticket.expires_at <= now:
            raise Forbidden(REFUSED)
        try:
            self._watchers.admit(_watcher(ticket, connection_id, now), ticket)
        except LostRace as lost:
            raise Forbidden(REFUSED) from lost

    def answer(self, connection_id: str, frame: str) -> None:
        """Answer what a client said, best effort: it says it again if it hears nothing."""
        try:
            if not self._push().send(connection_id, frame):
                self._watchers.forget(connection_id)
        except PushFailed as error:
            self._telemetry.event("not_answered", reason=str(error))

    def leave(self, connection_id: str) -> None:
        """Forget a connection that was closed."""
        self._watchers.forget(connection_id)


def _watcher(ticket: Ticket, connection_id: str, now: datetime) -> Watcher:
    return Watcher(connection_id, ticket.user, ticket.role, now + LONGEST)
