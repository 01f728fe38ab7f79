"""Simple channels, one of each reconcilability, as a feed and as a direct channel.

They speak one small dialect, which `platforms` answers:

    POST …/posts          {"text", "token", "recipient", "media"}    publishes
    GET  …/posts          {"data": [{"id", "text", "token", "at"}]}
    GET  …/posts/id       {"id"}, or 404
    DELETE …/posts/id
    POST …/containers     {"text", …} → {"id"}                       HANDLE only
    POST …/containers/id  publishes; again: the same post
    GET  …/containers/id  {"published": "…" | null}
    GET  …/me             {"identity", "missing", "wrong"}
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from chalicelib.channels import _wording as words
from chalicelib.channels._responses import by_status, nobody_knows
from chalicelib.domain.channels import (
    Account,
    AccountCheck,
    Channel,
    ChannelName,
    Check,
    Conversation,
    Handle,
    HttpRequest,
    Length,
    Limits,
    Lookup,
    Media,
    MediaRule,
    Post,
    Presence,
    Receipt,
    Reconcilability,
    Removal,
    Response,
    Step,
    Wording,
)
from chalicelib.domain.errors import Fault
from chalicelib.domain.text import TextUnit

PICTURES = MediaRule(2, "made up", date(2026, 11, 21), alt_text=True)
LIMITS = Limits(500, TextUnit.CHARACTERS, "made up", date(2026, 11, 21))
ASKED = frozenset({Reconcilability.LOOKUP, Reconcilability.HANDLE})


@dataclass(frozen=True)
class FakeChannel:
    """A platform of the test world."""

    name: ChannelName
    reconciles_by: Reconcilability
    direct: bool = False
    settle_time: timedelta = timedelta(seconds=60)
    spacing: timedelta = timedelta(0)
    takes_back: bool = True
    media: MediaRule = PICTURES
    limits: Limits = LIMITS
    account_settings: tuple[str, ...] = ("page",)
    account_secrets: tuple[str, ...] = ("access_token",)
    optional_settings: tuple[str, ...] = ()
    optional_secrets: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Return how people call it."""
        return f"Fake {self.name}"

    def compose(
        self, wording: Wording, media: Sequence[Media], account: Account
    ) -> tuple[Post, list[Fault]]:
        """Return the text as it is, with what an account of ours adds to every post."""
        text = words.fitted(wording, self.limits) + account.settings.get("footer", "")
        carried = words.carried(media, self.media)
        found = words.faults(text, carried, self.limits, self.media)
        return Post(text, subject=wording.subject, media=carried), found

    def measure(self, post: Post) -> Length:
        """Return the length in characters."""
        return words.measured(post.text, self.limits)

    def publish(self, post: Post, account: Account) -> Conversation:
        """Publish in one step, or by way of a container."""
        fields = {
            "text": post.text,
            "token": post.token,
            "mark": post.mark,
            "recipient": post.recipient.address if post.recipient else None,
            "media": [item.ref for item in post.media],
        }
        path = "posts"
        if self.reconciles_by is Reconcilability.HANDLE:
            container = post.handle
            if container is None:
                container = (yield from self._ask("POST", "containers", fields))["id"]
                yield Handle(str(container))
            path, fields = f"containers/{container}", {}
        response = yield self._request("POST", path, fields, publishes=True)
        if not response.ok:
            raise by_status(response, publishing=True)
        identifier = str(response.json()["id"])
        return Receipt(identifier, f"https://{self.name}.example/{identifier}")

    def find(self, post: Post, account: Account, since: datetime) -> Lookup:
        """Look for the post if this kind of platform can be asked."""
        if self.reconciles_by not in ASKED:
            return nobody_knows(f"{self.title} can't be asked.")
        return self._found(post, since)

    def unpublish(self, receipt: Receipt, account: Account) -> Removal:
        """Delete a post."""
        yield from self._ask("DELETE", f"posts/{receipt.external_id}", None)

    def is_there(self, receipt: Receipt, account: Account) -> Presence:
        """Ask for a post by its id."""
        response = yield self._request("GET", f"posts/{receipt.external_id}", None)
        if response.status == 404:
            return False
        if not response.ok:
            raise by_status(response, publishing=False)
        return True

    def check(self, account: Account) -> Check:
        """Ask who the account is."""
        found = yield from self._ask("GET", "me", None)
        return AccountCheck(
            str(found["identity"]),
            ("post",),
            tuple(found.get("missing", ())),
            settings={"learnt": "yes"},
            faults=tuple(Fault(f"/{name}", "wrong", "No.") for name in found.get("wrong", ())),
        )

    def _found(self, post: Post, since: datetime) -> Lookup:
        if self.reconciles_by is Reconcilability.HANDLE:
            if post.handle is None:
                return None
            found = yield from self._ask("GET", f"containers/{post.handle}", None)
            return Receipt(str(found["published"])) if found["published"] else None
        listed = (yield from self._ask("GET", "posts", None))["data"]
        seen = [item for item in listed if datetime.fromisoformat(item["at"]) >= since]
        ours = ("token", post.token) if self.direct else ("text", post.text)
        match = next((item["id"] for item in seen if item[ours[0]] == ours[1]), None)
        return Receipt(match) if match else None

    def _ask(
        self, method: str, path: str, fields: Mapping[str, Any] | None
    ) -> Generator[Step, Response, Mapping[str, Any]]:
        response = yield self._request(method, path, fields)
        if not response.ok:
            raise by_status(response, publishing=False)
        found: Mapping[str, Any] = response.json()
        return found

    def _request(
        self, method: str, path: str, fields: Mapping[str, Any] | None, publishes: bool = False
    ) -> HttpRequest:
        url = f"https://{self.name}.example/{path}"
        return HttpRequest(method, url, json=fields, publishes=publishes)


def fake(how: Reconcilability, *, direct: bool = False) -> Channel:
    """Return a channel that is reconciled this way, named after it."""
    name = ChannelName(f"{how}-{'direct' if direct else 'feed'}")
    return FakeChannel(name, how, direct)


FAKES: Mapping[ChannelName, Channel] = {
    channel.name: channel
    for channel in (fake(how, direct=direct) for how in Reconcilability for direct in (False, True))
}
