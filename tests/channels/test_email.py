"""What SES is sent, and what its answers mean.

Requests: docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html; unsubscribing:
RFC 8058; checked 2026-11-21.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from botocore.validate import ParamValidator

from chalicelib.domain.certifications import LANGUAGES, Language
from chalicelib.domain.channels import Account, ChannelName, Media, Post, Receipt, Response, Wording
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    ContentRejected,
    CredentialsRejected,
    PlatformUnavailable,
    RateLimited,
    UnsupportedContent,
)
from tests.channels.conversing import ACCOUNTS, GRACE, MARK, NOW, TOKEN, channel, talk
from tests.fakes.transports import client

ACCOUNT = ACCOUNTS["email"]
MAIL = channel("email")
CARD = Media("card.jpg", 1200, 630, "A card “for” Grace")
ACCEPTED = Response(200, data={"MessageId": "m-1"})


def composed(text: str = "Hello\n\nBye", subject: str | None = None, *media: Media) -> Post:
    """Return a mail addressed to somebody."""
    post, faults = MAIL.compose(Wording(text, subject), media, ACCOUNT)
    assert faults == []
    return replace(post.to(GRACE, token=TOKEN, handle=None), mark=MARK)


def sent(post: Post, account: Account = ACCOUNT) -> Any:
    """Return the parameters of the call."""
    (call,) = talk(MAIL.publish(post, account), ACCEPTED).requests
    assert (call.service, call.operation, call.publishes) == ("sesv2", "send_email", True)
    return call.params


def test_a_mail_has_text_html_tag_and_a_way_out() -> None:
    params = sent(composed())
    html = params["Content"]["Simple"]["Body"].pop("Html")["Data"]
    assert params == {
        "FromEmailAddress": "news@example.org",
        "Destination": {"ToAddresses": ["grace@example.org"]},
        "Content": {
            "Simple": {
                "Subject": {"Data": "Hello", "Charset": "UTF-8"},
                "Body": {"Text": {"Data": "Hello\n\nBye", "Charset": "UTF-8"}},
                "Headers": [
                    {
                        "Name": "List-Unsubscribe",
                        "Value": "<https://example.org/unsubscribe/def>",
                    },
                    {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
                ],
            }
        },
        "EmailTags": [{"Name": "delivery", "Value": MARK}],
    }
    assert "https://example.org/unsubscribe/def" in html


def test_the_receipt_is_the_message_id() -> None:
    assert talk(MAIL.publish(composed(), ACCOUNT), ACCEPTED).result == Receipt("m-1")


def test_pictures_are_attached_inline_and_shown_with_their_description() -> None:
    simple = sent(composed("Hello", None, CARD))["Content"]["Simple"]
    (attached,) = simple["Attachments"]
    assert (attached["ContentDisposition"], attached["FileName"]) == ("INLINE", "picture-1.jpg")
    assert f'src="cid:{attached["ContentId"]}"' in simple["Body"]["Html"]["Data"]
    assert "A card “for” Grace" in simple["Body"]["Html"]["Data"]


def test_the_sdk_accepts_every_parameter() -> None:
    settings = {
        "from_address": "news@example.org",
        "from_name": "Our Community",
        "reply_to": "us@example.org",
        "configuration_set": "events",
    }
    params = sent(composed("Hello", "Subject", CARD), replace(ACCOUNT, settings=settings))
    params["Content"]["Simple"]["Attachments"][0]["RawContent"] = b"bytes"
    model = client("sesv2", None).meta.service_model
    shape = model.operation_model("SendEmail").input_shape
    assert not ParamValidator().validate(params, shape).has_errors()


def test_a_configuration_set_and_a_reply_address_are_named_if_there_are_any() -> None:
    settings = {**ACCOUNT.settings, "reply_to": "us@example.org", "configuration_set": "events"}
    params = sent(composed(), replace(ACCOUNT, settings=settings))
    assert params["ConfigurationSetName"] == "events"
    assert params["ReplyToAddresses"] == ["us@example.org"]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Our Community", "Our Community <news@example.org>"),
        ("Us, all", '"Us, all" <news@example.org>'),
        ("Comunidad ñ", "=?utf-8?q?Comunidad_=C3=B1?= <news@example.org>"),
        ("Evil\r\nBcc: x@example.org", '"Evil Bcc: x@example.org" <news@example.org>'),
    ],
)
def test_the_senders_name_can_begin_no_header(name: str, written: str) -> None:
    settings = {**ACCOUNT.settings, "from_name": name}
    assert sent(composed(), replace(ACCOUNT, settings=settings))["FromEmailAddress"] == written


@pytest.mark.parametrize(
    "address",
    [
        "",
        "grace",
        "a@b@c.example",
        "a@example.org, b@example.org",
        "a@example.org\r\nBcc: c@d.example",
    ],
)
def test_nothing_is_sent_to_what_is_no_single_address(address: str) -> None:
    post = replace(composed(), recipient=replace(GRACE, address=address))
    with pytest.raises(UnsupportedContent):
        talk(MAIL.publish(post, ACCOUNT))


@pytest.mark.parametrize("sender", ["", "news", "Us <news@example.org>"])
def test_a_sender_that_is_no_address_blocks(sender: str) -> None:
    with pytest.raises(CredentialsRejected):
        talk(MAIL.publish(composed(), Account(ChannelName("email"), {"from_address": sender})))


@pytest.mark.parametrize(
    "url", ["", "mailto:x@example.org", "https://x.example/>\r\nBcc: y", "https://x.example/é"]
)
def test_a_way_out_that_can_not_stand_in_a_header_is_left_out(url: str) -> None:
    post = replace(composed(), recipient=replace(GRACE, unsubscribe_url=url))
    simple = sent(post)["Content"]["Simple"]
    assert ("Headers" in simple, "Unsubscribe" in simple["Body"]["Html"]["Data"]) == (False, False)


FOOTS = {"en": ("You get this", ">Unsubscribe<"), "es": ("Recibes este", ">Darse de baja<")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_announcements_foot_speaks_its_language_alone(language: Language) -> None:
    wording = Wording("Ada", generated=True, language=language)
    post, _ = MAIL.compose(wording, (), ACCOUNT)
    html = sent(post.to(GRACE, token=TOKEN, handle=None))["Content"]["Simple"]["Body"]["Html"]
    for spoken, parts in FOOTS.items():
        assert [part in html["Data"] for part in parts] == [spoken == language] * 2
    assert f'<html lang="{language}">' in html["Data"]


def test_a_text_in_whatever_language_offers_the_way_out_in_all_of_ours() -> None:
    html = sent(composed())["Content"]["Simple"]["Body"]["Html"]["Data"]
    assert ">Unsubscribe · Darse de baja<" in html
    assert "lang=" not in html


def test_a_post_without_a_mark_has_no_tag() -> None:
    assert "EmailTags" not in sent(replace(composed(), mark=""))


def test_without_a_subject_a_mail_has_its_first_visible_line() -> None:
    assert composed("\n \u200b\n  News today  \nMore").subject == "News today"


@pytest.mark.parametrize("sign", ["\t", "\x07"])
def test_a_first_line_becomes_a_subject_in_one_line_without_any_fault_of_its_own(sign: str) -> None:
    assert composed(f"News{sign}today").subject == "News today"


def test_a_long_first_line_is_fitted_into_the_subject() -> None:
    subject = composed("word " * 100).subject or ""
    assert (len(subject) <= 250, subject.endswith("…")) == (True, True)


def test_an_authors_subject_stays_as_it_is() -> None:
    assert composed("Hello", "Grüße 🎉").subject == "Grüße 🎉"


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        ("a" * 251, "too_long"),
        ("Hi\r\nBcc: x@example.org", "control_character"),
        ("Hi\tthere", "control_character"),
        ("Hi\x07", "control_character"),
        ("Hi\u2028there", "control_character"),
    ],
)
def test_a_subject_that_can_not_be_sent_is_a_fault(subject: str, code: str) -> None:
    _, faults = MAIL.compose(Wording("Hello", subject), (), ACCOUNT)
    assert [(fault.pointer, fault.code) for fault in faults] == [("/subject", code)]


def test_a_stored_subject_can_begin_no_header() -> None:
    post = replace(composed(), subject="Hi\r\nBcc: x@example.org")
    assert sent(post)["Content"]["Simple"]["Subject"]["Data"] == "Hi Bcc: x@example.org"


class Reader(HTMLParser):
    """Read a page as a person would."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str | None] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what stands there."""
        self.tags.add(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"])
        if tag in ("p", "br"):
            self.text += "\n"

    def handle_data(self, data: str) -> None:
        """Note what is read."""
        self.text += data


def read(post: Post) -> Reader:
    """Return the HTML part as it is read."""
    reader = Reader()
    reader.feed(sent(post)["Content"]["Simple"]["Body"]["Html"]["Data"])
    return reader


def test_html_says_what_the_text_says() -> None:
    text = "Hi <b>Ada</b> & {all}\nsecond line\n\nSee https://x.example/?a=1&b=2 or www.y.example."
    reader = read(composed(text))
    assert re.sub(r"\n+", "\n", text) in re.sub(r"\n+", "\n", reader.text)
    assert reader.links[:2] == ["https://x.example/?a=1&b=2", "https://www.y.example"]


def test_html_holds_nothing_but_what_a_mail_needs() -> None:
    reader = read(composed("<script>alert(1)</script><img src=x onerror=y>", None, CARD))
    assert reader.tags <= {"html", "head", "meta", "body", "div", "p", "img", "a", "br"}


def test_html_loads_nothing_from_anywhere() -> None:
    html = sent(composed("Hello", None, CARD))["Content"]["Simple"]["Body"]["Html"]["Data"]
    assert re.findall(r'src="(\w+):', html) == ["cid"]


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (429, "TooManyRequestsException", RateLimited),
        (400, "LimitExceededException", RateLimited),
        (400, "Throttling", RateLimited),
        (400, "AccountSuspendedException", CredentialsRejected),
        (400, "SendingPausedException", CredentialsRejected),
        (400, "MailFromDomainNotVerifiedException", CredentialsRejected),
        (404, "NotFoundException", CredentialsRejected),
        (403, "ExpiredTokenException", CredentialsRejected),
        (403, "UnrecognizedClientException", CredentialsRejected),
        (403, "AccessDeniedException", CredentialsRejected),
        (403, "SomethingNew", CredentialsRejected),
        (400, "MessageRejected", ContentRejected),
        (400, "BadRequestException", ContentRejected),
        (400, "ValidationException", ContentRejected),
        (500, "InternalServiceErrorException", Ambiguous),
        (503, "ServiceUnavailableException", Ambiguous),
    ],
)
def test_an_error_means(status: int, code: str, meaning: type[ChannelError]) -> None:
    with pytest.raises(ChannelError) as caught:
        talk(MAIL.publish(composed(), ACCOUNT), Response(status, error=code, message="No."))
    assert type(caught.value) is meaning


