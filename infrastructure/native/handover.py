"""`chalice deploy` in the checkout, whose configuration knows no account: go on where one is known.

Chalice reads its configuration from the project's folder and from nowhere else. So that nobody has
to edit that of the checkout, or to remember another folder, `app.py` hands over to this before
anything is deployed. On the way what an earlier deployment made is found, even if it failed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import boto3

from infrastructure.native.account import Account
from infrastructure.native.state import adopt
from infrastructure.packaging import project
from infrastructure.packaging.target import ARCHITECTURES
from infrastructure.stages import Stage

ROOT = Path(__file__).parents[2]
Find = Callable[[str, str, Path], object]
"""Finds what there is of a stage, for a profile of AWS, and writes it into Chalice's record."""
ELSEWHERE = "--project-dir"
"""Chalice's option for the folder; it would lead back here."""


def _adopt(stage: str, profile: str, record: Path) -> None:
    session = boto3.session.Session(profile_name=profile or None)
    account = Account(Stage.read(stage, {"native": "yes"}), session)
    adopt(account, record, lambda line: sys.stderr.write(f"{line}\n"))


def hand_over(
    arguments: Sequence[str] | None = None,
    root: Path = ROOT,
    run: Callable[[str, list[str]], Any] = os.execv,
    find: Find = _adopt,
) -> None:
    """Run the same command in the folder that was supplied, in the place of this process.

    Where there is none, or none for this code, end with a sentence; nothing is deployed then.
    """
    given = list(sys.argv if arguments is None else arguments)
    stage = _value(given, "--stage") or "dev"
    place = root / "build" / "native" / stage
    supply = f"run chalice-cdk native --stage {stage} supply"
    if not (place / ".chalice" / "config.json").exists():
        sys.exit(f"Nothing was deployed: .chalice/config.json holds examples only; {supply} first.")
    config = json.loads((place / ".chalice" / "config.json").read_text("utf-8"))
    if not project.is_offered(place, ARCHITECTURES[config["lambda_architecture"]]):
        sys.exit(f"Nothing was deployed: the code is not what was packaged; {supply} again.")
    record = root / ".chalice" / "deployed" / f"{stage}.json"
    find(stage, _value(given, "--profile"), record)
    elsewhere = (ELSEWHERE, _value(given, ELSEWHERE))
    given = [each for each in given if each.partition("=")[0] not in elsewhere]
    os.chdir(place)
    run(sys.executable, [sys.executable, *given])


def _value(arguments: Sequence[str], option: str) -> str:
    """Return what an option was given, as `--name value` or `--name=value`; empty without it."""
    for number, each in enumerate(arguments):
        name, equals, value = each.partition("=")
        if name == option:
            return value if equals else next(iter(arguments[number + 1 :]), "")
    return ""
