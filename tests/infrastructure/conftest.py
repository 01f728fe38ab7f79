"""The stacks as they would be deployed: made once for all tests and all their processes."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from infrastructure.packaging.target import ARCHITECTURES
from infrastructure.packaging.template import LAYER_FILE, with_layer

PROJECT = Path(__file__).parents[2]

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Assembly:
    """What one synthesis wrote."""

    directory: Path

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Return the stacks and what they need."""
        found: Mapping[str, Any] = json.loads((self.directory / "manifest.json").read_text())
        return found["artifacts"]  # type: ignore[no-any-return] # a mapping

    @property
    def texts(self) -> Mapping[str, str]:
        """Return each stack's template as it was written."""
        paths = sorted(self.directory.glob("*.template.json"))
        return {path.name.removesuffix(".template.json"): path.read_text() for path in paths}

    def resources(self, stack: str, kind: str = "") -> Mapping[str, Resource]:
        """Return a stack's resources, perhaps of one type only."""
        template = json.loads(self.texts[f"Omnichannel{stack}Stack"])
        found: Mapping[str, Resource] = template["Resources"]
        return {name: r for name, r in found.items() if kind in ("", r["Type"])}

    def all(self, kind: str = "") -> Mapping[str, Resource]:
        """Return every stack's resources, under the stack's and their own name."""
        return {
            f"{stack}/{name}": resource
            for stack in self.texts
            for name, resource in self.resources(
                stack.removeprefix("Omnichannel").removesuffix("Stack"), kind
            ).items()
        }

    def one(self, stack: str, kind: str) -> Mapping[str, Any]:
        """Return the properties of a stack's only resource of a type."""
        (found,) = self.resources(stack, kind).values()
        properties: Mapping[str, Any] = found["Properties"]
        return properties


Synthesise = Callable[..., Assembly]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder that all processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "stacks"
    shared.mkdir(exist_ok=True)
    return shared


@pytest.fixture(scope="session")
def synthesise(shared: Path) -> Synthesise:
    """Give what makes a stage's assembly; the same one is made once."""

    @cache
    def make(stage: str = "prod", run: int = 1, **settings: str) -> Assembly:
        name = "-".join([stage, str(run), *map("".join, sorted(settings.items()))])
        out = shared / "".join(c if c.isalnum() else "-" for c in name)
        with (shared / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (out / "done").exists():
                _synthesise(out, {"stage": stage, "package": str(_package(shared)), **settings})
                (out / "done").touch()
        return Assembly(out)

    return make


@pytest.fixture(scope="session")
def prod(synthesise: Synthesise) -> Assembly:
    """Give the prod stage with everything on."""
    return synthesise("prod")


@pytest.fixture(scope="session")
def stage(synthesise: Synthesise) -> Assembly:
    """Give the stage before prod, with what nobody has to have, and the account's own log role."""
    return synthesise(
        "stage",
        google_secret="signin/google",
        linkedin_secret="signin/linkedin",
        github_secret="omnichannel-publisher/stage/github",
        web_firewall="yes",
        provisioned_concurrency="2",
        alarm_email="ops@example.org",
        log_role_of_account="no",
    )


@pytest.fixture(scope="session")
def edge(synthesise: Synthesise) -> Assembly:
    """Give prod with every part of the edge of the network."""
    return synthesise(
        "prod",
        cloudfront="yes",
        web_firewall="yes",
        domain="announcer.example.org",
        hosted_zone="Z0123456789ABCDEFGHIJ",
    )


@pytest.fixture(scope="session")
def dev(synthesise: Synthesise) -> Assembly:
    """Give the stage that costs least."""
    return synthesise("dev")


def _synthesise(out: Path, context: Mapping[str, str]) -> None:
    """Run what plain cdk runs."""
    environment = {
        **os.environ,
        "CDK_OUTDIR": str(out),
        "CDK_CONTEXT_JSON": json.dumps(context),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run(
        [sys.executable, "-m", "infrastructure"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]


def _package(shared: Path) -> Path:
    """Package the application as Chalice does, without the wheels: nothing here looks into them."""
    package = shared / "package"
    if (package / "sam.json").exists():
        return package
    source = shared / "source"
    shutil.rmtree(source, ignore_errors=True)
    for name in ("chalicelib", ".chalice"):
        shutil.copytree(
            PROJECT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "deploy*")
        )
    shutil.copy(PROJECT / "app.py", source)
    (source / "requirements.txt").touch()
    command = [f"{sys.prefix}/bin/chalice", "package", "--stage", "prod", str(package)]
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    _add_layer(package)
    return package


def _add_layer(package: Path) -> None:
    """Add the imaging layer as `make package` does, but for what is in it."""
    template = json.loads((package / "sam.json").read_text())
    whole = with_layer(template, "omnichannel-publisher-prod-imaging", ARCHITECTURES["arm64"])
    # The least that is a zip: the end record of an empty one.
    (package / LAYER_FILE).write_bytes(b"PK\x05\x06" + bytes(18))
    (package / "sam.json").write_text(json.dumps(whole))
