"""What several stand-ins speak."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.platforms.dialects.graph import GraphPlatform
from sandbox.platforms.engine.world import World


class Unfinished(GraphPlatform):
    """A platform that says nothing of what only it can say."""

    channel = "unfinished"


def test_an_unfinished_graph_platform_is_told_what_it_lacks(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"identity.*makes_visible.*new_account.*owns.*serve"):
        Unfinished(World(tmp_path))  # type: ignore[abstract]
