"""How late posts are on the running product: what its platforms say against what was asked for.

Messages on the feeds that take text alone are accepted in the order of their moments, which are
spread at random over some minutes, seconds and milliseconds included; at last, several come at one
moment, as people choose them: more than one batch of the stream holds. None may appear before its
moment. Both ends read this machine's clock.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from benchmarks.figures import Figure, shown
from benchmarks.product import KeptConnection, Running
from chalicelib.domain.instants import format_instant
from sandbox import seed
from sandbox.environment import until

FEEDS = ("facebook", "linkedin")
AHEAD = timedelta(seconds=30)
"""From the start of accepting to the first moment."""
PATIENCE_SECONDS = 180.0
"""After the last moment: more than a lease takes to end and a release to follow."""
POLL_SECONDS = 1.0
TOGETHER = 24
"""Messages at the one moment that comes last."""
APART = timedelta(seconds=15)
"""Between the minutes and that moment, so that nothing of them is left."""
MIDDLE_SECONDS, MOST_SECONDS, LAST_SECONDS = 1, 5, 65


@dataclass(frozen=True, slots=True)
class Asked:
    """A message and its moment."""

    text: str
    at: datetime
    channel: str


def measure(product: Running, *, minutes: float, due: int) -> list[Figure]:
    """Return how late posts are when so many are due each minute."""
    start = datetime.now(UTC) + AHEAD
    spread = schedule(start, minutes, due, Random(due))  # noqa: S311 - moments, not secrets
    asked = [*spread, *crowd(spread[-1].at + APART)]
    spare = accept(product, asked)
    time.sleep(max((asked[-1].at - datetime.now(UTC)).total_seconds(), 0))
    late = lateness(asked, posted(product, asked))
    load = f"{due} due a minute for {shown(minutes)} min, accepted at least {spare:.0f} s ahead"
    return told(late[: len(spread)], late[len(spread) :], load)


def posted(product: Running, asked: Sequence[Asked]) -> list[dict[str, Any]]:
    """Return what the platforms show of these messages once there is a post for each."""
    wall = KeptConnection(product.endpoints["sandbox"])
    texts = {one.text for one in asked}

    def found() -> list[dict[str, Any]] | None:
        posts = [post for post in wall("GET", "/posts")["items"] if post["text"] in texts]
        return posts if {post["text"] for post in posts} == texts else None

    posts = until(found, "The last post", PATIENCE_SECONDS, lambda _: time.sleep(POLL_SECONDS))
    wall.close()
    return posts


def schedule(start: datetime, minutes: float, due: int, random: Random) -> list[Asked]:
    """Return messages in the order of their moments, over the feeds in turns."""
    span = timedelta(minutes=minutes) // timedelta(milliseconds=1)
    first = start.replace(microsecond=start.microsecond // 1000 * 1000)
    moments = sorted(random.randrange(span) for _ in range(max(round(minutes * due), 1)))
    return [
        _asked(number, first + timedelta(milliseconds=moment))
        for number, moment in enumerate(moments)
    ]


def crowd(at: datetime) -> list[Asked]:
    """Return messages that are all due at one moment."""
    return [_asked(number, at) for number in range(TOGETHER)]


def _asked(number: int, at: datetime) -> Asked:
    return Asked(
        f"Number {number} of those due {format_instant(at)}.", at, FEEDS[number % len(FEEDS)]
    )


def accept(product: Running, asked: Sequence[Asked]) -> float:
    """Hand the messages in; return the least seconds that one was ahead of its moment."""
    token = seed.token(product.endpoints["sandbox"], "member")
    api = KeptConnection(product.endpoints["api"], token)
    spare = []
    for one in asked:
        moment = format_instant(one.at)
        body = {"content": one.text, "channels": [one.channel], "scheduled_at": moment}
        api("POST", "/api/v1/messages", body)
        spare.append((one.at - datetime.now(UTC)).total_seconds())
    api.close()
    return min(spare)


def lateness(asked: Sequence[Asked], posts: Sequence[dict[str, Any]]) -> list[float]:
    """Return how many seconds the first post of each came after its moment, in their order."""
    appeared: dict[str, datetime] = {}
    for post in posts:
        at = datetime.fromisoformat(post["created_at"])
        appeared[post["text"]] = min(at, appeared.get(post["text"], at))
    return [(appeared[one.text] - one.at).total_seconds() for one in asked]


def told(late: Sequence[float], together: Sequence[float], load: str) -> list[Figure]:
    """Return what the seconds say of posts one by one, and of those at one moment."""
    everyone = [*late, *together]
    at_once = f"{len(together)} due at one moment, late"
    return [
        Figure("scheduled posts", len(everyone), note=load),
        Figure("posted too early", sum(seconds < 0 for seconds in everyone), "", 0),
        Figure("late, median", quantile(late, 0.5), "s", MIDDLE_SECONDS),
        Figure("late, 99 of 100", quantile(late, 0.99), "s", MOST_SECONDS),
        Figure("late, the last of all", max(late), "s", LAST_SECONDS),
        Figure(f"{at_once}, median", quantile(together, 0.5), "s", MIDDLE_SECONDS),
        Figure(f"{at_once}, 99 of 100", quantile(together, 0.99), "s", MOST_SECONDS),
    ]


def quantile(values: Sequence[float], share: float) -> float:
    """Return the least of the values that this share of them does not exceed."""
    return sorted(values)[max(math.ceil(share * len(values)) - 1, 0)]
