"""Call the scheduled function at each UTC minute, as EventBridge does, and at once when asked to.

A tick that is still running when the next minute comes lets that one pass: the next tick finds
whatever became due meanwhile. The first tick comes at the start, for the minutes nobody was there.
Extra releases run beside a tick; at most a few, because each looks at everything that is due.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sandbox.reporting import report

MAX_EXTRA = 4
MINUTE_SECONDS = 60

Handler = Callable[[dict[str, Any]], Any]


class Ticker:
    """Runs one scheduled function."""

    def __init__(
        self, handler: Handler, region: str, rule: str, clock: Callable[[], float]
    ) -> None:
        """`clock` returns seconds since 1970."""
        self._handler = handler
        self._region = region
        self._rule = rule
        self._clock = clock
        self._extras = threading.Semaphore(MAX_EXTRA)

    def run(self, stopping: threading.Event) -> None:
        """Tick now and at each full minute until `stopping` is set."""
        while not stopping.is_set():
            self.tick()
            stopping.wait(self.until_next())

    def tick(self) -> None:
        """Call the function for the present minute; its error is reported and forgotten."""
        self._call(self._event())

    def until_next(self) -> float:
        """Return the seconds to the next full minute."""
        return MINUTE_SECONDS - self._clock() % MINUTE_SECONDS

    def release(self, at: datetime) -> None:
        """Start an extra release without waiting for it; none when enough are running."""
        if self._extras.acquire(blocking=False):
            event = {"source": "omnichannel.release", "at": at.astimezone(UTC).isoformat()}
            threading.Thread(target=self._extra, args=(event,), daemon=True).start()

    def _extra(self, event: dict[str, Any]) -> None:
        try:
            self._call({**self._event(), **event})
        finally:
            self._extras.release()

    def _call(self, event: dict[str, Any]) -> None:
        try:
            self._handler(event)
        except Exception as error:  # the next tick must come whatever this one did
            report("tick_failed", rule=self._rule, error=error)

    def _event(self) -> dict[str, Any]:
        minute = datetime.fromtimestamp(self._clock() // MINUTE_SECONDS * MINUTE_SECONDS, UTC)
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "000000000000",
            "time": minute.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": self._region,
            "resources": [f"arn:aws:events:{self._region}:000000000000:rule/{self._rule}"],
            "detail": {},
        }
