"""A model's words under crashes, duplicates and races: asked about once, the same everywhere.

Every write of finding and using words is broken once, before and after it took effect, with and
without the process; meanwhile the worker may publish, and the function is invoked again.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from itertools import product

import pytest

from chalicelib.domain.adaptation import digest_of
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.errors import LostRace, StoreUnavailable
from chalicelib.domain.messages import Content, Draft
from chalicelib.domain.models import Reply
from chalicelib.domain.prompts import Prompt
from chalicelib.domain.voices import VOICES
from sandbox.model import Behaviour
from tests.fakes.ground import Died
from tests.fakes.model import behaving
from tests.fakes.platforms import lost_after
from tests.fakes.world import ADA, World

TEXT = "The meetup is on 5 May for all of us. Register at https://example.org/m."
FEEDS = tuple(map(ChannelName, ("facebook", "linkedin")))
WRITES = range(1, 9)
BUSY = (Behaviour.THROTTLED, Behaviour.UNAVAILABLE, Behaviour.NO_ACCESS)
"""Refusals that another model may make good."""
MEANWHILE: dict[str, Callable[[World, str], object]] = {
    "nothing": lambda world, message: None,
    "a twin": lambda world, message: world.adapting.adapt(message, 1),
    "the worker": lambda world, message: world.drain(),
    "a long time": lambda world, message: world.clock.advance(minutes=5),
}


def prepared(*, ahead: bool) -> tuple[World, str]:
    """Return a world with a message whose words are wanted."""
    world = World(voices=VOICES)
    due = world.clock.now() + timedelta(hours=1) if ahead else None
    made = world.publishing.submit(Draft(Content(TEXT), FEEDS, scheduled_at=due), ADA)
    return world, made.message.id


def survived(work: Callable[[], object]) -> None:
    """Do work of a process that may die, or give up, on the way."""
    with suppress(Died, StoreUnavailable, LostRace):
        work()


def require_one_truth(world: World, message: str) -> None:
    """Assert what must hold whatever happened: one call, one post, one decision, its words."""
    decided = world.adaptations.get(digest_of(Content(TEXT), FEEDS))
    assert decided is not None
    assert decided.is_decided
    assert len(world.model.asked) <= 1
    for name in FEEDS:
        assert world.shown(name) == [decided.words.get(name, TEXT)]
        post = world.messages.post(message, name, 1)
        tries = [a for a in world.messages.timeline(message).attempts if a.key.channel == name]
        assert post is not None
        assert {attempt.digest for attempt in tries} == {post.digest}


@pytest.mark.parametrize("meanwhile", MEANWHILE)
@pytest.mark.parametrize("ahead", [True, False])
def test_every_write_may_be_the_last(meanwhile: str, ahead: bool) -> None:
    errors = (Died, lambda: StoreUnavailable("no"))
    for number, moment, make in product(WRITES, ("before", "after"), errors):
        world, message = prepared(ahead=ahead)

        def answer(name: str, prompt: Prompt, at: World = world, of: str = message) -> Reply:
            MEANWHILE[meanwhile](at, of)
            return behaving(Behaviour.HONEST)(name, prompt)

        world.model.scripts.append(answer)
        world.breaker.break_write(number, moment, make())
        survived(lambda at=world, of=message: at.adapting.adapt(of, 1))  # type: ignore[misc]
        survived(world.drain)
        world.breaker.mend()
        world.restart()
        world.adapting.adapt(message, 1)
        world.run()
        require_one_truth(world, message)


@pytest.mark.parametrize("behaviour", [b for b in Behaviour if b not in BUSY])
def test_a_lost_answer_of_a_platform_never_changes_the_words(behaviour: Behaviour) -> None:
    world, message = prepared(ahead=True)
    world.model.behave(behaviour)
    for name in FEEDS:
        world.platforms.arm(name, lost_after)
    world.adapting.adapt(message, 1)
    world.run()
    require_one_truth(world, message)


def test_many_that_start_at_once_ask_once() -> None:
    world, message = prepared(ahead=True)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: world.adapting.adapt(message, 1), range(64)))
    assert len(world.model.asked) == 1
    world.run()
    require_one_truth(world, message)
