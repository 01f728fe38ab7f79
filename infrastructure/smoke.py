"""Ask a deployed API whether it is there: ``make smoke URL=https://…/v1``.

Nothing is written and no account is needed: the version, the description, and that a stranger is
turned away.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import urllib3

from chalicelib import __version__

TRIES = 6
SECONDS_BETWEEN = 10
"""A new stage of API Gateway takes a while to be known everywhere."""
TIMEOUT = urllib3.Timeout(connect=5, read=30)
ROUTE = "/api/v1/messages"

Sleep = Callable[[float], None]


class NotWell(Exception):
    """The API does not answer as this release does; the message says what is wrong."""


def check(url: str, *, version: str = __version__, sleep: Sleep = time.sleep) -> None:
    """Return when everything was answered as it should; `NotWell` after several tries."""
    for tries_left in reversed(range(TRIES)):
        try:
            return _check(url.rstrip("/"), version)
        except NotWell:
            if not tries_left:
                raise
            sleep(SECONDS_BETWEEN)


def _check(url: str, version: str) -> None:
    with urllib3.PoolManager(timeout=TIMEOUT, retries=False) as http:
        health = _answer(http, f"{url}/health", 200)
        if health.get("status") != "ok":
            raise NotWell(f"{url}/health says {health.get('status')!r} instead of 'ok'.")
        if health.get("version") != version:
            raise NotWell(
                f"{url} runs version {health.get('version')!r}; this release is {version!r}."
            )
        if ROUTE not in _answer(http, f"{url}/openapi.json", 200).get("paths", {}):
            raise NotWell(f"{url}/openapi.json does not describe {ROUTE}.")
        _answer(http, f"{url}{ROUTE}", 401)


def _answer(http: urllib3.PoolManager, url: str, expected: int) -> dict[str, Any]:
    """Return the JSON object that an address answers with."""
    try:
        answer = http.request("GET", url)
        body = answer.data
    except urllib3.exceptions.HTTPError as error:
        raise NotWell(f"{url} can't be reached: {type(error).__name__}.") from error
    if answer.status != expected:
        raise NotWell(f"{url} answers {answer.status} instead of {expected}.")
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise NotWell(f"{url} does not answer with a JSON object.")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one address and return the exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if len(given) != 1 or not given[0].startswith(("https://", "http://")):
        sys.stderr.write("Name the API's address: make smoke URL=https://….amazonaws.com/v1\n")
        return 2
    try:
        check(given[0])
    except NotWell as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{given[0]} is well and runs version {__version__}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
