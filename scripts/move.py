"""Export everything a copy of the product knows as JSON lines, or take such a file in.

    python -m scripts.move export everything.jsonl --media pictures
    python -m scripts.move import everything.jsonl --media pictures --rearm

Without ``--stage`` it is the running local product; with it a deployed one, reached with the AWS
credentials of whoever asks. Nothing that is taken in is published, and nothing is written over.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.repositories.archive import Archive, UnknownItem
from scripts.exports import export
from scripts.imports import Malformed, Taken, take_in
from scripts.reaching import Refused, reach

SHOWN = 20
"""How many places of a kind are named."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Move, tell what was moved, and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.file == Path():
            raise Refused("FILE says which file: FILE=everything.jsonl")
        _require_places(options)
        reach(options.stage, options.table)
        from chalicelib import wiring

        archive, pictures = Archive(wiring.store()), wiring.media()
        if options.action == "export":
            counts = export(archive.records(), pictures, options.file, options.media)
            lines = [*_counted("exported", counts)]
        else:
            now = wiring.clock().now()
            taken = take_in(
                options.file,
                archive,
                pictures,
                now,
                folder=options.media,
                rearm=options.rearm,
                id_of=wiring.subscribing().id_of,
            )
            lines = [*told(taken)]
    except (Refused, Malformed, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except UnknownItem as unknown:
        sys.stderr.write(f"The table holds something this version does not know: {unknown}\n")
        return 1
    except StoreUnavailable as error:
        sys.stderr.write(f"{error.detail} Do it again: what is done stays done.\n")
        return 1
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _require_places(options: argparse.Namespace) -> None:
    """Refuse a file or folder that can't be what it is named for, before anything is done."""
    file, media = options.file, options.media
    if options.action == "import" and not file.is_file():
        raise Refused(f"There is no file {file}.")
    if file.is_dir():
        raise Refused(f"{file} is a folder: FILE names the file to write.")
    if not file.parent.is_dir():
        raise Refused(f"There is no folder {file.parent}.")
    if media is not None and media.exists() and not media.is_dir():
        raise Refused(f"{media} is no folder: MEDIA says where the pictures are.")
    if media is not None and options.action == "import" and not media.is_dir():
        raise Refused(f"There is no folder {media}: MEDIA says where the pictures are.")


def told(taken: Taken) -> Iterator[str]:
    """Yield what became of an import, as lines for a person."""
    yield from _counted("stored", taken.stored)
    yield from _counted("there already, the same", taken.there)
    yield from _counted("came in held", taken.held)
    yield from _named("kept, because something else stood there", taken.kept)
    yield from _named("missing pictures", taken.absent)


def _counted(word: str, counts: Mapping[str, int]) -> Iterator[str]:
    named = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    yield f"{word}: {named or 'nothing'}"


def _named(word: str, places: Sequence[str]) -> Iterator[str]:
    if places:
        yield f"{word}: {len(places)}"
        yield from (f"    {place}" for place in places[:SHOWN])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.move",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=("export", "import"))
    parser.add_argument("file", type=Path, help="the file of JSON lines")
    parser.add_argument("--media", type=Path, help="a folder for the pictures' bytes")
    parser.add_argument("--rearm", action="store_true", help="leave what is yet to come as it is")
    parser.add_argument("--stage", help="a deployed stage instead of the local product")
    parser.add_argument("--table", help="another table than the stage's own")
    return parser


if __name__ == "__main__":
    sys.exit(main())
