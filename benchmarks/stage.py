"""Put the production services on a stage: the real wiring, with a table and a stream of our choice.

The stream hands its records straight to the worker, so that what is measured is our work and the
platforms' latency, not the batching window.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from threading import Lock
from typing import Any

from benchmarks.surroundings import Surroundings
from chalicelib import edge, settings, wiring
from chalicelib.domain.identity import Member, Role
from chalicelib.domain.ports import Hint
from chalicelib.observability import JsonTelemetry
from chalicelib.repositories.store import Store
from chalicelib.repositories.table import Table
from sandbox import seed

AUTHOR = Member("benchmark", Role.ADMIN, "Bea Bench")
BATCHES_AT_ONCE = 64

Worker = Callable[[Sequence[Hint]], object]


class Relay:
    """Implements `ports.Stream`: whatever is put is worked on at once, batch by batch as put."""

    def __init__(self, worker: Callable[[], Worker]) -> None:
        """Ask for the worker only when there is work: it needs the stream itself."""
        self._worker = worker
        self._threads = ThreadPoolExecutor(BATCHES_AT_ONCE, "relay")
        self._running: list[Future[object]] = []
        self._guard = Lock()
        self._kept: list[Hint] | None = None

    def put(self, hints: Sequence[Hint]) -> Sequence[Hint]:
        """Take every hint."""
        with self._guard:
            if self._kept is not None:
                self._kept.extend(hints)
            else:
                work = self._worker()
                self._running.append(self._threads.submit(work, list(hints)))
        return ()

    @contextmanager
    def holding(self) -> Iterator[list[Hint]]:
        """Only collect within; the hints are the caller's to deal with."""
        kept: list[Hint] = []
        self._kept = kept
        try:
            yield kept
        finally:
            self._kept = None

    def settle(self) -> None:
        """Return when nothing is being worked on; an error of the worker is raised."""
        while True:
            with self._guard:
                running, self._running = self._running, []
            if not running:
                return
            wait(running)
            for done in running:
                done.result()

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Replace this process's environment within."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def wired(**replaced: Any) -> Iterator[None]:
    """Wire everything anew within, with these factories' results replaced."""
    originals = {name: getattr(wiring, name) for name in replaced}
    _forget()
    for name, value in replaced.items():
        setattr(wiring, name, _constant(value))
    try:
        yield
    finally:
        wiring.finish_telling()
        wiring.delivery_pool().shutdown()
        for name, factory in originals.items():
            setattr(wiring, name, factory)
        _forget()


@contextmanager
def stage(around: Surroundings, log: Path, table: Table | None = None) -> Iterator[Relay]:
    """Run the production services within; `table` None means the embedded AWS's.

    Every channel is connected and has the recipients that a first start gives it.
    """
    relay = Relay(lambda: wiring.delivering().deliver_all)
    replaced: dict[str, Any] = {"stream": relay}
    with ExitStack() as held:
        held.enter_context(environment(around.environment))
        replaced["telemetry"] = JsonTelemetry(held.enter_context(log.open("w", encoding="utf-8")))
        if table is not None:
            clock, ids = wiring.clock(), wiring.ids()
            replaced["store"] = Store(table, ids, Random(1), clock.sleep)  # noqa: S311 - jitter
        held.callback(relay.close)
        held.enter_context(wired(**replaced))
        connect(around.accounts)
        yield relay


def connect(accounts: Mapping[str, Mapping[str, Any]]) -> None:
    """Connect every channel to its stand-in and add the recipients."""
    resources = {"mail_configuration_set": settings.current().mail_configuration_set}
    for name in wiring.registry():
        body = edge.AccountBody.model_validate(seed.account(name, accounts, resources))
        wiring.connecting().connect(name, edge.account(body), AUTHOR)
        for recipient in seed.recipients(name, accounts):
            note = recipient["consent_note"]
            wiring.subscribing().add(name, recipient["address"], "", note, AUTHOR)


def _forget() -> None:
    settings.current.cache_clear()
    for factory in vars(wiring).values():
        if hasattr(factory, "cache_clear"):
            factory.cache_clear()


def _constant(value: Any) -> Callable[[], Any]:
    return lambda: value
