r"""What LinkedIn is sent, and what its answers mean.

Requests: learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api and
/images-api; escaping: .../little-text-format; checked 2026-11-21.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.channels import _little_text as little
from chalicelib.domain.channels import (
    Account,
    ChannelName,
    Handle,
    Media,
    MediaBytes,
    Pause,
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
from sandbox.platforms.dialects.little_text import reader_text
from tests.channels.conversing import ACCOUNTS, NOW, channel, reply, talk

ACCOUNT = ACCOUNTS["linkedin"]
PAGE = channel("linkedin")
URN = "urn:li:share:7400000000000000007"
POST = Post("Hello (all) #AWSCertified")
PUBLISHED = reply(201, b"", x_restli_id=URN)
ONE, TWO = Media("one.jpg", 1200, 630, "First"), Media("two.jpg", 1200, 630)
CREATED = int(NOW.timestamp() * 1000) + 30_000


def test_a_text_is_posted_with_its_markup_escaped() -> None:
    request = talk(PAGE.publish(POST, ACCOUNT), PUBLISHED).requests[0]
    assert (request.method, request.url) == ("POST", "https://api.linkedin.com/rest/posts")
    assert request.json == {
        "author": "urn:li:organization:42",
        "commentary": r"Hello \(all\) {hashtag|\#|AWSCertified}",
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    assert request.publishes


def test_each_call_names_version_protocol_and_token() -> None:
    request = talk(PAGE.publish(POST, ACCOUNT), PUBLISHED).requests[0]
    assert request.headers == {
        "Authorization": "Bearer li-token",
        "LinkedIn-Version": "202607",
        "X-Restli-Protocol-Version": "2.0.0",
    }


def test_an_account_may_name_another_version() -> None:
    account = replace(ACCOUNT, api_version="202611")
    request = talk(PAGE.publish(POST, account), PUBLISHED).requests[0]
    assert request.headers["LinkedIn-Version"] == "202611"


def test_the_id_stands_in_a_header() -> None:
    assert talk(PAGE.publish(POST, ACCOUNT), PUBLISHED).result == Receipt(
        URN, f"https://www.linkedin.com/feed/update/{URN}/"
    )


def test_a_success_without_an_id_is_doubt() -> None:
    with pytest.raises(Ambiguous):
        talk(PAGE.publish(POST, ACCOUNT), reply(201, b""))


def upload(number: int = 1, *states: str) -> list[Response]:
    """Return the answers to the upload of one picture."""
    value = {
        "uploadUrl": f"https://www.linkedin.com/up/{number}",
        "image": f"urn:li:image:{number}",
    }
    begun = reply(body={"value": value})
    return [begun, reply(201, b""), *(reply(body={"status": s}) for s in states or ("AVAILABLE",))]


def test_a_picture_is_uploaded_awaited_and_named_by_the_post() -> None:
    post = Post("Hello", media=(ONE,))
    held = talk(PAGE.publish(post, ACCOUNT), *upload(1, "PROCESSING", "AVAILABLE"), PUBLISHED)
    begun, sent, asked, _, posted = held.requests
    assert begun.params == {"action": "initializeUpload"}
    assert begun.json == {"initializeUploadRequest": {"owner": "urn:li:organization:42"}}
    assert (sent.method, sent.url, sent.body) == (
        "PUT",
        "https://www.linkedin.com/up/1",
        MediaBytes("one.jpg"),
    )
    assert asked.url == "https://api.linkedin.com/rest/images/urn%3Ali%3Aimage%3A1"
    assert posted.json["content"] == {"media": {"id": "urn:li:image:1", "altText": "First"}}
    assert [request.publishes for request in held.requests] == [False] * 4 + [True]


def test_processing_is_waited_for_between_questions_only() -> None:
    post = Post("Hello", media=(ONE,))
    held = talk(PAGE.publish(post, ACCOUNT), *upload(1, "PROCESSING", "AVAILABLE"), PUBLISHED)
    assert [step for step in held.steps if isinstance(step, Pause)] == [Pause(0.5)]


def test_a_picture_that_can_not_be_processed_is_refused() -> None:
    with pytest.raises(ContentRejected):
        post = Post("Hello", media=(ONE,))
        talk(PAGE.publish(post, ACCOUNT), *upload(1, "PROCESSING_FAILED"))


def test_a_picture_that_takes_too_long_is_tried_again_later() -> None:
    with pytest.raises(PlatformUnavailable):
        post = Post("Hello", media=(ONE,))
        talk(PAGE.publish(post, ACCOUNT), *upload(1, *["PROCESSING"] * 8))


@pytest.mark.parametrize("body", [{}, {"value": []}, {"value": {"image": "urn:li:image:1"}}])
def test_an_upload_without_an_address_is_tried_again_later(body: dict[str, Any]) -> None:
    with pytest.raises(PlatformUnavailable):
        talk(PAGE.publish(Post("Hello", media=(ONE,)), ACCOUNT), reply(body=body))


def test_a_failed_upload_is_no_doubt() -> None:
    with pytest.raises(PlatformUnavailable):
        talk(PAGE.publish(Post("Hello", media=(ONE,)), ACCOUNT), upload()[0], reply(503, b""))


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (400, "ILLEGAL_ARGUMENT", ContentRejected),
        (400, "MEDIA_ASSET_WAITING_UPLOAD", PlatformUnavailable),
        (400, "MEDIA_ASSET_PROCESSING_FAILED", ContentRejected),
        (401, "EXPIRED_ACCESS_TOKEN", CredentialsRejected),
        (403, "ACCESS_DENIED", CredentialsRejected),
        (422, "INVALID_CONTENT", ContentRejected),
        (426, "NONEXISTENT_VERSION", CredentialsRejected),
        (429, "TOO_MANY_REQUESTS", RateLimited),
        (500, "INTERNAL_SERVER_ERROR", Ambiguous),
        (503, "SERVICE_UNAVAILABLE", Ambiguous),
    ],
)
def test_a_refusal_means(status: int, code: str, meaning: type[ChannelError]) -> None:
    with pytest.raises(ChannelError) as caught:
        talk(PAGE.publish(POST, ACCOUNT), reply(status, {"code": code, "message": "No."}))
    assert type(caught.value) is meaning


def test_an_old_version_says_what_to_set() -> None:
    with pytest.raises(CredentialsRejected) as caught:
        talk(PAGE.publish(POST, ACCOUNT), reply(426, {"message": "No."}))
    assert "YYYYMM" in caught.value.remedy


def test_a_limit_passes_on_the_wait_where_there_is_one() -> None:
    with pytest.raises(RateLimited) as caught:
        talk(PAGE.publish(POST, ACCOUNT), reply(429, {}, retry_after="120"))
    assert caught.value.retry_after == timedelta(seconds=120)


REPEATED = reply(
    422,
    {
        "message": f"com.linkedin.Exception: Content is a duplicate of {URN}",
        "errorDetails": {"inputErrors": [{"code": "DUPLICATE_POST"}]},
        "status": 422,
    },
)
THERE = reply(body={"id": URN, "commentary": r"Hello \(all\) {hashtag|\#|AWSCertified}"})
AGAIN = replace(POST, handle="attempted")


def test_an_attempt_is_noted_before_anything_is_visible() -> None:
    held = talk(PAGE.publish(POST, ACCOUNT), PUBLISHED)
    assert held.steps == [Handle("attempted"), held.requests[0]]


def test_a_repetition_of_our_own_unanswered_attempt_is_its_success() -> None:
    held = talk(PAGE.publish(AGAIN, ACCOUNT), REPEATED, THERE)
    assert held.requests[1].url.endswith("/rest/posts/urn%3Ali%3Ashare%3A7400000000000000007")
    assert held.result.external_id == URN


def test_a_first_attempt_refused_as_a_repetition_names_the_other_post() -> None:
    with pytest.raises(ContentRejected, match=URN):
        talk(PAGE.publish(POST, ACCOUNT), REPEATED, THERE)


def test_a_repetition_of_another_text_is_not_ours() -> None:
    with pytest.raises(ContentRejected):
        talk(PAGE.publish(AGAIN, ACCOUNT), REPEATED, reply(body={"commentary": "Else"}))


def test_a_repetition_of_a_deleted_post_is_not_tried_again() -> None:
    with pytest.raises(ContentRejected, match="deleted"):
        talk(PAGE.publish(AGAIN, ACCOUNT), REPEATED, reply(404, {}))


def test_a_repetition_that_can_not_be_read_is_doubt() -> None:
    with pytest.raises(Ambiguous):
        talk(PAGE.publish(AGAIN, ACCOUNT), REPEATED, reply(500, {}))


def item(commentary: str, created: int = CREATED, modified: int = CREATED, urn: str = URN) -> Any:
    """Return a post as the finder lists it."""
    return {"id": urn, "commentary": commentary, "createdAt": created, "lastModifiedAt": modified}


def page(*items: Any) -> Response:
    """Return a page of the finder."""
    return reply(body={"elements": list(items)})


def test_a_look_up_without_a_noted_attempt_asks_nobody() -> None:
    held = talk(PAGE.find(POST, ACCOUNT, NOW))
    assert (held.requests, held.result) == ([], None)


def test_a_look_up_asks_for_our_latest_posts() -> None:
    held = talk(PAGE.find(AGAIN, ACCOUNT, NOW), page(item("Hello (all) #AWSCertified")))
    assert held.requests[0].headers["X-RestLi-Method"] == "FINDER"
    assert held.requests[0].params == {
        "author": "urn:li:organization:42",
        "q": "author",
        "count": "50",
        "start": "0",
        "sortBy": "LAST_MODIFIED",
    }
    assert held.result.external_id == URN


@pytest.mark.parametrize(
    "commentary", ["Hello (all) #AWSCertified", r"Hello \(all\) {hashtag|\#|AWSCertified}"]
)
def test_a_look_up_reads_text_escaped_or_not(commentary: str) -> None:
    assert talk(PAGE.find(AGAIN, ACCOUNT, NOW), page(item(commentary))).result is not None


def test_older_and_other_posts_are_not_ours() -> None:
    older = item("Hello (all) #AWSCertified", CREATED - 60_000)
    assert talk(PAGE.find(AGAIN, ACCOUNT, NOW), page(older, item("Else"))).result is None


def test_a_post_without_a_readable_instant_counts() -> None:
    odd = {**item("Hello (all) #AWSCertified"), "createdAt": None}
    assert talk(PAGE.find(AGAIN, ACCOUNT, NOW), page(odd)).result is not None


def test_two_matches_are_doubt() -> None:
    two = [item("Hello (all) #AWSCertified", urn=f"{URN}{n}") for n in range(2)]
    with pytest.raises(Ambiguous):
        talk(PAGE.find(AGAIN, ACCOUNT, NOW), page(*two))


def test_a_look_up_reads_on_until_posts_get_too_old() -> None:
    full = page(*[item("Else")] * 50)
    old = page(*[item("Else", modified=CREATED - 90_000)] * 50)
    held = talk(PAGE.find(AGAIN, ACCOUNT, NOW), full, old)
    assert [request.params["start"] for request in held.requests] == ["0", "50"]
    assert held.result is None


def test_a_list_without_end_is_doubt() -> None:
    with pytest.raises(Ambiguous):
        talk(PAGE.find(AGAIN, ACCOUNT, NOW), *[page(*[item("Else")] * 50)] * 4)


def test_a_look_up_that_is_not_permitted_leaves_the_doubt() -> None:
    with pytest.raises(Ambiguous):
        talk(PAGE.find(AGAIN, ACCOUNT, NOW), reply(403, {"message": "No."}))


def test_a_look_up_that_fails_is_tried_again() -> None:
    with pytest.raises(PlatformUnavailable):
        talk(PAGE.find(AGAIN, ACCOUNT, NOW), reply(500, b""))


ORGANISATION = reply(body={"localizedName": "Us"})


def roles(**more: str) -> Response:
    """Return the roles of the token's owner."""
    role = {"role": "ADMINISTRATOR", "state": "APPROVED", "organization": "urn:li:organization:42"}
    return reply(body={"elements": [{**role, **more}]})