@pytest.mark.parametrize(
    ("message", "wait"),
    [
        ("Daily message quota exceeded.", timedelta(hours=1)),
        ("Maximum sending rate exceeded.", None),
    ],
)
def test_a_daily_quota_waits_longer_than_a_rate(message: str, wait: timedelta | None) -> None:
    answer = Response(429, error="TooManyRequestsException", message=message)
    with pytest.raises(RateLimited) as caught:
        talk(MAIL.publish(composed(), ACCOUNT), answer)
    assert caught.value.retry_after == wait


def test_an_error_is_told_without_addresses() -> None:
    message = "Email address is not verified: grace@example.org"
    with pytest.raises(ContentRejected) as caught:
        answer = Response(400, error="MessageRejected", message=message)
        talk(MAIL.publish(composed(), ACCOUNT), answer)
    assert caught.value.detail == "Email address is not verified: … (MessageRejected)"


def test_a_success_without_an_id_is_doubt() -> None:
    with pytest.raises(Ambiguous):
        talk(MAIL.publish(composed(), ACCOUNT), Response(200))


def test_what_is_in_doubt_can_not_be_looked_up() -> None:
    with pytest.raises(Ambiguous):
        talk(MAIL.find(composed(), ACCOUNT, NOW))


MAY_SEND = Response(200, data={"SendingEnabled": True})
VERIFIED = Response(200, data={"VerifiedForSendingStatus": True})
UNKNOWN = Response(404, error="NotFoundException", message="No.")


