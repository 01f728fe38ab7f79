"""Whatever a platform says, a channel ends with a result or a `ChannelError`: it never crashes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import (
    Account,
    AccountCheck,
    AwsCall,
    Channel,
    Handle,
    HttpRequest,
    Pause,
    Receipt,
    Response,
)
from chalicelib.domain.errors import ChannelError
from tests.channels.conversing import NOW
from tests.channels.steps import Conversation, account, post

EACH = pytest.mark.parametrize("channel", CHANNELS.values(), ids=list(CHANNELS))
MOST_STEPS = 60

JUNK: tuple[Any, ...] = (
    *(None, True, 0, -1, 2**70, 1.5, 1e308, "", " ", "x", "\ud800", "a\nb", "x" * 3_000),
    *([], [None], [[]], ["x"], [{}], {}, {"x": []}, {"id": {}}),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-11-21T12:00:00"),
)
TEMPLATE = {
    "name": "news",
    "language": "en_US",
    "status": "APPROVED",
    "components": [{"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "{{1}}"}],
}
LISTED = {
    "id": "17900",
    "message": "Hello",
    "caption": "Hello",
    "created_time": "2026-11-21T12:00:00+0000",
    "timestamp": "2026-11-21T12:00:00+0000",
    "permalink": "https://x.example/",
    "permalink_url": "https://x.example/",
}
OWN = {
    "id": "urn:li:share:7",
    "commentary": "Hello",
    "createdAt": 1795262400000,
    "lastModifiedAt": 1795262400000,
    "role": "ADMINISTRATOR",
    "state": "APPROVED",
    "organization": "urn:li:organization:42",
}
ERROR = {"code": 100, "error_subcode": 33, "message": "No.", "error_data": {"details": "No."}}
GRAPH = {
    **LISTED,
    "post_id": "1042_1",
    "status_code": "FINISHED",
    "status": "Fine",
    "messages": [{"id": "wamid.A="}],
    "username": "news",
    "verified_name": "News",
    "paging": {"next": "https://x.example/", "cursors": {"after": "a"}},
}
LINKEDIN = {
    "value": {"image": "urn:li:image:1", "uploadUrl": "https://x.example/1"},
    "status": "AVAILABLE",
    "elements": [OWN],
    "commentary": "Hello",
    "localizedName": "News",
    "active": True,
    "scope": "a,b",
    "expires_at": 1795262400,
}
AWS = {"MessageId": "m-1", "SendingEnabled": True, "VerifiedForSendingStatus": True}
TOKEN = {"is_valid": True, "scopes": ["a"], "expires_at": 1795262400}
REPEATED = {"inputErrors": [{"code": "DUPLICATE_POST"}]}
ON_GRAPH = (
    {**GRAPH, "data": [LISTED]},
    {**GRAPH, "data": [TEMPLATE]},
    {**GRAPH, "data": TOKEN},
    {"error": ERROR},
)
CORPUS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "facebook": ON_GRAPH,
    "instagram": ON_GRAPH,
    "whatsapp": ON_GRAPH,
    "linkedin": (
        LINKEDIN,
        {"message": "Repeats urn:li:share:7", "code": "X", "errorDetails": REPEATED},
    ),
    "email": (AWS,),
    "sms": (AWS,),
}
"""Answers to any question, in every way of a platform at once."""
EMPTY: dict[str, str] = {}
PROVEN = {"x-restli-id": "urn:li:share:7"}
STATUSES = (200, 201, 302, 400, 401, 404, 422, 426, 429, 500)
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"x-restli-id": ""},
    {"x-restli-id": "x" * 3_000},
    {"retry-after": "-1"},
    {"retry-after": "nan"},
    {"retry-after": "1e400"},
    {"retry-after": "Sat, 21 Nov 2026 12:00:00 GMT", "date": "x"},
    {"x-business-use-case-usage": '{"1": [{"estimated_time_to_regain_access": -9}]}'},
    {"x-business-use-case-usage": '{"1": {"x": []}}'},
)
ERRORS = ("Throttling", "OptedOut", "NotFound", "X")
BEFORE = 3
"""How many good answers may come before a bad one."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path to each part of a body, itself included."""
    yield path
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for place, part in parts:
            yield from places(part, (*path, place))


