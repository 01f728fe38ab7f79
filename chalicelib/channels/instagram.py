"""Instagram professional account: one picture or a carousel, published in two phases.

    a container per picture of a carousel → all ready? → one that joins them
    container → its id is stored → ready? → publish that id → permalink
    handle found: PUBLISHED → which post is it?   FINISHED → publish the same id again
                  ERROR, EXPIRED, gone → nothing was published: a new container

Publishing one container twice yields one post, so the container's id is what makes it exactly once.
Whatever is lost before that id is stored was never visible and ends after a day by itself.

Sources, checked 2026-11-21: developers.facebook.com/docs/instagram-platform/content-publishing and
/instagram-graph-api/reference/ig-container, /error-codes. The platform says "characters" for its
2,200; counted as UTF-16 units to be on the safe side.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from chalicelib.channels import _graph as graph
from chalicelib.channels import _wording as words
from chalicelib.channels._responses import quoted, setting
from chalicelib.domain.channels import (
    Account,
    Channel,
    ChannelName,
    Check,
    Conversation,
    Handle,
    Length,
    Limits,
    Lookup,
    Media,
    MediaRule,
    MediaUrl,
    Pause,
    Post,
    Presence,
    Receipt,
    Reconcilability,
    Removal,
    Response,
    Step,
    Wording,
)
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    ContentRejected,
    CredentialsRejected,
    Fault,
    PlatformUnavailable,
    RateLimited,
    UnsupportedContent,
)
from chalicelib.domain.text import TextUnit

POLL_SECONDS = (0.5, 1.0, 2.0, 2.0, 4.0)
"""Pauses between the looks at containers: pictures are usually ready at once."""
QUOTA_WAIT = timedelta(hours=1)
_RESTRICTED = "Open the account in Instagram, settle what it asks for, then connect it again."

_PASSING = frozenset({2207001, 2207003, 2207020, 2207032, 2207052, 2207053})
"""Instagram's own trouble with fetching or making a container: another one may succeed."""


class _Gone(PlatformUnavailable):
    """There is no such container (any more)."""


@dataclass(frozen=True, slots=True)
class _Status:
    """Where a container stands; no code: not asked yet."""

    code: str = ""
    told: str = ""

    @property
    def is_dead(self) -> bool:
        """Return whether it never can be published; nothing of it is visible."""
        return self.code in ("ERROR", "EXPIRED", "GONE")

    @property
    def error(self) -> ChannelError:
        """Return what it means that a fresh container died."""
        subcodes = {int(number) for number in re.findall(r"\b22\d{5}\b", self.told)}
        if self.code != "ERROR" or subcodes & _PASSING:
            return PlatformUnavailable("Instagram could not take in the picture this time.")
        return ContentRejected(f"Instagram can't use the picture. {quoted(self.told)}".strip())


