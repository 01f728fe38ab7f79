"""The doors that a platform calls: Meta's handshake, its signature, and what it tells.

Sources, checked 2026-11-21: developers.facebook.com/docs/graph-api/webhooks/getting-started and
/docs/whatsapp/cloud-api/webhooks/components, and for statuses
/documentation/business-messaging/whatsapp/webhooks/reference/messages/status: each hands back the
`biz_opaque_callback_data` of its message. Meta sends again for days what is not answered with 200,
so whatever carries the right signature is: also what can't be read, or is not for us.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from chalicelib.domain.errors import Forbidden
from chalicelib.domain.inbound import Inbound, News
from chalicelib.domain.reports import Fate, Report
from chalicelib.edge import loose_json as loose
from chalicelib.edge import responses
from chalicelib.edge.problems import Unauthenticated
from chalicelib.edge.requests import Answer, Request

WHATSAPP = "whatsapp"
SIGNATURE = "X-Hub-Signature-256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,256}")
_NUMBER = re.compile(r"[1-9][0-9]{6,14}")
_SECONDS = re.compile(r"[0-9]{1,11}")
_ID = re.compile(r"[!-~]{1,500}")
_FATES = {
    **dict.fromkeys(("accepted", "sent", "delivered", "read", "played"), Fate.TAKEN),
    "failed": Fate.NOT_DELIVERED,
}
_STOPPED = 131050
"""The error of somebody who wants no more marketing messages of ours."""


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
    values = list(_values(loose.read(content)))
    messages = tuple(message for value in values for message in _messages(value))
    return News(messages, tuple(report for value in values for report in _reports(value)))


def _values(payload: Any) -> Iterator[Mapping[str, Any]]:
    for entry in loose.objects(payload, "entry"):
        for change in loose.objects(entry, "changes"):
            if change.get("field", "messages") == "messages":
                yield loose.an_object(change, "value")


def _messages(value: Mapping[str, Any]) -> Iterator[Inbound]:
    account = loose.text(loose.an_object(value, "metadata"), "phone_number_id")
    for message in loose.objects(value, "messages"):
        number = loose.text(message, "from")
        if _NUMBER.fullmatch(number) and message.get("type") != "system":
            yield Inbound(f"+{number}", _words(message), _instant(message), account)


def _reports(value: Mapping[str, Any]) -> Iterator[Report]:
    for status in loose.objects(value, "statuses"):
        fate = _FATES.get(loose.text(status, "status"))
        external_id = loose.text(status, "id")
        mark = loose.text(status, "biz_opaque_callback_data")
        if fate is not None and mark and _ID.fullmatch(external_id):
            code = _error_code(status) if fate is Fate.NOT_DELIVERED else 0
            fate = Fate.UNWANTED if code == _STOPPED else fate
            told = f"WhatsApp: {code}" if code else ""
            yield Report(mark, fate, external_id, _instant(status), told)


def _error_code(status: Mapping[str, Any]) -> int:
    codes = (error.get("code") for error in loose.objects(status, "errors"))
    return next((code for code in codes if type(code) is int and 0 < code < 10**7), 0)


def _words(message: Mapping[str, Any]) -> str:
    """Return what somebody wrote, or the words on the button that they pressed."""
    reply = loose.an_object(loose.an_object(message, "interactive"), "button_reply")
    return (
        loose.text(loose.an_object(message, "text"), "body")
        or loose.text(loose.an_object(message, "button"), "text")
        or loose.text(reply, "title")
    )


def _instant(message: Mapping[str, Any]) -> datetime | None:
    seconds = str(message.get("timestamp", ""))
    return datetime.fromtimestamp(int(seconds), UTC) if _SECONDS.fullmatch(seconds) else None
