"""What a person does with the web app, by mouse, by keyboard and on a phone.

The scenarios themselves are in `scenarios.mjs`: playwright-core drives an installed Chromium.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from tests.browser.conftest import SCENARIOS

NAMES = re.findall(r"^  async (\w+)\(\) \{$", SCENARIOS.read_text("utf-8"), re.MULTILINE)

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("name", NAMES)
def test_in_a_browser(name: str, played: Mapping[str, str | None]) -> None:
    assert played[name] is None, played[name]


def test_every_scenario_was_played(played: Mapping[str, str | None]) -> None:
    assert list(played) == NAMES
