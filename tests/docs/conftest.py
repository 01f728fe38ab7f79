"""Start the product for the pages whose commands run against it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.docs.following import Running, running
from tests.docs.pages import blocks, page


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Start one copy for all pages, by the tutorial's first command."""
    command = blocks(page("tutorial.md"), "sh")[0].text
    with running(command, tmp_path_factory.mktemp("product")) as copy:
        yield copy
