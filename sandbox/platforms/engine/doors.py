"""Open the development doors of the main port: posts, faults, latency, reset, media, the wall."""

from __future__ import annotations

import json
import math
import re
import secrets
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from sandbox.platforms.engine.faults import Kind
from sandbox.platforms.engine.webhooks import Writable, tell
from sandbox.platforms.engine.wire import JSON, Answer, Request, json_answer, problem

if TYPE_CHECKING:
    from sandbox.platforms.engine.outside import Outside

WALL = Path(__file__).resolve().parents[2] / "wall"
WALL_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/wall/wall.css": ("wall.css", "text/css; charset=utf-8"),
    "/wall/wall.js": ("wall.js", "text/javascript; charset=utf-8"),
    "/wall/faces.js": ("faces.js", "text/javascript; charset=utf-8"),
    "/wall/icon.svg": ("icon.svg", "image/svg+xml"),
}
CAREFUL = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
WALL_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-same-origin"
)
MAX_TIMES = 10_000
MAX_SECONDS = 3600
USUAL_SECONDS = 3
MAX_LATENCY_MS = 60_000
MAX_WORDS = 4096
NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)


class Refused(ValueError):
    """A control was used wrongly; the message tells how."""


def is_for_another_host(request: Request) -> bool:
    """Say whether a request was meant for another site, whose name was made to lead here.

    A page that rebinds its name to this computer carries that name as Host, and no Origin when it
    reads.
    """
    return request.headers.get("Host", "").lower() not in _own_names(request)


def is_from_another_page(request: Request) -> bool:
    """Say whether a page of another site sent this; a client that is no page names no Origin."""
    origin = request.headers.get("Origin")
    return origin is not None and origin.lower() not in {
        f"http://{name}" for name in _own_names(request)
    }


