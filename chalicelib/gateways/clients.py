"""AWS clients that are made when they are first used.

Making one costs as much CPU as ten requests, and no invocation needs them all.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

_making = Lock()
"""The SDK can't make two clients at once, whichever they are."""


class LateClient:
    """Stands for a client until one of its attributes is wanted; safe to use from many threads."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made: Any = None

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the client, which is made if it has not been yet."""
        return getattr(self._made or self.made(), name)

    def made(self) -> Any:
        """Return the client itself."""
        with _making:
            if self._made is None:
                self._made = self._make()
            return self._made
