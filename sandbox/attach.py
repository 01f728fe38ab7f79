"""Turn ``chalice local`` into the whole product: gateway, stream pump, minute tick, queues.

Everything runs in the application's own process and calls its handlers directly, so that a debugger
reaches each of them. What exists is read from the application: a Kinesis consumer gets a pump, a
schedule a ticker, a rule on a bucket's new objects the queue of those events, a subscription the
queue of its topic.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from types import FrameType
from typing import Any

import chalice.local
from chalice.app import (
    Chalice,
    CloudWatchEventConfig,
    KinesisEventConfig,
    ScheduledEventConfig,
    SNSEventConfig,
)
from chalice.local import LambdaContext

from chalicelib import settings, wiring
from sandbox import crashing, embedded, notifications, object_events
from sandbox.bearer import Bearers, KeyRing
from sandbox.environment import SUPERVISED
from sandbox.errands import Errands
from sandbox.gateway import Gateway
from sandbox.http_server import GatewayServer
from sandbox.live import LiveGateway
from sandbox.ports import Ports
from sandbox.provision import Clients
from sandbox.queue_reader import Deliver, QueueReader
from sandbox.reporting import end
from sandbox.state import State, Trouble, read_json
from sandbox.stream_pump import Aside, EventSource, Positions, Pump
from sandbox.ticker import Ticker

LEAVING_SECONDS = 5.0
WATCH_SECONDS = 0.5
MEMORY_MB = 512

Job = Callable[[threading.Event], object]
Function = Callable[[dict[str, Any]], Any]


def attach(app: Chalice) -> None:
    """Prepare this process; work begins when ``chalice local`` begins to serve."""
    logging.getLogger("botocore").setLevel(logging.WARNING)
    try:
        crashing.arm(os.environ)
    except Trouble as trouble:
        end(str(trouble))
    product = Declared(app)
    ticker = product.ticker()
    if ticker is not None:
        wiring.starter = lambda: ticker  # type: ignore[assignment] # no function to start
    errands = product.errands()
    if errands is not None:
        wiring.errand = lambda: errands  # type: ignore[assignment] # no function to start
    queues = [*product.object_events(), *product.notifications()]
    jobs = [*product.pumps(), *queues, *([ticker.run] if ticker else [])]
    if SUPERVISED in os.environ:
        jobs.append(partial(clear_up, State.of(os.environ), os.getppid()))
    stopper = _Stopper()
    background = Background(jobs)

    def serve(address: tuple[str, int], _: object) -> GatewayServer:
        live = product.live(address)
        return stopper.follow(GatewayServer(address, product.gateway(), background, live))

    server = partial(chalice.local.LocalDevServer, server_cls=serve)
    chalice.local.LocalDevServer = server  # type: ignore[assignment,misc]
    if "CHALICE_WORKER" in os.environ:
        # The parent leaves its worker behind when it is told to end.
        threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()


class Background(contextlib.AbstractContextManager[None]):
    """Jobs that run in threads of their own while requests are served."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        """A job returns soon after the event that it is given is set."""
        self._jobs = jobs
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> None:
        """Start every job."""
        for job in self._jobs:
            thread = threading.Thread(target=job, args=(self._stopping,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def __exit__(self, *_: object) -> None:
        """Ask the jobs to end and give them a moment."""
        self._stopping.set()
        until = time.monotonic() + LEAVING_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))


def clear_up(state: State, supervisor: int, stopping: threading.Event) -> None:
    """Take the endpoints away at the end, if whoever wrote them can't because it was killed."""
    stopping.wait()
    if os.getppid() != supervisor:
        state.endpoints.unlink(missing_ok=True)


def end_with(parent: int) -> None:
    """Ask this process to end as soon as its parent is gone; returns never."""
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


