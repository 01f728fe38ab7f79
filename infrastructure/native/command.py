"""`chalice-cdk native`: the steps of a native deployment, all of them or those that are named."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from infrastructure.bundle import Bundle
from infrastructure.harden import harden
from infrastructure.native.account import Account, NotReady
from infrastructure.native.remove import remove
from infrastructure.native.state import Say, adopt
from infrastructure.native.supply import folder, supply
from infrastructure.stages import ROOT

GROUND = ("OmnichannelDataStack", "OmnichannelAuthStack")
AROUND = ("OmnichannelMonitoringStack", "OmnichannelSecurityStack", "OmnichannelFrontendStack")
STEPS = ("ground", "supply", "deploy", "harden", "attach")
DELETE = "delete"


class Deploy(Protocol):
    """Brings stacks to what their templates say; raises if that fails."""

    def __call__(self, stacks: Sequence[str], told: Mapping[str, str]) -> None:
        """`told` are the stacks' parameters."""


Run = Callable[[Sequence[str], Path], int]
"""Runs a command in a folder and returns its exit status."""


def words(assembly: Path, stage: str, stacks: Sequence[str], told: Mapping[str, str]) -> list[str]:
    """Return what the CDK's command line is told to deploy stacks with their parameters.

    A stage may have switched a stack off: only what was synthesised is named.
    """
    templates = {name: assembly / f"{name}.template.json" for name in stacks}
    made = {name: json.loads(t.read_text("utf-8")) for name, t in templates.items() if t.exists()}
    parameters = [
        word
        for name, template in made.items()
        for parameter in template.get("Parameters", {})
        if parameter in told
        for word in ("--parameters", f"{name}-{stage}:{parameter}={told[parameter]}")
    ]
    return [*made, "--exclusively", "--require-approval", "never", *parameters]


@dataclass(frozen=True)
class Native:
    """The native deployment of one stage."""

    account: Account
    bundle: Callable[[], Bundle]
    """Packages the application."""
    deploy_stacks: Deploy
    run: Run
    say: Say
    root: Path = ROOT

    def do(self, steps: Sequence[str]) -> None:
        """Do the named steps in their order; `NotReady` says what is missing before one."""
        if unknown := set(steps) - {*STEPS, DELETE}:
            raise NotReady(f"native knows {', '.join((*STEPS, DELETE))}, not {min(unknown)}.")
        for step in steps or STEPS:
            self.say(f"— {step}")
            getattr(self, step)()

    def ground(self) -> None:
        """Deploy what has to be there first."""
        self.deploy_stacks(GROUND, {})

    def supply(self) -> None:
        """Write what Chalice reads."""
        supply(self.account, self.bundle(), self.say, self.root)

    def deploy(self) -> None:
        """Let Chalice deploy; once more the first time: only then are the APIs' addresses known."""
        found = self.account.find()
        self._deploy()
        if not (found.apis and found.live_apis):
            self.supply()
            self._deploy()

    def harden(self) -> None:
        """Set what Chalice can't."""
        changed = harden(self.account, self.say)
        self.say(f"{changed} setting(s) changed")

    def attach(self) -> None:
        """Deploy what stands around the API."""
        found = self.account.find()
        told = {
            "RestApiId": found.api,
            "WebSocketApiId": found.live_api,
            "StreamMapping": found.mapping,
        }
        self.deploy_stacks(AROUND, told)

    def delete(self) -> None:
        """Let Chalice delete what is there, and remove what it leaves."""
        adopt(self.account, self._state, self.say)
        # It goes by its record alone: nothing has to be supplied, a fresh clone can do it.
        self._chalice("delete", self.root)
        self._state.unlink(missing_ok=True)
        remove(self.account, self.say)
        stage = self.account.stage.name
        self.say(f"The stacks remain: chalice-cdk --stage {stage} -c native=true destroy --all")

    @property
    def _state(self) -> Path:
        return self.root / ".chalice" / "deployed" / f"{self.account.stage.name}.json"

    def _deploy(self) -> None:
        place = folder(self.account.stage, self.root)
        if not (place / ".chalice" / "config.json").exists():
            raise NotReady("Chalice has nothing to go by: run chalice-cdk native supply first.")
        self._chalice("deploy", place)

    def _chalice(self, command: str, place: Path) -> None:
        words = [f"{sys.prefix}/bin/chalice", command, "--stage", self.account.stage.name]
        if self.run(words, place):
            raise NotReady(f"chalice {command} failed. Run this again: what it made is found.")
