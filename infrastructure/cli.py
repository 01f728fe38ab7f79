"""`chalice-cdk`: package, synthesise and check the stacks; hand them to the CDK's command line.

chalice-cdk synth                        templates to cdk.out, checked; offline, no credentials
chalice-cdk deploy --all                 all stacks of prod
chalice-cdk deploy OmnichannelApiStack   one, with what it needs
chalice-cdk bootstrap | diff | destroy   as the CDK's command line takes it
chalice-cdk native                       by chalice deploy, with the stacks before and around it
chalice-cdk native ground | supply | deploy | harden | attach | delete
chalice-cdk doctor                       what this machine or the configuration lacks
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from infrastructure import node
from infrastructure.bundle import Bundle, NotPackaged, UnknownResource
from infrastructure.packaging.target import RUNTIME, VERSION
from infrastructure.stages import GLOBAL_REGION, ROOT, Stage, UnknownStage

if TYPE_CHECKING:
    import boto3

OUT = ROOT / "cdk.out"
HERE = Path(__file__).parent
CDK = HERE / "node_modules" / "aws-cdk" / "bin" / "cdk"
COMMANDS = ("synth", "bootstrap", "diff", "deploy", "destroy", "native", "doctor")
UNHEARD = "W3005"
"""The CDK itself writes dependencies that a reference implies already."""
NO_CREDENTIALS = "none found; AWS_PROFILE or the usual AWS variables say who deploys"


class Failed(Exception):
    """A step did not succeed and has said why, or says it here."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    options, rest = _parser().parse_known_args(arguments)
    try:
        if options.command == "synth" and rest:
            raise Failed(f"chalice-cdk synth does not know {' '.join(rest)}")
        changes = _settings(options.context)
        if options.command == "native":
            changes["native"] = "true"
        stage = Stage.read(options.stage, changes)
        if options.command == "doctor":
            return doctor(stage)
        if options.command != "synth":
            if stage.emulated:
                raise Failed("emulated is for synth: no account gets what it leaves out.")
            require_credentials(rest)
            require_region(stage, rest)
        if options.command == "native":
            return native(stage, rest)
        node.provide()
        synth(stage)
        if options.command != "synth":
            return cdk(options.command, rest)
    except (Failed, NotPackaged, UnknownResource, UnknownStage, node.NotInstalled) as error:
        _say(str(error))
        return 1
    return 0


def require_credentials(rest: Sequence[str]) -> None:
    """Raise `Failed` if this machine has no AWS credentials at all; whether they serve shows later.

    Asked before anything is packaged, because all of that would be for nothing.
    """
    from botocore.exceptions import BotoCoreError

    try:
        found = _session(rest).get_credentials()
    except BotoCoreError as error:
        raise Failed(f"AWS credentials: {error}.") from error
    if not found:
        raise Failed(f"AWS credentials: {NO_CREDENTIALS}.")


def require_region(stage: Stage, rest: Sequence[str]) -> None:
    """Raise `Failed` if the stage has parts that can't be in the region that is chosen."""
    for line in _misplaced(stage, _session(rest).region_name):
        raise Failed(line)


def _misplaced(stage: Stage, region: str | None) -> Iterator[str]:
    if stage.is_global and region not in (None, GLOBAL_REGION):
        yield (
            f"cloudfront and web_firewall need the stage in {GLOBAL_REGION}, where CloudFront's "
            f"certificates and firewalls are, not in {region}."
        )


def _session(rest: Sequence[str] = ()) -> boto3.session.Session:
    """Return who asks AWS, and where, as the CDK's command line will take it."""
    import boto3

    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--profile")
    options, _ = parser.parse_known_args(rest)
    return boto3.session.Session(profile_name=options.profile)


def native(stage: Stage, steps: Sequence[str]) -> int:
    """Deploy a stage natively, whole or by named steps; 1 and a sentence where one can't be."""
    from botocore.exceptions import BotoCoreError, ClientError

    from infrastructure.harden import NotAllowed
    from infrastructure.native.account import Account, NotReady
    from infrastructure.native.command import Native, words

    def deploy(stacks: Sequence[str], told: Mapping[str, str]) -> None:
        node.provide()
        synth(stage)
        if cdk("deploy", words(OUT, stage.name, stacks, told)):
            raise Failed(f"{', '.join(stacks)} could not be deployed.")

    if sys.version_info[:2] != VERSION:
        raise Failed(f"Chalice declares the Python that it runs on, which has to be {RUNTIME}.")

    def bundle() -> Bundle:
        package()
        return Bundle.read()

    try:
        Native(Account(stage), bundle, deploy, _start, _say).do(steps)
    except (NotReady, NotAllowed, BotoCoreError, ClientError) as error:
        raise Failed(str(error)) from error
    return 0


def package() -> None:
    """Package the application."""
    _run(["make", "package", f"VENV={sys.prefix}"], "The application could not be packaged.")


