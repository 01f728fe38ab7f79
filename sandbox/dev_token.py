"""Open the development door for tokens: ``POST /dev/token`` signs a demo user in.

The token is the local user pool's own: the sign-in is a real one. A wished-for life is written
into it afterwards and signed anew with the pool's key, which the embedded AWS keeps in its state
folder; so a test can hold an expired token without waiting for it. Mounted on the sandbox's main
port, which has checked Host and Origin before.
"""

from __future__ import annotations

import base64
import http.client
import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.state import State, read_json
from sandbox.users import USERS

PATH = "/dev/token"
USES = {"id": "IdToken", "access": "AccessToken"}
MAX_LIFE_SECONDS = 10 * 365 * 24 * 3600
LIFE = "expires_in_seconds"

Answer = tuple[int, Mapping[str, str], bytes]


class Refused(Exception):
    """The door was used wrongly, or there is nothing behind it yet."""

    def __init__(self, status: int, title: str, detail: str) -> None:
        """Become a problem document."""
        super().__init__(detail)
        self.document = {"type": "about:blank", "title": title, "status": status, "detail": detail}


def handler(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Answer a request to the door."""
    del query, headers
    try:
        if path != PATH:
            raise Refused(404, "Not Found", f"The door is {PATH}.")
        if method != "POST":
            raise Refused(405, "Method Not Allowed", "Use POST.")
        wish = _wish(body)
        token = issue(State.of(os.environ), wish["user"], wish["use"], wish[LIFE])
    except Refused as error:
        return _json(int(error.document["status"]), error.document, "application/problem+json")  # type: ignore[call-overload]
    return _json(200, {"token": token}, "application/json")


def issue(state: State, user: str, use: str, life_seconds: float | None) -> str:
    """Sign a demo user in and return the token; a given life replaces the pool's own."""
    resources = read_json(state.resources)
    if resources is None:
        raise Refused(503, "Service Unavailable", "The user pool is not there yet.")
    token = _sign_in(resources, user)[USES[use]]
    if life_seconds is None:
        return token
    key = state.aws / "state" / "cognito-pool-keys" / f"{resources['user_pool_id']}-{use}.pem"
    return _with_life(token, key, life_seconds)


def _wish(body: bytes) -> dict[str, Any]:
    try:
        wish = json.loads(body)
    except (ValueError, RecursionError):
        wish = None
    if not isinstance(wish, dict) or not set(wish) <= {"user", "use", LIFE}:
        raise _wrong(f"Send a JSON object with user, and if wanted use and {LIFE}.")
    user, use, life = wish.get("user"), wish.get("use", "id"), wish.get(LIFE)
    if not isinstance(user, str) or user not in USERS:
        raise _wrong(f"user is one of {', '.join(USERS)}.")
    if not isinstance(use, str) or use not in USES:
        raise _wrong(f"use is one of {', '.join(USES)}.")
    is_number = isinstance(life, int | float) and not isinstance(life, bool)
    if life is not None and not (
        is_number and math.isfinite(life) and abs(life) <= MAX_LIFE_SECONDS
    ):
        raise _wrong(f"{LIFE} is a number of at most {MAX_LIFE_SECONDS}.")
    return {"user": user, "use": use, LIFE: life}


def _wrong(detail: str) -> Refused:
    return Refused(400, "Bad Request", detail)


def _sign_in(resources: Mapping[str, Any], user: str) -> dict[str, str]:
    """Do what a browser's sign-in does; the operation takes no signature."""
    wish = {
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": resources["client_id"],
        "AuthParameters": {"USERNAME": user, "PASSWORD": USERS[user].password(user)},
    }
    connection = http.client.HTTPConnection("127.0.0.1", resources["aws_port"], timeout=10)
    try:
        connection.request(
            "POST",
            "/",
            json.dumps(wish),
            {
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
            },
        )
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Refused(503, "Service Unavailable", "The user pool does not answer.") from error
    finally:
        connection.close()
    if "AuthenticationResult" not in answer:
        raise Refused(503, "Service Unavailable", f"The user pool refuses: {answer.get('message')}")
    tokens: dict[str, str] = answer["AuthenticationResult"]
    return tokens


def _with_life(token: str, key: Path, seconds: float) -> str:
    import jwt  # 15 MB that most runs of the sandbox never need

    header, claims, _ = token.split(".")
    now = int(time.time())
    ends = now + math.floor(seconds)
    changed = {**_decoded(claims), "iat": min(now, ends - 1), "exp": ends}
    return jwt.encode(changed, key.read_bytes(), "RS256", headers=_decoded(header))


def _decoded(part: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return value


def _json(status: int, value: object, kind: str) -> Answer:
    headers = {"Content-Type": kind, "Cache-Control": "no-store"}
    return status, headers, json.dumps(value).encode()
