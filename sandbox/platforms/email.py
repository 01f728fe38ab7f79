"""Stand in for SES v2: a pass-through that remembers what AWS accepted, and reports on it.

Errors and shapes: the botocore model of SES v2 (checked November 2026).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from email.utils import parseaddr
from typing import Any, Literal

from sandbox.platforms.dialects import ses_events
from sandbox.platforms.dialects.aws import mapping, pass_on, rest_json_error
from sandbox.platforms.engine.pictures import NotAnImage
from sandbox.platforms.engine.posts import Picture, Post
from sandbox.platforms.engine.wire import Answer, Request, read_json
from sandbox.platforms.engine.world import Refusal, World

SEND = ["v2", "email", "outbound-emails"]
REFUSALS = {
    Refusal.TOKEN_EXPIRED: (403, "ExpiredTokenException", "the security token has expired"),
    Refusal.RATE_LIMIT: (429, "TooManyRequestsException", "Maximum sending rate exceeded."),
    Refusal.REJECT_CONTENT: (400, "MessageRejected", "the message was rejected for its content"),
    Refusal.UNAVAILABLE: (503, "ServiceUnavailableException", "the service is unavailable"),
    Refusal.BROKEN: (500, "InternalServiceErrorException", "the service failed"),
}


class Email:
    """The mail service."""

    channel = "email"
    hosts = ("email.*.amazonaws.com",)

    def __init__(self, world: World) -> None:
        """Use the embedded AWS; there is no account to seed."""
        self.world = world
        self._events = world.outbox(ses_events.Publisher(world).publish, ses_events.MOST)

    def account(self) -> dict[str, Any]:
        """Return nothing: the embedded AWS has the credentials."""
        return {}

    def claims(self, request: Request) -> bool:
        """Say yes: nobody else has this host."""
        return True

    def publishes(self, request: Request) -> bool:
        """Say whether a mail is being sent."""
        return request.method == "POST" and request.segments == SEND

    def answer(self, request: Request) -> Answer:
        """Pass the call on; keep the mail if it was accepted."""
        answer = pass_on(self.world, request)
        if answer is None:
            return self.refuse(Refusal.UNAVAILABLE, request, 0)
        if answer.status == 200 and self.publishes(request):
            self._keep(mapping(request.json), answer)
        return answer

    def refuse(self, refusal: Refusal, request: Request, seconds: float) -> Answer:
        """Refuse in SES's words; it never says how long to wait."""
        return rest_json_error(*REFUSALS[refusal])

    def _keep(self, sent: dict[str, Any], answer: Answer) -> None:
        external_id = str(mapping(read_json(answer.body)).get("MessageId", ""))
        destination = mapping(sent.get("Destination"))
        lists = (destination.get(f"{kind}Addresses") or [] for kind in ("To", "Cc", "Bcc"))
        recipients = [str(address) for addresses in lists for address in addresses]
        content = mapping(sent.get("Content"))
        read = _raw if "Raw" in content else _simple
        mail = read(content)
        pictures, inline = self._pictures(mail["attachments"])
        extra = {
            "author": str(sent.get("FromEmailAddress") or mail["from"]),
            "subject": mail["subject"],
            "html": mail["html"],
            "headers": mail["headers"],
            "inline": inline,
            "tags": {
                str(tag.get("Name")): str(tag.get("Value"))
                for tag in sent.get("EmailTags") or []
                if isinstance(tag, dict)
            },
        }
        shown = ", ".join(recipients)
        post = Post("email", external_id, None, mail["text"], pictures, shown, extra=extra)
        self._report(self.world.posts.add(post), sent.get("ConfigurationSetName"), recipients)

    def _report(self, post: Post, configuration_set: object, recipients: Sequence[str]) -> None:
        """Have it published what becomes of a mail, as SES does for a configuration set."""
        if isinstance(configuration_set, str) and configuration_set:
            tags = {**post.extra["tags"], "ses:configuration-set": configuration_set}
            source = parseaddr(post.extra["author"])[1]
            at = post.created_at
            mail = ses_events.mail_object(post.external_id, source, recipients, tags, at)
            self._events.add(*ses_events.of_mail(configuration_set, mail, recipients, at))

    def _pictures(
        self, attachments: list[tuple[str, str, bytes]]
    ) -> tuple[tuple[Picture, ...], dict[str, str]]:
        """Keep attached images; return them and the file of each content id."""
        pictures, inline = [], {}
        for content_id, description, content in attachments:
            try:
                picture = self.world.pictures.keep(content, description or None)
            except NotAnImage:
                continue  # other attachments are not shown on the wall
            pictures.append(picture)
            if content_id:
                inline[content_id] = picture.name
        return tuple(pictures), inline


def _simple(content: dict[str, Any]) -> dict[str, Any]:
    """Read SES's own structured mail."""
    simple = mapping(content.get("Simple"))
    body = mapping(simple.get("Body"))
    attachments = []
    for item in simple.get("Attachments") or []:
        attachment = mapping(item)
        names = [str(attachment.get(key, "")) for key in ("ContentId", "ContentDescription")]
        attachments.append((names[0].strip("<>"), names[1], _decoded(attachment.get("RawContent"))))
    return {
        "subject": str(mapping(simple.get("Subject")).get("Data", "")),
        "text": str(mapping(body.get("Text")).get("Data", "")),
        "html": str(mapping(body.get("Html")).get("Data", "")),
        "from": "",
        "headers": {
            str(header.get("Name")): str(header.get("Value"))
            for header in simple.get("Headers") or []
            if isinstance(header, dict)
        },
        "attachments": attachments,
    }


def _raw(content: dict[str, Any]) -> dict[str, Any]:
    """Read a finished MIME message."""
    data = _decoded(mapping(content.get("Raw")).get("Data"))
    mail = message_from_bytes(data, EmailMessage, policy=policy.default)
    attachments = []
    for part in mail.walk():
        if part.get_content_maintype() == "image":
            content_id = str(part.get("Content-ID", "")).strip("<>")
            description = str(part.get("Content-Description", ""))
            attachments.append((content_id, description, _decoded_part(part)))
    return {
        "subject": str(mail.get("Subject", "")),
        "text": _body(mail, "plain"),
        "html": _body(mail, "html"),
        "from": str(mail.get("From", "")),
        "headers": {name: str(value) for name, value in mail.items()},
        "attachments": attachments,
    }


def _body(mail: EmailMessage, kind: Literal["plain", "html"]) -> str:
    part = mail.get_body((kind,))
    if part is None:
        return ""
    payload = _decoded_part(part)
    try:
        return payload.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # a character set nobody knows
        return payload.decode("utf-8", "replace")


def _decoded_part(part: MIMEPart) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _decoded(value: Any) -> bytes:
    try:
        return base64.b64decode(str(value or ""))
    except (binascii.Error, ValueError):
        return b""


STAND_IN = Email
