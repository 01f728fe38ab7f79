"""Live updates through what was deployed: tickets, frames, strangers."""

from __future__ import annotations

import pytest

from tests.deployed.product import Product, explained
from tests.live_client import LiveClient, Refused

GUESSED = "0123456789abcdef" * 2


def hear_of_a_message(product: Product) -> None:
    """Publish as a member; author and manager hear of it until it is delivered."""
    watching = [product.watch(user) for user in ("member", "manager")]
    message = product.publish("linkedin")
    for client in watching:
        status = ""
        while status != "delivered":
            frame = client.hear()
            assert frame["type"] == "message"
            if frame["id"] == message:
                status = product.get("member", f"/api/v1/messages/{message}")["status"]
        client.close()


def test_author_and_manager_hear_of_a_message_until_it_is_delivered(product: Product) -> None:
    with explained(product):
        hear_of_a_message(product)


def test_another_member_hears_nothing_of_it(product: Product) -> None:
    with explained(product):
        stranger = product.watch("member2")
        product.ended(product.publish("linkedin"))
        stranger.say({"type": "ping"})
        assert stranger.hear() == {"type": "pong"}
        stranger.close()


@pytest.mark.parametrize("query", ["", "?ticket=short", f"?ticket={GUESSED}"])
def test_a_stranger_is_refused(product: Product, query: str) -> None:
    with pytest.raises(Refused) as refused:
        LiveClient(f"{product.websocket}{query}")
    assert refused.value.status in (401, 403)


def test_a_ticket_opens_one_connection(product: Product) -> None:
    ticket = product.post("member", "/api/v1/live-tickets", {})["ticket"]
    client = LiveClient(f"{product.websocket}?ticket={ticket}").ready()
    with pytest.raises(Refused):
        LiveClient(f"{product.websocket}?ticket={ticket}")
    client.close()
