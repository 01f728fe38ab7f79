"""What a channel is: its limits, the steps of its conversation, and what it can be asked later.

A channel publishes by a *conversation*: a generator without I/O that yields steps and is sent what
came of them. Whoever drives it (services.delivering) owns time-outs, the number of attempts (one)
and doubt:

    def publish(self, post, account):
        image = yield HttpRequest("POST", …)             # prepares: harmless if its answer is lost
        yield Handle(image.json()["id"])                 # stored before anything is visible
        yield Pause(seconds=2)
        answer = yield HttpRequest("POST", …, publishes=True)   # no answer here means doubt
        return Receipt(answer.json()["id"], url=…)

An unanswered step with `publishes=True` raises `Ambiguous` into the generator; any other raises
`PlatformUnavailable`. Steps name the platform's real hosts.
"""

from __future__ import annotations

import hashlib
import json as jsonlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NewType, Protocol, TypeVar

from chalicelib.domain.certifications import Language
from chalicelib.domain.errors import Fault
from chalicelib.domain.pictures import Bounds
from chalicelib.domain.text import TextUnit, mended

ChannelName = NewType("ChannelName", str)
T = TypeVar("T")

SAME_RATIO = 0.01
"""By how much two ratios may differ and still be the same: whole pixels can't be more exact."""


class Reconcilability(StrEnum):
    """How doubt about a post can be settled."""

    KEY = "key"
    """The platform takes an idempotency key: sending the same again is safe."""
    HANDLE = "handle"
    """Two phases: the handle is stored before publishing and can be asked for."""
    LOOKUP = "lookup"
    """Our own recent posts can be read."""
    EVENT = "event"
    """A later event carries our tag."""
    NONE = "none"
    """Nothing: at most once, then a person."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the platform takes, in its own unit. `source` and `checked_on` say where it was read."""

    max_text: int
    unit: TextUnit
    source: str
    checked_on: date
    max_hashtags: int | None = None
    max_mentions: int | None = None
    max_subject: int | None = None


@dataclass(frozen=True, slots=True)
class MediaRule:
    """What pictures a channel takes. Ratios are width / height, sizes pixels and bytes.

    `source` and `checked_on` say where the platform's rules were read.
    """

    max_items: int
    source: str
    checked_on: date
    required: bool = False
    leaves_out_surplus: bool = False
    """Whether pictures beyond `max_items` are left out; elsewhere they are a fault."""
    one_ratio: bool = False
    """Whether the platform cuts all pictures of a post to the ratio of the first."""
    min_ratio: float = 0.2
    max_ratio: float = 5.0
    min_width: int = 200
    max_width: int = 2048
    max_bytes: int = 4_000_000
    alt_text: bool = False
    card: str = "wide"
    """Shape of the rendered card: ``wide`` (1200 × 630) or ``square`` (1080 × 1080)."""

    @property
    def bounds(self) -> Bounds:
        """Return which ratios and widths are allowed."""
        return Bounds(self.min_ratio, self.max_ratio, self.min_width, self.max_width)

    def carried(self, pictures: Sequence[T]) -> Sequence[T]:
        """Return the pictures that are offered; more than `max_items` only to be refused."""
        return pictures[: self.max_items] if self.leaves_out_surplus else pictures

    def beside(self, ratio: float) -> MediaRule:
        """Return the rule for a picture that has to look like one of this ratio."""
        return replace(
            self,
            min_ratio=max(self.min_ratio, ratio * (1 - SAME_RATIO)),
            max_ratio=min(self.max_ratio, ratio * (1 + SAME_RATIO)),
        )


@dataclass(frozen=True, slots=True)
class Length:
    """How much of a limit is used, in `unit`."""

    used: int
    limit: int
    unit: TextUnit


