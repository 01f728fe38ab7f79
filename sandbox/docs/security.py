"""The tables of the page about security: roles, policies, what expires, the API's edge."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import app as doors
from chalicelib.domain.identity import Role
from chalicelib.edge.operations import OPERATIONS
from infrastructure import synthesised
from infrastructure.synthesised import STAGES, Synthesised
from sandbox.docs._blocks import replaced
from sandbox.docs.data import code, table

CHALICE = Path(__file__).parents[2] / ".chalice"
API = "/api/v1"
PUBLIC = "nobody signed in"
EXPIRING: Mapping[str, str] = {
    "stream": "records of the stream: ids and a claim, no content",
    "logs": "logs of the functions and of the gateway",
    "uploads": "originals of uploads, as they were sent",
    "old versions": "former versions of what was overwritten or deleted in a bucket",
    "replayed": "stream records that were given up on",
    "dead letters": "events that could not be handed to a function",
}
"""What expires by itself in AWS, in words."""

Statement = Mapping[str, Any]


def told_in(page: str) -> str:
    """Return the page with its tables made anew."""
    stages = synthesised.read()
    page = replaced(page, "roles", roles())
    page = replaced(page, "permissions", permissions())
    page = replaced(page, "expiry", expiry(stages))
    return replaced(page, "edge", edge(stages))


def roles() -> str:
    """Return the least role of each route."""
    allowed: dict[str, list[str]] = {name: [] for name in (PUBLIC, *Role)}
    for path, methods in doors.app.routes.items():
        for method, entry in methods.items():
            role = OPERATIONS[entry.view_name].role if entry.authorizer else PUBLIC
            allowed[role].append(f"`{method} {path.removeprefix(API)}`")
    rows = [(who, "<br>".join(sorted(found))) for who, found in allowed.items()]
    return table(("least role", f"routes (those with a role below `{API}`)"), rows)


def policies() -> Mapping[str, Sequence[Statement]]:
    """Return each function's statements."""
    functions = json.loads((CHALICE / "config.json").read_text("utf-8"))["lambda_functions"]
    return {
        name: json.loads((CHALICE / told["iam_policy_file"]).read_text("utf-8"))["Statement"]
        for name, told in functions.items()
    }


def permissions() -> str:
    """Return what each function may do, and what all of them may."""
    given = policies()
    everyone = [s for s in next(iter(given.values())) if all(s in each for each in given.values())]
    rows = [("every function", *_told(statement)) for statement in everyone]
    rows += [
        (f"`{name}`", *_told(statement))
        for name, statements in given.items()
        for statement in statements
        if statement not in everyone
    ]
    return table(("function", "may", "on"), rows)


def expiry(stages: Mapping[str, Synthesised]) -> str:
    """Return after how many days what is removed by itself."""
    rows = [
        (told, *(f"{stages[stage].days[name]:g}" for stage in STAGES))
        for name, told in EXPIRING.items()
    ]
    return table(("removed after so many days", *STAGES), rows)


def edge(stages: Mapping[str, Synthesised]) -> str:
    """Return what stands before the API in each stage."""
    return table(("", *STAGES), zip(*_edge(stages), strict=True))


def _edge(stages: Mapping[str, Synthesised]) -> Iterator[Sequence[str]]:
    yield "requests a second", "burst", "firewall", "requests of one address"
    for stage in (stages[name] for name in STAGES):
        rate = stage.requests_of_an_address
        yield (
            str(stage.requests_per_second),
            str(stage.burst),
            "<br>".join(map(_rule, stage.firewall.items())) or "none",
            f"{rate['requests']} in {rate['seconds']} s" if rate else "no limit of its own",
        )


def _rule(rule: tuple[str, Sequence[str]]) -> str:
    name, counted = rule
    return f"`{name}`" + (f" ({len(counted)} of its rules only count)" if counted else "")


def _told(statement: Statement) -> tuple[str, str]:
    """Return what a statement allows, service by service, and on what."""
    actions: dict[str, list[str]] = {}
    for action in _listed(statement["Action"]):
        service, _, name = action.partition(":")
        actions.setdefault(service, []).append(name)
    may = [f"`{service}`: {', '.join(names)}" for service, names in actions.items()]
    on = [code(_short(resource)) for resource in _listed(statement.get("Resource", []))]
    on += [f"anything but {code(spared)}" for spared in _listed(statement.get("NotResource", []))]
    on += [
        f"only where {code(name)} is {_either(value)}"
        for wanted in statement.get("Condition", {}).values()
        for name, value in wanted.items()
    ]
    return "<br>".join(may), "<br>".join(on)


def _short(resource: str) -> str:
    """Return an ARN without partition, service, region and account."""
    return resource.split(":", 5)[-1]


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def _either(value: str | list[str]) -> str:
    return " or ".join(map(code, [value] if isinstance(value, str) else value))
