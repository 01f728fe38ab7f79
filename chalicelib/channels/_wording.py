"""From words to a text that fits, and back: is this text ours?"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace

from chalicelib.domain import text as texts
from chalicelib.domain.channels import Length, Limits, Media, MediaRule, Wording
from chalicelib.domain.errors import Fault

Measure = Callable[[str], int]


def carried(media: Sequence[Media], rule: MediaRule) -> tuple[Media, ...]:
    """Return the pictures that are offered; described only where descriptions are taken."""
    taken = tuple(rule.carried(media))
    return taken if rule.alt_text else tuple(replace(item, alt_text="") for item in taken)


def length(text: str, limits: Limits) -> int:
    """Return a text's length in the platform's unit."""
    return texts.measure(text, limits.unit)


def measured(text: str, limits: Limits, measure: Measure | None = None) -> Length:
    """Return how much of a limit a text uses."""
    used = measure(text) if measure else length(text, limits)
    return Length(used, limits.max_text, limits.unit)


def fitted(wording: Wording, limits: Limits, measure: Measure | None = None) -> str:
    """Return the text as it will be posted: generated text fitted, an author's as it is."""
    if not wording.generated:
        return wording.text
    text = _with_few_hashtags(wording.text, limits.max_hashtags)
    return shortened(text, wording.keep, limits.max_text, measure or (lambda t: length(t, limits)))


def shortened(text: str, keep: Sequence[str], limit: int, measure: Measure) -> str:
    """Return a generated text within a limit; what must survive is put in front if it was cut."""
    short = texts.fit(text, limit, measure)
    lost = [part for part in keep if part in text and part not in short]
    return texts.fit("\n".join([*lost, text]), limit, measure) if lost else short


def faults(
    text: str,
    media: Sequence[Media],
    limits: Limits,
    rule: MediaRule,
    measure: Measure | None = None,
) -> list[Fault]:
    """Return everything the platform would refuse about a text and its pictures."""
    found = []
    size = measured(text, limits, measure)
    if size.used > size.limit:
        found.append(too_long(size))
    if rule.required and not media:
        found.append(Fault("/media", "media_required", "This channel needs a picture."))
    if len(media) > rule.max_items:
        detail = f"There are {len(media)} pictures; this channel takes at most {rule.max_items}."
        found.append(Fault("/media", "too_many_media", detail))
    counts = (
        ("hashtags", len(texts.hashtags(text)), limits.max_hashtags),
        ("mentions", len(texts.mentions(text)), limits.max_mentions),
    )
    for kind, count, most in counts:
        if most is not None and count > most:
            detail = f"This text has {count} {kind}; this channel takes at most {most}."
            found.append(Fault("/content", f"too_many_{kind}", detail))
    return found


def too_long(size: Length, pointer: str = "/content") -> Fault:
    """Return the fault of a text over its limit."""
    unit = size.unit.value.replace("_", " ")
    detail = f"This text has {size.used} {unit}; this channel takes at most {size.limit}."
    return Fault(pointer, "too_long", detail)


def only_link(text: str) -> str | None:
    """Return the one address a text links to; None if there are several or none."""
    found = set(texts.links(text))
    return found.pop() if len(found) == 1 else None


def normalised(text: str) -> str:
    """Return the form under which a platform's copy of a text equals ours."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _with_few_hashtags(text: str, most: int | None) -> str:
    """Drop the last hashtags of a text until the platform takes it."""
    tags = texts.hashtags(text)
    if most is None or len(tags) <= most:
        return text
    for tag in reversed(tags[most:]):
        head, _, tail = text.rpartition(tag)
        text = f"{head.rstrip(' ')}{tail}"
    return text
