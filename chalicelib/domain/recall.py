"""Which deliveries can't be recalled, told in words that hold for each of them."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.domain.deliveries import Delivery
from chalicelib.domain.errors import InFlight
from chalicelib.domain.states import Status

RIGHT_NOW = "Being published right now"
PERHAPS = "Perhaps published already"
ALREADY = "Published already"
TAKEN_BACK = "Being taken back right now"


def beyond_recall(parts: Iterable[Delivery]) -> InFlight | None:
    """Return the refusal that names the channels which show a message, or yet may.

    None if nobody sees it there and nobody is going to.
    """
    standing = {part.key.channel: _standing(part) for part in parts}
    named = {
        how: [channel for channel, its in standing.items() if its == how]
        for how in (RIGHT_NOW, PERHAPS, ALREADY, TAKEN_BACK)
    }
    channels = [channel for channel, how in standing.items() if how]
    detail = " ".join(f"{how}: {', '.join(names)}." for how, names in named.items() if names)
    return InFlight(channels, detail) if channels else None


def was_stopped(parts: Iterable[Delivery]) -> bool:
    """Return whether somebody cancelled a message with these parts before all of it was sent."""
    return any(part.status is Status.CANCELLED or part.counts.cancelled for part in parts)


def _standing(part: Delivery) -> str:
    if part.status in (Status.IN_DOUBT, Status.NEEDS_REVIEW):
        return PERHAPS
    if part.status is Status.DELIVERED:
        return ALREADY
    if part.status is Status.UNPUBLISHING:
        return TAKEN_BACK
    return "" if part.status.is_terminal else RIGHT_NOW
