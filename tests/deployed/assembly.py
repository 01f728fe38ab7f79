"""Make what is deployed: the package for this machine's processor, and the stacks around it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infrastructure.packaging.target import ARCHITECTURES, Architecture
from sandbox.state import PROJECT

STAGE = "stage"
"""The stage most like prod, which alone refuses stand-ins of the platforms."""
AS_IN_PROD = {"customer_managed_key": "true", "canary": "LambdaCanary10Percent5Minutes"}


def here() -> Architecture:
    """Return this machine's processor as Lambda calls it."""
    return next(a for a in ARCHITECTURES.values() if a.machine in _names(platform.machine()))


def package(folder: Path, architecture: Architecture) -> Path:
    """Package the application into a folder as `make package` does, and return the folder."""
    _run("infrastructure.packaging", "--stage", STAGE, "--arch", architecture.name, "--to", folder)
    return folder


def synthesise(
    folder: Path, package: Path, variables: Mapping[str, str], stage: str = STAGE, **settings: str
) -> Assembly:
    """Write the stacks into a folder; for an emulated AWS if there are variables for one."""
    context = {"stage": stage, "package": str(package), **AS_IN_PROD, **settings}
    context["emulated"] = json.dumps(dict(variables))
    _run("infrastructure", CDK_OUTDIR=str(folder), CDK_CONTEXT_JSON=json.dumps(context))
    return Assembly(folder)


@dataclass(frozen=True)
class File:
    """Something that a stack wants to find in the bucket of the bootstrap."""

    path: Path
    bucket: str
    key: str


@dataclass(frozen=True)
class Stack:
    """One stack as it was synthesised."""

    identity: str
    name: str
    files: tuple[File, ...]

    @property
    def template(self) -> File:
        """Return the file that says what is in it."""
        (found,) = (f for f in self.files if f.path.name == f"{self.identity}.template.json")
        return found

    @property
    def parameters(self) -> Collection[str]:
        """Return the names of what it is told when it is deployed."""
        named: Collection[str] = json.loads(self.template.path.read_text("utf-8")).get(
            "Parameters", {}
        )
        return named


@dataclass(frozen=True)
class Assembly:
    """What one synthesis wrote."""

    folder: Path

    def stacks(self, account: str, region: str) -> list[Stack]:
        """Return the stacks, each after those that it needs."""
        artifacts = json.loads((self.folder / "manifest.json").read_text("utf-8"))["artifacts"]
        stacks = {n: a for n, a in artifacts.items() if a["type"] == "aws:cloudformation:stack"}
        return [
            Stack(
                identity,
                stacks[identity]["properties"]["stackName"],
                tuple(self._files(identity, account, region)),
            )
            for identity in _in_order(stacks)
        ]

    def _files(self, stack: str, account: str, region: str) -> Iterator[File]:
        assets = json.loads((self.folder / f"{stack}.assets.json").read_text("utf-8"))["files"]
        for asset in assets.values():
            for place in asset["destinations"].values():
                bucket = place["bucketName"].replace("${AWS::AccountId}", account)
                bucket = bucket.replace("${AWS::Region}", region)
                yield File(self.folder / asset["source"]["path"], bucket, place["objectKey"])


def _in_order(stacks: Mapping[str, Any]) -> list[str]:
    done: list[str] = []

    def visit(stack: str) -> None:
        for need in stacks[stack].get("dependencies", ()):
            if need in stacks and need not in done:
                visit(need)
        if stack not in done:
            done.append(stack)

    for stack in stacks:
        visit(stack)
    return done


def _names(machine: str) -> set[str]:
    return {machine, {"arm64": "aarch64", "AMD64": "x86_64"}.get(machine, machine)}


def _run(module: str, *arguments: object, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=PROJECT,
        env={**os.environ, "AWS_EC2_METADATA_DISABLED": "true", **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
