"""What services need from the outside, as protocols. Adapters and fakes implement them.

Repositories build their writes as values; `Unit.commit` sends several aggregates' writes as one
transaction. A conditional write that meets another version raises what that write declares
(`LostRace`, `OnceTaken`, `AlreadyAnnounced`); a write whose outcome stays unknown even after
reading back raises `StoreUnavailable`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from chalicelib.domain.adaptation import Adaptation
from chalicelib.domain.certifications import Language, Submission
from chalicelib.domain.channels import (
    Account,
    AwsCall,
    Channel,
    ChannelName,
    HttpRequest,
    MediaRule,
    Post,
    Recipient,
    Response,
    Wording,
)
from chalicelib.domain.deliveries import Attempt, AuditEntry, Delivery, DeliveryKey
from chalicelib.domain.errors import Conflict
from chalicelib.domain.identity import Role
from chalicelib.domain.messages import Content, Message, MessageStatus, Revision
from chalicelib.domain.models import Reply
from chalicelib.domain.prompts import Prompt
from chalicelib.domain.sign_in import PublicKey
from chalicelib.domain.states import Status

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Writes = Sequence[Any]
"""Opaque to services: what a repository wants written, with its conditions."""
Cursor = Mapping[str, str]


class Clock(Protocol):
    """Time. `now` is aware UTC in whole milliseconds."""

    def now(self) -> datetime: ...
    def sleep(self, seconds: float) -> None: ...


class Ids(Protocol):
    """Identifiers: UUID version 7, which sort by time."""

    def new(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """A page of a list; only a `cursor` of None ends it."""

    items: Sequence[T_co]
    cursor: Cursor | None = None


class Unit(Protocol):
    """All or nothing."""

    def commit(self, *writes: Writes) -> None: ...


# --- idempotency ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """An API answer kept for its idempotency key."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Once:
    """An idempotency key in its scope, with the digest of the body it came with.

    `answer` renders what a repeat of the request will get; it is stored in the same transaction as
    the object it speaks of.
    """

    user: str
    key: str
    """Route and key, as one opaque text."""
    digest: str
    answer: Callable[[Any], StoredResponse] | None = None


class OnceTaken(Conflict):
    """The idempotency key was used before."""

    code = "still_running"


class Idempotency(Protocol):
    """Answers kept by idempotency key for at least 24 h."""

    def find(self, once: Once) -> StoredResponse | None:
        """Return the kept answer; None if the key is unused.

        Raises `IdempotencyMismatch` for another body, `StillRunning` while there is no answer yet.
        """

    def keeping(self, once: Once, response: StoredResponse, now: datetime) -> Writes:
        """Keep an answer with the object it speaks of; conflict: `OnceTaken`."""

    def reserve(self, once: Once, now: datetime) -> None:
        """Mark a request as running for a minute at most; `OnceTaken` if the key is in use."""

    def complete(self, once: Once, response: StoredResponse, now: datetime) -> None:
        """Store the answer of a reserved key."""

    def release(self, once: Once) -> None:
        """Give a reserved key back: the request failed and may be sent again."""


# --- messages and deliveries ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A message with its deliveries, one per channel (parents on direct channels)."""

    message: Message
    deliveries: tuple[Delivery, ...]

    def delivery(self, channel: str) -> Delivery | None:
        """Return the delivery on one channel."""
        return next((d for d in self.deliveries if d.key.channel == channel), None)


@dataclass(frozen=True, slots=True)
class Listed(Message):
    """A message as lists show it: with where each channel stood at the last roll-up."""

    summary: Mapping[ChannelName, Status] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Due:
    """An entry of the due index: a hint who must look at what, and when."""

    key: DeliveryKey
    next_at: datetime


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list shows; instants bound `due_at`, both inclusive."""

    status: MessageStatus | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything that happened to a message, oldest first."""

    entries: tuple[AuditEntry, ...]
    attempts: tuple[Attempt, ...]


