"""Reaches a copy of the product from a command: the running local one, or a deployed stage."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path


class Refused(Exception):
    """The command can't be carried out; the message says what to do."""


def reach(stage: str | None, table: str | None) -> None:
    """Make `wiring` reach the running local product, or a stage with the caller's credentials.

    `table` names another table than the stage's own, such as one that was just restored. To be
    called before anything of the application is imported that reads its settings.
    """
    if stage is None:
        local()
    else:
        deployed(stage)
    if table is not None:
        os.environ["TABLE_NAME"] = table


def local() -> Path:
    """Reach the running local product; return the folder of its logs."""
    from sandbox import environment
    from sandbox.ports import Ports
    from sandbox.state import State, Trouble, read_json

    try:
        state, usual = State.of(os.environ), Ports.of(os.environ)
        environment.require_settings(os.environ)
    except Trouble as trouble:
        raise Refused(str(trouble)) from trouble
    resources = read_json(state.resources)
    outside = read_json(state.outside / "outside.json")
    if read_json(state.endpoints) is None or state.was_killed() or not resources or not outside:
        raise Refused(
            "The product is not running: start it with make run. Its state would be in "
            f"{state.path}; a copy elsewhere is reached with its OMNICHANNEL_STATE_DIR."
        )
    ports = replace(usual, aws=resources["aws_port"])
    given = environment.isolated(os.environ)
    for name in environment.ignored(given):
        del given[name]
    os.environ.clear()
    os.environ.update(environment.SHORT)
    os.environ.update(given)
    os.environ.update(environment.variables(ports, resources, outside["platforms"]))
    return state.logs


def deployed(stage: str) -> None:
    """Reach a deployed stage: the names its functions are told, the caller's own credentials.

    Its buckets' names are made when they are: whoever needs them gives them in the environment.
    """
    import boto3

    from infrastructure.stages import Stage, UnknownStage

    try:
        named = Stage.read(stage)
    except UnknownStage as unknown:
        raise Refused(str(unknown)) from unknown
    region = boto3.Session().region_name
    if region is None:
        raise Refused("Set AWS_DEFAULT_REGION: it says where the stage is.")
    buckets = (
        os.environ.get("MEDIA_BUCKET", named.settings.media_bucket),
        os.environ.get("FAILURE_BUCKET", named.settings.failure_bucket),
    )
    os.environ.update(named.variables(*buckets))
    os.environ["AWS_REGION"] = region
