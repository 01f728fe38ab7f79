"""Fill a new product through its own API: accounts, recipients, and one announcement to look at.

Whether anything is missing is asked of the API, not remembered beside it; so a start after a lost
state sets everything up again, and any other start changes nothing.
"""

from __future__ import annotations

import http.client
import json
import secrets
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from sandbox.state import Trouble
from sandbox.users import SENDER

TERMINAL = {"delivered", "failed", "cancelled", "skipped", "needs_review", "deleted"}
PUBLISHING_SECONDS = 120.0
POLL_SECONDS = 0.25
CONSENT = "Agreed at the community's meeting, demo data"
CERTIFICATION = "solutions-architect-associate"
FIRST_NAMES = (
    "Ana Lucía", "Björn", "Chiamaka", "Dmitri", "Élodie", "Fatima", "Giulia", "Hiroshi",
    "Inés", "João", "Kateřina", "Łukasz", "Minh Anh", "Nadia", "Oluwaseun", "Priya",
)  # fmt: skip
LAST_NAMES = (
    "Andersson", "Barros", "Castillo", "Dubois", "Eriksen", "Fernández", "García", "Hoang",
    "Ivanova", "Jansen", "Kowalski", "Lindgren", "Moreau", "Novák", "Okonkwo", "Petrova",
    "Quintana", "Rossi", "Santos", "Tanaka", "Ueda", "Varga", "Weber", "Yılmaz",
)  # fmt: skip

Accounts = Mapping[str, Mapping[str, Any]]
Say = Callable[[str], None]
Pause = Callable[[float], object]


@dataclass(frozen=True)
class Row:
    """What became of the demo announcement on one channel."""

    channel: str
    outcome: str
    external_id: str | None
    problem: str = ""


class Caller:
    """Calls the API as a demo user."""

    def __init__(self, api: str, sandbox: str) -> None:
        """Use the product at these addresses."""
        self._api = api
        self._sandbox = sandbox
        self._tokens: dict[str, str] = {}

    def get(self, user: str, path: str) -> Any:
        """Return what a path answers."""
        return self._call(user, "GET", path)

    def put(self, user: str, path: str, body: object) -> Any:
        """Replace something."""
        return self._call(user, "PUT", path, body)

    def post(self, user: str, path: str, body: object) -> Any:
        """Add something."""
        return self._call(user, "POST", path, body)

    def _call(self, user: str, method: str, path: str, body: object = None) -> Any:
        headers = {"Authorization": self._token(user), "Idempotency-Key": str(uuid.uuid4())}
        status, answer = call(self._api, method, path, body, headers)
        if status >= 300:
            raise Trouble(f"{method} {path} answered {status}: {json.dumps(answer)}")
        return answer

    def _token(self, user: str) -> str:
        if user not in self._tokens:
            self._tokens[user] = token(self._sandbox, user)
        return self._tokens[user]


def token(sandbox: str, user: str) -> str:
    """Return a fresh ID token from the sandbox's door."""
    status, answer = call(sandbox, "POST", "/dev/token", {"user": user, "use": "id"})
    if status != 200:
        raise Trouble(str((answer or {}).get("detail", "The sandbox gives no token.")))
    return str(answer["token"])


def call(
    base: str, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
) -> tuple[int, Any]:
    """Return status and JSON of one request below an address; Trouble when nobody answers."""
    address = urlsplit(base)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=30)
    content = None if body is None else json.dumps(body).encode()
    kind = {} if body is None else {"Content-Type": "application/json"}
    try:
        connection.request(method, f"{address.path}{path}", content, {**kind, **(headers or {})})
        response = connection.getresponse()
        text = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise Trouble(f"{base}{path} does not answer: {error}") from error
    finally:
        connection.close()
    try:
        return response.status, json.loads(text) if text else None
    except ValueError:
        return response.status, None


def prepare(
    api: str, sandbox: str, resources: Mapping[str, Any], say: Say, pause: Pause
) -> Sequence[Row]:
    """Set up what a new product lacks; return its first announcement's rows, if there was none."""
    caller = Caller(api, sandbox)
    if connect(caller, sandbox, resources):
        say("Connected the six channels and added their recipients.")
    if caller.get("manager", "/api/v1/messages?scope=all&limit=1")["items"]:
        return []
    return announce(caller, say, pause)


