"""From request models to domain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from chalicelib.domain.certifications import Submission
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.messages import (
    Changes,
    Content,
    Draft,
    LateAction,
    LatePolicy,
    MediaRef,
    Variant,
)
from chalicelib.edge.bodies import (
    AccountBody,
    AchievementBody,
    ApproveBody,
    CertificationBody,
    CertificationPreview,
    LatePolicyBody,
    MediaItem,
    MessageBody,
    MessageEdit,
    RecipientBody,
    UploadBody,
    VariantBody,
    account_field,
)


def draft(body: MessageBody) -> Draft:
    """Return the message as its author hands it in."""
    return Draft(
        content=Content(
            text=body.content,
            subject=body.subject,
            media=_media(body.media),
            variants=_variants(body.variants),
            own_words=_channels(body.own_words),
        ),
        channels=_channels(body.channels),
        scheduled_at=body.scheduled_at,
        time_zone=body.time_zone,
        keep_as_draft=body.draft,
        late_policy=_late_policy(body.late_policy) if body.late_policy else LatePolicy(),
    )


def changes(body: MessageEdit) -> Changes:
    """Return an edit: only the fields that were sent."""
    sent = body.model_fields_set
    return Changes(
        text=body.content if "content" in sent else None,
        subject=body.subject,
        clear_subject="subject" in sent and body.subject is None,
        media=_media(body.media) if "media" in sent else None,
        variants=_variants(body.variants) if "variants" in sent else None,
        own_words=_channels(body.own_words) if "own_words" in sent else None,
        channels=_channels(body.channels) if "channels" in sent else None,
        reschedule="scheduled_at" in sent,
        scheduled_at=body.scheduled_at,
        time_zone=body.time_zone if "time_zone" in sent else None,
        late_policy=_late_policy(body.late_policy) if "late_policy" in sent else None,
    )


def submission(body: CertificationBody) -> Submission:
    """Return the achievement as its member hands it in; what is absent is left to their profile."""
    return _achievement(body, consent=body.consent)


def sketched(body: CertificationPreview) -> Submission:
    """Return an achievement that is still being written, as if its person agreed."""
    return _achievement(body.certification, consent=True)


def _achievement(body: AchievementBody, *, consent: bool) -> Submission:
    return Submission(
        member_name=body.member_name or "",
        family_id=body.certification_type,
        certified_on=body.certified_on,
        channels=_channels(body.channels),
        consent=consent,
        credential_url=body.credential_url,
        linkedin_url=body.linkedin_url,
        personal_message=body.personal_message,
        language=body.language,
        photo_upload_id=body.photo_upload_id,
        scheduled_at=body.scheduled_at,
        time_zone=body.time_zone,
        own_words=_channels(body.own_words),
    )


def account(body: AccountBody) -> dict[str, str]:
    """Return an account's fields by name."""
    return {account_field(place): text for place, text in body.fields()}


def consented(body: RecipientBody) -> tuple[str, str, str]:
    """Return address, name and how their consent is known."""
    return body.address, body.name or "", body.consent_note or "Confirmed by a community manager."


def text(body: ApproveBody) -> str | None:
    """Return a reviewer's own text, if there is one."""
    return body.text


def upload(body: UploadBody) -> tuple[str, int]:
    """Return content type and size of a picture somebody wants to upload."""
    return body.content_type, body.size_bytes


def _channels(names: Sequence[str]) -> tuple[ChannelName, ...]:
    return tuple(ChannelName(name) for name in names)


def _media(items: Sequence[MediaItem]) -> tuple[MediaRef, ...]:
    return tuple(MediaRef(item.upload_id, item.alt_text) for item in items)


def _variants(variants: Mapping[str, VariantBody]) -> dict[ChannelName, Variant]:
    return {ChannelName(name): Variant(v.content, v.subject) for name, v in variants.items()}


def _late_policy(body: LatePolicyBody) -> LatePolicy:
    return LatePolicy(timedelta(minutes=body.after_minutes), LateAction(body.action))
