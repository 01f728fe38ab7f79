"""Keep small values on disk so that a killed process forgets nothing it has answered.

One line of JSON per change, written by a single system call; the newest line of a key wins. A line
torn by a crash is dropped, and every start rewrites the file without history.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

Value = dict[str, Any]


class Journal:
    """Hold values by kind and key, in order of their first writing. Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Open the journal at ``path``, creating it when there is none."""
        self._path = path
        self._guard = threading.Lock()
        self._values: dict[str, dict[str, Value]] = {}
        self._taken: set[str] = set()
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            self._load()
        self._file = self._rewrite()

    def put(self, kind: str, key: str, value: Value) -> None:
        """Store ``value``; when this returns it survives the end of the process."""
        with self._guard:
            self._append({"kind": kind, "key": key, "value": value})
            if kind not in self._taken:
                self._values.setdefault(kind, {})[key] = value

    def take(self, kind: str) -> Mapping[str, Value]:
        """Return one kind, oldest key first; from now on it is written, and held by the caller."""
        with self._guard:
            self._taken.add(kind)
            return self._values.pop(kind, {})

    def get(self, kind: str, key: str) -> Value | None:
        """Return the newest value, or None."""
        return self._values.get(kind, {}).get(key)

    def of(self, kind: str) -> Mapping[str, Value]:
        """Return a snapshot of one kind, oldest key first."""
        with self._guard:
            return MappingProxyType(dict(self._values.get(kind, {})))

    def forget(self, keep: Iterable[str]) -> None:
        """Drop every kind that is not in ``keep``, and every kind that was taken."""
        with self._guard:
            self._values = {k: v for k, v in self._values.items() if k in set(keep)}
            os.close(self._file)
            self._file = self._rewrite()

    def close(self) -> None:
        """Give the file back."""
        with self._guard:
            if self._file >= 0:
                os.close(self._file)
            self._file = -1

    def _append(self, line: Value) -> None:
        os.write(self._file, (json.dumps(line, separators=(",", ":")) + "\n").encode())

    def _load(self) -> None:
        with self._path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    entry = json.loads(line)
                    self._values.setdefault(entry["kind"], {})[entry["key"]] = entry["value"]
                except (ValueError, KeyError, TypeError):
                    continue  # torn by a crash: it was never acknowledged

    def _rewrite(self) -> int:
        fresh = self._path.with_suffix(".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND
        self._file = os.open(fresh, flags, 0o600)
        for kind, values in self._values.items():
            for key, value in values.items():
                self._append({"kind": kind, "key": key, "value": value})
        fresh.replace(self._path)
        return self._file