def test_a_verified_sender_may_connect() -> None:
    assert talk(MAIL.check(ACCOUNT), MAY_SEND, VERIFIED).result.identity == "news@example.org"


def test_a_senders_verified_domain_is_enough() -> None:
    assert talk(MAIL.check(ACCOUNT), MAY_SEND, UNKNOWN, VERIFIED).result.identity == "example.org"


@pytest.mark.parametrize(
    "answers",
    [
        (Response(200, data={"SendingEnabled": False}),),
        (MAY_SEND, UNKNOWN, UNKNOWN),
        (MAY_SEND, Response(200, data={"VerifiedForSendingStatus": False}), UNKNOWN),
        (Response(403, error="AccessDeniedException"),),
        (MAY_SEND, Response(403, error="AccessDeniedException")),
    ],
)
def test_a_sender_that_may_not_send_is_refused(answers: tuple[Response, ...]) -> None:
    with pytest.raises(CredentialsRejected):
        talk(MAIL.check(ACCOUNT), *answers)


def test_a_check_that_fails_can_be_tried_again() -> None:
    with pytest.raises(PlatformUnavailable):
        talk(MAIL.check(ACCOUNT), Response(500, error="InternalFailure"))


WITH_EVENTS = replace(ACCOUNT, settings={**ACCOUNT.settings, "configuration_set": "events"})


def test_a_configuration_set_is_asked_for_if_there_is_one() -> None:
    told = talk(MAIL.check(WITH_EVENTS), MAY_SEND, VERIFIED, Response(200))
    call = told.requests[-1]
    assert (call.operation, call.params) == (
        "get_configuration_set",
        {"ConfigurationSetName": "events"},
    )
    assert told.result.faults == ()


def test_a_configuration_set_that_ses_does_not_know_is_a_fault() -> None:
    told = talk(MAIL.check(WITH_EVENTS), MAY_SEND, VERIFIED, UNKNOWN)
    (fault,) = told.result.faults
    assert (fault.pointer, fault.code) == ("/configuration_set", "unknown_configuration_set")


def test_who_may_not_look_at_configuration_sets_can_not_connect_one() -> None:
    with pytest.raises(CredentialsRejected):
        answer = Response(403, error="AccessDeniedException")
        talk(MAIL.check(WITH_EVENTS), MAY_SEND, VERIFIED, answer)
