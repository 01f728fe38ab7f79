"""Facebook Page: text, a link with its preview, photos.

Sources, checked 2026-11-21: developers.facebook.com/docs/pages-api/posts and
/docs/graph-api/reference/page/photos. The 63,206 characters are no published number but the one at
which publishers have been refused for years; counted as UTF-16 units to be on the safe side.

How many photos a post may have stands nowhere; ten is what other publishers allow themselves.

    several photos    each put up unpublished → their ids are stored → one post that attaches them
    ids found         still there → attached again, which the Page refuses once they were posted

There is no idempotency key. Doubt is settled by reading the Page's feed, whose posts show the ids
of their photos. The refusal of a repeated post (code 506) proves ours only if an earlier attempt
came as far as publishing, which the stored handle says.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from chalicelib.channels import _graph as graph
from chalicelib.channels import _prepared as prepared
from chalicelib.channels import _responses as responses
from chalicelib.channels import _wording as words
from chalicelib.domain.channels import (
    Account,
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
    MediaUrl,
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
)
from chalicelib.domain.text import TextUnit

POST_FIELDS = "id,message,created_time,permalink_url"
ALBUM_FIELDS = f"{POST_FIELDS},attachments{{type,target,subattachments{{type,target}}}}"
_CONFIRM = "Open the Page in a browser and confirm what Facebook asks for, then connect it again."
_UNCONFIRMED = frozenset({1404078, 4854002})
_TOO_FAST = 1390008
_PASSING = frozenset({1363047, 1609010})


class _Repeated(ContentRejected):
    """The Page's latest post is the same."""


class Facebook:
    """The Page's feed."""

    name = ChannelName("facebook")
    title = "Facebook Page"
    direct = False
    limits = Limits(
        max_text=63_206,
        unit=TextUnit.CHARACTERS,
        source="https://developers.facebook.com/docs/pages-api/posts",
        checked_on=date(2026, 11, 21),
    )
    media = MediaRule(
        max_items=10,
        source="https://developers.facebook.com/docs/graph-api/reference/page/photos",
        checked_on=date(2026, 11, 21),
        max_bytes=4_000_000,
        alt_text=True,
    )
    reconciles_by = Reconcilability.LOOKUP
    settle_time = timedelta(seconds=180)
    spacing = timedelta(seconds=1)
    """Our own courtesy: the platform names no rate by the second."""
    takes_back = True
    account_settings = ("page_id",)
    account_secrets = ("access_token",)
    optional_settings = ("api_version",)
    optional_secrets = ("app_secret",)
    permissions = ()

    def compose(
        self, wording: Wording, media: Sequence[Media], account: Account
    ) -> tuple[Post, list[Fault]]:
        """Return the post; a lone link is shown with its preview unless there are pictures."""
        text = words.fitted(wording, self.limits)
        carried = words.carried(media, self.media)
        link = None if carried else words.only_link(text)
        found = words.faults(text, carried, self.limits, self.media)
        return Post(text, media=carried, link=link), found

    def measure(self, post: Post) -> Length:
        """Return the message's length."""
        return words.measured(post.text, self.limits)

    def publish(self, post: Post, account: Account) -> Conversation:
        """Publish text, link or photos to the feed."""
        photos = yield from self._put_up(post, account)
        if post.handle != (handle := prepared.handle(photos)):
            yield Handle(handle)
        try:
            response = yield _visible(post, photos, account)
            found = graph.answer(response, publishing=True, meaning=_meaning)
        except _Repeated as error:
            return (yield from self._earlier(post, account, error))
        # A photo's own id can't be linked to or found in the feed; its post's can.
        return _receipt({"id": graph.identifier(found, "post_id", "id", publishing=True)})

    def find(self, post: Post, account: Account, since: datetime) -> Lookup:
        """Look for the message, with its photos, in the feed.

        Without a handle no attempt came as far as publishing.
        """
        if post.handle is None:
            return None
        page_id, fields = responses.setting(account, "page_id"), _fields(post)
        listed = yield from graph.listing(
            account, page_id, "feed", fields=fields, time="created_time", since=since
        )
        matches = _matches(post, listed)
        if len(matches) > 1:
            raise Ambiguous("Several posts with this text are on the Page.")
        return _receipt(matches[0]) if matches else None

    def unpublish(self, receipt: Receipt, account: Account) -> Removal:
        """Delete the post."""
        yield from graph.delete(account, receipt.external_id)

    def is_there(self, receipt: Receipt, account: Account) -> Presence:
        """Ask for the post by its id."""
        return (yield from graph.is_there(account, receipt.external_id))

    def check(self, account: Account) -> Check:
        """Ask for the Page's name and the token's permissions."""
        wanted = ("pages_manage_posts", "pages_read_engagement")
        return (yield from graph.check(account, "page_id", "name", wanted))

    def _put_up(self, post: Post, account: Account) -> Generator[Step, Response, tuple[str, ...]]:
        """Return the ids of several photos, unpublished; those of an earlier attempt if it can."""
        if len(post.media) < 2:
            return ()
        kept = prepared.kept(post.handle)
        if kept and (yield from self._are_there(kept, account)):
            return kept
        photos = []
        for photo in post.media:
            fields = {"published": False, **_photo(photo)}
            request = graph.post(account, responses.setting(account, "page_id"), "photos", **fields)
            found = graph.answer((yield request), meaning=_meaning)
            photos.append(graph.identifier(found, "id"))
        return tuple(photos)

    def _are_there(
        self, photos: Sequence[str], account: Account
    ) -> Generator[Step, Response, bool]:
        """Return whether photos are still there: nobody keeps unpublished ones for ever."""
        try:
            for photo in photos:
                graph.answer((yield graph.get(account, photo, fields="id")))
        except ContentRejected:
            return False
        return True

    def _earlier(self, post: Post, account: Account, error: ChannelError) -> Conversation:
        """Tell our own earlier attempt, which got through after all, from another post."""
        if post.handle is None:
            raise error
        request = graph.get(
            account, responses.setting(account, "page_id"), "feed", fields=_fields(post)
        )
        matches = _matches(post, responses.mappings(graph.answer((yield request)).get("data")))
        if matches:
            return _receipt(matches[0])
        if prepared.kept(post.handle):
            raise Ambiguous("Facebook has posted these photos, but not where we can find them.")
        raise error


