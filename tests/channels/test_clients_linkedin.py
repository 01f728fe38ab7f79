"""LinkedIn's own client drives the stand-in, so nobody here decides what the wire is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from linkedin_api.clients.auth.client import AuthClient
from linkedin_api.clients.restli.client import RestliClient
from linkedin_api.common import constants
from linkedin_api.common.errors import ResponseFormattingError

from tests.sandbox.platform_kit import Visitor, image, send, visit

VERSION = "202607"


@pytest.fixture
def visitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visitor]:
    """Give a fresh sandbox and point the client at it."""
    with visit(tmp_path) as visitor:
        base = visitor.platforms["linkedin"]
        monkeypatch.setattr(constants, "VERSIONED_BASE_URL", f"{base}/rest")
        monkeypatch.setattr(constants, "NON_VERSIONED_BASE_URL", f"{base}/v2")
        monkeypatch.setattr(constants, "OAUTH_BASE_URL", f"{base}/oauth/v2")
        yield visitor


@pytest.fixture
def client() -> Iterator[RestliClient]:
    """Return the official client."""
    client = RestliClient()
    yield client
    client.session.close()


def test_the_official_client_creates_finds_reads_changes_and_deletes_a_post(
    visitor: Visitor, client: RestliClient
) -> None:
    account = visitor.accounts["linkedin"]
    common = {"access_token": account["access_token"], "version_string": VERSION}
    created = client.create(
        resource_path="/posts", entity=visitor.share(r"Ada \(SAP\-C02\)"), **common
    )
    assert created.status_code == 201
    urn = created.entity_id
    found = client.finder(
        resource_path="/posts",
        finder_name="author",
        query_params={"author": account["organization_urn"]},
        **common,
    )
    assert [post["id"] for post in found.elements] == [urn]
    keys = {"id": urn}
    read = client.get(resource_path="/posts/{id}", path_keys=keys, **common)
    assert read.entity["commentary"] == r"Ada \(SAP\-C02\)"
    client.partial_update(
        resource_path="/posts/{id}",
        path_keys=keys,
        patch_set_object={"commentary": "Ada Lovelace"},
        **common,
    )
    assert visitor.posts()[0]["text"] == "Ada Lovelace"
    client.delete(resource_path="/posts/{id}", path_keys=keys, **common)
    assert visitor.posts(live=True) == []


def test_the_official_client_uploads_a_picture(visitor: Visitor, client: RestliClient) -> None:
    account = visitor.accounts["linkedin"]
    common = {"access_token": account["access_token"], "version_string": VERSION}
    value = client.action(
        resource_path="/images",
        action_name="initializeUpload",
        action_params={"initializeUploadRequest": {"owner": account["organization_urn"]}},
        **common,
    ).value
    assert send("PUT", value["uploadUrl"], image()).status == 201
    states = [
        client.get(resource_path="/images/{id}", path_keys={"id": value["image"]}, **common).entity
        for _ in range(2)
    ]
    assert [state["status"] for state in states] == ["PROCESSING", "AVAILABLE"]
    share = visitor.share("Ada", content={"media": {"id": value["image"], "altText": "Badge"}})
    client.create(resource_path="/posts", entity=share, **common)
    assert visitor.posts()[0]["media"][0]["alt_text"] == "Badge"


def test_the_official_client_publishes_several_pictures(
    visitor: Visitor, client: RestliClient
) -> None:
    account = visitor.accounts["linkedin"]
    common = {"access_token": account["access_token"], "version_string": VERSION}
    images = [
        {"id": visitor.upload(image(width, 400)), "altText": f"{width} wide"}
        for width in (500, 600, 700)
    ]
    share = visitor.share("Ada", content={"multiImage": {"images": images}})
    created = client.create(resource_path="/posts", entity=share, **common)
    read = client.get(resource_path="/posts/{id}", path_keys={"id": created.entity_id}, **common)
    assert read.entity["content"]["multiImage"]["images"] == images
    (post,) = visitor.posts()
    shown = [(item["alt_text"], item["width"]) for item in post["media"]]
    assert shown == [("500 wide", 500), ("600 wide", 600), ("700 wide", 700)]


def test_the_official_client_sees_refusals(visitor: Visitor, client: RestliClient) -> None:
    token = visitor.accounts["linkedin"]["access_token"]

    def create(version: str = VERSION, access_token: str = token) -> int:
        try:
            return int(
                client.create(
                    resource_path="/posts",
                    entity=visitor.share("Ada"),
                    access_token=access_token,
                    version_string=version,
                ).status_code
            )
        except ResponseFormattingError as error:
            return int(error.args[0]) if str(error.args[0]).isdigit() else -1

    assert create("202401") == 426
    assert create(access_token="wrong") == 401
    assert create() == 201
    assert create() == 422
    for kind, status in (("rate_limit", 429), ("token_expired", 401), ("error_503", 503)):
        visitor.arm("linkedin", kind)
        assert create() == status


def test_the_official_client_introspects_the_token(visitor: Visitor) -> None:
    account = visitor.accounts["linkedin"]
    auth = AuthClient(client_id=account["client_id"], client_secret=account["client_secret"])
    shown = auth.introspect_access_token(account["access_token"])
    auth.session.close()
    assert shown.active
    assert "w_organization_social" in shown.scope
