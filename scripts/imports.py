"""Takes an export in: first all of it is checked, then it is stored, never over what is there.

Nothing of it is published: `chalicelib.domain.holding` says how what was still open comes in.
Doing it again stores what is missing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from chalicelib.domain import holding
from chalicelib.domain.channels import ChannelName
from chalicelib.domain.deliveries import AuditEntry, Counts, Delivery
from chalicelib.domain.messages import roll_up
from chalicelib.domain.ports import AccountState, Listed, Picture
from chalicelib.domain.states import Status
from chalicelib.repositories.archive import (
    KIND,
    Archive,
    RecipientRecord,
    Record,
    read_record,
)
from chalicelib.repositories.items import audit_item
from chalicelib.repositories.strict import Flaw
from chalicelib.repositories.table import NEW, Put
from scripts.exports import END, LAST, OBJECT, START, Pictures

MOST_FAULTS = 100
IdOf = Callable[[ChannelName, str], str]
"""Returns the id that a recipient's address has here; it hangs on the signing key."""
OTHER_KEY = (
    "{} recipients have ids that another signing key made: they would be written to twice, and who "
    "opted out could be added again. Bring the key of the product that exported them along first "
    "(docs/how-to/move.md). Nothing was stored."
)
_REF = re.compile(r"(media|prepared|cards)/[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")


class Malformed(Exception):
    """The file can't be taken in; the message names lines and fields. Nothing was stored."""


@dataclass(frozen=True, slots=True)
class Object:
    """A picture that records name; without a digest it was missing when it was exported."""

    ref: str
    sha256: str | None = None


@dataclass
class Taken:
    """What became of an export's lines."""

    stored: Counter[str] = field(default_factory=Counter)
    there: Counter[str] = field(default_factory=Counter)
    """Lines of what stood there already, the same or held."""
    kept: list[str] = field(default_factory=list)
    """Places where something else stood, which stays."""
    held: Counter[str] = field(default_factory=Counter)
    """How deliveries that were open came in."""
    absent: list[str] = field(default_factory=list)
    """Pictures that are neither in the bucket nor in the folder as they should be."""


# --- reading --------------------------------------------------------------------------------------


def records(file: Path) -> Iterator[Record | Object]:
    """Yield what stands in a file that `check` found good."""
    for _, found in _read(file, []):
        yield found


def check(file: Path) -> None:
    """Raise `Malformed` with every fault, up to `MOST_FAULTS`."""
    faults: list[str] = []
    for _ in _read(file, faults):
        if len(faults) >= MOST_FAULTS:
            break
    if faults:
        raise Malformed("\n".join([*faults[:MOST_FAULTS], "Nothing was stored."]))


def _read(file: Path, faults: list[str]) -> Iterator[tuple[int, Record | Object]]:
    """Yield each good line with its number, and note the faults of the others."""
    before, count, number, fields = ("", ""), 0, 0, None
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            fields = _fields(number, line, faults)
            if number == 1:
                if fields is not None and fields != START:
                    faults.append(f"line 1: must be {json.dumps(START)}")
                continue
            if isinstance(fields, dict) and fields.get(KIND) == END:
                continue
            count += 1
            if fields is None:
                continue
            found = read_object(fields) if _is_object(fields) else read_record(fields)
            if isinstance(found, list):
                faults += [f"line {number}: {flaw.pointer or 'it'} {flaw.what}" for flaw in found]
                continue
            place = (LAST, found.ref) if isinstance(found, Object) else found.place
            if place <= before:
                faults.append(f"line {number}: it must stand before line {number - 1}, once")
            before = place
            yield number, found
    if fields != {KIND: END, "lines": count}:
        faults.append(f"line {number + 1}: the end is missing: {count} lines were read")


def _fields(number: int, line: bytes, faults: list[str]) -> Any:
    try:
        return json.loads(line.decode(), object_pairs_hook=_once)
    except ValueError as error:
        faults.append(f"line {number}: it is no JSON: {error}")
        return None


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _is_object(fields: Any) -> bool:
    return isinstance(fields, dict) and fields.get(KIND) == OBJECT


def read_object(fields: Mapping[str, Any]) -> Object | list[Flaw]:
    """Return the picture that a line names, or everything that is wrong with it."""
    ref, digest = fields.get("ref"), fields.get("sha256")
    if not isinstance(ref, str) or not _REF.fullmatch(ref) or ".." in ref:
        return [Flaw("/ref", "must be the key of a picture")]
    if digest is not None and not (isinstance(digest, str) and len(digest) == 64):
        return [Flaw("/sha256", "must be 64 hexadecimal digits")]
    return Object(ref, digest)


# --- holding --------------------------------------------------------------------------------------


