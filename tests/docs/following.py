"""Follow a page: run its command blocks in order and compare what they print.

A ``sh`` block is run by one shell for the whole page, so that variables last. A ``text`` or ``json``
block right after it is what it prints: ``…`` within a line stands for anything there, a line of
nothing but ``…`` for any lines. The ports of the pages are the usual ones; here they are others.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox.ports import Ports
from sandbox.state import read_json
from tests.docs.pages import ROOT, Block

READY_SECONDS = 120
STOP_SECONDS = 30
PAGE_SECONDS = 300
MARK = "=== block "


@dataclass(frozen=True)
class Running:
    """A running copy of the product."""

    ports: Ports
    state: Path
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def environment(self) -> Mapping[str, str]:
        """Return what a reader's second terminal would have to know of this copy."""
        return environment(self.ports, self.state)

    def here(self, text: str) -> str:
        """Return a page's words with the ports of this copy."""
        return with_ports(text, self.ports)


def with_ports(text: str, ports: Ports) -> str:
    """Return a text with other ports than the usual ones."""
    for usual, chosen in zip(Ports().named().values(), ports.named().values(), strict=True):
        text = re.sub(rf"(?<=127\.0\.0\.1:){usual}\b", str(chosen), text)
    return text


def environment(ports: Ports, state: Path) -> Mapping[str, str]:
    """Return an environment that chooses ports and state folder."""
    named = {variable: str(port) for variable, port in ports.named().items()}
    return {**os.environ, **named, "OMNICHANNEL_STATE_DIR": str(state)}


def free_ports() -> Ports:
    """Return three ports that nobody uses now."""
    with socket.socket() as one, socket.socket() as two, socket.socket() as three:
        for listener in (one, two, three):
            listener.bind(("127.0.0.1", 0))
        return Ports(*(listener.getsockname()[1] for listener in (one, two, three)))


@contextmanager
def running(command: str, folder: Path) -> Iterator[Running]:
    """Start the product by a command, wait until it is ready, stop it at the end."""
    ports, state, output = free_ports(), folder / "state", folder / "output"
    with output.open("wb") as file:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            env=environment(ports, state),
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        _await(process, state / "endpoints.json", output)
        yield Running(ports, state, process, output)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)


def _await(process: subprocess.Popen[bytes], endpoints: Path, output: Path) -> None:
    ends = time.monotonic() + READY_SECONDS
    while read_json(endpoints) is None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
        assert process.returncode is None and time.monotonic() < ends, output.read_text("utf-8")


def follow(blocks: Sequence[Block], product: Running) -> list[str]:
    """Run the ``sh`` blocks and return what each printed."""
    commands = [block for block in blocks if block.kind == "sh"]
    script = ["set -eu", "exec 2>&1"]
    for number, block in enumerate(commands):
        script += [f"echo; echo {shlex.quote(MARK + str(number))}", product.here(block.text)]
    done = subprocess.run(
        ["/bin/sh", "-c", "\n".join(script)],
        cwd=ROOT,
        env=dict(product.environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PAGE_SECONDS,
    )
    assert done.returncode == 0, done.stdout
    return re.split(rf"\n{MARK}\d+\n", done.stdout)[1:]


def expectations(blocks: Sequence[Block]) -> list[str | None]:
    """Return for each ``sh`` block what the page says it prints, if it does."""
    said: list[str | None] = []
    for block in blocks:
        if block.kind == "sh":
            said.append(None)
        elif said and said[-1] is None:
            said[-1] = block.text
    return said


def matches(expected: str, printed: str) -> bool:
    """Return whether something printed is what a page promises."""
    lines = [
        r"(?:.*\n)*?" if line.strip() == "…" else _line(line) + r"\n"
        for line in expected.strip("\n").splitlines()
    ]
    return re.fullmatch("".join(lines), printed.strip("\n") + "\n") is not None


def _line(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split("…"))
