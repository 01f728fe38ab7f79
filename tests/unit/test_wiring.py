"""The composition root: everything can be made, once, and nothing before it is asked for."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import settings, wiring
from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import Account, AwsCall, ChannelName
from chalicelib.domain.deliveries import DeliveryKey
from chalicelib.domain.errors import Ambiguous
from chalicelib.domain.ports import Hint
from chalicelib.domain.sign_in import OAuthError
from chalicelib.gateways.ground import LambdaStarter, NoStarter
from chalicelib.gateways.push import Courier, NoObservers
from tests.fakes.server import Behaviour, closing, serving

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)

INTERFACES = ("Starter", "Errand", "Observers", "Executor")
"""What settings choose between."""
FACTORIES: dict[str, Callable[[], Any]] = {
    name: value
    for name, value in vars(wiring).items()
    if not name.startswith("_") and hasattr(value, "cache_clear")
}


def _forget() -> None:
    settings.current.cache_clear()
    for factory in FACTORIES.values():
        factory.cache_clear()  # type: ignore[attr-defined] # chosen by it


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Give the process an environment of its own, and leave nothing of it behind."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "WORKER_THREADS": "2",
        "WEBSOCKET_ENDPOINT": "https://live.example.org/v1",
    }.items():
        monkeypatch.setenv(name, value)
    _forget()
    yield monkeypatch
    for pool in (wiring.delivery_pool, wiring.release_pool, wiring.push_pool):
        if pool.cache_info().currsize:
            pool().shutdown()
    _forget()


@pytest.mark.parametrize("name", FACTORIES)
def test_everything_can_be_made_without_a_network(name: str) -> None:
    assert FACTORIES[name]() is not None


@pytest.mark.parametrize("name", FACTORIES)
def test_everything_is_made_only_once(name: str) -> None:
    assert FACTORIES[name]() is FACTORIES[name]()


@pytest.mark.parametrize("name", FACTORIES)
def test_nothing_makes_an_aws_client_before_it_uses_one(
    name: str, environment: pytest.MonkeyPatch
) -> None:
    made: list[object] = []
    environment.setattr(wiring.boto3, "client", lambda *given, **_: made.append(given))

    FACTORIES[name]()

    assert made == []


@pytest.mark.parametrize("name", FACTORIES)
def test_everything_says_what_it_makes(name: str) -> None:
    made = inspect.signature(FACTORIES[name]).return_annotation

    assert made != "Any"
    assert type(FACTORIES[name]()).__name__ == made or made in INTERFACES


def test_importing_the_root_makes_nothing() -> None:
    program = (
        "from chalicelib import wiring, settings; import sys; "
        "made = [f for f in vars(wiring).values() if hasattr(f, 'cache_info')]; "
        "sys.exit(sum(f.cache_info().currsize for f in made))"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_registry_holds_the_six_channels() -> None:
    assert wiring.registry() is CHANNELS
    assert set(CHANNELS) == {"facebook", "instagram", "linkedin", "whatsapp", "email", "sms"}


def test_without_a_release_function_nobody_is_started() -> None:
    assert isinstance(wiring.starter(), NoStarter)


def test_with_a_release_function_it_is_started(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("RELEASE_FUNCTION", "release")

    assert isinstance(wiring.starter(), LambdaStarter)


def test_without_a_websocket_nobody_is_told(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("WEBSOCKET_ENDPOINT")

    assert isinstance(wiring.observers(), NoObservers)


def test_with_a_websocket_whoever_watches_is_told_by_it() -> None:
    assert isinstance(wiring.observers(), Courier)
    wiring.finish_telling()
    assert not wiring.relaying.cache_info().currsize


HINT = Hint(DeliveryKey("message", ChannelName("sms")), "claim")
UNREPEATED: dict[str, Callable[[], object]] = {
    "a put on the stream": lambda: wiring.stream().put([HINT]),
    "the start of a release": lambda: wiring.starter().release(NOW),
    "a mail": lambda: wiring.transport().perform(
        AwsCall("sesv2", "send_email", {"Content": {}}, publishes=True), Account(HINT.key.channel)
    ),
}


@pytest.mark.parametrize("behaviour", [closing(), closing(b"HTTP/1.1 503 No\r\n\r\n")])
@pytest.mark.parametrize("what", UNREPEATED)
def test_what_must_not_be_repeated_is_one_request(
    what: str, behaviour: Behaviour, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("RELEASE_FUNCTION", "release")
    with serving(behaviour) as server:
        environment.setenv("AWS_ENDPOINT_URL", server.base)
        with suppress(Ambiguous):
            UNREPEATED[what]()

    assert len(server.requests) == 1


def test_the_worker_has_as_many_threads_as_set() -> None:
    pool: Executor = wiring.delivery_pool()

    assert pool._max_workers == 2  # type: ignore[attr-defined] # of a thread pool


def test_a_settle_time_is_taken_from_the_settings(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SETTLE_SECONDS", "55")
    channel = next(iter(CHANNELS.values()))

    assert wiring.reconciling().settle_time(channel).total_seconds() == 55


def test_tracing_is_off_unless_it_is_switched_on() -> None:
    program = (
        "import sys; from chalicelib import wiring; wiring.telemetry(); "
        "sys.exit('aws_xray_sdk' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_tracing_can_be_switched_on(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("TRACING", "on")

    with wiring.telemetry().span("attempt", channel="sms"):
        pass


def test_the_bridge_to_github_is_told_where_it_is_and_where_people_go_back_to(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("PUBLIC_URL", "https://api.example.org")
    environment.setenv("GITHUB_SECRET", "github")
    environment.setenv("TOKEN_KEY", "key")
    environment.setenv("SIGN_IN_URL", "https://pool.example.org")
    application = {"client_id": "ours", "client_secret": "hush"}
    environment.setattr(wiring.secrets(), "read", lambda name: {"github": application}[name])

    doors = wiring.signing_in()

    assert doors.configuration()["issuer"] == "https://api.example.org/signin/github"
    with pytest.raises(OAuthError, match="redirect_uri"):
        doors.authorize({"client_id": "ours", "redirect_uri": "https://pool.example.org/"})
