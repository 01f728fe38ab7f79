"""What authors and managers decide, as the routes answer it."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib import settings, wiring
from chalicelib.domain import steps
from chalicelib.domain.channels import Receipt
from chalicelib.domain.errors import ContentRejected
from tests.unit.edge.kit import MANAGER, Api, Reply, assemble, description

MESSAGES, CERTIFICATIONS = "/api/v1/messages", "/api/v1/certifications"
MESSAGE = {"content": "Hello", "channels": ["facebook", "sms"]}
CERTIFICATION = {
    "member_name": "Zoë",
    "certification_type": "cloud-practitioner",
    "certified_on": "2026-11-02",
    "channels": ["linkedin", "facebook"],
    "consent": True,
}
LATER = "2026-11-22T12:00:00Z"


@pytest.fixture
def reviewed(monkeypatch: pytest.MonkeyPatch) -> Api:
    """Return an application in which members need approval."""
    chosen = settings.current().model_copy(update={"require_approval": True})
    monkeypatch.setattr(settings, "current", lambda: chosen)
    return assemble(monkeypatch)


def submitted(api: Api, **changes: Any) -> tuple[str, Any]:
    """Submit a certification; return its path and what it looks like."""
    made = api("POST", CERTIFICATIONS, {**CERTIFICATION, **changes})
    assert made.status == 202
    return made.headers["Location"], made.json


def written(api: Api, **changes: Any) -> str:
    """Submit a message; return its path."""
    return api("POST", MESSAGES, {**MESSAGE, **changes}).headers["Location"]


def approve(api: Api, path: str, body: Any = None, **headers: str) -> Reply:
    """Approve as a manager; names of headers are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return api("POST", f"{path}/approve", body, who=MANAGER, headers=named)


# --- the announced name -----------------------------------------------------------------------


def test_an_approval_must_not_lose_the_name(reviewed: Api) -> None:
    path, _ = submitted(reviewed)
    refused = approve(reviewed, path, {"text": "She did it!"})

    assert refused.status == 400
    found = [(fault["pointer"], fault["code"]) for fault in refused.json["errors"]]
    assert found == [("/text", "member_name_missing")]


@pytest.mark.parametrize(
    ("edit", "pointer"),
    [
        ({"content": "She did it!"}, "/content"),
        ({"variants": {"facebook": {"content": "Hi!"}}}, "/variants/facebook/content"),
    ],
)
def test_an_edit_must_not_lose_the_name(api: Api, edit: Any, pointer: str) -> None:
    _, view = submitted(api, scheduled_at=LATER)
    path = f"{MESSAGES}/{view['message_id']}"
    refused = api("PATCH", path, edit, headers={"if-match": '"1"'})

    assert refused.status == 400
    found = [(fault["pointer"], fault["code"]) for fault in refused.json["errors"]]
    assert found == [(pointer, "member_name_missing")]


def test_a_name_that_does_not_fit_is_refused_at_once(api: Api) -> None:
    body = {**CERTIFICATION, "member_name": "👨‍👩‍👧‍👦" * 100, "channels": ["whatsapp", "facebook"]}
    refused = api("POST", CERTIFICATIONS, body)

    assert refused.status == 400
    assert [fault["pointer"] for fault in refused.json["errors"]] == ["/member_name"]


# --- what is shown ----------------------------------------------------------------------------


def test_a_certification_is_shown_as_its_message_is_now(api: Api) -> None:
    path, view = submitted(api, scheduled_at=LATER)
    edit = {
        "channels": ["sms"],
        "scheduled_at": "2026-11-23T12:00:00Z",
        "time_zone": "Europe/Madrid",
        "content": "Zoë did it!",
        "subject": "Hurray",
        "variants": {"sms": {"content": "Zoë!"}},
        "own_words": ["sms"],
    }
    api("PATCH", f"{MESSAGES}/{view['message_id']}", edit, headers={"if-match": '"1"'})
    (listed,) = api("GET", CERTIFICATIONS).json["items"]
    shown = api("GET", path).json

    for found in (listed, shown):
        assert found["channels"] == ["sms"]
        assert found["scheduled_at"] == "2026-11-23T12:00:00.000Z"
        assert found["time_zone"] == "Europe/Madrid"
    assert (shown["revision"], shown["content"], shown["subject"]) == (2, "Zoë did it!", "Hurray")
    assert shown["variants"] == {"sms": {"content": "Zoë!", "subject": None}}
    assert shown["own_words"] == ["sms"]


def test_everybody_is_told_that_submissions_are_approved(reviewed: Api) -> None:
    assert reviewed("GET", "/api/v1/me").json["approval_required"]


# --- approving --------------------------------------------------------------------------------


def test_a_certification_tells_the_revision_to_approve(reviewed: Api) -> None:
    path, _ = submitted(reviewed)
    found = reviewed("GET", path)

    assert (found.headers["ETag"], found.json["revision"]) == ('"1"', 1)
    assert approve(reviewed, path, {"text": "Zoë did it!"}).headers["ETag"] == '"2"'


