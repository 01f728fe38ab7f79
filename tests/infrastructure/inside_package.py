"""Run as a program with nothing but an unzipped package to import from: the other half of a test.

``python -I -S inside_package.py ACTION FOLDER…``: puts the folders first on the import path, as
Lambda does, and prints what the action found as JSON.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections import Counter
from types import SimpleNamespace
from typing import Any

CONTEXT = SimpleNamespace(aws_request_id="1", function_name="api", memory_limit_in_mb=512)


def health() -> Any:
    """Send one request through the handler that Lambda calls."""
    from app import app

    request = {"resourcePath": "/health", "httpMethod": "GET", "stage": "v1", "identity": {}}
    event = {
        "resource": "/health",
        "path": "/health",
        "httpMethod": "GET",
        "headers": {"Host": "api.example.org"},
        "multiValueHeaders": {"Host": ["api.example.org"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {**request, "requestId": "1", "path": "/v1/health"},
        "body": None,
        "isBase64Encoded": False,
    }
    answer = app(event, CONTEXT)
    elsewhere = [
        module.__file__
        for module in sys.modules.values()
        if "site-packages" in (getattr(module, "__file__", None) or "")
    ]
    return {"status": answer["statusCode"], "body": answer["body"], "elsewhere": elsewhere}


def generated() -> Any:
    """Import the application; return where what dataclasses write was compiled, and how often."""
    found: Counter[str] = Counter()

    def hear(event: str, given: tuple[Any, ...]) -> None:
        if event == "exec" and "__create_fn__" in given[0].co_names:
            found[given[0].co_filename] += 1

    sys.addaudithook(hear)
    importlib.import_module("app")
    return found


def clients() -> Any:
    """Make a client of every service that is left; return what IAM calls each."""
    import boto3

    made = {name: boto3.client(name) for name in boto3.session.Session().get_available_services()}
    return {name: client.meta.service_model.signing_name for name, client in made.items()}


def card() -> Any:
    """Draw a card with Latin and Japanese letters; or say what is missing."""
    from chalicelib.domain.ports import CardFacts
    from chalicelib.gateways.studio import ImagingStudio

    facts = CardFacts("Ana 山田", "Solutions Architect", "associate", "Associate", "today", "Yes!")
    try:
        picture = ImagingStudio("Community").card(facts, "wide", None)
    except ImportError as error:
        return {"missing": error.name}
    return {"width": picture.width, "is_jpeg": picture.data[:2] == b"\xff\xd8"}


if __name__ == "__main__":
    sys.path[:0] = sys.argv[2:]
    actions = {"health": health, "generated": generated, "clients": clients, "card": card}
    found = actions[sys.argv[1]]()
    sys.stdout.write(f"\n{json.dumps(found)}\n")