class Messages(Protocol):
    """Messages, revisions, deliveries, attempts, prepared posts and the audit trail."""

    def adding(
        self,
        message: Message,
        revision: Revision,
        deliveries: Sequence[Delivery],
        audit: Sequence[AuditEntry],
    ) -> Writes: ...

    def saving(self, before: Message, after: Message, audit: AuditEntry) -> Writes:
        """Store a changed message on condition of its version; conflict: `LostRace`."""

    def revising(self, revision: Revision) -> Writes:
        """Append an immutable revision."""

    def starting(self, delivery: Delivery) -> Writes:
        """Store a delivery that must not exist yet; conflict: `LostRace`."""

    def removing(self, delivery: Delivery) -> Writes:
        """Drop a delivery of which nothing was published, on condition of its version."""

    def moving(
        self,
        before: Delivery,
        after: Delivery,
        audit: AuditEntry | None = None,
        attempt: Attempt | None = None,
    ) -> Writes:
        """Store a step on condition of the version; a recipient's also moves its parent's counts.

        An attempt is appended when begun and completed when settled. Conflict: `LostRace`.
        """

    def noting(self, attempt: Attempt) -> Writes:
        """Keep what a worker learnt after it lost its lease, as evidence only."""

    def telling(self, entry: AuditEntry) -> Writes:
        """Append an entry to the timeline; conflict, if it is there: `LostRace`."""

    def proving(self, attempt: Attempt, external_id: str) -> Writes:
        """Keep what a report proves of an attempt under way, unless something does (no conflict).

        To be sent alone.
        """

    def rolling_up(self, snapshot: Snapshot, status: MessageStatus) -> Writes:
        """Store the roll-up for lists, unless a newer one is there already (no conflict)."""

    def get(self, message_id: str) -> Snapshot | None:
        """Return a message with its deliveries, consistently, in one call."""

    def many(self, message_ids: Sequence[str]) -> Mapping[str, Message]:
        """Return those messages that there are without their deliveries, in one call.

        Their status is that of the last roll-up.
        """

    def revision(self, message_id: str, number: int) -> Revision | None: ...
    def delivery(self, key: DeliveryKey) -> Delivery | None: ...
    def deliveries(self, keys: Sequence[DeliveryKey]) -> Sequence[Delivery]:
        """Return those of them that there are, consistently; any number, 100 a request."""

    def recipients(
        self, message_id: str, channel: ChannelName, limit: int, cursor: Cursor | None
    ) -> Page[Delivery]: ...
    def by_author(
        self, author: str, wanted: Filter, limit: int, cursor: Cursor | None
    ) -> Page[Listed]:
        """Return an author's messages, newest first, in one call."""

    def calendar(self, wanted: Filter, limit: int, cursor: Cursor | None) -> Page[Listed]:
        """Return everyone's messages by due time, latest first."""

    def post(self, message_id: str, channel: ChannelName, revision: int) -> Post | None: ...
    def keep_post(self, message_id: str, channel: ChannelName, revision: int, post: Post) -> Post:
        """Store what will be posted unless something is stored already; return what is stored."""

    def due(self, shard: int, until: datetime, cursor: Cursor | None) -> Page[Due]:
        """Return a page of what is due in one shard, soonest first (eventually consistent)."""

    def attempts(self, key: DeliveryKey) -> Sequence[Attempt]: ...
    def timeline(self, message_id: str) -> Timeline: ...

    @property
    def shards(self) -> int: ...


# --- certifications ---------------------------------------------------------------------------


class CertificationStatus(StrEnum):
    """Where a submitted achievement stands."""

    PENDING_REVIEW = "pending_review"
    ANNOUNCED = "announced"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Achievement:
    """A submitted certification and the message that announces it."""

    id: str
    author: str
    submission: Submission
    status: CertificationStatus
    message_id: str
    submitted_at: datetime
    warnings: tuple[str, ...] = ()
    name_differs: bool = False
    """The announced name is not the submitter's own; the reviewer is told."""
    reason: str | None = None
    version: int = 1


class Certifications(Protocol):
    """Achievements; the same one only once within a year."""

    def adding(self, achievement: Achievement, key: str, expires_at: datetime) -> Writes:
        """Store with its uniqueness key; conflict on a live key: `AlreadyAnnounced`."""

    def saving(
        self, before: Achievement, after: Achievement, *, release_key: bool = False
    ) -> Writes:
        """Store a changed achievement; `release_key` lets it be announced again."""

    def get(self, achievement_id: str) -> Achievement | None: ...
    def holder(self, key: str, now: datetime) -> str | None:
        """Return the id of the achievement that holds a live key."""

    def by_author(self, author: str, limit: int, cursor: Cursor | None) -> Page[Achievement]: ...
    def waiting(self, limit: int, cursor: Cursor | None) -> Page[Achievement]:
        """Return what awaits approval, newest first."""

    def everyone(
        self, status: CertificationStatus | None, limit: int, cursor: Cursor | None
    ) -> Page[Achievement]: ...


