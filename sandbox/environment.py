"""Fill the environment of ``chalice local`` before the application reads its settings.

Without a supervisor (the plain command) a keeper process is started first: it runs the embedded AWS
and the stand-ins for as long as ``chalice local`` lives, across its reloads.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Any, TypeVar

from sandbox import embedded, model, web_app
from sandbox.ports import Ports
from sandbox.reporting import end
from sandbox.state import PROJECT, State, Trouble, read_json, write_json

STAGE = "STAGE"
"""`.chalice/config.json` sets it, and overrides the shell."""
SUPERVISED = "OMNICHANNEL_SUPERVISED"
READY_SECONDS = 60.0
USUAL_API_PORT = 8000

SHORT = {
    "INVOCATION_SECONDS": "60",
    "QUEUE_LEASE_SECONDS": "75",
    "ATTEMPT_LEASE_SECONDS": "90",
    "CONNECT_TIMEOUT_SECONDS": "2",
    "READ_TIMEOUT_SECONDS": "8",
    "SETTLE_SECONDS": "20",
    "SPACING_SECONDS": "0.02",
    "CATCH_UP_SPACING_SECONDS": "0.2",
    "CIRCUIT_PAUSE_SECONDS": "3",
    "CIRCUIT_LONGEST_PAUSE_SECONDS": "20",
    "EVENT_WAIT_SECONDS": "60",
    "BLOCKED_RECHECK_SECONDS": "15",
    "RETRY_BASE_SECONDS": "2",
    "RETRY_CAP_SECONDS": "30",
    "PUSH_WAIT_SECONDS": "0",
}
"""Waiting times for someone who watches, under the same inequalities as the deployed ones."""

COPY = ("OMNICHANNEL_STATE_DIR", *Ports().named())
"""What tells one copy of the local product from another."""
_FOREIGN = ("AWS_", "_X_AMZN_", "LAMBDA_")
_LOOPBACK = "127.0.0.1,localhost,::1"

T = TypeVar("T")


def fill() -> None:
    """Fill ``os.environ``; end the process with a sentence when that is impossible."""
    from sandbox import watching  # loads Chalice's command line, which the supervisor never needs

    watching.watch_sources_only()
    try:
        _fill(os.environ)
    except Trouble as trouble:
        end(str(trouble))


def isolated(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without this machine's AWS profile, endpoints and proxies for loopback.

    Nothing that runs locally may reach a real account, nor fail because of a profile.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith(_FOREIGN) or name in ("AWS_PORT", "AWS_CHALICE_CLI_MODE")
    }
    return {
        **kept,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_XRAY_SDK_ENABLED": "false",
        "NO_PROXY": _LOOPBACK,
        "no_proxy": _LOOPBACK,
    }


def until(
    ready: Callable[[], T | None],
    what: str,
    seconds: float = READY_SECONDS,
    pause: Callable[[float], object] = time.sleep,
) -> T:
    """Return the first true answer of `ready`; raise Trouble when none comes in time."""
    ends = time.monotonic() + seconds
    while not (answer := ready()):
        if time.monotonic() > ends:
            raise Trouble(f"{what} did not get ready within {seconds:.0f} seconds.")
        pause(0.03)
    return answer


def variables(
    ports: Ports, resources: Mapping[str, Any], platforms: Mapping[str, str]
) -> dict[str, str]:
    """Return the settings of the local product that follow from what was started."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{ports.aws}",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"http://127.0.0.1:{ports.sandbox}{model.PREFIX}",
        "AWS_ACCESS_KEY_ID": embedded.ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": embedded.ACCESS_KEY,
        "AWS_DEFAULT_REGION": embedded.REGION,
        "AWS_REGION": embedded.REGION,
        "USER_POOL_ARN": resources["user_pool_arn"],
        "CLIENT_ID": resources["client_id"],
        "PUBLIC_URL": f"http://127.0.0.1:{ports.api}",
        "WEBSOCKET_ENDPOINT": f"http://127.0.0.1:{ports.api}",
        "PLATFORM_ENDPOINTS": json.dumps(dict(platforms)),
    }


