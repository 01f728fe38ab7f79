"""Stand in for a WhatsApp business number: messages, templates and their history.

Free text reaches only numbers that wrote to us within a day; everybody else gets an approved
template. Rules and error codes: the project's channel fact sheet, section 4.3 (November 2026).
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sandbox.platforms.dialects.graph import (
    Call,
    GraphError,
    GraphPlatform,
    chosen,
    nothing_there,
)
from sandbox.platforms.dialects.templates import default_templates, fill
from sandbox.platforms.engine.moments import instant, moment
from sandbox.platforms.engine.pictures import NotAnImage, NotPulled, pull
from sandbox.platforms.engine.posts import Picture, Post
from sandbox.platforms.engine.webhooks import Told, tell
from sandbox.platforms.engine.world import World, token

PHONE_NUMBER_ID = "106540000000042"
WABA_ID = "102290000000042"
OPEN_WINDOW_NUMBER = "+447700900123"
"""A number reserved for fiction; in the sandbox it has always just written to us."""
LANGUAGE = "en_US"
WINDOW = timedelta(hours=24)
MAX_TEXT = 4096
MAX_CAPTION = 1024
MAX_IMAGE_BYTES = 5 * 1024 * 1024
MOST_STATUSES = 100
"""In one call. Meta's own batches are larger, but so is what others may take in at once."""
NUMBER_FIELDS = ("id", "verified_name", "display_phone_number", "quality_rating")


