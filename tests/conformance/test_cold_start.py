"""What a fresh process imports before its first event: a count, so that nothing creeps back in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PROGRAM = """
import json, sys
import app
print(json.dumps([name for name in sys.modules if name.startswith("chalicelib.")]))
"""
OURS = 115
"""Modules of `chalicelib` that the API imports. Another one has to be worth every cold start."""
FUNCTIONS = {
    "app": 0,
    "adapt": 6,
    "deliver": 10,
    "hear_mail": 4,
    "prepare_media": 0,
    "release_due": 1,
    "replay": 4,
}
"""How many a function imports beside those."""
NOT_FOR_THE_API = {
    "edge.answers",
    "edge.openapi",
    "edge.replays",
    "edge.webhooks",
    "gateways.bedrock",
    "gateways.transport",
    "repositories.archive",
    "services.delivering",
    "services.reconciling",
    "services.releasing",
    "services.replaying",
}


@cache
def imported(handler: str) -> set[str]:
    """Return the modules of ours that a process has which Lambda started for a handler."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "AWS_LAMBDA_FUNCTION_NAME": handler,
        "_HANDLER": f"app.{handler}",
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.removeprefix("chalicelib.") for name in json.loads(done.stdout)}


@pytest.mark.parametrize("handler", FUNCTIONS)
def test_a_function_imports_no_more_than_it_did(handler: str) -> None:
    assert len(imported(handler)) <= OURS + FUNCTIONS[handler]


def test_the_worker_has_what_it_always_needs() -> None:
    assert "services.delivering" in imported("deliver")


def test_the_api_goes_without_what_others_need() -> None:
    assert not imported("app") & NOT_FOR_THE_API
