"""Deploy a stage, ask it whether it is well, and go back if it is not: ``make release STAGE=…``.

deploy ─▶ smoke test ─▶ told, status 0
  └─failed─┴──▶ the release before, from a worktree of its own ─▶ told, status 1

A function's new version is taken back sooner and finer where CodeDeploy shifts its alias (an alarm
of it suffices); this is for what only shows from outside, and for stacks that failed halfway.
What the table holds stays: a release has to live with what its successor wrote.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import urllib3

from infrastructure import smoke

ROOT = Path(__file__).parents[1]
OUTPUTS = Path("build") / "outputs.json"
ENDPOINT = "ApiEndpoint"
"""How the CDK begins the name of the output that holds a REST API's address."""
STAGES = ("dev", "stage", "prod")
CONTAINERS = (
    "INFRA_TYPE=containers: this repository deploys the serverless product only, and nothing was "
    "deployed; choose INFRA_TYPE=serverless."
)

Run = Callable[[Sequence[str], Path], int]
"""Runs a command in a folder and returns its exit status."""
Ask = Callable[[str], object]
"""Raises `smoke.NotWell` if an address is not well."""


class NotReleased(Exception):
    """The stage does not run this release; the message says why."""


@dataclass
class Release:
    """One release of one stage."""

    stage: str
    run: Run
    ask: Ask = smoke.check
    root: Path = ROOT
    url: str = field(default="", init=False)

    def deploy(self) -> None:
        """Deploy this checkout and ask for it; `NotReleased` if it is not there or not well."""
        outputs = self.root / OUTPUTS
        outputs.parent.mkdir(exist_ok=True)
        outputs.unlink(missing_ok=True)
        if self.run(self.command, self.root):
            raise NotReleased(f"{self.stage} could not be deployed.")
        self.url = address(outputs)
        try:
            self.ask(self.url)
        except smoke.NotWell as error:
            raise NotReleased(f"{self.stage} was deployed and is not well: {error}") from error

    @property
    def command(self) -> list[str]:
        """Return what deploys every stack of the stage without asking."""
        cdk = [f"{sys.prefix}/bin/chalice-cdk", "--stage", self.stage, "deploy", "--all"]
        return [*cdk, "--require-approval", "never", "--outputs-file", str(OUTPUTS)]

    def return_to(self, commit: str) -> None:
        """Deploy another commit from a checkout of its own; `NotReleased` if that fails too."""
        with tempfile.TemporaryDirectory() as folder:
            checkout = Path(folder) / "before"
            if self.run(["git", "worktree", "add", "--detach", str(checkout), commit], self.root):
                raise NotReleased(f"{commit[:12]} is not in this clone.")
            try:
                if self.run(["make", "deploy", f"STAGE={self.stage}"], checkout):
                    raise NotReleased(f"{commit[:12]} could not be deployed again.")
            finally:
                self.run(["git", "worktree", "remove", "--force", str(checkout)], self.root)


def address(outputs: Path) -> str:
    """Return the API's address in what the CDK wrote."""
    stacks: Mapping[str, Mapping[str, str]] = json.loads(outputs.read_text("utf-8"))
    for values in stacks.values():
        for name, value in values.items():
            if name.startswith(ENDPOINT):
                return value.rstrip("/")
    raise NotReleased(f"No stack has an output {ENDPOINT}…: where is the API?")


def released_before(environ: Mapping[str, str]) -> str:
    """Return the commit that a stage runs: PREVIOUS, or what GitHub recorded; empty if unknown."""
    if previous := environ.get("PREVIOUS"):
        return previous
    names = ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN", "ENVIRONMENT")
    if not all(environ.get(name) for name in names):
        return ""
    api, repository, token, environment = (environ[name] for name in names)
    base = f"{api}/repos/{repository}/deployments"
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"}
    with urllib3.PoolManager(timeout=smoke.TIMEOUT, headers=headers) as http:
        made = http.request("GET", base, fields={"environment": environment, "per_page": "50"})
        for deployment in made.json() if made.status == 200 else ():
            # Newest first, its last status first; what failed or was replaced never is a success.
            told = http.request("GET", f"{base}/{deployment['id']}/statuses?per_page=1")
            if told.status == 200 and [each["state"] for each in told.json()] == ["success"]:
                return str(deployment["sha"])
    return ""


def release(this: Release, before: str) -> tuple[int, str]:
    """Release, or go back; return the exit status and a sentence on what the stage runs now."""
    try:
        this.deploy()
    except NotReleased as failed:
        if not before:
            return 1, f"{failed} No release before it is known, so nothing took its place."
        try:
            this.return_to(before)
        except NotReleased as stuck:
            return 1, f"{failed} {stuck} {this.stage} needs a person, now."
        return 1, f"{failed} {this.stage} runs {before[:12]} again."
    return 0, f"{this.stage} runs this release: {this.url}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what is asked and return the exit status."""
    options = _parser().parse_args(arguments)
    if options.infra_type == "containers":
        return _tell(1, CONTAINERS)
    this = Release(options.stage, _run)
    if options.action == "release":
        status, sentence = release(this, released_before(os.environ))
    else:
        status, sentence = 0, f"{this.stage} runs this checkout"
        try:
            this.deploy()
        except NotReleased as error:
            status, sentence = 1, str(error)
    if this.url:
        _append("GITHUB_OUTPUT", f"url={this.url}")
    return _tell(status, sentence)


def _run(command: Sequence[str], folder: Path) -> int:
    with suppress(FileNotFoundError):
        return subprocess.run(command, cwd=folder, check=False).returncode
    sys.stderr.write(f"{command[0]} is not installed: make synth installs what is missing.\n")
    return 127


def _tell(status: int, sentence: str) -> int:
    """Say it here and, in a workflow, on the page of the run."""
    (sys.stderr if status else sys.stdout).write(f"{sentence}\n")
    _append("GITHUB_STEP_SUMMARY", f"{'❌' if status else '✅'} {sentence}")
    return status


def _append(variable: str, line: str) -> None:
    if place := os.environ.get(variable):
        with Path(place).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make release", allow_abbrev=False)
    parser.add_argument("action", choices=("deploy", "release"))
    parser.add_argument("--stage", choices=STAGES, required=True)
    parser.add_argument(
        "--infra-type",
        choices=("serverless", "containers"),
        default=os.environ.get("INFRA_TYPE") or "serverless",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
