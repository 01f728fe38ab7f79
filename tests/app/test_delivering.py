"""Does an announcement survive what platforms do? Posts are counted, logs searched."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from PIL import Image

from chalicelib.repositories.schema import KEY_ATTRIBUTES
from tests.app.conftest import Running, request

pytestmark = [pytest.mark.slow, pytest.mark.emulator]

TEXT_CHANNELS = ["facebook", "linkedin", "whatsapp", "email", "sms"]
LOST = {"facebook": "drop_after", "instagram": "truncated_json", "linkedin": "error_500_after"}
TERMINAL = {"delivered", "failed", "cancelled", "skipped", "needs_review"}
DEADLINE_SECONDS = 150
POLL_SECONDS = 0.25


def publish(running: Running, content: str, channels: list[str]) -> str:
    wish = {"content": content, "channels": channels}
    answer = running.call("POST", "/api/v1/messages", wish)
    assert answer.status == 202, answer.body
    return str(answer.json["id"])


def settled(running: Running, message: str) -> dict[str, Any]:
    """Return the message once every delivery is terminal."""
    ticking = threading.Event()
    for _ in range(int(DEADLINE_SECONDS / POLL_SECONDS)):
        found: dict[str, Any] = running.call("GET", f"/api/v1/messages/{message}").json
        if all(part["status"] in TERMINAL for part in found["deliveries"]):
            return found
        ticking.wait(POLL_SECONDS)
    raise AssertionError(f"not settled: {found}")


def posts(running: Running, content: str) -> Counter[tuple[str, str | None]]:
    """Count the posts with a text by channel and recipient."""
    items = request(running.endpoints["sandbox"], "GET", "/posts").json["items"]
    return Counter((p["channel"], p["recipient"]) for p in items if content in p["text"])


def arm(running: Running, **fault: Any) -> None:
    answer = request(running.endpoints["sandbox"], "POST", "/faults", fault)
    assert answer.status == 201, answer.body


def status(message: dict[str, Any], channel: str) -> str:
    return next(str(d["status"]) for d in message["deliveries"] if d["channel"] == channel)


@pytest.mark.parametrize(
    ("faults", "outcomes"),
    [
        (
            {
                "facebook": "drop_after",
                "linkedin": "error_500_after",
                "whatsapp": "rate_limit",
                "email": "truncated_json",
                "sms": "reject_content",
            },
            {
                "facebook": "delivered",
                "linkedin": "delivered",
                "whatsapp": "delivered",
                "email": "delivered",
                "sms": "delivered",
            },
        ),
        (
            {
                "facebook": "delayed_effect",
                "linkedin": "drop_before",
                "whatsapp": "drop_after",
                "email": "refuse_connection",
                "sms": "slow",
            },
            {
                "facebook": "delivered",
                "linkedin": "delivered",
                "whatsapp": "delivered",
                "email": "delivered",
                "sms": "delivered",
            },
        ),
        (
            {
                "facebook": "truncated_json",
                "linkedin": "drop_after",
                "whatsapp": "drop_before",
                "email": "error_503",
                "sms": "drop_after",
            },
            {
                "facebook": "delivered",
                "linkedin": "delivered",
                "whatsapp": "needs_review",
                "email": "needs_review",
                "sms": "needs_review",
            },
        ),
    ],
)
def test_a_fault_on_every_channel_neither_loses_nor_doubles_a_post(
    running: Running, faults: dict[str, str], outcomes: dict[str, str]
) -> None:
    content = f"Faults {' '.join(faults.values())}"
    for channel, kind in faults.items():
        arm(running, channel=channel, kind=kind, times=1, seconds=2)
    message = settled(running, publish(running, content, TEXT_CHANNELS))
    assert {channel: status(message, channel) for channel in TEXT_CHANNELS} == outcomes
    assert set(posts(running, content).values()) == {1}


def timeline(running: Running, message: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = running.call("GET", f"/api/v1/messages/{message}/timeline").json[
        "items"
    ]
    return found


@pytest.mark.parametrize(
    "kind", ["drop_after", "truncated_json", "error_500_after", "delayed_effect"]
)
def test_what_the_platform_reports_settles_doubt_without_anybody(
    running: Running, kind: str
) -> None:
    content, channels = f"Reported after {kind}", ["email", "whatsapp"]
    for channel in channels:
        arm(running, channel=channel, kind=kind, times=1, seconds=1)
    message = settled(running, publish(running, content, channels))
    events = {
        (entry["channel"], entry["event"], entry["actor"])
        for entry in timeline(running, message["id"])
    }

    assert {channel: status(message, channel) for channel in channels} == dict.fromkeys(
        channels, "delivered"
    )
    assert {(channel, "no_answer", "worker") for channel in channels} <= events
    assert set(posts(running, content).values()) == {1}


def recipient(running: Running, address: str) -> dict[str, Any]:
    """Return what managers see of somebody who gets mail."""
    path = "/api/v1/channels/email/recipients?limit=100"
    items = running.call("GET", path, user="manager").json["items"]
    return next(item for item in items if item["address"] == address)


@pytest.fixture
def mover(running: Running) -> Iterator[dict[str, Any]]:
    """Have somebody get mail whose address is no more; they leave in the end."""
    address = "bounce+app@simulator.amazonses.com"
    path = "/api/v1/channels/email/recipients"
    wish = {"address": address, "consent": True, "consent_note": "for the test"}
    added = running.call("POST", path, wish, user="manager")
    assert added.status == 201, added.body
    yield added.json
    assert running.call("DELETE", f"{path}/{added.json['id']}", user="manager").status == 204


def test_an_address_that_bounces_is_reported_and_not_written_to_again(
    running: Running, mover: dict[str, Any]
) -> None:
    message = publish(running, "Somebody has moved", ["email"])
    row = reported(running, message, mover["id"])
    counts = settled(running, message)["deliveries"][0]["recipients"]

    assert (row["status"], row["error"]["code"]) == ("delivered", "no_such_address")
    assert (counts["delivered"], counts["returned"]) == (counts["total"], 1)
    assert recipient(running, mover["address"])["undeliverable_at"] is not None

    again = settled(running, publish(running, "Somebody has not come back", ["email"]))
    assert again["deliveries"][0]["recipients"]["total"] == counts["total"] - 1


def reported(running: Running, message: str, recipient_id: str) -> dict[str, Any]:
    """Return a recipient's delivery once the platform reported trouble with it."""
    ticking = threading.Event()
    path = f"/api/v1/messages/{message}/recipients?channel=email&limit=100"
    for _ in range(int(DEADLINE_SECONDS / POLL_SECONDS)):
        rows: list[dict[str, Any]] = running.call("GET", path).json["items"]
        mine = [row for row in rows if row["recipient"] == recipient_id]
        if mine and mine[0]["status"] in TERMINAL and mine[0]["error"]:
            return mine[0]
        ticking.wait(POLL_SECONDS)
    raise AssertionError(f"nothing was reported: {rows}")


