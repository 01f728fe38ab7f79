"""Dataclasses take the methods that a package brings, and no others."""

from __future__ import annotations

import builtins
import dataclasses
import marshal
from importlib.util import MAGIC_NUMBER
from pathlib import Path
from typing import Any

import pytest

from chalicelib import precompiled

BROUGHT = "<precompiled>"


@pytest.fixture(autouse=True)
def texts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what dataclasses have compiled, and leave them as they were afterwards."""
    seen: list[str] = []

    def run(source: str, variables: dict[str, Any], found: dict[str, Any]) -> None:
        seen.append(source)
        builtins.exec(source, variables, found)  # noqa: S102 - as dataclasses does

    monkeypatch.setitem(vars(dataclasses), "exec", run)
    return seen


def made(*names: str) -> type:
    """Make a class as a module that is imported does."""
    fields = [(name, int) for name in names]
    return dataclasses.make_dataclass("Made", fields, frozen=True, slots=True)


def brought(file: Path, texts: list[str], magic: bytes = MAGIC_NUMBER) -> str:
    """Write what a package brings for these texts."""
    code = {text: compile(text, BROUGHT, "exec", dont_inherit=True) for text in texts}
    file.write_bytes(magic + marshal.dumps(code))
    return str(file)


def origin(kind: type) -> str:
    """Return where a class's methods were compiled."""
    return str(kind.__init__.__code__.co_filename)  # type: ignore[misc] # of this very class


def test_what_the_package_brings_is_not_compiled_again(tmp_path: Path, texts: list[str]) -> None:
    made("width", "height")

    count = precompiled.use(brought(tmp_path / "file", texts))

    kind = made("width", "height")
    assert (count, origin(kind)) == (len(texts), BROUGHT)
    assert kind(1, 2) == kind(1, 2)
    assert repr(kind(1, 2)).endswith("Made(width=1, height=2)")


def test_what_it_does_not_bring_is_compiled(tmp_path: Path, texts: list[str]) -> None:
    made("width", "height")

    precompiled.use(brought(tmp_path / "file", texts))

    assert origin(made("other")) != BROUGHT


def test_what_was_made_for_another_python_is_left_alone(tmp_path: Path, texts: list[str]) -> None:
    made("width")

    assert precompiled.use(brought(tmp_path / "file", texts, b"\0\0\r\n")) == 0
    assert origin(made("width")) != BROUGHT


def test_a_checkout_brings_nothing() -> None:
    assert precompiled.use() == 0
