"""The whole product, as a newcomer has it after one command."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from tests.app.conftest import Running, request

pytestmark = [pytest.mark.slow, pytest.mark.emulator]

CHANNELS = {"facebook", "instagram", "linkedin", "whatsapp", "email", "sms"}


def test_the_endpoints_name_everything_a_client_needs(running: Running) -> None:
    assert {
        "api", "web", "sandbox", "aws", "region", "table", "stream", "media_bucket",
        "user_pool_id", "client_id", "issuer", "websocket", "users", "platforms", "accounts",
        "pids",
    } == set(running.endpoints)  # fmt: skip
    assert set(running.endpoints["platforms"]) == CHANNELS


def test_every_process_that_is_named_is_there(running: Running) -> None:
    pids = running.pids()
    assert set(pids) == {"supervisor", "api", "aws", "sandbox"}
    for pid in pids.values():
        os.kill(pid, 0)


def test_the_first_start_has_published_one_announcement_everywhere(running: Running) -> None:
    messages = running.call("GET", "/api/v1/messages?scope=all", user="manager").json["items"]
    assert len(messages) >= 1
    first = running.call("GET", f"/api/v1/messages/{messages[-1]['id']}", user="manager").json
    assert {d["channel"]: d["status"] for d in first["deliveries"]} == dict.fromkeys(
        CHANNELS, "delivered"
    )


def test_the_posts_are_on_the_wall_as_the_api_says(running: Running) -> None:
    posts = request(running.endpoints["sandbox"], "GET", "/posts").json["items"]
    assert {post["channel"] for post in posts} == CHANNELS


def test_three_people_agreed_on_each_direct_channel(running: Running) -> None:
    for channel in ("email", "sms", "whatsapp"):
        path = f"/api/v1/channels/{channel}/recipients"
        assert len(running.call("GET", path, user="manager").json["items"]) == 3


def test_a_token_of_the_door_opens_the_api(running: Running) -> None:
    assert running.call("GET", "/api/v1/me", user="admin").json["role"] == "admin"


@pytest.mark.parametrize("wish", [{"use": "access"}, {"expires_in_seconds": -5}])
def test_another_token_does_not(running: Running, wish: dict[str, object]) -> None:
    token = running.token("member", **wish)
    answer = request(
        running.endpoints["api"], "GET", "/api/v1/me", headers={"Authorization": token}
    )
    assert (answer.status, answer.json["code"]) == (401, "unauthenticated")


def test_the_state_lies_outside_the_checkout(running: Running) -> None:
    assert not running.state.is_relative_to(Path(__file__).resolve().parents[2])


def test_an_uploaded_picture_becomes_ready_by_its_event(running: Running) -> None:
    upload = running.upload(Image.new("RGB", (600, 400), "teal"))
    assert running.call("GET", f"/api/v1/uploads/{upload}").json["status"] == "ready"


def test_a_killed_api_comes_back_and_loses_nothing_it_accepted(running: Running) -> None:
    wish = {"content": "Still there", "channels": ["facebook"]}
    message = running.call("POST", "/api/v1/messages", wish).json["id"]
    running.kill_api()
    assert running.call("GET", f"/api/v1/messages/{message}").status == 200