# --- accounts and recipients ------------------------------------------------------------------


class AccountStatus(StrEnum):
    """Whether we can publish as this account."""

    MISSING = "missing"
    CONNECTED = "connected"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class AccountState:
    """What is known of a channel's account without its secrets."""

    channel: ChannelName
    status: AccountStatus = AccountStatus.MISSING
    identity: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    expires_at: datetime | None = None
    checked_at: datetime | None = None
    limited_until: datetime | None = None
    """Until when the platform asked us to send nothing."""
    problem: str | None = None
    failures: int = 0
    """Attempts in a row that the platform did not serve; see `circuits`."""
    failing_since: datetime | None = None
    openings: int = 0
    """How often the circuit has opened since the last success; 0: it is closed."""
    open_until: datetime | None = None
    """When an open circuit lets one delivery try, or another one after a probe."""
    learnt: tuple[str, ...] = ()
    """The settings that the platform told; they are asked for again with every check."""
    version: int = 0

    @property
    def paused_until(self) -> datetime | None:
        """Return until when nothing may be sent, if anything has ever spoken against it."""
        return max(filter(None, (self.limited_until, self.open_until)), default=None)


class Accounts(Protocol):
    """Channel accounts: state in the table, secrets elsewhere."""

    def state(self, channel: ChannelName) -> AccountState: ...
    def states(self, channels: Iterable[ChannelName]) -> Mapping[ChannelName, AccountState]: ...
    def saving(self, before: AccountState, after: AccountState) -> Writes: ...
    def take_slot(
        self, channel: ChannelName, spacing: timedelta, now: datetime, latest: datetime
    ) -> datetime | None:
        """Return the instant at which an attempt may begin, `spacing` behind the one before.

        None, and nothing is taken, if that would be after `latest`.
        """

    def take_turn(self, channel: ChannelName, spacing: timedelta, now: datetime) -> datetime:
        """Return when to ask for a slot again: each who asks is told `spacing` more."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Someone's consent to be written to on a direct channel."""

    recipient: Recipient
    channel: ChannelName
    consent: str
    """How and when they agreed, in words."""
    created_at: datetime
    opted_out_at: datetime | None = None
    undeliverable_at: datetime | None = None
    """Since when the platform says that there is no such address; a renewed consent clears it."""

    @property
    def is_reachable(self) -> bool:
        """Return whether they are written to."""
        return self.opted_out_at is None and self.undeliverable_at is None


class Subscriptions(Protocol):
    """Recipients of the direct channels, by opaque id."""

    def add(self, subscription: Subscription) -> bool:
        """Store; False, and nothing is changed, if they are known or opted out."""

    def get(self, channel: ChannelName, recipient_id: str) -> Subscription | None: ...
    def page(self, channel: ChannelName, limit: int, after: str | None) -> Page[Subscription]:
        """Return recipients in the order of their ids, after a given one."""

    def opt_out(self, channel: ChannelName, recipient_id: str, now: datetime) -> bool:
        """Never write to them again, unless they decided otherwise later; False if unknown."""

    def opt_in(self, channel: ChannelName, recipient_id: str, consent: str, now: datetime) -> bool:
        """Write again to somebody who opted out, unless they decided otherwise later.

        True if that changed anything.
        """

    def mark_undeliverable(self, channel: ChannelName, recipient_id: str, at: datetime) -> None:
        """Write to this address no more; nothing for somebody unknown, or added since."""

    def open_window(self, channel: ChannelName, recipient_id: str, until: datetime) -> None:
        """Allow free text until then, or for longer if it was; nothing for somebody unknown."""

    def remove(self, channel: ChannelName, recipient_id: str) -> bool: ...


class Secrets(Protocol):
    """Platform credentials; cached."""

    def read(
        self, name: str, *, version: int | None = None, fresh: bool = False
    ) -> Mapping[str, str]:
        """Return a secret's fields; empty if there is none. `fresh` skips the cache.

        What was read for one `version` of the account is never given out for another; without a
        version, it is given out for a short time only.
        """

    def write(self, name: str, fields: Mapping[str, str]) -> None: ...


