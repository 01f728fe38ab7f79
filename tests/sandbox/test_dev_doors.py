"""The doors that the runtime adds to the sandbox's main port: tokens and the web app."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox import dev_token, web_app


def knock(
    body: Any, method: str = "POST", path: str = "/dev/token"
) -> tuple[int, Any, Mapping[str, str]]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, headers, answer = dev_token.handler(method, path, "", {}, content)
    return status, json.loads(answer), headers


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[" * 100_000,
        [],
        {},
        {"user": "nobody"},
        {"user": None},
        {"user": ["member"]},
        {"user": "member", "use": "refresh"},
        {"user": "member", "use": None},
        {"user": "member", "use": 1},
        {"user": "member", "expires_in_seconds": "60"},
        {"user": "member", "expires_in_seconds": True},
        {"user": "member", "expires_in_seconds": 1e300},
        b'{"user": "member", "expires_in_seconds": NaN}',
        {"user": "member", "more": 1},
    ],
)
def test_a_wrong_wish_is_a_bad_request_that_says_what_is_right(body: Any) -> None:
    status, answer, headers = knock(body)
    assert (status, answer["status"]) == (400, 400)
    assert headers["Content-Type"] == "application/problem+json"
    assert answer["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/dev/token", 405), ("POST", "/dev/tokens", 404)]
)
def test_the_door_is_one_path_and_one_method(method: str, path: str, status: int) -> None:
    assert knock({"user": "member"}, method, path)[0] == status


def test_before_the_user_pool_is_there_the_door_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMNICHANNEL_STATE_DIR", str(tmp_path))
    assert knock({"user": "member"})[0] == 503


@pytest.mark.parametrize("seconds", [3600, 1.9, 0, -100])
def test_a_wished_for_life_is_signed_with_the_pools_key(tmp_path: Path, seconds: float) -> None:
    private = rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "key.pem").write_bytes(pem)
    token = jwt.encode({"sub": "1", "iat": 1, "exp": 2}, private, "RS256", headers={"kid": "k"})
    made = dev_token._with_life(token, tmp_path / "key.pem", seconds)
    claims = jwt.decode(
        made, private.public_key(), algorithms=["RS256"], options={"verify_exp": False}
    )
    assert jwt.get_unverified_header(made)["kid"] == "k"
    assert claims["sub"] == "1"
    assert claims["iat"] < claims["exp"] or seconds > 0
    if seconds <= 0:
        with pytest.raises(jwt.ExpiredSignatureError):
            jwt.decode(made, private.public_key(), algorithms=["RS256"])


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("no")
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("index")
    (folder / "assets" / "app-1.js").write_text("code")
    return folder


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("", "index.html"),
        ("index.html", "index.html"),
        ("assets/app-1.js", "assets/app-1.js"),
        ("messages/123", "index.html"),
    ],
)
def test_a_page_of_the_web_app_is_its_index(dist: Path, name: str, file: str) -> None:
    assert web_app.find(dist, name) == dist / file


@pytest.mark.parametrize(
    "name",
    ["assets/none.js", "../secret.txt", "/etc/hosts.txt", "a\0b.js", "assets/../../secret.txt"],
)
def test_nothing_else_is_served(dist: Path, name: str) -> None:
    assert web_app.find(dist, name) is None


def test_the_web_app_is_only_read() -> None:
    assert web_app.handler("POST", "/app/", "", {}, b"")[0] == 405
