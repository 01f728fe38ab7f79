"""Add the imaging layer to Chalice's SAM template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infrastructure.packaging.target import RUNTIME, Architecture

LAYER = "ImagingLayer"
LAYER_FILE = "imaging-layer.zip"
DRAWING = frozenset({"deliver", "prepare_media"})
"""The functions that call a method of `Studio`; a test follows the calls."""
_ZIP_MB = 1_000_000


def with_layer(template: dict[str, Any], name: str, architecture: Architecture) -> dict[str, Any]:
    """Return the template with the layer, attached to the functions that draw.

    Every function runs on the declared runtime, whichever Python Chalice itself ran on.
    """
    resources = {
        **template["Resources"],
        LAYER: {
            "Type": "AWS::Serverless::LayerVersion",
            "Properties": {
                "LayerName": name,
                "Description": "What draws cards and fits pictures, with its fonts",
                "ContentUri": f"./{LAYER_FILE}",
                "CompatibleRuntimes": [RUNTIME],
                "CompatibleArchitectures": [architecture.name],
            },
        },
    }
    for handler, resource in functions(template):
        properties = {**resource["Properties"], "Runtime": RUNTIME}
        if handler in DRAWING:
            others = [arn for arn in properties.get("Layers", []) if f":layer:{name}:" not in arn]
            properties["Layers"] = [*others, {"Ref": LAYER}]
        logical = next(key for key, value in resources.items() if value is resource)
        resources[logical] = {**resource, "Properties": properties}
    return {**template, "Resources": resources}


def functions(template: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each function by the name that its handler has in ``app.py``."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            yield resource["Properties"]["Handler"].rpartition(".")[2], resource
