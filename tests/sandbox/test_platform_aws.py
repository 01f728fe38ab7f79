"""The e-mail and SMS stand-ins: passed on unchanged, remembered only when AWS accepted."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from pathlib import Path

from tests.sandbox.platform_kit import Visitor, form, image, send, visit

SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=test/20261121/us-east-1/ses/aws4_request",
    "X-Amz-Date": "20261121T000000Z",
}


def test_a_call_is_passed_on_byte_for_byte_with_the_host_that_was_signed(visitor: Visitor) -> None:
    base = visitor.platforms["email"]
    body = b'{ "odd" :  "spacing" }'
    send("PUT", f"{base}/v2/email/a%2Fb?x=%20&y", body, SIGNED)
    method, target, headers, received = visitor.aws.received[0]
    assert (method, target, received) == ("PUT", "/v2/email/a%2Fb?x=%20&y", body)
    assert headers["Host"] == base.removeprefix("http://")
    assert headers["Authorization"] == SIGNED["Authorization"]


def test_what_aws_refuses_is_not_a_post(visitor: Visitor) -> None:
    visitor.aws.status = 400
    for channel in ("email", "sms"):
        assert visitor.publisher(channel, "Ada")().status == 400
    assert visitor.posts() == []


def test_an_unreachable_aws_is_unavailable(tmp_path: Path) -> None:
    for aws in ("http://127.0.0.1:9", None, "http://192.0.2.1"):
        with visit(tmp_path, aws=aws) as visitor:
            for channel in ("email", "sms"):
                assert visitor.publisher(channel, "Ada")().status == 503
            assert visitor.posts() == []


def test_other_calls_are_passed_on_and_are_no_posts(visitor: Visitor) -> None:
    body, headers = form(Action="Publish", TopicArn="arn:aws:sns:us-east-1:0:t", Message="x")
    assert send("POST", visitor.platforms["sms"] + "/", body, headers).status == 200
    assert send("GET", visitor.platforms["email"] + "/v2/email/account").status == 200
    assert visitor.posts() == []


def test_a_mail_keeps_text_subject_html_headers_and_inline_images(visitor: Visitor) -> None:
    mail = visitor.mail("Ada passed")
    simple = mail["Content"]["Simple"]
    simple["Body"]["Html"] = {"Data": "<img src='cid:card'>"}
    simple["Headers"] = [{"Name": "List-Unsubscribe", "Value": "<https://example.org/u>"}]
    raw = base64.b64encode(image(600, 400)).decode()
    simple["Attachments"] = [
        {"RawContent": raw, "ContentId": "card", "FileName": "a.jpg", "ContentDescription": "Badge"}
    ]
    send("POST", f"{visitor.platforms['email']}/v2/email/outbound-emails", mail)
    (post,) = visitor.posts()
    assert (post["external_id"], post["text"], post["subject"]) == (
        "message-1", "Ada passed", "News",
    )  # fmt: skip
    assert post["recipient"] == "ada@example.org"
    assert post["headers"]["List-Unsubscribe"] == "<https://example.org/u>"
    (medium,) = post["media"]
    assert (medium["alt_text"], medium["width"], medium["height"]) == ("Badge", 600, 400)


def test_a_raw_mail_is_read_too(visitor: Visitor) -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "Community <news@example.org>", "Neuigkeiten ✨"
    message.set_content("Ada passed ✨\n")
    message.add_alternative("<p>Ada</p>", subtype="html")
    raw = base64.b64encode(message.as_bytes()).decode()
    body = {"Destination": {"ToAddresses": ["a@example.org"]}, "Content": {"Raw": {"Data": raw}}}
    send("POST", f"{visitor.platforms['email']}/v2/email/outbound-emails", body)
    (post,) = visitor.posts()
    assert (post["subject"], post["text"].strip()) == ("Neuigkeiten ✨", "Ada passed ✨")
    assert post["html"].strip() == "<p>Ada</p>"


def test_a_text_message_keeps_number_text_and_sender(visitor: Visitor) -> None:
    fields = {
        "Action": "Publish",
        "PhoneNumber": "+447700900321",
        "Message": "Ada ✨ passed & more",
        "MessageAttributes.entry.1.Name": "AWS.SNS.SMS.SenderID",
        "MessageAttributes.entry.1.Value.DataType": "String",
        "MessageAttributes.entry.1.Value.StringValue": "CLOUD",
    }
    send("POST", visitor.platforms["sms"] + "/", *form(**fields))
    (post,) = visitor.posts()
    assert (post["text"], post["recipient"], post["author"]) == (
        "Ada ✨ passed & more", "+447700900321", "CLOUD",
    )  # fmt: skip
