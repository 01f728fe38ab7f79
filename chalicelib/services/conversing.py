"""Drives a channel's conversation: one step at a time, each exactly once."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime
from typing import TypeVar

from chalicelib.domain.channels import (
    Account,
    Handle,
    Pause,
    Response,
    Step,
)
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    LostRace,
    StoreUnavailable,
)
from chalicelib.domain.ports import Clock, Telemetry, Transport

R = TypeVar("R")
NOTHING = Response(status=0)


class Conversing:
    """Performs the steps that a channel yields and hands back what came of them."""

    def __init__(self, transport: Transport, clock: Clock, telemetry: Telemetry) -> None:
        self._transport = transport
        self._clock = clock
        self._telemetry = telemetry

    def hold(
        self,
        conversation: Generator[Step, Response, R],
        account: Account,
        keep_handle: Callable[[str], None] | None = None,
        until: datetime | None = None,
    ) -> R:
        """Return the conversation's result; raises the `ChannelError` it ends with.

        After `until` nothing is shown or deleted: a worker that was stopped and goes on later must
        not meet the one that took over. The transport looks at the clock when it has connected.
        What `keep_handle` raises ends the conversation before its next step. A channel that crashes
        leaves everything open: `Ambiguous`.
        """
        try:
            step = next(conversation)
            while True:
                try:
                    answer = self._perform(step, account, keep_handle, until)
                except ChannelError as error:
                    step = conversation.throw(error)
                else:
                    step = conversation.send(answer)
        except StopIteration as end:
            result: R = end.value
            return result
        except (ChannelError, LostRace, StoreUnavailable):
            raise
        except Exception as error:
            self._telemetry.failure("channel_crashed", error)
            raise Ambiguous("The platform's answer could not be understood.") from error
        finally:
            conversation.close()

    def _perform(
        self,
        step: Step,
        account: Account,
        keep_handle: Callable[[str], None] | None,
        until: datetime | None,
    ) -> Response:
        if isinstance(step, Pause):
            self._clock.sleep(step.seconds)
            return NOTHING
        if isinstance(step, Handle):
            if keep_handle is not None:
                keep_handle(step.value)
            return NOTHING
        last = until if step.is_seen else None
        with self._telemetry.span("platform_call", channel=account.channel):
            return self._transport.perform(step, account, last)
