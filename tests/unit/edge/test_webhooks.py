"""Meta's calls: the handshake, the signature, and what people wish."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import wiring
from chalicelib.domain.channels import ChannelName, Receipt
from chalicelib.domain.deliveries import Attempt, Delivery, DeliveryKey
from chalicelib.domain.ports import AccountState, AccountStatus, Subscription
from chalicelib.domain.reports import Fate, Report
from chalicelib.domain.states import Status
from chalicelib.edge import Request, webhooks
from chalicelib.services.marks import Marks
from tests.unit.edge.kit import MANAGER, NOW, UNKNOWN_ID, Api, Reply

DOOR = "/webhooks/whatsapp"
SECRET = "the app's secret"
TOKEN = "the verify token"
PERSON = "447700900321"
WHATSAPP = ChannelName("whatsapp")


@pytest.fixture
def door(api: Api) -> Api:
    """Return the application with a connected number and one recipient."""
    wiring.secrets().write(WHATSAPP, {"app_secret": SECRET, "verify_token": TOKEN})
    state = AccountState(
        WHATSAPP, AccountStatus.CONNECTED, settings={"phone_number_id": "1065"}, version=1
    )
    wiring.store().commit(wiring.accounts().saving(AccountState(WHATSAPP), state))
    person = {"address": f"+{PERSON}", "consent": True}
    api("POST", "/api/v1/channels/whatsapp/recipients", person, who=MANAGER)
    return api


def payload(*messages: Any, account: str = "1065", **value: Any) -> dict[str, Any]:
    about = {"metadata": {"phone_number_id": account}, "messages": list(messages), **value}
    return {"entry": [{"changes": [{"field": "messages", "value": about}]}]}


def message(body: str, at: datetime = NOW, **other: Any) -> dict[str, Any]:
    stamp = str(int(at.timestamp()))
    return {"from": PERSON, "timestamp": stamp, "type": "text", "text": {"body": body}, **other}


def signed(content: bytes, secret: str = SECRET) -> dict[str, str]:
    return {
        "x-hub-signature-256": f"sha256={hmac.digest(secret.encode(), content, 'sha256').hex()}"
    }


def call(api: Api, content: Any) -> Reply:
    body = content if isinstance(content, str) else json.dumps(content)
    return api("POST", DOOR, body, who=None, headers=signed(body.encode()))


def hear(api: Api, body: str, at: datetime = NOW) -> Subscription:
    assert call(api, payload(message(body, at))).status == 200
    return recipient()


def recipient() -> Subscription:
    (found,) = wiring.subscriptions().page(WHATSAPP, 10, None).items
    return found


# --- the handshake ----------------------------------------------------------------------------


def asked(api: Api, **changed: str) -> Reply:
    given = {"hub.mode": "subscribe", "hub.verify_token": TOKEN, "hub.challenge": "1158201444"}
    query = urlencode({**given, **{f"hub.{name}": text for name, text in changed.items()}})
    return api("GET", f"{DOOR}?{query}", who=None)


def test_whoever_knows_the_verify_token_is_answered_the_challenge(door: Api) -> None:
    reply = asked(door)
    assert (reply.status, reply.text) == (200, "1158201444")
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "changed",
    [
        {"verify_token": "another"},
        {"verify_token": ""},
        {"verify_token": "ž"},
        {"mode": "unsubscribe"},
        {"challenge": ""},
        {"challenge": "<script>"},
        {"challenge": "1" * 257},
    ],
)
def test_any_other_question_is_refused(door: Api, changed: dict[str, str]) -> None:
    assert asked(door, **changed).status == 403


@pytest.mark.parametrize("token", ["", TOKEN])
def test_without_a_verify_token_nobody_is_answered(api: Api, token: str) -> None:
    assert asked(api, verify_token=token).status == 403


# --- the signature ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-hub-signature-256": ""},
        {"x-hub-signature-256": "sha256="},
        {"x-hub-signature-256": "sha256=ž"},
        signed(b"{}", "another secret"),
        signed(b"{} "),
        {"x-hub-signature-256": signed(b"{}")["x-hub-signature-256"].removeprefix("sha256=")},
    ],
)
def test_what_our_secret_did_not_sign_is_refused(door: Api, headers: dict[str, str]) -> None:
    reply = door("POST", DOOR, "{}", who=None, headers=headers)
    assert (reply.status, reply.json["code"]) == (401, "unauthenticated")


def test_without_a_secret_everything_is_refused(api: Api) -> None:
    reply = api("POST", DOOR, "{}", who=None, headers=signed(b"{}", ""))
    assert reply.status == 401


def test_the_very_bytes_are_signed(door: Api) -> None:
    body = json.dumps(payload(message("Olé ☃ STOP")), ensure_ascii=False, indent=3)
    assert door("POST", DOOR, body, who=None, headers=signed(body.encode())).status == 200


def test_a_large_body_is_refused(door: Api) -> None:
    assert call(door, "x" * 256 * 1024 + "x").status == 413


# --- what people wish -------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["STOP", " stop. ", "Baja"])
def test_a_stop_word_opts_out(door: Api, word: str) -> None:
    assert hear(door, word).opted_out_at == NOW


@pytest.mark.parametrize(
    "words",
    [
        {"type": "button", "text": None, "button": {"text": "Stop", "payload": "x"}},
        {"type": "interactive", "text": 1, "interactive": {"button_reply": {"title": "Stop"}}},
    ],
)
def test_a_stop_button_opts_out(door: Api, words: dict[str, Any]) -> None:
    call(door, payload(message("", **words)))
    assert recipient().opted_out_at == NOW


def test_any_other_words_do_not_opt_out(door: Api) -> None:
    assert hear(door, "Do not stop!").opted_out_at is None


@pytest.mark.parametrize("word", ["START", "unstop", "Alta!"])
def test_a_start_word_opts_in_again(door: Api, word: str) -> None:
    hear(door, "STOP", NOW - timedelta(hours=1))
    found = hear(door, word)
    assert (found.opted_out_at, found.consent) == (None, f"Wrote {word.strip('!').upper()} to us.")


def test_the_same_call_twice_changes_nothing(door: Api) -> None:
    hear(door, "STOP", NOW - timedelta(hours=1))
    started = hear(door, "START", NOW)
    assert hear(door, "STOP", NOW - timedelta(hours=1)) == started


def test_calls_in_another_order_end_the_same(door: Api) -> None:
    hear(door, "START", NOW - timedelta(minutes=5))
    assert hear(door, "STOP", NOW - timedelta(minutes=9)).opted_out_at is None
    assert hear(door, "STOP", NOW - timedelta(minutes=1)).opted_out_at is not None


def test_who_wrote_to_us_is_answered_freely_for_a_day(door: Api) -> None:
    written = NOW - timedelta(hours=2)
    assert hear(door, "Hi", written).recipient.window_open_until == written + timedelta(hours=24)


def test_an_older_message_does_not_shorten_the_window(door: Api) -> None:
    hear(door, "Hi")
    found = hear(door, "Hi", NOW - timedelta(hours=5))
    assert found.recipient.window_open_until == NOW + timedelta(hours=24)


@pytest.mark.parametrize("stamp", [str(2**40), "soon", None, ""])
def test_an_odd_time_counts_as_now(door: Api, stamp: Any) -> None:
    call(door, payload(message("Hi", timestamp=stamp)))
    assert recipient().recipient.window_open_until == NOW + timedelta(hours=24)


def test_a_stranger_does_not_become_a_recipient(door: Api) -> None:
    before = recipient()
    assert call(door, payload(message("STOP", **{"from": "15550100000"}))).status == 200
    assert recipient() == before


def test_what_another_number_of_the_app_heard_is_not_ours(door: Api) -> None:
    assert call(door, payload(message("STOP"), account="2000")).status == 200
    assert recipient().opted_out_at is None


def test_a_change_of_number_is_no_message(door: Api) -> None:
    before = recipient()
    call(door, payload(message("STOP", type="system")))
    assert recipient() == before


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no JSON",
        "[]",
        "{}",
        "[" * 100_000,
        '{"entry": 1}',
        '{"entry": [1, {"changes": [2, {"value": 3}, {"field": "account_update"}]}]}',
        payload(1, {}, {"from": 7}, {"from": "+1 555"}, future={"x": [1]}),
    ],
)
def test_what_makes_no_sense_is_taken_all_the_same(door: Api, content: Any) -> None:
    before = recipient()
    assert call(door, content).status == 200
    assert recipient() == before
    assert door.voice.failures == []


def test_no_number_and_no_word_is_logged(door: Api) -> None:
    hear(door, "STOP")
    assert PERSON not in repr(door.voice.lines)
    assert "STOP" not in repr(door.voice.lines)


# --- what became of what we sent --------------------------------------------------------------


def status(mark: str = "mark", **changed: Any) -> dict[str, Any]:
    told = {"id": "wamid.1", "status": "sent", "recipient_id": PERSON, "timestamp": "1795262400"}
    return {**told, "biz_opaque_callback_data": mark, **changed}


def reports(*statuses: Any) -> Sequence[Report]:
    """Return what is read of such statuses."""
    content = json.dumps(payload(statuses=list(statuses))).encode()
    request = Request("POST", DOOR, DOOR, signed(content), content=content)
    return webhooks.opened(request, {"app_secret": SECRET}).reports


@pytest.mark.parametrize("said", ["accepted", "sent", "delivered", "read", "played"])
def test_a_status_of_what_is_on_its_way_or_there_is_a_proof(said: str) -> None:
    assert reports(status(status=said)) == (Report("mark", Fate.TAKEN, "wamid.1", NOW),)


@pytest.mark.parametrize(
    ("code", "fate", "detail"),
    [
        (131026, Fate.NOT_DELIVERED, "WhatsApp: 131026"),
        (131050, Fate.UNWANTED, "WhatsApp: 131050"),
        (-1, Fate.NOT_DELIVERED, ""),
        ("131050", Fate.NOT_DELIVERED, ""),
        (True, Fate.NOT_DELIVERED, ""),
        (10**30, Fate.NOT_DELIVERED, ""),
    ],
)
def test_a_failed_status_says_why(code: Any, fate: Fate, detail: str) -> None:
    told = status(status="failed", errors=[{"code": code, "title": f"for {PERSON}"}])
    assert reports(told) == (Report("mark", fate, "wamid.1", NOW, detail),)


@pytest.mark.parametrize("errors", [None, [], {}, [7], [{}], "131050"])
def test_a_failed_status_need_not_say_why(errors: Any) -> None:
    told = status(status="failed", errors=errors)
    assert reports(told) == (Report("mark", Fate.NOT_DELIVERED, "wamid.1", NOW),)


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "warning"},
        {"status": None},
        {"status": ["sent"]},
        {"id": None},
        {"id": ""},
        {"id": "a b"},
        {"id": "x" * 501},
        {"biz_opaque_callback_data": None},
        {"biz_opaque_callback_data": ""},
        {"biz_opaque_callback_data": {"mark": 1}},
    ],
)
def test_a_status_that_tells_nothing_is_no_report(changed: dict[str, Any]) -> None:
    assert reports(status(**changed), 7, None, status("other")) == reports(status("other"))


def in_doubt() -> str:
    """Store a delivery that went unanswered; return its mark."""
    key = DeliveryKey(UNKNOWN_ID, WHATSAPP)
    unsure = Delivery(key, Status.IN_DOUBT, 1, NOW, NOW, "c", attempts=1, doubt=True)
    tried = Attempt(key, 1, 1, NOW, "c", "digest")
    wiring.store().commit(wiring.messages().starting(unsure), wiring.messages().noting(tried))
    return Marks(wiring.signer()).of(unsure)


def settled() -> Delivery:
    found = wiring.messages().delivery(DeliveryKey(UNKNOWN_ID, WHATSAPP))
    assert found is not None
    return found


@pytest.mark.parametrize("order", [("sent", "read"), ("read", "sent"), ("read", "read")])
def test_statuses_settle_what_is_in_doubt_in_any_order(door: Api, order: Sequence[str]) -> None:
    mark = in_doubt()
    for said in order:
        assert call(door, payload(statuses=[status(mark, status=said)])).status == 200
    assert (settled().status, settled().receipt) == (Status.DELIVERED, Receipt("wamid.1"))


def test_a_status_of_what_is_being_sent_has_to_come_again(door: Api) -> None:
    mark = in_doubt()
    sending = replace(settled(), status=Status.SENDING, version=2)
    wiring.store().commit(wiring.messages().moving(settled(), sending))
    reply = call(door, payload(statuses=[status(mark, status="failed")]))
    assert (reply.status, reply.json["code"]) == (409, "in_flight")
    assert settled() == sending


def test_a_mark_that_is_not_ours_is_answered_like_any_other(door: Api) -> None:
    assert call(door, payload(statuses=[status("not ours")])).status == 200
    assert ("Reports", {"channel": "whatsapp", "use": "not_ours"}) in door.voice.lines


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
STATUSES = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON | st.just("wamid.1"),
        "status": JSON | st.sampled_from(["sent", "failed", "read"]),
        "timestamp": JSON | st.just("1795262400"),
        "biz_opaque_callback_data": JSON | st.just("mark"),
        "errors": JSON | st.lists(st.fixed_dictionaries({"code": JSON | st.just(131050)})),
    },
)


@given(st.lists(STATUSES | JSON, max_size=5))
@settings(deadline=None)
def test_whatever_stands_in_statuses_can_be_read(statuses: list[Any]) -> None:
    assert all(told.mark and told.external_id for told in reports(*statuses))


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
@settings(deadline=None)
def test_whatever_is_signed_can_be_read(content: bytes) -> None:
    request = Request("POST", DOOR, DOOR, signed(content), content=content)
    webhooks.opened(request, {"app_secret": SECRET})


def test_reports_are_counted_and_not_told(door: Api) -> None:
    canary = status(id="wamid.canary")
    call(door, payload(message("Hi"), statuses=[canary, canary]))
    (line,) = [fields for name, fields in door.voice.lines if name == "heard"]
    assert line == {"channel": "whatsapp", "messages": 1, "foreign": 0, "reports": 2}
    assert "canary" not in repr(door.voice.lines)
