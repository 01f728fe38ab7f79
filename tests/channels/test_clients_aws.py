"""boto3 drives the e-mail and SMS stand-ins, before a real emulated AWS that checks signatures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    EndpointConnectionError,
    HTTPClientError,
    ResponseStreamingError,
)

from tests.embedded_aws import running
from tests.sandbox.platform_kit import Visitor, image, visit

ONCE = Config(retries={"total_max_attempts": 1, "mode": "standard"}, read_timeout=10)
REGION = "us-east-1"


class Connect:
    """Make clients and close them."""

    def __init__(self) -> None:
        self.opened: list[Any] = []

    def __call__(self, service: str, url: str, config: Config | None = ONCE) -> Any:
        """Return a client that tries once, unless told otherwise."""
        made = boto3.client(
            service,
            endpoint_url=url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=config,
        )
        self.opened.append(made)
        return made


@pytest.fixture
def client() -> Iterator[Connect]:
    """Return a maker of clients."""
    connect = Connect()
    yield connect
    for made in connect.opened:
        made.close()


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    """Give a fresh sandbox before a fake AWS."""
    with visit(tmp_path) as visitor:
        yield visitor


@pytest.fixture(scope="module")
def emulated_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start MiniStack as the product does, with signatures on."""
    with running(tmp_path_factory.mktemp("aws")) as url:
        yield url


def mail(text: str = "Ada passed") -> dict[str, Any]:
    """Return a mail with everything a real one has."""
    html = "<h1>Ada</h1><img src='cid:card'>"
    attachment = {
        "RawContent": image(600, 400),
        "ContentDisposition": "INLINE",
        "FileName": "card.jpg",
        "ContentId": "card",
        "ContentTransferEncoding": "BASE64",
        "ContentType": "image/jpeg",
    }
    simple = {
        "Subject": {"Data": "New certification ✨", "Charset": "UTF-8"},
        "Body": {"Text": {"Data": text}, "Html": {"Data": html}},
        "Headers": [{"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"}],
        "Attachments": [attachment],
    }
    return {
        "FromEmailAddress": "Community <news@example.org>",
        "Destination": {"ToAddresses": ["ada@example.org"]},
        "Content": {"Simple": simple},
        "EmailTags": [{"Name": "delivery", "Value": "1"}],
    }


@pytest.mark.emulator
def test_boto3_reaches_the_emulated_aws_through_the_stand_ins(
    tmp_path: Path, emulated_aws: str, client: Connect
) -> None:
    with visit(tmp_path, aws=emulated_aws) as visitor:
        ses = client("sesv2", visitor.platforms["email"])
        with pytest.raises(ses.exceptions.MessageRejected):
            ses.send_email(**mail())
        assert visitor.posts() == []
        ses.create_email_identity(EmailIdentity="news@example.org")
        sent = ses.send_email(**mail())
        (post,) = visitor.posts("email")
        assert post["external_id"] == sent["MessageId"]
        assert (post["subject"], post["text"]) == ("New certification ✨", "Ada passed")
        assert (post["media"][0]["width"], post["tags"]) == (600, {"delivery": "1"})
        sns = client("sns", visitor.platforms["sms"])
        published = sns.publish(PhoneNumber="+447700900321", Message="Ada ✨")
        (post,) = visitor.posts("sms")
        assert (post["external_id"], post["text"]) == (published["MessageId"], "Ada ✨")


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("rate_limit", "TooManyRequestsException", 429),
        ("token_expired", "ExpiredTokenException", 403),
        ("reject_content", "MessageRejected", 400),
        ("error_503", "ServiceUnavailableException", 503),
        ("error_500_after", "InternalServiceErrorException", 500),
    ],
)
def test_boto3_parses_every_refusal_of_the_mail_service(
    visitor: Visitor, client: Connect, kind: str, code: str, status: int
) -> None:
    visitor.arm("email", kind)
    with pytest.raises(ClientError) as refusal:
        client("sesv2", visitor.platforms["email"]).send_email(**mail())
    assert refusal.value.response["Error"]["Code"] == code
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert len(visitor.posts()) == (1 if kind.endswith("after") else 0)


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("rate_limit", "Throttling", 400),
        ("token_expired", "ExpiredToken", 403),
        ("reject_content", "InvalidParameter", 400),
        ("error_503", "ServiceUnavailable", 503),
        ("error_500_after", "InternalError", 500),
    ],
)
def test_boto3_parses_every_refusal_of_the_text_message_service(
    visitor: Visitor, client: Connect, kind: str, code: str, status: int
) -> None:
    visitor.arm("sms", kind)
    with pytest.raises(ClientError) as refusal:
        client("sns", visitor.platforms["sms"]).publish(PhoneNumber="+447700900321", Message="x")
    assert refusal.value.response["Error"]["Code"] == code
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert len(visitor.posts()) == (1 if kind.endswith("after") else 0)


def test_a_rate_limited_mail_is_the_exception_of_the_service_model(
    visitor: Visitor, client: Connect
) -> None:
    ses = client("sesv2", visitor.platforms["email"])
    visitor.arm("email", "rate_limit")
    with pytest.raises(ses.exceptions.TooManyRequestsException, match="Maximum sending rate"):
        ses.send_email(**mail())


@pytest.mark.parametrize("channel", ["email", "sms"])
@pytest.mark.parametrize(
    ("kind", "held", "failure"),
    [
        ("drop_before", 0, ConnectionClosedError),
        ("drop_after", 1, ConnectionClosedError),
        ("truncated_json", 1, (ResponseStreamingError, HTTPClientError)),
        ("refuse_connection", 0, EndpointConnectionError),
    ],
)
def test_boto3_sees_a_connection_fail(
    visitor: Visitor, client: Connect, channel: str, kind: str, held: int, failure: Any
) -> None:
    visitor.arm(channel, kind, seconds=60)
    with pytest.raises(failure):
        if channel == "email":
            client("sesv2", visitor.platforms["email"]).send_email(**mail())
        else:
            sns = client("sns", visitor.platforms["sms"])
            sns.publish(PhoneNumber="+447700900321", Message="x")
    assert len(visitor.posts()) == held


def test_the_default_retries_of_boto3_would_send_twice(visitor: Visitor, client: Connect) -> None:
    careless = client("sns", visitor.platforms["sms"], config=None)
    visitor.arm("sms", "drop_after")
    careless.publish(PhoneNumber="+447700900321", Message="x")
    assert len(visitor.posts()) == 2
