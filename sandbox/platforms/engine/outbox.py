"""What a platform still has to tell somebody: in order, in batches, again until it was heard."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.25, 15.0
THREAD = "outbox"
TRIES = 40
"""Of one batch, over about ten minutes; the real platforms go on for hours or days."""


class Outbox(Generic[T]):
    """Things to be told by one thread, which the first of them starts. In memory only."""

    def __init__(self, tell: Callable[[Sequence[T]], bool], most: int) -> None:
        """``tell`` up to ``most`` at once; it says whether they were heard."""
        self._tell = tell
        self._most = most
        self._changed = threading.Condition()
        self._waiting: deque[T] = deque()
        self._batch: list[T] = []
        self._is_closed = False
        self._thread: threading.Thread | None = None

    def add(self, *things: T) -> None:
        """Have these told soon, after everything before them."""
        with self._changed:
            if self._is_closed:
                return
            self._waiting.extend(things)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=THREAD, daemon=True)
                self._thread.start()
            self._changed.notify()

    def forget(self) -> None:
        """Tell nothing of what is waiting."""
        with self._changed:
            self._waiting.clear()
            self._batch = []
            self._changed.notify()

    def close(self) -> None:
        """Tell nothing any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _run(self) -> None:
        tries = 0
        while batch := self._next():
            tries += 1
            if self._tell(batch) or tries >= TRIES:
                tries = 0
                with self._changed:
                    self._batch = []
            else:
                self._rest(min(FIRST_WAIT_SECONDS * 2 ** (tries - 1), LONGEST_WAIT_SECONDS))

    def _next(self) -> Sequence[T]:
        """Return the batch under way, else the next one once there is one; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._batch or self._waiting)
            if self._is_closed:
                return ()
            if not self._batch:
                count = min(self._most, len(self._waiting))
                self._batch = [self._waiting.popleft() for _ in range(count)]
            return tuple(self._batch)

    def _rest(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or not self._batch, seconds)
