"""Write every generated page: ``make docs``.

python -m sandbox.docs                        write the pages
python -m sandbox.docs --synthesised cdk.out  first keep what they tell of a synthesised stage
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from pathlib import Path

import sandbox.docs
from infrastructure import synthesised
from sandbox.docs import architecture, cost, openapi, security, simulation

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
WRITTEN: Mapping[Path, Sequence[Callable[[str], str]]] = {
    ROOT / "README.md": (simulation.told_in, cost.told_in),
    ROOT / "docs" / "architecture.md": (architecture.told_in,),
    ROOT / "docs" / "security.md": (security.told_in,),
}
"""Pages that people write, and who makes the blocks in them."""
OPENAPI = REFERENCE / "openapi.json"


def pages() -> dict[Path, str]:
    """Return by its place the text of each generated file, and of those with generated blocks."""
    names = sorted(found.name for found in pkgutil.iter_modules(sandbox.docs.__path__))
    modules = {
        name: importlib.import_module(f"sandbox.docs.{name}")
        for name in names
        if not name.startswith("_")
    }
    made = {
        REFERENCE / f"{name}.md": module.render()
        for name, module in modules.items()
        if hasattr(module, "render")
    }
    told = {
        place: reduce(lambda text, told_in: told_in(text), blocks, place.read_text("utf-8"))
        for place, blocks in WRITTEN.items()
    }
    return {OPENAPI: openapi.document()} | told | made


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the pages and say which."""
    options = _parser().parse_args(arguments)
    if options.synthesised is not None:
        synthesised.keep(options.synthesised)
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for place, text in pages().items():
        place.write_text(text, "utf-8")
        print(place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make docs", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--synthesised", type=Path, metavar="DIRECTORY")
    return parser


if __name__ == "__main__":
    main()
