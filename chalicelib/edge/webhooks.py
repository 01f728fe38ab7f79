"""The doors that a platform calls: Meta's handshake, its signature, and what it tells.

Sources, checked 2026-11-21: developers.facebook.com/docs/graph-api/webhooks/getting-started and
/docs/whatsapp/cloud-api/webhooks/components. Meta sends again for days what is not answered with
200, so whatever carries the right signature is: also what can't be read, or is not for us.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from chalicelib.domain.errors import Forbidden
from chalicelib.domain.inbound import Inbound, News
from chalicelib.edge import responses
from chalicelib.edge.problems import Unauthenticated
from chalicelib.edge.requests import Answer, Request

WHATSAPP = "whatsapp"
SIGNATURE = "X-Hub-Signature-256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,256}")
_NUMBER = re.compile(r"[1-9][0-9]{6,14}")
_SECONDS = re.compile(r"[0-9]{1,11}")


def confirm(request: Request, secrets: Mapping[str, str]) -> Answer:
    """Answer Meta's challenge; `Forbidden` for whoever does not know the `verify_token`."""
    asked = request.query
    knows_it = _same(asked.get("hub.verify_token", ""), secrets.get("verify_token", ""))
    challenge = _CHALLENGE.fullmatch(asked.get("hub.challenge", ""))
    if asked.get("hub.mode") != "subscribe" or not knows_it or challenge is None:
        raise Forbidden("The verify token is not ours, or this is no verification.")
    return responses.plain(challenge[0])


def opened(request: Request, secrets: Mapping[str, str]) -> News:
    """Return what Meta tells; `Unauthenticated` unless our `app_secret` signed these very bytes."""
    secret = secrets.get("app_secret", "")
    proof = hmac.new(secret.encode(), request.content, sha256).hexdigest()
    if not secret or not _same(request.headers.get(SIGNATURE.lower(), ""), f"sha256={proof}"):
        raise Unauthenticated(f"The signature in {SIGNATURE} is missing or not ours.")
    return _news(request.content)


def _same(given: str, ours: str) -> bool:
    """Return whether somebody knows a text of ours, in a time that does not tell how much of it."""
    return bool(ours) and hmac.compare_digest(given.encode("utf-8", "replace"), ours.encode())


def _news(content: bytes) -> News:
    try:
        payload = json.loads(content)
    except (ValueError, RecursionError):
        return News()
    values = list(_values(payload))
    messages = tuple(message for value in values for message in _messages(value))
    return News(messages, sum(len(_objects(value, "statuses")) for value in values))


def _values(payload: Any) -> Iterator[Mapping[str, Any]]:
    for entry in _objects(payload, "entry"):
        for change in _objects(entry, "changes"):
            if change.get("field", "messages") == "messages":
                yield _object(change, "value")


def _messages(value: Mapping[str, Any]) -> Iterator[Inbound]:
    account = _text(_object(value, "metadata"), "phone_number_id")
    for message in _objects(value, "messages"):
        number = _text(message, "from")
        if _NUMBER.fullmatch(number) and message.get("type") != "system":
            yield Inbound(f"+{number}", _words(message), _instant(message), account)


def _words(message: Mapping[str, Any]) -> str:
    """Return what somebody wrote, or the words on the button that they pressed."""
    reply = _object(_object(message, "interactive"), "button_reply")
    return (
        _text(_object(message, "text"), "body")
        or _text(_object(message, "button"), "text")
        or _text(reply, "title")
    )


def _instant(message: Mapping[str, Any]) -> datetime | None:
    seconds = str(message.get("timestamp", ""))
    return datetime.fromtimestamp(int(seconds), UTC) if _SECONDS.fullmatch(seconds) else None


def _objects(holder: Any, name: str) -> list[Mapping[str, Any]]:
    listed = holder.get(name) if isinstance(holder, dict) else None
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _object(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""
