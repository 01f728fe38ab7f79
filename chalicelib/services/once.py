"""Do a piece of work once for everybody who asks for it at the same time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Generic, TypeVar

R = TypeVar("R")


class Once(Generic[R]):
    """Lets the first to ask for something do the work; the others wait for the same result.

    Nothing is kept afterwards: who asks later has it done anew.
    """

    def __init__(self) -> None:
        self._running: dict[str, Future[R]] = {}
        self._guard = Lock()

    def do(self, name: str, work: Callable[[], R]) -> R:
        """Return what the work called `name` results in; its error is raised to all who wait."""
        mine = Future[R]()
        with self._guard:
            running = self._running.setdefault(name, mine)
        if running is not mine:
            return running.result()
        try:
            result = work()
        except BaseException as error:
            mine.set_exception(error)
            raise
        else:
            mine.set_result(result)
            return result
        finally:
            with self._guard:
                del self._running[name]
