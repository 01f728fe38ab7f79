"""Write every generated page: ``python -m sandbox.docs``."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import sandbox.docs
from sandbox.docs import cost, simulation

README = Path(__file__).parents[2] / "README.md"
REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def pages() -> dict[Path, str]:
    """Return the text of each generated page by its place, and the README with its own blocks."""
    names = [found.name for found in pkgutil.iter_modules(sandbox.docs.__path__)]
    modules = {
        name: importlib.import_module(f"sandbox.docs.{name}")
        for name in sorted(names)
        if not name.startswith("_")
    }
    readme = cost.told_in(simulation.told_in(README.read_text("utf-8")))
    return {README: readme} | {
        REFERENCE / f"{name}.md": module.render() for name, module in modules.items()
    }


def main() -> None:
    """Write the pages and say which."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for place, text in pages().items():
        place.write_text(text, "utf-8")
        print(place.relative_to(Path.cwd()) if place.is_relative_to(Path.cwd()) else place)


if __name__ == "__main__":
    main()