@dataclass(frozen=True, slots=True)
class Media:
    """A prepared picture in our own store: `ref` is its key there; bytes travel by reference."""

    ref: str
    width: int
    height: int
    alt_text: str = ""
    content_type: str = "image/jpeg"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Someone who opted in on a direct channel. The address never enters a log, key or record."""

    id: str
    address: str = field(repr=False)
    name: str = field(default="", repr=False)
    unsubscribe_url: str = field(default="", repr=False)
    window_open_until: datetime | None = None
    """WhatsApp: until when free text is allowed, because they wrote to us."""


ATTEMPTED = "attempted"
"""The handle of a post that an attempt may have published, which put up nothing that is known."""


@dataclass(frozen=True, slots=True)
class Post:
    """Exactly what one platform is offered; fixed and stored before the first attempt.

    `text` is as a reader sees it; escaping for the wire is the channel's own affair.
    """

    text: str
    subject: str | None = None
    media: tuple[Media, ...] = ()
    link: str | None = None
    parameters: tuple[str, ...] = ()
    """WhatsApp: what fills the template's body."""
    language: Language | None = None
    """In which language to say what stands beside the text; None: nobody knows the text's."""
    token: str = ""
    """The same for all attempts, and for no other post: an idempotency key where one is taken.

    Letters, digits, ``-`` and ``_``, fewer than 200."""
    mark: str = ""
    """Names this attempt, in the same letters: a tag or callback data that reports bring back."""
    handle: str | None = None
    """What an earlier attempt stored before it published; None: none has come so far."""
    recipient: Recipient | None = None

    @property
    def digest(self) -> str:
        """Return a hash of what a reader will see, the same for every attempt and recipient."""
        seen = [self.text, self.subject, [m.ref for m in self.media], self.link, self.parameters]
        return hashlib.sha256(jsonlib.dumps(seen, default=list).encode()).hexdigest()

    def to(self, recipient: Recipient | None, *, token: str, handle: str | None) -> Post:
        """Return this post addressed for one attempt."""
        return replace(self, recipient=recipient, token=token, handle=handle)


@dataclass(frozen=True, slots=True)
class Account:
    """Whom we publish as on a platform: identity and token, never printed."""

    channel: ChannelName
    settings: Mapping[str, str] = field(default_factory=dict)
    """Not secret: page id, sender address, template name …"""
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    api_version: str = ""


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """What the platform says about an account: who it is, what it may, until when."""

    identity: str
    scopes: tuple[str, ...] = ()
    missing_scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    """Facts learnt while checking that belong to the account's settings (a template's text)."""
    faults: tuple[Fault, ...] = ()
    """Which of the account's fields can't be used, although its credentials are accepted."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's proof."""

    external_id: str
    url: str | None = None


# --- steps -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MediaBytes:
    """Stands for a picture's bytes; the transport puts them in."""

    ref: str


@dataclass(frozen=True, slots=True)
class MediaUrl:
    """Stands for a short-lived GET address that the platform pulls from."""

    ref: str


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP request. `json`, `form` and `body` exclude one another; values may be `MediaUrl`."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] = field(default_factory=dict)
    json: Any = field(default=None, repr=False)
    form: Mapping[str, Any] | None = field(default=None, repr=False)
    body: MediaBytes | None = None
    publishes: bool = False

    @property
    def is_seen(self) -> bool:
        """Whether readers see what it does: it publishes, or deletes."""
        return self.publishes or self.method == "DELETE"


@dataclass(frozen=True, slots=True)
class AwsCall:
    """One AWS SDK call. `params` may hold `MediaBytes` anywhere."""

    service: str
    operation: str
    params: Mapping[str, Any] = field(repr=False)
    publishes: bool = False

    @property
    def is_seen(self) -> bool:
        """Whether readers see what it does."""
        return self.publishes


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before the next step."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Handle:
    """Store this before going on; a later attempt finds it in `Post.handle`."""

    value: str


Step = HttpRequest | AwsCall | Pause | Handle


