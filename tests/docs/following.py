"""Follow a page: run its command blocks in order and compare what they print.

One shell runs a page's ``sh`` blocks, so that variables last. A ``text`` or ``json`` block right
after one is what it prints: ``…`` within a line stands for anything there, a line of nothing but
``…`` for any lines. The pages name the usual ports; here they are others.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.ports import Ports
from tests.app.conftest import await_endpoints, own_environment, stop
from tests.docs.pages import ROOT, Block

PAGE_SECONDS = 300
MARK = "=== block "


@dataclass(frozen=True)
class Running:
    """A running copy of the product, and what a second terminal has to know of it."""

    environment: Mapping[str, str]
    output: Path

    def here(self, text: str) -> str:
        """Return a page's words with the ports of this copy."""
        usual, chosen = Ports().named(), Ports.of(self.environment).named()
        for variable, port in usual.items():
            text = re.sub(rf"(?<=127\.0\.0\.1:){port}\b", str(chosen[variable]), text)
        return text


@contextmanager
def running(command: str, folder: Path) -> Iterator[Running]:
    """Start the product by a command, wait until it is ready, stop it at the end."""
    state, output = folder / "state", folder / "output"
    environment = own_environment(state)
    with output.open("wb") as file:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        await_endpoints(process, state, output)
        yield Running(environment, output)
    finally:
        stop(process)


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
