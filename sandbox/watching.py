"""Let ``chalice local`` reload for changed sources only.

Chalice watches every file below the project, so that a cache or a log written there restarts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from chalice.cli.filewatch.stat import StatFileWatcher

SOURCES = ("app.py", "chalicelib/**/*.py", "chalicelib/**/*.json", ".chalice/*.json")


def watch_sources_only() -> None:
    """Replace what Chalice's watcher looks at; harmless when nothing is watched."""
    StatFileWatcher._single_pass_poll = _poll  # type: ignore[assignment,method-assign]


def sources(project: Path) -> dict[str, int]:
    """Return the files that make the application, with the times of their last change."""
    return {str(path): path.stat().st_mtime_ns for path in _existing(project)}


def _existing(project: Path) -> Iterator[Path]:
    for pattern in SOURCES:
        for path in project.glob(pattern):
            if path.is_file() and "deploy" not in path.parent.name:
                yield path


def _poll(watcher: Any, root_dir: str, callback: Callable[[], None]) -> None:
    now = sources(Path(root_dir))
    before = getattr(watcher, "_sources", now)
    watcher._sources = now
    if now != before:
        callback()
