"""Ids as they appear in paths and bodies."""

from __future__ import annotations

import re
from uuid import UUID

from chalicelib.domain.errors import NotFound

_OPAQUE_ID = re.compile(r"[A-Za-z0-9_.-]{1,128}")


def canonical_uuid(text: str) -> str | None:
    """Return a UUID in its canonical form; None unless it was written so, in either case."""
    try:
        canonical = str(UUID(text))
    except ValueError:
        return None
    return canonical if canonical == text.lower() else None


def uuid_of(text: str) -> str:
    """Return an id of ours in its canonical form; `NotFound` for what can't be one."""
    canonical = canonical_uuid(text)
    if canonical is None:
        raise NotFound
    return canonical


def opaque_id_of(text: str) -> str:
    """Return an opaque id; `NotFound` for what can't be one."""
    if not _OPAQUE_ID.fullmatch(text):
        raise NotFound
    return text
