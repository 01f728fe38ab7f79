"""Count the requests that botocore sends, retries included, by service and operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3

EVENT = "request-created"


@contextmanager
def hooked(event: str, hook: Callable[..., None]) -> Iterator[None]:
    """Have a default session of our own within, whose clients' events a hook is told.

    A client copies its session's hooks when it is made: those made before tell nothing.
    """
    before = boto3.DEFAULT_SESSION
    boto3.setup_default_session()
    session: Any = boto3.DEFAULT_SESSION
    session.events.register(event, hook)
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = before


class AwsRequests:
    """Every request of the clients that boto3's default session makes while this is open."""

    def __init__(self) -> None:
        self._seen: list[str] = []

    def __enter__(self) -> AwsRequests:
        """Begin with a default session of our own."""
        self._held = hooked(EVENT, self._note)
        self._held.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Bring back the session there was."""
        self._held.__exit__(None, None, None)

    @contextmanager
    def counted(self) -> Iterator[Counter[str]]:
        """Yield what is counted within; complete only afterwards."""
        begin, found = len(self._seen), Counter[str]()
        yield found
        found.update(self._seen[begin:])

    def _note(self, event_name: str, **_: object) -> None:
        self._seen.append(event_name.removeprefix(f"{EVENT}."))
