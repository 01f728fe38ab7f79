"""Run the local product: ``python -m sandbox run``, ``demo`` or ``token <user>``."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence

from sandbox import environment, seed, supervisor, web_app
from sandbox.environment import typed
from sandbox.ports import Ports
from sandbox.state import State, Trouble, read_json
from sandbox.supervisor import Product, Signals, Stopped
from sandbox.users import USERS

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        state, ports = State.of(os.environ), Ports.of(os.environ)
        if options.command == "token":
            return token(state, options.user)
        if options.command == "keep":
            ports = Ports.of({**os.environ, "API_PORT": str(options.port)})
            return supervisor.keep(state, ports, options.owner)
        return run(state, ports) if options.command == "run" else demo(state, ports)
    except Trouble as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1


KEPT = "What was published before is on the wall; {demo} announces someone new (stop this first)."


def run(state: State, ports: Ports) -> int:
    """Start the product and stay until asked to end."""
    with contextlib.suppress(Stopped), _started(state, ports) as product:
        places = (product.api_url, product.sandbox_url, product.resources)
        rows = seed.prepare(*places, say, product.pause)
        product.publish_endpoints()
        kept = KEPT.format(demo=typed("make demo", os.environ))
        say("\n" + (seed.table(rows, product.sandbox_url) if rows else kept))
        say(_where(product))
        product.watch()
    say("Stopped; everything is kept for the next start.")
    return 0


def demo(state: State, ports: Ports) -> int:
    """Publish one announcement and stop; 0 only if every channel delivered it."""
    try:
        with _started(state, ports) as product:
            caller = seed.Caller(product.api_url, product.sandbox_url)
            seed.connect(caller, product.sandbox_url, product.resources)
            rows = seed.announce(caller, say, product.pause)
            say("\n" + seed.table(rows, product.sandbox_url))
    except Stopped:
        say("Stopped; what was published until then is kept for the next start.")
        return INTERRUPTED
    delivered = sum(row.outcome == "delivered" for row in rows)
    say(f"\n{delivered} of {len(rows)} delivered. To look at the posts: make run")
    return 0 if rows and delivered == len(rows) else 1


def token(state: State, user: str) -> int:
    """Print a fresh ID token of a demo user of the running product."""
    if user not in USERS:
        raise Trouble(f"AS must be one of: {', '.join(USERS)}.")
    if state.was_killed():
        raise Trouble("The product was killed and does not run any more: start it with make run.")
    endpoints = read_json(state.endpoints)
    if endpoints is None:
        raise Trouble("The product is not running: start it with make run.")
    sys.stdout.write(seed.token(endpoints["sandbox"], user) + "\n")
    return 0


def say(text: str) -> None:
    """Print for a person; a closed terminal is no reason to stop."""
    with contextlib.suppress(OSError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


@contextlib.contextmanager
def _started(state: State, ports: Ports) -> Iterator[Product]:
    environment.require_settings(os.environ)
    if names := environment.ignored(os.environ):
        say(environment.told_ignored(names))
    signals = Signals()
    if state.was_killed():
        say("The last run was killed before it could stop in order: clearing up after it.")
    with Product(state, ports, signals) as product:
        say(f"Starting the local product; its state is in {state.path}")
        began = time.monotonic()
        product.start()
        product.await_ready()
        say(f"Ready after {time.monotonic() - began:.1f} s: embedded AWS, six stand-ins, API.")
        try:
            yield product
        finally:
            say("Stopping …")


def _where(product: Product) -> str:
    token = typed("make token AS=member", os.environ, ["OMNICHANNEL_STATE_DIR"])
    lines = [
        "",
        f"Wall     {product.sandbox_url}/",
        *([f"Web app  {product.sandbox_url}{web_app.PREFIX}"] if web_app.is_built() else []),
        f"API      {product.api_url}/api/v1   (described at {product.api_url}/openapi.json)",
        f"Logs     {product.state.logs}",
        f"Token    {token}",
        *_model(os.environ),
        "Stop     Ctrl-C",
    ]
    return "\n".join(lines)


def _model(environment: Mapping[str, str]) -> list[str]:
    """Return who finds the words, where somebody asked for a model: none is there."""
    from chalicelib.settings import ON  # loads what the supervisor needs for nothing else

    if environment.get("USE_AI_AGENT", "").strip().lower() not in ON:
        return []
    return ["Model    none: a stand-in for Amazon Bedrock answers with sentences written by hand"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start the whole product and stay in the foreground")
    commands.add_parser("demo", help="publish one announcement on all channels, then stop")
    wanted = commands.add_parser("token", help="print a fresh ID token of a demo user")
    wanted.add_argument("user", metavar="AS")
    keeper = commands.add_parser("keep", help="run what a plain chalice local needs beside it")
    keeper.add_argument("owner", type=int, help="the process to end with")
    keeper.add_argument("--port", type=int, required=True, help="where that process listens")
    return parser


if __name__ == "__main__":
    sys.exit(main())
