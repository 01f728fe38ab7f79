"""Read JSON that others made: what is not there, or of another kind, counts as nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def read(content: bytes | str) -> Any:
    """Return the decoded value; None for anything that can't be read."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def objects(holder: Any, name: str) -> list[Mapping[str, Any]]:
    """Return those entries of a list that are objects."""
    listed = holder.get(name) if isinstance(holder, dict) else None
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def an_object(holder: Any, name: str) -> Mapping[str, Any]:
    """Return an object; an empty one if there is none."""
    value = holder.get(name) if isinstance(holder, dict) else None
    return value if isinstance(value, dict) else {}


def text(holder: Mapping[str, Any], name: str) -> str:
    """Return a text; an empty one if there is none."""
    value = holder.get(name)
    return value if isinstance(value, str) else ""
