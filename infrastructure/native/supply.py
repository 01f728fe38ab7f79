"""Write what Chalice reads: this checkout's code beside a configuration with the account's names.

build/native/<stage>/app.py, chalicelib, requirements.txt   this checkout's, by a link to each file
                    .chalice/config.json                    that of the checkout, completed
                    .chalice/policy-*.json                  narrowed to the stage's resources
                    .chalice/deployed                       this checkout's, by link
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infrastructure import emulator
from infrastructure.bundle import Bundle, PackagedFunction
from infrastructure.native.account import Account
from infrastructure.native.layer import publish
from infrastructure.native.state import Say, adopt
from infrastructure.packaging import project
from infrastructure.packaging.target import ARCHITECTURES
from infrastructure.resilience import (
    EVENTS,
    GATEWAY_STAGE,
    TELLING,
    dead_letters,
    live_endpoint,
)
from infrastructure.stages import API_HANDLER, CHALICE, PROJECT, ROOT, Stage

LINKED = ("app.py", "chalicelib", "requirements.txt")
APPLICATION = "deployment.zip"
Json = dict[str, Any]


def folder(stage: Stage, root: Path = ROOT) -> Path:
    """Return where Chalice deploys a stage from."""
    return root / "build" / "native" / stage.name


def supply(account: Account, bundle: Bundle, say: Say, root: Path = ROOT) -> Path:
    """Publish the layer, write the folder that Chalice deploys from and return it.

    `NotReady` says what is missing. Nothing outside of the folder and the record of what is
    deployed is changed, and a second run changes nothing at all.
    """
    stage, made = account.stage, folder(account.stage, root)
    (packaged,) = bundle.layers.values()
    layer = publish(account, packaged, Path(bundle.file(packaged["ContentUri"])))
    say(f"layer    {layer}")
    deployed = root / ".chalice" / "deployed"
    found = adopt(account, deployed / f"{stage.name}.json", say)
    shutil.rmtree(made, ignore_errors=True)
    (made / ".chalice").mkdir(parents=True)
    deployed.mkdir(parents=True, exist_ok=True)
    for name in LINKED:
        _link(root / name, made / name)
    (made / ".chalice" / "deployed").symlink_to(deployed)
    address = _address(account, found.apis[0]) if found.apis else ""
    live = ""
    if found.live_apis:
        live = live_endpoint(stage, found.live_api, account.place.region)
    config = configuration(account, bundle, layer, address, live)
    _write(made / ".chalice" / "config.json", config)
    for function in bundle.functions.values():
        name = config["lambda_functions"][function.name]["iam_policy_file"]
        _write(made / ".chalice" / name, policy(account, function))
    architecture = ARCHITECTURES[config["lambda_architecture"]]
    project.offer(made, Path(bundle.file(APPLICATION)), architecture)
    say(f"written  {made.relative_to(root)}: chalice deploy --stage {stage.name}, there or here")
    return made


def configuration(
    account: Account, bundle: Bundle, layer: str, address: str, live: str = ""
) -> Json:
    """Return the checkout's configuration with what only the account knows.

    `address` and `live` are where the API is and where frames are handed in, once there are such.
    """
    stage, told = account.stage, account.exports
    config: Json = json.loads(CHALICE.read_text("utf-8"))
    given = config["stages"][stage.name]
    variables = {
        **stage.variables(_bucket(told["media"]), _bucket(told["failures"])),
        "USER_POOL_ARN": told["user-pool"],
        "CLIENT_ID": told["client"],
        "RELEASE_FUNCTION": stage.serving("release_due"),
        "ADAPT_FUNCTION": stage.serving("adapt"),
        "PUBLIC_URL": stage.public_url or address,
        **stage.emulated,
    }
    functions: Json = {f.name: {"layers": [layer]} for f in bundle.functions.values() if f.layers}
    only: dict[str, dict[str, str]] = {}
    if live:
        only = {name: {"WEBSOCKET_ENDPOINT": live} for name in TELLING}
    if "token-key" in told:
        only.setdefault(API_HANDLER, {}).update(stage.bridge(told["token-key"], told["sign-in"]))
    for name, given_only in only.items():
        functions.setdefault(name, {})["environment_variables"] = given_only
    (architecture,) = {f.properties["Architectures"][0] for f in bundle.functions.values()}
    return {
        **config,
        "lambda_architecture": architecture,
        "tags": {
            "project": PROJECT,
            "stage": stage.name,
            "owner": stage.owner,
            "cost-centre": stage.cost_centre,
        },
        "stages": {
            stage.name: {
                **given,
                "environment_variables": {n: v for n, v in variables.items() if v},
                "lambda_functions": functions,
            }
        },
    }


def policy(account: Account, function: PackagedFunction) -> Mapping[str, Any]:
    """Return what a function may do, narrowed to this stage."""
    statements = account.grounds.statements(function)
    if function.name in EVENTS:
        queue = account.place.arn("sqs", dead_letters(account.stage, function.name))
        statements.append(
            {
                "Sid": "KeepFailedEvents",
                "Effect": "Allow",
                "Action": "sqs:SendMessage",
                "Resource": queue,
            }
        )
    document = {"Version": "2012-10-17", "Statement": statements}
    return emulator.for_every_resource(document) if account.stage.emulated else document


def _link(source: Path, place: Path) -> None:
    """Link a file, or each file of a folder.

    A link to the folder would share its caches: another Python's bytecode there, of a test run say,
    would pass for a change to the code.
    """
    if source.is_dir():
        shutil.copytree(source, place, ignore=project.unshipped, copy_function=os.symlink)
    else:
        place.symlink_to(source)


def _address(account: Account, api: str) -> str:
    return f"https://{api}.execute-api.{account.place.region}.amazonaws.com/{GATEWAY_STAGE}"


def _bucket(arn: str) -> str:
    return arn.rpartition(":")[2]


def _write(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(f"{json.dumps(value, indent=2)}\n", "utf-8")
