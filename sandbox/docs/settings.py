"""The page about the settings: every environment variable that the deployed functions read."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

from pydantic.fields import FieldInfo

from chalicelib.domain.deliveries import Policy
from chalicelib.settings import Settings
from sandbox.docs.data import code, table
from sandbox.environment import SHORT, started

INTRODUCTION = """# Settings

<!-- Generated from chalicelib/settings.py by `make docs`; changes here are lost. -->

Settings are environment variables, read once when a function starts. A value that can't be read or
that contradicts another one ends the start with a sentence that names it; it is never a surprise
per delivery. Empty in the column "locally" means that the default holds there too.

Deployed, they stand in `.chalice/config.json` by stage. Under `make run` and `chalice local` the
shell may set any of them but `STAGE` and those that follow from what was started; those are
ignored, and named in a line at the start.
"""

WORDS: Mapping[str, str] = {
    "stage": "Which stage this is: `dev`, `stage`, `prod`.",
    "aws_region": "Region of our own stores.",
    "table_name": "The one DynamoDB table.",
    "stream_name": "The Kinesis stream that wakes the worker.",
    "media_bucket": "The private bucket of uploads and prepared pictures.",
    "user_pool_arn": "The Cognito user pool whose members may come in.",
    "client_id": "The app client that ID tokens must have been issued to.",
    "secrets_prefix": "Where the platforms' credentials stand in Secrets Manager.",
    "allowed_origins": "Web origins that browsers may call from, separated by spaces.",
    "require_approval": "Members' messages and announcements wait for a manager.",
    "tracing": "Send X-Ray segments.",
    "invocation_seconds": "How long the worker lives at most.",
    "queue_lease_seconds": "How long a claim holds before another worker may take over.",
    "attempt_lease_seconds": "How long an attempt may stay unsettled before it is in doubt.",
    "connect_timeout_seconds": "How long connecting to a platform may take.",
    "read_timeout_seconds": "How long a platform's answer is awaited.",
    "blocked_recheck_seconds": "How often a blocked account, or a look-up that could not tell, is "
    "looked at again.",
    "event_wait_seconds": "How long a platform's event is awaited before a person is asked.",
    "circuit_failures": "Attempts in a row that go unserved before their account rests.",
    "circuit_window_seconds": "Within how long they count.",
    "circuit_pause_seconds": "How long an account rests first; doubles with each failed probe.",
    "circuit_longest_pause_seconds": "How long it rests at most.",
    "retry_base_seconds": "Longest wait after the first transient answer; doubles with each.",
    "retry_cap_seconds": "Longest wait between two attempts.",
    "retry_max_attempts": "Attempts before a delivery fails.",
    "worker_threads": "Deliveries that one worker serves at the same time.",
}
"""Fields whose name says nearly all and that have no docstring of their own."""

UNITS = ("seconds", "attempts", "threads")
AT_ODDS = Policy(
    queue_lease=timedelta(0), attempt_lease=timedelta(0), invocation=timedelta(0)
).check()
STARTED = "what was started"


def render() -> str:
    """Return the page."""
    told = docstrings(Settings)
    rows = [
        (
            code(name.upper()),
            _default(field),
            next((unit for unit in UNITS if unit in name.split("_")), ""),
            _locally(name),
            told.get(name) or WORDS[name],
        )
        for name, field in Settings.model_fields.items()
    ]
    parts = (
        INTRODUCTION,
        table(("variable", "default", "unit", "locally", "meaning"), rows) + "\n",
        "## What must hold\n",
        "\n".join(f"- {rule}" for rule in [*(each.words for each in AT_ODDS), *_refused_in_prod()])
        + "\n",
    )
    return "\n".join(parts)


def docstrings(kind: type) -> Mapping[str, str]:
    """Return the docstring that follows a class's field, by the field's name, in one line."""
    tree = ast.parse(inspect.getsource(kind))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef))
    told: dict[str, str] = {}
    for pair in pairwise(body):
        match pair:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=text)):
                told[name] = " ".join(str(text).split())
    return told


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if isinstance(value, tuple):
        value = " ".join(value)
    if isinstance(value, bool):
        value = "on" if value else "off"
    return code(f"{value:g}" if isinstance(value, float) else str(value)) if value else ""


def _locally(name: str) -> str:
    if name.upper() in started():
        return STARTED
    return code(SHORT.get(name.upper(), ""))


def _refused_in_prod() -> Sequence[str]:
    return Settings(stage="prod", platform_endpoints={"channel": "address"}).contradictions()
