"""Lead a channel's conversation to the step a test is about, without a network."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from chalicelib.domain.channels import (
    Account,
    AwsCall,
    Channel,
    Handle,
    HttpRequest,
    Media,
    Pause,
    Post,
    Receipt,
    Recipient,
    Response,
    Wording,
)
from tests.channels.conversing import ACCOUNTS

CARD = Media("card.jpg", 1080, 1080, "A card")
ADDRESSES = {"email": "ada@example.org"}
PREPARED_ANYWHERE = (
    b'{"id": "1", "status_code": "FINISHED", "status": "AVAILABLE", '
    b'"value": {"image": "urn:li:image:1", "uploadUrl": "https://x.example/1"}}'
)
"""An answer to a step that only prepares, in every platform's way at once."""
Conversation = Generator[Any, Response, Any]


def account(channel: Channel) -> Account:
    """Return an account with every field it needs."""
    known = ACCOUNTS.get(channel.name)
    if known is not None:
        return known
    return Account(
        channel.name,
        dict.fromkeys(channel.account_settings, "setting"),
        dict.fromkeys(channel.account_secrets, "secret"),
    )


def post(channel: Channel, text: str = "Hello", pictures: int = 1) -> Post:
    """Return a post addressed as the service does it."""
    composed, _ = channel.compose(Wording(text), (CARD,) * pictures, account(channel))
    address = ADDRESSES.get(channel.name, "+447700900321")
    recipient = Recipient("r-1", address) if channel.direct else None
    return replace(composed.to(recipient, token="TOKEN", handle=None), mark="MARK")


def prepared(step: HttpRequest | AwsCall) -> Response:
    """Answer a step that only prepares."""
    return Response(200, {}, PREPARED_ANYWHERE)


def publishing_step(
    channel: Channel,
) -> tuple[Conversation, HttpRequest | AwsCall, list[object]]:
    """Go on until the step that makes the post visible; return what came before it."""
    conversation = channel.publish(post(channel), account(channel))
    before: list[object] = []
    step = next(conversation)
    while isinstance(step, Pause | Handle) or not step.publishes:
        before.append(step)
        step = conversation.send(
            Response(0) if isinstance(step, Pause | Handle) else prepared(step)
        )
    return conversation, step, before


def preparing_step(channel: Channel) -> tuple[Conversation, HttpRequest | AwsCall]:
    """Begin what makes nothing visible: getting a post ready, or else checking the account."""
    conversation: Conversation
    if channel.direct:
        conversation = channel.check(account(channel))
    else:
        conversation = channel.publish(post(channel, pictures=2), account(channel))
    step = next(conversation)
    assert isinstance(step, HttpRequest | AwsCall) and not step.publishes
    return conversation, step


def removing_step(channel: Channel) -> tuple[Conversation, HttpRequest | AwsCall]:
    """Begin to take a post back."""
    conversation: Conversation = channel.unpublish(Receipt("1042_7"), account(channel))
    step = next(conversation)
    assert isinstance(step, HttpRequest | AwsCall)
    return conversation, step
