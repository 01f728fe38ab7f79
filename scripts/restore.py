"""Make a table that was restored to an earlier time safe to go on with.

    python -m scripts.restore 2026-12-01T18:00:00Z --table omnichannel-publisher-prod-restored
    python -m scripts.restore 2026-12-01T18:00:00Z --table … --apply

Without ``--apply`` it only says what it would do. The product must not be running on that table.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.instants import parse_instant
from chalicelib.domain.restores import Course, Restore
from chalicelib.services.restoring import Restored
from scripts.reaching import Refused, reach

MEANING = {
    Course.LOOK_UP: "in doubt: the platform is asked, and what is not there is sent",
    Course.ASK_PERSON: "needs_review: somebody looks on the platform and answers",
    Course.LEAVE_OUT: "skipped: nobody is written to unless somebody retries it",
    Course.CUT_SHORT: "no further recipients: somebody looks who was written to",
    Course.STAY: "stays as it is: it settles by itself",
    Course.AHEAD: "stays as it is: trusted to be published at its minute",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Look or apply, tell what was found, and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        to = _instant(options.since)
        reach(options.stage, options.table)
        from chalicelib import wiring

        now = wiring.clock().now()
        if to > now:
            raise Refused("SINCE must not lie ahead: it is the instant that was restored.")
        restore = Restore(to, now, asks=options.ask, trusts=options.rearm)
        service = wiring.restoring()
        found = service.apply(restore) if options.apply else service.look(restore)
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    except StoreUnavailable as error:
        sys.stderr.write(f"{error.detail} Do it again: what is done stays done.\n")
        return 1
    sys.stdout.write("\n".join(told(found, applied=options.apply)) + "\n")
    return 1 if found.moved_on else 0


def told(found: Restored, *, applied: bool) -> Iterator[str]:
    """Yield what becomes of everything open, as lines for a person."""
    yield "Done:" if applied else "Nothing was changed. ACTION=apply would do this:"
    for (course, channel), count in sorted(found.courses.items()):
        yield f"{count:8} {channel:10} {MEANING[course]}"
    if not found.courses:
        yield "       0 open deliveries"
    for status, count in sorted(found.unpublished.items()):
        if count:
            yield f"{count:8} {status}: perhaps published since; look before you publish them"
    for key in found.moved_on:
        yield f"moved meanwhile: {key}. Stop the product, then do it again."


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Refused(f"SINCE={text}: {error}") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m scripts.restore",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("since", help="the instant that was restored, RFC 3339")
    parser.add_argument("--apply", action="store_true", help="do it")
    parser.add_argument("--ask", action="store_true", help="ask a person for everything")
    parser.add_argument("--rearm", action="store_true", help="trust what is yet to come")
    parser.add_argument("--stage", help="a deployed stage instead of the local product")
    parser.add_argument("--table", help="the table that was restored, if it has another name")
    return parser


if __name__ == "__main__":
    sys.exit(main())
