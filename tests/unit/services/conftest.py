"""A fresh world for each test."""

from __future__ import annotations

import pytest

from tests.fakes.world import World


@pytest.fixture
def world() -> World:
    """Return a world in which every account is connected and nothing was written yet."""
    return World()


@pytest.fixture
def reviewed() -> World:
    """Return a world in which members need approval."""
    return World(require_approval=True)
