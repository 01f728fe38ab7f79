"""What a replay may do, by what is known of a delivery."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.domain import steps
from chalicelib.domain.channels import ChannelName, Reconcilability
from chalicelib.domain.deliveries import Attempt, Delivery, DeliveryKey
from chalicelib.domain.replays import Remedy, judge
from chalicelib.domain.states import Status
from tests.fakes.channels import FAKES

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FEED = FAKES[ChannelName("lookup-feed")]
SILENT = FAKES[ChannelName("none-feed")]
KEY = DeliveryKey("m-1", FEED.name)
REFUSED = Attempt(KEY, 1, 1, NOW, "c-1", finished_at=NOW, outcome="content_rejected")
LATE = replace(REFUSED, outcome="delivered", external_id="p-1", late=True)


def delivery(status: Status, **fields: object) -> Delivery:
    return replace(Delivery(KEY, status, 1, NOW), **fields)  # type: ignore[arg-type] # its fields


@pytest.mark.parametrize(
    ("found", "attempts", "remedy"),
    [
        (delivery(Status.FAILED), [], Remedy.SEND_AGAIN),
        (delivery(Status.FAILED, attempts=1), [REFUSED], Remedy.SEND_AGAIN),
        (delivery(Status.FAILED, attempts=1), [LATE], Remedy.ASK_PERSON),
        (delivery(Status.SKIPPED, problem=steps.TOO_LATE), [], Remedy.SEND_AGAIN),
        (delivery(Status.SKIPPED, problem=steps.OPTED_OUT), [], Remedy.NOTHING),
        (delivery(Status.NEEDS_REVIEW, doubt=True), [], Remedy.LOOK_UP),
        (delivery(Status.NEEDS_REVIEW), [], Remedy.ASK_PERSON),
        (delivery(Status.DELIVERED), [], Remedy.NOTHING),
        (delivery(Status.CANCELLED), [], Remedy.NOTHING),
        (delivery(Status.DELETED), [], Remedy.NOTHING),
        (delivery(Status.QUEUED, claim="c", next_at=NOW), [], Remedy.TELL_WORKER),
        (delivery(Status.IN_DOUBT, claim="c", next_at=NOW), [], Remedy.TELL_WORKER),
        (delivery(Status.UNPUBLISHING, claim="c", next_at=NOW), [], Remedy.TELL_WORKER),
        (delivery(Status.SENDING, claim="c", next_at=NOW), [], Remedy.WAIT),
        (delivery(Status.SENDING, claim="c", next_at=NOW, parent=True), [], Remedy.TELL_WORKER),
        (delivery(Status.QUEUED, next_at=NOW), [], Remedy.WAIT),
        (delivery(Status.PENDING, next_at=NOW), [], Remedy.WAIT),
        (delivery(Status.RETRYING, claim="c", next_at=NOW), [], Remedy.WAIT),
        (delivery(Status.BLOCKED, next_at=None), [], Remedy.WAIT),
        (None, [], Remedy.NOTHING),
    ],
)
def test_only_what_can_not_post_twice_is_done_again(
    found: Delivery | None, attempts: list[Attempt], remedy: Remedy
) -> None:
    assert judge(found, FEED, attempts).remedy is remedy


def test_a_platform_that_can_not_be_asked_leaves_it_to_a_person() -> None:
    assert SILENT.reconciles_by is Reconcilability.NONE
    doubtful = delivery(Status.NEEDS_REVIEW, doubt=True)

    assert judge(doubtful, SILENT, [REFUSED]).remedy is Remedy.ASK_PERSON
    assert judge(doubtful, SILENT, [LATE]).remedy is Remedy.LOOK_UP


def test_a_channel_that_is_gone_is_left_alone() -> None:
    assert judge(delivery(Status.FAILED), None, []).remedy is Remedy.NOTHING


def test_what_waits_says_until_when() -> None:
    waiting = delivery(Status.PENDING, next_at=NOW)

    assert "2026-11-21T12:00:00.000Z" in judge(waiting, FEED, []).why


@pytest.mark.parametrize("remedy", Remedy)
def test_only_three_remedies_act(remedy: Remedy) -> None:
    acting = (Remedy.SEND_AGAIN, Remedy.LOOK_UP, Remedy.TELL_WORKER)

    assert remedy.acts is (remedy in acting)