class WhatsApp(GraphPlatform):
    """One business number with one system-user token."""

    channel = "whatsapp"
    scopes = ("whatsapp_business_messaging", "whatsapp_business_management")
    throttle = (429, 130429)
    rejection = (132007, None)

    def __init__(self, world: World) -> None:
        """Seed the account on the first start."""
        super().__init__(world)
        self._statuses = world.outbox(self._told, MOST_STATUSES)

    def new_account(self) -> dict[str, Any]:
        """Return a fresh number, token and templates."""
        templates = default_templates(LANGUAGE)
        return {
            "phone_number_id": PHONE_NUMBER_ID,
            "waba_id": WABA_ID,
            "access_token": token("whatsapp"),
            "open_window_number": OPEN_WINDOW_NUMBER,
            "template": {"name": templates[0]["name"], "language": templates[0]["language"]},
            "app_secret": token("whatsapp-app"),
            "verify_token": token("whatsapp-webhook"),
            "templates": templates,
        }

    def account(self) -> dict[str, Any]:
        """Return the development account as the product is given it: without all the templates."""
        return {name: value for name, value in self.seed.items() if name != "templates"}

    def hear(self, number: str, text: str) -> Told:
        """Open the person's service window and return the signed call that tells of their words."""
        now = self.world.now()
        with self.world.objects("window") as windows:
            windows.put(number, open_until=instant(now + WINDOW))
        digits = number.removeprefix("+")
        message = {
            "from": digits,
            "id": _message_id(digits, self.world.number()),
            "timestamp": str(int(now.timestamp())),
            "type": "text",
            "text": {"body": text},
        }
        contact = {"profile": {"name": "Somebody"}, "wa_id": digits}
        return self._telling(contacts=[contact], messages=[message])

    def _telling(self, **what: Any) -> Told:
        """Return a signed call that tells something of the number."""
        metadata = {
            "display_phone_number": re.sub(r"\D", "", self.identity()["display_phone_number"]),
            "phone_number_id": self.seed["phone_number_id"],
        }
        value = {"messaging_product": "whatsapp", "metadata": metadata, **what}
        change = {"field": "messages", "value": value}
        entry = {"id": self.seed["waba_id"], "changes": [change]}
        body = json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode()
        proof = hmac.digest(self.seed["app_secret"].encode(), body, "sha256").hex()
        headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={proof}"}
        return Told("/webhooks/whatsapp", body, headers)

    def identity(self) -> dict[str, Any]:
        """Return the number."""
        return {
            "id": self.seed["phone_number_id"],
            "name": "Cloud Community",
            "verified_name": "Cloud Community",
            "display_phone_number": "+44 7700 900042",
            "quality_rating": "GREEN",
            "code_verification_status": "VERIFIED",
            "platform_type": "CLOUD_API",
            "messaging_limit_tier": "TIER_UNLIMITED",
            "throughput": {"level": "STANDARD"},
            "status": "CONNECTED",
        }

    def owns(self, node: str) -> bool:
        """Say whether ``node`` is the number or its business account."""
        return node in (self.seed["phone_number_id"], self.seed["waba_id"])

    def makes_visible(self, call: Call) -> bool:
        """Say whether a message is being sent (and not, say, one marked as read)."""
        paths = ("messages", "marketing_messages")
        is_sending = call.fields.get("status") is None
        return call.path[:1] == [self.seed["phone_number_id"]] and call.path[1:] in (
            [paths[0]],
            [paths[1]],
        ) and is_sending  # fmt: skip

    def serve(self, call: Call) -> Any:
        """Answer for the number and its templates."""
        verb = (call.method, *call.path[1:])
        if call.node == self.seed["waba_id"]:
            if verb == ("GET", "message_templates"):
                return self._templates(call)
            if verb == ("GET", "phone_numbers"):
                return {"data": [chosen(self.identity(), call, NUMBER_FIELDS)]}
            if verb == ("GET",):
                shown = {"id": self.seed["waba_id"], "name": "Cloud Community"}
                return chosen(shown, call, ("id", "name"))
        elif self.makes_visible(call) and call.method == "POST":
            return self._send(call)
        elif verb == ("POST", "messages"):
            return {"success": True}
        elif verb == ("GET", "message_history"):
            return self._history(call)
        elif verb == ("GET",):
            return chosen(self.identity(), call, NUMBER_FIELDS)
        raise nothing_there("/".join(call.path))

    def _send(self, call: Call) -> Any:
        fields = call.fields
        if fields.get("messaging_product") != "whatsapp":
            raise GraphError(100, "messaging_product must be whatsapp")
        if fields.get("recipient_type", "individual") != "individual":
            raise GraphError(131051, "the sandbox sends to individuals only")
        given = str(fields.get("to", ""))
        digits = re.sub(r"[\s()+-]", "", given)
        if not re.fullmatch(r"[1-9]\d{6,14}", digits):
            raise GraphError(131009, "the recipient is not a phone number", details="to")
        kind = str(fields.get("type", "text"))
        text, pictures, extra = self._content(kind, fields, f"+{digits}")
        post = Post(
            "whatsapp",
            _message_id(digits, self.world.number()),
            None,
            text,
            pictures,
            f"+{digits}",
            extra={
                "author": self.identity()["verified_name"],
                "kind": kind,
                "callback_data": fields.get("biz_opaque_callback_data"),
                **extra,
            },
        )
        self._report(self.world.posts.add(post))
        return {
            "messaging_product": "whatsapp",
            "contacts": [{"input": given, "wa_id": digits}],
            "messages": [{"id": post.external_id, "message_status": "accepted"}],
        }

    def _report(self, post: Post) -> None:
        """Have the product told what becomes of a message, as Meta does after its answer."""
        at = moment(post.created_at) or self.world.now()
        about = {
            "id": post.external_id,
            "timestamp": str(int(at.timestamp())),
            "recipient_id": (post.recipient or "").removeprefix("+"),
        }
        if mark := post.extra.get("callback_data"):
            about["biz_opaque_callback_data"] = mark
        if self.world.api:
            self._statuses.add(*({**about, "status": status} for status in ("sent", "delivered")))

    def _told(self, statuses: Sequence[dict[str, Any]]) -> bool:
        return tell(self.world.api or "", self._telling(statuses=list(statuses))) == 200

    def _content(
        self, kind: str, fields: dict[str, Any], recipient: str
    ) -> tuple[str, tuple[Picture, ...], dict[str, Any]]:
        content = fields.get(kind)
        if kind not in ("text", "image", "template"):
            raise GraphError(131051, "the sandbox sends text, image and template messages")
        if not isinstance(content, dict):
            raise GraphError(131008, "a required parameter is missing", details=kind)
        if kind == "template":
            filled = fill(self.seed["templates"], content, self._pull)
            pictures = (filled.header,) if filled.header else ()
            return filled.text, pictures, {"template": content["name"]}
        if not self._is_window_open(recipient):
            details = "more than 24 hours have passed since this person last wrote"
            raise GraphError(131047, "Re-engagement message", details=details)
        text, most = content.get("body"), MAX_TEXT
        if kind == "image":
            text, most = content.get("caption", ""), MAX_CAPTION
        if not isinstance(text, str) or (kind == "text" and not text.strip()):
            raise GraphError(131008, "a required parameter is missing", details="text")
        if len(text) > most:
            raise GraphError(100, f"at most {most} characters", details="text")
        return text, (self._pull(content.get("link")),) if kind == "image" else (), {}

    def _is_window_open(self, number: str) -> bool:
        with self.world.objects("window") as windows:
            window = windows.get(number)
        if window is not None and window["open_until"] > self.world.instant():
            return True
        return bool(number == self.seed["open_window_number"])

    def _pull(self, link: Any) -> Picture:
        try:
            content = pull(link if isinstance(link, str) else "")
            picture = self.world.pictures.keep(content)
        except (NotPulled, NotAnImage) as error:
            raise GraphError(131053, "the media could not be used", details=str(error)) from error
        if len(content) > MAX_IMAGE_BYTES:
            raise GraphError(131053, "the media could not be used", details="at most 5 MB")
        if picture.content_type not in ("image/jpeg", "image/png"):
            raise GraphError(131053, "the media could not be used", details="only JPEG and PNG")
        return picture

    def _templates(self, call: Call) -> Any:
        name = call.text("name")
        found = [t for t in self.seed["templates"] if name in ("", t["name"])]
        names = ("name", "language", "status", "category", "components")
        return {"data": [chosen(template, call, names) for template in found], "paging": {}}

    def _history(self, call: Call) -> Any:
        message_id = call.text("message_id")
        post = self.world.posts.find("whatsapp", message_id)
        if post is None:
            return {"data": []}
        at = moment(post.created_at)
        seconds = int(at.timestamp()) if at else 0
        events = [
            {"id": f"{seconds}{step}", "delivery_status": status, "timestamp": seconds}
            for step, status in enumerate(("SENT", "DELIVERED"))
        ]
        entry = {"id": message_id, "message_id": message_id, "events": {"data": events}}
        return {"data": [entry], "paging": {}}


def _message_id(digits: str, number: int) -> str:
    return "wamid." + base64.b64encode(f"{digits}:{number}".encode()).decode()


STAND_IN = WhatsApp
