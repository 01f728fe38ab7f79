"""Run the embedded AWS for a test as the product does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.surroundings import LEAVING_SECONDS, free_ports
from sandbox import embedded, processes
from sandbox.environment import isolated, until


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run it on a free port within, with its state in `folder`; yield its address."""
    port = free_ports().aws
    environment = embedded.environment(isolated(os.environ), port, folder)
    log = folder / "aws.log"
    child = processes.spawn("aws", embedded.COMMAND, environment, log=log, folder=folder)
    try:
        until(lambda: embedded.is_healthy(port), "The embedded AWS")
        yield f"http://127.0.0.1:{port}"
    finally:
        processes.stop([child], LEAVING_SECONDS)
