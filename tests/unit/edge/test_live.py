"""What comes over a live connection, well meant or not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from chalice.app import WebsocketEvent

import app as doors
from chalicelib import wiring
from chalicelib.domain.errors import Forbidden, StoreUnavailable
from chalicelib.edge import live
from chalicelib.edge.problems import Unauthenticated
from tests.unit.edge.kit import Voice

TICKET = "A" * 43
OURS = "https://app.example.org"


def event(**fields: Any) -> WebsocketEvent:
    """Return an event in the shape of API Gateway's."""
    context = {
        "routeKey": "$connect",
        "domainName": "abc.execute-api.us-east-1.amazonaws.com",
        "stage": "v1",
        "apiId": "abc",
        "connectionId": "L0SM9cOFvHcCIhw=",
    }
    return WebsocketEvent({"requestContext": context, "isBase64Encoded": False, **fields}, None)


def handshake(query: Any = None, **headers: str) -> WebsocketEvent:
    return event(queryStringParameters=query, headers=headers)


def test_a_ticket_is_read_from_the_query() -> None:
    assert live.ticket(handshake({"ticket": TICKET}), ["*"]) == TICKET


@pytest.mark.parametrize(
    "query",
    [None, {}, [], "ticket", {"ticket": ""}, {"ticket": None}, {"ticket": "short"}, {"ticket": 7},
     {"ticket": "A" * 129}, {"ticket": "A" * 42 + "/"}, {"Ticket": TICKET}, {"ticket": "ä" * 43}],
)  # fmt: skip
def test_what_is_no_ticket_is_none(query: Any) -> None:
    with pytest.raises(Unauthenticated):
        live.ticket(handshake(query), ["*"])


@pytest.mark.parametrize("name", ["Origin", "origin", "ORIGIN"])
def test_a_page_of_another_site_may_not_connect(name: str) -> None:
    with pytest.raises(Forbidden):
        live.ticket(handshake({"ticket": TICKET}, **{name: "https://evil.example"}), [OURS])


@pytest.mark.parametrize("headers", [{}, {"Origin": OURS}])
def test_our_pages_and_programs_may_connect(headers: dict[str, str]) -> None:
    assert live.ticket(handshake({"ticket": TICKET}, **headers), [OURS]) == TICKET


def test_a_handshake_without_headers_is_a_programs() -> None:
    assert live.ticket(event(queryStringParameters={"ticket": TICKET}), [OURS]) == TICKET


@pytest.mark.parametrize(("said", "answer"), [("hello", "ready"), ("ping", "pong")])
def test_what_is_understood_is_answered(said: str, answer: str) -> None:
    found = live.answer_to(event(body=json.dumps({"type": said, "at": 7})))
    assert json.loads(found) == {"type": answer}


@pytest.mark.parametrize(
    "body",
    ["", "hello", "[]", "null", "{", "{}", '{"type":1}', '{"type":"Hello"}', "[" * 1000, "\ud800",
     '{"type":["hello"]}', '{"type":"hello","x":"' + "y" * 2000 + '"}'],
)  # fmt: skip
def test_junk_is_answered_with_what_can_be_said(body: str) -> None:
    answer = json.loads(live.answer_to(event(body=body)))
    assert (answer["type"], answer["code"]) == ("error", "not_understood")


@pytest.mark.parametrize(
    ("raised", "status"),
    [(None, 200), (Unauthenticated(), 401), (Forbidden(), 403), (StoreUnavailable(), 503)],
)
def test_a_handler_answers_with_a_status(raised: Exception | None, status: int) -> None:
    def handler(_: WebsocketEvent) -> None:
        if raised is not None:
            raise raised

    assert live.door(Voice)(handler)(event()) == {"statusCode": status}


def test_a_defect_is_told_and_answered() -> None:
    voice = Voice()

    def handler(_: WebsocketEvent) -> None:
        raise ValueError("boom")

    assert live.door(lambda: voice)(handler)(event()) == {"statusCode": 500}
    assert [str(error) for error in voice.failures] == ["boom"]


def test_a_handler_keeps_its_name_for_chalice() -> None:
    def handler(_: WebsocketEvent) -> None:
        """Say what it does."""

    wrapped = live.door(Voice)(handler)
    assert (wrapped.__name__, wrapped.__doc__) == ("handler", "Say what it does.")


def test_what_comes_afterwards_comes_after_a_failure_too() -> None:
    done: list[str] = []
    finishing = live.afterwards(lambda: done.append("done"))

    def fail(_: object) -> None:
        raise ValueError

    assert finishing(None, lambda _: "answer") == "answer"
    with pytest.raises(ValueError):
        finishing(None, fail)
    assert done == ["done", "done"]


class Watching:
    """The service, as far as the doors use it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []

    def join(self, secret: str, connection_id: str) -> None:
        self.asked.append(("join", secret, connection_id))

    def answer(self, connection_id: str, frame: str) -> None:
        self.asked.append(("answer", connection_id, frame))

    def leave(self, connection_id: str) -> None:
        self.asked.append(("leave", connection_id))


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be where Lambda always says where it is: Chalice asks."""
    monkeypatch.setenv("AWS_REGION", "us-east-1")


@pytest.mark.usefixtures("region")
def test_the_doors_lead_to_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Watching()
    monkeypatch.setattr(wiring, "watching", lambda: service)
    opened = handshake({"ticket": TICKET}).to_dict()
    assert doors.join(opened, None) == {"statusCode": 200}
    said = event(body='{"type":"hello"}').to_dict()
    assert doors.hear(said, None) == {"statusCode": 200}
    assert doors.leave(event().to_dict(), None) == {"statusCode": 200}
    connection = "L0SM9cOFvHcCIhw="
    assert service.asked == [
        ("join", TICKET, connection),
        ("answer", connection, '{"type":"ready"}'),
        ("leave", connection),
    ]


@pytest.mark.usefixtures("region")
def test_a_stranger_is_refused_at_the_door() -> None:
    assert doors.join(handshake(None).to_dict(), None) == {"statusCode": 401}


def test_every_handler_of_the_application_is_declared() -> None:
    assert sorted(doors.app.websocket_handlers) == ["$connect", "$default", "$disconnect"]
