"""Two hundred announcements, and every way in which a model misbehaves: no fact ever changes.

What is true of each stands in the case itself; the code under test has no part in saying it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle, islice, product

import pytest

from chalicelib.channels import CHANNELS
from chalicelib.domain.adaptation import Tones, announced_pieces
from chalicelib.domain.certifications import Submission, catalogue
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.messages import Content
from chalicelib.domain.prompts import prompt_for, read_answer
from chalicelib.domain.rewording import Reason, Source, filled, flaw, source_of
from chalicelib.domain.voices import VOICES
from chalicelib.gateways.bedrock import request
from sandbox.model import LIES, Behaviour, respond

NAMES = (
    "Ada Lovelace",
    "José-María Ñúñez de la O",
    "李小龍",
    "Ngọc Ánh",
    "O'Neil {0} ⟦2⟧",
    "علي حسن",
    "Zoë 3rd",
    "X Æ A-12",
)
TOPICS = (
    ("The meetup is on {day} May at 18:30.", "Register at https://example.org/m/{day}?a=1&b=2."),
    ("We welcome {day} people from Lima and Bogotá.", "Ask @ana_{day} for the way."),
    ("Ada earned the Cloud Practitioner on 2026-11-{day}.", "#AWS #Day{day} for the win."),
    ("El encuentro es el {day} de mayo a las 18:30.", "Está en https://ejemplo.org/e/{day}."),
    ("Our talk is for the {day} % who like Dr. Ruiz.", "Mail us at team{day}@example.org."),
)


@dataclass(frozen=True)
class Case:
    """A content, and what has to stand in every post of it, letter by letter."""

    content: Content
    facts: tuple[str, ...]


def announced() -> Iterator[Case]:
    """Yield announcements of every family, in both languages, by difficult names."""
    families = cycle(catalogue())
    for number, (name, language) in zip(range(100), cycle(product(NAMES, ("en", "es")))):
        family = next(families)
        day = date(2026, 1, 1) + timedelta(days=number)
        link = f"https://credly.example/{number}"
        submission = Submission(
            name, family.id, day, tuple(VOICES), True, credential_url=link, language=language
        )
        written = (str(day.day), str(day.year))
        yield Case(Content("…", announcement=submission), (name, family.name, link, *written))


def written() -> Iterator[Case]:
    """Yield texts of authors."""
    for day, (first, second) in zip(range(1, 101), cycle(TOPICS)):
        sentences = (first.format(day=day), second.format(day=day))
        seam = "\n" if day % 2 else " "
        yield Case(Content(seam.join(sentences)), sentences)


CASES = tuple(islice(announced(), 100)) + tuple(islice(written(), 100))


def posted(case: Case, behaviour: Behaviour) -> tuple[dict[ChannelName, str], bool]:
    """Return what each channel says, and whether a model chose any of it."""
    source = source_of(case.content)
    assert isinstance(source, Source)
    answer = respond(request("m", prompt_for(source, VOICES)), behaviour)[1]
    text = answer["output"]["message"]["content"][0]["text"]
    templates = read_answer(text, list(VOICES))
    said, is_models = {}, False
    for name in VOICES:
        template = None if isinstance(templates, Reason) else templates.get(name)
        chosen = None
        if template is not None and flaw(template, source) is None:
            pieces = source.pieces
            if source.is_announcement:
                pieces = announced_pieces(case.content.announcement, name)
            chosen, is_models = filled(template, pieces), True
        said[name] = Tones().words(case.content, CHANNELS[name], chosen).text
    return said, is_models


def test_there_are_two_hundred() -> None:
    assert len({json.dumps([c.content.text, c.facts]) for c in CASES}) == 200


@pytest.mark.parametrize("behaviour", [b for b in Behaviour if b in (*LIES, Behaviour.HONEST)])
def test_no_fact_changes(behaviour: Behaviour) -> None:
    changed, adapted = [], 0
    for case in CASES:
        said, is_models = posted(case, behaviour)
        adapted += is_models
        changed += [(case, n) for n, text in said.items() if not all(f in text for f in case.facts)]
        changed += [(case, n) for n, text in said.items() if "evil" in text or "Mallory" in text]
    assert changed == []
    assert adapted == (len(CASES) if behaviour is Behaviour.HONEST else 0)
