"""Tells the worker what was claimed, by way of the stream. A hint may get lost."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.domain import steps
from chalicelib.domain.deliveries import Delivery
from chalicelib.domain.errors import LostRace, StoreUnavailable
from chalicelib.domain.ports import Clock, Hint, Stream, Telemetry
from chalicelib.services.progress import Progress


def hint(claimed: Delivery) -> Hint:
    """Return what points a worker at a claimed delivery."""
    return Hint(claimed.key, claimed.claim or "", claimed.correlation_id)


class Hinting:
    """Puts hints on the stream."""

    def __init__(
        self, stream: Stream, progress: Progress, clock: Clock, telemetry: Telemetry
    ) -> None:
        self._stream = stream
        self._progress = progress
        self._clock = clock
        self._telemetry = telemetry

    def tell(self, claimed: Sequence[Delivery]) -> bool:
        """Put a hint for each; False if some were certainly not taken.

        Those are due again at once: they don't wait for the end of a lease nobody uses.
        """
        by_key = {delivery.key: delivery for delivery in claimed}
        refused = self._stream.put([hint(delivery) for delivery in claimed]) if claimed else ()
        for lost in refused:
            self._give_back(by_key[lost.key])
        return not refused

    def _give_back(self, delivery: Delivery) -> None:
        self._telemetry.event("stream_refused", delivery=str(delivery.key))
        try:
            self._progress.store(delivery, steps.postpone(delivery, self._clock.now()))
        except (LostRace, StoreUnavailable) as error:
            self._telemetry.event("not_given_back", reason=str(error))
