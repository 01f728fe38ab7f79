"""The platforms report what became of a message, whatever was seen of their answer."""

from __future__ import annotations

import hmac
import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.embedded import ACCESS_KEY, REGION
from sandbox.platforms.dialects import aws
from sandbox.platforms.engine import outbox as outboxes
from sandbox.platforms.engine.outbox import Outbox
from tests.sandbox.platform_kit import FakeAws, Visitor, send, serving, until, visit

TOPIC = "arn:aws:sns:us-east-1:000000000000:events"
VISIBLE = ["drop_after", "error_500_after", "truncated_json", "delayed_effect", "slow"]
NOTHING = ["drop_before", "error_503", "rate_limit", "reject_content", "token_expired"]


class Product:
    """Remembers what WhatsApp told it, and answers as told."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[int] = []

    def __call__(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        self.calls.append((request.path, dict(request.headers.items()), body))
        return self.answers.pop(0) if self.answers else 200, {}, b""

    @property
    def statuses(self) -> list[dict[str, Any]]:
        values = [json.loads(body)["entry"][0]["changes"][0]["value"] for _, _, body in self.calls]
        return [status for value in values for status in value["statuses"]]


class Aws(FakeAws):
    """Knows one configuration set whose events go to a topic."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[dict[str, Any]] = []
        self.kinds = ["SEND", "BOUNCE", "COMPLAINT"]
        self.broken = 0

    def __call__(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        if request.path == "/v2/email/configuration-sets/events/event-destinations":
            destination = {
                "Name": "d",
                "Enabled": True,
                "MatchingEventTypes": self.kinds,
                "SnsDestination": {"TopicArn": TOPIC},
            }
            return 200, {}, json.dumps({"EventDestinations": [destination]}).encode()
        fields = {name: found[0] for name, found in parse_qs(body.decode("latin-1")).items()}
        if fields.get("Action") == "PublishBatch":
            if self.broken:
                self.broken -= 1
                return 500, {}, b""
            assert fields["TopicArn"] == TOPIC
            told = [text for name, text in fields.items() if name.endswith(".Message")]
            self.published += map(json.loads, told)
            return 200, {}, b"<PublishBatchResponse/>"
        return super().__call__(request, body)


@pytest.fixture
def product() -> Product:
    return Product()


@pytest.fixture
def aws_calls() -> Aws:
    return Aws()


@pytest.fixture
def sandbox(
    tmp_path: Path, product: Product, aws_calls: Aws, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Visitor]:
    monkeypatch.setattr(outboxes, "FIRST_WAIT_SECONDS", 0.01)
    with (
        serving(product) as api,
        serving(aws_calls) as aws_url,
        visit(tmp_path, api=api, aws=aws_url) as visitor,
    ):
        yield visitor


def message(visitor: Visitor, text: str = "Ada", mark: str = "mark-1") -> Any:
    """Send a WhatsApp message that carries a mark."""
    number = visitor.accounts["whatsapp"]["phone_number_id"]
    body = {**visitor.template("announcement_text", text), "biz_opaque_callback_data": mark}
    return visitor.graph("whatsapp", "POST", f"{number}/messages", body)


def mail(visitor: Visitor, to: str = "ada@example.org", **changed: Any) -> Any:
    """Send a mail with a configuration set and a tag."""
    body = {
        **visitor.mail("Ada"),
        "Destination": {"ToAddresses": [to]},
        "ConfigurationSetName": "events",
        "EmailTags": [{"Name": "delivery", "Value": "mark-1"}],
        **changed,
    }
    return send("POST", f"{visitor.platforms['email']}/v2/email/outbound-emails", body)


# --- WhatsApp ---------------------------------------------------------------------------------


def test_a_message_is_reported_as_sent_and_delivered_with_its_mark(
    sandbox: Visitor, product: Product
) -> None:
    external_id = message(sandbox).json["messages"][0]["id"]
    until(lambda: len(product.statuses) == 2)
    assert [told["status"] for told in product.statuses] == ["sent", "delivered"]
    assert {told["biz_opaque_callback_data"] for told in product.statuses} == {"mark-1"}
    assert {told["id"] for told in product.statuses} == {external_id}
    assert product.statuses[0]["recipient_id"] == "447700900555"


def test_a_report_is_signed_with_the_accounts_secret(sandbox: Visitor, product: Product) -> None:
    message(sandbox)
    path, headers, body = until(lambda: product.calls)[0]
    secret = sandbox.accounts["whatsapp"]["app_secret"].encode()
    assert path == "/webhooks/whatsapp"
    proof = hmac.digest(secret, body, "sha256").hex()
    assert headers["X-Hub-Signature-256"] == f"sha256={proof}"


def test_a_message_without_a_mark_is_reported_without_one(
    sandbox: Visitor, product: Product
) -> None:
    sandbox.publisher("whatsapp", "Ada")()
    until(lambda: len(product.statuses) == 2)
    assert all("biz_opaque_callback_data" not in told for told in product.statuses)


@pytest.mark.parametrize("kind", VISIBLE)
def test_whoever_got_no_answer_is_told_all_the_same(
    sandbox: Visitor, product: Product, aws_calls: Aws, kind: str
) -> None:
    for channel in ("whatsapp", "email"):
        sandbox.arm(channel, kind, seconds=0.05)
    message(sandbox)
    mail(sandbox)
    until(lambda: product.statuses and aws_calls.published)
    assert product.statuses[0]["biz_opaque_callback_data"] == "mark-1"
    assert aws_calls.published[0]["mail"]["tags"]["delivery"] == ["mark-1"]


@pytest.mark.parametrize("kind", NOTHING)
def test_nothing_is_reported_of_what_never_happened(
    sandbox: Visitor, product: Product, aws_calls: Aws, kind: str
) -> None:
    for channel in ("whatsapp", "email"):
        sandbox.arm(channel, kind)
    message(sandbox, mark="never")
    mail(sandbox, EmailTags=[{"Name": "delivery", "Value": "never"}])
    message(sandbox)
    mail(sandbox)
    until(lambda: len(product.statuses) == 2 and aws_calls.published)
    assert "never" not in json.dumps([product.statuses, aws_calls.published])


def test_a_product_that_does_not_hear_is_told_again(sandbox: Visitor, product: Product) -> None:
    product.answers = [503, 409]
    message(sandbox)
    until(lambda: len(product.calls) == 3)
    assert product.calls[0][2] == product.calls[2][2]


def test_without_a_product_nobody_is_told(tmp_path: Path) -> None:
    before = threading.enumerate()
    with visit(tmp_path) as visitor:
        assert message(visitor).status == 200
        started = [thread for thread in threading.enumerate() if thread not in before]
        assert outboxes.THREAD not in {thread.name for thread in started}


# --- SES --------------------------------------------------------------------------------------


def test_a_mail_of_a_configuration_set_is_reported_on_its_topic(
    sandbox: Visitor, aws_calls: Aws
) -> None:
    external_id = mail(sandbox).json["MessageId"]
    (event,) = until(lambda: aws_calls.published)
    told = event["mail"]
    assert (event["eventType"], event["send"]) == ("Send", {})
    assert (told["messageId"], told["source"]) == (external_id, "news@example.org")
    assert told["tags"] == {"delivery": ["mark-1"], "ses:configuration-set": ["events"]}
    assert told["destination"] == ["ada@example.org"]


@pytest.mark.parametrize(
    ("name", "kinds", "about"),
    [
        ("success", ["Send"], {}),
        ("bounce", ["Send", "Bounce"], {"bounceType": "Permanent", "bounceSubType": "General"}),
        ("bounce+label", ["Send", "Bounce"], {"bounceType": "Permanent"}),
        ("suppressionlist", ["Send", "Bounce"], {"bounceSubType": "Suppressed"}),
        ("ooto", ["Send", "Bounce"], {"bounceType": "Transient"}),
        ("complaint", ["Send", "Complaint"], {"complaintFeedbackType": "abuse"}),
    ],
)
def test_the_mailbox_simulator_behaves_as_its_names_say(
    sandbox: Visitor, aws_calls: Aws, name: str, kinds: Sequence[str], about: dict[str, str]
) -> None:
    mail(sandbox, f"{name}@simulator.amazonses.com")
    until(lambda: len(aws_calls.published) == len(kinds))
    last = aws_calls.published[-1]
    assert [event["eventType"] for event in aws_calls.published] == kinds
    assert about.items() <= last[last["eventType"].lower()].items()


def test_only_what_the_destination_wants_is_published(sandbox: Visitor, aws_calls: Aws) -> None:
    aws_calls.kinds = ["DELIVERY"]
    mail(sandbox)
    (event,) = until(lambda: aws_calls.published)
    assert (event["eventType"], event["delivery"]["recipients"]) == (
        "Delivery",
        ["ada@example.org"],
    )


@pytest.mark.parametrize("name", [None, "", 7, "unknown"])
def test_without_a_configuration_set_of_that_name_nothing_is_published(
    sandbox: Visitor, aws_calls: Aws, name: object
) -> None:
    mail(sandbox, ConfigurationSetName=name, EmailTags=[{"Name": "delivery", "Value": "never"}])
    mail(sandbox)
    until(lambda: aws_calls.published)
    assert "never" not in json.dumps(aws_calls.published)


def test_what_the_embedded_aws_did_not_take_is_published_again(
    sandbox: Visitor, aws_calls: Aws
) -> None:
    aws_calls.broken = 2
    mail(sandbox)
    assert until(lambda: aws_calls.published)


def test_a_call_of_our_own_is_signed_as_the_sdk_signs_it() -> None:
    headers = {
        "Host": "127.0.0.1:4566",
        "X-Amz-Date": "20261121T120000Z",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    ours = aws.signed("sns", "POST", "/", headers, b"Action=Publish&Message=%C3%A9")
    request = AWSRequest(
        "POST", "http://127.0.0.1:4566/", dict(headers), b"Action=Publish&Message=%C3%A9"
    )
    request.context["timestamp"] = "20261121T120000Z"
    auth = SigV4Auth(Credentials(ACCESS_KEY, ACCESS_KEY), "sns", REGION)
    canonical = auth.canonical_request(request)
    proof = auth.signature(auth.string_to_sign(request, canonical), request)
    assert f"Signature={proof}" in ours["Authorization"]
    assert (
        f"SignedHeaders={auth.signed_headers(auth.headers_to_sign(request))}"
        in (ours["Authorization"])
    )


# --- outboxes ---------------------------------------------------------------------------------


def test_what_is_waiting_is_told_together_and_in_order() -> None:
    told: list[Sequence[int]] = []
    first = threading.Event()

    def tell(batch: Sequence[int]) -> bool:
        told.append(batch)
        return first.wait(10)

    box = Outbox(tell, 2)
    box.add(1)
    until(lambda: told)
    box.add(2, 3, 4)
    first.set()
    until(lambda: len(told) == 3)
    box.close()
    assert told == [(1,), (2, 3), (4,)]


def test_what_is_never_heard_is_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outboxes, "FIRST_WAIT_SECONDS", 0)
    monkeypatch.setattr(outboxes, "TRIES", 3)
    told: list[str] = []

    def tell(batch: Sequence[str]) -> bool:
        told.extend(batch)
        return batch == ("good",)

    box = Outbox(tell, 1)
    box.add("bad", "good")
    until(lambda: "good" in told)
    box.close()
    assert told == ["bad", "bad", "bad", "good"]


def test_what_is_forgotten_or_comes_after_the_end_is_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outboxes, "FIRST_WAIT_SECONDS", 60)
    told: list[str] = []

    def tell(batch: Sequence[str]) -> bool:
        told.extend(batch)
        return "bad" not in batch

    box = Outbox(tell, 1)
    box.add("bad", "lost")
    until(lambda: told)
    box.forget()
    box.add("good")
    until(lambda: "good" in told)
    box.close()
    box.add("late")
    assert told == ["bad", "good"]


def test_a_reset_forgets_what_was_to_be_told(sandbox: Visitor, product: Product) -> None:
    product.answers = [503] * 1000
    message(sandbox, mark="forgotten")
    until(lambda: product.calls)
    sandbox.control("POST", "/reset")
    product.answers = []
    message(sandbox, mark="remembered")
    until(lambda: product.statuses[-1].get("biz_opaque_callback_data") == "remembered")
    last = json.loads(product.calls[-1][2])
    assert "forgotten" not in json.dumps(last)
