"""Run the embedded AWS (MiniStack) on loopback, with its state kept and its rules enforced."""

from __future__ import annotations

import http.client
import json
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.aws_process import PACKED

REGION = "us-east-1"
ACCESS_KEY = "test"
COMMAND = [sys.executable, "-P", str(Path(__file__).with_name("aws_process.py"))]


def environment(base: Mapping[str, str], port: int, folder: Path) -> dict[str, str]:
    """Return the environment of an embedded AWS that keeps its state below ``folder``.

    ``base`` must not name an AWS endpoint: this process would call it instead of itself.
    """
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return {
        **base,
        "AUTH": "true",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "GATEWAY_PORT": str(port),
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
        "STATE_DIR": str(kept(folder)),
        "S3_DATA_DIR": str(folder / "s3"),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(scratch),
    }


def kept(folder: Path) -> Path:
    """Return where an embedded AWS writes what it knows, one file a service."""
    return folder / "state"


def unreadable(folder: Path) -> Path | None:
    """Return the first file of what it knows that it could not read.

    It would begin that service from nothing, and write that over the file when it stops.
    """
    for path in sorted(kept(folder).glob("*.json")):
        try:
            value = json.loads(path.read_text(encoding="utf-8"), object_hook=_unpacked)
        except (OSError, ValueError):
            return path
        if not isinstance(value, dict) or not isinstance(value.get("payload"), dict):
            return path
    return None


def _unpacked(value: dict[str, Any]) -> dict[str, Any]:
    if PACKED in value:
        json.loads(value[PACKED])
    return value


def is_healthy(port: int) -> bool:
    """Say whether the embedded AWS answers."""
    return get(port, "/_ministack/health") is not None


def get(port: int, path: str, seconds: float = 2) -> Any:
    """Return the JSON that a loopback server answers with 200; None for anything else."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        value = json.loads(body) if response.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return value


def is_free(port: int) -> bool:
    """Say whether a loopback port can be bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
