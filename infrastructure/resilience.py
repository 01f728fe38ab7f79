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

FUNCTIONS: Final = (API_HANDLER, "deliver", "prepare_media", "hear_mail", "replay", "release_due")
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
