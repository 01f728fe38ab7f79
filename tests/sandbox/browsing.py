"""Measure a page in a real browser, over the two pipes of its DevTools protocol."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

HEADLESS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *(
        "--disable-sync",
        "--disable-background-networking",
        "--disable-component-update",
    ),
)
HIDDEN_BARS = "--hide-scrollbars"
HEIGHT = 800
ON_3_AND_4 = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Tab:
    """One page of the browser."""

    def __init__(self, questions: IO[bytes], answers: IO[bytes]) -> None:
        """Open an empty page; commands are written to one pipe and answered on the other."""
        self._questions = questions
        self._answers = answers
        self._numbers = itertools.count(1)
        self._session: str | None = None
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self._ask("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]

    def open(self, url: str, width: int, *, watched_by: str = "") -> None:
        """Load a page into a window of this width; `watched_by` is a script that runs first."""
        if watched_by:
            self._ask("Page.enable")
            self._ask("Page.addScriptToEvaluateOnNewDocument", source=watched_by)
        self.resize(width)
        self._ask("Page.navigate", url=url)

    def resize(self, width: int) -> None:
        """Give the window another width."""
        size = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        self._ask("Emulation.setDeviceMetricsOverride", **size)

    def value(self, expression: str) -> Any:
        """Return what an expression of the page, or its promise, comes to."""
        asked = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        return self._ask("Runtime.evaluate", **asked)["result"].get("value")

    def _ask(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        question: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session is not None:
            question["sessionId"] = self._session
        self._questions.write(json.dumps(question).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def _read(self) -> Any:
        message = bytearray()
        while (byte := self._answers.read(1)) != b"\0":
            if not byte:
                raise BrokenPipeError("The browser has ended.")
            message += byte
        return json.loads(message)


@contextlib.contextmanager
def browsing(browser: str, profile: Path, *flags: str) -> Iterator[Tab]:
    """Run a browser, which reads its commands from descriptor 3 and answers on 4."""
    heard, questions = os.pipe()
    answers, said = os.pipe()
    command = [sys.executable, "-S", "-c", ON_3_AND_4, str(heard), str(said), browser, *HEADLESS]
    command += [*flags, "--remote-debugging-pipe", f"--user-data-dir={profile}"]
    with (
        os.fdopen(questions, "wb", buffering=0) as asking,
        os.fdopen(answers, "rb") as answering,
        subprocess.Popen(command, pass_fds=(heard, said), stderr=subprocess.DEVNULL) as process,
    ):
        os.close(heard)
        os.close(said)
        try:
            yield Tab(asking, answering)
        finally:
            process.terminate()
