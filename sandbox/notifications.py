"""Hand what is published on a topic to the function that is subscribed to it.

In AWS the topic calls the function. The embedded AWS puts the topic's envelope on a queue; here it
gets the shape in which Lambda hands it over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.queue_reader import Deliver

Handler = Callable[[dict[str, Any]], object]


def to(handler: Handler) -> Deliver:
    """Return what calls a function with each envelope."""
    return lambda body: handler(as_lambda(json.loads(body)))


def as_lambda(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event that Lambda makes of a topic's envelope."""
    topic = envelope["TopicArn"]
    told = {
        "Type": "Notification",
        "MessageId": envelope["MessageId"],
        "TopicArn": topic,
        "Subject": envelope.get("Subject"),
        "Message": envelope["Message"],
        "Timestamp": envelope["Timestamp"],
        "SignatureVersion": envelope.get("SignatureVersion", "1"),
        "Signature": envelope.get("Signature", ""),
        "SigningCertUrl": envelope.get("SigningCertURL", ""),
        "UnsubscribeUrl": envelope.get("UnsubscribeURL", ""),
        "MessageAttributes": envelope.get("MessageAttributes", {}),
    }
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": f"{topic}:local",
        "Sns": told,
    }
    return {"Records": [record]}
