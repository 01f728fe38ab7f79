"""Request bodies: strict models, whose schemas are also the published ones.

A model judges each field by itself; rules between fields are in `rules`. Nothing is coerced, and a
field that is not here is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from chalicelib.domain.certifications import Language, catalogue
from chalicelib.domain.instants import parse_instant, zone
from chalicelib.domain.text import is_blank, reject_reasons, visible_length
from chalicelib.edge.identifiers import canonical_uuid

LATEST_PAST = timedelta(minutes=5)
MAX_MEDIA = 20
"""As many as any channel takes; those that take fewer say so."""
MAX_LATE_MINUTES = 30 * 24 * 60
MAX_NAME = 100
MAX_ACCOUNT_FIELDS = 32
CHANNEL_FORMAT = "channel-name"
"""Marks the schema of a channel's name; the published document lists the names there."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a body is judged against: the channels there are, and the time it is."""

    channels: Collection[str]
    now: datetime


def _around(info: ValidationInfo) -> Surroundings:
    if not isinstance(info.context, Surroundings):
        raise TypeError("Bodies are validated with their surroundings as context.")
    return info.context


def _refused(code: str, detail: str) -> PydanticCustomError:
    return PydanticCustomError(code, "{detail}", {"detail": detail})


def _text(value: str) -> str:
    """Let pass a text whose only control characters are newline and tab."""
    for reason in reject_reasons(value):
        raise _refused(reason.code, reason.detail)
    return value


def _line(value: str) -> str:
    """Let pass a text on one line, without any control character."""
    if any(ord(sign) < 32 or 127 <= ord(sign) < 160 or sign in "\u2028\u2029" for sign in value):
        raise _refused("control_character", "Write this on one line, without control characters.")
    return value


def _visible(value: str) -> str:
    if is_blank(value):
        raise _refused("blank", "A reader would see nothing here.")
    return value


def _name(value: str) -> str:
    if visible_length(value) > MAX_NAME:
        raise _refused("too_long", f"A name has at most {MAX_NAME} visible characters.")
    return value


def _channel(value: str, info: ValidationInfo) -> str:
    known = _around(info).channels
    if value not in known:
        raise _refused("unknown_channel", f"Choose from: {', '.join(known)}.")
    return value


def _uuid(value: str) -> str:
    canonical = canonical_uuid(value)
    if canonical is None:
        raise _refused("invalid_id", "This is not an id we gave out.")
    return canonical


def _parsed(parse: Callable[[str], Any], code: str) -> Callable[[Any], Any]:
    """Return a validator that reads a text, and refuses anything else."""

    def read(value: Any) -> Any:
        if not isinstance(value, str):
            raise _refused("wrong_type", "Input should be a valid string.")
        try:
            return parse(value)
        except ValueError as error:
            raise _refused(code, str(error)) from error

    return read


def _day(text: str) -> date:
    if not _DATE.fullmatch(text):
        raise ValueError("Write a date as 2026-01-31.")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError("There is no such date.") from None


def _zone_name(text: str) -> str:
    return zone(text).key


def _schedulable(value: datetime, info: ValidationInfo) -> datetime:
    if value < _around(info).now - LATEST_PAST:
        raise _refused("in_the_past", "This instant has passed; leave it out to publish now.")
    return value


def _string(schema: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", **schema})


Something = StringConstraints(min_length=1)
Text = Annotated[str, Something, AfterValidator(_text), AfterValidator(_visible)]
Line = Annotated[str, Something, AfterValidator(_line), AfterValidator(_visible)]
Name = Annotated[Line, AfterValidator(_name)]
ChannelText = Annotated[str, AfterValidator(_channel), _string({"format": CHANNEL_FORMAT})]
UploadId = Annotated[str, AfterValidator(_uuid), _string({"format": "uuid"})]
Instant = Annotated[
    datetime,
    BeforeValidator(_parsed(parse_instant, "invalid_instant")),
    AfterValidator(_schedulable),
    _string({"format": "date-time"}),
]
ZoneName = Annotated[str, AfterValidator(_parsed(_zone_name, "unknown_time_zone"))]
Day = Annotated[date, BeforeValidator(_parsed(_day, "invalid_date")), _string({"format": "date"})]
AccountText = Annotated[Line, StringConstraints(max_length=4_096)]
AccountValue = Annotated[
    Annotated[AccountText, Tag("\0text")] | Annotated[dict[str, AccountText], Tag("\0group")],
    Discriminator(lambda value: "\0group" if isinstance(value, dict) else "\0text"),
]
"""A text, or texts that belong together. No name in JSON that we read looks like these marks."""


class Body(BaseModel):
    """A JSON object in which nothing is unknown and nothing is coerced."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


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
    alt_text: Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_text)] = ""


class VariantBody(Body):
    """The author's own text for one channel."""

    content: Text
    subject: Line | None = None


class LatePolicyBody(Body):
    """What to do with a delivery that is later than `after_minutes`."""

    after_minutes: Annotated[int, Field(ge=1, le=MAX_LATE_MINUTES)] = 60
    action: Literal["send", "skip"] = "send"


ChannelList = Annotated[
    list[ChannelText], Field(min_length=1, json_schema_extra={"uniqueItems": True})
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

    content: Text
    subject: Line | None = None
    channels: ChannelList
    scheduled_at: Instant | None = None
    time_zone: ZoneName | None = None
    draft: bool = False
    media: MediaList = Field(default_factory=list)
    variants: dict[ChannelText, VariantBody] = Field(default_factory=dict)
    late_policy: LatePolicyBody | None = None


class MessageEdit(Edit):
    """What is to change; a field that is absent stays as it is.

    A null `subject` goes back to the first line, a null `scheduled_at` to publishing now.
    """

    content: Text = ""
    subject: Line | None = None
    channels: ChannelList = Field(default_factory=list)
    scheduled_at: Instant | None = None
    time_zone: ZoneName = ""
    media: MediaList = Field(default_factory=list)
    variants: dict[ChannelText, VariantBody] = Field(default_factory=dict)
    late_policy: LatePolicyBody = LatePolicyBody()


class AchievementBody(Body):
    """What is announced, where and when. Name and language default to the member's own."""

    member_name: str | None = None
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

    consent: bool


class CertificationSketch(AchievementBody):
    """A certification that is still being written: nobody's consent is needed to look at it."""

    consent: bool | None = None


class CertificationPreview(Body):
    """What the announcement of a certification would look like."""

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

    address: Annotated[str, StringConstraints(max_length=254), AfterValidator(_line)]
    name: Name | None = None
    consent: Literal[True]
    consent_note: Annotated[Line, StringConstraints(max_length=500)] | None = None


class ResolveBody(Body):
    """A person's answer to "is it there?"; `recipient` names one row of a direct channel."""

    answer: Literal["it_is_there", "send_it"]
    recipient: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")] | None = None


class ApproveBody(Body):
    """An approval, with an edited text if the manager changed it."""

    text: Text | None = None


class RejectBody(Body):
    """A rejection and its reason, which the author reads."""

    reason: Annotated[Text, StringConstraints(max_length=2_000)]


class UploadBody(Body):
    """A picture someone wants to upload."""

    content_type: Annotated[str, StringConstraints(max_length=100), AfterValidator(_line)]
    size_bytes: Annotated[int, Field(ge=1)]
