"""From domain values to JSON values, as `answers` types them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from chalicelib.domain.adaptation import Chooser
from chalicelib.domain.certifications import Certification
from chalicelib.domain.channels import Channel, Length, Post
from chalicelib.domain.deliveries import Attempt, AuditEntry, Counts, Delivery, Problem
from chalicelib.domain.errors import Fault
from chalicelib.domain.identity import Member
from chalicelib.domain.instants import format_instant, format_local, zone
from chalicelib.domain.messages import LatePolicy, Message
from chalicelib.domain.ports import (
    AccountState,
    Achievement,
    Profile,
    Snapshot,
    Subscription,
    Ticket,
    Timeline,
    Upload,
    UploadTicket,
)
from chalicelib.domain.sms import encode_plan
from chalicelib.domain.states import Status
from chalicelib.edge.problems import fault_json

if TYPE_CHECKING:
    from chalicelib.edge import answers

AWAITING = frozenset({Status.PENDING, Status.RETRYING, Status.BLOCKED})
"""Where `next_at` is the next attempt; elsewhere it is the end of a lease or the next look-up."""
SEGMENTED = frozenset({"sms"})
"""Channels whose texts are billed in segments."""
_ATTEMPTS = {"publish": "attempt", "unpublish": "unpublish_attempt"}


class Chosen(Protocol):
    """Who chose a post's words."""

    @property
    def by(self) -> Chooser: ...
    @property
    def is_final(self) -> bool: ...
    @property
    def own(self) -> Post | None: ...
    @property
    def reason(self) -> str | None: ...


class Preview(Protocol):
    """What one channel would be offered."""

    @property
    def channel(self) -> Channel: ...
    @property
    def post(self) -> Post: ...
    @property
    def length(self) -> Length: ...
    @property
    def faults(self) -> Sequence[Fault]: ...
    @property
    def words(self) -> Chosen: ...


def me(member: Member, profile: Profile, approval_required: bool) -> answers.MeView:
    """Render who is calling."""
    return {
        "user_id": member.id,
        "name": profile.name,
        "role": member.role,
        "language": profile.language,
        "time_zone": profile.time_zone,
        "approval_required": approval_required,
    }


def channel(value: Channel, state: AccountState) -> answers.ChannelView:
    """Render a channel with its account."""
    account_view = account(state)
    return {
        "name": value.name,
        "title": value.title,
        "direct": value.direct,
        "limits": _limits(value),
        "media_rules": _media_rules(value),
        "reconcilability": value.reconciles_by,
        "account_state": account_view["account_state"],
        "token_expires_at": account_view["token_expires_at"],
        "account": account_view,
        "account_settings": list(value.account_settings),
        "account_secrets": list(value.account_secrets),
        "optional_settings": list(value.optional_settings),
        "optional_secrets": list(value.optional_secrets),
    }


def account(state: AccountState) -> answers.AccountView:
    """Render an account; neither its secrets nor its settings are shown."""
    return {
        "channel": state.channel,
        "account_state": state.status,
        "identity": state.identity or None,
        "scopes": list(state.scopes),
        "token_expires_at": _instant(state.expires_at),
        "checked_at": _instant(state.checked_at),
        "paused_until": _instant(state.paused_until),
        "problem": state.problem,
    }


def recipient(value: Subscription) -> answers.RecipientView:
    """Render someone who agreed to be written to, for managers."""
    return {
        "id": value.recipient.id,
        "channel": value.channel,
        "address": value.recipient.address,
        "name": value.recipient.name,
        "consent": value.consent,
        "created_at": format_instant(value.created_at),
        "opted_out_at": _instant(value.opted_out_at),
        "undeliverable_at": _instant(value.undeliverable_at),
    }


def preview(value: Preview) -> answers.PreviewView:
    """Render what one channel would be offered."""
    name, text = value.channel.name, value.post.text
    plan = encode_plan(text) if name in SEGMENTED else None
    length = value.length
    return {
        "channel": name,
        "post": _post(value.post),
        "length": {"used": length.used, "limit": length.limit, "unit": length.unit},
        "segments": {"encoding": plan.encoding, "count": plan.count} if plan else None,
        "faults": [fault_json(fault) for fault in value.faults],
        "words": {
            "by": value.words.by,
            "final": value.words.is_final,
            "own": value.words.own.text if value.words.own else None,
            "reason": value.words.reason,
        },
    }


