"""Asks a model for a content's words: once, ahead of time, where nobody waits for it.

    claim (for good) ── ask ── judge each channel ── decide (conditional)

Only this holds up nothing: it runs in a function of its own, started when a revision is stored.
If it dies on the way, the text is published as it was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain import models
from chalicelib.domain.adaptation import (
    Adaptation,
    announced_pieces,
    digest_of,
    kept,
)
from chalicelib.domain.channels import Account, Channel, ChannelName
from chalicelib.domain.errors import LostRace
from chalicelib.domain.messages import Content
from chalicelib.domain.models import Reply
from chalicelib.domain.ports import (
    Adaptations,
    Adapter,
    Clock,
    LanguageModel,
    Messages,
    Telemetry,
    Unit,
)
from chalicelib.domain.prompts import Prompt, prompt_for, read_answer
from chalicelib.domain.rewording import Reason, Source, filled, flaw, same_facts, source_of
from chalicelib.services.wording import MODEL, Words

MARGIN = timedelta(seconds=20)
"""So long before it is due a message's words have to be decided."""
LONGEST = timedelta(seconds=40)
"""How long a busy model is asked again; less than the function may take."""
FIRST_PAUSE_SECONDS = 1.0


class Adapting:
    """Finds the words of revisions."""

    def __init__(
        self,
        *,
        model: LanguageModel,
        words: Words,
        adaptations: Adaptations,
        messages: Messages,
        adapter: Adapter,
        channels: Mapping[ChannelName, Channel],
        voices: Mapping[ChannelName, str],
        unit: Unit,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._model = model
        self._words = words
        self._adaptations = adaptations
        self._messages = messages
        self._adapter = adapter
        self._channels = channels
        self._voices = voices
        self._unit = unit
        self._clock = clock
        self._telemetry = telemetry

    def adapt(self, message_id: str, number: int) -> Adaptation | None:
        """Find a revision's words; None where there is nothing to find, or somebody else does."""
        message = self._messages.many([message_id]).get(message_id)
        revision = self._messages.revision(message_id, number)
        if message is None or revision is None or message.revision != number:
            return None
        content = revision.content
        wanted = self._words.wanted(content, message.channels)
        if not wanted:
            return None
        digest = digest_of(content, wanted)
        found = self._adaptations.get(digest)
        if found is not None:
            if found.is_decided:
                self._words.tell(found, message_id, number)
            return found
        claim = Adaptation(digest, self._clock.now())
        try:
            self._unit.commit(self._adaptations.claiming(claim))
        except LostRace:
            return None
        made = self._found(claim, content, wanted, message.due_at - MARGIN)
        return self._words.decide(made, message_id, number, MODEL)

    def _found(
        self,
        claim: Adaptation,
        content: Content,
        wanted: Sequence[ChannelName],
        latest: datetime,
    ) -> Adaptation:
        source = source_of(content)
        if isinstance(source, Reason):
            return kept(claim.digest, wanted, source, self._clock.now())
        voices = {name: self._voices[name] for name in wanted}
        until = min(latest, claim.asked_at + LONGEST)
        reply = self._asked(prompt_for(source, voices), until)
        self._measure(reply)
        judged = self._judged(reply, source, content, wanted)
        return replace(
            claim,
            decided_at=self._clock.now(),
            words={name: text for name, text in judged.items() if not isinstance(text, Reason)},
            reasons={n: str(text) for n, text in judged.items() if isinstance(text, Reason)},
            usage=reply.usage,
        )

    def _asked(self, prompt: Prompt, until: datetime) -> Reply:
        """Return the first answer; who is busy is asked again while there is time."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            reply = self._asked_each(prompt)
            ends = self._clock.now() + timedelta(seconds=pause) >= until
            if ends or reply.reason != Reason.BUSY:
                return reply
            self._clock.sleep(pause)
            pause *= 2

    def _asked_each(self, prompt: Prompt) -> Reply:
        """Return the first answer of the models; the last one's excuse if all have one."""
        reply = Reply(reason=Reason.FORBIDDEN)
        for name in self._model.names:
            self._warn(name)
            with self._telemetry.span("model", model=name):
                reply = self._model.ask(name, prompt)
            if not reply.try_again:
                break
        return reply

    def _judged(
        self, reply: Reply, source: Source, content: Content, wanted: Sequence[ChannelName]
    ) -> Mapping[ChannelName, str | Reason]:
        """Return each channel's words, or why it says what the rules say."""
        if reply.reason is not None:
            return dict.fromkeys(wanted, Reason(reply.reason))
        templates = read_answer(reply.text, wanted)
        if isinstance(templates, Reason):
            return dict.fromkeys(wanted, templates)
        return {name: self._checked(templates.get(name), source, content, name) for name in wanted}

    def _checked(
        self, template: str | None, source: Source, content: Content, name: ChannelName
    ) -> str | Reason:
        if template is None:
            return Reason.MISSING
        if found := flaw(template, source):
            return found
        pieces = source.pieces
        if source.is_announcement:
            pieces = announced_pieces(content.announcement, name)
        text = filled(template, pieces)
        if not same_facts("\n".join(pieces), text):
            return Reason.FACTS
        return text if self._fits(text, content, self._channels[name]) else Reason.TOO_LONG

    def _fits(self, text: str, content: Content, channel: Channel) -> bool:
        """Return whether the platform takes all of it, and has no fault to find but of old."""
        account = Account(channel.name)
        _, before = channel.compose(self._adapter.words(content, channel), (), account)
        post, after = channel.compose(self._adapter.words(content, channel, text), (), account)
        return text in post.text and {f.code for f in after} <= {f.code for f in before}

    def _measure(self, reply: Reply) -> None:
        self._telemetry.count("ModelCalls", outcome=reply.reason or "answered")
        used = reply.usage
        if used is not None:
            self._telemetry.count("ModelInputTokens", used.input_tokens)
            self._telemetry.count("ModelOutputTokens", used.output_tokens)
            self._telemetry.count("ModelLatency", used.latency_ms, "Milliseconds")
            self._telemetry.count("ModelMicroDollars", used.cost_micro_dollars)

    def _warn(self, name: str) -> None:
        if said := models.warning(models.bare(name), self._clock.now().date()):
            self._telemetry.event("model_life_cycle", model=name, warning=said)