def connect(caller: Caller, sandbox: str, resources: Mapping[str, Any]) -> bool:
    """Connect the channels that have no account yet and give the direct ones their recipients."""
    channels = caller.get("admin", "/api/v1/channels")["items"]
    missing = [channel for channel in channels if channel["account_state"] == "missing"]
    if not missing:
        return False
    accounts = call(sandbox, "GET", "/accounts")[1]["accounts"]
    for channel in missing:
        path = f"/api/v1/channels/{channel['name']}"
        caller.put("admin", f"{path}/account", account(channel["name"], accounts, resources))
        for recipient in recipients(channel["name"], accounts):
            caller.post("manager", f"{path}/recipients", recipient)
    return True


def account(channel: str, accounts: Accounts, resources: Mapping[str, Any]) -> dict[str, Any]:
    """Return a channel's account as its route takes it: the stand-in's own, or what was made."""
    if channel == "email":
        sender = {"from_address": SENDER, "from_name": "Cloud Community"}
        return {**sender, "configuration_set": resources["mail_configuration_set"]}
    return dict(accounts.get(channel, {}))


def recipients(channel: str, accounts: Accounts) -> list[dict[str, Any]]:
    """Return a direct channel's three recipients; none for a feed."""
    addresses = {
        "email": [f"{name}@community.example" for name in ("ines", "jonas", "priya")],
        "sms": ["+34600000001", "+34600000002", "+34600000003"],
        "whatsapp": [
            accounts.get("whatsapp", {}).get("open_window_number", "+34600000011"),
            "+34600000012",
            "+34600000013",
        ],
    }
    return [
        {"address": address, "consent": True, "consent_note": CONSENT}
        for address in addresses.get(channel, [])
    ]


def announce(caller: Caller, say: Say, pause: Pause) -> list[Row]:
    """Publish a fresh person's certification on every channel and wait for each outcome."""
    channels = [c["name"] for c in caller.get("member", "/api/v1/channels")["items"]]
    name = (
        f"{secrets.choice(FIRST_NAMES)} {secrets.choice(LAST_NAMES)} {secrets.choice(LAST_NAMES)}"
    )
    say(f"Announcing {name} on {len(channels)} channels …")
    body = {
        "member_name": name,
        "certification_type": CERTIFICATION,
        "certified_on": datetime.now(UTC).date().isoformat(),
        "language": "en",
        "channels": channels,
        "consent": True,
    }
    submitted = caller.post("member", "/api/v1/certifications", body)
    if submitted["status"] == "pending_review":
        caller.post("manager", f"/api/v1/certifications/{submitted['id']}/approve", {})
    return _wait(caller, f"/api/v1/messages/{submitted['message_id']}", pause)


def _wait(caller: Caller, path: str, pause: Pause) -> list[Row]:
    ends = time.monotonic() + PUBLISHING_SECONDS
    while True:
        deliveries = caller.get("member", path)["deliveries"]
        if all(d["status"] in TERMINAL for d in deliveries) or time.monotonic() > ends:
            return [_row(caller, path, delivery) for delivery in deliveries]
        pause(POLL_SECONDS)


def _row(caller: Caller, path: str, delivery: Mapping[str, Any]) -> Row:
    external_id, error = delivery["external_id"], delivery["error"] or {}
    channel = delivery["channel"]
    if delivery["recipients"] is not None:
        page = caller.get("member", f"{path}/recipients?channel={channel}&limit=100")["items"]
        found = [item["external_id"] for item in page if item["external_id"]]
        external_id = found[0] if found else None
    return Row(channel, delivery["status"], external_id, error.get("detail", ""))


def table(rows: Sequence[Row], sandbox: str) -> str:
    """Return the rows for a person: channel, outcome, where to look."""
    lines = []
    for row in rows:
        link = f"{sandbox}/#/{row.channel}/{row.external_id}" if row.external_id else row.problem
        lines.append(f"{row.channel:<10} {row.outcome:<13} {link}".rstrip())
    return "\n".join(lines)
