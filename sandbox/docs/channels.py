"""The page about the channels: what each takes, and what happens when one does not answer."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from urllib.parse import urlsplit

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import Channel, Reconcilability
from chalicelib.settings import Settings
from sandbox.docs.data import code, table

INTRODUCTION = """# Channels: what each takes

<!-- Generated from chalicelib/channels by `make docs`; changes here are lost. -->

A new channel shows up here by itself: [Add a channel](../how-to/add-a-channel.md). How to connect
real accounts: [Connect a platform](../how-to/connect-a-platform.md).

A feed is published to once. A direct channel writes to each recipient who opted in, and keeps one
delivery per recipient.
"""

LIMITS = """## Text

An author's text over a limit is refused (`too_long`), never cut; only generated announcements are
fitted. Where a platform only says "characters", UTF-16 units are counted: they are never fewer than
what anybody else counts.

A Facebook Page refuses the text of its latest post again; LinkedIn any text that is there already
and, for a day or two, one that was deleted. Such a delivery fails with the platform's words, unless
the post that is there is its own.
"""

MEDIA = """## Pictures

Pictures are made to fit these before they are offered. Ratios are width / height; where the first
picture's is named, the others are fitted to it, because the platform would cut them. The
celebration card is drawn in the shape named here.

More pictures than a channel takes are a fault (`too_many_media`) or, where it says so, left out.
"""

SEVERAL = """Several pictures make one post. What is put up before it nobody sees; what is kept
of it a later attempt uses again, unless it is not there any more:

| channel | put up | kept before publishing | published |
| --- | --- | --- | --- |
| Facebook Page | each photo, unpublished | the photos' ids | one post that attaches them |
| Instagram | a container for each, then one that joins them | that one's id | that one |
| LinkedIn | each image, until it is processed | the images' URNs | one `multiImage` post |

A worker that dies between two of these steps leaves nothing that anybody sees. A post in doubt is
told from another with the same text by what was kept.
"""

DOUBT = """## When no answer comes

"Sent, but no answer" is neither a success nor a failure: the delivery becomes
[`in_doubt`](states.md#doubt-is-sticky) and nothing is sent again before that is settled. How it can
be settled, each channel declares:
"""

ACCOUNTS = """## Accounts

What `PUT /api/v1/channels/<name>/account` takes. Names in *italics* are optional.
"""

PERMISSIONS = """## Permissions

IAM actions of the function that publishes, beyond those of our own stores. Platforms outside AWS
need none: their tokens are in Secrets Manager.
"""


def render() -> str:
    """Return the page."""
    channels = [CHANNELS[name] for name in sorted(CHANNELS)]
    parts = (
        INTRODUCTION,
        table(("channel", "name in the API", "kind"), [_kind(c) for c in channels]) + "\n",
        LIMITS,
        table(("channel", "text", "hashtags", "mentions", "subject", "counted", "source, checked"),
              [_limits(c) for c in channels]) + "\n",
        MEDIA,
        table(("channel", "most", "ratio", "width in pixels", "bytes", "alt text", "card",
               "source, checked"),
              [_pictures(c) for c in channels]) + "\n",
        SEVERAL,
        DOUBT,
        table(("channel", "settled by", "an absence is believed after"),
              [_doubt(c) for c in channels]) + "\n",
        table(("settled by", "what happens"), _meanings()) + "\n",
        ACCOUNTS,
        table(("channel", "`settings`", "`secrets`"), [_account(c) for c in channels]) + "\n",
        PERMISSIONS,
        table(("channel", "actions"), [_permissions(c) for c in channels]),
        "",
    )  # fmt: skip
    return "\n".join(parts)


def meanings() -> Mapping[Reconcilability, str]:
    """Return what happens after an unanswered request, by how a channel can be asked."""
    policy = Settings().policy()
    lookups = f"at most {policy.max_lookups} look-ups, then `needs_review`"
    again = "certainly absent: sent again"
    return {
        Reconcilability.KEY: "The platform takes an idempotency key: the same request is sent "
        "again with the same key, until it is answered or its tries are used up.",
        Reconcilability.HANDLE: "The platform's handle was stored before publishing, and the "
        f"platform is asked for it. Found: delivered; {again}; {lookups}.",
        Reconcilability.LOOKUP: "Our own recent posts are read and compared. Found: delivered; "
        f"{again}; several alike or no answer: {lookups}.",
        Reconcilability.EVENT: "Nobody can be asked; the platform reports by itself what became of "
        "what carried our mark. Taken over: delivered; come to nothing: failed; no report within "
        f"{_duration(policy.event_wait)}: `needs_review`, which a later one still settles.",
        Reconcilability.NONE: "Nobody can be asked: `needs_review` at once. At most once.",
    }


def _meanings() -> list[tuple[str, str]]:
    found = meanings()
    return [(code(kind), found[kind]) for kind in Reconcilability]


def _kind(channel: Channel) -> Sequence[str]:
    return channel.title, code(channel.name), "direct" if channel.direct else "feed"


def _limits(channel: Channel) -> Sequence[str]:
    limits = channel.limits
    unit = limits.unit.value.replace("_", " ")
    counts = (limits.max_hashtags, limits.max_mentions, limits.max_subject)
    most = f"{limits.max_text:,} {unit}"
    return (
        channel.title,
        most,
        *("" if count is None else f"{count:,}" for count in counts),
        _first_line(channel.measure).removeprefix("Return "),
        _read(limits.source, limits.checked_on),
    )


def _read(source: str, checked_on: date) -> str:
    return f"[{urlsplit(source).netloc}]({source}), {checked_on.isoformat()}"


def _first_line(promise: object) -> str:
    return (inspect.getdoc(promise) or "").partition("\n")[0].rstrip(".")


def _pictures(channel: Channel) -> Sequence[str]:
    rule = channel.media
    source = _read(rule.source, rule.checked_on)
    surplus = "; the rest is left out" if rule.leaves_out_surplus else ""
    if not rule.max_items:
        return channel.title, f"none{surplus}", "", "", "", "", "", source
    return (
        channel.title,
        f"{rule.max_items}{', at least one' if rule.required else ''}{surplus}",
        f"{rule.min_ratio:g} to {rule.max_ratio:g}{', as the first' if rule.one_ratio else ''}",
        f"{rule.min_width:,} to {rule.max_width:,}",
        f"{rule.max_bytes:,}",
        _answer(rule.alt_text),
        code(rule.card),
        source,
    )


def _answer(value: bool) -> str:
    return "yes" if value else "no"


def _doubt(channel: Channel) -> Sequence[str]:
    asked = channel.reconciles_by not in (Reconcilability.EVENT, Reconcilability.NONE)
    believed = _duration(channel.settle_time) if asked else ""
    return channel.title, code(channel.reconciles_by), believed


def _account(channel: Channel) -> Sequence[str]:
    return (
        channel.title,
        _fields(channel.account_settings, channel.optional_settings),
        _fields(channel.account_secrets, channel.optional_secrets),
    )


def _fields(needed: Sequence[str], optional: Sequence[str]) -> str:
    return ", ".join([*map(code, needed), *(f"*{code(name)}*" for name in optional)])


def _permissions(channel: Channel) -> Sequence[str]:
    return channel.title, ", ".join(map(code, channel.permissions)) or "none"


def _duration(span: timedelta) -> str:
    seconds = span.total_seconds()
    return f"{seconds / 60:g} min" if seconds >= 120 else f"{seconds:g} s"
