"""Driving a conversation: one step at a time, each exactly once."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.channels import (
    Account,
    ChannelName,
    Handle,
    HttpRequest,
    Pause,
    Response,
    Step,
)
from chalicelib.domain.errors import (
    Ambiguous,
    ContentRejected,
    OutOfTime,
    PlatformUnavailable,
    StoreUnavailable,
)
from tests.fakes.ground import START
from tests.fakes.platforms import broken, lost_before, unreachable
from tests.fakes.world import World

NAME = ChannelName("lookup-feed")
ACCOUNT = Account(NAME)
ASK = HttpRequest("GET", f"https://{NAME}.example/me")
POST = HttpRequest("POST", f"https://{NAME}.example/posts", json={}, publishes=True)
DELETE = HttpRequest("DELETE", f"https://{NAME}.example/posts/1")

Talk = Generator[Step, Response, str]


def test_each_answer_goes_back_to_who_asked(world: World) -> None:
    def talk() -> Talk:
        answer = yield ASK
        return str(answer.json()["identity"])

    assert world.conversing.hold(talk(), ACCOUNT) == f"{NAME} community"


@pytest.mark.parametrize("step", [POST, DELETE])
def test_readers_see_nothing_change_when_the_workers_time_is_over(
    world: World, step: HttpRequest
) -> None:
    def talk() -> Talk:
        yield ASK
        yield Pause(2)
        yield step
        return "done"

    with pytest.raises(OutOfTime):
        world.conversing.hold(talk(), ACCOUNT, until=START + timedelta(seconds=1))
    assert (world.platforms.published(NAME), world.platforms.removed) == ([], {})


def test_a_worker_in_time_may_publish(world: World) -> None:
    fields = {"text": "Hello", "recipient": None, "token": "", "mark": ""}

    def talk() -> Talk:
        yield Pause(2)
        yield replace(POST, json=fields)
        return "posted"

    until = START + timedelta(seconds=2)
    assert world.conversing.hold(talk(), ACCOUNT, until=until) == "posted"


def test_a_pause_lets_time_pass(world: World) -> None:
    def talk() -> Talk:
        yield Pause(2.5)
        return "rested"

    assert world.conversing.hold(talk(), ACCOUNT) == "rested"
    assert world.clock.slept == [2.5]


def test_a_handle_is_kept_before_the_next_step(world: World) -> None:
    kept: list[tuple[str, int]] = []

    def talk() -> Talk:
        yield Handle("h")
        yield ASK
        return "done"

    world.conversing.hold(talk(), ACCOUNT, lambda h: kept.append((h, len(world.platforms.calls))))
    assert kept == [("h", 0)]


def test_where_nobody_keeps_handles_they_are_passed_over(world: World) -> None:
    def talk() -> Talk:
        yield Handle("h")
        return "done"

    assert world.conversing.hold(talk(), ACCOUNT) == "done"


def test_a_handle_that_cannot_be_kept_ends_the_conversation(world: World) -> None:
    ended: list[str] = []

    def talk() -> Talk:
        try:
            yield Handle("h")
            yield POST
        finally:
            ended.append("closed")
        return "never"

    def fails(_: str) -> None:
        raise StoreUnavailable("no")

    with pytest.raises(StoreUnavailable):
        world.conversing.hold(talk(), ACCOUNT, fails)
    assert (world.platforms.calls, ended) == ([], ["closed"])


def test_an_unanswered_step_is_told_to_who_asked(world: World) -> None:
    world.platforms.arm(NAME, unreachable, asking=True)

    def talk() -> Talk:
        try:
            yield ASK
        except PlatformUnavailable:
            yield ASK
        return "asked twice"

    assert world.conversing.hold(talk(), ACCOUNT) == "asked twice"
    assert len(world.platforms.calls) == 2


def test_an_unanswered_step_that_nobody_handles_ends_it(world: World) -> None:
    world.platforms.arm(NAME, lost_before)

    def talk() -> Talk:
        yield POST
        return "never"

    with pytest.raises(Ambiguous):
        world.conversing.hold(talk(), ACCOUNT)


def test_what_a_channel_concludes_is_passed_on(world: World) -> None:
    def talk() -> Talk:
        yield ASK
        raise ContentRejected("no")

    with pytest.raises(ContentRejected):
        world.conversing.hold(talk(), ACCOUNT)


def test_a_channel_that_crashes_leaves_everything_open(world: World) -> None:
    def talk() -> Talk:
        yield ASK
        raise ZeroDivisionError

    with pytest.raises(Ambiguous):
        world.conversing.hold(talk(), ACCOUNT)
    assert [type(error) for _, error in world.heard.failures] == [ZeroDivisionError]


def test_a_transport_that_crashes_leaves_everything_open(world: World) -> None:
    world.platforms.arm(NAME, broken, asking=True)

    def talk() -> Talk:
        yield ASK
        return "never"

    with pytest.raises(Ambiguous):
        world.conversing.hold(talk(), ACCOUNT)


def test_each_platform_call_is_a_span_with_its_channel(world: World) -> None:
    def talk() -> Talk:
        yield Pause(1)
        yield ASK
        return "done"

    world.conversing.hold(talk(), ACCOUNT)
    assert world.heard.spans == [{"name": "platform_call", "channel": NAME}]
