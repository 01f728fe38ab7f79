"""What platforms tell us by themselves."""

from __future__ import annotations

import pytest

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.inbound import Inbound, News
from chalicelib.services.listening import Listening
from tests.fakes.ground import START
from tests.fakes.world import MAX, World

WHATSAPP = ChannelName("whatsapp")
NUMBER = "+447700900123"


@pytest.fixture
def listening(world: World) -> Listening:
    """Return the service, with one recipient who may write to us."""
    world.subscribing.add("whatsapp", NUMBER, "Grace", "signed a form", MAX)
    return Listening(world.accounts, world.secrets, world.subscribing, world.heard)


def opted_out(world: World) -> bool:
    """Return whether the recipient wants to be left alone."""
    (found,) = world.subscriptions.page(WHATSAPP, 5, None).items
    return found.opted_out_at is not None


def news(text: str, account: str = "") -> News:
    """Return one message somebody wrote to us."""
    return News((Inbound(NUMBER, text, START, account),), statuses=2)


def test_a_platforms_calls_are_recognised_by_the_accounts_secrets(
    world: World, listening: Listening
) -> None:
    assert listening.secrets("whatsapp") == {"access_token": "whatsapp-token"}


def test_where_nothing_is_connected_nothing_is_recognised(listening: Listening) -> None:
    assert listening.secrets("myspace") == {}


@pytest.mark.parametrize("account", ["", "1065"])
def test_a_wish_written_to_our_account_is_respected(
    world: World, listening: Listening, account: str
) -> None:
    listening.take("whatsapp", news("STOP", account))

    assert opted_out(world)


def test_what_was_written_to_another_account_does_not_concern_us(
    world: World, listening: Listening
) -> None:
    listening.take("whatsapp", news("STOP", "9999"))

    assert not opted_out(world)


def test_what_was_heard_is_counted_without_any_address(world: World, listening: Listening) -> None:
    listening.take("whatsapp", news("Hello", "1065"))
    listening.take("whatsapp", news("Hello", "9999"))
    first, second = world.heard.named("heard")

    assert (first["messages"], first["foreign"], first["statuses"]) == (1, 0, 2)
    assert (second["messages"], second["foreign"]) == (0, 1)
    assert NUMBER not in repr(world.heard.lines)


def test_the_same_news_again_changes_nothing(world: World, listening: Listening) -> None:
    listening.take("whatsapp", news("STOP"))
    (before,) = world.subscriptions.page(WHATSAPP, 5, None).items
    listening.take("whatsapp", news("STOP"))

    assert world.subscriptions.page(WHATSAPP, 5, None).items == [before]
