"""The imaging layer, which Chalice is told by its ARN: published when its bytes have changed."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from infrastructure.native.account import Account
from infrastructure.stages import PROJECT, Stage

KEPT_VERSIONS = 2
"""The one in use and the one before, to which a release may go back."""


def name(stage: Stage) -> str:
    """Return what a stage's layer is called, whichever stage was packaged."""
    return f"{PROJECT}-{stage.name}-imaging"


def publish(account: Account, packaged: Mapping[str, Any], file: Path) -> str:
    """Return the ARN of the version that holds the packaged file; publish it if there is none.

    Versions older than the one before are removed: functions that use them go on working.
    """
    wanted = base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode()
    client, ours = account.client("lambda"), name(account.stage)
    known = list(versions(account))
    if known:
        newest = client.get_layer_version(LayerName=ours, VersionNumber=known[0])
        if newest["Content"].get("CodeSha256") == wanted:
            return str(newest["LayerVersionArn"])
    made = client.publish_layer_version(
        LayerName=ours,
        Description=packaged["Description"],
        Content={"ZipFile": file.read_bytes()},
        CompatibleRuntimes=packaged["CompatibleRuntimes"],
        CompatibleArchitectures=packaged["CompatibleArchitectures"],
    )
    _remove(account, known[KEPT_VERSIONS - 1 :])
    return str(made["LayerVersionArn"])


def versions(account: Account) -> Iterator[int]:
    """Yield the layer's versions, the newest first."""
    lister = account.client("lambda").get_paginator("list_layer_versions")
    pages = lister.paginate(LayerName=name(account.stage))
    yield from sorted((v["Version"] for p in pages for v in p["LayerVersions"]), reverse=True)


def remove(account: Account) -> int:
    """Remove every version; return how many there were."""
    known = list(versions(account))
    _remove(account, known)
    return len(known)


def _remove(account: Account, numbers: Sequence[int]) -> None:
    for number in numbers:
        account.client("lambda").delete_layer_version(
            LayerName=name(account.stage), VersionNumber=number
        )