@dataclass(frozen=True, slots=True)
class Response:
    """What came of a step. For an AWS call `status` and `error` mirror the service's answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    data: Mapping[str, Any] = field(default_factory=dict)
    """AWS: the decoded output."""
    error: str = ""
    """AWS: the error code, empty on success."""
    message: str = ""

    def json(self) -> Any:
        """Return the decoded body, half characters mended.

        ValueError if it is not JSON, or says two things at once; RecursionError if it is too deep.
        """
        text = self.body.decode("utf-8-sig")
        found = jsonlib.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
        return _mended(found) if _ESCAPED_HALF in text.lower() else found

    @property
    def ok(self) -> bool:
        """Return whether the answer is a success by its status."""
        return 200 <= self.status < 300 and not self.error


_ESCAPED_HALF = r"\ud"


def _mended(value: Any) -> Any:
    """Return a value whose texts can all be stored; the names in it are compared only."""
    if isinstance(value, str):
        return mended(value)
    if isinstance(value, list):
        return [_mended(part) for part in value]
    return {k: _mended(v) for k, v in value.items()} if isinstance(value, dict) else value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("A name is there twice.")
    return found


def _no_number(word: str) -> None:
    raise ValueError(f"{word} is not JSON.")


Conversation = Generator[Step, Response, Receipt]
Lookup = Generator[Step, Response, Receipt | None]
Removal = Generator[Step, Response, None]
Presence = Generator[Step, Response, bool]
Check = Generator[Step, Response, AccountCheck]


@dataclass(frozen=True, slots=True)
class Wording:
    """Text for one channel before it becomes a post.

    `generated` text may be fitted to the limits; an author's own text is never cut.
    """

    text: str
    subject: str | None = None
    link: str | None = None
    hashtags: tuple[str, ...] = ()
    generated: bool = False
    keep: tuple[str, ...] = ()
    """Parts that must survive verbatim: the announced person's name."""
    language: Language | None = None
    """That of the announcement; None where an author wrote about something else."""


class Channel(Protocol):
    """One platform. Stateless; all I/O is in the steps it yields."""

    @property
    def name(self) -> ChannelName: ...
    @property
    def title(self) -> str: ...
    @property
    def direct(self) -> bool:
        """Whether it addresses recipients one by one."""

    @property
    def limits(self) -> Limits: ...
    @property
    def media(self) -> MediaRule: ...
    @property
    def reconciles_by(self) -> Reconcilability: ...
    @property
    def settle_time(self) -> timedelta:
        """How long after an unanswered request an absence becomes believable."""

    @property
    def spacing(self) -> timedelta:
        """The shortest time between two attempts of one account."""

    @property
    def takes_back(self) -> bool:
        """Whether a published post can be deleted."""

    @property
    def account_settings(self) -> tuple[str, ...]:
        """Names of the non-secret account fields it needs."""

    @property
    def account_secrets(self) -> tuple[str, ...]:
        """Names of the secret account fields it needs."""

    @property
    def optional_settings(self) -> tuple[str, ...]:
        """Names of the non-secret account fields it uses if they are there."""

    @property
    def optional_secrets(self) -> tuple[str, ...]:
        """Names of the secret account fields it uses if they are there."""

    @property
    def permissions(self) -> tuple[str, ...]:
        """IAM actions the worker needs for it."""

    def compose(
        self, wording: Wording, media: Sequence[Media], account: Account
    ) -> tuple[Post, list[Fault]]:
        """Return what would be posted and every fault of it (pointer relative to the wording).

        Generated text is fitted to the limits; an author's text over them is a fault.
        """

    def measure(self, post: Post) -> Length:
        """Return the post's length as the platform counts it."""

    def publish(self, post: Post, account: Account) -> Conversation:
        """Publish; raises a `ChannelError` that says what the platform's answer means."""

    def find(self, post: Post, account: Account, since: datetime) -> Lookup:
        """Look for this post among our own; None only if it is certainly absent.

        Raises `Ambiguous` where the platform can't tell.
        """

    def unpublish(self, receipt: Receipt, account: Account) -> Removal:
        """Delete a published post; what is gone already is no error."""

    def is_there(self, receipt: Receipt, account: Account) -> Presence:
        """Ask whether a published post is still there; `ChannelError` if that can't be told."""

    def check(self, account: Account) -> Check:
        """Ask the platform who the account is; raises `CredentialsRejected`."""
