"""How long publishing takes over the slowest of its conversations, the platforms being slow.

    alone      each channel's conversation by itself, from its first request to its receipt
    together   from accepting the message(s) to the last settled delivery, recipients included

Rounds alternate between the two, and a ratio is the median over rounds. With a picture, Instagram
and LinkedIn wait for it to be processed, beside which the others' time disappears; so text alone,
one request a channel, is measured as well: the hardest case, because nothing hides our own work.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import count
from pathlib import Path

from PIL import Image

from benchmarks.figures import Figure, middle, spread
from benchmarks.stage import AUTHOR, Relay, stage
from benchmarks.surroundings import Surroundings
from chalicelib import settings, wiring
from chalicelib.domain.certifications import Submission
from chalicelib.domain.channels import Account, ChannelName, Post
from chalicelib.domain.messages import Content, Draft, MediaRef
from chalicelib.domain.states import Status
from tests.fakes.table import MemoryTable

LATENCY_MS = 200
MANY = 10
RECORDS = 10
"""Stream records a batch, as `app.deliver` is declared."""
PICTURE = (1080, 1080)

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Spoken:
    """One channel's conversation as it can be held alone, again and again."""

    account: Account
    post: Post


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds of one round: with a picture on every channel, and text alone where that is taken."""

    alone: Mapping[ChannelName, float]
    one: float
    many: float
    text_alone: Mapping[ChannelName, float]
    text: float


def measure(around: Surroundings, folder: Path, *, rounds: int) -> list[Figure]:
    """Return the ratios on the in-memory table, and the embedded AWS's beside them."""
    figures: list[Figure] = []
    for where, table in (("in memory", MemoryTable()), ("on MiniStack", None)):
        with stage(around, folder / f"fanout-{len(figures)}.log", table) as relay:
            cast = Cast.prepared(relay, uploaded(around))
            times = [_round(relay, cast) for _ in range(rounds)]
            figures += ratios(times, where, is_goal=table is not None)
            if table is not None:
                figures += _further(relay, cast.upload, middle(slowest(t.alone) for t in times))
    return figures


def ratios(times: Sequence[Round], where: str, *, is_goal: bool) -> list[Figure]:
    """Return what rounds say; the goals are those of the in-memory table."""
    ones = [each.one / slowest(each.alone) for each in times]
    many = [each.many / slowest(each.alone) for each in times]
    texts = [each.text / slowest(each.text_alone) for each in times]
    alone, text_alone = (
        middle(slowest(part) for part in parts)
        for parts in ([each.alone for each in times], [each.text_alone for each in times])
    )
    told, text_told = _told(times[-1].alone), _told(times[-1].text_alone)
    few, lots = (1.3, 1.5) if is_goal else (None, None)
    text_name = f"1 message, text alone × {len(times[-1].text_alone)} channels, {where}"
    return [
        Figure(f"slowest conversation alone, {where}", alone, "s", note=told),
        Figure(f"1 message × 6 channels, {where}", middle(ones), "×", few, note=spread(ones)),
        Figure(f"{MANY} messages × 6, {where}", middle(many), "×", lots, note=spread(many)),
        Figure(f"slowest with text alone, {where}", text_alone, "s", note=text_told),
        Figure(text_name, middle(texts), "×", few, note=spread(texts)),
    ]


def slowest(alone: Mapping[ChannelName, float]) -> float:
    """Return the slowest conversation's seconds."""
    return max(alone.values())


def _told(alone: Mapping[ChannelName, float]) -> str:
    return ", ".join(f"{name} {seconds:.2f}" for name, seconds in alone.items())


def _further(relay: Relay, upload: str, alone: float) -> list[Figure]:
    batches = _in_batches(relay, upload)
    card = timed(lambda: publish_announcement(relay))
    return [
        Figure("1 announcement × 6 channels, its card drawn, in memory", card / alone, "×"),
        Figure(
            f"{MANY} messages × 6 in batches of {RECORDS}, one by one, in memory",
            batches / alone,
            "×",
            note="as one shard hands them over; the batching window not counted",
        ),
    ]


@dataclass(frozen=True, slots=True)
class Cast:
    """What every round publishes and holds: prepared and sent once before, so that all is warm."""

    upload: str
    spoken: Mapping[ChannelName, Spoken]
    texts: Mapping[ChannelName, Spoken]

    @classmethod
    def prepared(cls, relay: Relay, upload: str) -> Cast:
        """Publish one message with the picture and one without it."""
        spoken = conversations(publish(relay, [draft(upload)])[0], list(wiring.registry()))
        texts = conversations(publish(relay, [draft(None, takers())])[0], takers())
        return cls(upload, spoken, texts)


