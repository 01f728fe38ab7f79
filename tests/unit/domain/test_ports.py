"""The values that cross the ports."""

from __future__ import annotations

from datetime import UTC, datetime

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import Delivery, DeliveryKey
from chalicelib.domain.errors import Conflict
from chalicelib.domain.messages import Content, Message, MessageStatus
from chalicelib.domain.ports import CardFacts, OnceTaken, Picture, Snapshot
from chalicelib.domain.states import Status

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SMS = ChannelName("sms")
DELIVERY = Delivery(DeliveryKey("m", SMS), Status.PENDING, 1, NOW)
MESSAGE = Message("m", "a", "A", MessageStatus.SCHEDULED, 1, Content("Hi"), (SMS,), NOW, NOW)


def test_a_snapshot_finds_the_delivery_of_a_channel() -> None:
    assert Snapshot(MESSAGE, (DELIVERY,)).delivery("sms") is DELIVERY


def test_a_snapshot_finds_nothing_for_a_channel_not_chosen() -> None:
    assert Snapshot(MESSAGE, (DELIVERY,)).delivery("linkedin") is None


def test_a_card_can_be_read_aloud() -> None:
    facts = CardFacts("Ada", "Cloud Practitioner", "f", "Foundational", "May 2026", "Well done!")

    assert facts.alt_text == "Well done: Ada, Cloud Practitioner (Foundational), May 2026"


def test_a_printed_picture_shows_no_bytes() -> None:
    assert "secret" not in repr(Picture(b"secret", 1, 1))


def test_a_used_key_is_a_conflict_with_a_twin() -> None:
    assert isinstance(OnceTaken(), Conflict)
    assert OnceTaken().code == "still_running"