class Instagram:
    """The account's grid."""

    name = ChannelName("instagram")
    title = "Instagram"
    direct = False
    limits = Limits(
        max_text=2_200,
        unit=TextUnit.CHARACTERS,
        source="https://developers.facebook.com/docs/instagram-platform/content-publishing",
        checked_on=date(2026, 11, 21),
        max_hashtags=30,
        max_mentions=20,
    )
    media = MediaRule(
        max_items=10,
        source="https://developers.facebook.com/docs/instagram-platform/content-publishing",
        checked_on=date(2026, 11, 21),
        required=True,
        one_ratio=True,
        min_ratio=0.8,
        max_ratio=1.91,
        min_width=320,
        max_width=1440,
        max_bytes=8_000_000,
        alt_text=True,
        card="square",
    )
    reconciles_by = Reconcilability.HANDLE
    settle_time = timedelta(seconds=180)
    """Publishing one container again is safe at once; that nothing will appear is not known."""
    spacing = timedelta(seconds=1)
    """Our own courtesy: the platform names no rate by the second."""
    takes_back = True
    account_settings = ("ig_user_id",)
    account_secrets = ("access_token",)
    optional_settings = ("api_version",)
    optional_secrets = ("app_secret",)
    permissions = ()

    def compose(
        self, wording: Wording, media: Sequence[Media], account: Account
    ) -> tuple[Post, list[Fault]]:
        """Return the caption with its pictures; at least one is needed."""
        text = words.fitted(wording, self.limits)
        carried = words.carried(media, self.media)
        return Post(text, media=carried), words.faults(text, carried, self.limits, self.media)

    def measure(self, post: Post) -> Length:
        """Return the caption's length."""
        return words.measured(post.text, self.limits)

    def publish(self, post: Post, account: Account) -> Conversation:
        """Publish the container an earlier attempt stored, if it still can be; else a new one."""
        container, status = post.handle, _Status()
        if container is not None:
            status = yield from self._status(container, account)
        if status.code == "PUBLISHED":
            return (yield from self._published(post, account, None))
        if container is None or status.is_dead:
            container, status = (yield from self._container(post, account)), _Status()
            yield Handle(container)
        if status.code != "FINISHED":
            yield from self._ready([container], account)
        user = setting(account, "ig_user_id")
        request = graph.post(account, user, "media_publish", publishes=True, creation_id=container)
        found = graph.answer((yield request), publishing=True, meaning=_refused)
        media_id = graph.identifier(found, "id", publishing=True)
        return Receipt(media_id, (yield from self._permalink(media_id, account)))

    def find(self, post: Post, account: Account, since: datetime) -> Lookup:
        """Ask what became of the stored container; without one nothing was published."""
        if post.handle is None:
            return None
        status = yield from self._status(post.handle, account)
        if status.code != "PUBLISHED":
            return None
        return (yield from self._published(post, account, since))

    def unpublish(self, receipt: Receipt, account: Account) -> Removal:
        """Delete the whole post; needs instagram_manage_contents, by way of Facebook Login."""
        yield from graph.delete(account, receipt.external_id)

    def is_there(self, receipt: Receipt, account: Account) -> Presence:
        """Ask for the post by its id."""
        return (yield from graph.is_there(account, receipt.external_id))

    def check(self, account: Account) -> Check:
        """Ask for the account's name and the token's permissions."""
        wanted = ("instagram_basic", "instagram_content_publish")
        return (yield from graph.check(account, "ig_user_id", "username", wanted))

    def _container(self, post: Post, account: Account) -> Generator[Step, Response, str]:
        """Make what will be published; nothing of it is visible yet."""
        pictures = [
            {"image_url": MediaUrl(picture.ref), "alt_text": picture.alt_text}
            for picture in post.media
        ]
        if not pictures:
            raise UnsupportedContent("Instagram needs a picture.")
        if len(pictures) == 1:
            return (yield from self._make(account, caption=post.text, **pictures[0]))
        children = []
        for picture in pictures:
            children.append((yield from self._make(account, is_carousel_item=True, **picture)))
        yield from self._ready(children, account)
        joined = ",".join(children)
        made = self._make(account, media_type="CAROUSEL", children=joined, caption=post.text)
        return (yield from made)

    def _make(self, account: Account, **fields: Any) -> Generator[Step, Response, str]:
        user = setting(account, "ig_user_id")
        found = graph.answer((yield graph.post(account, user, "media", **fields)), meaning=_meaning)
        return graph.identifier(found, "id")

    def _ready(
        self, containers: Sequence[str], account: Account
    ) -> Generator[Step, Response, None]:
        """Wait until all containers can be used, sharing the pauses; nothing is visible yet."""
        waiting = list(containers)
        for seconds in (0.0, *POLL_SECONDS):
            if seconds:
                yield Pause(seconds)
            busy = []
            for container in waiting:
                status = yield from self._status(container, account)
                if status.is_dead:
                    raise status.error
                if status.code != "FINISHED":
                    busy.append(container)
            waiting = busy
            if not waiting:
                return
        raise PlatformUnavailable("Instagram is still processing the pictures.")

    def _status(self, container: str, account: Account) -> Generator[Step, Response, _Status]:
        request = graph.get(account, container, fields="status_code,status")
        try:
            found = graph.answer((yield request), meaning=_meaning)
        except _Gone:
            return _Status("GONE")
        return _Status(str(found.get("status_code", "")), str(found.get("status", "")))

    def _published(
        self, post: Post, account: Account, since: datetime | None
    ) -> Generator[Step, Response, Receipt]:
        """Return which post a published container became."""
        user = setting(account, "ig_user_id")
        fields = "id,caption,permalink,timestamp"
        listed = yield from graph.listing(
            account, user, "media", fields=fields, time="timestamp", since=since
        )
        ours = words.normalised(post.text)
        found = [item for item in listed if words.normalised(str(item.get("caption", ""))) == ours]
        if len(found) != 1:
            raise Ambiguous("Instagram has published this, but does not say as which post.")
        return Receipt(graph.identifier(found[0], "id", publishing=True), _address(found[0]))

    def _permalink(self, media_id: str, account: Account) -> Generator[Step, Response, str | None]:
        """Return the post's address if it is told; the post is there without it."""
        try:
            found = graph.answer((yield graph.get(account, media_id, fields="permalink")))
        except ChannelError:
            return None
        return _address(found)


def _address(found: Mapping[str, Any]) -> str | None:
    permalink = found.get("permalink")
    return permalink if isinstance(permalink, str) and permalink.startswith("https://") else None


def _meaning(error: graph.GraphError) -> ChannelError | None:
    """What a refusal means while nothing is being published."""
    if error.code == 24 or (error.code == 100 and error.subcode == 33):
        return _Gone(error.told)
    if error.subcode == 2207042:
        return RateLimited(error.told, QUOTA_WAIT)
    if error.subcode in (2207051, 2207050):
        return CredentialsRejected(error.told, remedy=_RESTRICTED)
    if error.subcode in _PASSING or error.code in (-1, -2):
        return PlatformUnavailable(error.told)
    return None


def _refused(error: graph.GraphError) -> ChannelError | None:
    """What a refusal to publish means. Whatever leaves doubt is settled by the container."""
    if error.code in (24, -1, -2) or error.subcode in _PASSING:
        return Ambiguous(error.told)
    if error.subcode == 2207027:
        return PlatformUnavailable(error.told)
    return _meaning(error)


CHANNEL: Channel = Instagram()
