"""What the web app's files are sent with: by Amplify in AWS, by the sandbox on this machine.

The policy lets the app run its own files and talk to the product's own places; a text that became
markup could neither run nor send anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

HASHED = "/assets/*"
"""Files whose names change with what is in them."""
FOR_EVER = "public, max-age=31536000, immutable"
ALWAYS_ASK = "no-cache"


@dataclass(frozen=True)
class Places:
    """The origins that the web app speaks with, besides its own."""

    api: str
    identity: tuple[str, ...]
    """The user pool: its description, its keys, its sign-in pages."""
    pictures: tuple[str, ...]
    """Where uploads are sent, and seen again."""
    live: str | None = None
    """The WebSocket that tells of changes."""


def security(places: Places) -> Mapping[str, str]:
    """Return the headers that every file is sent with."""
    return {
        "Content-Security-Policy": _policy(places),
        "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "strict-origin-when-cross-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }


def _policy(places: Places) -> str:
    live = [places.live] if places.live else []
    directives: Mapping[str, Iterable[str]] = {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:", *places.pictures],
        "manifest-src": ["'self'"],
        "connect-src": ["'self'", places.api, *places.identity, *places.pictures, *live],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(dict.fromkeys(to))}" for name, to in directives.items())
