"""What SES publishes of our mails: each event, odd ones, hostile ones, and the function's door."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from chalice.local import LambdaContext
from hypothesis import given, settings
from hypothesis import strategies as st

import app as doors
from chalicelib import wiring
from chalicelib.channels.email import EVENT_TYPES, TAG
from chalicelib.domain.channels import ChannelName, Receipt
from chalicelib.domain.deliveries import Attempt, Delivery, DeliveryKey
from chalicelib.domain.errors import InFlight
from chalicelib.domain.inbound import News
from chalicelib.domain.reports import Fate, Report
from chalicelib.domain.states import Status
from chalicelib.edge import mail_events
from chalicelib.services.marks import Marks
from sandbox import notifications
from tests.unit.edge.kit import NOW, UNKNOWN_ID, Api

EMAIL = ChannelName("email")
AT = "2026-11-21T12:00:00.000Z"
ADDRESS = "grace@example.org"


def event(kind: str = "Send", about: Any = None, **mail: Any) -> dict[str, Any]:
    """Return an event in SES's shape."""
    told = {
        "timestamp": AT,
        "messageId": "0100-1",
        "source": "news@example.org",
        "destination": [ADDRESS],
        "tags": {"delivery": ["mark"], "ses:configuration-set": ["events"]},
    }
    return {"eventType": kind, "mail": {**told, **mail}, kind.lower(): about or {}}


def read(value: Any) -> News:
    return mail_events.news(value if isinstance(value, str) else json.dumps(value))


def bounce(kind: str, subtype: str = "General") -> dict[str, Any]:
    recipient = {"emailAddress": ADDRESS, "diagnosticCode": f"smtp; 550 5.1.1 <{ADDRESS}> unknown"}
    return {"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": [recipient]}


@pytest.mark.parametrize(
    ("kind", "about", "fate", "detail"),
    [
        ("Send", {}, Fate.TAKEN, "SES: Send"),
        ("Delivery", {"smtpResponse": "250"}, Fate.TAKEN, "SES: Delivery"),
        ("DeliveryDelay", {"delayType": "MailboxFull"}, Fate.TAKEN, "SES: DeliveryDelay"),
        ("Open", {}, Fate.TAKEN, "SES: Open"),
        ("Click", {}, Fate.TAKEN, "SES: Click"),
        ("Reject", {"reason": "Bad content"}, Fate.NOT_DELIVERED, "SES: Reject"),
        ("Rendering Failure", {"errorMessage": "x"}, Fate.NOT_DELIVERED, "SES: Rendering Failure"),
        ("Bounce", bounce("Permanent"), Fate.NO_SUCH_ADDRESS, "SES: Bounce, Permanent, General"),
        (
            "Bounce",
            bounce("Permanent", "UnsubscribedRecipient"),
            Fate.UNWANTED,
            "SES: Bounce, Permanent, UnsubscribedRecipient",
        ),
        ("Bounce", bounce("Transient"), Fate.RETURNED, "SES: Bounce, Transient, General"),
        ("Bounce", bounce("Undetermined", "<x>"), Fate.RETURNED, "SES: Bounce, Undetermined"),
        ("Bounce", {}, Fate.RETURNED, "SES: Bounce"),
        (
            "Complaint",
            {"complaintFeedbackType": "abuse"},
            Fate.COMPLAINED,
            "SES: Complaint, abuse",
        ),
        (
            "Complaint",
            {"complaintFeedbackType": "not-spam"},
            Fate.TAKEN,
            "SES: Complaint, not-spam",
        ),
        (
            "Complaint",
            {"complaintSubType": "OnAccountSuppressionList"},
            Fate.UNWANTED,
            "SES: Complaint, OnAccountSuppressionList",
        ),
    ],
)
def test_an_event_means(kind: str, about: Any, fate: Fate, detail: str) -> None:
    assert read(event(kind, about)).reports == (Report("mark", fate, "0100-1", NOW, detail),)


def test_every_type_that_is_published_is_understood() -> None:
    kinds = [name.replace("_", " ").title() for name in EVENT_TYPES]

    assert all(read(event(kind)).reports for kind in kinds)


def test_the_tag_is_the_one_that_mails_carry() -> None:
    assert mail_events.TAG == TAG


def test_the_events_own_time_counts_before_the_mails() -> None:
    later = {"timestamp": "2026-11-21T13:00:00+01:00"}
    (told,) = read(event("Delivery", later, timestamp="2020-01-01T00:00:00Z")).reports

    assert told.at == NOW


