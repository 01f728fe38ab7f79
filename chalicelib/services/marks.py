"""What we put on what we send: signed by our own key, and telling nothing to anybody else.

token    the same for every attempt of a revision: an idempotency key
mark     names one attempt: a platform hands it back with what became of that attempt
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import Delivery, DeliveryKey
from chalicelib.domain.ports import Signer

PURPOSE = "attempt"


@dataclass(frozen=True, slots=True)
class Marked:
    """What a mark stands for: one attempt at one revision of a delivery."""

    key: DeliveryKey
    revision: int
    attempt: int


class Marks:
    """Makes marks, and knows its own again. They hold opaque ids only, no address and no secret."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def token(self, delivery: Delivery) -> str:
        """Return what all attempts at a delivery's present revision have in common."""
        return self._signer.sign("delivery", f"{delivery.key}#{delivery.revision}")

    def of(self, delivery: Delivery) -> str:
        """Return the mark of a delivery's present attempt."""
        value = f"{delivery.key}#{delivery.revision}#{delivery.attempts}"
        return self._signer.sign(PURPOSE, value)

    def read(self, token: str) -> Marked | None:
        """Return what a mark of ours stands for; None for any other text."""
        value = self._signer.verify(PURPOSE, token)
        if value is None:
            return None
        message_id, channel, *recipient, revision, attempt = value.split("#")
        key = DeliveryKey(message_id, ChannelName(channel), recipient[0] if recipient else None)
        return Marked(key, int(revision), int(attempt))
