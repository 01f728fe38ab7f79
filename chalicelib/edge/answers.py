"""What the API answers, as types. The published schemas are made from these.

Instants are text in UTC, as `domain.instants` writes them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from chalicelib.domain.adaptation import Chooser
from chalicelib.domain.certifications import Level, LifeStage
from chalicelib.domain.channels import Reconcilability
from chalicelib.domain.identity import Role
from chalicelib.domain.messages import MessageStatus
from chalicelib.domain.ports import AccountStatus, CertificationStatus, UploadStatus
from chalicelib.domain.states import Status
from chalicelib.domain.text import TextUnit
from chalicelib.edge.problems import Channel, FaultView

Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
LocalTime = Annotated[
    str,
    Field(
        description="The same instant as clocks in `time_zone` show it, with their offset.",
        json_schema_extra={"format": "date-time"},
    ),
]
Day = Annotated[str, Field(json_schema_extra={"format": "date"})]
Id = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
NextCursor = Annotated[
    str | None, Field(description="Ask for the next page with it; null: the end.")
]


class HealthView(TypedDict):
    """The API is there."""

    status: Literal["ok"]
    version: str


class MeView(TypedDict):
    """Who is calling, and what they chose."""

    user_id: str
    name: str
    role: Role
    language: str
    time_zone: str
    approval_required: Annotated[
        bool, Field(description="Whether what members hand in waits for a community manager.")
    ]


class LimitsView(TypedDict):
    """What a platform takes, in its own unit, and where that was read."""

    max_text: int
    unit: TextUnit
    source: str
    date: Day
    max_hashtags: int | None
    max_mentions: int | None
    max_subject: int | None


class MediaRulesView(TypedDict):
    """What pictures a channel takes: ratios are width / height, sizes pixels and bytes."""

    max_items: int
    source: str
    date: Day
    required: bool
    leaves_out_surplus: bool
    one_ratio: bool
    min_ratio: float
    max_ratio: float
    min_width: int
    max_width: int
    max_bytes: int
    alt_text: bool


class AccountView(TypedDict):
    """The account a channel publishes as, without its secrets."""

    channel: Channel
    account_state: AccountStatus
    identity: str | None
    scopes: list[str]
    token_expires_at: Instant | None
    checked_at: Instant | None
    paused_until: Instant | None
    problem: str | None


class ChannelView(TypedDict):
    """A channel: what it takes, and whether we can publish there."""

    name: Channel
    title: str
    direct: bool
    limits: LimitsView
    media_rules: MediaRulesView
    reconcilability: Reconcilability
    account_state: AccountStatus
    token_expires_at: Instant | None
    account: AccountView
    account_settings: list[str]
    account_secrets: list[str]
    optional_settings: list[str]
    optional_secrets: list[str]


class ChannelList(TypedDict):
    """All channels."""

    items: list[ChannelView]


class RecipientView(TypedDict):
    """Someone who agreed to be written to."""

    id: str
    channel: Channel
    address: str
    name: str
    consent: str
    created_at: Instant
    opted_out_at: Instant | None
    undeliverable_at: Instant | None


class RecipientPage(TypedDict):
    """A page of recipients."""

    items: list[RecipientView]
    next_cursor: NextCursor


class PreviewMedia(TypedDict):
    """A picture of a post."""

    ref: str
    width: int
    height: int
    alt_text: str
    content_type: str


class PostView(TypedDict):
    """Exactly what a platform would be offered."""

    text: str
    subject: str | None
    link: str | None
    media: list[PreviewMedia]


class LengthView(TypedDict):
    """How much of a limit is used, in the platform's own unit."""

    used: int
    limit: int
    unit: TextUnit


class SegmentsView(TypedDict):
    """What a text costs as SMS."""

    encoding: Literal["GSM-7", "UCS-2"]
    count: int


class WordsView(TypedDict):
    """Who chose the words of a post. `own` is the text without a model's words: to have that, name
    the channel in `own_words`. `final`: false while a model may still choose others."""

    by: Chooser
    final: bool
    own: str | None
    reason: str | None


class PreviewView(TypedDict):
    """One channel's preview; `segments` only where the channel counts them."""

    channel: Channel
    post: PostView
    length: LengthView
    segments: SegmentsView | None
    faults: list[FaultView]
    words: WordsView


class PreviewList(TypedDict):
    """One preview per channel, in the order asked."""

    channels: list[PreviewView]


class ErrorView(TypedDict):
    """Why a delivery is where it is, and what helps."""

    code: str
    title: str
    detail: str
    retryable: bool
    remedy: str