def replaced(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """Return a copy with the part at a path replaced."""
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], junk)
    return copy


def answer(
    body: Any, status: int = 200, headers: Mapping[str, str] = EMPTY, error: str = ""
) -> Response:
    """Return an answer as any platform would give it."""
    data = body if isinstance(body, dict) and status < 300 else {}
    return Response(status, headers, json.dumps(body).encode(), data, error)


def sequences(channel: Channel) -> Iterator[tuple[Response, ...]]:
    """Yield what comes after one another: good answers, then one that is bad for ever.

    Bad is each body of the corpus with each of its parts replaced by each piece of junk, and each
    refusal in each odd way.
    """
    for whole in CORPUS[channel.name]:
        bad = [answer(replaced(whole, path, junk)) for path in places(whole) for junk in JUNK]
        bad += [
            answer(whole, status, headers, error if status >= 300 else "")
            for status, headers, error in product(STATUSES, HEADERS, ERRORS)
        ]
        for count, worst in product(range(BEFORE), bad):
            yield (*(answer(whole, headers=PROVEN),) * count, worst)


def whole_account(channel: Channel) -> Account:
    """Return an account with every field the channel can use."""
    known = account(channel)
    settings = dict.fromkeys(channel.optional_settings, "setting") | dict(known.settings)
    secrets = dict.fromkeys(channel.optional_secrets, "secret") | dict(known.secrets)
    return replace(known, settings=settings, secrets=secrets)


def outcome(conversation: Conversation, given: Sequence[Response]) -> tuple[Any, bool]:
    """Return what a conversation comes to, and whether something may have been published."""
    published, number = False, 0
    try:
        step = next(conversation)
        for _ in range(MOST_STEPS):
            if isinstance(step, Pause | Handle):
                step = conversation.send(Response(0))
                continue
            assert isinstance(step, HttpRequest | AwsCall)
            published = published or step.publishes
            step = conversation.send(given[min(number, len(given) - 1)])
            number += 1
    except StopIteration as end:
        return end.value, published
    except ChannelError as error:
        return error, published
    raise AssertionError("The conversation has no end.")


def can_be_kept(result: Receipt | AccountCheck | ChannelError | None) -> bool:
    """Return whether everything a result says to people can be stored and sent to them."""
    texts: list[str] = []
    if isinstance(result, ChannelError):
        texts = [result.detail, result.remedy]
    if isinstance(result, AccountCheck):
        texts = [result.identity, *result.scopes, *result.settings.values()]
        texts += [fault.detail for fault in result.faults]
    return not any("\ud800" <= letter <= "\udfff" for text in texts for letter in text)


@EACH
@pytest.mark.parametrize("handle", [None, "17900"])
def test_publishing_ends(channel: Channel, handle: str | None) -> None:
    composed = post(channel)
    again = composed.to(composed.recipient, token="TOKEN", handle=handle)
    for given in sequences(channel):
        result, published = outcome(channel.publish(again, whole_account(channel)), given)
        assert isinstance(result, Receipt | ChannelError) and can_be_kept(result)
        if isinstance(result, Receipt):
            assert published or handle
            assert re.fullmatch("[!-~]+", result.external_id)
            assert result.url is None or re.fullmatch("https://[!-~]+", result.url)


@EACH
@pytest.mark.parametrize("handle", [None, "17900"])
def test_looking_up_ends(channel: Channel, handle: str | None) -> None:
    composed = post(channel)
    again = composed.to(composed.recipient, token="TOKEN", handle=handle)
    since = NOW - timedelta(minutes=5)
    for given in sequences(channel):
        result, published = outcome(channel.find(again, whole_account(channel), since), given)
        assert result is None or isinstance(result, Receipt | ChannelError)
        assert can_be_kept(result)
        assert not published


@EACH
def test_checking_ends(channel: Channel) -> None:
    for given in sequences(channel):
        result, published = outcome(channel.check(whole_account(channel)), given)
        assert isinstance(result, AccountCheck | ChannelError) and can_be_kept(result)
        assert not published
