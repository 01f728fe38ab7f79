"""Run `adapt` without waiting for it, as an asynchronous invocation of a function does."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from sandbox.reporting import report

AT_ONCE = 5
"""As many as the deployed function's reserved concurrency; the others wait."""


class Errands:
    """Implements `ports.Errand` in this process."""

    def __init__(
        self, handler: Callable[[dict[str, Any]], Any], pool: Executor | None = None
    ) -> None:
        self._handler = handler
        self._pool = pool or ThreadPoolExecutor(AT_ONCE, "adapt")

    def adapt(self, message_id: str, revision: int) -> None:
        """Have it done, soon."""
        self._pool.submit(self._do, {"message_id": message_id, "revision": revision})

    def _do(self, event: dict[str, Any]) -> None:
        try:
            self._handler(event)
        except Exception as error:  # Lambda would try again; the text is published as written
            report("adapt_failed", error=error)
