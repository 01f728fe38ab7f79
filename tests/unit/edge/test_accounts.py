"""Connecting an account over HTTP: one flat object, merged with what is there, never echoed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.channels import Account, AwsCall, ChannelName, HttpRequest, Response
from tests.unit.edge.kit import ADMIN, MANAGER, MEMBER, Api, Reply, description

TOKEN = "canary-token"
ALIAS = "somebody"
"""Leads to an account of another id."""
FACEBOOK = {"page_id": "1042", "name": "Our community", "access_token": TOKEN}
WHATSAPP = {
    "phone_number_id": "1065",
    "waba_id": "1022",
    "access_token": TOKEN,
    "open_window_number": "+447700900123",
    "template": {"name": "news", "language": "en_US"},
}


@dataclass
class Graph:
    """A Graph API that knows one token and two templates."""

    asked: list[Account] = field(default_factory=list)

    def perform(
        self, step: HttpRequest | AwsCall, account: Account, until: datetime | None = None
    ) -> Response:
        assert isinstance(step, HttpRequest)
        self.asked.append(account)
        if account.secrets["access_token"] != TOKEN:
            return answer(401, {"error": {"message": "No such token.", "code": 190}})
        if step.url.endswith("message_templates"):
            return answer(200, {"data": [template("news"), template("seen_news", "IMAGE")]})
        scopes = ["pages_manage_posts", "pages_read_engagement", "whatsapp_business_messaging"]
        told = {"is_valid": True, "scopes": scopes}
        asked = step.url.rpartition("/")[2]
        owner = "1" if asked == ALIAS else asked
        return answer(200, {"id": owner, "name": "Us", "verified_name": "Us", "data": told})


def answer(status: int, body: Any) -> Response:
    return Response(status, body=json.dumps(body).encode())


def template(name: str, header: str = "") -> dict[str, Any]:
    parts = [{"type": "HEADER", "format": header}] if header else []
    body = {"type": "BODY", "text": f"{name}: {{{{1}}}}"}
    about = {"name": name, "language": "en_US", "status": "APPROVED"}
    return {**about, "components": [*parts, body]}


@pytest.fixture
def graph(api: Api, monkeypatch: pytest.MonkeyPatch) -> Graph:
    platform = Graph()
    monkeypatch.setattr(wiring, "transport", lambda: platform)
    return platform


def put(api: Api, channel: str, body: Any, who: Any = ADMIN) -> Reply:
    return api("PUT", f"/api/v1/channels/{channel}/account", body, who=who)


def pointers(reply: Reply) -> list[str]:
    assert reply.status == 400
    return [fault["pointer"] for fault in reply.json["errors"]]


def stored(channel: str) -> dict[str, str]:
    name = ChannelName(channel)
    settings = wiring.accounts().state(name).settings
    return {**settings, **wiring.secrets().read(name)}


def test_an_account_is_one_flat_object(api: Api, graph: Graph) -> None:
    reply = put(api, "facebook", FACEBOOK)
    assert (reply.status, reply.json["account_state"]) == (200, "connected")
    assert stored("facebook") == {"page_id": "1042", "access_token": TOKEN}
    assert "canary" not in reply.text


def test_the_fields_of_a_nested_object_get_its_name_before_them(api: Api, graph: Graph) -> None:
    assert put(api, "whatsapp", WHATSAPP).status == 200
    assert stored("whatsapp") == {
        "phone_number_id": "1065",
        "waba_id": "1022",
        "template_name": "news",
        "template_language": "en_US",
        "template_body": "news: {{1}}",
        "template_image_name": "seen_news",
        "template_image_body": "seen_news: {{1}}",
        "access_token": TOKEN,
    }


def test_a_token_is_renewed_by_sending_it_alone(api: Api, graph: Graph) -> None:
    put(api, "facebook", {**FACEBOOK, "app_secret": "proof"})
    assert put(api, "facebook", {"access_token": TOKEN}).status == 200
    assert (graph.asked[-1].settings, graph.asked[-1].secrets) == (
        {"page_id": "1042"},
        {"access_token": TOKEN, "app_secret": "proof"},
    )


def test_a_setting_is_changed_by_sending_it_alone(api: Api, graph: Graph) -> None:
    put(api, "facebook", FACEBOOK)
    assert put(api, "facebook", {"page_id": "2084"}).status == 200
    assert stored("facebook") == {"page_id": "2084", "access_token": TOKEN}


def test_a_refused_token_is_named_and_never_echoed(api: Api, graph: Graph) -> None:
    put(api, "facebook", FACEBOOK)
    reply = put(api, "facebook", {"access_token": "canary-of-another-kind"})
    assert pointers(reply) == ["/access_token"]
    assert "canary" not in reply.text
    assert stored("facebook")["access_token"] == TOKEN


@pytest.mark.parametrize(
    ("channel", "body", "field"),
    [("facebook", FACEBOOK, "page_id"), ("whatsapp", WHATSAPP, "phone_number_id")],
)
def test_an_id_that_is_not_the_accounts_is_named_and_nothing_is_kept(
    api: Api, graph: Graph, channel: str, body: dict[str, Any], field: str
) -> None:
    put(api, channel, body)
    kept = stored(channel)
    reply = put(api, channel, {field: ALIAS})
    assert pointers(reply) == [f"/{field}"]
    assert [fault["code"] for fault in reply.json["errors"]] == ["unknown_account"]
    assert stored(channel) == kept


def test_a_template_that_is_not_there_is_named(api: Api, graph: Graph) -> None:
    reply = put(api, "whatsapp", {**WHATSAPP, "template": {"name": "old", "language": "en_US"}})
    assert pointers(reply) == ["/template_name"]


def test_every_field_that_is_needed_is_named(api: Api, graph: Graph) -> None:
    assert pointers(put(api, "whatsapp", {"template": {"name": "news"}})) == [
        "/phone_number_id",
        "/template_language",
        "/access_token",
    ]
    assert graph.asked == []


@pytest.mark.parametrize("who", [MEMBER, MANAGER])
def test_others_learn_nothing_of_their_mistakes(api: Api, who: Any) -> None:
    assert put(api, "facebook", {"page_id": 1}, who).status == 403


@pytest.mark.parametrize("value", [None, 1, True, [], "", "  ", "a\nb", "a\x7f", "x" * 4097])
def test_a_value_is_a_text_on_one_line(api: Api, value: Any) -> None:
    assert "/page_id" in pointers(put(api, "facebook", {**FACEBOOK, "page_id": value}))


def test_a_secret_fits_in_a_header(api: Api, graph: Graph) -> None:
    assert pointers(put(api, "facebook", {**FACEBOOK, "access_token": "ž☃"})) == ["/access_token"]
    assert graph.asked == []


@pytest.mark.parametrize("value", [1, "", {"is": "x"}, []])
def test_a_nested_value_is_a_text_too(api: Api, value: Any) -> None:
    nested = {"name": "news", "language": value}
    assert pointers(put(api, "whatsapp", {**WHATSAPP, "template": nested})) == [
        "/template/language"
    ]


def test_a_field_is_written_once(api: Api) -> None:
    reply = put(api, "whatsapp", {**WHATSAPP, "template_name": "news"})
    assert [(f["pointer"], f["code"]) for f in reply.json["errors"]] == [
        ("/template/name", "repeated_field")
    ]


def test_an_account_has_at_most_32_fields(api: Api, graph: Graph) -> None:
    many = {f"field_{number}": "x" for number in range(30)}
    assert put(api, "facebook", {**FACEBOOK, **many}).status == 400
    assert pointers(put(api, "facebook", {**many, **FACEBOOK})) == ["/access_token"]
    del many["field_29"]
    assert put(api, "facebook", {**FACEBOOK, **many}).status == 200


def test_each_channel_tells_which_fields_it_uses(api: Api) -> None:
    items = api("GET", "/api/v1/channels").json["items"]
    (told,) = [item for item in items if item["name"] == "whatsapp"]
    assert told["account_settings"] == ["phone_number_id", "template_name", "template_language"]
    assert told["account_secrets"] == ["access_token"]
    assert "waba_id" in told["optional_settings"]
    assert told["optional_secrets"] == ["app_secret", "verify_token"]


def test_the_description_says_what_becomes_of_other_fields() -> None:
    schema = description()["components"]["schemas"]["AccountBody"]
    assert "ignored" in schema["description"]
    assert schema["maxProperties"] == 32
