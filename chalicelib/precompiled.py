"""Bytecode of the methods that `dataclasses` writes, where the package brings it.

The standard library writes the source of each dataclass's methods and compiles it whenever the
class is imported: with ours and those of our libraries, a quarter of a cold start. `make package`
compiles the same texts once (`infrastructure.packaging.generated`). Any other text is compiled as
ever, and so is every one where there is no file or another Python.
"""

from __future__ import annotations

import dataclasses
import marshal
from collections.abc import Mapping
from importlib.util import MAGIC_NUMBER
from os.path import dirname, join
from types import CodeType
from typing import Any

NAME = "precompiled.bin"
"""The file beside this one: the magic number of the Python it is for, then code by its source."""
FILE = join(dirname(__file__), NAME)  # noqa: PTH118, PTH120 - pathlib would have to be loaded


def use(file: str = FILE) -> int:
    """Let dataclasses take their methods from the file; return how many it has."""
    known = _read(file)
    if known:

        def run(
            source: str,
            variables: dict[str, Any] | None = None,
            found: dict[str, Any] | None = None,
        ) -> None:
            exec(known.get(source, source), variables, found)  # noqa: S102 - as dataclasses does

        vars(dataclasses)["exec"] = run
    return len(known)


def _read(file: str) -> Mapping[str, CodeType]:
    try:
        with open(file, "rb") as opened:  # noqa: PTH123 - see FILE
            content = opened.read()
    except FileNotFoundError:
        return {}
    if not content.startswith(MAGIC_NUMBER):
        return {}
    known: Mapping[str, CodeType] = marshal.loads(content[len(MAGIC_NUMBER) :])  # noqa: S302 - ours
    return known
