"""Print what the stages cost; keep the page and the README's table: ``make cost``.

python -m infrastructure.cost                  print the tables
python -m infrastructure.cost --write          and write docs/cost.md and the README's table
python -m infrastructure.cost --check          say which of them is behind, status 1 if one is
python -m infrastructure.cost --count cdk.out  first count what a synthesised stage deploys
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from infrastructure.cost import deployed
from infrastructure.cost.deployed import Deployed, NotCounted
from infrastructure.cost.prices import Prices
from infrastructure.cost.report import ROOT, Report


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked and return the exit status."""
    options = _parser().parse_args(arguments)
    if options.count is not None:
        try:
            deployed.keep(Deployed.counted(deployed.templates(options.count)))
        except NotCounted as error:
            sys.stderr.write(f"{error}\n")
            return 1
    report = Report(deployed.read(), Prices.read())
    if options.check:
        behind = [place for place, text in report.made().items() if _read(place) != text]
        for place in behind:
            sys.stdout.write(f"{place.relative_to(ROOT)} is behind: run make docs\n")
        return 1 if behind else 0
    if options.write or options.count is not None:
        for place, text in report.made().items():
            place.write_text(text, "utf-8")
            sys.stdout.write(f"{place.relative_to(ROOT)}\n")
    else:
        sys.stdout.write(f"{report.summary()}\n\n{report.page()}")
    return 0


def _read(place: Path) -> str:
    return place.read_text("utf-8") if place.exists() else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make cost", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--write", action="store_true")
    doing.add_argument("--check", action="store_true")
    doing.add_argument("--count", type=Path, metavar="DIRECTORY")
    return parser


if __name__ == "__main__":
    sys.exit(main())
