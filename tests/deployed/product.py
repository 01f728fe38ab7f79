"""The deployed product as people and operators meet it, whichever way it was deployed."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import urllib3
from PIL import Image

from sandbox import seed
from sandbox.environment import until
from tests.deployed.emulated_aws import Decision, EmulatedAws, Outside
from tests.deployed.policies import Policy
from tests.deployed.signing_in import SignIn
from tests.live_client import LiveClient

PUBLISHING_SECONDS = 60.0
AHEAD = timedelta(seconds=80)
"""More than the 75 s within which accepting a message starts a release of its own."""


class Refused(AssertionError):
    """The API did not do what it was asked; the message holds its answer and all logs."""


@dataclass(frozen=True)
class Scheduled:
    """A message that was asked for at a later time."""

    message: str
    due: datetime


@dataclass
class Product:
    """One that runs: its address, its sign-in, and what its functions write."""

    aws: EmulatedAws
    outside: Outside
    api: str
    websocket: str
    sign_in: SignIn
    functions: str
    """What the names of all its functions begin with."""
    _tokens: dict[str, Mapping[str, str]] = field(default_factory=dict)

    # --- people -------------------------------------------------------------------------------

    def tokens(self, user: str) -> Mapping[str, str]:
        """Return a demo user's tokens, by signing in once."""
        if user not in self._tokens:
            self._tokens[user] = self.sign_in.tokens(user)
        return self._tokens[user]

    def call(
        self, method: str, path: str, body: object = None, token: str | None = None
    ) -> tuple[int, Any]:
        """Return status and JSON of what whoever holds a token is answered."""
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        if token is not None:
            headers["Authorization"] = token
        return seed.call(self.api, method, path, body, headers)

    def get(self, user: str, path: str) -> Any:
        """Return what a demo user reads at a path; `Refused` for a refusal."""
        return self._must(user, "GET", path)

    def put(self, user: str, path: str, body: object) -> Any:
        """Replace something as a demo user."""
        return self._must(user, "PUT", path, body)

    def post(self, user: str, path: str, body: object) -> Any:
        """Add something as a demo user."""
        return self._must(user, "POST", path, body)

    def delete(self, user: str, path: str) -> None:
        """Take something away as a demo user."""
        self._must(user, "DELETE", path)

    def _must(self, user: str, method: str, path: str, body: object = None) -> Any:
        status, answer = self.call(method, path, body, self.tokens(user)["id_token"])
        if status >= 300:
            raise Refused(f"{method} {path} answered {status}: {answer}\n{self.report()}")
        return answer

    def ended(self, message: str, seconds: float = PUBLISHING_SECONDS) -> dict[str, str]:
        """Return each channel's status once all of a message's deliveries have ended."""

        def statuses() -> dict[str, str] | None:
            found = self.get("member", f"/api/v1/messages/{message}")["deliveries"]
            told = {each["channel"]: each["status"] for each in found}
            return told if seed.TERMINAL.issuperset(told.values()) else None

        return until(statuses, f"The message {message}", seconds)

    def hand_in(self) -> str:
        """Upload a picture as a member's browser does and return its id."""
        picture = io.BytesIO()
        Image.new("RGB", (1080, 1080), "teal").save(picture, "JPEG")
        content = picture.getvalue()
        wish = {"content_type": "image/jpeg", "size_bytes": len(content)}
        ticket = self.post("member", "/api/v1/uploads", wish)
        fields = {**ticket["fields"], "file": ("p.jpg", content)}
        answer = urllib3.request("POST", ticket["url"], fields=fields)
        assert answer.status in (200, 201, 204), (answer.status, answer.data)
        return str(ticket["upload_id"])

    def upload(self) -> str:
        """Upload a picture and return its id once it is ready."""
        upload = self.hand_in()
        path = f"/api/v1/uploads/{upload}"
        until(lambda: self.get("member", path)["status"] == "ready", "The picture")
        return upload

    def publish(self, *channels: str, **more: Any) -> str:
        """Ask for a message on these channels as a member and return its id."""
        body = {"content": f"Message {uuid.uuid4()}.", "channels": list(channels), **more}
        return str(self.post("member", "/api/v1/messages", body)["id"])

    def watch(self, user: str) -> LiveClient:
        """Open a live connection as a demo user and return it once every change is told."""
        ticket = self.post(user, "/api/v1/live-tickets", {})["ticket"]
        return LiveClient(f"{self.websocket}?ticket={ticket}").ready()

    @cached_property
    def scheduled(self) -> Scheduled:
        """Return a message that only the schedule can release; asked for once."""
        due = datetime.now(UTC).replace(microsecond=0) + AHEAD
        return Scheduled(self.publish("linkedin", scheduled_at=due.isoformat()), due)

    # --- operators ----------------------------------------------------------------------------

    def log(self, function: str) -> list[str]:
        """Return every line that a function has written, the oldest first."""
        pages = self.aws.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=f"/aws/lambda/{self.functions}{function}")
        return [event["message"] for page in found for event in page["events"]]

    @property
    def names(self) -> list[str]:
        """Return the functions by their names in app.py."""
        found = self.aws.client("lambda").list_functions()["Functions"]
        names = [str(each["FunctionName"]) for each in found]
        return sorted(n.removeprefix(self.functions) for n in names if n.startswith(self.functions))

    def policy(self, function: str) -> Policy:
        """Return what a function may do."""
        configuration = self.aws.client("lambda").get_function_configuration(
            FunctionName=f"{self.functions}{function}"
        )
        return Policy(self.aws.client("iam"), configuration["Role"].rpartition("/")[2])

    def decisions(self, function: str) -> list[Decision]:
        """Return each decision so far about what a function may do."""
        role = self.policy(function).role
        return [decision for decision in self.aws.decisions() if decision.role == role]

    def invoke(self, function: str, event: Mapping[str, Any]) -> Any:
        """Invoke a function's alias and return its answer, or what it raised."""
        answer = self.aws.client("lambda").invoke(
            FunctionName=f"{self.functions}{function}", Qualifier="live", Payload=json.dumps(event)
        )
        return json.loads(answer["Payload"].read())

    def report(self, lines: int = 12) -> str:
        """Return the ends of all logs, for whoever has to find out what went wrong."""
        ends = [f"{name}:\n  " + "\n  ".join(self.log(name)[-lines:]) for name in self.names]
        return "\n".join([*ends, f"the emulated AWS:\n{self.aws.last_words()}"])


@contextmanager
def explained(product: Product) -> Iterator[None]:
    """Add the logs to whatever fails within."""
    try:
        yield
    except Exception as error:
        error.add_note(product.report())
        raise
