"""The words for a channel, by rule.

the author's own text, or a variant for this channel    as it is
an announcement nobody edited                           written anew in the channel's tone
"""

from __future__ import annotations

from chalicelib.domain.announcements import announce
from chalicelib.domain.certifications import Submission, catalogue
from chalicelib.domain.channels import Channel, Wording
from chalicelib.domain.errors import UnsupportedContent
from chalicelib.domain.messages import Content


class Tones:
    """Implements `ports.Adapter` without a model: the same content always gives the same words."""

    def words(self, content: Content, channel: Channel) -> Wording:
        """Return what a channel is to say; the announced person's name stands in it verbatim."""
        authored = content.authored(channel.name)
        return _announced(content.announcement, channel) if authored is None else authored


def _announced(submission: Submission | None, channel: Channel) -> Wording:
    family = catalogue().by_id(submission.family_id) if submission else None
    if submission is None or family is None:
        raise UnsupportedContent("This announcement's certification is not in the catalogue.")
    return announce(submission, family, channel.name, submission.written_in)
