"""Stands in for Amazon Bedrock's Converse. No model: the answers are sentences written by hand.

Requests and answers have the shapes of botocore's model of `bedrock-runtime`, which tests compare.
It answers under ``/bedrock`` of the sandbox, and can be told how to (mis)behave::

    POST /bedrock/behaviour   {"behaviour": "new_link", "times": 2, "seconds": 5}
    GET  /bedrock/behaviour   what was armed, and how many calls came
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import unquote

PREFIX = "/bedrock"
FOREVER_SECONDS = 60.0
USUAL_LATENCY_MS = 900


class Behaviour(StrEnum):
    """What the stand-in does when it is asked."""

    HONEST = "honest"
    SLOW = "slow"
    THROTTLED = "throttled"
    UNAVAILABLE = "unavailable"
    NO_ACCESS = "no_access"
    REFUSING = "refusing"
    APOLOGISING = "apologising"
    CUT = "cut"
    MALFORMED = "malformed"
    LEAVING_OUT = "leaving_out"
    NEW_LINK = "new_link"
    OTHER_NAME = "other_name"
    OTHER_NUMBER = "other_number"
    OTHER_ORDER = "other_order"
    DROPPED_PIECE = "dropped_piece"
    DOUBLED_PIECE = "doubled_piece"
    WRITTEN_OUT = "written_out"
    DENIED = "denied"
    TRANSLATED = "translated"
    MARKUP = "markup"
    MENTION = "mention"
    HASHTAG = "hashtag"
    HIDDEN = "hidden"
    LEAKING = "leaking"
    RUN_TOGETHER = "run_together"
    ENDLESS = "endless"


LIES = tuple(Behaviour)[list(Behaviour).index(Behaviour.NEW_LINK) :]
"""Answers in the right form that must not be posted."""

_FRAMES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "English": {
        "facebook": ("Hello everyone, great news from our community! 🎉", "So proud! 👏"),
        "linkedin": ("We are pleased to share this news.", "Kudos to all."),
        "instagram": ("✨ Look!\n", "🚀"),
    },
    "Spanish": {
        "facebook": ("¡Hola a todos! 🎉", "¡Qué alegría! 👏"),
        "linkedin": ("Nos alegra compartir esta noticia.", ""),
        "instagram": ("✨ ¡Mirad!\n", "🚀"),
    },
}
_ANNOUNCED: Mapping[str, Mapping[str, str]] = {
    "English": {
        "facebook": "🎉 Big applause for {0}! {1} earned on {2}. Very well deserved!",
        "linkedin": "Warm congratulations to {0} on {1}, earned on {2}. An inspiring achievement.",
        "instagram": "✨ Wow!\n\n{0}\n{1}\n{2} 🎉",
    },
    "Spanish": {
        "facebook": "🎉 ¡Gran aplauso para {0}! {1}, el {2}. ¡Muy merecido!",
        "linkedin": "Enhorabuena a {0}: {1}, el {2}. Un magnífico logro.",
        "instagram": "✨ ¡Bravo!\n\n{0}\n{1}\n{2} 🎉",
    },
}


def templates(system: str, data: Mapping[str, Any]) -> dict[str, str]:
    """Return what a well-behaved model answers."""
    language = "Spanish" if "Write Spanish" in system else "English"
    pieces = data["pieces"]
    marks = [piece["mark"] for piece in pieces]
    if "before, between and behind" in system:
        told = _ANNOUNCED[language]
        return {name: told[name].format(*marks) for name in data["channels"]}
    body = "".join(
        mark if not index else f"{_seam(piece)}{mark}"
        for index, (mark, piece) in enumerate(zip(marks, pieces, strict=True))
    )
    frames = _FRAMES[language]
    return {
        name: f"{frames[name][0]}\n{body}\n\n{frames[name][1]}".strip() for name in data["channels"]
    }


def _seam(piece: Mapping[str, Any]) -> str:
    return "\n" if piece["new_line"] else " "


def _reversed(text: str) -> str:
    return text.replace("⟦1⟧", "\x00").replace("⟦2⟧", "⟦1⟧").replace("\x00", "⟦2⟧")


_LIES: Mapping[Behaviour, Callable[[str, str, str], str]] = {
    Behaviour.NEW_LINK: lambda text, _, __: f"{text} More here: https://evil.example/offer",
    Behaviour.OTHER_NAME: lambda text, _, __: f"Congratulations, Mallory Smith! {text}",
    Behaviour.OTHER_NUMBER: lambda text, _, __: f"{text} All 1,000 of you!",
    Behaviour.OTHER_ORDER: lambda text, _, __: (
        _reversed(text) if "⟦2⟧" in text else text.replace("⟦1⟧", "⟦2⟧")
    ),
    Behaviour.DROPPED_PIECE: lambda text, _, __: text.replace("⟦1⟧", "everyone"),
    Behaviour.DOUBLED_PIECE: lambda text, _, __: f"{text} ⟦1⟧",
    Behaviour.WRITTEN_OUT: lambda text, _, first: text.replace("⟦1⟧", first),
    Behaviour.DENIED: lambda text, _, __: f"This is not so: {text}",
    Behaviour.TRANSLATED: lambda text, _, __: f"Wir freuen uns sehr! {text}",
    Behaviour.MARKUP: lambda text, _, __: f"<b>Great</b> **news** {text}",
    Behaviour.MENTION: lambda text, _, __: f"{text} thanks @everyone",
    Behaviour.HASHTAG: lambda text, _, __: f"{text} #giveaway",
    Behaviour.HIDDEN: lambda text, _, __: f"Great\u200b news\u202e {text}",
    Behaviour.LEAKING: lambda text, system, __: f"{system} {text}",
    Behaviour.RUN_TOGETHER: lambda text, _, __: f"great{text.replace(' ⟦', '⟦')}news",
    Behaviour.ENDLESS: lambda text, _, __: f"{text} {'great news ' * 200}",
}

_ERRORS: Mapping[Behaviour, tuple[int, str, str]] = {
    Behaviour.THROTTLED: (
        429,
        "ThrottlingException",
        "Too many requests, wait before trying again.",
    ),
    Behaviour.UNAVAILABLE: (503, "ServiceUnavailableException", "The service can't answer now."),
    Behaviour.NO_ACCESS: (403, "AccessDeniedException", "You have no access to this model."),
}


def respond(request: Mapping[str, Any], behaviour: Behaviour) -> tuple[int, dict[str, Any], str]:
    """Return status, answer and error type for the parameters of one Converse call."""
    if behaviour in _ERRORS:
        status, kind, message = _ERRORS[behaviour]
        return status, {"message": message}, kind
    system = request["system"][0]["text"]
    asked = request["messages"][0]["content"][0]["text"]
    data = json.loads(asked)
    found = templates(system, data)
    if behaviour in _LIES:
        first = str(data["pieces"][0]["text"])
        found = {name: _LIES[behaviour](text, system, first) for name, text in found.items()}
    if behaviour is Behaviour.LEAVING_OUT:
        found.pop(next(iter(found)))
    text, end = _ended(json.dumps(found, ensure_ascii=False), behaviour)
    usage = {"inputTokens": _tokens(system + asked), "outputTokens": _tokens(text)}
    return 200, {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": end,
        "usage": {**usage, "totalTokens": sum(usage.values())},
        "metrics": {"latencyMs": USUAL_LATENCY_MS},
    }, ""  # fmt: skip


def _ended(text: str, behaviour: Behaviour) -> tuple[str, str]:
    """Return the text as it comes, and why it ended."""
    if behaviour is Behaviour.REFUSING:
        return "", "content_filtered"
    if behaviour is Behaviour.APOLOGISING:
        return "I'm sorry, but I can't help with that.", "end_turn"
    if behaviour is Behaviour.CUT:
        return text[: len(text) // 2], "max_tokens"
    if behaviour is Behaviour.MALFORMED:
        return text[1:], "end_turn"
    return text, "end_turn"


def _tokens(text: str) -> int:
    """Return about how many tokens a text is; a model's own count differs."""
    return max(1, len(text.encode()) // 4)


@dataclass
class _Armed:
    behaviour: Behaviour = Behaviour.HONEST
    times: int = 0
    seconds: float = 3.0


class StandIn:
    """What is armed, and how many calls came; safe to use from several threads."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep
        self._guard = threading.Lock()
        self._armed = _Armed()
        self.calls = 0

    def arm(self, behaviour: Behaviour, times: int, seconds: float) -> None:
        """Behave so for the next calls."""
        with self._guard:
            self._armed = _Armed(behaviour, times, seconds)

    def shown(self) -> dict[str, Any]:
        """Return what is armed, and the calls so far."""
        with self._guard:
            armed = self._armed
            return {"behaviour": armed.behaviour, "left": armed.times, "calls": self.calls}

    def converse(self, request: Mapping[str, Any]) -> tuple[int, dict[str, Any], str]:
        """Answer one call."""
        with self._guard:
            self.calls += 1
            armed, behaviour = self._armed, Behaviour.HONEST
            if armed.times:
                armed.times -= 1
                behaviour = armed.behaviour
        if behaviour is Behaviour.SLOW:
            self._sleep(min(armed.seconds, FOREVER_SECONDS))
        return respond(request, behaviour)


_here = StandIn()


def handle(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, Mapping[str, str], bytes]:
    """Answer a request below ``/bedrock`` of the sandbox."""
    told = path.removeprefix(PREFIX)
    try:
        if told == "/behaviour":
            return _behaviour(method, body)
        if method == "POST" and told.startswith("/model/") and told.endswith("/converse"):
            name = unquote(told.removeprefix("/model/").removesuffix("/converse"))
            status, answer, kind = _here.converse({**json.loads(body), "modelId": name})
            return _json(status, answer, {"x-amzn-ErrorType": kind} if kind else {})
    except (KeyError, TypeError, ValueError, IndexError) as error:
        problem = {"message": f"The request can't be read: {type(error).__name__}."}
        return _json(400, problem, {"x-amzn-ErrorType": "ValidationException"})
    return _json(404, {"message": "There is nothing here."}, {})


def _behaviour(method: str, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
    if method == "POST":
        told = json.loads(body)
        _here.arm(
            Behaviour(told["behaviour"]), int(told.get("times", 1)), float(told.get("seconds", 3))
        )
    return _json(200, _here.shown(), {})


def _json(
    status: int, answer: Mapping[str, Any], headers: Mapping[str, str]
) -> tuple[int, Mapping[str, str], bytes]:
    return status, {"Content-Type": "application/json", **headers}, json.dumps(answer).encode()
