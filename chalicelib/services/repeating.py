"""Requests that may be sent twice: the first answer is given again."""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.domain.errors import PublisherError, StillRunning
from chalicelib.domain.ports import Clock, Idempotency, Once, OnceTaken, StoredResponse


class Repeating:
    """Answers a repeated request from its idempotency key."""

    def __init__(self, idempotency: Idempotency, clock: Clock) -> None:
        self._idempotency = idempotency
        self._clock = clock

    def once(
        self,
        once: Once | None,
        run: Callable[[Once | None], StoredResponse],
        *,
        in_transaction: bool,
    ) -> tuple[StoredResponse, bool]:
        """Run, or return the kept answer and True.

        With `in_transaction` the work itself stores its answer with the object it makes, which
        costs no extra call; otherwise the key is reserved before and completed after.
        """
        if once is None:
            return run(None), False
        if in_transaction:
            return self._optimistic(once, run)
        return self._reserved(once, run)

    def _optimistic(
        self, once: Once, run: Callable[[Once | None], StoredResponse]
    ) -> tuple[StoredResponse, bool]:
        try:
            return run(once), False
        except PublisherError:
            kept = self._idempotency.find(once)
            if kept is None:
                raise
            return kept, True

    def _reserved(
        self, once: Once, run: Callable[[Once | None], StoredResponse]
    ) -> tuple[StoredResponse, bool]:
        kept = self._idempotency.find(once)
        if kept is not None:
            return kept, True
        try:
            self._idempotency.reserve(once, self._clock.now())
        except OnceTaken as taken:
            kept = self._idempotency.find(once)
            if kept is None:
                raise StillRunning from taken
            return kept, True
        try:
            response = run(once)
        except BaseException:
            self._idempotency.release(once)
            raise
        self._idempotency.complete(once, response, self._clock.now())
        return response, False
