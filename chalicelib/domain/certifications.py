"""AWS certifications: the catalogue, what a member submits, and the rules for it.

The catalogue is data (``catalogue.json``), each family with its source and the day it was checked.
A certificate stays valid for years after its exam is gone, so retired families can be submitted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import regex

from chalicelib.domain.errors import Fault
from chalicelib.domain.instants import zone
from chalicelib.domain.text import is_blank, normalise_name, reject_reasons, visible_length

Language = Literal["en", "es"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

ANNOUNCED_ONCE_WITHIN = timedelta(days=365)
"""For so long the same person and family is the same achievement."""

MAX_NAME = 100
"""Visible characters."""

MAX_NAME_CODE_POINTS = 1_000
"""A bound on what may hang on those characters: combining marks take no room."""

MAX_PERSONAL_MESSAGE = 10_000
MAX_URL = 1_000


class Level(StrEnum):
    """How AWS groups its certifications; `OTHER` is whatever it invents next."""

    FOUNDATIONAL = "foundational"
    ASSOCIATE = "associate"
    PROFESSIONAL = "professional"
    SPECIALTY = "specialty"
    OTHER = "other"


class LifeStage(StrEnum):
    """Where a family or an exam stands; only an exam can be `UPCOMING`. Ordered by interest."""

    ACTIVE = "active"
    BETA = "beta"
    RETIRING = "retiring"
    UPCOMING = "upcoming"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Exam:
    """One version of an exam and the days it could be taken, both included; None is open."""

    code: str
    begins_on: date | None
    ends_on: date | None
    status: LifeStage

    def covers(self, day: date) -> bool:
        """Return whether the exam could be taken on this day."""
        begun = self.begins_on is None or self.begins_on <= day
        return begun and (self.ends_on is None or day <= self.ends_on)


@dataclass(frozen=True, slots=True)
class Certification:
    """A family of the catalogue: one certification through all versions of its exam."""

    id: str
    name: str
    level: Level
    status: LifeStage
    aliases: tuple[str, ...]
    exams: tuple[Exam, ...]
    source: str
    checked_on: date


class Catalogue:
    """All families we know. Immutable."""

    def __init__(self, families: Iterable[Certification]) -> None:
        self._families = tuple(families)
        self._by_id = {family.id: family for family in self._families}
        self._by_title = {
            _title_key(title): family
            for family in self._families
            for title in (family.id, family.name, *family.aliases, *_codes(family))
        }

    def __iter__(self) -> Iterator[Certification]:
        return iter(self._families)

    def __len__(self) -> int:
        return len(self._families)

    @property
    def checked_on(self) -> date:
        """Return the day of the oldest check among the families."""
        return min(family.checked_on for family in self._families)

    def by_id(self, family_id: str) -> Certification | None:
        """Return the family with exactly this id, or None."""
        return self._by_id.get(family_id)

    def match(self, title: str) -> Certification | None:
        """Return the family known by this title, alias, id or exam code, or None.

        Case, dashes and a leading "AWS Certified" don't matter; a misspelling does.
        """
        return self._by_title.get(_title_key(title))

    def active_first(self) -> list[Certification]:
        """Return all families, those one can still earn first, else in catalogue order."""
        stages = list(LifeStage)
        return sorted(self._families, key=lambda family: stages.index(family.status))


@dataclass(frozen=True, slots=True)
class Submission:
    """An achievement as a member hands it in. `consent` is the announced person's.

    An empty name and no language mean what the member's profile says.
    """

    member_name: str
    family_id: str
    certified_on: date
    channels: tuple[str, ...]
    consent: bool
    credential_url: str | None = None
    linkedin_url: str | None = None
    personal_message: str | None = field(default=None, repr=False)
    language: Language | None = None
    photo_upload_id: str | None = None
    scheduled_at: datetime | None = None
    time_zone: str | None = None
    own_words: tuple[str, ...] = ()
    """Channels that announce it by rule, whatever a model finds."""

    @property
    def written_in(self) -> Language:
        """Return the language of the announcement."""
        return self.language or "en"


@cache
def catalogue() -> Catalogue:
    """Return the packaged catalogue, read once."""
    packaged = resources.files("chalicelib.domain").joinpath("catalogue.json")
    families = json.loads(packaged.read_text("utf-8"))
    return Catalogue(
        Certification(
            id=family["id"],
            name=family["name"],
            level=Level(family["level"]),
            status=LifeStage(family["status"]),
            aliases=tuple(family["aliases"]),
            exams=tuple(
                Exam(
                    exam["code"], _day(exam["from"]), _day(exam["until"]), LifeStage(exam["status"])
                )
                for exam in family["exams"]
            ),
            source=family["source"],
            checked_on=date.fromisoformat(family["checked_on"]),
        )
        for family in families
    )


def warnings(family: Certification, certified_on: date) -> list[Fault]:
    """Return what looks wrong about a date without making it invalid."""
    if any(exam.covers(certified_on) for exam in family.exams):
        return []
    lives = ", ".join(
        f"{exam.code} ({_or_open(exam.begins_on)} to {_or_open(exam.ends_on)})"
        for exam in family.exams
    )
    detail = f"No exam for {family.name} that we know of could be taken then: {lives}."
    return [Fault("/certified_on", "outside_exam_life", detail)]


def check_submission(
    submission: Submission,
    *,
    now: datetime,
    home: str = "UTC",
    families: Catalogue | None = None,
) -> list[Fault]:
    """Return every fault of a submission; `now` is aware.

    What today is depends on the submission's time zone; on `home`, the member's, if it has none.
    Channels, uploads and `scheduled_at` obey the rules of any message and are checked there.
    """
    families = families or catalogue()
    faults = [*_name_faults(submission.member_name)]
    if families.by_id(submission.family_id) is None:
        detail = "There is no such certification; see /api/v1/certifications/types."
        faults.append(Fault("/certification_type", "unknown_certification", detail))
    if submission.certified_on > now.astimezone(_zone(submission.time_zone, home)).date():
        detail = "The certification date lies in the future."
        faults.append(Fault("/certified_on", "future_date", detail))
    faults += _url_faults("/credential_url", submission.credential_url, _credential_url_fault)
    faults += _url_faults("/linkedin_url", submission.linkedin_url, _linkedin_url_fault)
    faults += _personal_message_faults(submission.personal_message)
    if submission.written_in not in LANGUAGES:
        detail = f"Choose one of: {', '.join(LANGUAGES)}."
        faults.append(Fault("/language", "unknown_language", detail))
    if submission.consent is not True:
        detail = "The announced person has to agree: consent must be true."
        faults.append(Fault("/consent", "consent_required", detail))
    if submission.time_zone is not None:
        try:
            zone(submission.time_zone)
        except ValueError as error:
            faults.append(Fault("/time_zone", "unknown_time_zone", str(error)))
    return faults


def _zone(*names: str | None) -> ZoneInfo:
    """Return the first of these time zones that there is, else UTC."""
    for name in names:
        try:
            return zone(name or "")
        except ValueError:
            continue
    return ZoneInfo("UTC")


def achievement_key(member_name: str, family_id: str) -> str:
    """Return the hash under which the same person's same certification is known."""
    return sha256(f"{normalise_name(member_name)}\n{family_id}".encode()).hexdigest()


