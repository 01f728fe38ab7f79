from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import app as doors
from chalicelib import edge, wiring
from chalicelib.domain.errors import StoreUnavailable
from tests.unit.edge.kit import MANAGER, MEMBER, OTHER, UNKNOWN_ID, Api, claims, event

MESSAGES = "/api/v1/messages"
MESSAGE = {"content": "Hello", "channels": ["facebook", "sms"]}
DRAFT = {**MESSAGE, "draft": True}


class Broken:
    """A service whose every method fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        raise self.error


def broken(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(wiring, "publishing", lambda: Broken(error))


# --- correlation, headers, CORS -----------------------------------------------------------------


def test_the_callers_correlation_id_comes_back_and_is_used(api: Api) -> None:
    reply = api("POST", MESSAGES, MESSAGE, headers={"x-correlation-id": "from-the-caller"})
    assert reply.headers["X-Correlation-Id"] == "from-the-caller"
    assert {hint.correlation_id for hint in api.river.hints} == {"from-the-caller"}


def test_a_strange_correlation_id_is_replaced(api: Api) -> None:
    reply = api("GET", "/health", headers={"x-correlation-id": "<script>alert(1)</script>"})
    assert reply.headers["X-Correlation-Id"] == api.voice.correlation_id
    assert "script" not in api.voice.correlation_id


def test_a_problem_carries_its_correlation_id(api: Api) -> None:
    reply = api("GET", f"{MESSAGES}/x", headers={"x-correlation-id": "from-the-caller"})
    assert reply.json["correlation_id"] == "from-the-caller"


@pytest.mark.parametrize(
    ("method", "target", "who"),
    [
        ("GET", "/health", None),
        ("GET", MESSAGES, None),
        ("GET", MESSAGES, MEMBER),
        ("PUT", MESSAGES, MEMBER),
    ],
)
def test_every_answer_has_the_security_headers(
    api: Api, method: str, target: str, who: Any
) -> None:
    headers = api(method, target, who=who).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("method", "target", "who"),
    [
        ("GET", "/health", None),
        ("GET", MESSAGES, None),
        ("GET", MESSAGES, MEMBER),
        ("PUT", MESSAGES, MEMBER),
    ],
)
def test_every_answer_can_be_read_by_any_page_by_default(
    api: Api, method: str, target: str, who: Any
) -> None:
    headers = api(method, target, who=who, headers={"origin": "https://a.org"}).headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    exposed = headers["Access-Control-Expose-Headers"].split(",")
    assert {"ETag", "Location", "Retry-After", "Idempotent-Replayed"} <= set(exposed)


def test_of_several_origins_the_one_that_asks_is_named(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors.api, "_origins", ("https://a.org", "https://b.org"))
    headers = api("GET", "/health", headers={"origin": "https://b.org"}).headers
    assert headers["Access-Control-Allow-Origin"] == "https://b.org"
    assert headers["Vary"] == "Origin"


def test_an_origin_that_is_not_listed_is_not_allowed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors.api, "_origins", ("https://a.org", "https://b.org"))
    headers = api("GET", "/health", headers={"origin": "https://c.org"}).headers
    assert "Access-Control-Allow-Origin" not in headers
    assert headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    ("origins", "allowed"),
    [
        (("*",), "*"),
        (("https://a.org",), "https://a.org"),
        (("https://a.org", "https://b.org"), "*"),
    ],
)
def test_preflights_allow_what_the_answers_may(origins: tuple[str, ...], allowed: str) -> None:
    headers = edge.cors(origins).get_access_control_headers()
    assert headers["Access-Control-Allow-Origin"] == allowed
    names = set(headers["Access-Control-Allow-Headers"].split(","))
    assert {"Authorization", "Content-Type", "Idempotency-Key", "If-Match"} <= names


# --- refusals -----------------------------------------------------------------------------------


def test_an_unexpected_error_says_nothing_about_the_inside(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = RuntimeError("secret of the inside")
    broken(monkeypatch, error)
    reply = api("GET", MESSAGES)
    assert (reply.status, reply.json["code"]) == (500, "internal")
    assert "secret" not in reply.text
    assert reply.json["correlation_id"] == reply.headers["X-Correlation-Id"]


def test_an_unexpected_error_is_told_to_us(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    error = RuntimeError("secret of the inside")
    broken(monkeypatch, error)
    api("GET", MESSAGES)
    assert api.voice.failures == [error]


def test_a_silent_store_is_503_with_retry_after(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch, StoreUnavailable("The table did not answer."))
    reply = api("GET", MESSAGES)
    assert (reply.status, reply.headers["Retry-After"]) == (503, "2")


def test_a_wrong_method_names_the_right_ones(api: Api) -> None:
    reply = api("DELETE", MESSAGES)
    assert reply.json["code"] == "method_not_allowed"
    assert set(reply.headers["Allow"].split(", ")) == {"GET", "POST"}


def test_faults_of_header_query_and_body_are_listed_together(api: Api) -> None:
    reply = api("POST", f"{MESSAGES}?dry=1", {"content": ""}, headers={"idempotency-key": "é"})
    assert {fault["pointer"] for fault in reply.json["errors"]} == {
        "/headers/Idempotency-Key",
        "/query/dry",
        "/content",
        "/channels",
    }


def test_a_body_of_exactly_the_limit_is_read(api: Api) -> None:
    frame = len(json.dumps({"content": "", "channels": ["email"]}))
    body = {"content": "x" * (256 * 1024 - frame), "channels": ["email"]}
    assert len(json.dumps(body)) == 256 * 1024
    assert api("POST", MESSAGES, body).json["errors"][0]["code"] == "too_long"


def test_one_byte_more_is_413(api: Api) -> None:
    frame = len(json.dumps({"content": "", "channels": ["email"]}))
    body = {"content": "x" * (256 * 1024 - frame + 1), "channels": ["email"]}
    assert api("POST", MESSAGES, body).status == 413


def test_a_body_in_base_64_is_read(api: Api) -> None:
    request = event("POST", MESSAGES, None, {"content-type": "application/json"}, MEMBER)
    request["body"] = base64.b64encode(json.dumps(MESSAGE).encode()).decode()
    request["isBase64Encoded"] = True
    assert doors.app(request, None)["statusCode"] == 202


def test_a_body_that_is_no_base_64_is_refused(api: Api) -> None:
    request = event("POST", MESSAGES, None, {"content-type": "application/json"}, MEMBER)
    request["body"], request["isBase64Encoded"] = "é", True
    assert doors.app(request, None)["statusCode"] == 400


def test_an_event_whose_text_has_a_lone_surrogate_is_refused(api: Api) -> None:
    assert api("POST", MESSAGES, '{"content": "\ud83d"}').status == 400


# --- idempotency --------------------------------------------------------------------------------


def test_the_same_key_and_body_replays_the_first_answer(api: Api) -> None:
    key = {"idempotency-key": "k"}
    first = api("POST", MESSAGES, MESSAGE, headers=key)
    again = api("POST", MESSAGES, MESSAGE, headers=key)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (again.status, again.text) == (first.status, first.text)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["ETag"] == first.headers["ETag"]


def test_the_same_body_written_differently_is_the_same(api: Api) -> None:
    key = {"idempotency-key": "k"}
    first = api("POST", MESSAGES, '{"content":"Hi","channels":["sms"]}', headers=key)
    again = api("POST", MESSAGES, '{ "channels": ["sms"], "content": "\\u0048i" }', headers=key)
    assert again.json["id"] == first.json["id"]


def test_the_same_key_with_another_body_is_422(api: Api) -> None:
    key = {"idempotency-key": "k"}
    api("POST", MESSAGES, MESSAGE, headers=key)
    reply = api("POST", MESSAGES, {**MESSAGE, "content": "Bye"}, headers=key)
    assert (reply.status, reply.json["code"]) == (422, "idempotency_mismatch")


def test_a_key_is_its_users_own(api: Api) -> None:
    key = {"idempotency-key": "k"}
    mine = api("POST", MESSAGES, MESSAGE, headers=key)
    theirs = api("POST", MESSAGES, MESSAGE, headers=key, who=OTHER)
    assert mine.json["id"] != theirs.json["id"]


def test_a_key_belongs_to_its_route(api: Api) -> None:
    key = {"idempotency-key": "k"}
    draft = api("POST", MESSAGES, DRAFT, headers=key).json["id"]
    assert api("POST", f"{MESSAGES}/{draft}/publish", headers=key).status == 202


def test_a_key_used_on_one_object_is_refused_on_another(api: Api) -> None:
    one, two = (api("POST", MESSAGES, DRAFT).json["id"] for _ in range(2))
    key = {"idempotency-key": "k"}
    api("POST", f"{MESSAGES}/{one}/publish", headers=key)
    assert api("POST", f"{MESSAGES}/{two}/publish", headers=key).status == 422


def test_a_step_is_replayed_too(api: Api) -> None:
    draft = api("POST", MESSAGES, DRAFT).json["id"]
    key = {"idempotency-key": "k"}
    first = api("POST", f"{MESSAGES}/{draft}/cancel", headers=key)
    again = api("POST", f"{MESSAGES}/{draft}/cancel", {}, headers=key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.text == first.text


def test_a_failed_step_gives_its_key_back(api: Api) -> None:
    key = {"idempotency-key": "k"}
    missing = f"{MESSAGES}/019aa5c0-0000-7000-8000-00000000ffff/cancel"
    assert api("POST", missing, headers=key).status == 404
    assert api("POST", missing, headers=key).status == 404


# --- versions, lists ----------------------------------------------------------------------------


def test_an_edit_names_the_revision_it_is_based_on(api: Api) -> None:
    made = api("POST", MESSAGES, DRAFT)
    target = f"{MESSAGES}/{made.json['id']}"
    edited = api("PATCH", target, {"content": "Bye"}, headers={"if-match": made.headers["ETag"]})
    assert (edited.status, edited.headers["ETag"]) == (200, '"2"')
    assert edited.json["content"] == "Bye"
    assert api("GET", target).headers["ETag"] == '"2"'


def test_an_edit_of_a_stale_revision_is_412(api: Api) -> None:
    made = api("POST", MESSAGES, DRAFT)
    target = f"{MESSAGES}/{made.json['id']}"
    api("PATCH", target, {"content": "Bye"}, headers={"if-match": '"1"'})
    again = api("PATCH", target, {"content": "Hi"}, headers={"if-match": '"1"'})
    assert (again.status, again.json["code"]) == (412, "version_conflict")


def test_a_location_can_be_read(api: Api) -> None:
    made = api("POST", MESSAGES, MESSAGE)
    assert api("GET", made.headers["Location"]).json["id"] == made.json["id"]


def test_anothers_message_is_not_found(api: Api) -> None:
    made = api("POST", MESSAGES, MESSAGE)
    assert api("GET", made.headers["Location"], who=OTHER).status == 404
    assert api("GET", made.headers["Location"], who=MANAGER).status == 200


def pages(api: Api, target: str) -> list[list[str]]:
    """Return the ids of every page."""
    found, cursor = [], ""
    while True:
        page = api("GET", target + cursor).json
        found.append([item["id"] for item in page["items"]])
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def test_a_list_is_walked_by_its_cursors(api: Api) -> None:
    made = [api("POST", MESSAGES, MESSAGE).json["id"] for _ in range(5)]
    found = [one for page in pages(api, f"{MESSAGES}?limit=2") for one in page]
    assert found == made[::-1]


def cursor_of(api: Api, target: str) -> str:
    for _ in range(3):
        api("POST", MESSAGES, MESSAGE)
    cursor: str = api("GET", target).json["next_cursor"]
    return cursor


@pytest.mark.parametrize(
    ("target", "who"),
    [
        (f"{MESSAGES}?limit=1", OTHER),
        (f"{MESSAGES}?limit=1&status=publishing", MEMBER),
        ("/api/v1/certifications?limit=1", MEMBER),
    ],
)
def test_a_cursor_is_good_for_its_own_list_only(api: Api, target: str, who: Any) -> None:
    cursor = cursor_of(api, f"{MESSAGES}?limit=1")
    reply = api("GET", f"{target}&cursor={cursor}", who=who)
    assert reply.status == 400
    assert reply.json["errors"][0]["code"] == "invalid_cursor"


def test_a_cursor_may_go_on_with_another_limit(api: Api) -> None:
    cursor = cursor_of(api, f"{MESSAGES}?limit=1")
    assert len(api("GET", f"{MESSAGES}?limit=50&cursor={cursor}").json["items"]) == 2


@pytest.mark.parametrize("place", [0, 5, -5])
def test_a_tampered_cursor_is_refused(api: Api, place: int) -> None:
    cursor = list(cursor_of(api, f"{MESSAGES}?limit=1"))
    cursor[place] = "A" if cursor[place] != "A" else "B"
    assert api("GET", f"{MESSAGES}?cursor={''.join(cursor)}").status == 400


@pytest.mark.parametrize(("before", "behind"), [("", "="), ("", "%20"), ("", "%0A"), ("%20", "")])
def test_a_cursor_is_taken_only_as_it_was_given(api: Api, before: str, behind: str) -> None:
    cursor = cursor_of(api, f"{MESSAGES}?limit=1")
    reply = api("GET", f"{MESSAGES}?cursor={before}{cursor}{behind}")
    assert (reply.status, reply.json["errors"][0]["pointer"]) == (400, "/query/cursor")


def test_the_recipients_of_a_message_are_one_list_over_its_channels(api: Api) -> None:
    made = api("POST", MESSAGES, {"content": "Hi", "channels": ["email", "facebook", "sms"]})
    target = f"{made.headers['Location']}/recipients"
    first = api("GET", target).json
    assert first["items"] == []
    last = api("GET", f"{target}?cursor={first['next_cursor']}").json
    assert last == {"items": [], "next_cursor": None}
    assert api("GET", f"{target}?channel=sms").json["next_cursor"] is None
    assert api("GET", f"{target}?channel=facebook").status == 404


# --- the rest of the doors ----------------------------------------------------------------------


def test_oneself_can_be_changed(api: Api) -> None:
    api("PATCH", "/api/v1/me", {"name": "Grace", "language": "es", "time_zone": "Europe/Madrid"})
    assert api("GET", "/api/v1/me").json == {
        "user_id": "sub-of-member",
        "name": "Grace",
        "role": "member",
        "language": "es",
        "time_zone": "Europe/Madrid",
        "approval_required": False,
    }


def test_a_recipient_can_be_added_listed_and_removed(api: Api) -> None:
    target = "/api/v1/channels/email/recipients"
    body = {"address": "reader@example.org", "consent": True, "name": "Rea"}
    made = api("POST", target, body, who=MANAGER)
    assert (made.status, made.json["address"]) == (201, "reader@example.org")
    assert [r["id"] for r in api("GET", target, who=MANAGER).json["items"]] == [made.json["id"]]
    assert api("DELETE", made.headers["Location"], who=MANAGER).status == 204
    assert api("GET", target, who=MANAGER).json["items"] == []


def test_a_recipient_that_is_there_is_named_instead_of_overwritten(api: Api) -> None:
    target = "/api/v1/channels/email/recipients"
    body = {"address": "Reader@example.org", "consent": True, "name": "Rea"}
    made = api("POST", target, body, who=MANAGER)
    other = {**body, "address": "reader@EXAMPLE.org", "name": "Somebody"}
    again = api("POST", target, other, who=MANAGER)
    assert (again.status, again.json["code"]) == (409, "already_subscribed")
    assert again.json["existing_id"] == made.json["id"]
    assert api("GET", target, who=MANAGER).json["items"] == [made.json]


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"photo_upload_id": UNKNOWN_ID}, "/certification/photo_upload_id"),
        ({"certified_on": "2026-11-22"}, "/certification/certified_on"),
        ({"language": "fr"}, "/certification/language"),
    ],
)
def test_a_fault_of_a_sketch_is_named_by_its_place_in_the_body(
    api: Api, changed: dict[str, str], place: str
) -> None:
    sketch = {
        "certification_type": "cloud-practitioner",
        "certified_on": "2026-11-02",
        "channels": ["sms"],
        **changed,
    }
    reply = api("POST", "/api/v1/previews", {"certification": sketch})
    assert [fault["pointer"] for fault in reply.json["errors"]] == [place]


def test_what_today_is_depends_on_where_the_member_lives(api: Api) -> None:
    api("PATCH", "/api/v1/me", {"time_zone": "Pacific/Auckland"})
    sketch = {"certification_type": "cloud-practitioner", "channels": ["sms"]}
    statuses = [
        api("POST", "/api/v1/previews", {"certification": {**sketch, **given}}).status
        for given in (
            {"certified_on": "2026-11-22"},
            {"certified_on": "2026-11-23"},
            {"certified_on": "2026-11-22", "time_zone": "Europe/Madrid"},
        )
    ]
    assert statuses == [200, 400, 400]


def test_a_certification_shows_its_announcement(api: Api) -> None:
    body = {
        "member_name": "Zoë",
        "certification_type": "cloud-practitioner",
        "certified_on": "2026-11-02",
        "channels": ["linkedin", "facebook"],
        "consent": True,
    }
    made = api("POST", "/api/v1/certifications", body)
    found = api("GET", made.headers["Location"]).json
    assert [d["channel"] for d in found["deliveries"]] == ["linkedin", "facebook"]
    assert "Zoë" in found["content"]
    again = api("POST", "/api/v1/certifications", body)
    assert (again.status, again.json["existing_id"]) == (409, found["id"])


def test_a_name_defaults_to_the_members_own(api: Api) -> None:
    body = {
        "certification_type": "cloud-practitioner",
        "certified_on": "2026-11-02",
        "channels": ["facebook"],
        "consent": True,
    }
    found = api("POST", "/api/v1/certifications", body).json
    assert (found["member_name"], found["name_differs"]) == ("Ada Member", False)


def test_a_preview_of_an_sms_counts_its_segments(api: Api) -> None:
    body = {"content": "x" * 161, "channels": ["sms", "email"]}
    sms, email = api("POST", "/api/v1/previews", body).json["channels"]
    assert sms["segments"] == {"encoding": "GSM-7", "count": 2}
    assert email["segments"] is None


def test_a_preview_shows_faults_instead_of_refusing(api: Api) -> None:
    body = {"content": "x" * 1601, "channels": ["sms", "instagram"]}
    reply = api("POST", "/api/v1/previews", body)
    codes = [[f["code"] for f in p["faults"]] for p in reply.json["channels"]]
    assert (reply.status, codes) == (200, [["too_long"], ["media_required"]])


def test_a_certification_can_be_previewed_before_anyone_consents(api: Api) -> None:
    sketch = {
        "member_name": "Zoë",
        "certification_type": "cloud-practitioner",
        "certified_on": "2026-11-02",
        "channels": ["sms", "instagram"],
    }
    reply = api("POST", "/api/v1/previews", {"certification": sketch})
    assert [p["channel"] for p in reply.json["channels"]] == ["sms", "instagram"]
    assert all("Zoë" in p["post"]["text"] for p in reply.json["channels"])


def test_the_timeline_begins_with_the_acceptance(api: Api) -> None:
    made = api("POST", MESSAGES, MESSAGE)
    items = api("GET", f"{made.headers['Location']}/timeline").json["items"]
    assert (items[0]["kind"], items[0]["event"]) == ("audit", "accepted")


def test_an_upload_is_pending_until_its_bytes_were_judged(api: Api) -> None:
    made = api("POST", "/api/v1/uploads", {"content_type": "image/png", "size_bytes": 9})
    assert made.status == 201
    assert api("GET", made.headers["Location"]).json["status"] == "pending"
    body = {**MESSAGE, "media": [{"upload_id": made.json["upload_id"]}]}
    assert api("POST", MESSAGES, body).json["code"] == "media_not_ready"


def test_the_description_is_served_to_everybody(api: Api) -> None:
    reply = api("GET", "/openapi.json", who=None)
    assert (reply.status, reply.json["openapi"]) == (200, "3.1.0")


@pytest.mark.parametrize("step", ["publish", "cancel"])
def test_a_step_without_a_body_may_declare_any_content_type(api: Api, step: str) -> None:
    draft = api("POST", MESSAGES, DRAFT).json["id"]
    kind = {"content-type": "application/x-www-form-urlencoded"}
    assert api("POST", f"{MESSAGES}/{draft}/{step}", headers=kind).status < 300


def test_requests_in_several_threads_do_not_see_one_another(api: Api) -> None:
    callers = [claims(subject=f"caller-{n}") for n in range(8)] * 20

    def asked(who: Any) -> bool:
        return bool(api("GET", "/api/v1/me", who=who).json["user_id"] == who["sub"])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(asked, callers))
