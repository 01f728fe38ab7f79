"""``python -m infrastructure.packaging [--stage prod] [--arch arm64] [--to build/package]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from infrastructure.packaging.build import package
from infrastructure.packaging.target import ARCHITECTURES, PackagingError

PROJECT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Package a stage and print what was made; 1 and a sentence on stderr where that failed."""
    options = _parser().parse_args(arguments)
    architecture = ARCHITECTURES[options.arch]
    try:
        made = package(PROJECT, options.to, stage=options.stage, architecture=architecture)
    except PackagingError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"The package could not be written: {error}\n")
        return 1
    sys.stdout.write(f"{made.table()}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infrastructure.packaging", description="Package a stage for AWS Lambda."
    )
    parser.add_argument("--stage", default="prod", help="of .chalice/config.json")
    parser.add_argument("--arch", default="arm64", choices=sorted(ARCHITECTURES))
    parser.add_argument("--to", type=Path, default=PROJECT / "build" / "package", metavar="FOLDER")
    return parser


if __name__ == "__main__":
    sys.exit(main())
