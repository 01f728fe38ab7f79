"""Start, watch and stop the local product's processes so that none is ever left behind.

Each child leads a process group of its own (a Ctrl-C reaches only the supervisor, which then stops
them in order) and on Linux asks the kernel for SIGTERM should its parent be killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_PDEATHSIG = 1
THRIFTY = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}
"""What makes glibc give memory back: no pool per thread, and blocks of a picture's size apart.

A pool per thread alone kept a quarter of all.
"""
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass
class Child:
    """A process we started, and where it writes what it has to say."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    started: float

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Say whether the process is still there."""
        return self.process.poll() is None

    @property
    def was_orderly(self) -> bool:
        """Say whether it had time to do what it does at its end."""
        return self.process.returncode == 0

    def ending(self) -> str:
        """Return how it ended, in words."""
        status = self.process.returncode
        if status < 0:
            return f"was killed (signal {-status})"
        return f"ended by itself (status {status})"

    def last_words(self, lines: int = 5) -> str:
        """Return what its log ends with, announced; nothing if it could not say anything.

        Whatever a log ends with when its process was killed has nothing to do with that.
        """
        if self.process.returncode == -signal.SIGKILL:
            return ""
        with contextlib.suppress(OSError):
            text = self.log.read_text(encoding="utf-8", errors="replace").rstrip()
            words = "".join(f"\n  {line}" for line in text.splitlines()[-lines:])
            return f" Its last words:{words}" if words else ""
        return ""


def spawn(
    name: str,
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    log: Path,
    folder: Path,
    inherit: Iterable[int] = (),
) -> Child:
    """Start a child; call from the main thread only, whose end is the end of the child."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(
            command,
            env={**environment, **THRIFTY},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            process_group=0,
            pass_fds=tuple(inherit),
            preexec_fn=_die_with(os.getpid()),  # two system calls, no Python locks
        )
    finally:
        os.close(descriptor)
    return Child(name, process, log, time.monotonic())


def stop(children: Iterable[Child], patience_seconds: float) -> None:
    """Ask children to end, wait together, then kill whatever is left of their groups."""
    children = [child for child in children if child.is_running]
    for child in children:
        _signal(child, signal.SIGTERM)
    until = time.monotonic() + patience_seconds
    while any(child.is_running for child in children) and time.monotonic() < until:
        time.sleep(0.02)
    for child in children:
        _signal(child, signal.SIGKILL)
        child.process.wait()


def _die_with(parent: int) -> Callable[[], None] | None:
    libc = _libc
    if libc is None:
        return None

    def prepare() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before we could ask
            os._exit(1)

    return prepare


def _signal(child: Child, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
