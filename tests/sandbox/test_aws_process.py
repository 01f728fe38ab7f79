"""What is kept in fewer bytes reads like what was written, also after a restart."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.repositories import schema
from sandbox.aws_process import (
    MADE_FOR,
    Digest,
    Partition,
    keep_groups,
    keep_time_of_sign_in,
    refuse_another,
)
from sandbox.provision import Clients
from sandbox.state import PROJECT
from tests.embedded_aws import running

ITEM: Mapping[str, Any] = {
    "PK": {"S": "MSG#1"},
    "SK": {"S": "METADATA"},
    "content": {"M": {"text": {"S": "Łukasz passed 🎉"}, "media": {"L": [{"BOOL": True}]}}},
    "version": {"N": "3"},
    "nothing": {"NULL": True},
}


def test_a_partition_gives_back_what_it_was_given() -> None:
    partition = Partition({"METADATA": dict(ITEM)})
    partition["REV#0001"] = {"PK": {"S": "MSG#1"}}
    assert partition == {"METADATA": ITEM, "REV#0001": {"PK": {"S": "MSG#1"}}}


def test_a_partition_knows_what_it_does_not_have() -> None:
    partition = Partition({"METADATA": dict(ITEM)})
    assert "REV#0001" not in partition
    assert partition.get("REV#0001") is None
    assert partition.pop("METADATA") == ITEM
    assert not partition


def test_an_item_that_was_read_is_the_readers_own() -> None:
    partition = Partition({"METADATA": dict(ITEM)})
    partition["METADATA"]["version"]["N"] = "4"
    assert partition["METADATA"] == ITEM


def test_a_copy_of_a_partition_stays_as_it_was() -> None:
    partition = Partition({"METADATA": dict(ITEM)})
    copied = copy.deepcopy(partition)
    del partition["METADATA"]
    assert copied == {"METADATA": ITEM}


def test_a_partition_may_change_while_somebody_goes_through_it() -> None:
    partition = Partition({"METADATA": dict(ITEM)})
    keys = iter(partition)
    partition["REV#0001"] = dict(ITEM)
    assert list(keys) == ["METADATA"]


def test_a_digest_equals_the_same_request_in_another_order_and_no_other() -> None:
    digest = Digest({"TransactItems": [1], "ReturnConsumedCapacity": "NONE"})
    assert digest == {"ReturnConsumedCapacity": "NONE", "TransactItems": [1]}
    assert digest != {"TransactItems": [2], "ReturnConsumedCapacity": "NONE"}
    assert digest != "a request"


def test_it_is_made_for_the_version_that_is_pinned() -> None:
    pinned = (PROJECT / "requirements-dev.in").read_text(encoding="utf-8").split()
    assert f"ministack=={MADE_FOR}" in pinned
    refuse_another(MADE_FOR)


def test_it_refuses_to_start_with_another_version() -> None:
    with pytest.raises(SystemExit, match=r"is made for MiniStack .*, and 9\.9\.9 is installed"):
        refuse_another("9.9.9")


@pytest.mark.emulator
@pytest.mark.slow
def test_items_and_every_version_of_an_object_survive_a_restart(tmp_path: Path) -> None:
    with running(tmp_path) as endpoint:
        table, s3 = Clients(endpoint).client("dynamodb"), Clients(endpoint).client("s3")
        table.create_table(TableName="table", **schema.TABLE)
        table.put_item(TableName="table", Item=ITEM)
        s3.create_bucket(Bucket="media")
        s3.put_bucket_versioning(Bucket="media", VersioningConfiguration={"Status": "Enabled"})
        versions = [
            s3.put_object(Bucket="media", Key="a.jpg", Body=body)["VersionId"]
            for body in (b"first", b"second")
        ]
        assert _bodies(s3, versions) == [b"first", b"second"]
    with running(tmp_path) as endpoint:
        table, s3 = Clients(endpoint).client("dynamodb"), Clients(endpoint).client("s3")
        key = {"PK": ITEM["PK"], "SK": ITEM["SK"]}
        assert table.get_item(TableName="table", Key=key)["Item"] == ITEM
        assert _bodies(s3, versions) == [b"first", b"second"]
        assert s3.get_object(Bucket="media", Key="a.jpg")["Body"].read() == b"second"
        s3.delete_object(Bucket="media", Key="a.jpg", VersionId=versions[1])
        assert s3.get_object(Bucket="media", Key="a.jpg")["Body"].read() == b"first"


def _bodies(s3: Any, versions: list[str]) -> list[bytes]:
    objects = [s3.get_object(Bucket="media", Key="a.jpg", VersionId=one) for one in versions]
    return [found["Body"].read() for found in objects]


@pytest.mark.emulator
def test_a_transaction_that_comes_again_is_applied_once(tmp_path: Path) -> None:
    with running(tmp_path) as endpoint:
        table = Clients(endpoint).client("dynamodb")
        table.create_table(TableName="table", **schema.TABLE)
        key = {"PK": {"S": "MSG#1"}, "SK": {"S": "METADATA"}}
        one, two = ([_counting(key, more)] for more in ("1", "2"))
        table.transact_write_items(TransactItems=one, ClientRequestToken="token")
        table.transact_write_items(TransactItems=one, ClientRequestToken="token")
        with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
            table.transact_write_items(TransactItems=two, ClientRequestToken="token")
        assert table.get_item(TableName="table", Key=key)["Item"]["n"] == {"N": "1"}


def _counting(key: Mapping[str, Any], more: str) -> dict[str, Any]:
    values = {":more": {"N": more}}
    update = {"UpdateExpression": "ADD n :more", "ExpressionAttributeValues": values}
    return {"Update": {"TableName": "table", "Key": key, **update}}


def _user_pool(users: Mapping[str, Any]) -> ModuleType:
    """Return what of the emulator's user pools makes tokens, as far as we touch it."""
    module = ModuleType("cognito")
    module.__dict__.update(
        _get_pool_unscoped=lambda pool: {"_users": users} if pool == "pool" else None,
        _fake_token=lambda sub, pool, client, use, **named: (use, named.get("groups")),
        _token_claims=lambda token: {"refresh": {"auth_time": 7, "iat": 9}, "old": {"iat": 9}}.get(
            token, {}
        ),
        _signed_jwt=lambda claims, pool="", use="": claims,
    )
    module.__dict__["_oauth2_token"] = lambda data, query, body=b"", headers=None: (
        module._signed_jwt({"auth_time": 100}, "pool", "id")
    )
    return module


@pytest.mark.parametrize(
    ("named", "groups"),
    [
        ({"username": "amara"}, ["community_manager"]),
        ({"username": "amara", "groups": ["admin"]}, ["admin"]),
        ({"username": "nobody"}, None),
        ({}, None),
    ],
)
def test_a_token_names_its_users_groups(named: Mapping[str, Any], groups: object) -> None:
    cognito = _user_pool({"amara": {"_groups": ["community_manager"]}})
    keep_groups(cognito)
    assert cognito._fake_token("sub", "pool", "client", "id", **named) == ("id", groups)


@pytest.mark.parametrize(("token", "at"), [("refresh", 7), ("old", 9)])
def test_a_refreshed_token_tells_when_its_user_signed_in(token: str, at: int) -> None:
    cognito = _user_pool({})
    keep_time_of_sign_in(cognito)
    body = f"grant_type=refresh_token&refresh_token={token}".encode()
    assert cognito._oauth2_token({}, {}, body)["auth_time"] == at


def test_outside_a_grant_a_token_is_signed_as_it_is() -> None:
    cognito = _user_pool({})
    keep_time_of_sign_in(cognito)
    assert cognito._signed_jwt({"auth_time": 100}) == {"auth_time": 100}