def typed(command: str, environment: Mapping[str, str], variables: Sequence[str] = COPY) -> str:
    """Return what a person has to type for a command to reach this copy of the product."""
    given = [(name, environment[name]) for name in variables if environment.get(name)]
    return " ".join([*(f"{name}={shlex.quote(value)}" for name, value in given), command])


def started() -> list[str]:
    """Return the names of `variables`, which nobody else sets."""
    return list(variables(Ports(), {"user_pool_arn": "", "client_id": ""}, {}))


def ignored(environment: Mapping[str, str]) -> list[str]:
    """Return the settings that somebody gave and the local product decides itself.

    What AWS's own tools read may be set for other reasons; it is left out in silence.
    """
    names = (STAGE, *started())
    return [name for name in names if name in environment and not name.startswith(_FOREIGN)]


def told_ignored(names: Sequence[str]) -> str:
    """Return a sentence on settings that are given in vain."""
    return f"Ignored, because the local product decides it itself: {', '.join(names)}."


def require_settings(environment: Mapping[str, str]) -> None:
    """Raise Trouble, naming the variable, if the application could not start with its settings."""
    from chalicelib.domain.errors import ConfigurationError
    from chalicelib.settings import Settings

    own = ignored(environment)
    given = {name: value for name, value in environment.items() if name not in own}
    try:
        Settings.read({**SHORT, **given})
    except ConfigurationError as error:
        raise Trouble(f"{error}.") from error


def _fill(environment: MutableMapping[str, str]) -> None:
    for name, value in isolated(environment).items():
        environment[name] = value
    for name in set(environment) - set(isolated(environment)):
        del environment[name]
    for name, value in SHORT.items():
        environment.setdefault(name, value)
    require_settings(environment)
    in_vain = [name for name in ignored(environment) if name != STAGE]  # which is Chalice's here
    for name in in_vain:
        del environment[name]
    state = State.of(environment)
    ports = Ports.of({**environment, "API_PORT": str(_api_port(sys.argv))})
    if SUPERVISED not in environment:
        if in_vain:
            sys.stderr.write(told_ignored(in_vain) + "\n")
        _start_keeper(state, ports)
    until(lambda: embedded.is_healthy(ports.aws), "The embedded AWS")
    resources = _provision(environment, ports, state)
    outside = until(lambda: read_json(state.outside / "outside.json"), "The sandbox")
    environment.update(variables(ports, resources, outside["platforms"]))


def _provision(environment: Mapping[str, str], ports: Ports, state: State) -> dict[str, Any]:
    from chalicelib.settings import Settings
    from sandbox.provision import Clients, provision

    clients = Clients(f"http://127.0.0.1:{ports.aws}")
    settings = Settings.read(environment)
    resources = {
        **provision(clients, settings, web_app.addresses(ports.sandbox)).as_json(),
        "aws_port": ports.aws,
        "table": settings.table_name,
        "stream": settings.stream_name,
        "media_bucket": settings.media_bucket,
        "mail_configuration_set": settings.mail_configuration_set,
    }
    write_json(state.resources, resources)
    return resources


def _api_port(arguments: list[str]) -> int:
    """Return the port that ``chalice local`` was told to listen on."""
    for index, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--port":
            value = value or (arguments[index + 1 :] or [""])[0]
            return int(value) if value.isdigit() else USUAL_API_PORT
    return USUAL_API_PORT


def _start_keeper(state: State, ports: Ports) -> None:
    """Start the process that keeps the rest of the product running, unless a reload finds it."""
    is_worker = "CHALICE_WORKER" in os.environ
    owner = os.getppid() if is_worker else os.getpid()
    if is_worker and read_json(state.path / "keeper.json") == {"owner": owner}:
        return
    command = [sys.executable, "-m", "sandbox", "keep", str(owner), "--port", str(ports.api)]
    keeper = subprocess.Popen(command, cwd=PROJECT, start_new_session=True)
    started = {"owner": owner}
    until(
        lambda: keeper.poll() is not None or read_json(state.path / "keeper.json") == started,
        "The keeper of the local product",
    )
    if keeper.returncode is not None:
        end("")
