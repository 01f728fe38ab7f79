"""What SES publishes of a mail: the events of a configuration set, on the topics it names.

Shapes: docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html; the
simulator's addresses: .../send-an-email-from-console.html#send-email-simulator (November 2026).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sandbox.embedded import REGION
from sandbox.platforms.dialects import aws
from sandbox.platforms.engine.wire import read_json
from sandbox.platforms.engine.world import World

ACCOUNT = "000000000000"
SUBJECT = "Amazon SES Email Event Notification"
MOST = 10
"""Messages of one PublishBatch."""

_PERMANENT = {"bounceType": "Permanent", "bounceSubType": "General"}
_SUPPRESSED = {"bounceType": "Permanent", "bounceSubType": "Suppressed"}
_TRANSIENT = {"bounceType": "Transient", "bounceSubType": "General"}
_DELIVERED = ("Delivery", {"smtpResponse": "250 2.6.0 Message received"})
SIMULATED: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]] = {
    "bounce": [("Bounce", _PERMANENT)],
    "suppressionlist": [("Bounce", _SUPPRESSED)],
    "ooto": [_DELIVERED, ("Bounce", _TRANSIENT)],
    "complaint": [_DELIVERED, ("Complaint", {"complaintFeedbackType": "abuse"})],
}
"""What becomes of a mail to `<name>@simulator.amazonses.com`; any other is delivered."""


@dataclass(frozen=True)
class Event:
    """One event of a mail that was sent with a configuration set."""

    configuration_set: str
    kind: str
    message: str


class Publisher:
    """Publishes events where their configuration sets want them."""

    def __init__(self, world: World) -> None:
        """Use the world's embedded AWS."""
        self._world = world
        self._topics: dict[str, dict[str, Sequence[str]]] = {}

    def publish(self, events: Sequence[Event]) -> bool:
        """Publish up to `MOST` events; say whether the embedded AWS took them."""
        batches: dict[str, list[Event]] = {}
        for event in events:
            topics = self._wanted(event.configuration_set)
            if topics is None:
                return False
            for topic, kinds in topics.items():
                if event.kind.upper().replace(" ", "_") in kinds:
                    batches.setdefault(topic, []).append(event)
        return all(self._published(topic, batch) for topic, batch in batches.items())

    def _wanted(self, name: str) -> Mapping[str, Sequence[str]] | None:
        """Return the event types by topic; None while that can't be found out."""
        if name not in self._topics:
            path = f"/v2/email/configuration-sets/{quote(name, safe='')}/event-destinations"
            answer = aws.call(self._world, "ses", "GET", path)
            if answer is None or answer.status >= 500:
                return None
            listed = aws.mapping(read_json(answer.body)).get("EventDestinations") or []
            found = {
                aws.mapping(one.get("SnsDestination")).get("TopicArn", ""): types
                for one in map(aws.mapping, listed)
                if one.get("Enabled") and isinstance(types := one.get("MatchingEventTypes"), list)
            }
            self._topics[name] = {topic: types for topic, types in found.items() if topic}
        return self._topics[name]

    def _published(self, topic: str, events: Sequence[Event]) -> bool:
        fields = {"Action": "PublishBatch", "Version": "2010-03-31", "TopicArn": topic}
        for number, event in enumerate(events, 1):
            entry = f"PublishBatchRequestEntries.member.{number}"
            fields[f"{entry}.Id"] = str(number)
            fields[f"{entry}.Subject"] = SUBJECT
            fields[f"{entry}.Message"] = event.message
        answer = aws.call(self._world, "sns", "POST", "/", fields)
        return answer is not None and answer.status < 500


def of_mail(
    configuration_set: str, mail: Mapping[str, Any], recipients: Sequence[str], at: str
) -> Iterator[Event]:
    """Yield what becomes of a mail that SES took: `mail` is the object that all events carry."""
    told: list[tuple[str, Mapping[str, Any]]] = [("Send", {})]
    for recipient in recipients:
        name, _, domain = recipient.partition("@")
        is_simulated = domain.casefold() == "simulator.amazonses.com"
        simulated = SIMULATED.get(name.casefold().partition("+")[0]) if is_simulated else None
        for kind, about in simulated or [_DELIVERED]:
            told.append((kind, {**about, **_addressed(kind, recipient), "timestamp": at}))
    for kind, about in told:
        event = {"eventType": kind, "mail": dict(mail), kind.lower(): dict(about)}
        yield Event(configuration_set, kind, json.dumps(event))


def mail_object(
    message_id: str, source: str, recipients: Sequence[str], tags: Mapping[str, str], at: str
) -> dict[str, Any]:
    """Return the object that tells events which mail they are about."""
    return {
        "timestamp": at,
        "source": source,
        "sourceArn": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/{source}",
        "sendingAccountId": ACCOUNT,
        "messageId": message_id,
        "destination": list(recipients),
        "headersTruncated": False,
        "tags": {name: [value] for name, value in tags.items()},
    }


def _addressed(kind: str, recipient: str) -> dict[str, Any]:
    """Return whom it is about, and what goes with that."""
    if kind == "Delivery":
        return {"recipients": [recipient], "processingTimeMillis": 0}
    feedback = {"feedbackId": str(uuid.uuid4())}
    if kind == "Complaint":
        return {**feedback, "complainedRecipients": [{"emailAddress": recipient}]}
    return {**feedback, "bouncedRecipients": [{"emailAddress": recipient, "action": "failed"}]}
