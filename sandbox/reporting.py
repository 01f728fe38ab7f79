"""Say in one line of JSON what went wrong beside the application."""

from __future__ import annotations

import json
import os
import sys
from typing import NoReturn

from chalicelib.observability import redacted


def report(event: str, **fields: object) -> None:
    """Write a line to the process's log; an error by its class and words, redacted."""
    shown = {name: redacted(_worded(value), name) for name, value in fields.items()}
    sys.stderr.write(json.dumps({"level": "error", "event": event, **shown}) + "\n")
    sys.stderr.flush()


def _worded(value: object) -> object:
    return f"{type(value).__name__}: {value}" if isinstance(value, BaseException) else value


def end(sentence: str) -> NoReturn:
    """End the process with a sentence for its user.

    Under autoreload an exception would only end one of the process's threads.
    """
    if sentence:
        sys.stderr.write(sentence + "\n")
    sys.stderr.flush()
    os._exit(1)
