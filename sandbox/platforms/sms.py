"""Stand in for SNS text messages: a pass-through that remembers what AWS accepted.

Errors and shapes: the botocore model of SNS (checked November 2026).
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.platforms.dialects.aws import pass_on, query_error
from sandbox.platforms.engine.posts import Post
from sandbox.platforms.engine.wire import Answer, Request
from sandbox.platforms.engine.world import Refusal, World

NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"
REFUSALS = {
    Refusal.TOKEN_EXPIRED: (403, "ExpiredToken", "the security token has expired"),
    Refusal.RATE_LIMIT: (400, "Throttling", "Rate exceeded"),
    Refusal.REJECT_CONTENT: (400, "InvalidParameter", "Invalid parameter: this content"),
    Refusal.UNAVAILABLE: (503, "ServiceUnavailable", "the service is unavailable"),
    Refusal.BROKEN: (500, "InternalError", "the service failed"),
}

SMS_ATTRIBUTES = (
    f'<GetSMSAttributesResponse xmlns="{NAMESPACE}"><GetSMSAttributesResult><attributes>'
    "<entry><key>DefaultSMSType</key><value>Promotional</value></entry>"
    "</attributes></GetSMSAttributesResult></GetSMSAttributesResponse>"
).encode()


class Sms:
    """The text message service."""

    channel = "sms"
    hosts = ("sns.*.amazonaws.com",)

    def __init__(self, world: World) -> None:
        """Use the embedded AWS; there is no account to seed."""
        self.world = world

    def account(self) -> dict[str, Any]:
        """Return nothing: the embedded AWS has the credentials."""
        return {}

    def claims(self, request: Request) -> bool:
        """Say yes: nobody else has this host."""
        return True

    def publishes(self, request: Request) -> bool:
        """Say whether a text message is being sent."""
        form = request.form if request.method == "POST" else {}
        return form.get("Action") == "Publish" and bool(form.get("PhoneNumber"))

    def answer(self, request: Request) -> Answer:
        """Pass the call on; keep the message if it was accepted."""
        if request.form.get("Action") == "GetSMSAttributes":  # the embedded AWS does not know it
            return Answer(200, SMS_ATTRIBUTES, {"Content-Type": "text/xml"})
        answer = pass_on(self.world, request)
        if answer is None:
            return self.refuse(Refusal.UNAVAILABLE, request, 0)
        if answer.status == 200 and self.publishes(request):
            self._keep(request.form, answer)
        return answer

    def refuse(self, refusal: Refusal, request: Request, seconds: float) -> Answer:
        """Refuse in SNS's words; it never says how long to wait."""
        return query_error(*REFUSALS[refusal], NAMESPACE)

    def _keep(self, form: dict[str, Any], answer: Answer) -> None:
        found = re.search(rb"<MessageId>([^<]+)</MessageId>", answer.body)
        external_id = found[1].decode("ascii", "replace") if found else ""
        number, text = str(form["PhoneNumber"]), str(form.get("Message", ""))
        extra = {"author": _sender(form)}
        self.world.posts.add(Post("sms", external_id, None, text, (), number, extra=extra))


def _sender(form: dict[str, Any]) -> str:
    """Return the sender id among the message attributes."""
    for name, value in form.items():
        if value == "AWS.SNS.SMS.SenderID" and name.endswith(".Name"):
            return str(form.get(name.removesuffix(".Name") + ".Value.StringValue", ""))
    return ""


STAND_IN = Sms