def held(found: Iterable[Record], now: datetime, *, rearm: bool) -> Iterator[tuple[Record, Record]]:
    """Yield each record as it was and as it comes in, in the order of their places.

    `rearm` leaves those deliveries as they are that were yet to come.
    """
    for _, group in groupby(found, lambda record: record.place.pk):
        yield from _held_together(group, now, rearm)


def _held_together(
    group: Iterable[Record], now: datetime, rearm: bool
) -> Iterator[tuple[Record, Record]]:
    """Hold what stands under one key: a message's deliveries come before it, recipients' behind."""
    parts: list[Delivery] = []
    waiting: _Waiting | None = None
    for record in group:
        value = record.value
        if isinstance(value, Delivery) and value.key.recipient_id is not None:
            after = holding.held(value)
            if waiting is not None:
                waiting.count(after)
            yield record, replace(record, value=after)
            continue
        if waiting is not None:
            yield waiting.parent, waiting.closed(parts)
            waiting = None
        if isinstance(value, Delivery) and value.parent and value.status is Status.SENDING:
            waiting = _Waiting(record, value.due_at)
        else:
            yield record, replace(record, value=_changed(value, parts, now, rearm))
    if waiting is not None:
        yield waiting.parent, waiting.closed(parts)


@dataclass
class _Waiting:
    """A parent that waits for what became of its recipients."""

    parent: Record
    last: datetime
    counts: Counts = field(default_factory=Counts)

    def count(self, row: Delivery) -> None:
        self.counts = holding.counted(self.counts, row)
        self.last = max(self.last, row.delivered_at or self.last)

    def closed(self, parts: list[Delivery]) -> Record:
        after = holding.held_parent(self.parent.value, self.counts, self.last)
        parts.append(after)
        return replace(self.parent, value=after)


def _changed(value: Any, parts: list[Delivery], now: datetime, rearm: bool) -> Any:
    if isinstance(value, AccountState):
        return holding.unplugged(value)
    if isinstance(value, Delivery):
        is_left = rearm and holding.is_ahead(value, now)
        parts.append(value if is_left else holding.held(value))
        return parts[-1]
    if isinstance(value, Listed) and parts:
        summary = {part.key.channel: part.status for part in parts}
        return replace(value, status=roll_up(parts), summary=summary)
    return value


# --- storing --------------------------------------------------------------------------------------


def take_in(
    file: Path,
    archive: Archive,
    pictures: Pictures,
    now: datetime,
    *,
    folder: Path | None = None,
    rearm: bool = False,
    id_of: IdOf | None = None,
) -> Taken:
    """Check a file, then store what is not there yet. `Malformed`: nothing was stored.

    With `id_of`, recipients must have the ids that they would get here.
    """
    check(file)
    strangers = _strangers(file, id_of) if id_of else 0
    if strangers:
        raise Malformed(OTHER_KEY.format(strangers))
    taken = Taken()
    found = (part for part in records(file) if isinstance(part, Record))
    for before, after in held(found, now, rearm=rearm):
        _store(before, after, archive, now, taken)
    for part in records(file):
        if isinstance(part, Object):
            _copy(part, pictures, folder, taken)
    return taken


def _strangers(file: Path, id_of: IdOf) -> int:
    """Return how many recipients have other ids than they would get here."""
    values = (part.value for part in records(file) if isinstance(part, Record))
    people = (value for value in values if isinstance(value, RecipientRecord))
    return sum(
        id_of(each.channel, each.recipient.address) != each.id for each in people if each.recipient
    )


def _store(before: Record, after: Record, archive: Archive, now: datetime, taken: Taken) -> None:
    entries: list[AuditEntry] = []
    if isinstance(after.value, Delivery) and after.value != before.value:
        value, entry = holding.noted(before.value, after.value, now)
        after, entries = replace(after, value=value), [entry]
    standing = archive.add(after, [Put(audit_item(entry), NEW) for entry in entries])
    if standing is None:
        taken.stored[after.kind.name] += 1
        taken.held.update(entry.after for entry in entries)
    elif standing.fields in (before.fields, after.fields):
        taken.there[after.kind.name] += 1
    else:
        taken.kept.append(" / ".join(after.place))


def _copy(picture: Object, pictures: Pictures, folder: Path | None, taken: Taken) -> None:
    if pictures.exists(picture.ref):
        taken.there[OBJECT] += 1
        return
    copy = folder / picture.ref if folder else None
    data = copy.read_bytes() if copy is not None and copy.is_file() else None
    if data is None or hashlib.sha256(data).hexdigest() != picture.sha256:
        taken.absent.append(picture.ref)
        return
    pictures.write(picture.ref, Picture(data))
    taken.stored[OBJECT] += 1
