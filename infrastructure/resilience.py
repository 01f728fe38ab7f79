"""How events are retried, kept and limited: set by the stacks, and by `harden.py` where they don't.

Nothing here needs the CDK, so that what reads it starts at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from infrastructure.stages import API_HANDLER, PROJECT, Stage

GATEWAY_STAGE: Final = "v1"
REQUESTS_PER_SECOND: Final = 1000
BURST: Final = 2000

RETRIES: Final = 3
"""Of a batch of the stream, before its records are put aside."""
TICK_WORTH_SECONDS: Final = 60
"""How long a tick is worth anything: then the next one does the same."""
TICK_RETRIES: Final = 1
"""Of the rule that hands it over; the function itself is not tried again."""
EVENT_WORTH_SECONDS: Final = 6 * 3600
EVENT_RETRIES: Final = 2
"""Of any other event that its function fails on."""

LIVE_PER_SECOND: Final = 100
LIVE_BURST: Final = 200
"""Handshakes and frames that clients send; what is sent to them is not throttled by this."""

LIVE: Final = ("websocket_connect", "websocket_message", "websocket_disconnect")
"""The functions of live connections, by the names that Chalice gives them."""
UNWATCHED: Final = (*LIVE, "adapt", "replay")
"""Functions that nobody is woken for: without the former people read and publish what they always
do, the last one is a person's tool and answers them."""
TELLING: Final = (API_HANDLER, "deliver", "hear_mail", "websocket_message")
"""The functions that send frames; each has to know the WebSocket API and may reach its clients."""
FUNCTIONS: Final = (
    API_HANDLER,
    "deliver",
    "prepare_media",
    "hear_mail",
    "replay",
    "adapt",
    "release_due",
    *LIVE,
)
EVENTS: Final = ("release_due", "prepare_media", "hear_mail")
"""The functions that are handed single events; what they could not take waits on a queue."""

ACCESS_LOG: Final = {
    "request": "$context.requestId",
    "at": "$context.requestTimeEpoch",
    "method": "$context.httpMethod",
    "path": "$context.resourcePath",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "milliseconds": "$context.responseLatency",
    "integration_milliseconds": "$context.integrationLatency",
    "error": "$context.error.responseType",
    "waf": "$context.waf.status",
    "trace": "$context.xrayTraceId",
}
"""No address and no user: who called stands, pseudonymous, in the application's own lines."""


LIVE_ACCESS_LOG: Final = {
    "request": "$context.requestId",
    "at": "$context.requestTimeEpoch",
    "route": "$context.routeKey",
    "event": "$context.eventType",
    "connection": "$context.connectionId",
    "status": "$context.status",
    "integration_status": "$context.integration.status",
    "integration_milliseconds": "$context.integrationLatency",
    "error": "$context.error.responseType",
}
"""No address and no query, in which the ticket stands."""


def live_name(stage: Stage) -> str:
    """Return the name of the WebSocket API, which is the one that Chalice gives it."""
    return f"{PROJECT}-{stage.name}-websocket-api"


def live_host(api: str, region: str, suffix: str = "amazonaws.com") -> str:
    """Return the name under which the WebSocket API is reached, and its stage."""
    return f"{api}.execute-api.{region}.{suffix}/{GATEWAY_STAGE}"


def live_endpoint(stage: Stage, api: str, region: str, suffix: str = "amazonaws.com") -> str:
    """Return where frames over live connections are handed in.

    An emulated AWS has no names of its own: there it is a path below its one address.
    """
    if emulated := stage.emulated.get("AWS_ENDPOINT_URL"):
        return f"{emulated}/_aws/execute-api/{api}/{GATEWAY_STAGE}"
    return f"https://{live_host(api, region, suffix)}"


def dead_letters(stage: Stage, function: str) -> str:
    """Return the name of the queue of what a function could not be handed over."""
    return f"{PROJECT}-{stage.name}-{function.replace('_', '-')}-dead"


def rule(stage: Stage, function: str) -> str:
    """Return the name that Chalice gives the rule of a function's events."""
    return f"{PROJECT}-{stage.name}-{function}-event"


def stream_mapping(stage: Stage, failures: str) -> Mapping[str, Any]:
    """Return how the stream is read, so that no record blocks it and none is lost unseen.

    `failures` is the ARN of the bucket of records that were given up on.
    """
    return {
        "MaximumRetryAttempts": RETRIES,
        "BisectBatchOnFunctionError": True,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ParallelizationFactor": stage.parallelization,
        "MaximumRecordAgeInSeconds": stage.record_age_seconds,
        "DestinationConfig": {"OnFailure": {"Destination": failures}},
        "MetricsConfig": {"Metrics": ["EventCount"]},
    }
