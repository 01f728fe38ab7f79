"""LinkedIn organisation page: text with its escaping rules, pictures.

Sources, checked 2026-11-21: learn.microsoft.com/linkedin/marketing/community-management/shares/
posts-api, images-api, /marketing/versioning and public issues quoting live answers. The limit of
3,000 is counted on what is sent, escapes included, as reports of refused posts suggest.

    pictures     each uploaded → all processed? → their URNs are stored → one post that names them
    URNs found   still there → named again

There is no idempotency key. Doubt is settled by reading our own posts, which name their pictures. A
repeated text is refused (422) with the address of the post there is; that proves ours only if an
earlier attempt came as far as publishing, which the stored handle says.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from chalicelib.channels import _little_text as little
from chalicelib.channels import _prepared as prepared
from chalicelib.channels import _responses as responses
from chalicelib.channels import _wording as words
from chalicelib.domain import text as texts
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
    MediaBytes,
    MediaRule,
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
)
from chalicelib.domain.text import TextUnit

BASE = "https://api.linkedin.com"
INTROSPECTION = "https://www.linkedin.com/oauth/v2/introspectToken"
SCOPES = ("w_organization_social", "r_organization_social")
VERSION = "202607"
"""Supported for at least a year; an account may name another."""

POLL_SECONDS = (0.5, 0.5, 1.0, 1.0, 2.0, 2.0)
"""Pauses between the looks at uploaded pictures: they are usually processed at once."""
PAGE_SIZE = 50
MAX_PAGES = 4
MAX_ALT_TEXT = 4086
_NAMED = re.compile(r"urn:li:(?:share|ugcPost):\d+")
ROLES = {"q": "roleAssignee", "state": "APPROVED", "count": "100"}
_GONE = (204, 404)
"""What says that a post is deleted, or was."""
_POSTING = frozenset({"ADMINISTRATOR", "CONTENT_ADMIN", "DIRECT_SPONSORED_CONTENT_POSTER"})
_OLD_VERSION = (
    "Set the account's api_version to a LinkedIn-Version (YYYYMM) of the last twelve months."
)


class LinkedIn:
    """The organisation's page."""

    name = ChannelName("linkedin")
    title = "LinkedIn"
    direct = False
    limits = Limits(
        max_text=3_000,
        unit=TextUnit.CHARACTERS,
        source="https://learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api",
        checked_on=date(2026, 11, 21),
    )
    media = MediaRule(
        max_items=20,
        source="https://learn.microsoft.com/linkedin/marketing/community-management/shares/multiimage-post-api",
        checked_on=date(2026, 11, 21),
        max_bytes=8_000_000,
        alt_text=True,
    )
    reconciles_by = Reconcilability.LOOKUP
    settle_time = timedelta(seconds=180)
    spacing = timedelta(seconds=1)
    """Our own courtesy: the platform names no rate by the second."""
    takes_back = True
    account_settings = ("organization_urn",)
    account_secrets = ("access_token",)
    optional_settings = ("api_version", "client_id")
    optional_secrets = ("client_secret",)
    permissions = ()

    def compose(
        self, wording: Wording, media: Sequence[Media], account: Account
    ) -> tuple[Post, list[Fault]]:
        """Return the post as readers see it."""
        text = words.fitted(wording, self.limits, _sent_length)
        carried = words.carried(media, self.media)
        found = words.faults(text, carried, self.limits, self.media, _sent_length)
        return Post(text, media=carried), found

    def measure(self, post: Post) -> Length:
        """Return the length of what is sent: each escape counts."""
        return words.measured(post.text, self.limits, _sent_length)

    def publish(self, post: Post, account: Account) -> Conversation:
        """Upload the pictures, then publish."""
        urns = yield from self._put_up(post, account)
        if post.handle != (handle := prepared.handle(urns)):
            yield Handle(handle)
        response = yield _request("POST", "posts", account, json=_body(post, urns, account))
        if response.status == 422 and (twin := _duplicate(response)):
            return (yield from self._earlier(twin, post, account))
        if not response.ok:
            raise _refusal(response, publishing=True)
        return _receipt(responses.identifier(response.headers.get("x-restli-id"), publishing=True))

    def find(self, post: Post, account: Account, since: datetime) -> Lookup:
        """Look for text and pictures among the organisation's latest posts.

        Without a handle no attempt came as far as publishing.
        """
        if post.handle is None:
            return None
        found = yield from self._ours(post, account, since)
        if len(found) > 1:
            raise Ambiguous("Several posts with this text are on the page.")
        return _receipt(found[0]) if found else None

    def unpublish(self, receipt: Receipt, account: Account) -> Removal:
        """Delete the post; again: the same answer."""
        response = yield _request("DELETE", _path(receipt.external_id), account)
        if response.status not in _GONE:
            raise _refusal(response, publishing=False)

    def is_there(self, receipt: Receipt, account: Account) -> Presence:
        """Ask for the post by its URN."""
        response = yield _request("GET", _path(receipt.external_id), account)
        if response.status == 404:
            return False
        _read(response)
        return True

    def check(self, account: Account) -> Check:
        """Ask for the organisation's name, our role there and, as the app, the token's life."""
        urn = _author(account)
        number = urn.rpartition(":")[2]
        named = yield _request("GET", f"organizations/{quote(number, safe='')}", account)
        if named.status == 404:
            return responses.unknown_account(account, "organization_urn")
        organisation = _read(named)
        if str(organisation.get("id", number)) != number:
            return responses.unknown_account(account, "organization_urn")
        response = yield _request("GET", "organizationAcls", account, params=ROLES, finder=True)
        if not any(_is_role_at(urn, role) for role in _elements(_read(response))):
            raise CredentialsRejected("The token's owner may not post for this organisation.")
        name = organisation.get("localizedName")
        scopes, expires_at = yield from _token(account)
        return AccountCheck(
            identity=name if isinstance(name, str) and name else urn,
            scopes=scopes,
            missing_scopes=tuple(s for s in SCOPES if s not in scopes) if scopes else (),
            expires_at=expires_at,
        )

    def _put_up(self, post: Post, account: Account) -> Generator[Step, Response, tuple[str, ...]]:
        """Return the pictures' URNs, ready to be named; those of an earlier attempt if it can."""
        kept = prepared.kept(post.handle)
        if kept:
            try:
                yield from self._available(kept, account)
            except ContentRejected:
                pass  # gone: nobody keeps for ever what no post shows
            else:
                return kept
        urns = []
        for picture in post.media:
            urns.append((yield from self._upload(picture, account)))
        yield from self._available(urns, account)
        return tuple(urns)

    def _upload(self, picture: Media, account: Account) -> Generator[Step, Response, str]:
        """Put a picture where a post can name it once it has been processed."""
        begin = _request(
            "POST",
            "images",
            account,
            params={"action": "initializeUpload"},
            json={"initializeUploadRequest": {"owner": _author(account)}},
        )
        value = _read((yield begin)).get("value")
        ticket = value if isinstance(value, dict) else {}
        urn = responses.identifier(ticket.get("image"), publishing=False)
        address = responses.identifier(ticket.get("uploadUrl"), publishing=False)
        headers = {**_authorised(account), "Content-Type": picture.content_type}
        sent = yield HttpRequest("PUT", address, headers=headers, body=MediaBytes(picture.ref))
        if not sent.ok:
            raise _refusal(sent, publishing=False)
        return urn

    def _available(self, urns: Sequence[str], account: Account) -> Generator[Step, Response, None]:
        """Wait until all pictures are processed; they share the pauses, as they do the time."""
        waiting = list(urns)
        for seconds in (0.0, *POLL_SECONDS):
            if seconds:
                yield Pause(seconds)
            busy = []
            for urn in waiting:
                if not (yield from self._is_available(urn, account)):
                    busy.append(urn)
            waiting = busy
            if not waiting:
                return
        raise PlatformUnavailable("LinkedIn is still processing the pictures.")

    def _is_available(self, urn: str, account: Account) -> Generator[Step, Response, bool]:
        found = _read((yield _request("GET", f"images/{quote(urn, safe='')}", account)))
        if found.get("status") == "PROCESSING_FAILED":
            raise ContentRejected("LinkedIn could not process the picture.")
        return found.get("status") == "AVAILABLE"

    def _earlier(self, urn: str, post: Post, account: Account) -> Conversation:
        """Tell our own earlier attempt, which got through after all, from another post."""
        response = yield _request("GET", _path(urn), account)
        if response.status == 404:
            # LinkedIn remembers a deleted text for a day or two and names a new ghost each time.
            raise ContentRejected("LinkedIn takes this for a repetition of a deleted post.")
        if not response.ok:
            # Unable to tell, and a retry could only meet the same refusal.
            raise Ambiguous("LinkedIn has a post with this text, but it could not be read.")
        there = _receipt(urn)
        item = responses.mapping(response, publishing=True)
        is_ours = _says(post, item) and prepared.ours([(urn, _pictures(item))], post.handle)
        if post.handle is None or not is_ours:
            raise ContentRejected(f"The same text is on the page already: {there.url}")
        return there

    def _ours(
        self, post: Post, account: Account, since: datetime
    ) -> Generator[Step, Response, Sequence[str]]:
        """Return the URNs of posts since an instant that can be ours."""
        found: list[tuple[str, set[str]]] = []
        for page in range(MAX_PAGES):
            params = {
                "author": _author(account),
                "q": "author",
                "count": str(PAGE_SIZE),
                "start": str(page * PAGE_SIZE),
                "sortBy": "LAST_MODIFIED",
            }
            response = yield _request("GET", "posts", account, params=params, finder=True)
            if response.status == 403:
                raise Ambiguous("LinkedIn does not let us read the organisation's posts.")
            posts = _elements(_read(response))
            found += [
                (responses.identifier(item.get("id"), publishing=True), _pictures(item))
                for item in posts
                if not _is_before(item.get("createdAt"), since) and _says(post, item)
            ]
            done = len(posts) < PAGE_SIZE
            if done or _is_before(posts[-1].get("lastModifiedAt"), since):
                return prepared.ours(found, post.handle)
        raise Ambiguous("There are too many posts to find this one among them.")


