"""What every test run needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The machine may be busy: how long an example takes says nothing about what is tested.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what is in one file together, for its fixtures' sake; simulations have none to share."""
    for item in items:
        if "simulation" not in item.path.parts:
            item.add_marker(pytest.mark.xdist_group(_group(item.path)))


def _group(path: Path) -> str:
    """Return who shares fixtures with a file: all that use the one set of deployed stacks."""
    uses_stacks = path.parent.name == "deployed" and path.stem != "test_native"
    return str(path.parent if uses_stacks else path)


@pytest.fixture(autouse=True, scope="session")
def _closed() -> Iterator[None]:
    """Close the socket that the tracing SDK opens when somebody imports it."""
    yield
    recorder = sys.modules.get("aws_xray_sdk.core")
    if recorder is not None:
        recorder.xray_recorder.emitter._socket.close()
