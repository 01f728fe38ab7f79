"""Knows which words a model chose, and never waits for them for long.

    API      start ──▶ another function asks the model ──▶ the decision is stored, once
    worker   chosen: what is decided; else, shortly after the text was handed in, a moment's wait;
             else "as written" is the decision

Whoever decides first decides for all channels, attempts and processes: the write is conditional,
and an answer that comes later is dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from threading import Lock

from chalicelib.domain.adaptation import Adaptation, adaptable, digest_of, kept
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import AuditEntry
from chalicelib.domain.errors import LostRace
from chalicelib.domain.messages import Content, Message, Revision
from chalicelib.domain.ports import Adaptations, Clock, Errand, Messages, Telemetry, Unit
from chalicelib.domain.rewording import Reason
from chalicelib.domain.voices import VOICES

WORDS = "words"
"""Channel name of audit entries about a revision's words; their sequence is its number."""
LOOK_AGAIN_SECONDS = 0.2
REST = 3
"""How many times as long as it waited a process rests from waiting: a slow model takes a quarter
of a worker's time at most, whatever is handed in."""
MODEL = "model"


class Words:
    """The decisions about contents' words, as everybody but who asks the model needs them."""

    def __init__(
        self,
        *,
        adaptations: Adaptations,
        messages: Messages,
        errand: Errand,
        voices: Mapping[ChannelName, str],
        unit: Unit,
        clock: Clock,
        telemetry: Telemetry,
        patience: timedelta,
    ) -> None:
        """`patience`: how long after it was handed in a text may wait for its words."""
        self._adaptations = adaptations
        self._messages = messages
        self._errand = errand
        self._voices = voices
        self._unit = unit
        self._clock = clock
        self._telemetry = telemetry
        self._patience = patience
        self._waiting_since: datetime | None = None
        self._guard = Lock()

    def start(self, message: Message) -> None:
        """Have the words of a message's current revision found, if a model may be asked."""
        if self.wanted(message.content, message.channels):
            self._errand.adapt(message.id, message.revision)

    def wanted(self, content: Content, channels: Sequence[ChannelName]) -> tuple[ChannelName, ...]:
        """Return the channels that a model is asked for."""
        return adaptable(content, channels, self._voices)

    def known(self, content: Content, channels: Sequence[ChannelName]) -> Adaptation | None:
        """Return what is decided for exactly this content, or being asked; None otherwise."""
        wanted = self.wanted(content, channels)
        return self._adaptations.get(digest_of(content, wanted)) if wanted else None

    def recorded(self, content: Content, channels: Sequence[ChannelName]) -> Adaptation | None:
        """Return what was decided for this content while a model had a say, though none has now."""
        wanted = adaptable(content, channels, VOICES)
        return self._adaptations.get(digest_of(content, wanted)) if wanted else None

    def fix(self, message: Message, member: str) -> None:
        """Let what a person has just agreed to be final: words that they did not see come late."""
        wanted = self.wanted(message.content, message.channels)
        if wanted:
            digest = digest_of(message.content, wanted)
            found = self._adaptations.get(digest)
            if found is None or not found.is_decided:
                made = kept(digest, wanted, Reason.NOT_SEEN, self._clock.now())
                self.decide(made, message.id, message.revision, member)

    def chosen(self, revision: Revision, channel: ChannelName, worker: str) -> str | None:
        """Return the words for a channel that is to be published now; None: as written."""
        if not self.wanted(revision.content, [channel]):
            return None
        message = self._messages.many([revision.message_id]).get(revision.message_id)
        channels = message.channels if message else (channel,)
        wanted = self.wanted(revision.content, channels)
        digest = digest_of(revision.content, wanted)
        found = self._awaited(digest, revision.created_at + self._patience)
        if found is None or not found.is_decided:
            made = kept(digest, wanted, Reason.TOO_LATE, self._clock.now())
            found = self.decide(made, revision.message_id, revision.number, worker)
        return found.words.get(channel)

    def decide(self, made: Adaptation, message_id: str, revision: int, actor: str) -> Adaptation:
        """Store a decision with its place in the timeline; return the one that counts."""
        entry = self._entry(made, message_id, revision, actor)
        try:
            self._unit.commit(self._adaptations.deciding(made), self._messages.telling(entry))
        except LostRace:
            found = self._adaptations.get(made.digest)
            if found is not None and found.is_decided:
                self._telemetry.event("words_decided_before", digest=made.digest)
                return found
            self._unit.commit(self._adaptations.deciding(made))  # the timeline has its entry
        return made

    def tell(self, found: Adaptation, message_id: str, revision: int) -> None:
        """Say in a message's timeline that its words were found for another one before."""
        entry = self._entry(found, message_id, revision, MODEL, "words_found_before")
        try:
            self._unit.commit(self._messages.telling(entry))
        except LostRace:
            self._telemetry.event("words_told_before", digest=found.digest)

    def _awaited(self, digest: str, until: datetime) -> Adaptation | None:
        """Return the decision as soon as there is one, or what there is at the end."""
        found = self._adaptations.get(digest)
        while (found is None or not found.is_decided) and self._may_wait(until):
            self._clock.sleep(LOOK_AGAIN_SECONDS)
            found = self._adaptations.get(digest)
        return found

    def _may_wait(self, until: datetime) -> bool:
        now = self._clock.now()
        if now >= until:
            return False
        with self._guard:
            since = self._waiting_since
            if since is None or now >= since + (1 + REST) * self._patience:
                self._waiting_since = since = now
            return now < since + self._patience

    def _entry(
        self, made: Adaptation, message_id: str, revision: int, actor: str, event: str = ""
    ) -> AuditEntry:
        return AuditEntry(
            message_id=message_id,
            channel=WORDS,
            recipient_id=None,
            sequence=revision,
            at=self._clock.now(),
            actor=actor,
            event=event or ("words_adapted" if made.words else "words_as_written"),
            correlation_id=self._telemetry.correlation_id,
            detail=made.told(),
        )
