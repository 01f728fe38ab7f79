"""JSON lines, EMF metrics and X-Ray, all carrying one correlation id. Decides nothing.

    request ──X-Correlation-Id──▶ stream record ──▶ delivery ──▶ attempt ──▶ platform call
       └──────── the same id on every line, metric, subsegment and timeline entry ────────┘

Values are redacted: whatever is named or looks like a token, an address or a phone number does not
reach a line.
"""

from __future__ import annotations

import json
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TextIO, TypeVar

R = TypeVar("R")
NAMESPACE = "OmnichannelPublisher"
HIDDEN = "[redacted]"
NOTHING: Mapping[str, str] = MappingProxyType({})
_SECRET_NAMES = re.compile(
    r"token|secret|authorization|password|address|phone|e?mail$|api_?key|signature|cookie", re.I
)
_SECRET_VALUES = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.[\w-]*"  # a JWT
    r"|(?i:bearer)\s+[\w.~+/=-]+"
    r"|(?i:access_token|appsecret_proof|client_secret|X-Amz-[\w-]+)[\"']?\s*[=:]\s*[\"']?[^&\s\"',}]+"
    r"|[\w.%+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}"
    r"|\+[1-9](?:[\s().-]?[0-9]){6,14}\b"
)


def redacted(value: object, name: str = "") -> Any:
    """Return the value without anything secret; containers are walked."""
    if value is None or isinstance(value, bool):
        return value
    if _SECRET_NAMES.search(name):
        return HIDDEN
    if isinstance(value, Mapping):
        return {redacted(str(key)): redacted(item, str(key)) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redacted(item) for item in value]
    if isinstance(value, (int, float)):
        return value
    return _SECRET_VALUES.sub(HIDDEN, str(value))


class JsonTelemetry:
    """Writes one JSON object per line; metrics are lines in embedded metric format."""

    def __init__(
        self, out: TextIO | None = None, tracer: Tracer | None = None, *, stage: str = "dev"
    ) -> None:
        """Metrics carry the stage: several may share an account."""
        self._stage = stage
        self._out = out
        self._tracer = tracer
        self._context: ContextVar[Mapping[str, str]] = ContextVar("telemetry", default=NOTHING)

    @property
    def correlation_id(self) -> str:
        """Return the id of what is being worked on; empty outside of it."""
        return self._context.get().get("correlation_id", "")

    def event(self, name: str, /, **fields: object) -> None:
        """Write one line."""
        self._write({"level": "INFO", "event": name, **fields})

    def failure(self, name: str, error: BaseException, /) -> None:
        """Write what an unexpected error was and where, without its values."""
        frames = traceback.extract_tb(error.__traceback__)[-4:]
        where = [f"{frame.name}:{frame.lineno}" for frame in frames]
        self._write(
            {
                "level": "ERROR",
                "event": name,
                "error": type(error).__name__,
                "detail": str(error),
                "where": where,
            }
        )

    def count(self, name: str, /, value: float = 1, unit: str = "Count", **dimensions: str) -> None:
        """Write one metric value: for its dimensions, and for the whole stage as alarms need it."""
        metric = {"Name": name, "Unit": unit}
        whole, parts = ["stage"], sorted({"stage", *dimensions})
        directive = {
            "Namespace": NAMESPACE,
            "Dimensions": [whole] if parts == whole else [whole, parts],
            "Metrics": [metric],
        }
        stamp = time.time_ns() // 1_000_000
        meta = {"Timestamp": stamp, "CloudWatchMetrics": [directive]}
        self._write({"_aws": meta, "stage": self._stage, **dimensions, name: value})

    @contextmanager
    def correlated(self, correlation_id: str, /, **fields: str) -> Iterator[None]:
        """Put an id and fields on every line written within."""
        held = self._context.set({"correlation_id": correlation_id, **fields})
        try:
            yield
        finally:
            self._context.reset(held)

    @contextmanager
    def span(self, name: str, /, **annotations: str) -> Iterator[None]:
        """Time a piece of work as an annotated X-Ray subsegment where tracing is on."""
        if self._tracer is None:
            yield
            return
        with self._tracer.subsegment(name, {**self._context.get(), **annotations}):
            yield

    def carried(self, work: Callable[..., R]) -> Callable[..., R]:
        """Return `work` so that it continues this thread's trace in another thread."""
        return work if self._tracer is None else self._tracer.carried(work)

    def _write(self, fields: Mapping[str, object]) -> None:
        line = {**self._context.get(), **fields}
        text = json.dumps(redacted(line), ensure_ascii=False, default=str)
        out = self._out or sys.stdout
        # Half a character, which no stream takes, becomes the escape that JSON has for it.
        out.write(text.encode(errors="backslashreplace").decode() + "\n")
        out.flush()


class Tracer:
    """X-Ray through aws-xray-sdk, loaded only when this is made."""

    def __init__(self, recorder: Any = None) -> None:
        if recorder is None:
            from aws_xray_sdk.core import xray_recorder

            xray_recorder.configure(context_missing="IGNORE_ERROR")
            recorder = xray_recorder
        self._recorder = recorder

    @contextmanager
    def subsegment(self, name: str, annotations: Mapping[str, str]) -> Iterator[None]:
        """Record one subsegment with its annotations; an error inside marks it."""
        with self._recorder.in_subsegment(name) as segment:
            if segment is not None:
                for key, value in annotations.items():
                    segment.put_annotation(key, redacted(value, key))
            yield

    def carried(self, work: Callable[..., R]) -> Callable[..., R]:
        """Return `work` bound to the present segment."""
        entity = self._recorder.get_trace_entity()

        def inside(*args: Any, **kwargs: Any) -> R:
            self._recorder.set_trace_entity(entity)
            return work(*args, **kwargs)

        return inside
