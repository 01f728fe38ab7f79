"""The values of a channel's conversation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.channels import (
    Account,
    AwsCall,
    ChannelName,
    HttpRequest,
    Media,
    Post,
    Recipient,
    Response,
)

PERSON = Recipient("r-1", "grace@example.org", "Grace", "https://example.org/u/secret")
POST = Post("Hello", "Hi", (Media("a.jpg", 10, 10),), "https://example.org", ("x",))


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Bye"},
        {"subject": None},
        {"media": ()},
        {"link": None},
        {"parameters": ()},
    ],
)
def test_a_digest_changes_with_what_a_reader_sees(change: dict[str, object]) -> None:
    assert replace(POST, **change).digest != POST.digest  # type: ignore[arg-type] # names of fields


def test_a_digest_is_the_same_for_every_attempt_and_recipient() -> None:
    assert POST.to(PERSON, token="t", handle="h").digest == POST.digest


def test_a_post_is_addressed_without_changing_what_it_says() -> None:
    addressed = POST.to(PERSON, token="t", handle="h")

    assert (addressed.recipient, addressed.token, addressed.handle) == (PERSON, "t", "h")
    assert addressed.text == POST.text


def test_nothing_private_stands_in_a_printed_recipient() -> None:
    shown = repr(PERSON)

    assert "r-1" in shown
    assert not any(private in shown for private in ("grace", "Grace", "secret"))


@pytest.mark.parametrize(
    "value",
    [
        Account(ChannelName("x"), secrets={"access_token": "hush"}),
        HttpRequest("GET", "https://example.org", headers={"Authorization": "hush"}),
        AwsCall("sns", "publish", {"PhoneNumber": "hush"}),
    ],
)
def test_no_secret_stands_in_a_printed_step_or_account(value: object) -> None:
    assert "hush" not in repr(value)


@pytest.mark.parametrize(
    ("response", "ok"),
    [
        (Response(200), True),
        (Response(299), True),
        (Response(199), False),
        (Response(302), False),
        (Response(500), False),
        (Response(200, error="Throttling"), False),
    ],
)
def test_an_answer_is_good_by_its_status_and_without_an_error(response: Response, ok: bool) -> None:
    assert response.ok == ok


def test_a_body_that_is_no_json_is_a_value_error() -> None:
    with pytest.raises(ValueError):
        Response(200, body=b"<html>").json()


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"id": "1", "more": {"id": "2"}}', {"id": "1", "more": {"id": "2"}}),
        (b'\xef\xbb\xbf{"id": "1"}', {"id": "1"}),
        (b'"\xc3\xa9"', "é"),
        (b'"\\uD83C\\uDF89"', "🎉"),
        (
            b'{"a": ["x\\ud800", 1, null], "b": {"c": "\\uDC00y"}}',
            {
                "a": ["x\ufffd", 1, None],
                "b": {"c": "\ufffdy"},
            },
        ),
    ],
)
def test_a_body_is_read_as_json(body: bytes, value: object) -> None:
    assert Response(200, body=body).json() == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"id": "1", "id": "2"}',
        b'[{"more": {"id": "1", "id": "1"}}]',
        b'{"id": NaN}',
        b'{"id": -Infinity}',
        b'"\xff"',
        '{"id": "1"}'.encode("utf-16"),
    ],
)
def test_a_body_that_is_no_json_or_says_two_things_at_once_is_not_read(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Response(200, body=body).json()