def test_a_parenthesis_and_a_tag_reach_every_reader_as_written(running: Running) -> None:
    content = "Well done (really) @ home #AWSCertified <3"
    settled(running, publish(running, content, TEXT_CHANNELS))
    assert len(posts(running, content)) == 2 + 3 * 3


def test_a_preview_shows_what_is_then_published(running: Running) -> None:
    content = "Exactly “this” – nothing else… ✓"
    wish = {"content": content, "channels": TEXT_CHANNELS}
    previews = running.call("POST", "/api/v1/previews", wish).json["channels"]
    settled(running, publish(running, content, TEXT_CHANNELS))
    items = request(running.endpoints["sandbox"], "GET", "/posts").json["items"]
    for preview in previews:
        mine = [p["text"] for p in items if p["channel"] == preview["channel"]]
        assert preview["post"]["text"] in mine


def test_several_pictures_are_seen_once_as_previewed_whatever_answer_is_lost(
    running: Running,
) -> None:
    content = "Three pictures of one evening"
    sizes = {"Stage": (1200, 900), "Crowd": (500, 1000), "Cake": (700, 700)}
    uploads = [running.upload(Image.new("RGB", size, "teal")) for size in sizes.values()]
    media = [
        {"upload_id": upload, "alt_text": name} for upload, name in zip(uploads, sizes, strict=True)
    ]
    channels = [*TEXT_CHANNELS, "instagram"]
    wish = {"content": content, "channels": channels, "media": media}
    previews = running.call("POST", "/api/v1/previews", wish).json["channels"]
    for channel, kind in LOST.items():
        arm(running, channel=channel, kind=kind, times=1)
    message = settled(running, running.call("POST", "/api/v1/messages", wish).json["id"])
    assert {status(message, channel) for channel in channels} == {"delivered"}
    assert set(posts(running, content).values()) == {1}
    items = request(running.endpoints["sandbox"], "GET", "/posts").json["items"]
    for preview in previews:
        name, pictures = preview["channel"], preview["post"]["media"]
        (posted, *_) = [p["media"] for p in items if p["channel"] == name and content in p["text"]]
        assert [(p["width"], p["height"]) for p in posted] == [
            (p["width"], p["height"]) for p in pictures
        ]
        if name in (*LOST, "email"):
            assert [picture["alt_text"] for picture in posted] == list(sizes)
    assert [len(preview["post"]["media"]) for preview in previews] == [3, 3, 1, 3, 0, 3]


