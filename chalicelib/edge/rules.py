"""What is wrong between the fields of a body; a field of a wrong type is left to its model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.domain.errors import Fault
from chalicelib.edge import bodies
from chalicelib.edge.strict_json import pointer


def between(model: type[bodies.Body], given: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield every fault that no field has by itself."""
    if issubclass(model, bodies.AccountBody):
        yield from _account(given)
    elif issubclass(model, bodies.CertificationPreview):
        inner = given.get("certification")
        sketch = inner if isinstance(inner, dict) else {}
        yield from _repeated(sketch, "certification")
        yield from _own_words(sketch, "certification")
    else:
        if issubclass(model, bodies.Edit) and not given:
            yield Fault("", "empty", "Say what is to change.")
        yield from _repeated(given)
        yield from _variants(given)
        yield from _own_words(given)
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


def _repeated(given: Mapping[str, Any], *place: str) -> Iterator[Fault]:
    """Yield each channel that is named again."""
    for name in ("channels", "own_words"):
        seen: set[str] = set()
        for index, item in enumerate(_items(given, name)):
            if isinstance(item, str) and item in seen:
                where = pointer(*place, name, index)
                yield Fault(where, "repeated_channel", "Name this once.")
            elif isinstance(item, str):
                seen.add(item)


def _own_words(given: Mapping[str, Any], *place: str) -> Iterator[Fault]:
    """Yield each channel whose words are chosen although nothing is said there."""
    if "channels" not in given:
        return
    chosen = _names(given, "channels")
    for index, item in enumerate(_items(given, "own_words")):
        if isinstance(item, str) and item not in chosen:
            detail = "The message is not for this channel."
            yield Fault(pointer(*place, "own_words", index), "channel_not_chosen", detail)


def _variants(given: Mapping[str, Any]) -> Iterator[Fault]:
    variants = given.get("variants")
    if not isinstance(variants, dict) or "channels" not in given:
        return
    chosen = _names(given, "channels")
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


def _names(given: Mapping[str, Any], name: str) -> set[str]:
    return {item for item in _items(given, name) if isinstance(item, str)}