def _author(account: Account) -> str:
    """Return the URN we publish as."""
    return responses.setting(account, "organization_urn")


def _sent_length(text: str) -> int:
    return texts.measure(little.escape(text), TextUnit.CHARACTERS)


def _authorised(account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {responses.secret(account, 'access_token')}"}


def _request(
    method: str,
    path: str,
    account: Account,
    *,
    params: Mapping[str, str] | None = None,
    json: Any = None,
    finder: bool = False,
) -> HttpRequest:
    headers = {
        **_authorised(account),
        "LinkedIn-Version": account.api_version or VERSION,
        "X-Restli-Protocol-Version": "2.0.0",
    }
    if finder or method == "DELETE":
        headers["X-RestLi-Method"] = "FINDER" if finder else method
    return HttpRequest(
        method,
        f"{BASE}/rest/{path}",
        headers=headers,
        params=params or {},
        json=json,
        publishes=method == "POST" and path == "posts",
    )


def _body(post: Post, urns: Sequence[str], account: Account) -> dict[str, Any]:
    images = [
        {"id": urn, "altText": picture.alt_text[:MAX_ALT_TEXT]}
        for urn, picture in zip(urns, post.media, strict=True)
    ]
    body: dict[str, Any] = {
        "author": _author(account),
        "commentary": little.escape(post.text),
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    if len(images) == 1:
        body["content"] = {"media": images[0]}
    elif images:
        body["content"] = {"multiImage": {"images": images}}
    return body


def _token(
    account: Account,
) -> Generator[Step, Response, tuple[tuple[str, ...], datetime | None]]:
    """Return scopes and expiry of our token; nothing without the app's own credentials."""
    form = {
        "client_id": account.settings.get("client_id", ""),
        "client_secret": account.secrets.get("client_secret", ""),
        "token": responses.secret(account, "access_token"),
    }
    if not all(form.values()):
        return (), None
    told = _read((yield HttpRequest("POST", INTROSPECTION, form=form)))
    if told.get("active") is not True:
        raise CredentialsRejected("The access token is not valid any more.")
    scopes = tuple(sorted(str(told.get("scope", "")).replace(",", " ").split()))
    return scopes, responses.instant(told.get("expires_at"))


def _path(urn: str) -> str:
    return f"posts/{quote(urn, safe='')}"


def _receipt(urn: str) -> Receipt:
    return Receipt(urn, f"https://www.linkedin.com/feed/update/{urn}/")


def _read(response: Response) -> Mapping[str, Any]:
    """Return what a step that publishes nothing was answered."""
    if not response.ok:
        raise _refusal(response, publishing=False)
    return responses.mapping(response, publishing=False)


def _refusal(response: Response, *, publishing: bool) -> ChannelError:
    """Return what a refusal means; the picture's own codes as seen by other publishers."""
    error = responses.lenient(response) or {}
    code = str(error.get("code", ""))
    told = responses.quoted(error.get("message")) or f"LinkedIn answered {response.status}."
    if response.status == 426:
        return CredentialsRejected(told, remedy=_OLD_VERSION)
    if code in ("MEDIA_ASSET_WAITING_UPLOAD", "MEDIA_ASSET_PROCESSING"):
        return PlatformUnavailable(told)
    return responses.by_status(response, told, publishing=publishing)


def _duplicate(response: Response) -> str | None:
    """Return the post that a refusal as a repetition names."""
    error = responses.lenient(response) or {}
    details = error.get("errorDetails")
    inputs = details.get("inputErrors") if isinstance(details, dict) else None
    codes = [item.get("code") for item in responses.mappings(inputs)]
    found = _NAMED.search(str(error.get("message", "")))
    return found.group() if found and "DUPLICATE_POST" in codes else None


def _says(post: Post, item: Mapping[str, Any]) -> bool:
    """Return whether a post there has our text, whether it comes back escaped or not."""
    commentary = str(item.get("commentary", ""))
    ours = words.normalised(post.text)
    return ours in (words.normalised(commentary), words.normalised(little.unescape(commentary)))


def _pictures(item: Mapping[str, Any]) -> set[str]:
    """Return the URNs of the pictures that a post names."""
    content = item.get("content")
    content = content if isinstance(content, dict) else {}
    several = content.get("multiImage")
    named = responses.mappings(several.get("images") if isinstance(several, dict) else None)
    return {
        str(image["id"])
        for image in (*named, *responses.mappings([content.get("media")]))
        if "id" in image
    }


def _is_before(milliseconds: object, since: datetime) -> bool:
    if not isinstance(milliseconds, int) or not 0 < milliseconds < 2**46:
        return False
    return datetime.fromtimestamp(milliseconds / 1000, UTC) < since


def _is_role_at(urn: str, role: Mapping[str, Any]) -> bool:
    approved = role.get("state") == "APPROVED" and str(role.get("role")) in _POSTING
    return approved and role.get("organization") == urn


def _elements(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return responses.mappings(found.get("elements"))


CHANNEL: Channel = LinkedIn()