def _name_faults(name: str) -> Iterator[Fault]:
    pointer = "/member_name"
    reasons = reject_reasons(name)
    for reason in reasons:
        yield Fault(pointer, reason.code, reason.detail)
    if not reasons and _UNFIT_FOR_A_NAME.search(name):
        detail = "Write the name on one line, without tabs or marks that turn the text around."
        yield Fault(pointer, "control_character", detail)
    if is_blank(name):
        yield Fault(pointer, "blank", "Write the name of the person to announce.")
    elif len(name) > MAX_NAME_CODE_POINTS or visible_length(name) > MAX_NAME:
        yield Fault(pointer, "too_long", f"A name has at most {MAX_NAME} visible characters.")


def _personal_message_faults(message: str | None) -> Iterator[Fault]:
    if message is None:
        return
    for reason in reject_reasons(message):
        yield Fault("/personal_message", reason.code, reason.detail)
    if len(message) > MAX_PERSONAL_MESSAGE:
        detail = f"A personal message has at most {MAX_PERSONAL_MESSAGE} characters."
        yield Fault("/personal_message", "too_long", detail)


def _url_faults(
    pointer: str, url: str | None, judge: Callable[[str], str | None]
) -> Iterator[Fault]:
    if url is None:
        return
    if len(url) > MAX_URL:
        yield Fault(pointer, "too_long", f"A link has at most {MAX_URL} characters.")
    elif (detail := judge(url)) is not None:
        yield Fault(pointer, "invalid_url", detail)


def _credential_url_fault(url: str) -> str | None:
    """Return what is wrong with the link to a credential; it is published, never fetched."""
    if _HTTPS_URL.fullmatch(url):
        return None
    return "Give a public https:// link with a host name, without user name or spaces."


def _linkedin_url_fault(url: str) -> str | None:
    """Return what is wrong with the link to a LinkedIn profile."""
    if _LINKEDIN_URL.fullmatch(url):
        return None
    return "Give the profile's link, like https://www.linkedin.com/in/name."


# The rest of a link: what RFC 3986 allows, or a letter beyond ASCII as browsers show it.
_REST = r"(?:[/?\#][\w\-.~:/?\#\[\]@!$&'()*+,;=%]*)?"
_LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{N}\p{Mn}-]{0,61}[\p{L}\p{N}\p{Mn}])?"
_HTTPS_URL = regex.compile(
    rf"(?i:https)://(?:{_LABEL}\.)+\p{{L}}[\p{{L}}\p{{N}}\p{{Mn}}-]{{1,62}}(?::[0-9]{{1,5}})?{_REST}"
)
_LINKEDIN_URL = regex.compile(
    r"(?i:https://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*linkedin\.com)/in/"
    r"(?!\.{1,2}(?:[/?\#]|\Z))(?:[^\s/?\#\\%<>\"{}|^`\p{C}]|%[0-9A-Fa-f]{2}){1,200}/?"
    r"(?:(?<=/)[a-z]{2}/?)?(?:[?\#][\w\-.~:/?\#@!$&'()*+,;=%]*)?"
)
_UNFIT_FOR_A_NAME = regex.compile(r"[\t\n\u2028\u2029\u202d\u202e]")


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _or_open(day: date | None) -> str:
    return "…" if day is None else day.isoformat()


def _codes(family: Certification) -> Iterator[str]:
    return (exam.code for exam in family.exams)


def _title_key(title: str) -> str:
    words = regex.findall(r"[\p{L}\p{N}]+", normalise_name(title))
    return " ".join(words[2:] if words[:2] == ["aws", "certified"] else words)