class Signer(Protocol):
    """Opaque ids and tamper-proof tokens from a key of our own."""

    def opaque(self, *parts: str) -> str:
        """Return a stable id that does not reveal its parts."""

    def sign(self, purpose: str, value: str) -> str:
        """Return letters, digits, ``-`` and ``_`` that carry the value and prove it is ours."""

    def verify(self, purpose: str, token: str) -> str | None:
        """Return the signed value; None for anything we did not sign for this purpose."""


class TokenKey(Protocol):
    """The key that signs our own ID tokens."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature of RS256."""

    def public(self) -> PublicKey: ...


# --- media ------------------------------------------------------------------------------------


class UploadStatus(StrEnum):
    """Where an upload stands."""

    PENDING = "pending"
    READY = "ready"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture someone uploads; `ref` is the sanitised copy's key in the store."""

    id: str
    author: str
    status: UploadStatus
    content_type: str
    size_bytes: int
    created_at: datetime
    detail: str = ""
    ref: str | None = None
    width: int = 0
    height: int = 0
    version: int = 1


@dataclass(frozen=True, slots=True)
class UploadTicket:
    """A pre-signed POST, bound to key, type and size."""

    url: str
    fields: Mapping[str, str]
    expires_at: datetime


class Uploads(Protocol):
    """What is known of uploads."""

    def adding(self, upload: Upload) -> Writes: ...
    def saving(self, before: Upload, after: Upload) -> Writes: ...
    def get(self, upload_id: str) -> Upload | None: ...
    def many(self, upload_ids: Sequence[str]) -> Mapping[str, Upload]: ...


@dataclass(frozen=True, slots=True)
class Picture:
    """A JPEG in sRGB without metadata."""

    data: bytes = field(repr=False)
    width: int = 0
    height: int = 0


class MediaStore(Protocol):
    """Private objects by key."""

    def ticket(
        self, upload_id: str, content_type: str, size_bytes: int, now: datetime
    ) -> UploadTicket: ...
    def uploaded(self, upload_id: str) -> bytes | None:
        """Return the raw bytes of an upload; None while nothing arrived."""

    def size(self, ref: str) -> tuple[int, int] | None:
        """Return a picture's width and height without reading it; None if it is not there."""

    def read(self, ref: str) -> bytes: ...
    def write(self, ref: str, picture: Picture) -> None: ...


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the celebration card shows; labels are in the announcement's language."""

    name: str
    title: str
    level: str
    """The level's id; chooses the emblem."""
    level_label: str
    date_label: str
    headline: str

    @property
    def alt_text(self) -> str:
        """Return the card in words."""
        headline = self.headline.rstrip(".!")
        return f"{headline}: {self.name}, {self.title} ({self.level_label}), {self.date_label}"


class Studio(Protocol):
    """Pictures: made safe, made to fit, drawn."""

    def sanitise(self, data: bytes) -> Picture:
        """Judge by content and re-encode; `ContentRejected` says what is wrong."""

    def fit(self, data: bytes, rule: MediaRule) -> Picture:
        """Return the picture inside a channel's rule; one that is inside already stays as it is."""

    def card(self, facts: CardFacts, shape: str, photo: bytes | None) -> Picture: ...


# --- moving things ----------------------------------------------------------------------------


class Adapter(Protocol):
    """Chooses the words for a channel; the seat of tone."""

    def words(self, content: Content, channel: Channel, chosen: str | None = None) -> Wording:
        """Return what a channel is to say; `chosen` are checked words of a model's for it."""


class LanguageModel(Protocol):
    """Language models, the one to ask first and those that stand in for it."""

    @property
    def names(self) -> Sequence[str]: ...
    def ask(self, name: str, prompt: Prompt) -> Reply:
        """Return what came of one call, in limited time; never raises for the model's sake."""


class Adaptations(Protocol):
    """What was decided about the words of contents."""

    def get(self, digest: str) -> Adaptation | None: ...
    def claiming(self, adaptation: Adaptation) -> Writes:
        """Take the sole right to ask, which nobody gets again; conflict: `LostRace`."""

    def deciding(self, adaptation: Adaptation) -> Writes:
        """Store a decision unless there is one; conflict: `LostRace`."""


