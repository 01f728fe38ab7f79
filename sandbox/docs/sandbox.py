"""The page about the sandbox's own doors: faults to arm, posts to read, the rest to set up."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox import dev_token, web_app
from sandbox.docs.data import code, table
from sandbox.platforms.engine.doors import (
    MAX_LATENCY_MS,
    MAX_SECONDS,
    MAX_TIMES,
    MAX_WORDS,
    USUAL_SECONDS,
)
from sandbox.platforms.engine.faults import Kind
from sandbox.ports import Ports

INTRODUCTION = f"""# The sandbox's own API

<!-- Generated from sandbox/platforms by `make docs`; changes here are lost. -->

The sandbox plays the six platforms. Beside them it has doors of its own on
`http://127.0.0.1:{Ports().sandbox}` (`SANDBOX_PORT`), for whoever wants to see what was published
or to break something. They open to this computer only: another `Host` or `Origin` gets 403. Bodies
and answers are JSON; what can't be understood gets 400 and a sentence on what can.
"""

DOORS: Mapping[tuple[str, str], str] = {
    (
        "GET",
        "/posts",
    ): "Every post, oldest first: `?channel=`, `?external_id=`, `?live=true` without "
    "deleted ones, `?limit=` for the newest only; `counts` by channel",
    ("GET", "/faults"): "The faults that were armed, each with how often it was `used`",
    ("POST", "/faults"): 'Arm one: `{"channel", "kind", "times", "seconds"}`',
    ("DELETE", "/faults"): "Clear them all, and open every listener again",
    ("GET", "/latency"): "What is added to every request, by channel",
    ("POST", "/latency"): 'Add to every request, on one channel or on all: `{"channel", "ms"}`, '
    f"up to {MAX_LATENCY_MS:,} ms; 0 ends it",
    ("POST", "/reset"): "Forget posts and faults; accounts and ports stay",
    ("GET", "/accounts"): "The development accounts, each stand-in's own address, the templates",
    ("POST", "/inbound"): "Write to an account as a person would, on a channel that tells the "
    f'product: `{{"channel", "from", "text"}}`, up to {MAX_WORDS:,} characters',
}
"""What each control does, by method and path."""

BESIDE = f"""Beside these: `/` is the wall, `{dev_token.PATH}` signs a demo user in as `make token`
does, `{web_app.PREFIX}` is the web app where it is built, `/media/…` and `/mail/…` show pictures
and mails, and `/<host of a platform's API>/…` is that platform.

## Faults

```sh
curl -s http://127.0.0.1:{Ports().sandbox}/faults -H 'Content-Type: application/json' \\
  -d '{{"channel": "instagram", "kind": "slow", "times": 2, "seconds": 5}}'
```

`times` is from 1 to {MAX_TIMES:,}, and 1 if left out; `seconds` from 0 to {MAX_SECONDS:,}, and
{USUAL_SECONDS} if left out. A fault hits the request that would make a post visible, and what is
armed first is used first. Faults are forgotten when the product stops.
"""

FAULTS: Mapping[Kind, tuple[str, str]] = {
    Kind.REFUSE_CONNECTION: (
        "no connection at all, at once and for `seconds` × `times`",
        "nothing",
    ),
    Kind.DROP_BEFORE: ("the connection closed without an answer", "nothing"),
    Kind.DROP_AFTER: ("the connection closed without an answer", "the post"),
    Kind.ERROR_500_AFTER: ("500", "the post"),
    Kind.ERROR_503: ("503", "nothing"),
    Kind.RATE_LIMIT: ("too many requests, in the platform's own words", "nothing"),
    Kind.TOKEN_EXPIRED: ("an expired token, at every request", "nothing"),
    Kind.REJECT_CONTENT: ("the content refused for good, in the platform's own words", "nothing"),
    Kind.SLOW: ("the answer, `seconds` late", "the post"),
    Kind.TRUNCATED_JSON: ("an answer cut short of what it announces", "the post"),
    Kind.DELAYED_EFFECT: (
        "the connection closed without an answer",
        "nothing, and `seconds` later the post",
    ),
}
"""What a client sees of each fault, and what the platform then holds."""


def render() -> str:
    """Return the page."""
    doors = [(code(f"{method} {path}"), text) for (method, path), text in DOORS.items()]
    faults = [(code(kind.value), *FAULTS[kind]) for kind in Kind]
    parts = (
        INTRODUCTION,
        table(("door", "does"), doors) + "\n",
        BESIDE,
        table(("kind", "the client gets", "the platform then holds"), faults) + "\n",
    )
    return "\n".join(parts)