def test_an_administrator_may_connect() -> None:
    assert talk(PAGE.check(ACCOUNT), ORGANISATION, roles()).result.identity == "Us"


@pytest.mark.parametrize("answer", [reply(404, {}), reply(body={"id": 7, "localizedName": "Them"})])
def test_another_organisation_is_a_fault(answer: Response) -> None:
    (fault,) = talk(PAGE.check(ACCOUNT), answer).result.faults
    assert (fault.pointer, fault.code) == ("/organization_urn", "unknown_account")


@pytest.mark.parametrize(
    "more",
    [{"role": "ANALYST"}, {"state": "REQUESTED"}, {"organization": "urn:li:organization:7"}],
)
def test_somebody_without_a_posting_role_may_not(more: dict[str, str]) -> None:
    with pytest.raises(CredentialsRejected):
        talk(PAGE.check(ACCOUNT), ORGANISATION, roles(**more))


APP = Account(
    ChannelName("linkedin"),
    {"organization_urn": "urn:li:organization:42", "client_id": "app"},
    {"access_token": "li-token", "client_secret": "shh"},
)


def test_as_the_app_we_learn_the_tokens_scopes_and_end() -> None:
    told = {"active": True, "scope": "w_organization_social,openid", "expires_at": 1_800_000_000}
    held = talk(PAGE.check(APP), ORGANISATION, roles(), reply(body=told))
    assert held.requests[2].form == {
        "client_id": "app",
        "client_secret": "shh",
        "token": "li-token",
    }
    assert held.result.scopes == ("openid", "w_organization_social")
    assert held.result.missing_scopes == ("r_organization_social",)
    assert held.result.expires_at.year == 2027


