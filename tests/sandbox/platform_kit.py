"""Reach the stand-ins the way a client of the real platforms would, without any client library."""

from __future__ import annotations

import http.client
import io
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from PIL import Image

from sandbox.platforms import Outside

FEEDS = ("facebook", "instagram", "linkedin")
CHANNELS = (*FEEDS, "whatsapp", "email", "sms")
LINKEDIN_HEADERS = {"LinkedIn-Version": "202607", "X-Restli-Protocol-Version": "2.0.0"}
DEADLINE_SECONDS = 60
T = TypeVar("T")


@dataclass(frozen=True)
class Seen:
    """What a client saw: an answer, or how the connection failed."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    failure: str | None = None

    @property
    def json(self) -> Any:
        """Return the JSON body."""
        return json.loads(self.body)

    @property
    def error(self) -> Any:
        """Return the Graph API's error object."""
        return self.json["error"]


def send(
    method: str,
    url: str,
    body: bytes | dict[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    seconds: float = DEADLINE_SECONDS,
) -> Seen:
    """Send one request; a failing connection is a result too."""
    headers = dict(headers or {})
    if isinstance(body, dict):
        body = json.dumps(body).encode()
        headers.setdefault("Content-Type", "application/json")
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=seconds)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target or "/", body, headers)
        answer = connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        try:
            return Seen(answer.status, received, answer.read())
        except http.client.IncompleteRead as error:
            return Seen(answer.status, received, error.partial, "truncated")
    except ConnectionRefusedError:
        return Seen(failure="refused")
    except (http.client.RemoteDisconnected, ConnectionError):
        return Seen(failure="dropped")
    except TimeoutError:
        return Seen(failure="timed out")
    finally:
        connection.close()


def form(**values: str) -> tuple[bytes, dict[str, str]]:
    """Return a form body and its headers."""
    return urlencode(values).encode(), {"Content-Type": "application/x-www-form-urlencoded"}


