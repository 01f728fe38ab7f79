"""What WhatsApp is sent, and what its answers mean.

Requests: developers.facebook.com/docs/whatsapp/cloud-api/reference/messages and /message-templates;
codes: /docs/whatsapp/cloud-api/support/error-codes; checked 2026-11-21.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.channels import (
    Account,
    AccountCheck,
    Media,
    MediaUrl,
    Post,
    Receipt,
    Response,
    Wording,
)
from chalicelib.domain.errors import (
    Ambiguous,
    ChannelError,
    ContentRejected,
    CredentialsRejected,
    OptedOut,
    Permanent,
    RateLimited,
    UnsupportedContent,
)
from tests.channels.conversing import ACCOUNTS, ADA, MARK, NOW, TOKEN, channel, refusal, reply, talk

ACCOUNT = ACCOUNTS["whatsapp"]
HEADED = replace(
    ACCOUNT,
    settings={
        **ACCOUNT.settings,
        "template_image_name": "seen_news",
        "template_image_body": "Look:\n\n{{1}}\n\nBye.",
    },
)
NUMBER = channel("whatsapp")
CARD = Media("card.jpg", 1200, 630, "A card")
ACCEPTED = reply(body={"messages": [{"id": "wamid.1", "message_status": "accepted"}]})
OPEN = replace(ADA, window_open_until=NOW)


def composed(text: str = "Hello", *media: Media, account: Any = ACCOUNT) -> Post:
    """Return a post addressed to somebody whose window is closed."""
    post, faults = NUMBER.compose(Wording(text), media, account)
    assert faults == []
    return replace(post.to(ADA, token=TOKEN, handle=None), mark=MARK)


def test_a_text_fills_the_approved_template() -> None:
    request = talk(NUMBER.publish(composed(), ACCOUNT), ACCEPTED).requests[0]
    assert request.url == "https://graph.facebook.com/v26.0/1065/messages"
    assert request.json == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "447700900321",
        "type": "template",
        "template": {
            "name": "news",
            "language": {"code": "en_US"},
            "components": [{"type": "body", "parameters": [{"type": "text", "text": "Hello"}]}],
        },
        "biz_opaque_callback_data": MARK,
    }
    assert request.publishes


def test_the_receipt_is_the_messages_id_without_an_address() -> None:
    assert talk(NUMBER.publish(composed(), ACCOUNT), ACCEPTED).result == Receipt("wamid.1")


def test_a_picture_heads_a_template_that_has_room_for_it() -> None:
    post = composed("Hello", CARD, account=HEADED)
    template = talk(NUMBER.publish(post, HEADED), ACCEPTED).requests[0].json["template"]
    image = {"type": "image", "image": {"link": MediaUrl("card.jpg")}}
    assert template["components"][0] == {"type": "header", "parameters": [image]}
    assert template["name"] == "seen_news"
    assert post.text == "Look:\n\nHello\n\nBye."


def test_a_post_without_a_picture_takes_the_template_for_text() -> None:
    post = composed("Hello", account=HEADED)
    template = talk(NUMBER.publish(post, HEADED), ACCEPTED).requests[0].json["template"]
    assert (template["name"], len(template["components"])) == ("news", 1)
    assert post.text == "News:\n\nHello\n\nBye."


def test_a_template_without_a_picture_carries_none() -> None:
    assert composed("Hello", CARD).media == ()


def test_what_fills_a_template_is_one_line_without_long_runs_of_spaces() -> None:
    post = composed("One\n\nTwo\tthree     four\r\n")
    assert post.parameters == ("One Two three    four",)
    assert post.text == "News:\n\nOne Two three    four\n\nBye."


def test_the_templates_own_words_count_towards_the_limit() -> None:
    frame = len("News:\n\n\n\nBye.")
    fits, _ = NUMBER.compose(Wording("a" * (1024 - frame)), (), ACCOUNT)
    _, faults = NUMBER.compose(Wording("a" * (1025 - frame)), (), ACCOUNT)
    assert (NUMBER.measure(fits).used, [fault.code for fault in faults]) == (1024, ["too_long"])


def test_generated_text_is_fitted_into_the_template() -> None:
    wording = Wording("Ada Lovelace " * 200, generated=True, keep=("Ada Lovelace",))
    post, faults = NUMBER.compose(wording, (), ACCOUNT)
    assert faults == []
    assert 1_000 < NUMBER.measure(post).used <= 1_024


def test_an_account_without_a_templates_text_shows_the_text_alone() -> None:
    settings = {key: value for key, value in ACCOUNT.settings.items() if key != "template_body"}
    post, _ = NUMBER.compose(Wording("Hello"), (), replace(ACCOUNT, settings=settings))
    assert post.text == "Hello"


def test_somebody_who_talks_to_us_gets_free_text() -> None:
    post = replace(composed(), recipient=OPEN)
    request = talk(NUMBER.publish(post, ACCOUNT), ACCEPTED).requests[0]
    body = {"body": "News:\n\nHello\n\nBye.", "preview_url": True}
    assert (request.json["type"], request.json["text"]) == ("text", body)


def test_somebody_who_talks_to_us_gets_the_picture_with_its_caption() -> None:
    post = replace(composed("Hello", CARD, account=HEADED), recipient=OPEN)
    request = talk(NUMBER.publish(post, HEADED), ACCEPTED).requests[0]
    assert request.json["image"] == {"link": MediaUrl("card.jpg"), "caption": post.text}


def test_a_window_that_has_just_closed_is_answered_with_the_template() -> None:
    post = replace(composed(), recipient=OPEN)
    held = talk(NUMBER.publish(post, ACCOUNT), refusal(131047), ACCEPTED)
    assert [request.json["type"] for request in held.requests] == ["text", "template"]


def test_doubt_about_free_text_sends_no_template() -> None:
    post = replace(composed(), recipient=OPEN)
    with pytest.raises(Ambiguous):
        talk(NUMBER.publish(post, ACCOUNT), Ambiguous("No answer."))


@pytest.mark.parametrize(
    "address", ["", "ada", "+44 7700 900321", "+0123456789", "+4477009003211111"]
)
def test_nothing_is_sent_to_what_is_no_number(address: str) -> None:
    post = replace(composed(), recipient=replace(ADA, address=address))
    with pytest.raises(UnsupportedContent):
        talk(NUMBER.publish(post, ACCOUNT))


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        (0, CredentialsRejected),
        (190, CredentialsRejected),
        (131005, CredentialsRejected),
        (368, CredentialsRejected),
        (131031, CredentialsRejected),
        (131042, CredentialsRejected),
        (131048, CredentialsRejected),
        (132015, CredentialsRejected),
        (4, RateLimited),
        (80007, RateLimited),
        (130429, RateLimited),
        (131056, RateLimited),
        (131050, OptedOut),
        (131026, Permanent),
        (131030, Permanent),
        (131049, Permanent),
        (130472, Permanent),
        (131008, ContentRejected),
        (131053, ContentRejected),
        (132000, ContentRejected),
        (132001, ContentRejected),
        (132012, ContentRejected),
        (131000, Ambiguous),
        (131016, Ambiguous),
        (135000, Ambiguous),
        (2, Ambiguous),
    ],
)
def test_a_code_means(code: int, meaning: type[ChannelError]) -> None:
    with pytest.raises(ChannelError) as caught:
        talk(NUMBER.publish(composed(), ACCOUNT), refusal(code))
    assert type(caught.value) is meaning


def test_the_pair_limit_asks_for_six_seconds() -> None:
    with pytest.raises(RateLimited) as caught:
        talk(NUMBER.publish(composed(), ACCOUNT), refusal(131056))
    assert caught.value.retry_after == timedelta(seconds=6)


@pytest.mark.parametrize("messages", [None, [], [None], [{}], {"id": "x"}])
def test_an_acceptance_without_an_id_is_doubt(messages: Any) -> None:
    with pytest.raises(Ambiguous):
        talk(NUMBER.publish(composed(), ACCOUNT), reply(body={"messages": messages}))


def test_what_is_in_doubt_can_not_be_looked_up() -> None:
    with pytest.raises(Ambiguous):
        talk(NUMBER.find(composed(), ACCOUNT, NOW))


WITH_WABA = replace(
    ACCOUNT, settings={**ACCOUNT.settings, "waba_id": "waba", "template_body": "outdated"}
)
NAMED = replace(WITH_WABA, settings={**WITH_WABA.settings, "template_image_name": "seen_news"})
OWNER = reply(body={"id": "1065", "verified_name": "Us"})
TOLD = reply(body={"data": {"scopes": ["whatsapp_business_messaging"]}})


def template(name: str, body: str, *, header: str = "", **other: Any) -> dict[str, Any]:
    """Return a template as it is listed."""
    components: list[dict[str, Any]] = [{"type": "BODY", "text": body}]
    if header:
        components.insert(0, {"type": "HEADER", "format": header})
    found = {"name": name, "language": "en_US", "status": "APPROVED", "components": components}
    return {**found, **other}


def listed(*templates: dict[str, Any]) -> Response:
    """Return a list of templates, with what makes no sense among it."""
    return reply(body={"data": [{"name": "other", "status": "APPROVED"}, None, *templates]})


def checked(account: Account, *answers: Response) -> AccountCheck:
    result: AccountCheck = talk(NUMBER.check(account), OWNER, TOLD, *answers).result
    return result


PLAIN = listed(template("news", "A {{1}}"))
SEEN = listed(template("seen_news", "B {{1}}", header="IMAGE"))


def test_the_templates_words_are_learnt_from_the_platform() -> None:
    check = checked(NAMED, PLAIN, SEEN)
    assert (check.identity, check.faults) == ("Us", ())
    assert check.settings == {
        "template_body": "A {{1}}",
        "template_image_name": "seen_news",
        "template_image_body": "B {{1}}",
    }


def test_a_template_is_asked_for_by_its_name() -> None:
    held = talk(NUMBER.check(NAMED), OWNER, TOLD, PLAIN, SEEN)
    assert [request.params.get("name") for request in held.requests[2:]] == ["news", "seen_news"]


def test_a_template_for_pictures_that_nobody_named_is_found() -> None:
    check = checked(
        WITH_WABA,
        PLAIN,
        listed(
            template("a_first", "B {{1}}", header="IMAGE"),
            template("b_second", "A {{1}}", header="IMAGE"),
            template("c_third", "A {{1}}", header="IMAGE"),
        ),
    )
    assert check.settings["template_image_name"] == "b_second"
    assert check.settings["template_image_body"] == "A {{1}}"


@pytest.mark.parametrize(
    "other",
    [
        template("x", "A {{1}}", header="IMAGE", status="PAUSED"),
        template("x", "A {{1}}", header="IMAGE", language="es"),
        template("x", "A {{1}}", header="VIDEO"),
        template("x", "A {{1}}"),
        template("x", "{{1}} and {{2}}", header="IMAGE"),
        template("x", "No placeholder", header="IMAGE"),
        template("x", "A {{1}}", header="IMAGE", components=None),
        template("x", "A {{1}}", components=[{"type": "HEADER", "format": "IMAGE"}, None]),
    ],
)
def test_without_a_template_for_pictures_none_is_used(other: dict[str, Any]) -> None:
    check = checked(WITH_WABA, PLAIN, listed(other))
    assert (check.settings, check.faults) == ({"template_body": "A {{1}}"}, ())


@pytest.mark.parametrize("answer", [refusal(100, 33), reply(body={"id": "999"})])
def test_another_number_is_a_fault_and_its_templates_are_not_asked_for(answer: Response) -> None:
    (fault,) = talk(NUMBER.check(NAMED), answer).result.faults
    assert (fault.pointer, fault.code) == ("/phone_number_id", "unknown_account")


def test_another_business_account_is_a_fault() -> None:
    (fault,) = checked(NAMED, refusal(100, 33)).faults
    assert (fault.pointer, fault.code) == ("/waba_id", "unknown_account")


def test_without_a_business_account_the_templates_stay_as_they_are() -> None:
    assert checked(ACCOUNT).settings == {}


@pytest.mark.parametrize(
    "answer",
    [
        listed(template("news", "A {{1}}", status="PAUSED")),
        listed(template("else", "A {{1}}")),
        listed(template("news", "No placeholder")),
        listed(template("news", "{{1}} and {{2}}")),
        listed(template("news", "A {{1}}", header="IMAGE")),
        listed(
            template(
                "news",
                "",
                components=[
                    {"type": "HEADER", "format": "TEXT", "text": "For {{1}}"},
                    {"type": "BODY", "text": "A {{1}}"},
                ],
            )
        ),
        reply(body={"data": None}),
    ],
)
def test_a_template_that_can_not_carry_our_text_is_a_fault(answer: Response) -> None:
    check = checked(WITH_WABA, answer, listed())
    assert [fault.pointer for fault in check.faults] == ["/template_name"]


def test_a_named_template_for_pictures_has_to_be_there() -> None:
    check = checked(NAMED, PLAIN, listed(template("seen_news", "A {{1}}")))
    assert [fault.pointer for fault in check.faults] == ["/template_image_name"]
