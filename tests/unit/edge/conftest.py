from __future__ import annotations

import pytest

from tests.unit.edge.kit import Api, assemble


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    return assemble(monkeypatch)
