"""The WhatsApp stand-in: the service window, templates, and what is kept of a message."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.platform_kit import Seen, Visitor, image, send


def post_message(visitor: Visitor, message: dict[str, Any]) -> Seen:
    number = visitor.accounts["whatsapp"]["phone_number_id"]
    return visitor.graph("whatsapp", "POST", f"{number}/messages", message)


def text(visitor: Visitor, to: str, body: str = "Hello") -> Seen:
    message = {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": body}}
    return post_message(visitor, message)


def test_free_text_reaches_a_number_that_wrote_to_us(visitor: Visitor) -> None:
    number = visitor.accounts["whatsapp"]["open_window_number"]
    answer = text(visitor, number).json
    assert answer["contacts"] == [{"input": number, "wa_id": number.lstrip("+")}]
    (post,) = visitor.posts()
    assert post["external_id"] == answer["messages"][0]["id"]
    assert post["external_id"].startswith("wamid.")
    assert (post["text"], post["recipient"]) == ("Hello", number)


def test_free_text_outside_the_window_is_refused(visitor: Visitor) -> None:
    error = text(visitor, "+447700900555").error
    assert error["code"] == 131047
    assert error["error_data"]["messaging_product"] == "whatsapp"
    assert visitor.posts() == []


def test_a_template_is_shown_with_its_parameters_filled_in(visitor: Visitor) -> None:
    message = visitor.template("announcement_image", "Ada {{1}} passed \\1")
    assert post_message(visitor, message).status == 200
    (post,) = visitor.posts()
    assert "Ada {{1}} passed \\1" in post["text"]
    assert post["text"].startswith("News from our community")
    assert (post["media"][0]["width"], post["recipient"]) == (1080, "+447700900555")


def body(*parameters: dict[str, str]) -> dict[str, Any]:
    return {"components": [{"type": "body", "parameters": list(parameters)}]}


def word(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "unknown"}, 132001),
        ({"language": {"code": "es"}}, 132001),
        ({"components": []}, 132000),
        (body(), 132000),
        (body(word("a"), word("b")), 132000),
        (body(word("a\nb")), 100),
        (body(word("a     b")), 100),
        (body(word("")), 131008),
        (body({"type": "image"}), 132012),
        (body(word("a" * 1024)), 132005),
        ({"components": "nonsense"}, 100),
    ],
)
def test_a_template_that_does_not_fit_is_refused(
    visitor: Visitor, change: dict[str, Any], code: int
) -> None:
    message = visitor.template("announcement_text", "Ada")
    message["template"].update(change)
    assert post_message(visitor, message).error["code"] == code
    assert visitor.posts() == []


def test_a_header_image_is_pulled_and_must_be_there(visitor: Visitor) -> None:
    message = visitor.template("announcement_image", "Ada")
    assert post_message(visitor, message).status == 200
    assert visitor.gallery.pulled == ["/a.jpg"]
    visitor.gallery.url(b"no image")
    assert post_message(visitor, message).error["code"] == 131053
    del message["template"]["components"][0]
    assert post_message(visitor, message).error["code"] == 132012


def test_an_image_with_caption_reaches_an_open_window(visitor: Visitor) -> None:
    number = visitor.accounts["whatsapp"]["open_window_number"]
    picture = {"link": visitor.gallery.url(image()), "caption": "Ada"}
    message = {"messaging_product": "whatsapp", "to": number, "type": "image", "image": picture}
    assert post_message(visitor, message).status == 200
    assert visitor.posts()[0]["text"] == "Ada"


def test_the_same_message_twice_is_sent_twice(visitor: Visitor) -> None:
    message = visitor.template("announcement_text", "Ada")
    ids = {post_message(visitor, message).json["messages"][0]["id"] for _ in range(2)}
    assert len(ids) == len(visitor.posts()) == 2


def test_our_own_mark_is_kept_and_the_history_tells_what_happened(visitor: Visitor) -> None:
    message = visitor.template("announcement_text", "Ada")
    answer = post_message(visitor, {**message, "biz_opaque_callback_data": "delivery-1"})
    assert visitor.posts()[0]["callback_data"] == "delivery-1"
    number = visitor.accounts["whatsapp"]["phone_number_id"]
    message_id = answer.json["messages"][0]["id"].replace("=", "%3D")
    path = f"{number}/message_history?message_id={message_id}"
    (entry,) = visitor.graph("whatsapp", "GET", path).json["data"]
    assert [e["delivery_status"] for e in entry["events"]["data"]] == ["SENT", "DELIVERED"]


def test_templates_and_number_can_be_read(visitor: Visitor) -> None:
    account = visitor.accounts["whatsapp"]
    listed = visitor.graph("whatsapp", "GET", f"{account['waba_id']}/message_templates").json
    told = send("GET", f"{visitor.outside.url}/accounts").json
    names = [template["name"] for template in told["templates"]["whatsapp"]]
    assert [template["name"] for template in listed["data"]] == names
    assert account["template"]["name"] in names
    assert told["accounts"]["whatsapp"] == account
    shown = visitor.graph("whatsapp", "GET", account["phone_number_id"]).json
    assert shown["id"] == account["phone_number_id"]


def test_marking_a_message_as_read_publishes_nothing(visitor: Visitor) -> None:
    visitor.arm("whatsapp", "error_503")
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x"}
    assert post_message(visitor, read).json == {"success": True}


@pytest.mark.parametrize("to", ["", "nonsense", "12", "+0123456789"])
def test_a_recipient_that_is_no_number_is_refused(visitor: Visitor, to: str) -> None:
    message = visitor.template("announcement_text", "Ada", to)
    assert post_message(visitor, message).error["code"] == 131009
