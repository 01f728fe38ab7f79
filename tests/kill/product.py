"""The product with everything shortened, and the people who write messages on it."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from PIL import Image
from urllib3 import encode_multipart_formdata

from benchmarks.surroundings import free_ports
from chalicelib.channels import CHANNELS
from chalicelib.settings import Settings
from sandbox import embedded, seed, supervisor
from sandbox.environment import isolated, until
from sandbox.state import State, Trouble, read_json
from tests.kill.judge import FINAL, Asked, Told
from tests.kill.nursery import Nursery

TIGHT = {
    "INVOCATION_SECONDS": "18",
    "QUEUE_LEASE_SECONDS": "20",
    "ATTEMPT_LEASE_SECONDS": "20",
    "CONNECT_TIMEOUT_SECONDS": "1",
    "READ_TIMEOUT_SECONDS": "2",
    "SETTLE_SECONDS": "4",
    "SPACING_SECONDS": "0.01",
    "CATCH_UP_SPACING_SECONDS": "0.05",
    "EVENT_WAIT_SECONDS": "3",
    "BLOCKED_RECHECK_SECONDS": "3",
    "RETRY_BASE_SECONDS": "1",
    "RETRY_CAP_SECONDS": "3",
}
"""Waiting times for who is killed all the time, under the same inequalities as the deployed."""
LEASE_SECONDS = float(TIGHT["ATTEMPT_LEASE_SECONDS"])
API_SECONDS = 60.0
ASK_SECONDS = 0.3
DIRECT = tuple(name for name, channel in CHANNELS.items() if channel.direct)


@dataclass
class Unanswered:
    """A request whose answer never came: it is sent again, with the same key."""

    text: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]


@dataclass
class Product:
    """A running product without its own process, which the `nursery` starts."""

    nursery: Nursery
    folder: Path
    api: str
    sandbox: str
    pause: Any
    upload: str = ""
    recipients: dict[str, dict[str, str]] = field(default_factory=lambda: {n: {} for n in DIRECT})
    """By channel: who agreed, address by id."""
    asked: dict[str, Asked] = field(default_factory=dict)
    """Everything that was asked for, by its text."""
    unanswered: list[Unanswered] = field(default_factory=list)
    _tokens: dict[str, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    # --- its process --------------------------------------------------------------------------

    def start(self, *roles: str, **environment: str) -> int:
        """Start a process that also answers requests; return when it does."""
        pid = self.nursery.start(*roles, **environment)
        self.await_api()
        return pid

    def await_api(self) -> None:
        """Return when requests are answered."""
        port = int(self.api.rpartition(":")[2])
        until(lambda: embedded.get(port, "/health"), "The API", API_SECONDS, self.pause)

    # --- people -------------------------------------------------------------------------------

    def connect(self, recipients: int) -> None:
        """Connect all accounts, and see that each direct channel has so many recipients."""
        accounts = seed.call(self.sandbox, "GET", "/accounts")[1]["accounts"]
        resources = read_json(State(self.folder).resources)
        for channel in CHANNELS:
            path = f"/api/v1/channels/{channel}"
            account = seed.account(channel, accounts, resources)
            self.must("admin", "PUT", f"{path}/account", account)
            for wish in seed.recipients(channel, accounts)[:recipients]:
                made = self.must("manager", "POST", f"{path}/recipients", wish)
                self.recipients[channel][made["id"]] = made["address"]
        self.upload = self._uploaded()

    def publish(
        self,
        channels: Sequence[str],
        *,
        correlation_id: str = "",
        scheduled_at: datetime | None = None,
    ) -> str:
        """Ask for a message; whether it is acknowledged shows later. Return its text."""
        text = f"Kept promise {next(self._numbers):06d}."
        body: dict[str, Any] = {"content": text, "channels": list(channels)}
        body["media"] = [{"upload_id": self.upload, "alt_text": "A plain picture."}]
        if scheduled_at is not None:
            body["scheduled_at"] = scheduled_at.isoformat()
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        if correlation_id:
            headers["X-Correlation-Id"] = correlation_id
        people = {c: tuple(self.recipients.get(c, {"": ""}).items()) for c in channels}
        self.asked[text] = Asked(text, people)
        self._send(Unanswered(text, body, headers))
        return text

    def repeat_unanswered(self) -> None:
        """Send again whatever got no answer."""
        waiting, self.unanswered = self.unanswered, []
        for request in waiting:
            self._send(request)

    def _send(self, request: Unanswered) -> None:
        headers = {"Authorization": self._token("member"), **request.headers}
        try:
            answer = seed.call(self.api, "POST", "/api/v1/messages", request.body, headers)
        except Trouble:
            self.unanswered.append(request)
            return
        status, document = answer
        if status >= 500 or document.get("code") == "still_running":
            self.unanswered.append(request)
        elif status >= 300:
            raise Trouble(f"A message was refused: {document}")
        else:
            self.asked[request.text].message_id = document["id"]

    # --- what can be seen from outside --------------------------------------------------------

    def told(self, asked: Asked) -> Told:
        """Return what the API says of a message: a status and an id for each of its deliveries."""
        path = f"/api/v1/messages/{asked.message_id}"
        parts = self.must("member", "GET", path)["deliveries"]
        found: Told = {}
        for part in parts:
            channel = part["channel"]
            found[channel, ""] = (part["status"], part["external_id"])
            if part["recipients"] is not None:
                page = self.must("member", "GET", f"{path}/recipients?channel={channel}&limit=100")
                for row in page["items"]:
                    place = (channel, row["recipient"])
                    found[place] = (row["status"], row["external_id"])
        return found

    def settle(self, asked: Sequence[Asked], seconds: float) -> dict[str, Told]:
        """Return what the API says of messages once all is final, or after so many seconds."""
        told: dict[str, Told] = {}
        waiting = list(asked)
        rounds = int(seconds / ASK_SECONDS)
        for _ in range(rounds):
            self.repeat_unanswered()
            for one in waiting:
                if one.message_id:
                    told[one.text] = self.told(one)
            waiting = [one for one in waiting if not _is_final(told.get(one.text, {}))]
            if not waiting:
                break
            self.pause(ASK_SECONDS)
        return told

    def posts(self) -> list[Mapping[str, Any]]:
        """Return everything that can be seen on the platforms."""
        found: list[Mapping[str, Any]] = seed.call(self.sandbox, "GET", "/posts?live=true")[1][
            "items"
        ]
        return found

    def must(self, user: str, method: str, path: str, body: object = None) -> Any:
        """Return what a demo user is answered; Trouble for a refusal."""
        headers = {"Authorization": self._token(user), "Idempotency-Key": str(uuid.uuid4())}
        status, answer = seed.call(self.api, method, path, body, headers)
        if status >= 300:
            raise Trouble(f"{method} {path}: {status} {answer}")
        return answer

    def _token(self, user: str) -> str:
        if user not in self._tokens:
            self._tokens[user] = seed.token(self.sandbox, user)
        return self._tokens[user]

    def _uploaded(self) -> str:
        picture = io.BytesIO()
        Image.new("RGB", (1080, 1080), "teal").save(picture, "JPEG")
        content = picture.getvalue()
        wish = {"content_type": "image/jpeg", "size_bytes": len(content)}
        ticket = self.must("member", "POST", "/api/v1/uploads", wish)
        body, kind = encode_multipart_formdata({**ticket["fields"], "file": ("p.jpg", content)})
        with urlopen(Request(ticket["url"], body, {"Content-Type": kind})):  # noqa: S310
            pass
        path = f"/api/v1/uploads/{ticket['upload_id']}"

        def is_ready() -> bool:
            return bool(self.must("member", "GET", path)["status"] == "ready")

        until(is_ready, "The picture", pause=self.pause)
        return str(ticket["upload_id"])


@contextmanager
def running(folder: Path, signals: supervisor.Signals) -> Iterator[Product]:
    """Run the embedded AWS, the stand-ins and a nursery, on free ports."""
    state, ports = State(folder.resolve()), free_ports()
    named = {name: str(port) for name, port in ports.named().items()}
    base = {**isolated(os.environ), **named, "OMNICHANNEL_STATE_DIR": str(state.path), **TIGHT}
    Settings.read(base)  # says which inequality does not hold
    with supervisor.Product(state, ports, signals) as around:
        around.start(with_api=False)
        with Nursery(base, state.logs / "api.log") as nursery:
            yield Product(nursery, state.path, around.api_url, around.sandbox_url, signals.pause)


def _is_final(told: Told) -> bool:
    return bool(told) and all(status in FINAL for status, _ in told.values())