def test_as_the_app_we_learn_that_a_token_has_ended() -> None:
    with pytest.raises(CredentialsRejected):
        talk(PAGE.check(APP), ORGANISATION, roles(), reply(body={"active": False}))


def test_escapes_count_towards_the_limit() -> None:
    post, faults = PAGE.compose(Wording("(" * 1501), (), ACCOUNT)
    assert (PAGE.measure(post).used, faults[0].code) == (3002, "too_long")


def test_generated_text_is_fitted_with_its_escapes() -> None:
    text = "Ada (hello) " * 400
    post, faults = PAGE.compose(Wording(text, generated=True, keep=("Ada",)), (), ACCOUNT)
    assert faults == []
    assert 2_950 < PAGE.measure(post).used <= 3_000


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        (r"a\b", r"a\\b"),
        ("a|b{c}d@e[f]g(h)i<j>k*l_m~n", r"a\|b\{c\}d\@e\[f\]g\(h\)i\<j\>k\*l\_m\~n"),
        ("#Tag_one rest", r"{hashtag|\#|Tag\_one} rest"),
        ("C# and #1 and a#b", r"C\# and \#1 and a\#b"),
        ("See https://x.io/a_b#c then #c", r"See https://x.io/a\_b\#c then {hashtag|\#|c}"),
        ("@[Us](urn:li:organization:1)", r"\@\[Us\]\(urn:li:organization:1\)"),
        ("＃Tag", "＃Tag"),
    ],
)
def test_markup_is_escaped_and_hashtags_stay(text: str, sent: str) -> None:
    assert little.escape(text) == sent


PARTS = [*r"ab1 #@\|{}[]()<>*_~/:.,é🎉＃", "\n", "https://x.io/", "www.", "hashtag|", "#b", "@a"]
SIGNS = st.lists(st.sampled_from(PARTS)).map("".join)


@given(SIGNS)
def test_readers_see_the_text_whatever_it_holds(text: str) -> None:
    assert little.unescape(little.escape(text)) == text


@given(SIGNS)
def test_an_independent_reader_sees_the_same(text: str) -> None:
    assert reader_text(little.escape(text)) == text


def test_a_mention_that_linkedin_returns_reads_as_its_name() -> None:
    assert little.unescape(r"With @[Us \(all\)](urn:li:organization:1)!") == "With Us (all)!"
