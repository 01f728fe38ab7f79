"""Does each step of packaging do what the next one counts on?"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from pathlib import Path
from zipfile import ZipFile

import pytest

from infrastructure.packaging import archive, interpreter, services, trees, wheels
from infrastructure.packaging.__main__ import main
from infrastructure.packaging.archive import Archive
from infrastructure.packaging.build import Built
from infrastructure.packaging.target import ARCHITECTURES, VERSION, PackagingError
from infrastructure.packaging.template import with_layer

ARM = ARCHITECTURES["arm64"]


def put(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


# --- the zip ------------------------------------------------------------------------------------


def test_the_bytes_depend_on_names_and_contents_alone(tmp_path: Path) -> None:
    first = put(tmp_path / "first", {"b.py": "b", "a/c.py": "c", "a.py": "a"})
    second = put(tmp_path / "elsewhere" / "second", {"a.py": "a", "a/c.py": "c", "b.py": "b"})
    (second / "a.py").chmod(0o700)
    os.utime(second / "b.py", (1, 1))
    made = [archive.write(tree, tmp_path / f"{tree.name}.zip") for tree in (first, second)]
    assert made[0].sha256 == made[1].sha256
    assert made[0].path.read_bytes() == made[1].path.read_bytes()


def test_whoever_runs_the_function_may_read_every_file(tmp_path: Path) -> None:
    tree = put(tmp_path / "tree", {"a.py": ""})
    (tree / "a.py").chmod(0o600)
    with ZipFile(archive.write(tree, tmp_path / "a.zip", "python/").path) as zipped:
        modes = {entry.filename: oct(entry.external_attr >> 16) for entry in zipped.infolist()}
    assert modes == {"python/a.py": "0o100644"}


# --- the tree -----------------------------------------------------------------------------------


def names(tree: Path) -> set[str]:
    return {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.is_file()}


def test_licences_and_versions_stay_and_tests_go(tmp_path: Path) -> None:
    tree = put(
        tmp_path,
        {
            "thing/__init__.py": "",
            "thing/__init__.pyi": "",
            "thing/tests/test_it.py": "",
            "bin/thing": "",
            "thing-1.dist-info/METADATA": "Name: thing\nVersion: 1\n\nA long read-me.",
            "thing-1.dist-info/RECORD": "",
            "thing-1.dist-info/licenses/COPYING": "",
        },
    )
    trees.prune(tree, ())
    assert names(tree) == {
        "thing/__init__.py",
        "thing-1.dist-info/METADATA",
        "thing-1.dist-info/licenses/COPYING",
    }
    assert (tree / "thing-1.dist-info/METADATA").read_text() == "Name: thing\nVersion: 1\n"


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    """An SDK of two services, one of which is called otherwise in the list of endpoints."""
    endpoints = {
        "partitions": [
            {"partition": name, "regions": {"r": {}}, "services": {"email": {}, "ec2": {}}}
            for name in ("aws", "aws-cn")
        ]
    }
    data = tmp_path / "botocore" / "data"
    put(data, {"endpoints.json": json.dumps(endpoints), "_retry.json": "{}"})
    for service, prefix in (("sesv2", "email"), ("ec2", "ec2")):
        put(data, {f"{service}/2019-09-27/examples-1.json": "{}"})
        model = data / service / "2019-09-27" / "service-2.json.gz"
        members = {"documentation": {"shape": "Url", "documentation": "<p>Where to read on.</p>"}}
        shapes = {"Manual": {"type": "structure", "members": members}}
        document = {"metadata": {"endpointPrefix": prefix}, "operations": {}, "shapes": shapes}
        model.write_bytes(gzip.compress(json.dumps(document).encode()))
    return tmp_path


def test_only_the_services_that_are_called_stay(sdk: Path) -> None:
    trees.prune(sdk, {"sesv2"})
    assert names(sdk / "botocore" / "data") == {
        "endpoints.json",
        "_retry.json",
        "sesv2/2019-09-27/service-2.json.gz",
    }


def test_a_service_goes_without_its_manual_but_with_every_member(sdk: Path) -> None:
    trees.prune(sdk, {"sesv2"})
    model = sdk / "botocore" / "data" / "sesv2" / "2019-09-27" / "service-2.json.gz"
    members = {"documentation": {"shape": "Url"}}
    assert json.loads(gzip.decompress(model.read_bytes())) == {
        "metadata": {"endpointPrefix": "email"},
        "operations": {},
        "shapes": {"Manual": {"type": "structure", "members": members}},
    }


def test_every_partition_still_knows_where_our_services_are(sdk: Path) -> None:
    trees.prune(sdk, {"sesv2"})
    found = json.loads((sdk / "botocore" / "data" / "endpoints.json").read_text())["partitions"]
    assert [(each["partition"], each["services"]) for each in found] == [
        ("aws", {"email": {}}),
        ("aws-cn", {"email": {}}),
    ]


def test_a_service_that_the_sdk_does_not_know_is_an_error(sdk: Path) -> None:
    with pytest.raises(PackagingError, match="sesv3"):
        trees.prune(sdk, {"sesv2", "sesv3"})


# --- which services -----------------------------------------------------------------------------


def test_services_are_read_where_clients_and_calls_are_made(tmp_path: Path) -> None:
    code = put(
        tmp_path / "code",
        {
            "chalicelib/a.py": 'x = _client("s3", retries=1)\ny = boto3.client(service)',
            "chalicelib/b.py": 'z = AwsCall("sns", "publish", {})\nw = AwsCall(service="sesv2")',
        },
    )
    others = put(
        tmp_path / "others",
        {"tracer/c.py": 's.create_client("xray")', "boto3/d.py": 'boto3.client("ec2")'},
    )
    assert services.called(others, code) == {"s3", "sns", "sesv2", "xray"}


def test_a_service_that_code_works_out_is_refused(tmp_path: Path) -> None:
    code = put(tmp_path / "code", {"a.py": "\nboto3.client(name + 'v2')"})
    with pytest.raises(PackagingError, match=r"^a\.py:2 makes an AWS client"):
        services.called(tmp_path / "none", code)


# --- wheels -------------------------------------------------------------------------------------


@pytest.fixture
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave pip nothing but the folder it is given."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)


def wheel(folder: Path, name: str = "thing", tag: str = "py3-none-any") -> tuple[Path, str]:
    """Make a wheel; return it with the line that locks it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-1.0-{tag}.whl"
    about = f"{name}-1.0.dist-info"
    with ZipFile(path, "w") as zipped:
        zipped.writestr(f"{name}/__init__.py", "")
        zipped.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        zipped.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        zipped.writestr(f"{about}/RECORD", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return path, f"{name}==1.0 \\\n    --hash=sha256:{digest}\n"


@pytest.mark.usefixtures("_offline")
def test_kept_wheels_are_unpacked_without_a_network(tmp_path: Path) -> None:
    kept, lock = tmp_path / "kept", tmp_path / "lock.txt"
    lines = [wheel(kept)[1], wheel(kept, "fast", "cp312-cp312-manylinux2014_aarch64")[1]]
    lock.write_text("".join(lines))
    wheels.install(lock, tmp_path / "tree", kept, ARM)
    assert {"thing", "fast"} <= {path.name for path in (tmp_path / "tree").iterdir()}


@pytest.mark.usefixtures("_offline")
@pytest.mark.parametrize("tag", ["cp312-cp312-manylinux2014_x86_64", "cp313-cp313-linux_aarch64"])
def test_a_missing_wheel_is_named_with_what_it_is_needed_for(tmp_path: Path, tag: str) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(wheel(tmp_path / "kept", "fast", tag)[1])
    with pytest.raises(PackagingError) as caught:
        wheels.install(lock, tmp_path / "tree", tmp_path / "kept", ARM)
    assert str(caught.value).startswith("fast==1.0 is missing: ")
    assert "for arm64 and python3.12" in str(caught.value)
    assert "Is the package index reachable?" in str(caught.value)


@pytest.mark.usefixtures("_offline")
def test_a_wheel_that_is_not_the_locked_one_is_refused(tmp_path: Path) -> None:
    path, line = wheel(tmp_path / "kept")
    (tmp_path / "lock.txt").write_text(line)
    with ZipFile(path, "a") as zipped:
        zipped.writestr("thing/added.py", "")
    with pytest.raises(PackagingError, match="not the one that was locked"):
        wheels.install(tmp_path / "lock.txt", tmp_path / "tree", tmp_path / "kept", ARM)


def test_a_lock_is_read_by_the_names_that_indexes_compare(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("# made by hand\nSome_Thing.x==1.2 ; python_version < '4' \\\n    --hash=…\n")
    assert [str(pinned) for pinned in wheels.locked(lock)] == ["some-thing-x==1.2"]


# --- interpreter --------------------------------------------------------------------------------


def search(folder: Path, version: str) -> Path:
    """Make a search for interpreters that finds one of a version; none where it is empty."""
    python = folder / "python"
    python.write_text(f"#!/bin/sh\necho {version}\n")
    found = folder / "find"
    found.write_text(f"#!/bin/sh\n[ -n '{version}' ] && echo {python}\n")
    for script in (python, found):
        script.chmod(0o755)
    return found


def test_another_python_looks_for_the_declared_one(tmp_path: Path) -> None:
    found = interpreter.find(running=(3, 13), search=search(tmp_path, "3.12"))
    assert found == str(tmp_path / "python")


@pytest.mark.parametrize("version", ["3.13", "3.11", ""])
def test_without_the_declared_python_nothing_is_packaged(tmp_path: Path, version: str) -> None:
    with pytest.raises(PackagingError, match=r"bytecode of Python 3\.12.*Install Python 3\.12"):
        interpreter.find(running=(3, 13), search=search(tmp_path, version))


def test_the_running_python_is_taken_if_it_is_the_declared_one(tmp_path: Path) -> None:
    assert interpreter.find(running=VERSION, search=tmp_path / "none")


# --- template -----------------------------------------------------------------------------------


def function(handler: str, **properties: object) -> dict[str, object]:
    described = {"Handler": f"app.{handler}", "Runtime": "python3.13", **properties}
    return {"Type": "AWS::Serverless::Function", "Properties": described}


def test_the_layer_hangs_on_the_functions_that_draw() -> None:
    published = "arn:aws:lambda:us-east-1:1:layer:ours:3"
    other = "arn:aws:lambda:us-east-1:1:layer:other:1"
    before = {
        "Resources": {
            "APIHandler": function("app"),
            "Deliver": function("deliver", Layers=[other, published]),
            "Role": {"Type": "AWS::IAM::Role", "Properties": {}},
        }
    }
    after = with_layer(before, "ours", ARM)["Resources"]
    assert "Layers" not in after["APIHandler"]["Properties"]
    assert after["Deliver"]["Properties"]["Layers"] == [other, {"Ref": "ImagingLayer"}]
    assert after["Role"] == before["Resources"]["Role"]
    layer = after["ImagingLayer"]
    assert layer["Type"] == "AWS::Serverless::LayerVersion"
    assert layer["Properties"]["ContentUri"] == "./imaging-layer.zip"
    assert layer["Properties"]["CompatibleArchitectures"] == ["arm64"]


def test_every_function_has_the_runtime_that_the_bytecode_is_for() -> None:
    after = with_layer({"Resources": {"APIHandler": function("app")}}, "ours", ARM)["Resources"]
    assert after["APIHandler"]["Properties"]["Runtime"] == "python3.12"


# --- command ------------------------------------------------------------------------------------


def test_an_unknown_stage_is_told_with_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--stage", "production", "--to", str(tmp_path / "package")]) == 1
    told = capsys.readouterr().err
    assert told == "There is no stage 'production'; there is dev, prod, stage.\n"


def test_the_table_says_who_uses_each_file() -> None:
    zips = [Archive(Path(name), 1_234_567, "0" * 64) for name in ("deployment.zip", "layer.zip")]
    rows = Built(zips[0], zips[1], ("app", "deliver", "replay")).table().splitlines()
    assert rows[1].split(maxsplit=3) == [
        "deployment.zip",
        "1,234,567",
        "0" * 64,
        "app, deliver, replay",
    ]
    assert rows[2].split(maxsplit=3)[3] == "deliver"
