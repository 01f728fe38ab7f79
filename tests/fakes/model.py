"""A language model that answers as the sandbox's stand-in does, or as a test says."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from chalicelib.domain.models import DEFAULT, FALLBACK, Reply
from chalicelib.domain.prompts import Prompt
from chalicelib.gateways.bedrock import read_response, request
from sandbox.model import Behaviour, respond
from tests.fakes.aws import response_of

Script = Callable[[str, Prompt], Reply]


@dataclass
class FakeModel:
    """Implements `ports.LanguageModel`; `scripts` are used up before the honest answers."""

    names: Sequence[str] = (f"us.{DEFAULT}", f"us.{FALLBACK}")
    scripts: deque[Script] = field(default_factory=deque)
    asked: list[tuple[str, Prompt]] = field(default_factory=list)

    def ask(self, name: str, prompt: Prompt) -> Reply:
        """Answer once."""
        self.asked.append((name, prompt))
        script = self.scripts.popleft() if self.scripts else behaving(Behaviour.HONEST)
        return script(name, prompt)

    def behave(self, *behaviours: Behaviour) -> None:
        """Answer so, one call after the other."""
        self.scripts.extend(map(behaving, behaviours))


def behaving(behaviour: Behaviour) -> Script:
    """Return an answer of the stand-in's, read by the gateway's own code."""

    def answer(name: str, prompt: Prompt) -> Reply:
        status, data, kind = respond(request(name, prompt), behaviour)
        return read_response(name, response_of(status, data, kind))

    return answer


@dataclass
class FakeErrand:
    """Remembers for which revisions words are wanted."""

    asked: list[tuple[str, int]] = field(default_factory=list)

    def adapt(self, message_id: str, revision: int) -> None:
        """Note it."""
        self.asked.append((message_id, revision))
