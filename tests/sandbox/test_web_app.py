"""The web app is served with the headers that it has in AWS, and told where everything is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infrastructure import web_headers
from sandbox import web_app
from sandbox.state import State, write_json


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    """Return the state of a copy with ports of its own."""
    state = State(tmp_path / "state")
    state.prepare()
    for name, value in {"API_PORT": "81", "SANDBOX_PORT": "82", "AWS_PORT": "83"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OMNICHANNEL_STATE_DIR", str(state.path))
    return state


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that holds a built web app."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>")
    (folder / "assets" / "main.js").write_text("1")
    monkeypatch.setattr(web_app, "DIST", folder)
    return folder


def get(path: str, method: str = "GET") -> web_app.Answer:
    return web_app.handler(method, path, "", {}, b"")


def test_it_is_told_where_the_parts_of_this_copy_are(state: State) -> None:
    resources = {"user_pool_id": "us-east-1_pool", "client_id": "client"}
    write_json(state.resources, resources)
    write_json(state.endpoints, {"websocket": "ws://127.0.0.1:84"})
    status, _, body = get("/app/config.json")
    config = json.loads(body)
    assert status == 200
    assert config["api_url"] == "http://127.0.0.1:81"
    assert config["authority"] == "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_pool"
    assert config["metadata_url"].startswith("http://127.0.0.1:83/us-east-1_pool/")
    assert config["websocket_url"] == "ws://127.0.0.1:84"
    assert {user["login"] for user in config["demo_users"]} > {"member", "manager"}


def test_before_the_user_pool_is_there_it_is_told_to_come_again(state: State) -> None:
    assert get("/app/config.json")[0] == 503


def test_files_are_sent_with_the_headers_of_aws(state: State, dist: Path) -> None:
    _, headers, _ = get("/app/")
    places = web_headers.Places(
        "http://127.0.0.1:81", ("http://127.0.0.1:83",), ("http://127.0.0.1:83",)
    )
    assert web_headers.security(places).items() <= headers.items()
    assert headers["Cache-Control"] == "no-cache"


def test_the_socket_is_allowed_once_it_is_known(state: State, dist: Path) -> None:
    write_json(state.endpoints, {"websocket": "ws://127.0.0.1:84/live"})
    policy = get("/app/")[1]["Content-Security-Policy"]
    assert " ws://127.0.0.1:84;" in policy


def test_a_page_of_the_app_is_its_index_and_a_missing_file_is_not(state: State, dist: Path) -> None:
    assert get("/app/messages/1")[2] == b"<!doctype html>"
    assert get("/app/assets/gone.js")[0] == 404


def test_what_has_a_hash_in_its_name_is_kept_for_ever(state: State, dist: Path) -> None:
    assert get("/app/assets/main.js")[1]["Cache-Control"] == web_headers.FOR_EVER


def test_nothing_outside_is_served(state: State, dist: Path) -> None:
    (dist.parent / "secret.txt").write_text("secret")
    assert get("/app/../secret.txt")[0] == 404


def test_it_takes_no_other_method(state: State, dist: Path) -> None:
    assert get("/app/", "POST")[0] == 405


@pytest.mark.parametrize(
    "directive",
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
        "frame-ancestors 'none'",
    ],
)
def test_nothing_of_anybody_else_can_run(directive: str) -> None:
    places = web_headers.Places("https://api.example", (), ())
    policy = web_headers.security(places)["Content-Security-Policy"]
    assert directive in policy.split("; ")
    assert "unsafe" not in policy
    assert "*" not in policy


def test_its_address_without_the_slash_leads_there() -> None:
    status, headers, _ = get("/app")
    assert (status, headers["Location"]) == (308, "/app/")
    assert get("/apple")[0] == 404