def message(snapshot: Snapshot) -> answers.MessageView:
    """Render a message with its deliveries, in the order of its channels."""
    return {**message_item(snapshot.message), "deliveries": deliveries(snapshot)}


def message_item(value: Message) -> answers.MessageItem:
    """Render a message as lists show it."""
    content = value.content
    return {
        "id": value.id,
        "status": value.status,
        "revision": value.revision,
        "content": content.text,
        "subject": content.subject,
        "channels": list(value.channels),
        "author": value.author,
        "author_name": value.author_name,
        "scheduled_at": _instant(value.scheduled_at),
        "scheduled_at_local": _local(value.scheduled_at, value.time_zone),
        "due_at": format_instant(value.due_at),
        "time_zone": value.time_zone,
        "created_at": format_instant(value.created_at),
        "media": [{"upload_id": m.upload_id, "alt_text": m.alt_text} for m in content.media],
        "variants": {
            name: {"content": variant.content, "subject": variant.subject}
            for name, variant in content.variants.items()
        },
        "own_words": list(content.own_words),
        "late_policy": _late_policy(value.late_policy),
        "certification_id": value.certification_id,
        "reason": value.reason,
    }


def deliveries(snapshot: Snapshot) -> list[answers.DeliveryView]:
    """Render a message's deliveries in the order of its channels."""
    order = {name: index for index, name in enumerate(snapshot.message.channels)}
    parts = sorted(snapshot.deliveries, key=lambda d: order.get(d.key.channel, len(order)))
    return [delivery(part) for part in parts]


def delivery(value: Delivery) -> answers.DeliveryView:
    """Render one delivery."""
    receipt = value.receipt
    return {
        "channel": value.key.channel,
        "status": value.status,
        "attempts": value.attempts,
        "external_id": receipt.external_id if receipt else None,
        "url": receipt.url if receipt else None,
        "error": _error(value.problem),
        "next_attempt_at": _instant(value.next_at if value.status in AWAITING else None),
        "delivered_at": _instant(value.delivered_at),
        "recipients": _counts(value.counts) if value.parent else None,
    }


def recipient_delivery(value: Delivery) -> answers.RecipientDeliveryView:
    """Render one recipient's delivery."""
    return {**delivery(value), "recipient": value.key.recipient_id or ""}


def timeline(value: Timeline) -> answers.TimelineView:
    """Render everything that happened, oldest first."""
    happened = [((e.at, 0, e.sequence), _audit(e)) for e in value.entries]
    happened += [((a.started_at, 1, a.number), _attempt(a)) for a in value.attempts]
    return {"items": [entry for _, entry in sorted(happened, key=lambda pair: pair[0])]}


def certification_type(value: Certification) -> answers.CertificationTypeView:
    """Render a family of the catalogue."""
    return {
        "id": value.id,
        "name": value.name,
        "level": value.level,
        "status": value.status,
        "exams": [
            {
                "code": exam.code,
                "begins_on": _day(exam.begins_on),
                "ends_on": _day(exam.ends_on),
                "status": exam.status,
            }
            for exam in value.exams
        ],
    }


def certification(value: Achievement, snapshot: Snapshot) -> answers.CertificationView:
    """Render a submitted certification with its announcement."""
    announcement = message_item(snapshot.message)
    return {
        **certification_item(value),
        "message_status": announcement["status"],
        "revision": announcement["revision"],
        "content": announcement["content"],
        "subject": announcement["subject"],
        "variants": announcement["variants"],
        "own_words": announcement["own_words"],
        "deliveries": deliveries(snapshot),
    }


def certification_item(value: Achievement) -> answers.CertificationItem:
    """Render a submitted certification as lists show it."""
    submitted = value.submission
    return {
        "id": value.id,
        "status": value.status,
        "message_id": value.message_id,
        "author": value.author,
        "member_name": submitted.member_name,
        "name_differs": value.name_differs,
        "certification_type": submitted.family_id,
        "certified_on": submitted.certified_on.isoformat(),
        "credential_url": submitted.credential_url,
        "linkedin_url": submitted.linkedin_url,
        "photo_upload_id": submitted.photo_upload_id,
        "personal_message": submitted.personal_message,
        "language": submitted.written_in,
        "channels": list(submitted.channels),
        "scheduled_at": _instant(submitted.scheduled_at),
        "scheduled_at_local": _local(submitted.scheduled_at, submitted.time_zone),
        "time_zone": submitted.time_zone,
        "submitted_at": format_instant(value.submitted_at),
        "warnings": list(value.warnings),
        "reason": value.reason,
    }