@pytest.mark.parametrize("stamp", ["", "soon", "2026-11-21T12:00:00", "0001-01-01T00:00:00+14:00"])
def test_an_odd_time_is_none(stamp: str) -> None:
    assert read(event("Delivery", {"timestamp": stamp}, timestamp=stamp)).reports[0].at is None


def test_no_address_is_kept() -> None:
    assert ADDRESS not in repr(read(event("Bounce", bounce("Permanent"))))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "no JSON",
        "[" * 100_000,
        "[]",
        "{}",
        '"Successfully validated SNS topic for Amazon SES event publishing."',
        {"eventType": "Subscription", "mail": {}},
        {"eventType": ["Send"], "mail": {"messageId": "1", "tags": {"delivery": ["m"]}}},
        {"notificationType": "Bounce", "mail": {"messageId": "1"}},
        {"eventType": "Send", "mail": None},
        event(messageId=None),
        event(messageId=""),
        event(messageId="a b"),
        event(tags=None),
        event(tags={"delivery": "mark"}),
        event(tags={"delivery": [7]}),
        event(tags={"delivery": []}),
    ],
)
def test_what_is_no_event_of_a_mail_with_our_mark_is_no_news(value: Any) -> None:
    assert read(value) == News()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "eventType": JSON | st.sampled_from(["Send", "Bounce", "Complaint"]),
        "mail": JSON
        | st.fixed_dictionaries(
            {},
            optional={
                "messageId": JSON | st.just("0100-1"),
                "timestamp": JSON | st.datetimes().map(datetime.isoformat),
                "tags": JSON | st.fixed_dictionaries({"delivery": JSON | st.just(["mark"])}),
            },
        ),
        "bounce": JSON | st.fixed_dictionaries({"bounceType": JSON | st.just("Permanent")}),
        "complaint": JSON,
        "send": JSON,
    },
)


@given(EVENTS | JSON)
@settings(deadline=None)
def test_whatever_is_published_can_be_read(value: Any) -> None:
    assert len(read(json.dumps(value)).reports) <= 1


@given(st.text(max_size=200))
@settings(deadline=None)
def test_whatever_text_is_published_can_be_read(text: str) -> None:
    read(text)


# --- the function -----------------------------------------------------------------------------


def hear(value: Any) -> None:
    """Have the function called as Lambda calls it."""
    envelope = {
        "MessageId": "sns-1",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:events",
        "Subject": "Amazon SES Email Event Notification",
        "Message": value if isinstance(value, str) else json.dumps(value),
        "Timestamp": AT,
    }
    doors.hear_mail(notifications.as_lambda(envelope), LambdaContext("hear_mail", 256))


def stored(status: Status) -> tuple[Delivery, str]:
    """Store a delivery that was begun; return it with its mark."""
    key = DeliveryKey(UNKNOWN_ID, EMAIL)
    made = Delivery(key, status, 1, NOW, NOW, "c", attempts=1, doubt=status is Status.IN_DOUBT)
    tried = Attempt(key, 1, 1, NOW - timedelta(seconds=1), "c", "digest")
    wiring.store().commit(wiring.messages().starting(made), wiring.messages().noting(tried))
    return found(), Marks(wiring.signer()).of(made)


def found() -> Delivery:
    delivery = wiring.messages().delivery(DeliveryKey(UNKNOWN_ID, EMAIL))
    assert delivery is not None
    return delivery


def test_the_function_settles_what_is_in_doubt(api: Api) -> None:
    _, mark = stored(Status.IN_DOUBT)
    hear(event(tags={"delivery": [mark]}))
    hear(event("Delivery", tags={"delivery": [mark]}))

    assert (found().status, found().receipt) == (Status.DELIVERED, Receipt("0100-1"))


def test_the_function_is_called_again_for_what_is_being_sent(api: Api) -> None:
    sending, mark = stored(Status.SENDING)
    with pytest.raises(InFlight):
        hear(event("Bounce", bounce("Permanent"), tags={"delivery": [mark]}))

    assert found() == sending


@pytest.mark.parametrize("value", ["no JSON", "{}", event(tags={"delivery": ["not ours"]})])
def test_the_function_takes_whatever_is_published(api: Api, value: Any) -> None:
    hear(value)

    assert api.voice.failures == []
