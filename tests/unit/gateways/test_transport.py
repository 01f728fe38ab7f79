"""How the transport addresses and writes a channel's steps, and reads what AWS answers."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import NoRegionError

from chalicelib.domain.channels import (
    Account,
    AwsCall,
    ChannelName,
    HttpRequest,
    MediaBytes,
    MediaUrl,
)
from chalicelib.domain.errors import OutOfTime, PlatformUnavailable, StoreUnavailable
from tests.fakes.ground import VirtualClock
from tests.fakes.server import answering, serving
from tests.fakes.transports import CANARY, client
from tests.fakes.transports import transport_to as transport

SECOND = timedelta(seconds=1)
OK = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n"
    + b'{"id": "42"}'
)
FACEBOOK = Account(ChannelName("facebook"), secrets={"access_token": CANARY})
EMAIL = Account(ChannelName("email"))
SMS = Account(ChannelName("sms"))
MAIL = AwsCall(
    "sesv2",
    "send_email",
    {
        "FromEmailAddress": "news@example.org",
        "Destination": {"ToAddresses": ["ada@example.org"]},
        "Content": {"Simple": {"Subject": {"Data": "Hi"}, "Body": {"Text": {"Data": "Hello"}}}},
    },
    publishes=True,
)


def post(**more: Any) -> HttpRequest:
    """Return a request to a real host that publishes."""
    return HttpRequest(
        "POST",
        "https://graph.facebook.com/v26.0/1/feed",
        headers={"Authorization": f"Bearer {CANARY}"},
        publishes=True,
        **more,
    )


def test_a_real_host_becomes_its_stand_in_with_path_and_parameters() -> None:
    request = HttpRequest(
        "GET", "https://graph.facebook.com/v26.0/1?a=b", params={"since": "1", "q": "é&ü"}
    )
    with serving(answering(OK)) as server:
        transport(server.base).perform(request, FACEBOOK)
    assert server.heads == ["GET /v26.0/1?a=b&since=1&q=%C3%A9%26%C3%BC HTTP/1.1"]


def test_an_address_the_stand_in_gave_out_is_called_as_it_is() -> None:
    with serving(answering(OK)) as server:
        request = HttpRequest("PUT", f"{server.base}/upload/7", body=MediaBytes("jpeg"))
        transport(f"{server.base}/").perform(request, FACEBOOK)
    assert server.heads == ["PUT /upload/7 HTTP/1.1"]


@pytest.mark.parametrize("url", ["http://graph.facebook.com/x", "file:///etc/hosts", "//x/y"])
def test_without_a_stand_in_only_https_leaves(url: str) -> None:
    with pytest.raises(PlatformUnavailable, match="https"):
        transport(None).perform(HttpRequest("POST", url, publishes=True), FACEBOOK)


def test_a_stand_in_of_another_channel_is_not_used() -> None:
    other = Account(ChannelName("other"))
    with serving(answering(OK)) as server, pytest.raises(PlatformUnavailable):
        transport(server.base).perform(HttpRequest("GET", "https://nowhere.invalid/"), other)
    assert server.requests == []


@pytest.mark.parametrize("url", ["https://[x/", "https://", "https://x:99999/", "https:///path"])
def test_a_malformed_address_is_not_called(url: str) -> None:
    with pytest.raises(PlatformUnavailable):
        transport(None).perform(HttpRequest("POST", url, publishes=True), FACEBOOK)


@pytest.mark.parametrize("value", ["a\r\nX-Evil: 1", "a\x00b", "snow \u2603"])
def test_a_header_with_a_forbidden_character_is_not_sent(value: str) -> None:
    with serving(answering(OK)) as server, pytest.raises(PlatformUnavailable):
        request = HttpRequest("POST", "https://x.example/", headers={"X-Name": value})
        transport(server.base).perform(request, FACEBOOK)
    assert server.requests == []


def test_json_is_sent_as_utf_8_with_addresses_of_pictures() -> None:
    body = {"message": "Grüße 🎉", "url": MediaUrl("a.jpg"), "list": [MediaUrl("b.jpg"), 1, None]}
    with serving(answering(OK)) as server:
        transport(server.base).perform(post(json=body), FACEBOOK)
    assert server.headers()["content-type"] == "application/json"
    assert json.loads(server.body()) == {
        "message": "Grüße 🎉",
        "url": "https://media.example.org/a.jpg?signed=1",
        "list": ["https://media.example.org/b.jpg?signed=1", 1, None],
    }


def test_a_form_has_nested_values_as_json() -> None:
    form = {"message": "a&b", "attached_media": [{"media_fbid": "1"}]}
    with serving(answering(OK)) as server:
        transport(server.base).perform(post(form=form), FACEBOOK)
    assert server.headers()["content-type"] == "application/x-www-form-urlencoded"
    assert server.body() == (
        b"message=a%26b&attached_media=%5B%7B%22media_fbid%22%3A+%221%22%7D%5D"
    )


def test_a_picture_is_sent_as_its_bytes() -> None:
    request = HttpRequest(
        "PUT",
        "https://www.linkedin.com/upload",
        headers={"Content-Type": "image/jpeg"},
        body=MediaBytes("jpeg"),
    )
    with serving(answering(OK)) as server:
        transport(server.base).perform(request, FACEBOOK)
    assert (server.headers()["content-type"], server.body()) == ("image/jpeg", b"jpeg")


def test_a_picture_that_our_store_does_not_give_leaves_no_doubt() -> None:
    def fail(ref: str) -> bytes:
        raise StoreUnavailable

    request = post(body=MediaBytes("jpeg"))
    with serving(answering(OK)) as server, pytest.raises(PlatformUnavailable):
        transport(server.base, read=fail).perform(request, FACEBOOK)
    assert server.requests == []


@pytest.mark.parametrize(("step", "account"), [(post(), FACEBOOK), (MAIL, EMAIL)])
def test_nothing_is_sent_when_its_time_is_over(
    step: HttpRequest | AwsCall, account: Account
) -> None:
    clock = VirtualClock()
    with serving(answering(OK)) as server, pytest.raises(OutOfTime):
        transport(server.base, clock=clock).perform(step, account, clock.now() - SECOND)
    assert server.requests == []


def test_what_ran_late_while_it_was_prepared_is_not_sent() -> None:
    clock = VirtualClock()

    def slowly(_: str) -> bytes:
        clock.sleep(2)
        return b"picture"

    request = post(body=MediaBytes("jpeg"))
    with serving(answering(OK)) as server, pytest.raises(OutOfTime):
        sender = transport(server.base, clock=clock, read=slowly)
        sender.perform(request, FACEBOOK, clock.now() + SECOND)
    assert server.requests == []


def test_what_is_in_time_is_sent() -> None:
    clock = VirtualClock()
    with serving(answering(OK)) as server:
        transport(server.base, clock=clock).perform(post(), FACEBOOK, clock.now())
    assert len(server.requests) == 1


def test_an_aws_answer_is_decoded() -> None:
    raw = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"MessageId": "m"}'
    with serving(answering(raw)) as server:
        response = transport(server.base).perform(MAIL, EMAIL)
    assert (response.ok, response.data) == (True, {"MessageId": "m"})


def test_an_aws_error_is_a_response_with_its_code() -> None:
    body = b'{"message": "Slow down"}'
    head = (
        "HTTP/1.1 429 No\r\nx-amzn-ErrorType: TooManyRequestsException\r\nRetry-After: 7\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with serving(answering(head.encode() + body)) as server:
        response = transport(server.base).perform(MAIL, EMAIL)
    told = (response.status, response.error, response.message, response.headers["retry-after"])
    assert told == (429, "TooManyRequestsException", "Slow down", "7")


def test_parameters_that_aws_can_not_take_are_not_sent() -> None:
    step = AwsCall("sns", "publish", {"PhoneNumber": 42}, publishes=True)
    with serving(answering(OK)) as server, pytest.raises(PlatformUnavailable):
        transport(server.base).perform(step, SMS)
    assert server.requests == []


def test_a_client_is_made_once_for_a_service_and_endpoint() -> None:
    made: list[str] = []

    def counting(service: str, endpoint: str | None) -> Any:
        made.append(service)
        return client(service, endpoint)

    raw = b'HTTP/1.1 200 OK\r\nContent-Length: 18\r\n\r\n{"MessageId": "m"}'
    with serving(answering(raw)) as server:
        sender = transport(server.base, make=counting)
        for _ in range(3):
            sender.perform(MAIL, EMAIL)
    assert made == ["sesv2"]


def test_an_aws_refusal_that_is_none_of_aws_own_counts_by_its_status() -> None:
    raw = b"HTTP/1.1 429 No\r\nRetry-After: 7\r\nContent-Length: 9\r\n\r\nSlow down"
    step = AwsCall("sns", "publish", {"PhoneNumber": "+1", "Message": "Hi"}, publishes=True)
    with serving(answering(raw)) as server:
        response = transport(server.base).perform(step, SMS)
    assert (response.status, response.ok, response.headers["retry-after"]) == (429, False, "7")


def test_without_a_region_nothing_is_sent_to_aws() -> None:
    def nowhere(service: str, endpoint: str | None) -> Any:
        raise NoRegionError

    with serving(answering(OK)) as server, pytest.raises(PlatformUnavailable):
        transport(server.base, make=nowhere).perform(MAIL, EMAIL)
    assert server.requests == []