class Doors:
    """The controls of one sandbox."""

    def __init__(self, outside: Outside) -> None:
        """Serve ``outside``."""
        self._outside = outside
        self._started = secrets.token_hex(8)
        self._routes: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "/posts"): self._posts,
            ("GET", "/faults"): self._list_faults,
            ("POST", "/faults"): self._arm,
            ("DELETE", "/faults"): self._disarm,
            ("GET", "/latency"): self._list_latency,
            ("POST", "/latency"): self._set_latency,
            ("POST", "/reset"): self._reset,
            ("GET", "/accounts"): self._accounts,
            ("POST", "/inbound"): self._write,
        }

    @property
    def controls(self) -> list[tuple[str, str]]:
        """Return every control by its method and path."""
        return list(self._routes)

    def answer(self, request: Request) -> Answer | None:
        """Answer a control, or return None when the path is none."""
        method = "GET" if request.method == "HEAD" else request.method
        if method == "GET" and request.path in WALL_FILES:
            return self._wall(request)
        if request.path.startswith(("/media/", "/mail/")):
            return self._file(request)
        allowed = [verb for verb, path in self._routes if path == request.path]
        if not allowed:
            return None
        if method not in allowed:
            answer = problem(405, "Method Not Allowed", f"Use {' or '.join(allowed)}.")
            return Answer(405, answer.body, {**answer.headers, "Allow": ", ".join(allowed)})
        try:
            answer = self._routes[method, request.path](request)
        except Refused as error:
            return problem(400, "Bad Request", str(error))
        return Answer(
            answer.status, answer.body, {"Cache-Control": "no-store", **CAREFUL, **answer.headers}
        )

    def _posts(self, request: Request) -> Answer:
        channel = request.arguments.get("channel")
        if channel is not None:
            self._known(channel)
        live = request.arguments.get("live", "false")
        if live not in ("true", "false"):
            raise Refused("live is true or false.")
        limit = request.arguments.get("limit", "0")
        if not (limit.isascii() and limit.isdigit()):
            raise Refused("limit is a whole number; the newest posts are kept.")
        posts = self._outside.world.posts
        tag = f'"{self._started}-{posts.version}"'
        headers = {"Content-Type": JSON, "ETag": tag, "Cache-Control": "no-cache"}
        if request.headers.get("If-None-Match") == tag:
            return Answer(304, b"", headers)
        found = posts.items(channel, only_live=live == "true")
        if one := request.arguments.get("external_id"):
            found = [post for post in found if post.external_id == one]
        counts = Counter(post.channel for post in found)
        # One by one: thousands of posts as dictionaries would take several times their text.
        shown = (post.shown(self._outside.url) for post in found[-int(limit) :])
        items = ",".join(json.dumps(post, ensure_ascii=False) for post in shown)
        told = json.dumps({name: counts[name] for name in self._outside.stand_ins})
        return Answer(200, f'{{"items":[{items}],"counts":{told}}}'.encode(), headers)

    def _list_faults(self, _: Request) -> Answer:
        return json_answer(200, {"items": self._outside.faults.items()})

    def _arm(self, request: Request) -> Answer:
        body = _object(request, {"channel", "kind", "times", "seconds"})
        kinds = [kind.value for kind in Kind]
        channel, kind = self._known(body.get("channel")), body.get("kind")
        if not isinstance(kind, str) or kind not in kinds:
            raise Refused(f"kind is one of {', '.join(kinds)}.")
        times = body.get("times", 1)
        if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= MAX_TIMES:
            raise Refused(f"times is a whole number from 1 to {MAX_TIMES}.")
        seconds = _number(body, "seconds", USUAL_SECONDS, MAX_SECONDS)
        return json_answer(201, self._outside.arm(channel, kind, times, seconds))

    def _disarm(self, _: Request) -> Answer:
        self._outside.disarm()
        return json_answer(200, {"items": []})

    def _list_latency(self, _: Request) -> Answer:
        return json_answer(200, {"items": self._outside.faults.latencies()})

    def _set_latency(self, request: Request) -> Answer:
        body = _object(request, {"channel", "ms"})
        milliseconds = _number(body, "ms", None, MAX_LATENCY_MS)
        chosen = [self._known(body["channel"])] if body.get("channel") else self._outside.stand_ins
        for channel in chosen:
            self._outside.faults.set_latency(channel, milliseconds)
        return self._list_latency(request)

    def _reset(self, _: Request) -> Answer:
        self._outside.reset()
        return json_answer(200, {"items": []})

    def _accounts(self, _: Request) -> Answer:
        outside = self._outside
        kept = outside.world.journal.of("account")
        templates = {name: seed["templates"] for name, seed in kept.items() if "templates" in seed}
        value = {
            "accounts": outside.accounts(),
            "platforms": outside.platforms(),
            "templates": templates,
        }
        return json_answer(200, value)

    def _write(self, request: Request) -> Answer:
        """Play a person who writes to one of the accounts."""
        body = _object(request, {"channel", "from", "text"})
        channel = self._known(body.get("channel"))
        stand_in = self._outside.stand_ins[channel]
        if not isinstance(stand_in, Writable):
            raise Refused(f"The platform behind {channel} does not tell what people write back.")
        number, text = str(body.get("from", "")), body.get("text")
        if not NUMBER.fullmatch(number):
            raise Refused("from is a number like +34600000012.")
        if not isinstance(text, str) or not 0 < len(text) <= MAX_WORDS:
            raise Refused(f"text is 1 to {MAX_WORDS} characters.")
        status = tell(self._outside.world.api or "", stand_in.hear(number, text))
        if status == 200:
            return json_answer(200, {"channel": channel, "answered": status})
        said = "did not answer" if status is None else f"answered {status}"
        return problem(502, "Bad Gateway", f"The product {said}; the platform would try again.")

    def _wall(self, request: Request) -> Answer:
        name, kind = WALL_FILES[request.path]
        headers = {
            "Content-Type": kind,
            "Content-Security-Policy": WALL_POLICY,
            "Cache-Control": "no-cache",
            **CAREFUL,
        }
        return Answer(200, (WALL / name).read_bytes(), headers)

    def _file(self, request: Request) -> Answer:
        missing = problem(404, "Not Found", "There is no such file.")
        if request.method not in ("GET", "HEAD"):
            return problem(405, "Method Not Allowed", "Use GET.")
        area, _, rest = request.path.lstrip("/").partition("/")
        if area == "mail":
            return self._mail(unquote(rest)) or missing
        found = self._outside.world.pictures.read(rest)
        if found is None:
            return missing
        content, kind = found
        headers = {"Content-Type": kind, "Cache-Control": "max-age=31536000, immutable", **CAREFUL}
        return Answer(200, content, {**headers, "Content-Security-Policy": "default-src 'none'"})

    def _mail(self, path: str) -> Answer | None:
        """Return a mail's HTML part with its inline images, unable to run or fetch anything."""
        channel, _, external_id = path.partition("/")
        post = self._outside.world.posts.find(channel, external_id)
        html = post.extra.get("html") if post else None
        if post is None or not html:
            return None
        inline = post.extra.get("inline", {})
        # The longest first: cid:picture-1 is also how cid:picture-10 begins.
        for content_id in sorted(inline, key=len, reverse=True):
            address = f"{self._outside.url}/media/{inline[content_id]}"
            html = html.replace(f"cid:{content_id}", address)
        headers = {
            "Content-Type": "text/html; charset=utf-8",
            "Content-Security-Policy": MAIL_POLICY,
            "Cache-Control": "no-cache",
            **CAREFUL,
        }
        return Answer(200, html.encode(), headers)

    def _known(self, channel: object) -> str:
        if not isinstance(channel, str) or channel not in self._outside.stand_ins:
            raise Refused(f"channel is one of {', '.join(self._outside.stand_ins)}.")
        return channel


def _own_names(request: Request) -> set[str]:
    port = urlsplit(request.base).port
    return {f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]")}


def _object(request: Request, names: set[str]) -> dict[str, Any]:
    body = request.json
    if not isinstance(body, dict):
        raise Refused("The body is a JSON object.")
    if unknown := sorted(set(body) - names):
        raise Refused(f"Unknown: {', '.join(unknown)}; known are {', '.join(sorted(names))}.")
    return body


def _number(body: dict[str, Any], name: str, default: float | None, most: float) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"{name} is a number.")
    if not math.isfinite(value) or not 0 <= value <= most:
        raise Refused(f"{name} is a number from 0 to {most}.")
    return value
