"""Serve the built web app below ``/app/`` on the sandbox's main port, when it was built.

A path without a file is a page of the app itself and gets its index; a missing asset is 404. What
the app has to know of this copy of the product it asks for at ``config.json``, as in AWS; its files
are sent with the very headers that they have there.
"""

from __future__ import annotations

import json
import mimetypes
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from infrastructure import web_headers
from sandbox.state import PROJECT, State, read_json
from sandbox.users import USERS

MOUNT = "/app"
PREFIX = f"{MOUNT}/"
CONFIG = f"{PREFIX}config.json"
DIST = PROJECT / "frontend" / "dist"
JSON = "application/json"

Answer = tuple[int, Mapping[str, str], bytes]


def is_built() -> bool:
    """Say whether there is a web app to serve."""
    return (DIST / "index.html").is_file()


def addresses(port: int) -> tuple[str, ...]:
    """Return where the web app is served when the sandbox listens on a port, the usual first."""
    return tuple(f"http://{name}:{port}{PREFIX}" for name in ("127.0.0.1", "localhost"))


def handler(method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Answer a request for a file of the web app, or for what it has to know."""
    del query, headers, body
    if method not in ("GET", "HEAD"):
        return 405, {"Content-Type": "text/plain", "Allow": "GET, HEAD"}, b"Use GET.\n"
    if path == MOUNT:
        return 308, {"Location": PREFIX}, b""
    here = _Here.of(os.environ)
    if path == CONFIG:
        return _config(here)
    found = find(DIST, unquote(path.removeprefix(PREFIX))) if path.startswith(PREFIX) else None
    if found is None:
        return 404, {"Content-Type": "text/plain"}, b"There is no such file.\n"
    kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
    lasting = found.parent.name == "assets"  # their names change with their content
    cache = web_headers.FOR_EVER if lasting else web_headers.ALWAYS_ASK
    given = web_headers.security(here.places())
    return 200, {"Content-Type": kind, "Cache-Control": cache, **given}, found.read_bytes()


def find(folder: Path, name: str) -> Path | None:
    """Return the file of ``folder`` that a path means; never one outside."""
    if "\0" in name:
        return None
    wanted = (folder / name).resolve()
    if wanted.is_file() and wanted.is_relative_to(folder.resolve()):
        return wanted
    index = folder / "index.html"
    return index if not wanted.suffix and index.is_file() else None


class _Here:
    """Where the parts of this copy are, as far as they are there yet."""

    def __init__(self, ports: Mapping[str, str], resources: Any, endpoints: Any) -> None:
        self.api = f"http://127.0.0.1:{ports.get('API_PORT', '8000')}"
        self.aws = f"http://127.0.0.1:{ports.get('AWS_PORT', '4566')}"
        self.sandbox = f"http://127.0.0.1:{ports.get('SANDBOX_PORT', '8001')}"
        self.resources: Mapping[str, Any] | None = resources
        self.websocket: str | None = (endpoints or {}).get("websocket")

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> _Here:
        state = State.of(environment)
        return cls(environment, read_json(state.resources), read_json(state.endpoints))

    def places(self) -> web_headers.Places:
        """Return what the app may talk to; the embedded AWS is user pool and bucket in one."""
        live = None
        if self.websocket:
            address = urlsplit(self.websocket)
            live = f"{address.scheme}://{address.netloc}"
        return web_headers.Places(self.api, (self.aws,), (self.aws,), live)


def _config(here: _Here) -> Answer:
    headers = {"Content-Type": JSON, "Cache-Control": "no-store"}
    if here.resources is None:
        return 503, headers, b'{"detail": "The product is starting still."}'
    pool = here.resources["user_pool_id"]
    region = pool.partition("_")[0]
    config = {
        "api_url": here.api,
        "authority": f"https://cognito-idp.{region}.amazonaws.com/{pool}",
        "metadata_url": f"{here.aws}/{pool}/.well-known/openid-configuration",
        "client_id": here.resources["client_id"],
        "websocket_url": here.websocket,
        "wall_url": here.sandbox,
        "demo_users": [
            {"login": login, "password": user.password(login), "name": user.name, "role": user.role}
            for login, user in USERS.items()
        ],
    }
    return 200, headers, json.dumps(config).encode()
