"""Break a platform on request, at the moment that matters.

A fault hits the request that would make a post visible; ``token_expired`` hits every request, and
``refuse_connection`` the listener itself. What the platform holds afterwards::

    nothing     drop_before  error_503  rate_limit  reject_content  token_expired
    the post    drop_after  error_500_after  truncated_json  slow  delayed_effect (later)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from sandbox.platforms.engine.wire import Answer, HangUp, Request
from sandbox.platforms.engine.world import Refusal, StandIn


class Kind(StrEnum):
    """What can go wrong."""

    REFUSE_CONNECTION = "refuse_connection"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    ERROR_500_AFTER = "error_500_after"
    ERROR_503 = "error_503"
    RATE_LIMIT = "rate_limit"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a kind of fault
    REJECT_CONTENT = "reject_content"
    SLOW = "slow"
    TRUNCATED_JSON = "truncated_json"
    DELAYED_EFFECT = "delayed_effect"


INSTEAD = {
    Kind.ERROR_503: Refusal.UNAVAILABLE,
    Kind.RATE_LIMIT: Refusal.RATE_LIMIT,
    Kind.REJECT_CONTENT: Refusal.REJECT_CONTENT,
}


@dataclass
class Fault:
    """One armed fault; it has hit ``used`` of ``times``."""

    id: int
    channel: str
    kind: Kind
    times: int
    seconds: float
    used: int = 0

    def shown(self) -> dict[str, Any]:
        """Return the public form."""
        return asdict(self)


class Faults:
    """The armed faults, first armed first used. Thread-safe; in memory only."""

    def __init__(self) -> None:
        """Start without any."""
        self._guard = threading.Lock()
        self._armed: list[Fault] = []
        self._last_id = 0
        self._latency: dict[str, float] = {}
        self._cancelled = threading.Event()

    def arm(self, channel: str, kind: Kind, times: int, seconds: float) -> Fault:
        """Add a fault."""
        with self._guard:
            self._last_id += 1
            fault = Fault(self._last_id, channel, kind, times, seconds)
            self._armed.append(fault)
            return fault

    def take(self, channel: str, *, every_request: bool) -> Fault | None:
        """Use up one hit of the first fault that fits, or return None."""
        with self._guard:
            for fault in self._armed:
                fits = fault.channel == channel and fault.used < fault.times
                wide = fault.kind is Kind.TOKEN_EXPIRED
                if fits and wide is every_request and fault.kind is not Kind.REFUSE_CONNECTION:
                    fault.used += 1
                    return fault
        return None

    def give_back(self, fault: Fault) -> None:
        """Undo a ``take`` whose request turned out not to publish anything."""
        with self._guard:
            fault.used -= 1

    def items(self) -> list[dict[str, Any]]:
        """Return every fault armed since the last clearing, used up or not."""
        with self._guard:
            return [fault.shown() for fault in self._armed]

    def clear(self) -> None:
        """Disarm all faults."""
        with self._guard:
            self._armed.clear()

    def cancel_effects(self) -> None:
        """Prevent delayed effects that have not happened yet."""
        with self._guard:
            self._cancelled.set()
            self._cancelled = threading.Event()

    def set_latency(self, channel: str, milliseconds: float) -> None:
        """Make every request of a channel take this much longer."""
        self._latency[channel] = milliseconds / 1000

    def latencies(self) -> dict[str, float]:
        """Return the milliseconds added per channel."""
        return {channel: seconds * 1000 for channel, seconds in self._latency.items() if seconds}

    def perform(self, stand_in: StandIn, request: Request) -> Answer:
        """Let ``stand_in`` answer, hit by whatever is armed. Raise HangUp for no answer."""
        if delay := self._latency.get(stand_in.channel, 0.0):
            time.sleep(delay)
        if fault := self.take(stand_in.channel, every_request=True):
            return stand_in.refuse(Refusal.TOKEN_EXPIRED, request, fault.seconds)
        if stand_in.publishes(request) and (
            fault := self.take(stand_in.channel, every_request=False)
        ):
            return self._broken(fault, stand_in, request)
        return stand_in.answer(request)

    def _broken(self, fault: Fault, stand_in: StandIn, request: Request) -> Answer:
        if fault.kind in INSTEAD:
            return stand_in.refuse(INSTEAD[fault.kind], request, fault.seconds)
        if fault.kind is Kind.DROP_BEFORE:
            raise HangUp
        if fault.kind is Kind.DELAYED_EFFECT:
            self._later(fault.seconds, lambda: stand_in.answer(request))
            raise HangUp
        answer = stand_in.answer(request)
        if not answer.is_success:  # nothing became visible, so there is nothing to hide
            self.give_back(fault)
            return answer
        if fault.kind is Kind.DROP_AFTER:
            raise HangUp
        if fault.kind is Kind.ERROR_500_AFTER:
            return stand_in.refuse(Refusal.BROKEN, request, fault.seconds)
        if fault.kind is Kind.TRUNCATED_JSON:
            return Answer(answer.status, answer.body, answer.headers, cut=True)
        time.sleep(fault.seconds)
        return answer

    def _later(self, seconds: float, effect: Callable[[], object]) -> None:
        cancelled = self._cancelled

        def wait() -> None:
            if not cancelled.wait(seconds):
                effect()

        threading.Thread(target=wait, daemon=True).start()