def synth(stage: Stage, out: Path = OUT) -> None:
    """Package the application, write a stage's templates and check them."""
    package()
    from infrastructure.application import synthesise

    if (out / "manifest.json").exists():
        shutil.rmtree(out)
    try:
        synthesise(stage, Bundle.read(), out)
    except RuntimeError as error:
        raise Failed(f"{error}\nFindings are accepted in the code, beside the resource.") from error
    templates = sorted(out.glob("*.template.json"))
    lint(templates)
    for template in templates:
        resources = json.loads(template.read_text("utf-8")).get("Resources", {})
        _say(f"{template.name.partition('.')[0]:28} {len(resources):3} resources")
    _say(f"{len(templates)} stacks of {stage.name} in {out.name}/: linted, every finding explained")


def lint(templates: Sequence[Path]) -> None:
    """Have cfn-lint read the templates; `Failed` if it finds anything."""
    command = [f"{sys.prefix}/bin/cfn-lint", "--ignore-checks", UNHEARD, "--template"]
    _run([*command, *map(str, templates)], "cfn-lint found something.")


def cdk(command: str, rest: Sequence[str]) -> int:
    """Hand the templates to the CDK's command line, installed when it is first needed."""
    if not CDK.exists():
        _run(
            [*node.npm(), "ci", "--prefix", str(HERE)],
            "The CDK's command line could not be installed.",
        )
    return subprocess.run(
        [node.executable(), CDK, "--app", OUT, command, *rest], check=False
    ).returncode


def doctor(stage: Stage) -> int:
    """Say what is missing for a deployment; 0 if nothing is."""
    missing = False
    for name, check in CHECKS:
        wrong = list(check(stage))
        missing |= bool(wrong)
        for line in wrong:
            _say(f"missing  {name}: {line}")
        if not wrong:
            _say(f"ok       {name}")
    return int(missing)


def _packages(stage: Stage) -> Iterator[str]:
    try:
        node.executable()
    except node.NotInstalled as error:
        yield str(error)


def _command_line(stage: Stage) -> Iterator[str]:
    if not CDK.exists():
        yield "installed with the first diff, deploy or destroy (npm ci, needs the internet)"


def _package(stage: Stage) -> Iterator[str]:
    try:
        bundle = Bundle.read()
    except NotPackaged as error:
        yield str(error)
        return
    if not bundle.layers:
        yield "the package has no imaging layer: pictures can't be drawn"


def _credentials(stage: Stage) -> Iterator[str]:
    session = _session()
    if not session.get_credentials():
        yield NO_CREDENTIALS
    if not session.region_name:
        yield "no region; AWS_DEFAULT_REGION says where"
    yield from _misplaced(stage, session.region_name)


def _executions(stage: Stage) -> Iterator[str]:
    """Yield why AWS would refuse what the functions reserve; nothing if nobody can be asked."""
    from botocore.exceptions import BotoCoreError, ClientError

    session = _session()
    if not (session.get_credentials() and session.region_name):
        return
    try:
        settings = session.client("lambda").get_account_settings()
    except (BotoCoreError, ClientError) as error:
        yield f"the account's quota can't be read: {error}"
        return
    allowed = settings["AccountLimit"]["ConcurrentExecutions"]
    if allowed < stage.executions:
        yield (
            f"this account allows {allowed} executions at once, the stage needs "
            f"{stage.executions}: have Service Quotas raise Lambda's Concurrent executions "
            "(L-B99A9384), or take reserved_concurrency out of .chalice/config.json"
        )


def _configuration(stage: Stage) -> Iterator[str]:
    if not stage.alarm_email:
        yield "alarm_email is empty in infrastructure/stages.toml: nobody hears of alarms"
    if stage.name == "prod" and not stage.origins:
        yield "web_origins is empty in infrastructure/stages.toml: nobody can sign in from the web"
    if "example.org" in stage.public_url:
        yield "PUBLIC_URL in .chalice/config.json is an example: unsubscribe links lead nowhere"


CHECKS: Sequence[tuple[str, Callable[[Stage], Iterator[str]]]] = (
    ("packages", _packages),
    ("package", _package),
    ("CDK's command line", _command_line),
    ("AWS credentials", _credentials),
    ("AWS quota", _executions),
    ("configuration", _configuration),
)


def _start(command: Sequence[str], folder: Path) -> int:
    return subprocess.run(command, cwd=folder, check=False).returncode


def _run(command: Sequence[str], otherwise: str) -> None:
    if subprocess.run(command, cwd=ROOT, check=False, env=os.environ).returncode:
        raise Failed(otherwise)


def _settings(given: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    if wrong := [name for name, equals, _ in pairs if not equals]:
        raise Failed(f"-c takes name=value, not {', '.join(wrong)}")
    return {name: value for name, _, value in pairs}


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="chalice-cdk",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--stage", default="prod", help="dev, stage or prod (default)")
    parser.add_argument(
        "-c",
        "--context",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of infrastructure/stages.toml for this run",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
