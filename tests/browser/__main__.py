"""Take the documentation's pictures of the web app: ``make images``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from scripts import web
from tests.app.conftest import Running, await_endpoints, own_environment, request, start, stop

IMAGES = web.PROJECT / "docs" / "images"
SETTLING_SECONDS = 20
POLL_SECONDS = 0.5


def main() -> int:
    """Start a product of its own, let something happen there, and take the pictures."""
    node = web.find_node()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if node is None or chromium is None:
        print("Pictures need Node.js 20.19 or newer, and Chromium.", file=sys.stderr)
        return 1
    web.build(node, anew=False)
    with tempfile.TemporaryDirectory() as folder:
        state, log = Path(folder) / "state", Path(folder) / "run.log"
        process = start(own_environment(state), log)
        try:
            product = Running(await_endpoints(process, state, log), state)
            told = {"endpoints": product.endpoints, "chromium": chromium, "folder": str(IMAGES)}
            told["message"] = something_to_see(product)
            script = Path(__file__).with_name("images.mjs")
            subprocess.run([node.folder / "node", script, json.dumps(told)], check=True)
        finally:
            stop(process)
    return 0


def something_to_see(product: Running) -> str:
    """Publish with faults on two channels and schedule more; return the message to look at."""
    for fault in (
        {"channel": "facebook", "kind": "reject_content"},
        {"channel": "linkedin", "kind": "rate_limit", "times": 9},
    ):
        assert request(product.endpoints["sandbox"], "POST", "/faults", fault).status == 201
    shown = publish(
        product,
        "Our study group passed 100 exams this year. Thank you for every evening!",
        ["facebook", "linkedin", "email", "sms"],
    )
    for day, text in ((24, "Workshop: your first serverless API"), (27, "Call for speakers")):
        publish(product, text, ["linkedin", "email"], scheduled_at=f"2028-11-{day}T17:00:00Z")
    publish(product, "What we learned this year", ["linkedin"], draft=True)
    ticking = threading.Event()
    for _ in range(int(SETTLING_SECONDS / POLL_SECONDS)):
        found = product.call("GET", f"/api/v1/messages/{shown}", user="manager").json
        if {"failed", "retrying", "delivered"} <= {d["status"] for d in found["deliveries"]}:
            break
        ticking.wait(POLL_SECONDS)
    return shown


def publish(product: Running, content: str, channels: list[str], **more: object) -> str:
    """Submit a message as a manager and return its id."""
    zone = {"time_zone": "Europe/Madrid"} if "scheduled_at" in more else {}
    body = {"content": content, "channels": channels, **zone, **more}
    answer = product.call("POST", "/api/v1/messages", body, user="manager")
    assert answer.status == 202, answer.body
    return str(answer.json["id"])


if __name__ == "__main__":
    sys.exit(main())
