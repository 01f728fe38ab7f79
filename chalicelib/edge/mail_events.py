"""What SES publishes of our mails through a configuration set, as SNS hands it on.

Sources, checked 2026-11-21: docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-
contents.html and -examples.html. `mail.tags` holds each tag we sent as a list of its values.
Transient bounces include mailboxes that answer by themselves, so only a permanent one is final.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.inbound import News
from chalicelib.domain.reports import Fate, Report
from chalicelib.edge import loose_json as loose

EMAIL = "email"
TAG = "delivery"
"""Name of the tag in which a mail carries our mark."""
_FATES: Mapping[str, Fate] = {
    **dict.fromkeys(("Send", "Delivery", "DeliveryDelay", "Open", "Click"), Fate.TAKEN),
    **dict.fromkeys(("Reject", "Rendering Failure"), Fate.NOT_DELIVERED),
    "Bounce": Fate.RETURNED,
    "Complaint": Fate.COMPLAINED,
}
_CODE = re.compile(r"[A-Za-z0-9 _-]{1,40}")
_ID = re.compile(r"[!-~]{1,500}")


def news(message: str) -> News:
    """Return what SES tells; nothing of what can't be read, or is not about what carried a mark."""
    event = loose.read(message)
    kind = loose.text(event, "eventType") if isinstance(event, dict) else ""
    mail = loose.an_object(event, "mail")
    marks = loose.an_object(mail, "tags").get(TAG)
    external_id = loose.text(mail, "messageId")
    if kind not in _FATES or not _ID.fullmatch(external_id):
        return News()
    about = loose.an_object(event, kind.lower())
    fate = _fate(_FATES[kind], about)
    at = _moment(loose.text(about, "timestamp") or loose.text(mail, "timestamp"))
    texts = [mark for mark in marks if isinstance(mark, str)] if isinstance(marks, list) else []
    told = f"SES: {_codes(kind, about)}"
    return News(reports=tuple(Report(mark, fate, external_id, at, told) for mark in texts[:1]))


def _fate(fate: Fate, about: Mapping[str, Any]) -> Fate:
    """Return what a bounce or a complaint really is."""
    kind, subtype = loose.text(about, "bounceType"), loose.text(about, "bounceSubType")
    if fate is Fate.RETURNED and kind == "Permanent":
        return Fate.UNWANTED if subtype == "UnsubscribedRecipient" else Fate.NO_SUCH_ADDRESS
    if fate is Fate.COMPLAINED and loose.text(about, "complaintFeedbackType") == "not-spam":
        return Fate.TAKEN
    if fate is Fate.COMPLAINED and loose.text(about, "complaintSubType"):
        return Fate.UNWANTED  # on the account's suppression list: it was not sent at all
    return fate


def _codes(kind: str, about: Mapping[str, Any]) -> str:
    """Return SES's own names for it; its free texts may hold addresses."""
    names = ("bounceType", "bounceSubType", "complaintFeedbackType", "complaintSubType")
    found = [loose.text(about, name) for name in names]
    return ", ".join([kind, *(code for code in found if _CODE.fullmatch(code))])


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