def takers() -> list[ChannelName]:
    """Return the channels that take text alone."""
    return [name for name, channel in wiring.registry().items() if not channel.media.required]


def _round(relay: Relay, cast: Cast) -> Round:
    return Round(
        alone={name: timed(partial(hold, one)) for name, one in cast.spoken.items()},
        one=timed(lambda: publish(relay, [draft(cast.upload)])),
        many=timed(lambda: publish(relay, [draft(cast.upload) for _ in range(MANY)])),
        text_alone={name: timed(partial(hold, one)) for name, one in cast.texts.items()},
        text=timed(lambda: publish(relay, [draft(None, takers())])),
    )


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds a piece of work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def uploaded(around: Surroundings) -> str:
    """Upload a picture the way a member does; return the ready upload's id."""
    content = picture()
    upload, _ = wiring.intake().request_upload(AUTHOR, "image/jpeg", len(content))
    bucket = settings.current().media_bucket
    s3 = around.clients.client("s3")
    s3.put_object(Bucket=bucket, Key=f"uploads/{upload.id}", Body=content)
    wiring.intake().prepare(upload.id)
    return upload.id


def picture() -> bytes:
    """Return a JPEG that every channel takes."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize(PICTURE).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def draft(upload: str | None = None, channels: Sequence[ChannelName] = ()) -> Draft:
    """Return a message nobody has sent before: platforms refuse to take the same one twice."""
    media = (MediaRef(upload, "A gradient from black to white"),) if upload else ()
    text = f"Benchmark number {next(_numbers)} of our community."
    return Draft(Content(text, media=media), tuple(channels or wiring.registry()))


def publish(relay: Relay, drafts: Sequence[Draft]) -> list[str]:
    """Publish messages side by side; return their ids once every delivery is delivered."""
    with relay.holding() as hints:
        ids = [wiring.publishing().submit(each, AUTHOR).message.id for each in drafts]
    relay.put(hints)
    relay.settle()
    require_delivered(ids)
    return ids


def _in_batches(relay: Relay, upload: str) -> float:
    """Return the seconds for many messages whose records come as one shard hands them over."""
    with relay.holding() as hints:
        drafts = [draft(upload) for _ in range(MANY)]
        ids = [wiring.publishing().submit(each, AUTHOR).message.id for each in drafts]
    began = time.perf_counter()
    waiting = list(hints)
    while waiting:
        batch, waiting = waiting[:RECORDS], waiting[RECORDS:]
        with relay.holding() as followers:
            wiring.delivering().deliver_all(batch)
        waiting += followers
    taken = time.perf_counter() - began
    require_delivered(ids)
    return taken


def publish_announcement(relay: Relay) -> None:
    """Announce a fresh person's certification on every channel."""
    submission = Submission(
        member_name=f"Ada Lovelace {next(_numbers)}",
        family_id="solutions-architect-associate",
        certified_on=date(2026, 1, 1),
        channels=tuple(wiring.registry()),
        consent=True,
    )
    _, snapshot = wiring.moderating().submit(submission, AUTHOR)
    relay.settle()
    require_delivered([snapshot.message.id])


def require_delivered(ids: Sequence[str]) -> None:
    """Raise unless every delivery was made: a failure's time means nothing."""
    for message_id in ids:
        snapshot = wiring.publishing().read(message_id, AUTHOR)
        for one in snapshot.deliveries:
            if one.status is not Status.DELIVERED:
                told = one.problem.detail if one.problem else ""
                raise RuntimeError(f"{one.key.channel} is {one.status}, not delivered. {told}")


def conversations(message_id: str, names: Sequence[ChannelName]) -> dict[ChannelName, Spoken]:
    """Return every channel's conversation as the worker prepared it for a message."""
    return {name: _spoken(message_id, name) for name in names}


def _spoken(message_id: str, name: ChannelName) -> Spoken:
    post = wiring.messages().post(message_id, name, 1)
    if post is None:
        raise RuntimeError(f"{name} was never prepared.")
    people = wiring.subscriptions().page(name, 1, None).items
    recipient = None
    if people:
        recipient = replace(people[0].recipient, unsubscribe_url="http://127.0.0.1/unsubscribe/x")
    account = wiring.book().open(wiring.book().state(name))
    return Spoken(account, post.to(recipient, token="", handle=None))


def hold(spoken: Spoken) -> None:
    """Hold one conversation with its platform, nothing else."""
    channel = wiring.registry()[spoken.account.channel]
    post = replace(spoken.post, text=f"{spoken.post.text} {next(_numbers)}")
    wiring.conversing().hold(channel.publish(post, spoken.account), spoken.account)