def test_one_correlation_id_leads_through_request_record_attempt_and_timeline(
    running: Running,
) -> None:
    mark = "follow-me-0123456789"
    answer = running.call(
        "POST",
        "/api/v1/messages",
        {"content": "Followed", "channels": ["facebook"]},
        X_Correlation_Id=mark,
    )
    message = settled(running, answer.json["id"])
    timeline = running.call("GET", f"/api/v1/messages/{message['id']}/timeline").json
    lines = [
        json.loads(line)
        for line in (running.state / "logs" / "api.log").read_text().splitlines()
        if mark in line
    ]
    assert {line.get("event") for line in lines} >= {"answered", "attempt_finished"}
    assert mark in json.dumps(timeline)
    assert any(mark in record for record in records(running))


def test_no_token_number_or_address_is_in_a_log_a_record_or_a_key(running: Running) -> None:
    arm(running, channel="email", kind="reject_content", times=1)
    settled(running, publish(running, "Nothing leaks", TEXT_CHANNELS))
    canaries = [
        *(account["access_token"] for account in running.endpoints["accounts"].values()),
        *("ines@community.example", "community.example", "+34600000001", "34600000012"),
        running.token()[:200],
    ]
    places = {
        "log": (running.state / "logs" / "api.log").read_text(),
        "stream": "\n".join(records(running)),
        "keys": "\n".join(keys(running)),
    }
    found = [(place, c) for place, text in places.items() for c in canaries if c in text]
    assert found == []


def client(running: Running, service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload] # named by the tests
        endpoint_url=running.endpoints["aws"],
        region_name=running.endpoints["region"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def records(running: Running) -> list[str]:
    """Return what is on the stream."""
    kinesis = client(running, "kinesis")
    name = running.endpoints["stream"]
    found: list[str] = []
    for shard in kinesis.list_shards(StreamName=name)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=name, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        answer = kinesis.get_records(ShardIterator=iterator, Limit=10_000)
        found += [record["Data"].decode() for record in answer["Records"]]
    return found


def keys(running: Running) -> list[str]:
    """Return every key and index key of the table."""
    pages = (
        client(running, "dynamodb")
        .get_paginator("scan")
        .paginate(TableName=running.endpoints["table"])
    )
    items = [item for page in pages for item in page["Items"]]
    return [item[name]["S"] for item in items for name in KEY_ATTRIBUTES if name in item]
