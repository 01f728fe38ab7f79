"""Serve the built web app below ``/app/`` on the sandbox's main port, when it was built.

A path without a file is a page of the app itself and gets its index; a missing asset is 404.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from sandbox.state import PROJECT

PREFIX = "/app/"
DIST = PROJECT / "frontend" / "dist"

Answer = tuple[int, Mapping[str, str], bytes]


def is_built() -> bool:
    """Say whether there is a web app to serve."""
    return (DIST / "index.html").is_file()


def handler(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Answer a request for a file of the web app."""
    del query, headers, body
    if method not in ("GET", "HEAD"):
        return 405, {"Content-Type": "text/plain", "Allow": "GET, HEAD"}, b"Use GET.\n"
    found = find(DIST, unquote(path.removeprefix(PREFIX)))
    if found is None:
        return 404, {"Content-Type": "text/plain"}, b"There is no such file.\n"
    kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
    lasting = found.parent.name == "assets"  # their names change with their content
    cache = "max-age=31536000, immutable" if lasting else "no-cache"
    return (
        200,
        {"Content-Type": kind, "Cache-Control": cache, "X-Content-Type-Options": "nosniff"},
        found.read_bytes(),
    )


def find(folder: Path, name: str) -> Path | None:
    """Return the file of ``folder`` that a path means; never one outside."""
    if "\0" in name:
        return None
    wanted = (folder / name).resolve()
    if wanted.is_file() and wanted.is_relative_to(folder.resolve()):
        return wanted
    index = folder / "index.html"
    return index if not wanted.suffix and index.is_file() else None