class Errand(Protocol):
    """Has words found for a revision without waiting for them; best effort."""

    def adapt(self, message_id: str, revision: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Hint:
    """A stream record: who should look at which delivery under which claim. No content."""

    key: DeliveryKey
    claim: str
    correlation_id: str = ""


class Stream(Protocol):
    """The accelerator: any record may be lost, doubled, late or out of order."""

    def put(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        """Send; return those that certainly were not taken."""


@dataclass(frozen=True, slots=True)
class PutAside:
    """Stream records that were given up on, as the failure destination keeps them."""

    ref: str
    at: datetime
    reason: str
    hints: Sequence[Hint]
    unreadable: int = 0
    """How many records in it are no hints."""


class FailureDestination(Protocol):
    """Where stream records go that no worker could serve, with all that was in them."""

    def put_aside(self, since: datetime, until: datetime) -> Iterable[PutAside]:
        """Yield what was given up on in that time, both inclusive, oldest first."""

    def done_with(self, ref: str) -> None:
        """List it no more; its content is kept until it expires."""


class Transport(Protocol):
    """Performs one step, exactly once, with an explicit time-out."""

    def perform(
        self, step: HttpRequest | AwsCall, account: Account, until: datetime | None = None
    ) -> Response:
        """Return the platform's answer, whatever it says.

        Nothing is sent after `until`: `OutOfTime`. Without a usable answer: `Ambiguous` for a step
        that publishes once anything was sent, `PlatformUnavailable` otherwise.
        """


class Starter(Protocol):
    """Starts an extra release without waiting for it; best effort."""

    def release(self, at: datetime) -> None: ...


# --- live updates -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to open one live connection, once, before it expires."""

    secret: str = field(repr=False)
    user: str
    role: Role
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Watcher:
    """A live connection and whose it is: what its ticket said."""

    id: str
    """The gateway's own, opaque."""
    user: str
    role: Role
    expires_at: datetime
    """When the gateway has closed it at the latest."""


class Watchers(Protocol):
    """Who has a live connection open, and who may open one."""

    def issue(self, ticket: Ticket) -> None:
        """Keep a ticket until it is used."""

    def ticket(self, secret: str) -> Ticket | None:
        """Return an unused ticket, an expired one too."""

    def admit(self, watcher: Watcher, ticket: Ticket) -> None:
        """Use a ticket up and remember the connection; `LostRace` if it was used already."""

    def forget(self, watcher_id: str) -> None:
        """Forget a connection; nothing for an unknown one."""

    def present(self) -> Sequence[Watcher]:
        """Return every connection, consistently: one request but for thousands of them."""


class Push(Protocol):
    """Sends one text frame over a live connection, with an explicit time-out."""

    def send(self, watcher_id: str, frame: str) -> bool:
        """Send; False if there is no such connection any more. Other failures: `PushFailed`."""


class Observers(Protocol):
    """Are told which messages changed. Best effort: nothing of it raises."""

    def changed(self, message_id: str) -> None:
        """Remember that a message changed; waits for nobody."""

    def finish(self, seconds: float) -> None:
        """Return when everyone is told, or after `seconds`."""


class Telemetry(Protocol):
    """Log lines, metrics and traces; never decides."""

    @property
    def correlation_id(self) -> str:
        """The id of the request or record being worked on; empty outside of one."""

    def event(self, name: str, /, **fields: object) -> None:
        """Write one JSON line; values are redacted."""

    def count(
        self, name: str, /, value: float = 1, unit: str = "Count", **dimensions: str
    ) -> None: ...
    def failure(self, name: str, error: BaseException, /) -> None:
        """Write one JSON line with the place of an unexpected error, redacted."""

    def span(self, name: str, /, **annotations: str) -> Any:
        """Return a context manager around a piece of work."""

    def carried(self, work: Callable[..., T]) -> Callable[..., T]:
        """Return `work` so that it continues this thread's trace in another thread."""

    def correlated(self, correlation_id: str, /, **fields: str) -> Any:
        """Return a context manager within which every line carries this id and these fields."""


class Profiles(Protocol):
    """What members choose about themselves."""

    def get(self, user: str) -> Profile | None: ...
    def save(self, profile: Profile) -> None: ...


@dataclass(frozen=True, slots=True)
class Profile:
    """A member's own settings."""

    user: str
    name: str = ""
    language: Language = "en"
    time_zone: str = "UTC"
