"""What platforms report, taken in wrongly on purpose; added to the other broken protocols."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import Delivery, DeliveryKey
from chalicelib.domain.reports import Change, Fate, Report
from chalicelib.domain.states import Status
from chalicelib.services import witnessing
from chalicelib.services.marks import Marked, Marks
from tests.simulation.mutants import MUTANTS, mutant

__all__ = ["MUTANTS"]


@mutant
def a_report_settles_another_attempt() -> AbstractContextManager[Any]:
    """Whichever attempt is spoken of: the report counts for the last one."""
    real = witnessing.weigh

    def weigh(delivery: Delivery, attempts: Any, number: int, *told: Any) -> Change | None:
        return real(delivery, attempts, delivery.attempts, *told)

    return patch.object(witnessing, "weigh", weigh)


@mutant
def a_failure_fails_what_was_delivered() -> AbstractContextManager[Any]:
    """The last report wins, also over a platform's own word that it took it."""
    real = witnessing.weigh

    def weigh(
        delivery: Delivery, attempts: Any, number: int, report: Report, now: Any
    ) -> Change | None:
        change: Change | None = real(delivery, attempts, number, report, now)
        is_turned = delivery.status is Status.DELIVERED and report.fate is Fate.NOT_DELIVERED
        if change is None or not is_turned:
            return change
        return Change(replace(change.delivery, status=Status.FAILED, receipt=None))

    return patch.object(witnessing, "weigh", weigh)


@mutant
def any_mark_is_ours() -> AbstractContextManager[Any]:
    """Whoever can spell a mark may settle a delivery: its signature is not looked at."""

    def read(_: Marks, token: str) -> Marked:
        value = bytes.fromhex(token.partition("-")[0]).decode()
        message, channel, *recipient, revision, attempt = value.split("#")
        key = DeliveryKey(message, ChannelName(channel), recipient[0] if recipient else None)
        return Marked(key, int(revision), int(attempt))

    return patch.object(Marks, "read", read)
