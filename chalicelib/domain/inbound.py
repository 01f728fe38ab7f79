"""What platforms tell us by themselves: what people wrote, what became of what we sent."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.domain.reports import Report


@dataclass(frozen=True, slots=True)
class Inbound:
    """Something that a person wrote to us. Neither address nor text enters a log or a key."""

    address: str = field(repr=False)
    text: str = field(repr=False)
    written_at: datetime | None = None
    account: str = ""
    """The platform's own id of the account it was written to; empty if that is not told."""


@dataclass(frozen=True, slots=True)
class News:
    """One call of a platform. It may come twice, late, and after the one that follows it."""

    messages: tuple[Inbound, ...] = ()
    reports: tuple[Report, ...] = ()
