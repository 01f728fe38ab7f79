"""A refusal lists every fault: those of the body and those that only a service can know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from chalicelib import settings, wiring
from tests.unit.edge.kit import MANAGER, OTHER, UNKNOWN_ID, Api, Reply, assemble, description

MESSAGES, PREVIEWS = "/api/v1/messages", "/api/v1/previews"
CERTIFICATIONS, UPLOADS = "/api/v1/certifications", "/api/v1/uploads"
LONG = "x" * 1_700
"""More than SMS and WhatsApp take, and less than the others do."""
ACHIEVEMENT = {
    "member_name": "Zoë Ångström",
    "certification_type": "cloud-practitioner",
    "certified_on": "2026-11-02",
    "channels": ["facebook"],
    "consent": True,
}
Told = tuple[str, str, str | None]
UNKNOWN: Told = ("/unknown", "unknown_field", None)


def long(*channels: str, at: str = "/content") -> set[Told]:
    """Return the faults of a text that is too long on these channels."""
    return {(at, "too_long", channel) for channel in channels}


def told(reply: Reply) -> set[Told]:
    """Return place, code and channel of every fault, each told once."""
    assert reply.status == 400, reply.text
    found = [(f["pointer"], f["code"], f.get("channel")) for f in reply.json["errors"]]
    assert len(found) == len(set(found)), found
    return set(found)


def pending(api: Api, who: Any = None) -> str:
    """Ask for an upload whose bytes have not come yet."""
    wanted = {"content_type": "image/png", "size_bytes": 10}
    asked = api("POST", UPLOADS, wanted, **({"who": who} if who else {}))
    return str(asked.json["upload_id"])


@pytest.fixture
def reviewed(monkeypatch: pytest.MonkeyPatch) -> Api:
    """Return an application in which members need approval."""
    chosen = settings.current().model_copy(update={"require_approval": True})
    monkeypatch.setattr(settings, "current", lambda: chosen)
    return assemble(monkeypatch)


# --- messages -----------------------------------------------------------------------------------

SHAPES: list[tuple[str, dict[str, Any], Iterable[Told]]] = [
    (
        "a repeated channel",
        {"content": LONG, "channels": ["sms", "facebook", "sms", "instagram"]},
        {
            ("/channels/2", "repeated_channel", None),
            ("/media", "media_required", "instagram"),
            *long("sms"),
        },
    ),
    (
        "a naive instant and an unknown field",
        {
            "content": LONG,
            "channels": ["whatsapp", "sms"],
            "scheduled_at": "2026-12-01T15:00:00",
            "unknown": 1,
        },
        {("/scheduled_at", "invalid_instant", None), UNKNOWN, *long("sms", "whatsapp")},
    ),
    (
        "channels of which some can't be read",
        {"content": LONG, "channels": ["sms", 7, "myspace", "facebook"]},
        {
            ("/channels/1", "wrong_type", None),
            ("/channels/2", "unknown_channel", None),
            *long("sms"),
        },
    ),
    (
        "no channels that can be read",
        {"content": LONG, "channels": "sms"},
        {("/channels", "wrong_type", None)},
    ),
    (
        "no channels at all",
        {"content": LONG, "channels": [], "unknown": 1},
        {("/channels", "empty", None), UNKNOWN},
    ),
    (
        "a content that can't be read",
        {"content": 5, "channels": ["sms", "email", "instagram"]},
        {("/content", "wrong_type", None), ("/media", "media_required", "instagram")},
    ),
    (
        "a content that is missing",
        {"channels": ["sms", "instagram"]},
        {("/content", "required", None), ("/media", "media_required", "instagram")},
    ),
    (
        "a content that can be read but not shown",
        {"content": f"\x07{LONG}", "channels": ["sms", "email"]},
        {("/content", "control_character", None), *long("sms")},
    ),
    (
        "a subject that is too long and on two lines",
        {"content": "x", "subject": "a\n" + "b" * 1_000, "channels": ["email"]},
        {
            ("/subject", "control_character", None),
            ("/subject", "too_long", "email"),
        },
    ),
    (
        "media that can't be read at all",
        {"content": LONG, "channels": ["sms", "instagram"], "media": "x"},
        {("/media", "wrong_type", None), *long("sms")},
    ),
    (
        "too many media",
        {"content": "x", "channels": ["instagram"], "media": [{"upload_id": UNKNOWN_ID}] * 21},
        {
            ("/media", "too_many_media", None),
            ("/media/0/upload_id", "unknown_upload", None),
            *((f"/media/{n}/upload_id", "repeated_media", None) for n in range(1, 21)),
        },
    ),
    (
        "media of which some can't be read",
        {
            "content": "x",
            "channels": ["instagram"],
            "media": [7, {}, {"upload_id": "x"}, {"upload_id": UNKNOWN_ID, "alt_text": 1}],
        },
        {
            ("/media/0", "wrong_type", None),
            ("/media/1/upload_id", "required", None),
            ("/media/2/upload_id", "invalid_id", None),
            ("/media/3/alt_text", "wrong_type", None),
            ("/media/3/upload_id", "unknown_upload", None),
        },
    ),
    (
        "an upload that is used twice",
        {
            "content": "x",
            "channels": ["facebook"],
            "media": [{"upload_id": UNKNOWN_ID}, {"upload_id": UNKNOWN_ID.upper()}],
        },
        {
            ("/media/0/upload_id", "unknown_upload", None),
            ("/media/1/upload_id", "repeated_media", None),
        },
    ),
    (
        "a text of a channel's own that can't be read",
        {
            "content": LONG,
            "channels": ["sms", "whatsapp"],
            "variants": {"sms": {"content": 5}, "whatsapp": "x"},
        },
        {("/variants/sms/content", "wrong_type", None), ("/variants/whatsapp", "wrong_type", None)},
    ),
    (
        "a text of a channel's own with an unknown field",
        {
            "content": "x",
            "channels": ["sms"],
            "variants": {"sms": {"content": LONG, "unknown": 1}, "myspace": {"content": LONG}},
        },
        {
            ("/variants/sms/unknown", "unknown_field", None),
            ("/variants/myspace", "unknown_channel", None),
            *long("sms", at="/variants/sms/content"),
        },
    ),
    (
        "fields of another route",
        {"content": LONG, "channels": ["sms"], "upload_id": 1, "certified_on": "soon"},
        {
            ("/upload_id", "unknown_field", None),
            ("/certified_on", "unknown_field", None),
            *long("sms"),
        },
    ),
]


@pytest.mark.parametrize("target", [MESSAGES, PREVIEWS])
@pytest.mark.parametrize(
    ("body", "expected"), [case[1:] for case in SHAPES], ids=[case[0] for case in SHAPES]
)
def test_faults_of_the_body_hide_none_of_its_channels(
    api: Api, target: str, body: dict[str, Any], expected: set[Told]
) -> None:
    assert told(api("POST", target, body)) == expected


@pytest.mark.parametrize("target", [MESSAGES, PREVIEWS])
def test_uploads_are_looked_at_although_the_body_has_faults(api: Api, target: str) -> None:
    media = [{"upload_id": upload} for upload in (UNKNOWN_ID, pending(api), pending(api, OTHER))]
    body = {"content": "x", "channels": ["instagram"], "media": media, "unknown": 1}

    assert told(api("POST", target, body)) == {
        UNKNOWN,
        ("/media/0/upload_id", "unknown_upload", None),
        ("/media/1/upload_id", "media_not_ready", None),
        ("/media/2/upload_id", "unknown_upload", None),
    }


@pytest.mark.parametrize("target", [MESSAGES, PREVIEWS])
def test_an_upload_that_is_not_ready_is_waited_for_if_nothing_else_is_wrong(
    api: Api, target: str
) -> None:
    media = [{"upload_id": pending(api)}]
    refused = api("POST", target, {"content": "x", "channels": ["facebook"], "media": media})

    assert (refused.status, refused.json["code"]) == (409, "media_not_ready")
    assert [fault["pointer"] for fault in refused.json["errors"]] == ["/media/0/upload_id"]


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ('"subject": "a", "subject": "b"', "/subject", "duplicate_key"),
        ('"late_policy": {"after_minutes": NaN}', "/late_policy/after_minutes", "not_a_number"),
        ('"time_zone": "\\ud800"', "/time_zone", "lone_surrogate"),
        ('"\\ud800": {"a": {}}', "/\ufffd", "lone_surrogate"),
    ],
)
def test_improper_json_hides_nothing_of_the_rest(
    api: Api, text: str, place: str, code: str
) -> None:
    body = f'{{"content": "{LONG}", "channels": ["sms"], "unknown": 1, {text}}}'

    assert told(api("POST", MESSAGES, body)) == {UNKNOWN, (place, code, None), *long("sms")}


def test_of_a_name_that_is_written_twice_nothing_more_is_said(api: Api) -> None:
    body = f'{{"content": "x", "channels": ["sms"], "content": "{LONG}"}}'

    assert told(api("POST", MESSAGES, body)) == {("/content", "duplicate_key", None)}


def test_faults_of_headers_and_query_are_listed_with_those_of_channels(api: Api) -> None:
    body = {"content": LONG, "channels": ["sms"]}
    refused = api("POST", f"{MESSAGES}?dry=1", body, headers={"idempotency-key": "é"})

    assert told(refused) == {
        ("/headers/Idempotency-Key", "invalid_header", None),
        ("/query/dry", "unknown_parameter", None),
        *long("sms"),
    }


def test_a_refused_body_leaves_its_key_unused(api: Api) -> None:
    key = {"idempotency-key": "k"}
    body = {"content": "x", "channels": ["facebook"]}
    told(api("POST", MESSAGES, {**body, "unknown": 1}, headers=key))

    assert api("POST", MESSAGES, body, headers=key).status == 202


def test_a_body_with_faults_does_nothing_whatever_else_is_wrong(api: Api) -> None:
    told(api("POST", MESSAGES, {"content": "x", "channels": ["facebook"], "unknown": 1}))

    assert api("GET", MESSAGES).json["items"] == []


# --- edits --------------------------------------------------------------------------------------


def edited(api: Api, body: dict[str, Any], tag: str = '"1"', **message: Any) -> Reply:
    """Change a draft and return the answer."""
    made = api("POST", MESSAGES, {"content": "x", "channels": ["sms"], "draft": True, **message})
    return api("PATCH", made.headers["Location"], body, headers={"if-match": tag})


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"content": LONG, "unknown": 1}, {UNKNOWN, *long("sms")}),
        (
            {"channels": ["instagram", "instagram"], "subject": 5},
            {
                ("/channels/1", "repeated_channel", None),
                ("/subject", "wrong_type", None),
                ("/media", "media_required", "instagram"),
            },
        ),
        (
            {"media": [{"upload_id": UNKNOWN_ID}], "scheduled_at": "soon"},
            {
                ("/scheduled_at", "invalid_instant", None),
                ("/media/0/upload_id", "unknown_upload", None),
            },
        ),
        ({"content": None, "channels": ["sms"]}, {("/content", "wrong_type", None)}),
    ],
)
def test_an_edit_is_judged_as_a_whole(api: Api, body: dict[str, Any], expected: set[Told]) -> None:
    assert told(edited(api, body)) == expected


def test_an_edit_without_a_text_that_can_be_read_says_nothing_of_the_one_that_is_there(
    api: Api,
) -> None:
    body = {"content": 5, "channels": ["facebook", "sms"]}
    message = {"content": LONG, "channels": ["facebook"]}

    assert told(edited(api, body, **message)) == {("/content", "wrong_type", None)}


def test_a_broken_tag_is_listed_with_the_faults_of_the_edit(api: Api) -> None:
    assert told(edited(api, {"content": LONG, "unknown": 1}, "1")) == {
        ("/headers/If-Match", "invalid_header", None),
        UNKNOWN,
        *long("sms"),
    }


@pytest.mark.parametrize("tag", ['"7"', "*"])
def test_faults_of_an_edit_are_told_before_its_revision(api: Api, tag: str) -> None:
    assert told(edited(api, {"unknown": 1}, tag)) == {UNKNOWN}


def test_an_edit_with_faults_learns_nothing_about_anothers_message(api: Api) -> None:
    made = api("POST", MESSAGES, {"content": LONG, "channels": ["facebook"]})
    body = {"channels": ["sms"], "unknown": 1}
    for path in (made.headers["Location"], f"{MESSAGES}/{UNKNOWN_ID}"):
        assert told(api("PATCH", path, body, who=OTHER, headers={"if-match": '"1"'})) == {UNKNOWN}


# --- certifications -----------------------------------------------------------------------------

CLAIMS: list[tuple[str, dict[str, Any], Iterable[Told]]] = [
    (
        "types and meanings",
        {
            "member_name": "",
            "certification_type": "astronaut",
            "certified_on": 1,
            "channels": ["sms", "sms"],
            "linkedin_url": "https://example.org/",
            "time_zone": "Mars",
            "photo_upload_id": UNKNOWN_ID,
            "unknown": 1,
        },
        {
            ("/member_name", "blank", None),
            ("/certification_type", "unknown_certification", None),
            ("/certified_on", "wrong_type", None),
            ("/channels/1", "repeated_channel", None),
            ("/linkedin_url", "invalid_url", None),
            ("/time_zone", "unknown_time_zone", None),
            ("/photo_upload_id", "unknown_upload", None),
            UNKNOWN,
        },
    ),
    (
        "meanings alone",
        {"member_name": "x" * 101, "certified_on": "2027-01-01", "photo_upload_id": UNKNOWN_ID},
        {
            ("/member_name", "too_long", None),
            ("/certified_on", "future_date", None),
            ("/photo_upload_id", "unknown_upload", None),
        },
    ),
    (
        "a name that one channel can't hold",
        {
            "member_name": "👨‍👩‍👧‍👦" * 100,
            "channels": ["facebook", "whatsapp"],
            "photo_upload_id": UNKNOWN_ID,
            "unknown": 1,
        },
        {
            ("/member_name", "member_name_missing", "whatsapp"),
            ("/photo_upload_id", "unknown_upload", None),
            UNKNOWN,
        },
    ),
    (
        "what is required",
        {"certification_type": None, "certified_on": None, "channels": None},
        {
            ("/certification_type", "wrong_type", None),
            ("/certified_on", "wrong_type", None),
            ("/channels", "wrong_type", None),
        },
    ),
]


@pytest.mark.parametrize(
    ("changes", "expected"), [case[1:] for case in CLAIMS], ids=[case[0] for case in CLAIMS]
)
def test_faults_of_a_certification_are_listed_together(
    api: Api, changes: dict[str, Any], expected: set[Told]
) -> None:
    assert told(api("POST", CERTIFICATIONS, {**ACHIEVEMENT, **changes})) == expected


def test_a_photo_that_is_not_ready_is_named_where_the_body_has_it(api: Api) -> None:
    claim = {**ACHIEVEMENT, "photo_upload_id": pending(api)}
    waiting = [api("POST", CERTIFICATIONS, claim), api("POST", PREVIEWS, {"certification": claim})]

    assert [reply.json["code"] for reply in waiting] == ["media_not_ready"] * 2
    assert [reply.json["errors"][0]["pointer"] for reply in waiting] == [
        "/photo_upload_id",
        "/certification/photo_upload_id",
    ]
    assert told(api("POST", PREVIEWS, {"certification": claim, "unknown": 1})) == {
        ("/certification/photo_upload_id", "media_not_ready", None),
        UNKNOWN,
    }


def test_consent_is_asked_for_with_everything_else(api: Api) -> None:
    body = {**ACHIEVEMENT, "consent": False, "photo_upload_id": UNKNOWN_ID}

    assert told(api("POST", CERTIFICATIONS, body)) == {
        ("/consent", "consent_required", None),
        ("/photo_upload_id", "unknown_upload", None),
    }


@pytest.mark.parametrize(
    ("changes", "expected"), [case[1:] for case in CLAIMS], ids=[case[0] for case in CLAIMS]
)
def test_faults_of_a_sketch_are_listed_by_their_place_in_the_body(
    api: Api, changes: dict[str, Any], expected: set[Told]
) -> None:
    sketch = {**ACHIEVEMENT, "consent": None, **changes}

    assert told(api("POST", PREVIEWS, {"certification": sketch, "unknown": 1})) == {
        *((f"/certification{place}", code, channel) for place, code, channel in expected),
        UNKNOWN,
    }


@pytest.mark.parametrize("sketch", [None, 5, "x", []])
def test_a_sketch_that_can_not_be_read_is_not_judged(api: Api, sketch: Any) -> None:
    assert told(api("POST", PREVIEWS, {"certification": sketch, "content": LONG})) == {
        ("/certification", "wrong_type", None),
        ("/content", "unknown_field", None),
    }


# --- decisions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["message", "certification"])
@pytest.mark.parametrize(("body", "more"), [({}, set()), ({"unknown": 1}, {UNKNOWN})])
def test_a_reviewers_text_is_judged_for_each_channel_where_the_body_has_it(
    reviewed: Api, kind: str, body: dict[str, Any], more: set[Told]
) -> None:
    channels = ["sms", "facebook", "whatsapp"]
    made = (
        reviewed("POST", MESSAGES, {"content": "x", "channels": channels})
        if kind == "message"
        else reviewed("POST", CERTIFICATIONS, {**ACHIEVEMENT, "channels": channels})
    )
    text = f"Zoë Ångström {LONG}"
    path = f"{made.headers['Location']}/approve"
    refused = reviewed("POST", path, {"text": text, **body}, who=MANAGER)

    assert told(refused) == {*long("sms", "whatsapp", at="/text"), *more}
    named = {f["channel"]: f["detail"] for f in refused.json["errors"] if "channel" in f}
    assert named["sms"].startswith("SMS: ")


def test_a_text_that_can_not_be_read_is_not_judged(reviewed: Api) -> None:
    made = reviewed("POST", MESSAGES, {"content": "x", "channels": ["sms"]})
    path = f"{made.headers['Location']}/approve"

    assert told(reviewed("POST", path, {"text": 5, "unknown": 1}, who=MANAGER)) == {
        ("/text", "wrong_type", None),
        UNKNOWN,
    }


# --- recipients and uploads ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"address": "nobody"},
            {("/address", "invalid_address", None), ("/consent", "required", None)},
        ),
        (
            {"address": 5, "consent": True},
            {("/address", "wrong_type", None)},
        ),
    ],
)
def test_an_address_is_judged_with_the_rest(
    api: Api, body: dict[str, Any], expected: set[Told]
) -> None:
    target = "/api/v1/channels/email/recipients"

    assert told(api("POST", target, body, who=MANAGER)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            {"content_type": "text/html", "size_bytes": 0},
            {("/content_type", "unsupported_type", None), ("/size_bytes", "out_of_range", None)},
        ),
        (
            {"content_type": 5, "size_bytes": 10**12},
            {("/content_type", "wrong_type", None), ("/size_bytes", "out_of_range", None)},
        ),
    ],
)
def test_type_and_size_of_an_upload_are_judged_together(
    api: Api, body: dict[str, Any], expected: set[Told]
) -> None:
    assert told(api("POST", UPLOADS, body)) == expected


# --- the description ----------------------------------------------------------------------------


def test_the_description_says_that_a_fault_may_name_its_channel() -> None:
    schema = description()["components"]["schemas"]["FaultView"]

    assert "channel" not in schema["required"]
    assert schema["properties"]["channel"]["enum"] == sorted(wiring.registry())
    assert "channel" in schema["description"]
