"""Is what `make package` makes the same every time, and does it run with nothing else there?"""

from __future__ import annotations

import ast
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from infrastructure.packaging import interpreter
from infrastructure.packaging.target import VERSION, PackagingError
from infrastructure.packaging.template import DRAWING, functions

PROJECT = Path(__file__).parents[2]
INSIDE = Path(__file__).with_name("inside_package.py")
PARTS = ("app.py", "chalicelib", ".chalice", "infrastructure", "scripts")
LOCKS = ("requirements.txt", "requirements-media.txt")
HERE = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
FILES = ("deployment.zip", "imaging-layer.zip", "sam.json")
NOT_CALLED = {"logs", "sms-voice", "aws"}
"""Prefixes in policies that no client of ours stands behind: Lambda itself and SNS use them."""


def build(project: Path, **environment: str) -> Path:
    """Package the prod stage for this machine, as `make package` does; return where."""
    command = [sys.executable, "-m", "infrastructure.packaging", "--arch", HERE]
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return project / "build" / "package"


def copied(target: Path) -> Path:
    """Return a copy of what is packaged, which shares the kept wheels."""
    (target / "build").mkdir(parents=True)
    for name in (*PARTS, *LOCKS):
        source = PROJECT / name
        put = shutil.copytree if source.is_dir() else shutil.copyfile
        put(source, target / name)
    config = target / ".chalice" / "config.json"
    told = {**json.loads(config.read_text()), "lambda_architecture": HERE}
    config.write_text(json.dumps(told))
    wheels = PROJECT / "build" / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    (target / "build" / "wheels").symlink_to(wheels)
    return target


@dataclass(frozen=True)
class Package:
    """One package, built twice and unpacked."""

    first: Path
    second: Path
    application: Path
    layer: Path
    python: str

    @property
    def template(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.first / "sam.json").read_text())
        return found

    def run(self, action: str, *folders: Path) -> Any:
        """Do something in a process that can import nothing but the given folders."""
        properties = dict(functions(self.template))["app"]["Properties"]
        environment = {
            **properties["Environment"]["Variables"],
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_LAMBDA_FUNCTION_NAME": "api",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
        }
        command = [self.python, "-I", "-S", "-B", INSIDE, action, *folders]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """Build in two folders under different conditions."""
    try:
        python = interpreter.find()
    except PackagingError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("package")
    usual = dict(os.environ)
    strange = {
        "HOME": str(folder),
        "TZ": "Asia/Tokyo",
        "PYTHONHASHSEED": "77",
        "LC_ALL": "C",
        "STAGE": "dev",
        "TABLE_NAME": "another",
    }
    first = build(copied(folder / "one"), **usual)
    elsewhere = copied(folder / "somewhere" / "else")
    for path in elsewhere.rglob("*.py"):
        os.utime(path, (1, 1))
    before = os.umask(0o077)
    try:
        second = build(elsewhere, **{**usual, **strange})
    finally:
        os.umask(before)
    application, layer = folder / "task", folder / "opt"
    for archive, target in (("deployment.zip", application), ("imaging-layer.zip", layer)):
        with ZipFile(first / archive) as zipped:
            zipped.extractall(target)
    return Package(first, second, application, layer / "python", python)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_two_builds_in_two_places_have_the_same_bytes(package: Package, name: str) -> None:
    assert (package.first / name).read_bytes() == (package.second / name).read_bytes()


@pytest.mark.slow
def test_nothing_else_is_left_beside_them(package: Package) -> None:
    assert {path.name for path in package.first.iterdir()} == set(FILES)
    assert {path.name for path in package.first.parent.iterdir()} == {"package", "wheels"}


@pytest.mark.slow
@pytest.mark.skipif(sys.version_info[:2] != VERSION, reason="Chalice deploys for its own Python")
def test_chalice_itself_deploys_the_same_package_after_the_code_has_run(package: Package) -> None:
    project, run = package.first.parents[1], [sys.executable, "-c"]
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1"}
    subprocess.run([*run, "import chalicelib.wiring"], cwd=project, check=True)
    command = [*run, "from chalice.cli import main; main()", "package", "--stage", "prod", "out"]
    subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True)
    made = (project / "out" / "deployment.zip").read_bytes()
    assert made == (package.first / "deployment.zip").read_bytes()


