"""Drive channels by hand, or against the stand-ins, one step at a time."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from chalicelib import edge
from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import (
    Account,
    AwsCall,
    Channel,
    ChannelName,
    Handle,
    HttpRequest,
    Pause,
    Post,
    Recipient,
    Response,
    Step,
)
from chalicelib.domain.errors import ChannelError
from chalicelib.gateways.transport import HttpTransport
from tests.fakes.transports import client
from tests.sandbox.platform_kit import Visitor, image, visit

R = TypeVar("R")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TOKEN = "TOKENTOKENTOKEN7"
MARK = "MARKMARKMARK1"
ADA = Recipient("r-1", "+447700900321", "Ada", "https://example.org/unsubscribe/abc")
GRACE = Recipient("r-2", "grace@example.org", "Grace", "https://example.org/unsubscribe/def")

ACCOUNTS = {
    "facebook": Account(
        ChannelName("facebook"), {"page_id": "1042"}, {"access_token": "page-token"}
    ),
    "instagram": Account(
        ChannelName("instagram"), {"ig_user_id": "17841"}, {"access_token": "ig-token"}
    ),
    "linkedin": Account(
        ChannelName("linkedin"),
        {"organization_urn": "urn:li:organization:42"},
        {"access_token": "li-token"},
    ),
    "whatsapp": Account(
        ChannelName("whatsapp"),
        {
            "phone_number_id": "1065",
            "template_name": "news",
            "template_language": "en_US",
            "template_body": "News:\n\n{{1}}\n\nBye.",
        },
        {"access_token": "wa-token"},
    ),
    "email": Account(ChannelName("email"), {"from_address": "news@example.org"}),
    "sms": Account(ChannelName("sms")),
}


def reply(status: int = 200, body: Any = None, **headers: str) -> Response:
    """Return an answer; header names are written with underscores."""
    raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, raw)


def refusal(code: int, subcode: int | None = None, status: int = 400, **headers: str) -> Response:
    """Return a Graph API error."""
    error: dict[str, Any] = {"message": "No.", "type": "OAuthException", "code": code}
    if subcode is not None:
        error["error_subcode"] = subcode
    return reply(status, {"error": error}, **headers)


@dataclass
class Talk:
    """A conversation with scripted answers; an exception in the script is thrown in."""

    steps: list[Step] = field(default_factory=list)
    result: Any = None

    @property
    def requests(self) -> list[Any]:
        """Return the steps that go out."""
        return [step for step in self.steps if isinstance(step, HttpRequest | AwsCall)]


def talk(conversation: Generator[Step, Response, R], *answers: Response | ChannelError) -> Talk:
    """Hold a conversation to its end; pauses and handles need no answer."""
    held, script = Talk(), iter(answers)
    try:
        step = next(conversation)
        while True:
            held.steps.append(step)
            if isinstance(step, Pause | Handle):
                step = conversation.send(Response(0))
                continue
            answer = next(script)
            if isinstance(answer, ChannelError):
                step = conversation.throw(answer)
            else:
                step = conversation.send(answer)
    except StopIteration as end:
        held.result = end.value
    assert next(script, None) is None, "more answers than questions"
    return held


class Now:
    """A clock that shows the real time and does not sleep."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def now(self) -> datetime:
        """Return the present."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Note how long somebody wanted to wait."""
        self.slept.append(seconds)


@dataclass
class World:
    """The stand-ins, and a transport that reaches them."""

    visitor: Visitor
    transport: HttpTransport
    clock: Now
    handles: list[str] = field(default_factory=list)

    def account(self, name: str) -> Account:
        """Return the stand-in's own account as the product would hold it."""
        known = CHANNELS[ChannelName(name)]
        seed = edge.account(edge.AccountBody.model_validate(self.visitor.accounts.get(name, {})))
        if name == "email":
            seed = {"from_address": "news@example.org"}
        chosen = (*known.account_settings, *known.optional_settings)
        settings = {key: seed[key] for key in chosen if key in seed}
        secrets = {key: seed[key] for key in known.account_secrets}
        account = Account(ChannelName(name), settings, secrets)
        if name == "whatsapp":
            learnt = self.hold(known.check(account), account).settings
            account = replace(account, settings={**settings, **learnt})
        return account

    def hold(self, conversation: Generator[Step, Response, R], account: Account) -> R:
        """Hold a conversation with a stand-in."""
        try:
            step = next(conversation)
            while True:
                try:
                    answer = self._perform(step, account)
                except ChannelError as error:
                    step = conversation.throw(error)
                else:
                    step = conversation.send(answer)
        except StopIteration as end:
            result: R = end.value
            return result

    def begin(self, name: str, post: Post, steps: int) -> bool:
        """Publish as a worker that dies after so many steps; return whether it got to its end."""
        account = self.account(name)
        conversation = CHANNELS[ChannelName(name)].publish(post, account)
        try:
            step = next(conversation)
            for _ in range(steps):
                step = conversation.send(self._perform(step, account))
        except StopIteration:
            return True
        return False

    def publish(self, name: str, post: Post) -> Any:
        """Publish on a channel."""
        account = self.account(name)
        return self.hold(CHANNELS[ChannelName(name)].publish(post, account), account)

    def find(self, name: str, post: Post, since: timedelta = timedelta(minutes=1)) -> Any:
        """Look a post up."""
        account = self.account(name)
        found = CHANNELS[ChannelName(name)].find(post, account, self.clock.now() - since)
        return self.hold(found, account)

    def shown(self, name: str) -> list[Mapping[str, Any]]:
        """Return what the platform shows, oldest first."""
        return self.visitor.posts(name, live=True)

    def _perform(self, step: Step, account: Account) -> Response:
        if isinstance(step, Pause):
            self.clock.sleep(step.seconds)
            return Response(0)
        if isinstance(step, Handle):
            self.handles.append(step.value)
            return Response(0)
        return self.transport.perform(step, account)


@contextmanager
def sandboxed(state: Path) -> Iterator[World]:
    """Open the stand-ins with a transport to them; pictures come from a gallery."""
    clock = Now()
    with visit(state) as visitor:
        transport = HttpTransport(
            media_url=lambda ref: visitor.gallery.url(image(), f"/{ref}"),
            media_bytes=lambda ref: image(),
            client=client,
            endpoints=visitor.platforms,
            connect_timeout_seconds=1,
            read_timeout_seconds=2,
            clock=clock,
        )
        yield World(visitor, transport, clock)


def channel(name: str) -> Channel:
    """Return a channel by name."""
    return CHANNELS[ChannelName(name)]
