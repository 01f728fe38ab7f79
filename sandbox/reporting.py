"""Say in one line of JSON what went wrong beside the application."""

from __future__ import annotations

import json
import sys


def report(event: str, **fields: object) -> None:
    """Write a line to the process's log; an error is shown by its class and words."""
    shown = {name: _shown(value) for name, value in fields.items()}
    sys.stderr.write(json.dumps({"level": "error", "event": event, **shown}) + "\n")
    sys.stderr.flush()


def _shown(value: object) -> object:
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    return value if isinstance(value, int | float | str) else str(value)
