"""Live updates over the running product: who hears what, and that strangers hear nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from uuid import uuid4

import pytest

from tests.app.conftest import Running
from tests.live_client import LiveClient, Refused, connected

pytestmark = [pytest.mark.slow, pytest.mark.emulator]


def ticket(running: Running, user: str = "member") -> str:
    answer = running.call("POST", "/api/v1/live-tickets", user=user)
    assert answer.status == 201, answer.body
    assert set(answer.json) == {"ticket", "expires_at"}
    return str(answer.json["ticket"])


def address(running: Running, user: str = "member") -> str:
    return f"{running.endpoints['websocket']}?ticket={ticket(running, user)}"


def publish(running: Running) -> str:
    wish = {"content": f"Live {uuid4()}", "channels": ["facebook"]}
    return str(running.call("POST", "/api/v1/messages", wish).json["id"])


def await_delivered(running: Running, client: LiveClient, message: str) -> None:
    """Read the message whenever a frame names it, until it is delivered."""
    for _ in range(50):
        frame = client.hear()
        assert frame["type"] == "message"
        if frame["id"] == message:
            found = running.call("GET", f"/api/v1/messages/{message}").json
            if found["status"] == "delivered":
                return
    raise AssertionError("It was never delivered.")


@pytest.fixture
def open_connections(running: Running) -> Iterator[dict[str, LiveClient]]:
    with ExitStack() as stack:
        yield {
            user: stack.enter_context(connected(address(running, user))).ready()
            for user in ("member", "member2", "manager")
        }


def test_author_and_manager_hear_of_a_message_until_it_is_delivered(
    running: Running, open_connections: dict[str, LiveClient]
) -> None:
    message = publish(running)
    await_delivered(running, open_connections["member"], message)
    await_delivered(running, open_connections["manager"], message)
    # Whatever else was told before the answer to a ping would have been heard before it.
    open_connections["member2"].say({"type": "ping"})
    assert open_connections["member2"].hear() == {"type": "pong"}


def test_a_ticket_opens_one_connection(running: Running) -> None:
    there = address(running)
    with connected(there), pytest.raises(Refused) as refused:
        LiveClient(there)
    assert refused.value.status == 403


@pytest.mark.parametrize(
    ("query", "status"), [("", 401), ("?ticket=x", 401), (f"?ticket={'x' * 43}", 403)]
)
def test_a_stranger_is_refused(running: Running, query: str, status: int) -> None:
    with pytest.raises(Refused) as refused:
        LiveClient(f"{running.endpoints['websocket']}{query}")
    assert refused.value.status == status


def test_a_token_is_no_ticket(running: Running) -> None:
    with pytest.raises(Refused):
        LiveClient(f"{running.endpoints['websocket']}?ticket={running.token()}")


def test_a_page_of_another_site_is_refused_even_with_a_ticket(running: Running) -> None:
    with pytest.raises(Refused) as refused:
        LiveClient(address(running), [("Origin", "https://evil.example")])
    assert refused.value.status == 403


def test_connections_of_a_killed_api_are_dropped_and_new_ones_work(running: Running) -> None:
    stale = LiveClient(address(running)).ready()
    running.kill_api()
    stale.close()
    with connected(address(running)) as client:
        client.ready()
        await_delivered(running, client, publish(running))
