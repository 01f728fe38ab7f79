"""What the product's processes hold in memory after many messages, each with a picture.

On every channel, to the recipients that the first start seeds: twelve posts a message. How fast
they go through stands beside it, because memory is easily saved by working slower.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import urllib3

from benchmarks.fanout import picture
from benchmarks.figures import Figure
from benchmarks.product import KeptConnection, Running, waited
from sandbox import seed
from sandbox.environment import until

MEGABYTE = 1024 * 1024
PROCESSES = Path("/proc/self/task")
"""Where Linux tells about processes; elsewhere memory is not measured."""
RECIPIENTS = {"email": 3, "sms": 3, "whatsapp": 3}
"""How many the first start seeds."""
ALONE = "facebook"
CHANNELS = ("facebook", "instagram", "linkedin", *RECIPIENTS)
POSTS = sum(RECIPIENTS.get(name, 1) for name in CHANNELS)
PATIENCE_SECONDS = 60.0
PATIENCE_SECONDS_PER_POST = 0.5

_numbers = count(1)


class Burst:
    """Publishes many messages on a running product, over one connection, and sees them arrive."""

    def __init__(self, product: Running) -> None:
        token = seed.token(product.endpoints["sandbox"], "member")
        self._api = KeptConnection(product.endpoints["api"], token)
        self._wall = KeptConnection(product.endpoints["sandbox"])
        self._upload = uploaded(product)

    def publish(self, messages: int, channels: Sequence[str]) -> tuple[float, float]:
        """Return the seconds until all were accepted, and until all were posted."""
        before, began = self._posts(), time.monotonic()
        for _ in range(messages):
            self._api("POST", "/api/v1/messages", self._message(channels))
        accepted = time.monotonic() - began
        posts = messages * sum(RECIPIENTS.get(name, 1) for name in channels)
        patience = PATIENCE_SECONDS + posts * PATIENCE_SECONDS_PER_POST
        posted = waited(began, lambda: self._posts() >= before + posts, patience)
        return accepted, posted

    def close(self) -> None:
        """Hang up."""
        self._api.close()
        self._wall.close()

    def _message(self, channels: Sequence[str]) -> dict[str, Any]:
        return {
            "content": f"Message {next(_numbers)}: somebody passed an exam at {time.time_ns()}.",
            "channels": channels,
            "media": [{"upload_id": self._upload, "alt_text": "A gradient"}],
        }

    def _posts(self) -> int:
        return sum(self._wall("GET", "/posts?limit=1")["counts"].values())


def uploaded(product: Running) -> str:
    """Upload a picture the way a browser does; return the ready upload's id."""
    caller, content = product.caller(), picture()
    wish = {"content_type": "image/jpeg", "size_bytes": len(content)}
    ticket = caller.post("member", "/api/v1/uploads", wish)
    fields = {**ticket["fields"], "file": ("picture.jpg", content, "image/jpeg")}
    status = urllib3.request("POST", ticket["url"], fields=fields).status
    if status >= 300:
        raise RuntimeError(f"The picture was not taken: {status}")
    path = f"/api/v1/uploads/{ticket['upload_id']}"
    until(lambda: caller.get("member", path)["status"] == "ready", "The picture")
    return str(ticket["upload_id"])


def measure(product: Running, messages: int) -> list[Figure]:
    """Publish some messages on one channel, then many on all of them; return what they cost."""
    burst = Burst(product)
    alone = max(messages // 10, 1)
    accepted, posted = burst.publish(alone, [ALONE])
    before = resident(product)
    _, everywhere = burst.publish(messages, CHANNELS)
    after = resident(product)
    burst.close()
    growth = (total(after) - total(before)) / messages * 1000
    load = f"{messages} messages, each {POSTS} posts on {len(CHANNELS)} channels"
    return [
        Figure("messages accepted, one connection", alone / accepted, "/s"),
        Figure(f"messages delivered, {ALONE} alone", alone / posted, "/s"),
        Figure("messages delivered everywhere", messages / everywhere, "/s", note=load),
        Figure("resident memory before them", total(before) / MEGABYTE, "MB", note=told(before)),
        Figure("resident memory after", total(after) / MEGABYTE, "MB", 500, note=told(after)),
        Figure("growth for 1000 such messages", growth / MEGABYTE, "MB"),
    ]


def told(parts: Mapping[str, int]) -> str:
    """Return each process's megabytes in words."""
    return ", ".join(f"{name} {size / MEGABYTE:.0f}" for name, size in parts.items())


def total(parts: Mapping[str, int]) -> int:
    """Return all processes' bytes together."""
    return sum(parts.values())


def resident(product: Running) -> dict[str, int]:
    """Return the resident bytes of every process of the product, by its part."""
    return {name: family_bytes(pid) for name, pid in product.endpoints["pids"].items()} | {
        "supervisor": resident_bytes(product.endpoints["pids"]["supervisor"])
    }


def family_bytes(pid: int) -> int:
    """Return the resident bytes of a process and all that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return resident_bytes(pid) + sum(family_bytes(int(child)) for child in children)


def resident_bytes(pid: int) -> int:
    """Return the resident bytes of one process."""
    return _status_bytes(pid, "VmRSS")


def peak_bytes(pid: int) -> int:
    """Return the most bytes that were ever resident of one process."""
    return _status_bytes(pid, "VmHWM")


def _status_bytes(pid: int, name: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith(name))
    return int(kilobytes) * 1024