def _visible(post: Post, photos: Sequence[str], account: Account) -> HttpRequest:
    """Return the request that makes the post visible."""
    page_id = responses.setting(account, "page_id")
    if len(post.media) == 1:
        fields = {"message": post.text, **_photo(post.media[0])}
        return graph.post(account, page_id, "photos", publishes=True, **fields)
    attached = [{"media_fbid": photo} for photo in photos]
    return graph.post(
        account,
        page_id,
        "feed",
        publishes=True,
        message=post.text,
        link=post.link,
        attached_media=attached or None,
    )


def _fields(post: Post) -> str:
    """Return what the feed is asked for: the photos too where they tell whose post it is."""
    return ALBUM_FIELDS if prepared.kept(post.handle) else POST_FIELDS


def _matches(post: Post, listed: Iterable[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return the posts of the feed that can be ours."""
    text = words.normalised(post.text)
    found = [
        (item, _shown(item.get("attachments")))
        for item in listed
        if words.normalised(str(item.get("message", ""))) == text
    ]
    return prepared.ours(found, post.handle)


def _shown(attachments: object) -> set[str]:
    """Return the ids of the photos that a post shows, alone or in an album."""
    found: set[str] = set()
    for item in _listed(attachments):
        for shown in (item, *_listed(item.get("subattachments"))):
            target = shown.get("target")
            if shown.get("type") == "photo" and isinstance(target, dict):
                found.add(str(target.get("id")))
    return found


def _listed(holder: object) -> list[Mapping[str, Any]]:
    return responses.mappings(holder.get("data") if isinstance(holder, dict) else None)


def _photo(photo: Media) -> dict[str, Any]:
    return {"url": MediaUrl(photo.ref), "alt_text_custom": photo.alt_text}


def _receipt(found: Mapping[str, Any]) -> Receipt:
    external_id = graph.identifier(found, "id", publishing=True)
    permalink = found.get("permalink_url")
    known = isinstance(permalink, str) and permalink.startswith("https://")
    return Receipt(external_id, permalink if known else f"https://www.facebook.com/{external_id}")


def _meaning(error: graph.GraphError) -> ChannelError | None:
    """Subcodes as observed by other publishers; checked 2026-11-21."""
    if error.code == 506 or error.subcode == 1366051:
        return _Repeated(error.told)
    if error.subcode in _UNCONFIRMED:
        return CredentialsRejected(error.told, remedy=_CONFIRM)
    if error.subcode == _TOO_FAST:
        return RateLimited(error.told)
    if error.subcode in _PASSING:
        return PlatformUnavailable(error.told)
    return None


CHANNEL: Channel = Facebook()
