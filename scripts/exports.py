"""The file of an export: one JSON object a line, in the order of the records' places.

    {"format":"omnichannel-publisher","kind":"start","version":1}
    {"kind":"account", …}                    one line a record, keys in alphabetical order
    {"kind":"object","ref":"media/…","sha256":"…","size_bytes":…}   pictures that records name
    {"kind":"end","lines":…}                 how many lines stand between

The same records always make the same bytes: nothing in it depends on when it was written. Secrets
and platform credentials are not in it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from chalicelib.domain.ports import Picture, Upload
from chalicelib.repositories.archive import KIND, PreparedPost, Record
from scripts.sorting import RUN, Placed, in_order

FORMAT, VERSION = "omnichannel-publisher", 1
START = {KIND: "start", "format": FORMAT, "version": VERSION}
END, OBJECT = "end", "object"
LAST = "~"
"""Sorts behind every record: where the objects stand."""


class Pictures(Protocol):
    """The media bucket, as far as an export needs it."""

    def exists(self, ref: str) -> bool: ...
    def read(self, ref: str) -> bytes: ...
    def write(self, ref: str, picture: Picture) -> None: ...


def text_of(fields: Mapping[str, Any]) -> str:
    """Return one line, without its end."""
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def export(
    records: Iterable[Record],
    pictures: Pictures,
    target: Path,
    folder: Path | None = None,
    run: int = RUN,
) -> Counter[str]:
    """Write all records to a file and return how many there are of each kind.

    Pictures are read for their digests, and copied into a folder if one is given; one that is gone
    is `missing`.
    """

    def described(ref: str) -> str:
        return text_of(_object(ref, pictures, folder))

    return write(_placed(records), target, described, run)


def write(
    lines: Iterable[Placed], target: Path, described: Callable[[str], str], run: int = RUN
) -> Counter[str]:
    """Write lines in their order, each once; an empty one is what `described` makes of its place.

    The file appears when it is whole.
    """
    part = target.with_name(f"{target.name}.part")
    part.touch(mode=0o600)  # it holds addresses
    counts: Counter[str] = Counter()
    with (
        TemporaryDirectory(prefix="export-", dir=target.parent) as runs,
        part.open("w", encoding="utf-8", newline="\n") as file,
    ):
        file.write(text_of(START) + "\n")
        before: tuple[str, str] | None = None
        for place, found in in_order(lines, Path(runs), run):
            if place != before:
                line = found or described(place[1])
                counts[json.loads(line)[KIND]] += 1
                file.write(line + "\n")
            before = place
        file.write(text_of({KIND: END, "lines": counts.total()}) + "\n")
    part.replace(target)
    return counts


def refs_of(record: Record) -> Iterator[str]:
    """Yield the pictures that a record names."""
    if isinstance(record.value, Upload) and record.value.ref:
        yield record.value.ref
    elif isinstance(record.value, PreparedPost):
        yield from (picture.ref for picture in record.value.post.media)


def _placed(records: Iterable[Record]) -> Iterator[Placed]:
    for record in records:
        yield record.place, text_of(record.fields)
        for ref in refs_of(record):
            yield (LAST, ref), ""


def _object(ref: str, pictures: Pictures, folder: Path | None) -> Mapping[str, Any]:
    if not pictures.exists(ref):
        return {KIND: OBJECT, "ref": ref, "missing": True}
    data = pictures.read(ref)
    if folder is not None:
        copy = folder / ref
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    return {KIND: OBJECT, "ref": ref, "sha256": digest, "size_bytes": len(data)}
