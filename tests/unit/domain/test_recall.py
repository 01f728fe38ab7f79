"""What can't be recalled is named with how it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import Delivery
from chalicelib.domain.recall import ALREADY, PERHAPS, RIGHT_NOW, TAKEN_BACK, beyond_recall
from chalicelib.domain.states import Status
from tests.fakes.deliveries import KEY, delivery

HOW = {
    Status.PENDING: RIGHT_NOW,
    Status.QUEUED: RIGHT_NOW,
    Status.SENDING: RIGHT_NOW,
    Status.RETRYING: RIGHT_NOW,
    Status.BLOCKED: RIGHT_NOW,
    Status.IN_DOUBT: PERHAPS,
    Status.NEEDS_REVIEW: PERHAPS,
    Status.DELIVERED: ALREADY,
    Status.UNPUBLISHING: TAKEN_BACK,
}


def part(status: Status, channel: str) -> Delivery:
    """Return a delivery on some channel."""
    return replace(delivery(status), key=replace(KEY, channel=ChannelName(channel)))


@pytest.mark.parametrize("status", Status)
def test_each_status_is_told_as_it_is(status: Status) -> None:
    refusal = beyond_recall([part(status, "sms")])

    assert (refusal and refusal.detail) == (f"{HOW[status]}: sms." if status in HOW else None)


def test_channels_stand_in_their_order_and_by_how_they_stand_in_the_sentence() -> None:
    parts = [part(Status.DELIVERED, "a"), part(Status.FAILED, "b"), part(Status.SENDING, "c")]
    refusal = beyond_recall([*parts, part(Status.DELIVERED, "d")])

    assert refusal is not None
    assert refusal.channels == ("a", "c", "d")
    assert refusal.detail == f"{RIGHT_NOW}: c. {ALREADY}: a, d."


def test_nothing_is_beyond_recall_where_nothing_is() -> None:
    assert beyond_recall([]) is None
