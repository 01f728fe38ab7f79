"""Describe one HTTP exchange the way every stand-in sees it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

JSON = "application/json; charset=utf-8"


class HangUp(Exception):
    """Close the connection without an answer."""


@dataclass(frozen=True)
class Upload:
    """One file of a multipart body."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Request:
    """One request, its path below the platform's own root.

    ``path`` is still percent-encoded. ``base`` is the address the platform was reached at, so
    that an answer can point back to it. ``target`` is the request line's own words.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base: str
    target: str = ""

    @cached_property
    def segments(self) -> list[str]:
        """Return the decoded path segments; empty ones are left out."""
        return [unquote(part) for part in self.path.split("/") if part]

    @cached_property
    def arguments(self) -> dict[str, str]:
        """Return the query's parameters; the last of a repeated name wins."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def content_type(self) -> str:
        """Return the media type without its parameters, in lower case."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @cached_property
    def json(self) -> Any:
        """Return the JSON body, or None when it is none."""
        return read_json(self.body)

    @cached_property
    def form(self) -> dict[str, Any]:
        """Return the body's fields, whether form, multipart or a JSON object."""
        if self.content_type == "multipart/form-data":
            return {k: v for k, v in self._parts.items() if isinstance(v, str)}
        if self.content_type == "application/json":
            return self.json if isinstance(self.json, dict) else {}
        text = self.body.decode("utf-8", "replace")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=2000))

    @cached_property
    def uploads(self) -> dict[str, Upload]:
        """Return the files of a multipart body by field name."""
        if self.content_type != "multipart/form-data":
            return {}
        return {k: v for k, v in self._parts.items() if isinstance(v, Upload)}

    @property
    def bearer(self) -> str | None:
        """Return the token of an ``Authorization: Bearer`` header."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token.strip() if scheme.lower() in ("bearer", "oauth") and token.strip() else None

    @cached_property
    def _parts(self) -> dict[str, str | Upload]:
        return _multipart(self.body, self.headers.get("Content-Type", ""))


@dataclass(frozen=True)
class Answer:
    """One answer; with ``cut`` fewer bytes are sent than announced."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False

    @property
    def is_success(self) -> bool:
        """Say whether the request was granted."""
        return 200 <= self.status < 300


def read_json(text: str | bytes) -> Any:
    """Return the value of a JSON document; None when it is none or holds a lone surrogate."""
    try:
        value = json.loads(text)
        if (b"\\u" if isinstance(text, bytes) else "\\u") in text:  # type: ignore[operator]
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value


def json_answer(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """Return ``value`` as a JSON document."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Answer(status, body, {"Content-Type": JSON, **(headers or {})})


def problem(status: int, title: str, detail: str) -> Answer:
    """Return an RFC 9457 problem document, for the development doors."""
    value = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    answer = json_answer(status, value)
    return Answer(status, answer.body, {"Content-Type": "application/problem+json"})


def _multipart(body: bytes, content_type: str) -> dict[str, str | Upload]:
    boundary = re.search(r'boundary="?([^";]+)"?', content_type)
    if boundary is None:
        return {}
    parts: dict[str, str | Upload] = {}
    for chunk in (b"\r\n" + body).split(b"\r\n--" + boundary[1].encode())[1:]:
        head, separator, content = chunk.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "replace")
        name = re.search(r'[;\s]name="([^"]*)"', lines)
        if not separator or name is None:
            continue
        filename = re.search(r'filename="([^"]*)"', lines)
        kind = re.search(r"(?im)^content-type:\s*(\S+)", lines)
        if filename is None:
            parts[name[1]] = content.decode("utf-8", "replace")
        else:
            parts[name[1]] = Upload(filename[1], kind[1] if kind else "", content)
    return parts
