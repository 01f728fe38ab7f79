"""Request bodies: strict models, whose schemas are also the published ones.

A model judges each field by itself; rules between fields are in `rules`. Nothing is coerced, and a
field that is not here is a fault.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chalicelib.domain.certifications import Language, catalogue
from chalicelib.edge.fields import (
    AccountValue,
    ChannelList,
    ChannelText,
    Day,
    Instant,
    Line,
    Name,
    Note,
    PersonName,
    Text,
    UploadId,
    Word,
    ZoneName,
)

MAX_MEDIA = 20
"""As many as any channel takes; those that take fewer say so."""
MAX_LATE_MINUTES = 30 * 24 * 60
MAX_ACCOUNT_FIELDS = 32


class Body(BaseModel):
    """A JSON object in which nothing is unknown and nothing is coerced."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)
    is_judged: ClassVar[bool] = False
    """Whether a service may find more faults of it: then one with faults is read as far as it can
    be, so that all are told at once."""


def _example(body: dict[str, Any]) -> ConfigDict:
    """Return the configuration of a model whose schema shows this body."""
    return ConfigDict(json_schema_extra={"examples": [body]})


def _partial(schema: dict[str, Any]) -> None:
    """Say that an absent field has no default, and that one has to be there."""
    for field in schema["properties"].values():
        field.pop("default", None)
    schema["minProperties"] = 1


def _list_families(schema: dict[str, Any]) -> None:
    schema["enum"] = [family.id for family in catalogue()]


class Edit(Body):
    """What is to change; a field that is absent stays as it is, and nothing is no change."""

    model_config = ConfigDict(json_schema_extra=_partial)


class Nothing(Body):
    """An empty object; the body may as well be absent."""


class MediaItem(Body):
    """An uploaded picture and what it shows, for those who can't see it."""

    upload_id: UploadId
    alt_text: Annotated[Note, StringConstraints(max_length=2_000)] = ""


class VariantBody(Body):
    """The author's own text for one channel."""

    content: Text
    subject: Line | None = None


class LatePolicyBody(Body):
    """What to do with a delivery that is later than `after_minutes`."""

    after_minutes: Annotated[int, Field(ge=1, le=MAX_LATE_MINUTES)] = 60
    action: Literal["send", "skip"] = "send"


OwnWords = Annotated[
    list[ChannelText],
    Field(
        description="Channels that say what they would without a model, whatever one finds.",
        json_schema_extra={"uniqueItems": True},
    ),
]
MediaList = Annotated[list[MediaItem], Field(json_schema_extra={"maxItems": MAX_MEDIA})]


class MessageBody(Body):
    """A message for one or more channels. Without `scheduled_at` it is published now."""

    model_config = _example(
        {
            "content": "Our next meetup is on Thursday, 18:30. Bring a question!",
            "channels": ["facebook", "linkedin", "email"],
            "time_zone": "Europe/Madrid",
            "variants": {"linkedin": {"content": "Join our next meetup on Thursday at 18:30."}},
        }
    )
    is_judged = True

    content: Text
    subject: Line | None = None
    channels: ChannelList
    scheduled_at: Instant | None = None
    time_zone: ZoneName | None = None
    draft: bool = False
    media: MediaList = Field(default_factory=list)
    variants: dict[ChannelText, VariantBody] = Field(default_factory=dict)
    own_words: OwnWords = Field(default_factory=list)
    late_policy: LatePolicyBody | None = None


class MessageEdit(Edit):
    """What is to change; a field that is absent stays as it is.

    A null `subject` goes back to the first line, a null `scheduled_at` to publishing now.
    """

    is_judged = True

    content: Text = ""
    subject: Line | None = None
    channels: ChannelList = Field(default_factory=list)
    scheduled_at: Instant | None = None
    time_zone: ZoneName = ""
    media: MediaList = Field(default_factory=list)
    variants: dict[ChannelText, VariantBody] = Field(default_factory=dict)
    own_words: OwnWords = Field(default_factory=list)
    late_policy: LatePolicyBody = LatePolicyBody()


class AchievementBody(Body):
    """What is announced, where and when. Name and language default to the member's own."""

    member_name: PersonName | None = None
    certification_type: Annotated[str, Field(json_schema_extra=_list_families)]
    certified_on: Day
    channels: ChannelList
    credential_url: str | None = None
    linkedin_url: str | None = None
    personal_message: str | None = None
    language: Language | None = None
    photo_upload_id: UploadId | None = None
    scheduled_at: Instant | None = None
    time_zone: str | None = None
    own_words: OwnWords = Field(default_factory=list)


class CertificationBody(AchievementBody):
    """A certification to announce. `consent` is the announced person's."""

    model_config = _example(
        {
            "member_name": "Zoë Ångström",
            "certification_type": "solutions-architect-associate",
            "certified_on": "2026-11-02",
            "channels": ["facebook", "instagram", "sms"],
            "consent": True,
        }
    )
    is_judged = True

    consent: bool


class CertificationSketch(AchievementBody):
    """A certification that is still being written: nobody's consent is needed to look at it."""

    consent: bool | None = None


class CertificationPreview(Body):
    """What the announcement of a certification would look like."""

    is_judged = True

    certification: CertificationSketch


class ProfileEdit(Edit):
    """What is to change about oneself; a field that is absent stays as it is."""

    name: Name = ""
    language: Language = "en"
    time_zone: ZoneName = ""

    def changes(self) -> dict[str, Any]:
        """Return the fields that were sent."""
        return self.model_dump(exclude_unset=True)


class AccountBody(Body):
    """The account to publish as: the fields that `GET /api/v1/channels` names for the channel.

    Settings and secrets stand side by side; a field that is absent stays as it is, so that a token
    can be renewed by sending it alone. The fields of a nested object get its name before them:
    `{"template": {"name": "news"}}` is `{"template_name": "news"}`. Fields that the channel does
    not use are ignored.
    """

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "maxProperties": MAX_ACCOUNT_FIELDS,
            "examples": [{"page_id": "1042", "access_token": "…"}],
        },
    )
    __pydantic_extra__: dict[str, AccountValue]

    def fields(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield each text with its place, as it was written."""
        for name, value in self.__pydantic_extra__.items():
            if isinstance(value, str):
                yield (name,), value
            else:
                yield from (((name, inner), text) for inner, text in value.items())


def account_field(place: tuple[str, ...]) -> str:
    """Return the name of an account's field by where it is written."""
    return "_".join(place)


class RecipientBody(Body):
    """Someone who agreed to be written to; `consent_note` says how and when they did."""

    is_judged = True

    address: Annotated[Word, StringConstraints(max_length=254)]
    name: Name | None = None
    consent: Literal[True]
    consent_note: Annotated[Line, StringConstraints(max_length=500)] | None = None


class ResolveBody(Body):
    """A person's answer to "is it there?"; `recipient` names one row of a direct channel.

    `it_is_gone` answers where a post was to be deleted.
    """

    answer: Literal["it_is_there", "send_it", "it_is_gone"]
    recipient: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")] | None = None


class ApproveBody(Body):
    """An approval, with an edited text if the manager changed it."""

    is_judged = True

    text: Text | None = None


class RejectBody(Body):
    """A rejection and its reason, which the author reads."""

    reason: Annotated[Text, StringConstraints(max_length=2_000)]


class UploadBody(Body):
    """A picture someone wants to upload."""

    is_judged = True

    content_type: Annotated[Word, StringConstraints(max_length=100)]
    size_bytes: Annotated[int, Field(ge=1)]
