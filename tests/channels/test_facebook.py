"""What the Page is sent, and what its answers mean.

Requests: developers.facebook.com/docs/pages-api/posts and /docs/graph-api/reference/page/photos;
codes: /docs/graph-api/guides/error-handling; checked 2026-11-21.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.channels import (
    Account,
    ChannelName,
    Handle,
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
    PlatformUnavailable,
    RateLimited,
)
from tests.channels.conversing import ACCOUNTS, NOW, channel, refusal, reply, talk

ACCOUNT = ACCOUNTS["facebook"]
PAGE = channel("facebook")
ONE, TWO = Media("one.jpg", 1200, 630, "First"), Media("two.jpg", 1200, 630)
POST = Post("Hello", link="https://example.org/a")
AGAIN = replace(POST, handle="attempted")
PUBLISHED = reply(body={"id": "1042_7"})


def test_a_text_with_a_link_goes_to_the_feed() -> None:
    request = talk(PAGE.publish(POST, ACCOUNT), PUBLISHED).requests[0]
    assert (request.method, request.url) == ("POST", "https://graph.facebook.com/v26.0/1042/feed")
    assert request.json == {"message": "Hello", "link": "https://example.org/a"}
    assert request.publishes


def test_the_token_stands_in_a_header_and_nowhere_else() -> None:
    request = talk(PAGE.publish(POST, ACCOUNT), PUBLISHED).requests[0]
    assert request.headers["Authorization"] == "Bearer page-token"
    assert "page-token" not in f"{request.url}{request.params}{request.json}"


def test_a_photo_is_pulled_and_described() -> None:
    answer = reply(body={"id": "41", "post_id": "1042_8"})
    held = talk(PAGE.publish(Post("Hello", media=(ONE,)), ACCOUNT), answer)
    assert held.requests[0].url.endswith("/1042/photos")
    assert held.requests[0].json == {
        "message": "Hello",
        "url": MediaUrl("one.jpg"),
        "alt_text_custom": "First",
    }
    assert held.result.external_id == "1042_8"


def test_an_attempt_is_noted_before_anything_is_visible() -> None:
    held = talk(PAGE.publish(POST, ACCOUNT), PUBLISHED)
    assert [type(step) for step in held.steps] == [Handle, type(held.requests[0])]


def test_a_later_attempt_is_not_noted_again() -> None:
    held = talk(PAGE.publish(AGAIN, ACCOUNT), PUBLISHED)
    assert held.steps == held.requests


def test_the_receipt_is_the_posts_id_and_address() -> None:
    assert talk(PAGE.publish(POST, ACCOUNT), PUBLISHED).result == Receipt(
        "1042_7", "https://www.facebook.com/1042_7"
    )


def test_an_app_secret_proves_the_token() -> None:
    secrets = {"access_token": "page-token", "app_secret": "shh"}
    account = Account(ChannelName("facebook"), {"page_id": "1042"}, secrets, "v25.0")
    request = talk(PAGE.publish(POST, account), PUBLISHED).requests[0]
    proof = hmac.new(b"shh", b"page-token", hashlib.sha256).hexdigest()
    assert request.json["appsecret_proof"] == proof
    assert "/v25.0/" in request.url


@pytest.mark.parametrize(
    ("code", "subcode", "meaning"),
    [
        (190, 463, CredentialsRejected),
        (102, None, CredentialsRejected),
        (10, None, CredentialsRejected),
        (200, None, CredentialsRejected),
        (299, None, CredentialsRejected),
        (368, None, CredentialsRejected),
        (100, 1404078, CredentialsRejected),
        (4, None, RateLimited),
        (32, None, RateLimited),
        (613, None, RateLimited),
        (80001, None, RateLimited),
        (100, 1390008, RateLimited),
        (100, 1363047, PlatformUnavailable),
        (100, None, ContentRejected),
        (100, 1346003, ContentRejected),
        (1609005, None, ContentRejected),
        (1, None, Ambiguous),
        (2, None, Ambiguous),
    ],
)
@pytest.mark.parametrize("status", [400, 500])
def test_the_code_decides_and_not_the_status(
    code: int, subcode: int | None, meaning: type[ChannelError], status: int
) -> None:
    if meaning is ContentRejected:
        status = 400  # an unknown code has nothing but its status
    with pytest.raises(ChannelError) as caught:
        talk(PAGE.publish(POST, ACCOUNT), refusal(code, subcode, status))
    assert type(caught.value) is meaning


def test_please_retry_while_nothing_is_published_is_no_doubt() -> None:
    post = Post("Hello", media=(ONE, TWO))
    with pytest.raises(PlatformUnavailable):
        talk(PAGE.publish(post, ACCOUNT), refusal(2, status=500))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b'{"id": null}', b"[" * 99_999])
def test_a_success_that_can_not_be_read_is_doubt(body: bytes) -> None:
    with pytest.raises(Ambiguous):
        talk(PAGE.publish(POST, ACCOUNT), reply(200, body))


@pytest.mark.parametrize(
    ("status", "meaning"),
    [(502, Ambiguous), (302, Ambiguous), (408, Ambiguous), (401, CredentialsRejected)],
)
def test_an_answer_of_somebody_else_is_judged_by_its_status(
    status: int, meaning: type[ChannelError]
) -> None:
    with pytest.raises(meaning):
        talk(PAGE.publish(POST, ACCOUNT), reply(status, b"<html>A proxy</html>"))


def test_the_wait_is_the_longest_of_the_usage_headers_entries_in_minutes() -> None:
    usage: dict[str, Any] = {
        "7": [{"type": "pages", "estimated_time_to_regain_access": 3}],
        "8": [{"type": "pages", "estimated_time_to_regain_access": 11}, {"type": "x"}],
    }
    header = {"x-business-use-case-usage": json.dumps(usage)}
    answer = replace(refusal(32), headers=header)
    with pytest.raises(RateLimited) as caught:
        talk(PAGE.publish(POST, ACCOUNT), answer)
    assert caught.value.retry_after == timedelta(minutes=11)


@pytest.mark.parametrize("usage", ["", "{}", "[]", "nonsense", '{"7": [{}]}', '{"7": 3}'])
def test_a_usage_header_without_a_wait_leaves_it_to_us(usage: str) -> None:
    answer = replace(refusal(32), headers={"x-business-use-case-usage": usage})
    with pytest.raises(RateLimited) as caught:
        talk(PAGE.publish(POST, ACCOUNT), answer)
    assert caught.value.retry_after is None


def test_what_the_platform_says_is_told_without_private_parts() -> None:
    said = "Bad: ada@example.org, +44 7700 900321, EAAB0123456789abcdefghijkl"
    error = {"code": 100, "message": said}
    with pytest.raises(ContentRejected) as caught:
        talk(PAGE.publish(POST, ACCOUNT), reply(400, {"error": error}))
    assert caught.value.detail == "Bad: …, …, … (code 100)"


def test_a_first_attempt_refused_as_a_repetition_is_not_ours() -> None:
    with pytest.raises(ContentRejected):
        talk(PAGE.publish(POST, ACCOUNT), refusal(506))


def test_a_later_attempt_refused_as_a_repetition_is_the_post_that_is_there() -> None:
    feed = reply(body={"data": [{"id": "1042_9", "message": "Hello "}, {"id": "1042_1"}]})
    assert talk(PAGE.publish(AGAIN, ACCOUNT), refusal(506), feed).result.external_id == "1042_9"


def test_a_repetition_that_is_not_in_the_feed_is_refused() -> None:
    with pytest.raises(ContentRejected):
        talk(PAGE.publish(AGAIN, ACCOUNT), refusal(506), reply(body={"data": []}))


def story(
    number: int, message: str = "Hello", at: str = "2026-11-21T12:00:30+0000"
) -> dict[str, str]:
    """Return a post as the feed lists it."""
    return {"id": f"1042_{number}", "message": message, "created_time": at}


def test_a_look_up_without_a_noted_attempt_asks_nobody() -> None:
    held = talk(PAGE.find(POST, ACCOUNT, NOW))
    assert (held.requests, held.result) == ([], None)


def test_a_look_up_reads_the_feed_from_the_attempt_on() -> None:
    held = talk(PAGE.find(AGAIN, ACCOUNT, NOW), reply(body={"data": [story(7)]}))
    assert held.requests[0].params == {
        "fields": "id,message,created_time,permalink_url",
        "limit": "100",
        "since": str(int(NOW.timestamp())),
    }
    assert held.result.external_id == "1042_7"


def test_spaces_and_normal_forms_make_no_difference_to_a_look_up() -> None:
    feed = reply(body={"data": [story(7, "Cafe\u0301  today\n")]})
    assert (
        talk(PAGE.find(Post("Café today", handle="attempted"), ACCOUNT, NOW), feed).result
        is not None
    )


def test_a_similar_post_is_not_ours() -> None:
    feed = reply(body={"data": [story(7, "Hello, world"), story(8, at="2026-11-21T11:59:00+0000")]})
    assert talk(PAGE.find(AGAIN, ACCOUNT, NOW), feed).result is None


@pytest.mark.parametrize("at", [None, "yesterday", "2026-11-21", 7])
def test_a_post_without_a_readable_instant_counts(at: Any) -> None:
    feed = reply(body={"data": [{**story(7), "created_time": at}]})
    assert talk(PAGE.find(AGAIN, ACCOUNT, NOW), feed).result is not None


def test_two_matches_are_doubt() -> None:
    with pytest.raises(Ambiguous):
        talk(PAGE.find(AGAIN, ACCOUNT, NOW), reply(body={"data": [story(7), story(8)]}))


def paged(*stories: dict[str, str]) -> Any:
    """Return a page of the feed after which there are more."""
    paging = {"cursors": {"after": "c"}, "next": "https://graph.facebook.com/next"}
    return reply(body={"data": list(stories), "paging": paging})


def test_a_look_up_reads_on_by_cursor() -> None:
    held = talk(
        PAGE.find(AGAIN, ACCOUNT, NOW), paged(story(9, "Other")), reply(body={"data": [story(7)]})
    )
    assert held.requests[1].params["after"] == "c"
    assert held.result.external_id == "1042_7"


def test_a_feed_without_end_is_doubt() -> None:
    pages = [paged(story(number, "Other")) for number in range(5)]
    with pytest.raises(Ambiguous):
        talk(PAGE.find(AGAIN, ACCOUNT, NOW), *pages)


def test_a_look_up_ends_where_older_posts_begin() -> None:
    page = paged(story(9, "Other", "2026-11-21T11:00:00+0000"))
    assert talk(PAGE.find(AGAIN, ACCOUNT, NOW), page).result is None


def test_a_lone_link_gets_its_preview() -> None:
    post, faults = PAGE.compose(Wording("See https://example.org/a."), (), ACCOUNT)
    assert (post.link, faults) == ("https://example.org/a", [])


@pytest.mark.parametrize("text", ["None", "https://a.example https://b.example"])
def test_no_link_or_several_get_no_preview(text: str) -> None:
    assert PAGE.compose(Wording(text), (), ACCOUNT)[0].link is None


def test_a_picture_takes_the_place_of_a_preview() -> None:
    post, _ = PAGE.compose(Wording("See https://example.org/a"), (ONE,), ACCOUNT)
    assert (post.link, post.media) == (None, (ONE,))


def test_the_token_is_looked_into_without_standing_in_an_address() -> None:
    told = {"is_valid": True, "scopes": ["pages_manage_posts"], "expires_at": 1_800_000_000}
    held = talk(
        PAGE.check(ACCOUNT), reply(body={"id": "1042", "name": "Us"}), reply(body={"data": told})
    )
    assert "page-token" not in f"{held.requests[1].url}{held.requests[1].params}"
    assert held.result.identity == "Us"
    assert held.result.missing_scopes == ("pages_read_engagement",)
    assert held.result.expires_at.year == 2027


def test_an_account_is_known_even_if_its_token_can_not_be_looked_into() -> None:
    held = talk(PAGE.check(ACCOUNT), reply(body={"id": "1042", "name": "Us"}), refusal(100))
    assert (held.result.identity, held.result.scopes, held.result.missing_scopes) == ("Us", (), ())


def test_an_odd_answer_about_a_token_says_nothing() -> None:
    answers = (reply(body={"id": "1042", "name": ""}), reply(body={"data": []}))
    held = talk(PAGE.check(ACCOUNT), *answers)
    assert (held.result.identity, held.result.scopes) == ("1042", ())


def test_a_token_that_is_not_valid_any_more_is_refused() -> None:
    told = reply(body={"data": {"is_valid": False}})
    with pytest.raises(CredentialsRejected):
        talk(PAGE.check(ACCOUNT), reply(body={"id": "1042", "name": "Us"}), told)


@pytest.mark.parametrize("answer", [refusal(100, 33), reply(body={"id": "999", "name": "Them"})])
def test_another_accounts_id_is_a_fault(answer: Response) -> None:
    (fault,) = talk(PAGE.check(ACCOUNT), answer).result.faults
    assert (fault.pointer, fault.code) == ("/page_id", "unknown_account")


def test_an_account_whose_id_is_not_told_is_asked_for_again() -> None:
    with pytest.raises(PlatformUnavailable):
        talk(PAGE.check(ACCOUNT), reply(body={"name": "Us"}))


@pytest.mark.parametrize("missing", ["page_id", "access_token"])
def test_an_account_without_its_fields_blocks(missing: str) -> None:
    fields = {"page_id": "1042", "access_token": "t"}
    del fields[missing]
    with pytest.raises(CredentialsRejected, match=missing):
        talk(PAGE.publish(POST, Account(ChannelName("facebook"), fields, fields)))
