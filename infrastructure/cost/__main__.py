"""Print what the stages cost: ``make cost``.

python -m infrastructure.cost                  print the tables
python -m infrastructure.cost --count cdk.out  first count what a synthesised stage deploys
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from infrastructure.cost import deployed
from infrastructure.cost.deployed import Deployed, NotCounted
from infrastructure.cost.report import Report


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked and return the exit status."""
    options = _parser().parse_args(arguments)
    if options.count is not None:
        try:
            deployed.keep(Deployed.counted(deployed.templates(options.count)))
        except NotCounted as error:
            sys.stderr.write(f"{error}\n")
            return 1
    report = Report.read()
    sys.stdout.write(f"{report.summary()}\n\n{report.page()}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make cost", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=Path, metavar="DIRECTORY")
    return parser


if __name__ == "__main__":
    sys.exit(main())
