"""What platforms tell us by themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.domain.channels import ChannelName
from chalicelib.domain.errors import InFlight
from chalicelib.domain.inbound import Inbound, News
from chalicelib.domain.reports import Fate, Report
from chalicelib.domain.states import Status
from chalicelib.services.listening import Listening
from tests.fakes.ground import START
from tests.fakes.platforms import lost_after
from tests.fakes.world import MAX, World

WHATSAPP = ChannelName("whatsapp")
NUMBER = "+447700900123"


@pytest.fixture
def listening(world: World) -> Listening:
    """Return the service, with one recipient who may write to us."""
    world.subscribing.add("whatsapp", NUMBER, "Grace", "signed a form", MAX)
    return world.listening


def opted_out(world: World) -> bool:
    """Return whether the recipient wants to be left alone."""
    (found,) = world.subscriptions.page(WHATSAPP, 5, None).items
    return found.opted_out_at is not None


def news(text: str, account: str = "") -> News:
    """Return one message somebody wrote to us."""
    reports = (Report("no mark of ours", Fate.TAKEN, "m-1"),) * 2
    return News((Inbound(NUMBER, text, START, account),), reports)


def test_a_platforms_calls_are_recognised_by_the_accounts_secrets(
    world: World, listening: Listening
) -> None:
    assert listening.secrets("whatsapp") == {"access_token": "whatsapp-token"}


def test_where_nothing_is_connected_nothing_is_recognised(listening: Listening) -> None:
    assert listening.secrets("myspace") == {}


@pytest.mark.parametrize("account", ["", "1065"])
def test_a_wish_written_to_our_account_is_respected(
    world: World, listening: Listening, account: str
) -> None:
    listening.take("whatsapp", news("STOP", account))

    assert opted_out(world)


def test_what_was_written_to_another_account_does_not_concern_us(
    world: World, listening: Listening
) -> None:
    listening.take("whatsapp", news("STOP", "9999"))

    assert not opted_out(world)


def test_what_was_heard_is_counted_without_any_address(world: World, listening: Listening) -> None:
    listening.take("whatsapp", news("Hello", "1065"))
    listening.take("whatsapp", news("Hello", "9999"))
    first, second = world.heard.named("heard")

    assert (first["messages"], first["foreign"], first["reports"]) == (1, 0, 2)
    assert (second["messages"], second["foreign"]) == (0, 1)
    assert NUMBER not in repr(world.heard.lines)


def test_the_same_news_again_changes_nothing(world: World, listening: Listening) -> None:
    listening.take("whatsapp", news("STOP"))
    (before,) = world.subscriptions.page(WHATSAPP, 5, None).items
    listening.take("whatsapp", news("STOP"))

    assert world.subscriptions.page(WHATSAPP, 5, None).items == [before]


def test_what_became_of_a_post_settles_its_doubt(world: World, listening: Listening) -> None:
    world.platforms.arm("whatsapp", lost_after)
    message = world.submit("Hello", "whatsapp")
    world.drain()
    (post,) = world.platforms.shown("whatsapp")
    listening.take("whatsapp", News(reports=(Report(post.mark, Fate.TAKEN, post.id),)))
    world.run()

    assert world.status(message, "whatsapp") is Status.DELIVERED


def test_people_are_heard_even_if_a_report_has_to_come_again(
    world: World, listening: Listening
) -> None:
    told = Report("", Fate.NOT_DELIVERED, "m-1")

    def report_it(step: object) -> None:
        (parameters,) = [step.json for step in world.platforms.published("whatsapp")]
        early = replace(told, mark=parameters["biz_opaque_callback_data"])
        with pytest.raises(InFlight):
            listening.take("whatsapp", replace(news("STOP"), reports=(early,)))

    world.platforms.during = report_it
    world.submit("Hello", "whatsapp")
    world.drain()

    assert opted_out(world)
