"""The packaged application: Chalice's SAM template, split by function.

`make package` writes the template once. Everything a function is (memory, time-out, policy, source
of events) comes from there; the stacks add only what Chalice can't say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infrastructure.stages import API_HANDLER, ROOT

PACKAGE = ROOT / "build" / "package"
FUNCTION, LAYER, API = (f"AWS::Serverless::{name}" for name in ("Function", "LayerVersion", "Api"))
_WORD = re.compile(r"(?<!^)(?=[A-Z][a-z])")


class NotPackaged(Exception):
    """There is no package, or not one that the stacks know how to deploy."""


class UnknownResource(Exception):
    """A policy names a resource that no stack makes; the message says which and where."""


@dataclass(frozen=True)
class PackagedFunction:
    """One function as Chalice packaged it."""

    name: str
    properties: Mapping[str, Any]
    statements: tuple[Mapping[str, Any], ...]
    layers: tuple[str, ...] = ()
    """Logical ids in the SAM template."""

    @property
    def variables(self) -> Mapping[str, str]:
        """Return the environment of the packaged stage; the stacks put real names into it."""
        found: Mapping[str, str] = self.properties["Environment"]["Variables"]
        return found

    def source(self, kind: str) -> Mapping[str, Any]:
        """Return the properties of this function's source of events of a type."""
        for event in self.properties.get("Events", {}).values():
            if event["Type"] == kind:
                found: Mapping[str, Any] = event["Properties"]
                return found
        raise NotPackaged(f"{self.name} has no {kind} event: is the package from this version?")


@dataclass(frozen=True)
class Bundle:
    """Everything that `make package` made."""

    directory: Path
    functions: Mapping[str, PackagedFunction]
    api: Mapping[str, Any]
    layers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, directory: Path = PACKAGE) -> Bundle:
        """Read a package; `NotPackaged` if there is none."""
        template = directory / "sam.json"
        if not template.exists():
            raise NotPackaged(f"There is no {template}: run make package first.")
        resources = json.loads(template.read_text("utf-8"))["Resources"]
        functions = [
            _function(identity, resource["Properties"], resources)
            for identity, resource in resources.items()
            if resource["Type"] == FUNCTION
        ]
        return cls(
            directory,
            {function.name: function for function in functions},
            next(r["Properties"] for r in resources.values() if r["Type"] == API),
            {i: r["Properties"] for i, r in resources.items() if r["Type"] == LAYER},
        )

    def file(self, uri: str) -> str:
        """Return the path of a file that the template names."""
        return str(self.directory / uri)


def _function(
    identity: str, properties: Mapping[str, Any], resources: Mapping[str, Any]
) -> PackagedFunction:
    role = resources[properties["Role"]["Fn::GetAtt"][0]]["Properties"]
    statements = [
        statement
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    layers = tuple(layer["Ref"] for layer in properties.get("Layers", ()))
    return PackagedFunction(_name(identity), properties, tuple(statements), layers)


def _name(identity: str) -> str:
    """Return the name in app.py of a logical id: `ReleaseDue` is `release_due`."""
    if identity == "APIHandler":
        return API_HANDLER
    return _WORD.sub("_", identity).lower()
