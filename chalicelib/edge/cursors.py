"""Cursors as clients see them: signed, and good for one caller, route and filter only."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.domain.errors import Fault, InvalidMessage
from chalicelib.domain.ports import Cursor, Signer

_MAX_LENGTH = 4_096


@dataclass(frozen=True, slots=True)
class Cursors:
    """Signs and checks the cursors of one list."""

    signer: Callable[[], Signer]
    purpose: str

    def open(self, token: str) -> Cursor:
        """Return the position behind a cursor; `InvalidMessage` for any not given out here."""
        value = self.signer().verify(self.purpose, token) if _is_plausible(token) else None
        if value is None:
            detail = "This cursor does not belong to this list; start without one."
            raise InvalidMessage([Fault("/query/cursor", "invalid_cursor", detail)])
        position: Cursor = json.loads(value)
        return position

    def seal(self, position: Cursor | None) -> str | None:
        """Return the cursor for a position; None ends the list."""
        if position is None:
            return None
        value = json.dumps(dict(position), separators=(",", ":"), sort_keys=True)
        return self.signer().sign(self.purpose, value)


def _is_plausible(token: str) -> bool:
    return 0 < len(token) <= _MAX_LENGTH and token.isascii() and token.isprintable()
