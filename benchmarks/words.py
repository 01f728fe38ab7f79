"""What a model's words cost: minutes, calls and money, with the model well, slow and down.

The same messages become due on three products: without a model, with one that takes twice as long
as anybody waits, and with one that answers nothing but 503. Their lateness is told as a ratio.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.figures import Figure
from benchmarks.product import KeptConnection, Running, running
from benchmarks.punctual import PATIENCE_SECONDS, Asked, accept, quantile, schedule
from chalicelib.domain.certifications import Submission, catalogue
from chalicelib.domain.messages import Content
from chalicelib.domain.models import DEFAULT, Usage
from chalicelib.domain.prompts import prompt_for
from chalicelib.domain.rewording import Source, source_of
from chalicelib.domain.voices import VOICES
from chalicelib.gateways.bedrock import request
from sandbox.environment import until
from sandbox.model import Behaviour, respond

BEHAVIOUR = "/bedrock/behaviour"
AHEAD = timedelta(seconds=40)
SLOW_SECONDS = 6
ALWAYS = 1_000_000
RATIO = 1.5
"""How much later than without a model the median may be, and the last; the clock ticks in both."""
FLOOR_SECONDS = 0.25
"""Added to both sides of a ratio: a few milliseconds more or less are no lateness."""
BEHAVIOURS: Mapping[str, Behaviour | None] = {
    "without": None,
    "slow": Behaviour.SLOW,
    "down": Behaviour.UNAVAILABLE,
}


def measure(folder: Path, *, minutes: float, due: int) -> list[Figure]:
    """Return how late posts are with the model slow and down, and what a message's words cost."""
    seen = {
        name: lateness(folder / name, behaviour, minutes, due)
        for name, behaviour in BEHAVIOURS.items()
    }
    late = {name: found for name, (found, _) in seen.items()}
    load = f"{due} due a minute for {minutes:g} min"
    figures = [Figure("late without a model, median", quantile(late["without"], 0.5), "s")]
    for name in ("slow", "down"):
        for words, share in (("median", 0.5), ("99 of 100", 0.99)):
            times = _ratio(late[name], late["without"], share)
            figures.append(
                Figure(f"late with it {name}, {words}", times, "times", RATIO, note=load)
            )
        early = sum(seconds < 0 for seconds in late[name])
        figures.append(Figure(f"posted too early with it {name}", early, "", 0))
    asked = Figure("model calls for a message, all answered late", seen["slow"][1], "", 1)
    return [*figures, asked, *costs()]


def _ratio(late: Sequence[float], before: Sequence[float], share: float) -> float:
    return (quantile(late, share) + FLOOR_SECONDS) / (quantile(before, share) + FLOOR_SECONDS)


def lateness(
    folder: Path, behaviour: Behaviour | None, minutes: float, due: int
) -> tuple[list[float], float]:
    """Return how many seconds each post came after its moment, and the calls for a message."""
    switched = {} if behaviour is None else {"USE_AI_AGENT": "true"}
    with ExitStack() as held:
        product = held.enter_context(running(folder, switched))
        door = KeptConnection(product.endpoints["sandbox"])
        before = door("GET", BEHAVIOUR)["calls"]
        if behaviour is not None:
            armed = {"behaviour": behaviour, "times": ALWAYS, "seconds": SLOW_SECONDS}
            door("POST", BEHAVIOUR, armed)
        moments = schedule(datetime.now(UTC) + AHEAD, minutes, due, Random(due))  # noqa: S311 - moments
        asked = [
            replace(one, text=f"This is number {number} of the posts for you.")
            for number, one in enumerate(moments)
        ]
        accept(product, asked)
        time.sleep(max((asked[-1].at - datetime.now(UTC)).total_seconds(), 0))
        found = _late(asked, _posts(product, asked))
        calls = door("GET", BEHAVIOUR)["calls"] - before
        door.close()
        return found, calls / len(asked)


def _posts(product: Running, asked: Sequence[Asked]) -> Mapping[str, datetime]:
    """Return when each text appeared first, in whatever frame."""
    wall = KeptConnection(product.endpoints["sandbox"])

    def found() -> Mapping[str, datetime] | None:
        posts: Sequence[Mapping[str, Any]] = wall("GET", "/posts")["items"]
        seen = {
            one.text: min(
                (datetime.fromisoformat(p["created_at"]) for p in posts if one.text in p["text"]),
                default=None,
            )
            for one in asked
        }
        told = {text: at for text, at in seen.items() if at is not None}
        return told if len(told) == len(asked) else None

    posts = until(found, "The last post", PATIENCE_SECONDS, lambda _: time.sleep(1))
    wall.close()
    return posts


def _late(asked: Sequence[Asked], appeared: Mapping[str, datetime]) -> list[float]:
    return [(appeared[one.text] - one.at).total_seconds() for one in asked]


def costs() -> list[Figure]:
    """Return what one message's words take, by the stand-in's answers and the price list."""
    families = list(catalogue())
    used = []
    for family in families:
        submission = Submission("Ada", family.id, datetime.now(UTC).date(), tuple(VOICES), True)
        source = source_of(Content("…", announcement=submission))
        if not isinstance(source, Source):
            raise RuntimeError(f"{family.id} is not asked about: {source}")
        _, answer, _ = respond(request(DEFAULT, prompt_for(source, VOICES)), Behaviour.HONEST)
        told = answer["usage"]
        used.append(Usage(DEFAULT, told["inputTokens"], told["outputTokens"], 0))
    note = "the stand-in's answers, a token for four bytes"
    most = max(used, key=lambda usage: usage.cost_micro_dollars)
    return [
        Figure("tokens read", most.input_tokens, note=note),
        Figure("tokens written", most.output_tokens, note=note),
        Figure("1,000 adapted messages", most.cost_micro_dollars / 1000, "$", note=note),
    ]