@pytest.mark.slow
def test_the_package_answers_a_request_with_nothing_else_installed(package: Package) -> None:
    answer = package.run("health", package.application)
    assert (answer["status"], json.loads(answer["body"])["status"]) == (200, "ok")
    assert answer["elsewhere"] == []


@pytest.mark.slow
def test_the_package_compiles_nothing_that_dataclasses_write(package: Package) -> None:
    found = package.run("generated", package.application)
    assert list(found) == ["<precompiled>"]
    assert found["<precompiled>"] > 500


@pytest.mark.slow
def test_a_client_can_be_made_for_every_action_a_policy_allows(package: Package) -> None:
    made = package.run("clients", package.application)
    policies = "".join(path.read_text() for path in (PROJECT / ".chalice").glob("policy-*.json"))
    allowed = {word.split(":")[0] for word in policies.split('"') if _is_action(word)}
    assert allowed - NOT_CALLED <= set(made.values())
    assert {"ec2", "sts", "iam"}.isdisjoint(made)


def _is_action(word: str) -> bool:
    service, _, action = word.partition(":")
    is_service = service.replace("-", "").isalnum() and service.islower()
    return is_service and action[:1].isupper()


@pytest.mark.slow
def test_the_layer_draws_with_its_own_fonts(package: Package) -> None:
    drawn = package.run("card", package.application, package.layer)
    assert drawn == {"width": 1200, "is_jpeg": True}
    assert not list(package.application.rglob("*.?tf"))


@pytest.mark.slow
def test_without_the_layer_nothing_can_be_drawn(package: Package) -> None:
    assert set(package.run("card", package.application)) == {"missing"}


@pytest.mark.slow
def test_only_the_functions_that_draw_carry_the_layer(package: Package) -> None:
    found = dict(functions(package.template))
    layers = {name: part["Properties"].get("Layers") for name, part in found.items()}
    drawing = {name: [{"Ref": "ImagingLayer"}] for name in DRAWING}
    assert layers == {**dict.fromkeys(found), **drawing}
    for part in found.values():
        assert part["Properties"]["CodeUri"] == "./deployment.zip"
        assert part["Properties"]["Architectures"] == [HERE]
        assert part["Properties"]["Runtime"] == "python3.12"


# --- who draws, read from the code --------------------------------------------------------------

Place = tuple[str, str]
"""A module of the services, or ``app``, and a function in it."""


def uses() -> Mapping[Place, set[Place]]:
    """Return what each function of ``app.py`` and of the services names of the others'."""
    paths = [PROJECT / "app.py", *(PROJECT / "chalicelib" / "services").glob("*.py")]
    modules = {path.stem: ast.parse(path.read_text()) for path in paths}
    found: dict[Place, set[Place]] = {}
    for module, tree in modules.items():
        free = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                named = found.setdefault((module, node.name), set())
                named.update(_named(node, module, free, {*modules, "studio"}))
    return found


def _named(
    function: ast.FunctionDef, module: str, free: Set[str], modules: Set[str]
) -> Iterator[Place]:
    for node in ast.walk(function):
        match node:
            case ast.Name(id=name) if name in free:
                yield module, name
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                yield module, name
            case ast.Attribute(
                value=ast.Attribute(attr=owner)
                | ast.Name(id=owner)
                | ast.Call(func=ast.Attribute(attr=owner)),
                attr=name,
            ) if owner.lstrip("_") in modules:
                yield owner.lstrip("_"), name


def test_the_layer_hangs_on_exactly_the_functions_whose_calls_end_at_the_studio() -> None:
    graph = uses()
    drawing: set[Place] = {place for place, named in graph.items() if "studio" in dict(named)}
    assert drawing
    while more := {place for place, named in graph.items() if named & drawing} - drawing:
        drawing |= more
    assert {name for module, name in drawing if module == "app"} == DRAWING
