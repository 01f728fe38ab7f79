"""Our mark on what we send: it names the delivery to us, and nothing to anybody else.

Every attempt of a revision carries the same one, so it is an idempotency key too. A platform that
tells later what became of a post hands it back; only what our own key signed is taken for ours.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import Delivery, DeliveryKey
from chalicelib.domain.ports import Signer

PURPOSE = "delivery"


@dataclass(frozen=True, slots=True)
class Marked:
    """What a mark stands for: one revision of a delivery."""

    key: DeliveryKey
    revision: int


class Marks:
    """Makes marks, and knows its own again. They hold opaque ids only, no address and no secret."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def of(self, delivery: Delivery) -> str:
        """Return the mark of a delivery's present revision."""
        return self._signer.sign(PURPOSE, f"{delivery.key}#{delivery.revision}")

    def read(self, token: str) -> Marked | None:
        """Return what a mark of ours stands for; None for any other text."""
        value = self._signer.verify(PURPOSE, token)
        if value is None:
            return None
        message_id, channel, *recipient, revision = value.split("#")
        key = DeliveryKey(message_id, ChannelName(channel), recipient[0] if recipient else None)
        return Marked(key, int(revision))
