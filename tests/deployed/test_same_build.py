"""What is deployed here is what an account would get, but for the libraries of the processor."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest

from infrastructure.packaging.target import ARCHITECTURES
from tests.deployed import assembly

NATIVE = b"\x7fELF"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Package the application for the other processor."""
    (other,) = (a for a in ARCHITECTURES.values() if a != assembly.here())
    return assembly.package(tmp_path_factory.mktemp("elsewhere") / "package", other)


@pytest.mark.parametrize("name", ["deployment.zip", "imaging-layer.zip"])
def test_only_native_libraries_differ_between_processors(
    package: Path, elsewhere: Path, name: str
) -> None:
    with ZipFile(package / name) as here, ZipFile(elsewhere / name) as there:
        ours, theirs = portable(here), portable(there)
        assert ours and ours == theirs
        assert len(ours) < len(here.namelist())


def portable(archive: ZipFile) -> dict[str, int]:
    """Return each file's checksum, but for what only one processor runs."""
    return {
        entry.filename: entry.CRC
        for entry in archive.infolist()
        if archive.open(entry).read(len(NATIVE)) != NATIVE
    }


def test_the_template_says_the_same_of_every_function_but_for_its_processor(
    package: Path, elsewhere: Path
) -> None:
    here, there = ((folder / "sam.json").read_text("utf-8") for folder in (package, elsewhere))
    names = [f'"{architecture}"' for architecture in ARCHITECTURES]
    for name in names:
        here, there = here.replace(name, '"any"'), there.replace(name, '"any"')

    assert json.loads(here) == json.loads(there)