def image(width: int = 1080, height: int = 1080, kind: str = "JPEG") -> bytes:
    """Return a small picture."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), (30, 90, 130)).save(file, kind)
    return file.getvalue()


def until(ready: Callable[[], T], seconds: float = DEADLINE_SECONDS) -> T:
    """Return the first true value of ``ready``, asking until a deadline."""
    end = time.monotonic() + seconds
    while not (value := ready()) and time.monotonic() < end:
        threading.Event().wait(0.01)
    assert value, "it did not happen in time"
    return value


@contextmanager
def serving(
    answer: Callable[[BaseHTTPRequestHandler, bytes], tuple[int, dict[str, str], bytes]],
) -> Iterator[str]:
    """Serve ``answer`` on a free port and yield its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, content = answer(self, body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class FakeAws:
    """Accept every mail and text message, and remember what arrived byte for byte."""

    def __init__(self) -> None:
        self.received: list[tuple[str, str, dict[str, str], bytes]] = []
        self.status = 200
        self._ids = itertools.count(1)

    def __call__(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        self.received.append((request.command, request.path, dict(request.headers.items()), body))
        message_id = f"message-{next(self._ids)}"
        if request.path.startswith("/v2/email"):
            return (
                self.status,
                {"Content-Type": "application/json"},
                json.dumps({"MessageId": message_id}).encode(),
            )
        result = f"<PublishResult><MessageId>{message_id}</MessageId></PublishResult>"
        xml = f"<PublishResponse>{result}</PublishResponse>"
        return self.status, {"Content-Type": "text/xml"}, xml.encode()


class Gallery:
    """Serve pictures at addresses that platforms can pull from."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.pulled: list[str] = []
        self.base = ""

    def __call__(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        self.pulled.append(request.path)
        content = self.files.get(request.path)
        return (404, {}, b"") if content is None else (200, {"Content-Type": "image/jpeg"}, content)

    def url(self, content: bytes, name: str = "/a.jpg") -> str:
        """Put a file on show and return its address."""
        self.files[name] = content
        return self.base + name


@dataclass
class Visitor:
    """One sandbox with its surroundings, as a test sees it."""

    outside: Outside
    aws: FakeAws
    gallery: Gallery

    def __post_init__(self) -> None:
        self.platforms = self.outside.platforms()
        self.accounts = self.outside.accounts()

    def bearer(self, channel: str, **more: str) -> dict[str, str]:
        """Return the headers that authorise a call."""
        return {"Authorization": f"Bearer {self.accounts[channel]['access_token']}", **more}

    def graph(
        self, channel: str, method: str, path: str, body: dict[str, Any] | None = None
    ) -> Seen:
        """Call a Graph API platform with its token."""
        return send(method, f"{self.platforms[channel]}/v26.0/{path}", body, self.bearer(channel))

    def linkedin(self, method: str, path: str, body: Any = None, **headers: str) -> Seen:
        """Call LinkedIn with token and versions; header names are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        all_headers = {**self.bearer("linkedin"), **LINKEDIN_HEADERS, **named}
        return send(method, f"{self.platforms['linkedin']}{path}", body, all_headers)

    def control(self, method: str, path: str, body: Any = None, **headers: str) -> Seen:
        """Use a development door."""
        return send(method, self.outside.url + path, body, headers)

    def arm(self, channel: str, kind: str, times: int = 1, seconds: float = 0.3) -> None:
        """Arm a fault through its door."""
        body = {"channel": channel, "kind": kind, "times": times, "seconds": seconds}
        assert self.control("POST", "/faults", body).status == 201

    def posts(self, channel: str | None = None, *, live: bool = False) -> list[dict[str, Any]]:
        """Return what the platforms hold."""
        query = urlencode({**({"channel": channel} if channel else {}), "live": str(live).lower()})
        return list(self.control("GET", f"/posts?{query}").json["items"])

    def container(self, caption: str = "", *, is_ready: bool = True, **more: Any) -> str:
        """Create an Instagram container and, if wanted, wait until it is ready."""
        user = self.accounts["instagram"]["ig_user_id"]
        body = {"image_url": self.gallery.url(image()), "caption": caption, **more}
        container_id = str(self.graph("instagram", "POST", f"{user}/media", body).json["id"])
        if is_ready:
            self.graph("instagram", "GET", f"{container_id}?fields=status_code")
        return container_id

    def upload(self, content: bytes | None = None) -> str:
        """Upload an image to LinkedIn and wait until it can be posted."""
        owner = {"owner": self.accounts["linkedin"]["organization_urn"]}
        path = "/rest/images?action=initializeUpload"
        value = self.linkedin("POST", path, {"initializeUploadRequest": owner}).json["value"]
        assert send("PUT", value["uploadUrl"], content or image()).status == 201
        for _ in range(2):
            self.linkedin("GET", f"/rest/images/{quote(value['image'], safe='')}")
        return str(value["image"])

    def share(self, commentary: str, **more: Any) -> dict[str, Any]:
        """Return the body of a LinkedIn post."""
        return {
            "author": self.accounts["linkedin"]["organization_urn"],
            "commentary": commentary,
            "visibility": "PUBLIC",
            "distribution": {"feedDistribution": "MAIN_FEED"},
            "lifecycleState": "PUBLISHED",
            **more,
        }

    def template(self, name: str, text: str, to: str = "+447700900555") -> dict[str, Any]:
        """Return the body of a WhatsApp template message."""
        components: list[Any] = [{"type": "body", "parameters": [{"type": "text", "text": text}]}]
        if name == "announcement_image":
            link = {"link": self.gallery.url(image())}
            header = {"type": "header", "parameters": [{"type": "image", "image": link}]}
            components.insert(0, header)
        template = {"name": name, "language": {"code": "en_US"}, "components": components}
        return {"messaging_product": "whatsapp", "to": to, "type": "template", "template": template}

    def mail(self, text: str) -> dict[str, Any]:
        """Return the body of an SES mail."""
        simple = {"Subject": {"Data": "News"}, "Body": {"Text": {"Data": text}}}
        return {
            "FromEmailAddress": "Community <news@example.org>",
            "Destination": {"ToAddresses": ["ada@example.org"]},
            "Content": {"Simple": simple},
        }

    def publisher(self, channel: str, text: str) -> Callable[[], Seen]:
        """Return the request that would make ``text`` visible, everything before it done."""
        if channel == "facebook":
            page = self.accounts["facebook"]["page_id"]
            return lambda: self.graph("facebook", "POST", f"{page}/feed", {"message": text})
        if channel == "instagram":
            user = self.accounts["instagram"]["ig_user_id"]
            creation = {"creation_id": self.container(text)}
            return lambda: self.graph("instagram", "POST", f"{user}/media_publish", creation)
        if channel == "linkedin":
            return lambda: self.linkedin("POST", "/rest/posts", self.share(text))
        if channel == "whatsapp":
            number = self.accounts["whatsapp"]["phone_number_id"]
            message = self.template("announcement_text", text)
            return lambda: self.graph("whatsapp", "POST", f"{number}/messages", message)
        if channel == "email":
            url = f"{self.platforms['email']}/v2/email/outbound-emails"
            return lambda: send("POST", url, self.mail(text))
        body, headers = form(Action="Publish", PhoneNumber="+447700900321", Message=text)
        return lambda: send("POST", self.platforms["sms"] + "/", body, headers)


@contextmanager
def visit(state: Path, **options: Any) -> Iterator[Visitor]:
    """Open a sandbox with a fake AWS and a gallery around it."""
    aws, gallery = FakeAws(), Gallery()
    with serving(aws) as aws_url, serving(gallery) as gallery_url:
        gallery.base = gallery_url
        with Outside(state, aws=options.pop("aws", aws_url), **options) as outside:
            yield Visitor(outside, aws, gallery)
