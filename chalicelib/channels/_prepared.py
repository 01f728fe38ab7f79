"""What an attempt put up before publishing: kept in the handle, so that later ones use it again.

    handle      what is known
    None        no attempt has come as far as publishing
    attempted   one has; there was nothing to put up
    a,b,c       one has; it put up these pictures, in the order of the post

The ids prove more than a text does: no other post shows these pictures.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from chalicelib.domain.channels import ATTEMPTED

T = TypeVar("T")


def handle(ids: Iterable[str]) -> str:
    """Return what to store before publishing with these pictures."""
    return ",".join(ids) or ATTEMPTED


def kept(stored: str | None) -> tuple[str, ...]:
    """Return the pictures that an earlier attempt put up."""
    return tuple(stored.split(",")) if stored and stored != ATTEMPTED else ()


def ours(found: Iterable[tuple[T, Collection[str]]], stored: str | None) -> Sequence[T]:
    """Return which posts with our text can be ours, by the ids of the pictures they show.

    A post that shows other pictures is not; one of which no picture is told may be.
    """
    ids = frozenset(kept(stored))
    posts = [(post, frozenset(shown)) for post, shown in found]
    proven = [post for post, shown in posts if shown & ids]
    return proven or [post for post, shown in posts if not (shown and ids)]
