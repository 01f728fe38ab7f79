"""Know where one copy of the local product keeps its things, and that only one copy uses them.

<state>/lock            held by every process of the copy; the kernel drops it with the last one
<state>/endpoints.json  there while everything is ready (the public contract's document)
<state>/aws, outside    what the embedded AWS and the stand-ins keep
<state>/logs            what the processes say; the last start's beside the present one's
<state>/*.json[l]       the stream pump's position and what it gave up on
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

PROJECT = Path(__file__).resolve().parents[1]
LEAVING_SECONDS = 15.0
"""How long a copy whose supervisor was killed may take to save its state and go."""


FOLDERS = ("aws", "outside", "logs")
FILES = ("lock", "endpoints.json", "resources.json", "keeper.json", "probe")


class Trouble(Exception):
    """The local product can't go on; the message is a sentence that says what to do."""


@dataclass(frozen=True)
class State:
    """The folder of one copy of the local product."""

    path: Path

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> State:
        """Return the folder that the environment asks for; nothing is created yet."""
        chosen = environment.get("OMNICHANNEL_STATE_DIR")
        path = Path(chosen).expanduser() if chosen else _usual(environment)
        path = path.resolve()
        if path == PROJECT or path.is_relative_to(PROJECT):
            raise Trouble(
                f"The state folder {path} lies inside the checkout, where nothing is written: "
                "choose one outside with OMNICHANNEL_STATE_DIR."
            )
        return cls(path)

    @property
    def endpoints(self) -> Path:
        """Return the file that exists while the product is ready."""
        return self.path / "endpoints.json"

    @property
    def resources(self) -> Path:
        """Return the file that names what was provisioned in the embedded AWS."""
        return self.path / "resources.json"

    @property
    def aws(self) -> Path:
        """Return the embedded AWS's folder."""
        return self.path / FOLDERS[0]

    @property
    def outside(self) -> Path:
        """Return the stand-ins' folder."""
        return self.path / FOLDERS[1]

    @property
    def logs(self) -> Path:
        """Return the folder of what the processes say."""
        return self.path / FOLDERS[2]

    def was_killed(self) -> bool:
        """Say whether the last copy ended before it could take its endpoints away."""
        return self.endpoints.exists() and not Lock.is_held(self)

    def prepare(self) -> None:
        """Make the folders and prove that they can be written; leave other people's alone."""
        try:
            if self._is_foreign():
                raise Trouble(
                    f"The folder {self.path} holds something else than this product's state: "
                    "choose an empty or a new one with OMNICHANNEL_STATE_DIR."
                )
            for folder in (self.path, self.aws, self.outside, self.logs):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            probe = self.path / "probe"
            probe.write_bytes(b"x" * 4096)
            probe.unlink()
        except OSError as error:
            raise Trouble(
                f"The state folder {self.path} can't be written ({error.strerror}): "
                "choose another with OMNICHANNEL_STATE_DIR, or make room and allow writing there."
            ) from error

    def _is_foreign(self) -> bool:
        """Say whether this is a folder that no copy of ours began.

        Ours holds nothing that we don't write, or whatever else somebody put beside our lock and
        one of our folders; a lock alone is a usual name. A log may be there before us: the shell
        begins it that sends our words into it.
        """
        if not self.path.is_dir():
            return False
        names = {entry.name for entry in self.path.iterdir() if entry.suffix != ".log"}
        is_begun = (self.path / "lock").is_file() and not names.isdisjoint(FOLDERS)
        return not (is_begun or names <= {*FOLDERS, *FILES})


class Lock:
    """The right to use a state folder, shared with the child processes that inherit it."""

    def __init__(self, state: State) -> None:
        """Take the lock; wait for a copy that is just leaving, refuse beside one that stays."""
        self._file = (state.path / "lock").open("a+")
        until = time.monotonic() + LEAVING_SECONDS
        while not _locked(self._file, fcntl.LOCK_EX):
            holder = self._holder()
            if is_running(holder) or time.monotonic() > until:
                self._file.close()
                raise Trouble(
                    f"The product is already running with the state folder {state.path} "
                    f"(process {holder or 'unknown'}): stop it, or start another copy with "
                    "OMNICHANNEL_STATE_DIR, API_PORT, SANDBOX_PORT and AWS_PORT of its own."
                )
            time.sleep(0.1)
        self._file.seek(0)
        self._file.truncate()
        self._file.write(str(os.getpid()))
        self._file.flush()

    @property
    def descriptor(self) -> int:
        """Return what a child process must inherit to hold the lock too."""
        return self._file.fileno()

    @staticmethod
    def is_held(state: State) -> bool:
        """Say whether any process uses a state folder; unlike its number it can't come back."""
        try:
            with (state.path / "lock").open() as file:
                return not _locked(file, fcntl.LOCK_SH)
        except OSError:
            return False

    def release(self) -> None:
        """Give up this process's share."""
        self._file.close()

    def _holder(self) -> int:
        self._file.seek(0)
        text = self._file.read().strip()
        return int(text) if text.isdigit() else 0


def _locked(file: TextIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def write_json(path: Path, value: Any) -> None:
    """Replace a file with ``value`` so that a reader sees the old or the new, never a part."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
    fresh.replace(path)


def read_json(path: Path) -> Any:
    """Return a file's value; None while there is no readable one."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _usual(environment: Mapping[str, str]) -> Path:
    state = environment.get("XDG_STATE_HOME", "")
    if Path(state).is_absolute():
        return Path(state) / "omnichannel-publisher"
    home = environment.get("HOME") or _home_of_user()
    if not Path(home).is_absolute():
        raise Trouble("HOME is not set: choose a state folder with OMNICHANNEL_STATE_DIR.")
    return Path(home) / ".local" / "state" / "omnichannel-publisher"


def _home_of_user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def is_running(pid: int) -> bool:
    """Say whether a process exists."""
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
