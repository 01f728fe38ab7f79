"""Query parameters: what a route takes, and every fault of what it was given."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from chalicelib.domain.errors import Fault
from chalicelib.domain.instants import parse_instant
from chalicelib.domain.messages import MessageStatus
from chalicelib.domain.ports import CertificationStatus

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter: `parse` raises ValueError with a sentence for the caller."""

    name: str
    parse: Callable[[str], Any]
    schema: Mapping[str, Any]
    description: str


def read(
    given: Mapping[str, Sequence[str]], allowed: Sequence[Parameter], faults: list[Fault]
) -> dict[str, Any]:
    """Return the parsed parameters by name and append every fault; absent ones are absent."""
    known = {parameter.name: parameter for parameter in allowed}
    values: dict[str, Any] = {}
    for name, written in given.items():
        where = f"/query/{name}"
        if name not in known:
            detail = f"This route takes: {', '.join(known) or 'no query parameters'}."
            faults.append(Fault(where, "unknown_parameter", detail))
        elif len(written) != 1:
            faults.append(Fault(where, "repeated_parameter", "Give this parameter once."))
        else:
            try:
                values[name] = known[name].parse(written[0])
            except ValueError as error:
                faults.append(Fault(where, "invalid_value", str(error)))
    since, until = values.get("from"), values.get("to")
    if since is not None and until is not None and since > until:
        detail = "`to` must not lie before `from`, in whole milliseconds."
        faults.append(Fault("/query/to", "invalid_value", detail))
    return values


def _limit(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text) or int(text) > MAX_LIMIT:
        raise ValueError(f"Give a whole number from 1 to {MAX_LIMIT}.")
    return int(text)


def _one_of(values: Sequence[str]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in values:
            raise ValueError(f"Choose one of: {', '.join(values)}.")
        return text

    return parse


def _chosen(name: str, values: type[StrEnum], description: str) -> Parameter:
    names = [str(value) for value in values]
    choose = _one_of(names)
    schema = {"type": "string", "enum": names}
    return Parameter(name, lambda text: values(choose(text)), schema, description)


def _instant(name: str, description: str, *, is_end: bool = False) -> Parameter:
    parse = partial(parse_instant, is_end=is_end)
    return Parameter(name, parse, {"type": "string", "format": "date-time"}, description)


class Scope(StrEnum):
    """Whose objects a list shows."""

    OWN = "own"
    ALL = "all"


LIMIT = Parameter(
    "limit",
    _limit,
    {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
    "How many items a page holds at most.",
)
CURSOR = Parameter(
    "cursor", str, {"type": "string"}, "The `next_cursor` of the page before; signed, opaque."
)
SCOPE = _chosen("scope", Scope, "`all` shows everyone's; managers only.")
MESSAGE_STATUS = _chosen("status", MessageStatus, "Only messages in this status.")
CERTIFICATION_STATUS = _chosen("status", CertificationStatus, "Only certifications in this status.")
FROM = _instant("from", "Only what is scheduled at or after this instant.")
TO = _instant("to", "Only what is scheduled at or before this instant.", is_end=True)
CHANNEL = Parameter(
    "channel", str, {"type": "string"}, "Only this direct channel; absent: all of them."
)
PAGE = (LIMIT, CURSOR)
HUB = tuple(
    Parameter(f"hub.{name}", str, {"type": "string"}, description)
    for name, description in (
        ("mode", "`subscribe`."),
        ("verify_token", "The account's secret of that name."),
        ("challenge", "What is to be answered."),
    )
)
"""How Meta asks whether an address takes its calls."""
