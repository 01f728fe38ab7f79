"""From a decoded body to a model and to every fault that shows without asking a service.

    given ─ strict model ─→ sound: the body
               └─ faults ─→ lenient model of what can be read: for a service to judge further

What can't be read is left out of the second, or stands in it as nothing, so that neither its own
faults are told twice nor a neighbour is blamed for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from itertools import accumulate
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from chalicelib.domain.errors import Fault, InvalidMessage, MediaNotReady
from chalicelib.edge.bodies import Body
from chalicelib.edge.fields import RULE, Surroundings
from chalicelib.edge.rules import between
from chalicelib.edge.strict_json import pointer

B = TypeVar("B", bound=Body)
Place = tuple[str | int, ...]
SKETCH = "/certification"
"""Where a preview's body has the certification."""
NOBODYS = "00000000-0000-0000-0000-000000000000"
"""An upload that nobody has: an unreadable picture keeps its place among the others."""

_STAND_INS: Mapping[str, Any] = MappingProxyType(
    {
        "content": "",
        "channels": [],
        "media": [{"upload_id": NOBODYS}],
        "upload_id": NOBODYS,
        "certification_type": "",
        "certified_on": "0001-01-01",
        "consent": True,
        "address": "",
        "content_type": "",
        "size_bytes": 1,
    }
)
"""What stands for an unreadable field that a model needs, or whose absence would mean something."""
_ITEMS: Mapping[str, Any] = MappingProxyType(
    {"media": {"upload_id": NOBODYS}, "variants": {"content": ""}}
)
"""The same for an item of a list or map: no channel gets the words of another in its stead."""

_CODES: Mapping[str, str] = MappingProxyType(
    {
        "missing": "required",
        "extra_forbidden": "unknown_field",
        "string_too_long": "too_long",
        "string_unicode": "lone_surrogate",
        "literal_error": "unknown_value",
        "greater_than_equal": "out_of_range",
        "less_than_equal": "out_of_range",
        "string_pattern_mismatch": "invalid_format",
        "model_type": "wrong_type",
        "model_attributes_type": "wrong_type",
    }
)
_DETAILS: Mapping[str, str] = MappingProxyType(
    {
        "missing": "This field is required.",
        "extra_forbidden": "There is no such field.",
        "model_type": "Give a JSON object.",
    }
)


@dataclass(frozen=True, slots=True)
class Reading(Generic[B]):
    """A body; one with faults is for judging only, None if nobody judges it or nothing is left."""

    body: B | None
    faults: Sequence[Fault] = ()
    unreadable: Collection[str] = frozenset()
    """Where nothing further can be said, nor below."""

    def further(self, found: Sequence[Fault]) -> list[Fault]:
        """Return what a service found that is new and does not come of an unreadable part."""
        known = {(fault.pointer, fault.code) for fault in self.faults}
        return [
            fault
            for fault in found
            if (fault.pointer, fault.code) not in known
            and not _lies_in(fault.pointer, self.unreadable)
        ]


def read(
    model: type[B], given: Mapping[str, Any], around: Surroundings, found: Sequence[Fault] = ()
) -> Reading[B]:
    """Return a body with every fault of it, in its model's order after those `found` before."""
    body: B | None = None
    faults: list[Fault] = []
    try:
        body = model.model_validate(given, context=around)
    except ValidationError as error:
        for entry in error.errors(include_url=False):
            faults += _faults(entry)
    taken = {fault.pointer for fault in faults}
    faults += [fault for fault in between(model, given) if fault.pointer not in taken]
    unread = {fault.pointer for fault in found}
    faults = [*found, *(fault for fault in faults if not _lies_in(fault.pointer, unread))]
    if not faults or not model.is_judged:
        return Reading(None if faults else body, faults)
    rest, unreadable = _readable(model, given, replace(around, lenient=True))
    return Reading(rest, faults, unread | unreadable)


@contextmanager
def within(place: str) -> Iterator[None]:
    """Name faults that are found inside by where the body has them: below `place`."""
    try:
        yield
    except InvalidMessage as error:
        raise InvalidMessage(_below(place, error.faults)) from error
    except MediaNotReady as error:
        raise MediaNotReady(error.detail, _below(place, error.faults)) from error


def _below(place: str, faults: Sequence[Fault]) -> list[Fault]:
    return [replace(fault, pointer=place + fault.pointer) for fault in faults]


def _readable(
    model: type[B], given: Mapping[str, Any], around: Surroundings
) -> tuple[B | None, set[str]]:
    """Return what can be read of a body, None if that makes no sense, and where it can't be."""
    try:
        return model.model_validate(given, context=around), set()
    except ValidationError as error:
        entries = error.errors(include_url=False)
    foreign = {_place(entry) for entry in entries if _is_foreign(entry)}
    places = foreign.union(map(_place, entries))
    rest = deepcopy(dict(given))
    for place in sorted(places, reverse=True):  # of a list's items the last first
        _set_aside(rest, place, is_foreign=place in foreign)
    try:
        body = model.model_validate(rest, context=around)
    except ValidationError:
        return None, set()
    return body, {pointer(*place) for place in places}


def _set_aside(rest: Any, place: Place, *, is_foreign: bool) -> None:
    """Take a part out of a body, or put in its place what says nothing."""
    *parents, last = place
    for name in parents:
        rest = rest[name]
    stand_in = None if is_foreign else _stand_in(parents[-1] if parents else "", last)
    if stand_in is not None:
        rest[last] = deepcopy(stand_in)
    elif isinstance(rest, dict):
        rest.pop(last, None)
    else:
        del rest[last]


def _stand_in(parent: str | int, last: str | int) -> Any:
    return _ITEMS.get(str(parent)) or _STAND_INS.get(str(last))


def _is_foreign(entry: Mapping[str, Any]) -> bool:
    """Return whether a part has no business where it is, rather than being unreadable."""
    return entry["type"] == "extra_forbidden" or "[key]" in entry["loc"][-1:]


def _place(entry: Mapping[str, Any]) -> Place:
    place: Place = tuple(part for part in entry["loc"] if not str(part).startswith("\0"))
    # A fault of a dictionary's key is reported one level below the entry; the entry is the place.
    if place[-1:] == ("[key]",) and entry["type"] != "extra_forbidden":
        return place[:-1]
    return place


def _faults(entry: Mapping[str, Any]) -> Iterator[Fault]:
    kind, where = entry["type"], pointer(*_place(entry))
    if kind == RULE:
        for reason in entry["ctx"]["reasons"]:
            yield Fault(where, reason.code, reason.detail)
        return
    code = _CODES.get(kind) or ("wrong_type" if kind.endswith("_type") else kind)
    yield Fault(where, code, _DETAILS.get(kind) or _sentence(entry["msg"]))


def _sentence(message: str) -> str:
    return message if message.endswith((".", "?", "!")) else f"{message}."


def _lies_in(where: str, places: Collection[str]) -> bool:
    """Return whether a pointer is one of these or below one."""
    return any(above in places for above in accumulate(where.split("/"), "{}/{}".format))
