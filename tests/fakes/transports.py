"""The production transport, pointed at a server on loopback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3

from chalicelib.channels import CHANNELS
from chalicelib.domain.ports import Clock
from chalicelib.gateways.transport import SINGLE_ATTEMPT, HttpTransport
from tests.fakes.ground import VirtualClock

CANARY = "canary-token-0123456789abcdef"
HASTY = (0.2, 0.1)
"""Seconds to connect and to wait, for servers that are expected to use them up."""
PATIENT = (5.0, 5.0)
"""Seconds that no server here needs, however busy the machine is."""


def client(service: str, endpoint: str | None) -> Any:
    """Make an AWS client as the product does, with made-up credentials."""
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key=CANARY,
        config=SINGLE_ATTEMPT,
    )


def transport_to(
    base: str | None,
    seconds: tuple[float, float] = PATIENT,
    *,
    clock: Clock | None = None,
    read: Callable[[str], bytes] = str.encode,
    make: Callable[[str, str | None], Any] = client,
) -> HttpTransport:
    """Return a transport whose channels are all served at one address; None: at their own."""
    connect, wait = seconds
    return HttpTransport(
        media_url=lambda ref: f"https://media.example.org/{ref}?signed=1",
        media_bytes=read,
        client=make,
        endpoints=dict.fromkeys(CHANNELS, base) if base else {},
        connect_timeout_seconds=connect,
        read_timeout_seconds=wait,
        clock=clock or VirtualClock(),
    )
