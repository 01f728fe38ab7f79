"""One running copy of the whole product, started once for all tests that need it."""

from __future__ import annotations

import http.client
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image
from urllib3 import encode_multipart_formdata

from benchmarks.surroundings import free_ports

PROJECT = Path(__file__).resolve().parents[2]
READY_SECONDS = 120
LEAVING_SECONDS = 40
JUDGING_SECONDS = 60
RESTARTING_SECONDS = 60
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body's value."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Running:
    """A running product: its `endpoints.json` and ways to call it."""

    endpoints: Mapping[str, Any]
    state: Path

    def token(self, user: str = "member", **wish: Any) -> str:
        """Return a fresh token; `wish` may name `use` and `expires_in_seconds`."""
        answer = request(self.endpoints["sandbox"], "POST", "/dev/token", {"user": user, **wish})
        assert answer.status == 200, answer.body
        return str(answer.json["token"])

    def call(
        self, method: str, path: str, body: Any = None, *, user: str = "member", **headers: str
    ) -> Answer:
        """Call the API as a demo user; a header's underscores become hyphens."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        signed = {"Authorization": self.token(user), **given}
        return request(self.endpoints["api"], method, path, body, signed)

    def pids(self) -> Mapping[str, int]:
        """Return the processes as they are now: one that died has another in its place."""
        told: Mapping[str, int] = json.loads((self.state / "endpoints.json").read_text())["pids"]
        return told

    def kill_api(self) -> None:
        """Kill the API process, and return when another has taken its place."""
        killed = self.pids()["api"]
        os.kill(killed, signal.SIGKILL)
        ticking = threading.Event()
        for _ in range(int(RESTARTING_SECONDS / POLL_SECONDS)):
            if self.pids()["api"] != killed:
                return
            ticking.wait(POLL_SECONDS)
        raise AssertionError("No other API process was started.")

    def upload(self, picture: Image.Image) -> str:
        """Upload a picture as a browser does; return its id once it has been judged."""
        content = io.BytesIO()
        picture.save(content, "PNG")
        wish = {"content_type": "image/png", "size_bytes": len(content.getvalue())}
        ticket = self.call("POST", "/api/v1/uploads", wish).json
        fields = {**ticket["fields"], "file": ("picture.png", content.getvalue())}
        body, kind = encode_multipart_formdata(fields)
        address = urlsplit(ticket["url"])
        sent = request(ticket["url"], "POST", address.path, body, {"Content-Type": kind})
        assert sent.status in (200, 201, 204), sent.body
        ticking = threading.Event()
        for _ in range(int(JUDGING_SECONDS / POLL_SECONDS)):
            found = self.call("GET", f"/api/v1/uploads/{ticket['upload_id']}").json
            if found["status"] != "pending":
                break
            ticking.wait(POLL_SECONDS)
        assert found["status"] == "ready", found
        return str(ticket["upload_id"])


def request(
    base: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Send one request; a body that is not bytes is sent as JSON."""
    address = urlsplit(base)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    kind = {"Content-Type": "application/json"} if body is not None else {}
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    try:
        connection.request(method, path, content, {**kind, **(headers or {})})
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


def own_environment(state: Path) -> dict[str, str]:
    """Return an environment in which a product has ports and a state folder of its own."""
    ports = {name: str(port) for name, port in free_ports().named().items()}
    return {**os.environ, **ports, "OMNICHANNEL_STATE_DIR": str(state)}


def start(environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start the product."""
    with log.open("wb") as out:
        command = [sys.executable, "-m", "sandbox", "run"]
        return subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=out, stderr=subprocess.STDOUT
        )


def await_endpoints(process: subprocess.Popen[bytes], state: Path, log: Path) -> dict[str, Any]:
    """Return `endpoints.json` as soon as it is there."""
    ticking = threading.Event()
    for _ in range(int(READY_SECONDS / POLL_SECONDS)):
        if (state / "endpoints.json").exists():
            found: dict[str, Any] = json.loads((state / "endpoints.json").read_text())
            return found
        if process.poll() is not None:
            break
        ticking.wait(POLL_SECONDS)
    raise AssertionError(f"The product did not get ready:\n{log.read_text()}")


def stop(process: subprocess.Popen[bytes]) -> int:
    """End the product in order and return its exit status."""
    process.send_signal(signal.SIGTERM)
    try:
        return process.wait(LEAVING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


@contextmanager
def product(folder: Path, **settings: str) -> Iterator[Running]:
    """Run the whole product on free ports in a folder of its own, with these settings."""
    state, log = folder / "state", folder / "run.log"
    process = start({**own_environment(state), **settings}, log)
    try:
        yield Running(await_endpoints(process, state, log), state)
    finally:
        stop(process)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Run a product as it is out of the box, once per session."""
    with product(tmp_path_factory.mktemp("product")) as found:
        yield found
