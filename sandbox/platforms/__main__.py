"""Run the outside world as a process of its own: ``python -m sandbox.platforms``."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import cast

from sandbox.platforms.engine.outside import Handler, Outside
from sandbox.platforms.engine.server import PortTaken


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; print one line of JSON with every address when ready."""
    options = _options().parse_args(argv)
    try:
        outside = Outside(
            Path(options.state),
            aws=options.aws or None,
            api=options.api,
            port=options.port,
            channel_ports=dict(options.channel_port),
            latency_ms=options.latency_ms,
        )
    except PortTaken as error:
        sys.stderr.write(
            f"The sandbox can't start: {error}. Stop what uses it or choose another.\n"
        )
        return 1
    for prefix, handler in options.mount:
        outside.mount(prefix, handler)
    ended = threading.Event()

    def end(_: int, __: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    with outside:
        ready = {"sandbox": outside.url, "platforms": outside.platforms()}
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        ended.wait()
    return 0


def _options() -> argparse.ArgumentParser:
    env = os.environ.get
    home = env("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    product = Path(env("OMNICHANNEL_STATE_DIR") or Path(home) / "omnichannel-publisher")
    parser = argparse.ArgumentParser(prog="python -m sandbox.platforms", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=int(env("SANDBOX_PORT") or 8001), help="the main port; 0: any")
    add("--state", default=str(product / "outside"), help="folder of everything that is kept")
    add("--aws", default=env("AWS_ENDPOINT") or "http://127.0.0.1:4566", help="the embedded AWS")
    add("--api", default=f"http://127.0.0.1:{env('API_PORT') or 8000}", help="the product's API")
    add("--latency-ms", type=float, default=float(env("SANDBOX_LATENCY_MS") or 0),
        help="added to every platform request")  # fmt: skip
    add("--channel-port", action="append", type=_pair, default=[], metavar="CHANNEL=PORT",
        help="fix one listener's port (may be repeated)")  # fmt: skip
    add("--mount", action="append", type=_mount, default=[], metavar="PREFIX=MODULE:HANDLER",
        help="serve a further path on the main port (may be repeated)")  # fmt: skip
    return parser


def _pair(text: str) -> tuple[str, int]:
    channel, _, port = text.partition("=")
    if not port.isdigit():
        raise argparse.ArgumentTypeError("write CHANNEL=PORT")
    return channel, int(port)


def _mount(text: str) -> tuple[str, Handler]:
    prefix, _, target = text.partition("=")
    module, _, name = target.partition(":")
    if not (prefix.startswith("/") and module and name):
        raise argparse.ArgumentTypeError("write PREFIX=MODULE:HANDLER")
    return prefix, cast("Handler", getattr(importlib.import_module(module), name))


if __name__ == "__main__":
    sys.exit(main())