class CountsView(TypedDict):
    """How many recipients of a direct channel stand where; `returned` are among the delivered."""

    total: int
    delivered: int
    failed: int
    skipped: int
    cancelled: int
    needs_review: int
    pending: int
    returned: int


class DeliveryView(TypedDict):
    """One message on one channel; on direct channels the parent of one row per recipient."""

    channel: Channel
    status: Status
    attempts: int
    external_id: str | None
    url: str | None
    error: ErrorView | None
    next_attempt_at: Instant | None
    delivered_at: Instant | None
    recipients: CountsView | None


class RecipientDeliveryView(DeliveryView):
    """One message to one recipient, by opaque id."""

    recipient: str


class RecipientDeliveryPage(TypedDict):
    """A page of recipients' deliveries."""

    items: list[RecipientDeliveryView]
    next_cursor: NextCursor


class MediaView(TypedDict):
    """An uploaded picture."""

    upload_id: Id
    alt_text: str


class VariantView(TypedDict):
    """The author's own text for one channel."""

    content: str
    subject: str | None


class LatePolicyView(TypedDict):
    """What happens with a delivery that is later than `after_minutes`."""

    after_minutes: int
    action: Literal["send", "skip"]


class MessageItem(TypedDict):
    """A message as lists show it."""

    id: Id
    status: MessageStatus
    revision: int
    content: str
    subject: str | None
    channels: list[Channel]
    author: str
    author_name: str
    scheduled_at: Instant | None
    scheduled_at_local: LocalTime | None
    due_at: Instant
    time_zone: str | None
    created_at: Instant
    media: list[MediaView]
    variants: dict[str, VariantView]
    own_words: list[Channel]
    late_policy: LatePolicyView
    certification_id: Id | None
    reason: str | None


class MessageView(MessageItem):
    """A message with its deliveries, in the order of its channels."""

    deliveries: list[DeliveryView]


class MessagePage(TypedDict):
    """A page of messages, newest first."""

    items: list[MessageItem]
    next_cursor: NextCursor


class TimelineEntry(TypedDict):
    """Something that happened: a step of the state table, or an attempt."""

    kind: Literal["audit", "attempt"]
    at: Instant
    channel: Annotated[str, Field(description="A channel, or `message` for the whole of it.")]
    recipient: str | None
    event: str
    actor: str | None
    before: str | None
    after: str | None
    attempt: int | None
    finished_at: Instant | None
    outcome: str | None
    external_id: str | None
    detail: str
    correlation_id: str | None


class TimelineView(TypedDict):
    """Everything that happened to a message, oldest first."""

    items: list[TimelineEntry]


class ExamView(TypedDict):
    """One version of an exam and the days it could be taken; null is open."""

    code: str
    begins_on: Day | None
    ends_on: Day | None
    status: LifeStage


class CertificationTypeView(TypedDict):
    """A certification one can announce."""

    id: str
    name: str
    level: Level
    status: LifeStage
    exams: list[ExamView]


class CertificationTypeList(TypedDict):
    """The catalogue, what can still be earned first."""

    items: list[CertificationTypeView]


class CertificationItem(TypedDict):
    """A submitted certification as lists show it."""

    id: Id
    status: CertificationStatus
    message_id: Id
    author: str
    member_name: str
    name_differs: bool
    certification_type: str
    certified_on: Day
    credential_url: str | None
    linkedin_url: str | None
    photo_upload_id: Id | None
    personal_message: str | None
    language: str
    channels: list[Channel]
    scheduled_at: Instant | None
    scheduled_at_local: LocalTime | None
    time_zone: str | None
    submitted_at: Instant
    warnings: list[str]
    reason: str | None


class CertificationView(CertificationItem):
    """A submitted certification with its announcement's deliveries."""

    message_status: MessageStatus
    revision: int
    content: str
    subject: str | None
    variants: dict[str, VariantView]
    own_words: list[Channel]
    deliveries: list[DeliveryView]


class CertificationPage(TypedDict):
    """A page of certifications, newest first."""

    items: list[CertificationItem]
    next_cursor: NextCursor


class UploadTicketView(TypedDict):
    """Where to send the file: a POST form with `fields` first and the file last."""

    upload_id: Id
    url: str
    fields: dict[str, str]
    expires_at: Instant


class UploadView(TypedDict):
    """Where an upload stands."""

    upload_id: Id
    status: UploadStatus
    detail: str | None
    content_type: str
    size_bytes: int
    width: int | None
    height: int | None


class LiveTicketView(TypedDict):
    """The right to open one live connection before `expires_at`."""

    ticket: str
    expires_at: Instant


OpenApiDocument = dict[str, Any]