class Declared:
    """What the application declares, made runnable here."""

    def __init__(self, app: Chalice) -> None:
        """Read where everything is; `app` is loaded."""
        self._app = app
        self._settings = settings.current()
        self._state = State.of(os.environ)
        self._resources = read_json(self._state.resources)
        self._clients = Clients(os.environ["AWS_ENDPOINT_URL"])

    def gateway(self) -> Gateway:
        """Return what answers requests to its routes."""
        pool = self._resources["user_pool_id"]
        port = Ports.of(os.environ).aws
        keys = KeyRing(partial(embedded.get, port, f"/{pool}/.well-known/jwks.json"))
        bearers = Bearers(self._settings.token_issuer, self._settings.client_id, keys)
        return Gateway(self._app, bearers.claims, self._settings.allowed_origins)

    def live(self, address: tuple[str, int]) -> LiveGateway:
        """Return what holds live connections and calls its handlers of them."""
        host, port = address
        declared = self._app.websocket_handlers.items()
        functions = {route: self._function(config.name) for route, config in declared}
        return LiveGateway(functions, f"{host}:{port}")

    def pumps(self, batching_window_seconds: float | None = None) -> list[Job]:
        """Return what feeds its stream consumers; None: with the batching that they ask for."""
        created = self._resources["stream_created"]  # another stream's positions mean nothing here
        positions = Positions(self._state.path / f"stream-{created}.json")
        aside = Aside(self._clients.client("s3"), self._settings.failure_bucket)
        return [
            Pump(
                EventSource(
                    stream=config.stream,
                    stream_arn=self._resources["stream_arn"],
                    region=embedded.REGION,
                    batch_size=config.batch_size,
                    batching_window_seconds=config.maximum_batching_window_in_seconds
                    if batching_window_seconds is None
                    else batching_window_seconds,
                    parallelization_factor=self._settings.parallelization_factor,
                ),
                self._clients.client("kinesis"),
                self._function(config.name),
                positions,
                aside,
                time.time,
            ).run
            for config in self._declared(KinesisEventConfig)
        ]

    def ticker(self) -> Ticker | None:
        """Return what calls its schedule, if it has one."""
        for config in self._declared(ScheduledEventConfig):
            rule = f"{self._app.app_name}-{self._settings.stage}-{config.name}"
            return Ticker(self._function(config.name), embedded.REGION, rule, time.time)
        return None

    def errands(self) -> Errands | None:
        """Return what runs its function that asks a model, if it has one."""
        declared = {function.name for function in self._app.pure_lambda_functions}
        return Errands(self._function("adapt")) if "adapt" in declared else None

    def object_events(self) -> list[Job]:
        """Return what tells it of new objects in buckets."""
        rules = [
            (config.event_pattern, self._function(config.name))
            for config in self._declared(CloudWatchEventConfig)
        ]
        return [self._reading("object_events_url", object_events.to(rules))] if rules else []

    def notifications(self) -> list[Job]:
        return [
            self._reading("mail_events_url", notifications.to(self._function(config.name)))
            for config in self._declared(SNSEventConfig)
        ]

    def _reading(self, queue: str, deliver: Deliver) -> Job:
        return QueueReader(self._clients.client("sqs"), self._resources[queue], deliver).run

    def _declared(self, kind: type[Any]) -> list[Any]:
        return [source for source in self._app.event_sources if isinstance(source, kind)]

    def _function(self, name: str) -> Function:
        handler = self._app.handler_map[name]
        milliseconds = int(self._settings.invocation_seconds * 1000)

        def invoke(event: dict[str, Any]) -> Any:
            context = LambdaContext(f"{self._app.app_name}-local-{name}", MEMORY_MB, milliseconds)
            return handler(event, context)

        return invoke


class _Stopper:
    """Lets SIGTERM and Ctrl-C end the server in order, where signals reach this thread."""

    def __init__(self) -> None:
        self._server: GatewayServer | None = None
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._stop)
            signal.signal(signal.SIGINT, self._stop)

    def follow(self, server: GatewayServer) -> GatewayServer:
        self._server = server
        return server

    def _stop(self, _: int, __: FrameType | None) -> None:
        if self._server is None:
            sys.exit(0)
        self._server.stop()
