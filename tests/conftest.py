"""What every test run needs."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from tests.sharing import Sharing

LONG = ("slow", "emulator", "browser", "deployed")

# The machine may be busy: how long an example takes says nothing about what is tested.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Sharing:
    """Keep together what shares fixtures."""
    return Sharing(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long: a short one is the better last one."""
    long = {item.path for item in items if any(map(item.get_closest_marker, LONG))}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(autouse=True, scope="session")
def _closed() -> Iterator[None]:
    """Close the socket that the tracing SDK opens when somebody imports it."""
    yield
    recorder = sys.modules.get("aws_xray_sdk.core")
    if recorder is not None:
        recorder.xray_recorder.emitter._socket.close()
