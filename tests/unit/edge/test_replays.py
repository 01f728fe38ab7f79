"""The replay function's requests and answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import app as doors
from chalicelib import edge, wiring
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.ports import Hint
from chalicelib.domain.states import Status
from chalicelib.services.replaying import Selection
from tests.fakes.ground import START
from tests.fakes.platforms import answers, lost_after
from tests.fakes.world import World

FEED = "lookup-feed"


class Context:
    """A Lambda context with a minute left."""

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def world() -> World:
    return World()


def ask(world: World, **event: Any) -> Any:
    """Call the function's edge as the function does."""
    now = world.clock.now()
    around = edge.Surroundings(tuple(world.channels), now)
    return edge.replays.replay(event, world.replaying, around, now + timedelta(minutes=1))


def failed(world: World) -> str:
    world.platforms.arm(FEED, answers(400))
    message = world.submit("Hello", FEED)
    world.run()
    return message.message.id


def test_a_list_shows_what_came_to_a_halt(world: World) -> None:
    message_id = failed(world)
    answer = ask(world, action="list")

    assert (answer["found"], answer["more"], answer["counts"]) == (1, False, {})
    assert answer["until"] > answer["since"]
    assert answer["items"] == [
        {
            "message_id": message_id,
            "channel": FEED,
            "recipient": None,
            "status": "failed",
            "source": "ledger",
            "at": "2026-11-21T12:00:00.000Z",
            "reason": "content_rejected",
        }
    ]


def test_an_explanation_tells_the_attempts(world: World) -> None:
    failed(world)
    (item,) = ask(world, action="explain")["items"]

    assert item["error"]["code"] == "content_rejected"
    assert [(a["number"], a["outcome"], a["late"]) for a in item["attempts"]] == [
        (1, "content_rejected", False)
    ]
    assert item["remedy"] == "send_again"


def test_a_dry_run_counts_and_changes_nothing(world: World) -> None:
    failed(world)
    before = world.replaying.find(_all(world))
    answer = ask(world, action="dry_run")

    assert answer["counts"] == {"send_again": 1}
    assert "definite no" in answer["items"][0]["why"]
    assert world.replaying.find(_all(world)) == before


def test_a_redrive_tells_what_became_of_each(world: World) -> None:
    failed(world)
    answer = ask(world, action="redrive")
    world.run()

    assert answer["counts"] == {"done": 1}
    assert world.shown(FEED) == ["Hello"]
    assert ask(world, action="list")["found"] == 0


def test_a_redrive_out_of_time_says_that_there_is_more(world: World) -> None:
    failed(world)
    now = world.clock.now()
    around = edge.Surroundings(tuple(world.channels), now)
    answer = edge.replays.replay({"action": "redrive"}, world.replaying, around, now)

    assert (answer["found"], answer["more"]) == (0, True)


def test_a_record_that_can_not_be_read_has_no_names(world: World) -> None:
    world.failures.add(START, unreadable=1)
    (item,) = ask(world, action="explain", since="2026-11-21T11:00:00Z")["items"]

    assert [item[name] for name in ("message_id", "channel", "recipient", "status")] == [None] * 4
    assert (item["source"], item["error"], item["attempts"]) == ("stream", None, [])


def test_what_is_asked_for_is_chosen(world: World) -> None:
    world.platforms.arm("none-feed", lost_after)
    world.submit("Hello", "none-feed")
    message_id = failed(world)

    assert ask(world, action="list")["found"] == 2
    assert ask(world, action="list", channels=[FEED])["found"] == 1
    assert ask(world, action="list", statuses=["needs_review"])["found"] == 1
    assert ask(world, action="list", message_id=message_id)["found"] == 1
    assert ask(world, action="list", limit=1)["more"] is True
    assert ask(world, action="list", until="2026-11-20T00:00:00Z")["found"] == 0


@pytest.mark.parametrize(
    ("event", "pointer", "code"),
    [
        ({}, "/action", "required"),
        ({"action": "destroy"}, "/action", "unknown_value"),
        ({"action": "list", "since": "yesterday"}, "/since", "invalid_instant"),
        ({"action": "list", "since": "2999-01-01T00:00:00Z"}, "/since", "out_of_range"),
        ({"action": "list", "channels": ["fax"]}, "/channels/0", "unknown_channel"),
        ({"action": "list", "statuses": ["lost"]}, "/statuses/0", "unknown_value"),
        ({"action": "list", "message_id": "1"}, "/message_id", "invalid_id"),
        ({"action": "list", "limit": 0}, "/limit", "out_of_range"),
        ({"action": "list", "limit": 1_000_000}, "/limit", "out_of_range"),
        ({"action": "list", "force": True}, "/force", "unknown_field"),
    ],
)
def test_what_can_not_be_understood_names_the_place(
    world: World, event: dict[str, Any], pointer: str, code: str
) -> None:
    problem = ask(world, **event)["problem"]

    assert problem["status"] == 400
    assert [(f["pointer"], f["code"]) for f in problem["errors"]] == [(pointer, code)]


def test_an_event_that_is_no_object_asks_for_nothing(world: World) -> None:
    around = edge.Surroundings((), world.clock.now())
    answer = edge.replays.replay([1], world.replaying, around, START)  # type: ignore[arg-type] # wrong

    assert answer["problem"]["errors"][0]["pointer"] == "/action"


def test_a_store_that_can_not_be_read_is_a_problem(world: World) -> None:
    def broken(*_: object) -> None:
        raise StoreUnavailable("The failure destination did not answer.")

    world.failures.put_aside = broken  # type: ignore[assignment,method-assign] # breaks it

    assert ask(world, action="list")["problem"]["status"] == 503


def test_the_function_itself_replays(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "replaying", lambda: world.replaying)
    monkeypatch.setattr(wiring, "clock", lambda: world.clock)
    world.failures.add(START, Hint(DeliveryKey(world.ids.new(), ChannelName("email")), "c"))
    answer = doors.replay({"action": "redrive"}, Context())

    assert answer["counts"] == {"left": 1}
    assert replace(world.replaying.find(_all(world)), covered={}).items == ()


def _all(world: World) -> Selection:
    return Selection(START - timedelta(days=1), world.clock.now(), statuses=frozenset(Status))
