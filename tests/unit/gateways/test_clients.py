"""Clients are made when they are first used, and once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import SimpleNamespace

from chalicelib.gateways import clients
from chalicelib.gateways.clients import LateClient

THREADS = 8


class Maker:
    """Makes clients, each of which knows its number and whether another could be made meanwhile."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> SimpleNamespace:
        self.made += 1
        return SimpleNamespace(number=self.made, was_alone=clients._making.locked())


def test_a_client_is_not_made_before_it_is_used() -> None:
    maker = Maker()
    LateClient(maker)

    assert maker.made == 0


def test_what_is_asked_of_it_is_the_clients_own() -> None:
    assert LateClient(Maker()).number == 1


def test_it_is_made_once_however_many_threads_use_it_first() -> None:
    maker, start = Maker(), Barrier(THREADS)
    client = LateClient(maker)

    def use(_: int) -> int:
        start.wait()
        number: int = client.number
        return number

    with ThreadPoolExecutor(THREADS) as threads:
        assert set(threads.map(use, range(THREADS))) == {1}
    assert maker.made == 1


def test_two_clients_are_not_made_at_once() -> None:
    assert LateClient(Maker()).was_alone
    assert not clients._making.locked()
