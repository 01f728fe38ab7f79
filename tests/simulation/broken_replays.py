"""Replays, broken on purpose; added to the other broken protocols."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from unittest.mock import patch

from chalicelib.domain.replays import Judgement, Remedy
from chalicelib.domain.states import Status
from chalicelib.gateways.failures import S3FailureDestination
from chalicelib.services import replaying
from chalicelib.services.replaying import Redriven, Replaying
from tests.simulation.broken_reports import MUTANTS
from tests.simulation.mutants import _method, mutant

__all__ = ["MUTANTS"]


@mutant
def a_replay_sends_what_is_in_doubt() -> AbstractContextManager[Any]:
    """Whatever waits for a person is simply sent once more."""
    real = replaying.judge

    def judge(delivery: Any, *rest: Any) -> Judgement:
        if delivery is not None and delivery.status is Status.NEEDS_REVIEW:
            return Judgement(Remedy.SEND_AGAIN, "It is sent again.")
        return real(delivery, *rest)

    return patch.object(replaying, "judge", judge)


@mutant
def looking_is_doing() -> AbstractContextManager[Any]:
    """What is listed counts as seen, and is listed no more."""

    def find(real: Any, self: Replaying, selection: Any) -> Any:
        found = real(self, selection)
        for ref in found.covered:
            self._failures.done_with(ref)
        return found

    return _method(Replaying, "find", find)


@mutant
def what_is_settled_stays_listed() -> AbstractContextManager[Any]:
    """Whatever a replay settles, its record is found again and again."""
    return patch.object(Redriven, "settled", frozenset())


@mutant
def only_the_first_page_is_listed() -> AbstractContextManager[Any]:
    """Of many records that were given up on, the first few are all that anybody sees."""

    def listed(real: Any, self: Any) -> Any:
        page = self._asked("list_objects_v2", Bucket=self._bucket, Prefix="aws/lambda/")
        yield from sorted(page.get("Contents", ()), key=lambda one: one["Key"])[:1]

    return _method(S3FailureDestination, "_list", listed)
