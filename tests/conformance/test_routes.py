"""Every route obeys the house rules: who may come in, what is refused, what is promised."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from openapi_spec_validator import validate

import app as doors
from chalicelib.domain.identity import Role
from chalicelib.edge.operations import OPERATIONS
from tests.unit.edge.kit import ADMIN, MANAGER, MEMBER, UNKNOWN_ID, Api, assemble, description

PUBLIC = {
    "health",
    "openapi",
    "show_unsubscribe",
    "unsubscribe",
    "confirm_whatsapp",
    "hear_whatsapp",
    "describe_github",
    "list_github_keys",
    "authorize_github",
    "return_from_github",
    "exchange_github",
    "describe_github_user",
}
LEAST: Mapping[str, Role] = {
    "read_me": Role.MEMBER,
    "change_me": Role.MEMBER,
    "list_channels": Role.MEMBER,
    "connect_account": Role.ADMIN,
    "list_recipients": Role.COMMUNITY_MANAGER,
    "add_recipient": Role.COMMUNITY_MANAGER,
    "remove_recipient": Role.COMMUNITY_MANAGER,
    "preview": Role.MEMBER,
    "create_message": Role.MEMBER,
    "list_messages": Role.MEMBER,
    "read_message": Role.MEMBER,
    "edit_message": Role.MEMBER,
    "publish_message": Role.MEMBER,
    "cancel_message": Role.MEMBER,
    "approve_message": Role.COMMUNITY_MANAGER,
    "reject_message": Role.COMMUNITY_MANAGER,
    "retry_delivery": Role.MEMBER,
    "unpublish_delivery": Role.MEMBER,
    "resolve_delivery": Role.MEMBER,
    "list_message_recipients": Role.MEMBER,
    "preview_message": Role.MEMBER,
    "read_timeline": Role.MEMBER,
    "list_certification_types": Role.MEMBER,
    "submit_certification": Role.MEMBER,
    "list_certifications": Role.MEMBER,
    "read_certification": Role.MEMBER,
    "approve_certification": Role.COMMUNITY_MANAGER,
    "reject_certification": Role.COMMUNITY_MANAGER,
    "request_upload": Role.MEMBER,
    "read_upload": Role.MEMBER,
    "issue_live_ticket": Role.MEMBER,
}
"""The least role each route asks for; a new route has to be placed here."""
CALLERS = {Role.MEMBER: MEMBER, Role.COMMUNITY_MANAGER: MANAGER, Role.ADMIN: ADMIN}
NO_KEY = {"preview", "request_upload", "issue_live_ticket"}
"""POSTs that do not take an Idempotency-Key."""


def routes() -> Iterator[tuple[str, str, str]]:
    """Yield view name, method and path of every route."""
    for path, methods in doors.app.routes.items():
        for method, entry in methods.items():
            yield entry.view_name, method, path


ROUTES = sorted(routes())
DESCRIBED = [route for route in ROUTES if not OPERATIONS[route[0]].bridge]
"""All but those that speak OAuth, which describes itself."""
SIGNED_IN = [route for route in ROUTES if route[0] not in PUBLIC]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    return assemble(monkeypatch)


def filled(path: str) -> str:
    """Return a path with an object nobody has in the place of each parameter."""
    path = path.replace("{channel}", "email").replace("{recipient_id}", "nobody")
    return re.sub(r"{\w+}", UNKNOWN_ID, path)


def asked(api: Api, route: tuple[str, str, str], who: Mapping[str, Any] | None) -> int:
    name, method, path = route
    body = {} if OPERATIONS[name].takes else None
    return api(method, filled(path), body, who=who).status


def test_every_route_has_a_least_role_or_is_public() -> None:
    assert {name for name, _, _ in ROUTES} == PUBLIC | LEAST.keys()


def test_everything_under_the_api_needs_a_token_and_nothing_else_does() -> None:
    for methods in doors.app.routes.values():
        for entry in methods.values():
            is_api = entry.uri_pattern.startswith("/api/v1/")
            assert (entry.authorizer is doors.members) is is_api, entry.uri_pattern
            assert (entry.view_name in PUBLIC) is not is_api


@pytest.mark.parametrize("route", SIGNED_IN, ids=lambda route: route[0])
def test_a_route_refuses_a_request_without_claims(api: Api, route: tuple[str, str, str]) -> None:
    assert asked(api, route, None) == 401


@pytest.mark.parametrize("route", SIGNED_IN, ids=lambda route: route[0])
@pytest.mark.parametrize("role", list(Role))
def test_a_route_lets_in_its_least_role_and_those_above(
    api: Api, route: tuple[str, str, str], role: Role
) -> None:
    status = asked(api, route, CALLERS[role])
    if role.rank < LEAST[route[0]].rank:
        assert status == 403
    else:
        assert status not in (401, 403)
        assert status < 500


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route[0])
def test_a_route_survives_an_empty_event_of_api_gateway(
    api: Api, route: tuple[str, str, str]
) -> None:
    assert asked(api, route, MEMBER) < 500
    assert api.voice.failures == []


def test_every_operation_belongs_to_a_route() -> None:
    assert OPERATIONS.keys() == {name for name, _, _ in ROUTES}


def test_every_post_but_previews_uploads_and_tickets_takes_an_idempotency_key() -> None:
    posts = {name for name, method, _ in ROUTES if method == "POST"} - PUBLIC
    assert {name for name in OPERATIONS if OPERATIONS[name].repeatable} == posts - NO_KEY


def test_the_description_is_valid_openapi() -> None:
    validate(description())


def test_the_description_has_every_route_and_no_other() -> None:
    described = {
        (operation["operationId"], method.upper(), path)
        for path, methods in description()["paths"].items()
        for method, operation in methods.items()
    }
    assert described == set(DESCRIBED)


@pytest.mark.parametrize("route", DESCRIBED, ids=lambda route: route[0])
def test_a_route_says_what_it_does_in_one_sentence(route: tuple[str, str, str]) -> None:
    _, method, path = route
    operation = description()["paths"][path][method.lower()]
    assert re.fullmatch(r"[A-Z].+\.|[A-Z].+[^.;]", operation["summary"])
    described = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
    assert described == re.findall(r"{(\w+)}", path)


@pytest.mark.parametrize("route", SIGNED_IN, ids=lambda route: route[0])
def test_a_signed_in_route_promises_its_refusals(route: tuple[str, str, str]) -> None:
    name, method, path = route
    promised = description()["paths"][path][method.lower()]["responses"].keys()
    assert {"400", "401", "500", "503"} <= promised
    assert ("404" in promised) is ("{" in path)
    assert ("413" in promised) is bool(OPERATIONS[name].takes)


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/messages/{message_id}"])
def test_an_edit_is_described_as_needing_a_body(path: str) -> None:
    assert description()["paths"][path]["patch"]["requestBody"]["required"] is True


def test_schemas_name_the_channels_there_are() -> None:
    schema = description()["components"]["schemas"]["MessageBody"]
    assert schema["properties"]["channels"]["items"]["enum"] == sorted(description_channels())


def description_channels() -> list[str]:
    parameters = description()["paths"]["/api/v1/channels/{channel}/account"]["put"]["parameters"]
    return list(parameters[0]["schema"]["enum"])
