"""Hold what people can see on the platforms."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from sandbox.platforms.engine.journal import Journal
from sandbox.platforms.engine.moments import instant


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as a platform keeps it; ``name`` is its file below ``/media/``."""

    name: str
    width: int
    height: int
    content_type: str
    alt_text: str | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One post as a reader sees it; ``extra`` is what only its own platform knows."""

    channel: str
    external_id: str
    url: str | None
    text: str
    media: tuple[Picture, ...] = ()
    recipient: str | None = None
    created_at: str = ""
    deleted_at: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def is_live(self) -> bool:
        """Say whether it can still be seen."""
        return self.deleted_at is None

    def shown(self, base: str) -> dict[str, Any]:
        """Return the public form, with media addresses below ``base``."""
        media = [
            {
                "url": f"{base}/media/{picture.name}",
                "alt_text": picture.alt_text,
                "width": picture.width,
                "height": picture.height,
            }
            for picture in self.media
        ]
        return {
            **self.extra,
            "channel": self.channel,
            "external_id": self.external_id,
            "url": self.url,
            "text": self.text,
            "media": media,
            "recipient": self.recipient,
            "created_at": self.created_at,
            "deleted_at": self.deleted_at,
        }


class Posts:
    """Every post of every channel, oldest first. Thread-safe."""

    def __init__(self, journal: Journal, now: Callable[[], datetime]) -> None:
        """Take over what ``journal`` holds."""
        self._journal = journal
        self._now = now
        self._guard = threading.RLock()
        self._by_key: dict[tuple[str, str], Post] = {}
        self._by_channel: dict[str, list[str]] = {}
        self.version = 0
        for value in journal.take("post").values():
            media = tuple(Picture(**picture) for picture in value["media"])
            self._remember(Post(**{**value, "media": media}))

    def add(self, post: Post) -> Post:
        """Make ``post`` visible now and return it with its time."""
        with self._guard:
            return self._write(replace(post, created_at=instant(self._now())))

    def edit(self, post: Post, text: str, **extra: Any) -> Post:
        """Replace the text that readers see."""
        with self._guard:
            return self._write(replace(post, text=text, extra={**post.extra, **extra}))

    def delete(self, post: Post) -> Post:
        """Take ``post`` away from readers; it stays on record."""
        with self._guard:
            return self._write(replace(post, deleted_at=instant(self._now())))

    def find(self, channel: str, external_id: str) -> Post | None:
        """Return a post, deleted or not."""
        return self._by_key.get((channel, external_id))

    def newest_first(self, channel: str) -> Iterator[Post]:
        """Yield a channel's posts, the newest first."""
        with self._guard:
            keys = list(reversed(self._by_channel.get(channel, [])))
        return (self._by_key[channel, key] for key in keys if (channel, key) in self._by_key)

    def items(self, channel: str | None = None, *, only_live: bool = False) -> list[Post]:
        """Return the posts, the oldest first."""
        with self._guard:
            return [
                post
                for post in self._by_key.values()
                if channel in (None, post.channel) and (post.is_live or not only_live)
            ]

    def forget(self) -> None:
        """Drop all posts from memory; the journal is cleared by its owner."""
        with self._guard:
            self._by_key.clear()
            self._by_channel.clear()
            self.version += 1

    def _write(self, post: Post) -> Post:
        self._journal.put("post", f"{post.channel}/{post.external_id}", asdict(post))
        self._remember(post)
        return post

    def _remember(self, post: Post) -> None:
        key = (post.channel, post.external_id)
        if key not in self._by_key:
            self._by_channel.setdefault(post.channel, []).append(post.external_id)
        self._by_key[key] = post
        self.version += 1
