"""The LinkedIn stand-in: protocol headers, little text, duplicates, images and reading back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import pytest

from sandbox.platforms.dialects.little_text import RESERVED, reader_text
from sandbox.platforms.dialects.restli import is_active
from tests.sandbox.platform_kit import Visitor, form, image, send, visit

TODAY = datetime(2026, 11, 21, tzinfo=UTC)


def encoded(urn: str) -> str:
    return quote(urn, safe="")


@pytest.mark.parametrize(
    ("version", "active"),
    [("202611", True), ("202512", True), ("202511", False), ("202510", False), ("202612", False),
     ("2026", False), ("202613", False), ("", False)],
)  # fmt: skip
def test_a_version_lives_a_year(version: str, active: bool) -> None:
    assert is_active(version, TODAY) is active


def test_the_version_of_a_year_ago_lives_until_the_middle_of_the_month() -> None:
    assert is_active("202511", TODAY.replace(day=15))


def test_headers_are_required(tmp_path: Path) -> None:
    with visit(tmp_path, now=lambda: TODAY) as visitor:
        answers = [
            visitor.linkedin("GET", "/rest/me", LinkedIn_Version=version)
            for version in ("", "202510", "202607")
        ]
        assert [seen.status for seen in answers] == [400, 426, 200]
        assert answers[1].json["code"] == "NONEXISTENT_VERSION"
        old = visitor.linkedin("GET", "/rest/me", X_Restli_Protocol_Version="1.0.0")
        assert old.status == 400


@pytest.mark.parametrize(
    ("wire", "seen"),
    [
        ("plain", "plain"),
        (r"Ada \(SAP\-C02\)", "Ada (SAP-C02)"),
        ("Ada (SAP)", "Ada "),
        ("a_b", "a"),
        (r"a\_b \\ \{\}", r"a_b \ {}"),
        (r"{hashtag|\#|AWSCertified} yes", "#AWSCertified yes"),
        ("#AWSCertified yes", "#AWSCertified yes"),
        ("C# is", "C"),
        ("thanks @[Ada L](urn:li:person:1)!", "thanks Ada L!"),
        ("thanks @Ada", "thanks "),
        ("漢字 عربى ✨", "漢字 عربى ✨"),
        ("".join(f"\\{c}" for c in RESERVED), RESERVED),
    ],
)
def test_little_text_is_read_up_to_the_first_bare_reserved_character(wire: str, seen: str) -> None:
    assert reader_text(wire) == seen


def test_a_post_answers_its_urn_in_a_header_and_an_empty_body(visitor: Visitor) -> None:
    body = visitor.share(r"Ada \(SAP\-C02\) passed")
    seen = visitor.linkedin("POST", "/rest/posts", body)
    assert (seen.status, seen.body) == (201, b"")
    (post,) = visitor.posts()
    assert post["external_id"] == seen.headers["x-restli-id"]
    assert post["url"] == f"https://www.linkedin.com/feed/update/{post['external_id']}"
    assert post["text"] == "Ada (SAP-C02) passed"


def test_a_duplicate_names_the_post_already_there(visitor: Visitor) -> None:
    body = visitor.share("Ada")
    urn = visitor.linkedin("POST", "/rest/posts", body).headers["x-restli-id"]
    seen = visitor.linkedin("POST", "/rest/posts", body)
    assert seen.status == seen.json["status"] == 422
    assert seen.json["errorDetails"]["inputErrors"][0]["code"] == "DUPLICATE_POST"
    assert seen.json["message"].endswith(f"Content is a duplicate of {urn}")
    assert len(visitor.posts()) == 1


def test_a_deleted_post_still_counts_as_a_duplicate_for_a_day(tmp_path: Path) -> None:
    clock = [TODAY]
    with visit(tmp_path, now=lambda: clock[0]) as visitor:
        body = visitor.share("Ada")
        urn = visitor.linkedin("POST", "/rest/posts", body).headers["x-restli-id"]
        assert visitor.linkedin("DELETE", f"/rest/posts/{encoded(urn)}").status == 204
        assert visitor.linkedin("POST", "/rest/posts", body).status == 422
        assert visitor.linkedin("GET", f"/rest/posts/{encoded(urn)}").status == 404
        clock[0] += timedelta(hours=25)
        assert visitor.linkedin("POST", "/rest/posts", body).status == 201


def test_the_same_text_with_a_picture_is_another_post(visitor: Visitor) -> None:
    visitor.linkedin("POST", "/rest/posts", visitor.share("Ada"))
    content = {"media": {"id": visitor.upload(), "altText": "A badge"}}
    body = visitor.share("Ada", content=content)
    assert visitor.linkedin("POST", "/rest/posts", body).status == 201
    assert visitor.posts()[1]["media"][0]["alt_text"] == "A badge"


def test_an_image_is_waited_for(visitor: Visitor) -> None:
    owner = {"owner": visitor.accounts["linkedin"]["organization_urn"]}
    path = "/rest/images?action=initializeUpload"
    value = visitor.linkedin("POST", path, {"initializeUploadRequest": owner}).json["value"]
    urn = value["image"]
    body = visitor.share("Ada", content={"media": {"id": urn}})

    def status() -> str:
        return str(visitor.linkedin("GET", f"/rest/images/{encoded(urn)}").json["status"])

    assert status() == "WAITING_UPLOAD"
    early = visitor.linkedin("POST", "/rest/posts", body)
    assert (early.status, early.json["code"]) == (400, "MEDIA_ASSET_WAITING_UPLOAD")
    assert send("PUT", value["uploadUrl"], image()).status == 201
    assert [status(), status()] == ["PROCESSING", "AVAILABLE"]
    assert visitor.linkedin("POST", "/rest/posts", body).status == 201


def test_below_the_real_host_the_upload_goes_to_the_other_real_host(visitor: Visitor) -> None:
    owner = {"owner": visitor.accounts["linkedin"]["organization_urn"]}
    headers = {"LinkedIn-Version": "202607", "X-Restli-Protocol-Version": "2.0.0"}
    path = "/api.linkedin.com/rest/images?action=initializeUpload"
    authorised = visitor.bearer("linkedin", **headers)
    url = visitor.outside.url + path
    value = send("POST", url, {"initializeUploadRequest": owner}, authorised).json["value"]
    assert value["uploadUrl"].startswith(f"{visitor.outside.url}/www.linkedin.com/dms-uploads/")
    assert send("PUT", value["uploadUrl"], image()).status == 201


def test_bytes_that_are_no_image_fail_to_process(visitor: Visitor) -> None:
    urn = visitor.upload(b"no image")
    body = visitor.share("Ada", content={"media": {"id": urn}})
    seen = visitor.linkedin("POST", "/rest/posts", body)
    assert seen.json["code"] == "MEDIA_ASSET_PROCESSING_FAILED"


def test_own_posts_are_found_by_author_newest_first(visitor: Visitor) -> None:
    for commentary in ("one", r"two \(2\)"):
        visitor.linkedin("POST", "/rest/posts", visitor.share(commentary))
    author = encoded(visitor.accounts["linkedin"]["organization_urn"])
    path = f"/rest/posts?author={author}&q=author&count=10&sortBy=LAST_MODIFIED"
    answer = visitor.linkedin("GET", path, X_RestLi_Method="FINDER").json
    assert [post["commentary"] for post in answer["elements"]] == [r"two \(2\)", "one"]
    first = answer["elements"][0]
    one = visitor.linkedin("GET", f"/rest/posts/{encoded(first['id'])}").json
    assert one == first
    assert abs(first["publishedAt"] / 1000 - datetime.now(UTC).timestamp()) < 60


def test_a_urn_in_a_path_must_be_encoded(visitor: Visitor) -> None:
    urn = visitor.linkedin("POST", "/rest/posts", visitor.share("Ada")).headers["x-restli-id"]
    assert visitor.linkedin("GET", f"/rest/posts/{urn}").status == 400


def test_an_edit_is_a_partial_update(visitor: Visitor) -> None:
    urn = visitor.linkedin("POST", "/rest/posts", visitor.share("Ada")).headers["x-restli-id"]
    path, patch = f"/rest/posts/{encoded(urn)}", {"patch": {"$set": {"commentary": r"Ada \(L\)"}}}
    assert visitor.linkedin("POST", path, patch).status == 400
    assert visitor.linkedin("POST", path, patch, X_RestLi_Method="PARTIAL_UPDATE").status == 204
    assert visitor.posts()[0]["text"] == "Ada (L)"


@pytest.mark.parametrize(
    ("token", "status", "code"), [(None, 401, 65604), ("wrong", 401, 65600), ("facebook", 403, 100)]
)
def test_a_wrong_token_is_refused(
    visitor: Visitor, token: str | None, status: int, code: int
) -> None:
    if token == "facebook":
        token = visitor.accounts["facebook"]["access_token"]
    authorisation = f"Bearer {token}" if token else ""
    seen = visitor.linkedin("POST", "/rest/posts", visitor.share("x"), Authorization=authorisation)
    assert (seen.status, seen.json["serviceErrorCode"]) == (status, code)
    assert visitor.posts() == []


def test_a_post_that_breaks_a_rule_is_refused(visitor: Visitor) -> None:
    bodies = [
        (422, visitor.share("x" * 3001)),
        (422, visitor.share("")),
        (422, {"commentary": "x"}),
        (403, {**visitor.share("x"), "author": "urn:li:organization:1"}),
        (400, visitor.share("x", content={"media": {"id": "urn:li:image:none"}})),
        (422, visitor.share("x", content={"multiImage": {"images": []}})),
        (422, visitor.share("x", content={"article": {"source": "https://example.org"}})),
    ]
    for status, body in bodies:
        assert visitor.linkedin("POST", "/rest/posts", body).status == status
    assert visitor.posts() == []


def test_the_page_and_the_role_on_it_can_be_read(visitor: Visitor) -> None:
    organization = visitor.accounts["linkedin"]["organization_urn"]
    path = f"/rest/organizations/{organization.rpartition(':')[2]}"
    assert visitor.linkedin("GET", path).json["localizedName"]
    roles = visitor.linkedin("GET", "/rest/organizationAcls?q=roleAssignee").json["elements"]
    assert (roles[0]["role"], roles[0]["organization"]) == ("ADMINISTRATOR", organization)


def test_a_token_is_introspected_with_the_app_s_own_secret(visitor: Visitor) -> None:
    account = visitor.accounts["linkedin"]
    url = f"{visitor.platforms['linkedin']}/oauth/v2/introspectToken"
    keys = {"client_id": account["client_id"], "client_secret": account["client_secret"]}
    good = send("POST", url, *form(**keys, token=account["access_token"])).json
    assert good["active"]
    assert "w_organization_social" in good["scope"]
    assert send("POST", url, *form(**keys, token="x")).json == {"active": False}
    assert send("POST", url, *form(token="x")).status == 401
