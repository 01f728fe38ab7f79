"""What isn't ours isn't there: on a platform's own listener as below its real host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.sandbox.platform_kit import LINKEDIN_HEADERS, Seen, Visitor, send

GRAPH = ("facebook", "instagram", "whatsapp")
FOREIGN_IDS = (
    *("999", "0", "me2", "104200000000002", "17841400000000099", "106540000000099"),
    *("102290000000099", "104200000000001_1", "999_1", "4112345", "17812345", "18012345", ""),
    "wamid.HBgMMTU1",
)
EDGES = ("", "/feed", "/photos", "/media", "/media_publish", "/messages", "/message_templates")
FOREIGN_URN = "urn:li:organization:999"


def graph_bases(visitor: Visitor, channel: str) -> list[str]:
    """Return every address at which a Graph API platform is reached."""
    own = [visitor.platforms[name] for name in GRAPH]
    hosts = ["graph.facebook.com", *(["graph.instagram.com"] if channel == "instagram" else [])]
    return [*own, *(f"{visitor.outside.url}/{host}" for host in hosts)]


def everywhere(visitor: Visitor, channel: str, method: str, path: str, body: Any) -> Iterator[Seen]:
    for base in graph_bases(visitor, channel):
        yield send(method, f"{base}/v25.0/{path}", body, visitor.bearer(channel))


def is_unknown_object(seen: Seen) -> bool:
    error = seen.error
    told = (seen.status, error["code"], error["error_subcode"], error["type"])
    return told == (400, 100, 33, "GraphMethodException") and bool(error["fbtrace_id"])


@pytest.mark.parametrize("channel", GRAPH)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_id_that_is_not_ours_does_not_exist(visitor: Visitor, channel: str, method: str) -> None:
    read = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x"}
    body = read if method == "POST" else None
    for node in FOREIGN_IDS:
        for edge in EDGES:
            for seen in everywhere(visitor, channel, method, node + edge, body):
                assert is_unknown_object(seen), (node, edge, seen.body)
    assert visitor.posts() == []


@pytest.mark.parametrize("channel", GRAPH)
def test_what_would_publish_for_ours_publishes_nothing_for_another(
    visitor: Visitor, channel: str
) -> None:
    visitor.arm(channel, "drop_after")
    body = {
        "message": "x",
        "creation_id": visitor.container("x"),
        **visitor.template("announcement_text", "x"),
    }
    for edge in ("feed", "media_publish", "messages", "marketing_messages"):
        for seen in everywhere(visitor, channel, "POST", f"999/{edge}", body):
            assert is_unknown_object(seen)
    assert visitor.posts() == []


@pytest.mark.parametrize("channel", GRAPH)
def test_only_instagram_prolongs_tokens(visitor: Visitor, channel: str) -> None:
    for seen in everywhere(visitor, channel, "GET", "refresh_access_token", None):
        assert (seen.status == 200) == (channel == "instagram")


@pytest.mark.parametrize("channel", GRAPH)
def test_a_token_nobody_knows_is_told_as_such_by_every_address(
    visitor: Visitor, channel: str
) -> None:
    for seen in everywhere(visitor, channel, "GET", "debug_token?input_token=none", None):
        assert seen.json["data"]["is_valid"] is False


@pytest.mark.parametrize("channel", GRAPH)
def test_a_fault_hits_whoever_asks_for_nothing_we_have(visitor: Visitor, channel: str) -> None:
    visitor.arm(channel, "token_expired", times=10)
    for seen in everywhere(visitor, channel, "GET", "999", None):
        assert (seen.status, seen.error["code"]) == (401, 190)


def test_an_object_of_another_platform_is_there_but_not_for_this_token(visitor: Visitor) -> None:
    page = visitor.accounts["facebook"]["page_id"]
    for seen in everywhere(visitor, "whatsapp", "POST", f"{page}/feed", {"message": "x"}):
        assert (seen.status, seen.error["code"]) == (403, 200)
    assert visitor.posts() == []


def linkedin(visitor: Visitor, method: str, path: str, body: Any = None) -> Iterator[Seen]:
    bases = (visitor.platforms["linkedin"], f"{visitor.outside.url}/api.linkedin.com")
    for base in bases:
        yield send(method, base + path, body, visitor.bearer("linkedin", **LINKEDIN_HEADERS))


def test_another_organisations_page_can_not_be_used(visitor: Visitor) -> None:
    author = quote(FOREIGN_URN, safe="")
    post = {**visitor.share("x"), "author": FOREIGN_URN}
    upload = {"initializeUploadRequest": {"owner": FOREIGN_URN}}
    answers = [
        *linkedin(visitor, "POST", "/rest/posts", post),
        *linkedin(visitor, "GET", f"/rest/posts?q=author&author={author}"),
        *linkedin(visitor, "POST", "/rest/images?action=initializeUpload", upload),
    ]
    assert {(seen.status, seen.json["code"]) for seen in answers} == {(403, "ACCESS_DENIED")}
    assert visitor.posts() == []


@pytest.mark.parametrize(
    "path",
    [
        "organizations/999",
        "organizations/urn%3Ali%3Aorganization%3A104200042",
        "posts/urn%3Ali%3Ashare%3A999",
        "images/urn%3Ali%3Aimage%3A999",
    ],
)
def test_what_linkedin_does_not_have_is_not_found(visitor: Visitor, path: str) -> None:
    for seen in linkedin(visitor, "GET", f"/rest/{path}"):
        assert (seen.status, seen.json["status"]) == (404, 404)


def test_the_address_of_an_upload_is_no_image(visitor: Visitor) -> None:
    owner = {"owner": visitor.accounts["linkedin"]["organization_urn"]}
    path = "/rest/images?action=initializeUpload"
    value = visitor.linkedin("POST", path, {"initializeUploadRequest": owner}).json["value"]
    key = value["uploadUrl"].split("/")[-3]
    for seen in linkedin(visitor, "GET", f"/rest/images/upload%20{key}"):
        assert seen.status == 404