@pytest.mark.parametrize("kind", ["certification", "message"])
def test_a_reviewer_approves_what_they_saw(reviewed: Api, kind: str) -> None:
    path, view = submitted(reviewed)
    message = f"{MESSAGES}/{view['message_id']}"
    reviewed("PATCH", message, {"content": "Zoë did it!"}, headers={"if-match": '"1"'})
    decided = path if kind == "certification" else message

    stale = approve(reviewed, decided, if_match='"1"')
    assert (stale.status, stale.json["code"]) == (412, "version_conflict")
    assert approve(reviewed, decided, if_match='"2"').status == 200


@pytest.mark.parametrize("tag", ["*", " * "])
def test_any_revision_may_be_approved(reviewed: Api, tag: str) -> None:
    assert approve(reviewed, submitted(reviewed)[0], if_match=tag).status == 200


def test_an_approval_with_a_broken_tag_is_refused(reviewed: Api) -> None:
    assert approve(reviewed, submitted(reviewed)[0], if_match="1").status == 400


@pytest.mark.parametrize(
    ("path", "required"),
    [
        (f"{MESSAGES}/{{message_id}}/approve", False),
        (f"{CERTIFICATIONS}/{{certification_id}}/approve", False),
        (f"{MESSAGES}/{{message_id}}", True),
    ],
)
def test_the_description_says_where_a_revision_is_needed(path: str, required: bool) -> None:
    operation = description()["paths"][path]["patch" if required else "post"]
    (header,) = [part for part in operation["parameters"] if part["name"] == "If-Match"]

    assert header.get("required", False) is required
    assert "412" in operation["responses"]
    assert ("428" in operation["responses"]) is required


def test_an_edited_text_is_not_dropped_silently(reviewed: Api) -> None:
    path, _ = submitted(reviewed, scheduled_at=LATER)
    assert approve(reviewed, path).status == 200
    again = approve(reviewed, path, {"text": "Zoë did it!"})

    assert (again.status, again.json["code"]) == (409, "illegal_transition")
    assert approve(reviewed, path).status == 200


def test_a_rejection_is_not_dropped_silently(reviewed: Api) -> None:
    path, _ = submitted(reviewed)
    reasons = ["Blurry.", "Blurry.", "Too late."]
    replies = [reviewed("POST", f"{path}/reject", {"reason": r}, who=MANAGER) for r in reasons]

    assert [reply.status for reply in replies] == [200, 200, 409]


# --- publishing -------------------------------------------------------------------------------


def test_publishing_what_was_cancelled_is_refused(api: Api) -> None:
    path = written(api, draft=True)
    assert api("POST", f"{path}/publish").status == 202
    assert api("POST", f"{path}/publish").status == 202
    assert api("POST", f"{path}/cancel").status == 200

    refused = api("POST", f"{path}/publish")
    assert (refused.status, refused.json["code"]) == (409, "illegal_transition")


# --- cancelling -------------------------------------------------------------------------------


def begin(api: Api, path: str, channel: str) -> None:
    """Let a worker begin to publish on one channel."""
    messages, policy = wiring.messages(), settings.current().policy()
    found = messages.get(path.rpartition("/")[2])
    delivery = found and found.delivery(channel)
    assert delivery
    begun = steps.begin(delivery, api.clock.now(), policy)
    wiring.store().commit(messages.moving(delivery, begun))


def test_a_cancel_tells_the_truth_about_each_channel(api: Api) -> None:
    path = written(api)
    begin(api, path, "facebook")

    for _ in range(2):
        refused = api("POST", f"{path}/cancel")
        assert (refused.status, refused.json["code"]) == (409, "in_flight")
        assert refused.json["channels"] == ["facebook"]
        assert refused.json["detail"] == "Being published right now: facebook."
    found = api("GET", path).json["deliveries"]
    assert [part["status"] for part in found] == ["sending", "cancelled"]


# --- editing what failed ----------------------------------------------------------------------


def test_a_channel_that_refused_a_text_gets_another(api: Api) -> None:
    path = written(api, channels=["facebook", "linkedin"])
    messages = wiring.messages()
    found = messages.get(path.rpartition("/")[2])
    refused, shown = (found and found.delivery(name) for name in ("facebook", "linkedin"))
    assert refused
    assert shown
    begun = steps.begin(shown, api.clock.now(), settings.current().policy())
    delivered = steps.settle(begun, Receipt("urn:li:share:1"), api.clock.now())
    failed = steps.refuse(refused, ContentRejected("No."))
    for before, after in ((shown, begun), (begun, delivered), (refused, failed)):
        wiring.store().commit(messages.moving(before, after))

    tag = {"if-match": '"1"'}
    assert api("PATCH", path, {"content": "Other"}, headers=tag).status == 409
    edit = {"variants": {"facebook": {"content": "Other"}}}
    edited = api("PATCH", path, edit, headers=tag)
    assert edited.status == 200
    assert [part["status"] for part in edited.json["deliveries"]] == ["pending", "delivered"]
