"""The judge: knows what was asked for, what the API said and what the platforms hold.

lost          accepted, and neither on its platform nor with somebody who was told
duplicated    on its platform more than once
untrue        told otherwise than it is: delivered and not there, failed or skipped and there
undecided     left to a person although the platform could have been asked
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.channels import CHANNELS
from chalicelib.domain.channels import ChannelName, Reconcilability

FINAL = frozenset({"delivered", "failed", "cancelled", "skipped", "needs_review"})
ABSENT = frozenset({"failed", "cancelled", "skipped"})
ASKABLE = frozenset({Reconcilability.KEY, Reconcilability.HANDLE, Reconcilability.LOOKUP})
FAULTS = ("lost", "duplicated", "untrue", "undecided")

Told = dict[tuple[str, str], tuple[str, str | None]]
"""Status and the platform's id, by channel and recipient's id; that of a whole channel is empty."""


@dataclass
class Asked:
    """A message as its author wanted it."""

    text: str
    people: Mapping[str, Sequence[tuple[str, str]]]
    """By channel: to whom, as id and address; one without either for a feed."""
    message_id: str = ""
    """Empty until it was acknowledged."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A broken promise."""

    kind: str
    channel: str
    story: str


@dataclass
class Verdict:
    """What came of some messages, by channel."""

    deliveries: Counter[str] = field(default_factory=Counter)
    statuses: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    violations: list[Violation] = field(default_factory=list)

    def broken(self, kind: str, channel: str) -> int:
        """Return how often a promise was broken on a channel."""
        return sum(v.kind == kind and v.channel == channel for v in self.violations)


def judge(
    asked: Iterable[Asked], told: Mapping[str, Told], posts: Iterable[Mapping[str, Any]]
) -> Verdict:
    """Compare what was asked for, what is told and what is there."""
    verdict = Verdict()
    there: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    wishes = {one.text: one for one in asked}
    for post in posts:
        text = next((text for text in _texts(post["text"]) if text in wishes), None)
        if text is not None:
            place = (text, post["channel"], post["recipient"] or "")
            there[place].append(post["external_id"])
    for one in wishes.values():
        for channel, people in one.people.items():
            for recipient_id, address in people:
                ids = there.pop((one.text, channel, address), [])
                answer = told.get(one.text, {}).get((channel, recipient_id))
                _judge(verdict, one, channel, recipient_id, answer, ids)
            _judge_parent(verdict, one, channel, told.get(one.text, {}))
    for (text, channel, _), _ids in there.items():
        verdict.violations.append(
            Violation("duplicated", channel, f"{text} reached somebody it was not for")
        )
    return verdict


def _judge(
    verdict: Verdict,
    asked: Asked,
    channel: str,
    recipient_id: str,
    answer: tuple[str, str | None] | None,
    ids: Sequence[str],
) -> None:
    who = f"{asked.text} on {channel} {recipient_id}".rstrip() + f" ({asked.message_id})"
    status, external_id = answer or ("unknown", None)
    verdict.deliveries[channel] += 1
    verdict.statuses[channel][status] += 1

    def blame(kind: str, story: str) -> None:
        verdict.violations.append(Violation(kind, channel, f"{who}: {story}"))

    if len(ids) > 1:
        blame("duplicated", f"it is there as {', '.join(ids)}")
    if status not in FINAL:
        blame("lost", f"it is {status} for ever, {len(ids)} of it there")
    elif status == "delivered" and not ids:
        blame("untrue", "it is said to be delivered and is not there")
    elif status == "delivered" and external_id not in (None, *ids):
        blame("untrue", f"it is said to be {external_id} and is {', '.join(ids)}")
    elif status in ABSENT and ids:
        blame("untrue", f"it is said to be {status} and is there")
    elif status in ABSENT:
        blame("lost", f"it is {status} although nobody refused it")
    elif status == "needs_review" and CHANNELS[ChannelName(channel)].reconciles_by in ASKABLE:
        blame("undecided", "a person is asked what the platform could tell")


def _judge_parent(verdict: Verdict, asked: Asked, channel: str, told: Told) -> None:
    """See that a direct channel as a whole says what its recipients' deliveries say."""
    rows = {
        status for (name, recipient), (status, _) in told.items() if name == channel and recipient
    }
    if not rows:
        return
    ranked = ("needs_review", "delivered", "failed", "skipped", "cancelled")
    expected = next((status for status in ranked if status in rows), "unknown")
    status, _ = told[channel, ""]
    if status != expected:
        story = f"{asked.text} ({asked.message_id}) is {status}, its recipients say {expected}"
        verdict.violations.append(Violation("untrue", channel, story))


def _texts(text: str) -> list[str]:
    """Return the marks in a post: what it says that one of our authors wrote."""
    start = text.find("Kept promise ")
    return [text[start : start + len("Kept promise 000000.")]] if start >= 0 else []
