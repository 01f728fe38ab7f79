"""The words for a channel: by rule, and those of a model where there are some.

the author's own text, or a variant for this channel    as it is
an announcement nobody edited                           written anew in the channel's tone
words that a model found for it                         in the place of the text, or of its opening
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.announcements import announce, announced_facts
from chalicelib.domain.certifications import Certification, Submission, catalogue
from chalicelib.domain.channels import Channel, ChannelName, Wording
from chalicelib.domain.errors import UnsupportedContent
from chalicelib.domain.messages import Content
from chalicelib.domain.models import Usage
from chalicelib.domain.rewording import Reason


class Chooser(StrEnum):
    """Who chose the words."""

    AUTHOR = "author"
    RULE = "rule"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What was decided about a content's words, once and for good; nothing while a model is asked.

    A channel is in `words` or in `reasons`: it says those words, or what the rules say.
    """

    digest: str
    asked_at: datetime
    decided_at: datetime | None = None
    words: Mapping[ChannelName, str] = field(default_factory=dict)
    reasons: Mapping[ChannelName, str] = field(default_factory=dict)
    usage: Usage | None = None

    @property
    def is_decided(self) -> bool:
        """Return whether what is posted can't change any more."""
        return self.decided_at is not None

    def told(self) -> str:
        """Return who chose the words of which channel, and what that took, in one line."""
        parts = [f"{name}: model" for name in self.words]
        parts += [f"{name}: as written ({reason})" for name, reason in self.reasons.items()]
        if self.usage is not None:
            used = self.usage
            parts.append(
                f"{used.model}, {used.input_tokens} + {used.output_tokens} tokens, "
                f"{used.latency_ms} ms, ${used.cost_micro_dollars / 1_000_000:.6f}"
            )
        return "; ".join(parts)


class Tones:
    """Implements `ports.Adapter` without a model: the same content always gives the same words."""

    def words(self, content: Content, channel: Channel, chosen: str | None = None) -> Wording:
        """Return what a channel is to say; the announced person's name stands in it verbatim.

        `chosen` are checked words that were found for exactly this content and channel.
        """
        authored = content.authored(channel.name)
        if authored is None:
            submission, family = _announced(content.announcement)
            return announce(submission, family, channel.name, submission.written_in, chosen)
        return replace(authored, text=chosen) if chosen else authored


def adaptable(
    content: Content, channels: Sequence[ChannelName], voices: Mapping[ChannelName, str]
) -> tuple[ChannelName, ...]:
    """Return the channels a model may be asked for: not where a person chose the words.

    Those are a variant for the channel, and an announcement's text that somebody edited. Where
    `own_words` names some channels, all are asked for as before: the words of the others must not
    change by that. Where it names all of them, nobody is asked.
    """
    if content.edited:
        return ()
    names = tuple(name for name in channels if name in voices and name not in content.variants)
    return names if any(name not in content.own_words for name in names) else ()


def digest_of(content: Content, channels: Sequence[ChannelName]) -> str:
    """Return the key of what is said where: the same words are found for it only once."""
    about = content.announcement
    facts = None
    if about is not None:
        facts = [about.member_name, about.family_id, about.certified_on, about.written_in]
    said = [content.text, facts, sorted(channels)]
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()


def announced_pieces(submission: Submission | None, channel: ChannelName) -> tuple[str, ...]:
    """Return what stands for the pieces of an announcement on a channel."""
    return announced_facts(*_announced(submission), channel)


def kept(
    digest: str, channels: Sequence[ChannelName], reason: Reason | str, now: datetime
) -> Adaptation:
    """Return the decision that every channel says what the rules say."""
    return Adaptation(digest, now, now, reasons=dict.fromkeys(channels, str(reason)))


def _announced(submission: Submission | None) -> tuple[Submission, Certification]:
    family = catalogue().by_id(submission.family_id) if submission else None
    if submission is None or family is None:
        raise UnsupportedContent("This announcement's certification is not in the catalogue.")
    return submission, family
