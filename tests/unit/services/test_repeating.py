"""Requests that come twice: the first answer is given again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.domain.errors import (
    IdempotencyMismatch,
    InvalidMessage,
    NotFound,
    StillRunning,
)
from chalicelib.domain.ports import Once, OnceTaken, Snapshot, StoredResponse
from tests.fakes.world import World

FEED = "lookup-feed"


def render(snapshot: Snapshot) -> StoredResponse:
    """Return the answer to whoever submitted a message."""
    return StoredResponse(202, snapshot.message.id, {"Location": f"/{snapshot.message.id}"})


def once(key: str = "k", digest: str = "d") -> Once:
    """Return an idempotency key."""
    return Once("ada", key, digest, render)


def submitting(world: World, text: str = "Hello") -> Callable[[Once | None], StoredResponse]:
    """Return the work of a request that submits a message."""
    return lambda key: render(world.submit(text, FEED, once=key))


def request(world: World, key: Once | None, text: str = "Hello") -> tuple[StoredResponse, bool]:
    """Submit a message by way of a request."""
    return world.repeating.once(key, submitting(world, text), in_transaction=True)


# --- the answer is stored with the object -----------------------------------------------------


def test_without_a_key_each_request_is_done(world: World) -> None:
    first, second = request(world, None), request(world, None)

    assert first[0].body != second[0].body
    assert (first[1], second[1]) == (False, False)


def test_a_repeated_request_gets_the_first_answer(world: World) -> None:
    first = request(world, once())
    second = request(world, once())
    world.run()

    assert second == (first[0], True)
    assert world.shown(FEED) == ["Hello"]


def test_another_body_under_the_same_key_is_refused(world: World) -> None:
    request(world, once())

    with pytest.raises(IdempotencyMismatch):
        request(world, once(digest="other"))


def test_another_key_is_another_request(world: World) -> None:
    request(world, once("a"))

    assert request(world, once("b"))[1] is False


def test_a_concurrent_twin_gets_the_same_answer(world: World) -> None:
    answers: list[tuple[StoredResponse, bool]] = []

    def twin(at: str, operation: str, _: object) -> None:
        if at == "before" and operation == "transact":
            world.breaker.mend()
            answers.append(request(world, once()))

    world.breaker.when = twin
    answers.append(request(world, once()))
    world.run()

    assert [replayed for _, replayed in answers] == [False, True]
    assert answers[0][0] == answers[1][0]
    assert world.shown(FEED) == ["Hello"]


def test_an_answer_is_kept_for_a_day_at_least(world: World) -> None:
    first = request(world, once())
    world.clock.advance(hours=24)

    assert request(world, once()) == (first[0], True)


def test_after_days_a_key_is_free_again(world: World) -> None:
    request(world, once())
    world.clock.advance(days=3)

    assert request(world, once())[1] is False


def test_a_refused_request_keeps_nothing(world: World) -> None:
    with pytest.raises(InvalidMessage):
        request(world, once(), "x" * 501)

    assert request(world, once())[1] is False


def test_without_an_answer_to_keep_nothing_is_kept(world: World) -> None:
    world.submit("Hello", FEED, once=Once("ada", "k", "d"))

    assert world.idempotency.find(once()) is None


def test_a_used_key_stops_the_whole_transaction(world: World) -> None:
    request(world, once())

    with pytest.raises(OnceTaken):
        world.submit("Twice", FEED, once=once())
    world.run()
    assert world.shown(FEED) == ["Hello"]


# --- the key is reserved before the work ------------------------------------------------------

DONE = StoredResponse(200, "done")


def reserved(
    world: World, run: Callable[[Once | None], StoredResponse], key: Once | None = None
) -> tuple[StoredResponse, bool]:
    """Do a request whose answer is stored afterwards."""
    return world.repeating.once(key or once(), run, in_transaction=False)


def test_reserved_work_is_done_once(world: World) -> None:
    runs: list[Once | None] = []

    def run(key: Once | None) -> StoredResponse:
        runs.append(key)
        return DONE

    assert reserved(world, run) == (DONE, False)
    assert reserved(world, run) == (DONE, True)
    assert len(runs) == 1


def test_while_reserved_work_runs_a_twin_is_told_so(world: World) -> None:
    def run(_: Once | None) -> StoredResponse:
        with pytest.raises(StillRunning):
            reserved(world, lambda _: DONE)
        return DONE

    assert reserved(world, run) == (DONE, False)


def test_failed_work_gives_its_key_back(world: World) -> None:
    def fails(_: Once | None) -> StoredResponse:
        raise NotFound

    with pytest.raises(NotFound):
        reserved(world, fails)
    assert reserved(world, lambda _: DONE) == (DONE, False)


def test_the_key_of_a_process_that_vanished_is_free_after_a_minute(world: World) -> None:
    world.idempotency.reserve(once(), world.clock.now())
    world.clock.advance(minutes=1)

    assert reserved(world, lambda _: DONE) == (DONE, False)


def at_reservation(world: World, action: Callable[[], object]) -> None:
    """Have something happen between looking for an answer and reserving the key."""

    def when(at: str, operation: str, _: object) -> None:
        if at == "before" and operation == "write":
            world.breaker.mend()
            action()

    world.breaker.when = when


def test_a_twin_that_finished_meanwhile_gives_its_answer(world: World) -> None:
    at_reservation(world, lambda: reserved(world, lambda _: DONE))

    assert reserved(world, lambda _: StoredResponse(500, "never")) == (DONE, True)


def test_a_twin_that_began_meanwhile_is_still_running(world: World) -> None:
    at_reservation(world, lambda: world.idempotency.reserve(once(), world.clock.now()))

    with pytest.raises(StillRunning):
        reserved(world, lambda _: DONE)


def test_a_twin_that_failed_meanwhile_is_told_as_running(world: World) -> None:
    def began_and_failed() -> None:
        world.idempotency.reserve(once(), world.clock.now())

        def gone(at: str, operation: str, _: object) -> None:
            if at == "before" and operation == "get":
                world.breaker.mend()
                world.clock.advance(seconds=61)

        world.breaker.when = gone

    at_reservation(world, began_and_failed)
    with pytest.raises(StillRunning):
        reserved(world, lambda _: DONE)


def test_keys_of_different_users_do_not_meet(world: World) -> None:
    reserved(world, lambda _: DONE)
    other = Once("bob", "k", "d")

    assert reserved(world, lambda _: StoredResponse(200, "bob's"), other)[0].body == "bob's"
