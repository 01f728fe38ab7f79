"""What SNS is sent, and what its answers mean.

Requests: docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html; checked 2026-11-21.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from botocore.validate import ParamValidator

from chalicelib.domain.channels import Media, Post, Receipt, Response, Wording
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    ContentRejected,
    CredentialsRejected,
    OptedOut,
    PlatformUnavailable,
    RateLimited,
    UnsupportedContent,
)
from chalicelib.domain.sms import encode_plan
from tests.channels.conversing import ACCOUNTS, ADA, NOW, TOKEN, channel, talk
from tests.fakes.transports import client

ACCOUNT = ACCOUNTS["sms"]
PHONE = channel("sms")
ACCEPTED = Response(200, data={"MessageId": "m-1"})


def composed(text: str = "Hello") -> Post:
    """Return a text message addressed to somebody."""
    post, faults = PHONE.compose(Wording(text), (), ACCOUNT)
    assert faults == []
    return post.to(ADA, token=TOKEN, handle=None)


def test_a_text_goes_to_one_number_at_a_top_price() -> None:
    (call,) = talk(PHONE.publish(composed(), ACCOUNT), ACCEPTED).requests
    assert (call.service, call.operation, call.publishes) == ("sns", "publish", True)
    assert call.params == {
        "PhoneNumber": "+447700900321",
        "Message": "Hello",
        "MessageAttributes": {
            "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Promotional"},
            "AWS.SNS.SMS.MaxPrice": {"DataType": "Number", "StringValue": "0.50"},
        },
    }


def test_an_account_may_choose_sender_price_and_kind() -> None:
    settings = {
        "sender_id": "AWSUG",
        "origination_number": "+447700900042",
        "max_price": "0.10",
        "sms_type": "Transactional",
    }
    account = replace(ACCOUNT, settings=settings)
    (call,) = talk(PHONE.publish(composed(), account), ACCEPTED).requests
    values = {key: item["StringValue"] for key, item in call.params["MessageAttributes"].items()}
    assert values == {
        "AWS.SNS.SMS.SMSType": "Transactional",
        "AWS.SNS.SMS.MaxPrice": "0.10",
        "AWS.SNS.SMS.SenderID": "AWSUG",
        "AWS.MM.SMS.OriginationNumber": "+447700900042",
    }


def test_the_sdk_accepts_every_parameter() -> None:
    (call,) = talk(PHONE.publish(composed(), ACCOUNT), ACCEPTED).requests
    model = client("sns", None).meta.service_model
    shape = model.operation_model("Publish").input_shape
    assert not ParamValidator().validate(call.params, shape).has_errors()


def test_the_receipt_is_the_message_id() -> None:
    assert talk(PHONE.publish(composed(), ACCOUNT), ACCEPTED).result == Receipt("m-1")


@pytest.mark.parametrize(
    "address", ["", "447700900321", "+44 7700 900321", "07700900321", "+0447700900"]
)
def test_nothing_is_sent_to_what_is_no_international_number(address: str) -> None:
    post = replace(composed(), recipient=replace(ADA, address=address))
    with pytest.raises(UnsupportedContent):
        talk(PHONE.publish(post, ACCOUNT))


def test_a_text_is_written_in_the_cheap_alphabet() -> None:
    assert composed("“Ada” – voilà, niçoise…").text == '"Ada" - voilà, nicoise...'


def test_a_text_of_another_script_stays_as_it_is() -> None:
    assert composed("Привет, Ada 🎉").text == "Привет, Ada 🎉"


def test_what_must_survive_is_not_rewritten() -> None:
    post, _ = PHONE.compose(Wording("Łukasz – hello", keep=("Łukasz",)), (), ACCOUNT)
    assert "Łukasz" in post.text


@pytest.mark.parametrize(("text", "used"), [("a" * 160, 160), ("€" * 10, 20), ("й🎉", 3)])
def test_a_length_is_what_phone_networks_count(text: str, used: int) -> None:
    assert PHONE.measure(Post(text)).used == used


def test_pictures_are_left_out() -> None:
    post, faults = PHONE.compose(Wording("Hello"), (Media("card.jpg", 10, 10),), ACCOUNT)
    assert (post.media, faults) == ((), [])


def test_an_authors_text_over_the_limit_is_a_fault() -> None:
    assert PHONE.compose(Wording("a" * 1_600), (), ACCOUNT)[1] == []
    _, faults = PHONE.compose(Wording("a" * 1_601), (), ACCOUNT)
    assert [(fault.pointer, fault.code) for fault in faults] == [("/content", "too_long")]


def generated(text: str, *keep: str) -> str:
    """Return a generated text as it would be sent."""
    post, faults = PHONE.compose(Wording(text, generated=True, keep=keep), (), ACCOUNT)
    assert faults == []
    return post.text


def test_generated_text_is_kept_to_three_segments() -> None:
    text = generated("Ada earned it. " + "Many words follow here. " * 40, "Ada")
    assert (encode_plan(text).count, text.endswith("...")) == (3, True)


def test_generated_text_takes_more_segments_before_it_loses_the_name() -> None:
    name = "Наталья Прекрасная"
    text = generated("Слово " * 35 + name + " слово" * 200, name)
    assert (name in text, encode_plan(text).count) == (True, 4)


def test_a_name_far_behind_is_put_in_front_rather_than_lost() -> None:
    text = generated("word " * 400 + "Ada", "Ada")
    assert text.startswith("Ada\nword")
    assert encode_plan(text).units_used <= 1_600


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (400, "Throttling", RateLimited),
        (400, "ThrottledException", RateLimited),
        (400, "InvalidParameter", ContentRejected),
        (400, "InvalidParameterValue", ContentRejected),
        (400, "ValidationError", ContentRejected),
        (400, "OptedOut", OptedOut),
        (403, "AuthorizationError", CredentialsRejected),
        (403, "ExpiredToken", CredentialsRejected),
        (403, "InvalidClientTokenId", CredentialsRejected),
        (403, "SignatureDoesNotMatch", CredentialsRejected),
        (500, "InternalError", Ambiguous),
        (503, "ServiceUnavailable", Ambiguous),
    ],
)
def test_an_error_means(status: int, code: str, meaning: type[ChannelError]) -> None:
    with pytest.raises(ChannelError) as caught:
        talk(PHONE.publish(composed(), ACCOUNT), Response(status, error=code, message="No."))
    assert type(caught.value) is meaning


def test_a_success_without_an_id_is_doubt() -> None:
    with pytest.raises(Ambiguous):
        talk(PHONE.publish(composed(), ACCOUNT), Response(200))


def test_what_is_in_doubt_can_not_be_looked_up() -> None:
    with pytest.raises(Ambiguous):
        talk(PHONE.find(composed(), ACCOUNT, NOW))


@pytest.mark.parametrize(
    "answer", [Response(200), Response(400, error="InvalidAction", message="Unknown")]
)
def test_an_account_that_may_ask_may_connect(answer: Response) -> None:
    assert talk(PHONE.check(ACCOUNT), answer).result.identity == "Amazon SNS"


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        (Response(403, error="AuthorizationError"), CredentialsRejected),
        (Response(500, error="InternalError"), PlatformUnavailable),
    ],
)
def test_an_account_that_may_not_ask_is_refused(
    answer: Response, meaning: type[ChannelError]
) -> None:
    with pytest.raises(meaning):
        talk(PHONE.check(ACCOUNT), answer)


@pytest.mark.parametrize(
    ("setting", "text"),
    [
        ("sms_type", "Nope"),
        ("max_price", "cheap"),
        ("sender_id", "far too long a name"),
        ("sender_id", "12345"),
        ("origination_number", "call me"),
    ],
)
def test_a_setting_that_every_message_would_be_refused_for_is_a_fault(
    setting: str, text: str
) -> None:
    account = replace(ACCOUNT, settings={setting: text})
    (fault,) = talk(PHONE.check(account), Response(200)).result.faults
    assert fault.pointer == f"/{setting}"


def test_settings_as_sns_takes_them_are_no_fault() -> None:
    settings = {
        "sms_type": "Transactional",
        "max_price": "0.05",
        "sender_id": "Community",
        "origination_number": "+12065550100",
    }
    account = replace(ACCOUNT, settings=settings)
    assert talk(PHONE.check(account), Response(200)).result.faults == ()
