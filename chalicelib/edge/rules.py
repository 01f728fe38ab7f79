"""From a decoded body to a model, or to every fault: the model's own and those between fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from chalicelib.domain.certifications import Submission, check_submission
from chalicelib.domain.errors import Fault, InvalidMessage
from chalicelib.edge import bodies
from chalicelib.edge.bodies import Surroundings
from chalicelib.edge.strict_json import pointer

B = TypeVar("B", bound=bodies.Body)
SKETCH = "/certification"
"""Where a preview's body has the certification."""
EARLIEST_ZONE = "Etc/GMT-14"
"""Where a day begins first: what is the future even there is so for a member of any time zone."""

_CODES: Mapping[str, str] = MappingProxyType(
    {
        "missing": "required",
        "extra_forbidden": "unknown_field",
        "too_short": "empty",
        "string_too_short": "blank",
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
        "too_short": "Give at least one.",
        "model_type": "Give a JSON object.",
    }
)


def validated(model: type[B], given: Mapping[str, Any], around: Surroundings) -> B:
    """Return the body as its model; `InvalidMessage` lists every fault, in the body's order."""
    faults: list[Fault] = []
    body: B | None = None
    try:
        body = model.model_validate(given, context=around)
    except ValidationError as error:
        faults += [_fault(entry) for entry in error.errors(include_url=False)]
    taken = {fault.pointer for fault in faults}
    faults += [fault for fault in _between(model, given, around) if fault.pointer not in taken]
    if faults or body is None:
        raise InvalidMessage(faults)
    return body


@contextmanager
def within(place: str) -> Iterator[None]:
    """Name faults that are found inside by where the body has them: below `place`."""
    try:
        yield
    except InvalidMessage as error:
        faults = [Fault(place + fault.pointer, fault.code, fault.detail) for fault in error.faults]
        raise InvalidMessage(faults) from error


def _fault(entry: Mapping[str, Any]) -> Fault:
    kind = entry["type"]
    code = _CODES.get(kind) or ("wrong_type" if kind.endswith("_type") else kind)
    place = tuple(part for part in entry["loc"] if not str(part).startswith("\0"))
    # A fault of a dictionary's key is reported one level below the entry; the entry is the place.
    if place[-1:] == ("[key]",) and kind != "extra_forbidden":
        place = place[:-1]
    return Fault(pointer(*place), code, _DETAILS.get(kind) or _sentence(entry["msg"]))


def _sentence(message: str) -> str:
    return message if message.endswith((".", "?", "!")) else f"{message}."


def _between(
    model: type[bodies.Body], given: Mapping[str, Any], around: Surroundings
) -> Iterator[Fault]:
    """Yield what breaks a rule between fields; a field of a wrong type is left to its model."""
    if model is bodies.CertificationPreview:
        inner = given.get("certification")
        if isinstance(inner, dict):
            sketch = {**inner, "consent": True}
            for fault in _certification(sketch, around):
                yield Fault(f"{SKETCH}{fault.pointer}", fault.code, fault.detail)
    elif model is bodies.CertificationBody:
        yield from _certification(given, around)
    elif model is bodies.AccountBody:
        yield from _account(given)
    elif issubclass(model, bodies.Edit) and not given:
        yield Fault("", "empty", "Say what is to change.")
    else:
        yield from _repeated(given, "channels")
        yield from _variants(given)
        yield from _media(given)


def _account(given: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield the fields that are too many, and those written both nested and flat."""
    nested = [(name, inner) for name, v in given.items() if isinstance(v, dict) for inner in v]
    flat = [(name,) for name, value in given.items() if not isinstance(value, dict)]
    for place in [*flat, *nested][bodies.MAX_ACCOUNT_FIELDS :]:
        detail = f"An account has at most {bodies.MAX_ACCOUNT_FIELDS} fields."
        yield Fault(pointer(*place), "too_many", detail)
    seen = {bodies.account_field(place) for place in flat}
    for place in nested:
        name = bodies.account_field(place)
        if name in seen:
            yield Fault(pointer(*place), "repeated_field", f"This is {name}; write it once.")
        seen.add(name)


def _repeated(given: Mapping[str, Any], name: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, item in enumerate(_items(given, name)):
        if isinstance(item, str) and item in seen:
            yield Fault(pointer(name, index), f"repeated_{name[:-1]}", "Name this once.")
        elif isinstance(item, str):
            seen.add(item)


def _variants(given: Mapping[str, Any]) -> Iterator[Fault]:
    variants = given.get("variants")
    if not isinstance(variants, dict) or "channels" not in given:
        return
    chosen = {item for item in _items(given, "channels") if isinstance(item, str)}
    for name in variants:
        if name not in chosen:
            detail = "This text is for a channel that the message is not for."
            yield Fault(pointer("variants", name), "variant_without_channel", detail)


def _media(given: Mapping[str, Any]) -> Iterator[Fault]:
    seen: set[str] = set()
    items = _items(given, "media")
    if len(items) > bodies.MAX_MEDIA:
        detail = f"A message has at most {bodies.MAX_MEDIA} pictures."
        yield Fault(pointer("media"), "too_many_media", detail)
    for index, item in enumerate(items):
        upload = item.get("upload_id") if isinstance(item, dict) else None
        if isinstance(upload, str):
            if upload.lower() in seen:
                yield Fault(pointer("media", index, "upload_id"), "repeated_media", "Use it once.")
            seen.add(upload.lower())


def _items(given: Mapping[str, Any], name: str) -> list[Any]:
    value = given.get(name)
    return value if isinstance(value, list) else []


def _certification(given: Mapping[str, Any], around: Surroundings) -> Iterator[Fault]:
    """Yield what the domain says of the fields whose type is right; the others stand aside."""
    yield from _repeated(given, "channels")
    sound = Submission(
        member_name=_str(given, "member_name", "-") or "",
        family_id=_str(given, "certification_type", "") or "",
        certified_on=_date(given.get("certified_on")),
        channels=(),
        consent=given.get("consent") is not False,
        credential_url=_str(given, "credential_url"),
        linkedin_url=_str(given, "linkedin_url"),
        personal_message=_str(given, "personal_message"),
        time_zone=_str(given, "time_zone"),
    )
    for fault in check_submission(sound, now=around.now, home=EARLIEST_ZONE):
        if isinstance(given.get(fault.pointer[1:]), str | bool):
            yield fault


def _str(given: Mapping[str, Any], name: str, other: str | None = None) -> str | None:
    value = given.get(name)
    return value if isinstance(value, str) else other


def _date(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return date.min
