"""The description of the API (OpenAPI 3.1), from which the web app's types are made."""

from __future__ import annotations

import json

from chalicelib import __version__, edge, wiring

SERVER = "http://127.0.0.1:8000"
"""Where the API is under `make run`."""


def document() -> str:
    """Return the document as a file."""
    import app

    channels = tuple(wiring.registry())
    found = edge.openapi.document(app.app, channels, version=__version__, server_url=SERVER)
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"
