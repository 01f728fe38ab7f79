"""Fixtures of the sandbox tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.platform_kit import Visitor, visit


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    """Give a fresh sandbox of its own."""
    with visit(tmp_path / "outside") as visitor:
        yield visitor