def upload_ticket(upload: Upload, ticket: UploadTicket) -> answers.UploadTicketView:
    """Render where to send a file."""
    return {
        "upload_id": upload.id,
        "url": ticket.url,
        "fields": dict(ticket.fields),
        "expires_at": format_instant(ticket.expires_at),
    }


def live_ticket(ticket: Ticket) -> answers.LiveTicketView:
    """Render the right to open a live connection."""
    return {"ticket": ticket.secret, "expires_at": format_instant(ticket.expires_at)}


def upload(value: Upload) -> answers.UploadView:
    """Render where an upload stands."""
    return {
        "upload_id": value.id,
        "status": value.status,
        "detail": value.detail or None,
        "content_type": value.content_type,
        "size_bytes": value.size_bytes,
        "width": value.width or None,
        "height": value.height or None,
    }


def _instant(value: datetime | None) -> str | None:
    return None if value is None else format_instant(value)


def _local(value: datetime | None, zone_name: str | None) -> str | None:
    """Return what the author's clocks show; None without a zone, or one that our data lost."""
    if value is None or zone_name is None:
        return None
    try:
        return format_local(value, zone(zone_name))
    except ValueError:
        return None


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _limits(value: Channel) -> answers.LimitsView:
    limits = value.limits
    return {
        "max_text": limits.max_text,
        "unit": limits.unit,
        "source": limits.source,
        "date": limits.checked_on.isoformat(),
        "max_hashtags": limits.max_hashtags,
        "max_mentions": limits.max_mentions,
        "max_subject": limits.max_subject,
    }


def _media_rules(value: Channel) -> answers.MediaRulesView:
    rule = value.media
    return {
        "max_items": rule.max_items,
        "source": rule.source,
        "date": rule.checked_on.isoformat(),
        "required": rule.required,
        "leaves_out_surplus": rule.leaves_out_surplus,
        "one_ratio": rule.one_ratio,
        "min_ratio": rule.min_ratio,
        "max_ratio": rule.max_ratio,
        "min_width": rule.min_width,
        "max_width": rule.max_width,
        "max_bytes": rule.max_bytes,
        "alt_text": rule.alt_text,
    }


def _post(value: Post) -> answers.PostView:
    return {
        "text": value.text,
        "subject": value.subject,
        "link": value.link,
        "media": [
            {
                "ref": media.ref,
                "width": media.width,
                "height": media.height,
                "alt_text": media.alt_text,
                "content_type": media.content_type,
            }
            for media in value.media
        ],
    }


def _error(value: Problem | None) -> answers.ErrorView | None:
    if value is None:
        return None
    return {
        "code": value.code,
        "title": value.title,
        "detail": value.detail,
        "retryable": value.retryable,
        "remedy": value.remedy,
    }


def _counts(value: Counts) -> answers.CountsView:
    return {
        "total": value.total,
        "delivered": value.delivered,
        "failed": value.failed,
        "skipped": value.skipped,
        "cancelled": value.cancelled,
        "needs_review": value.needs_review,
        "pending": max(0, value.total - value.settled),
        "returned": value.returned,
    }


def _late_policy(value: LatePolicy) -> answers.LatePolicyView:
    minutes = value.after // timedelta(minutes=1)
    return {"after_minutes": minutes, "action": value.action.value}


def _audit(value: AuditEntry) -> answers.TimelineEntry:
    return {
        "kind": "audit",
        "at": format_instant(value.at),
        "channel": value.channel,
        "recipient": value.recipient_id,
        "event": value.event,
        "actor": value.actor,
        "before": value.before or None,
        "after": value.after or None,
        "attempt": None,
        "finished_at": None,
        "outcome": None,
        "external_id": None,
        "detail": value.detail,
        "correlation_id": value.correlation_id or None,
    }


def _attempt(value: Attempt) -> answers.TimelineEntry:
    return {
        "kind": "attempt",
        "at": format_instant(value.started_at),
        "channel": value.key.channel,
        "recipient": value.key.recipient_id,
        "event": "late_answer" if value.late else _ATTEMPTS[value.action],
        "actor": None,
        "before": None,
        "after": None,
        "attempt": value.number,
        "finished_at": _instant(value.finished_at),
        "outcome": value.outcome or None,
        "external_id": value.external_id,
        "detail": value.detail,
        "correlation_id": None,
    }
