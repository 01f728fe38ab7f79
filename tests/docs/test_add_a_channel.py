"""The three files of "Add a channel" are enough: in a copy, nothing else is touched."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from chalicelib.domain.channels import Channel
from tests.app.conftest import own_environment
from tests.docs.pages import ROOT, blocks, page

PAGE = page("how-to/add-a-channel.md")
COPIED = (
    *("chalicelib", "sandbox", "infrastructure", ".chalice"),
    *("tests/channels", "tests/fakes", "tests/sandbox"),
)
SINGLE = ("app.py", "pyproject.toml")
SECONDS = 240
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*_cache", "node_modules")


def files() -> dict[str, str]:
    """Return the page's files by their place, which their first line tells."""
    told = [block.text.partition("\n") for block in blocks(PAGE, "python")]
    return {first.removeprefix("# "): text for first, _, text in told}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy of the repository with the page's files in it."""
    folder = tmp_path / "copy"
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=LEFT_OUT)
    for name in SINGLE:
        shutil.copy2(ROOT / name, folder / name)
    for place, text in files().items():
        assert not (folder / place).exists(), f"{place} is there already"
        (folder / place).write_text(text, "utf-8")
    return folder


def commands() -> list[str]:
    """Return the page's commands, for this interpreter."""
    (block,) = blocks(PAGE, "sh")
    return block.text.replace(".venv/bin/python", sys.executable).splitlines()


def run(command: str, folder: Path) -> str:
    """Run a command in a copy and return what it printed; it must succeed."""
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env={**own_environment(folder.parent / "state"), "PYTHONPATH": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_channel_is_three_new_files() -> None:
    assert [place.rpartition("/")[0] for place in files()] == [
        "chalicelib/channels",
        "sandbox/platforms",
        "tests/channels",
    ]


def test_the_channel_has_all_that_a_channel_has(copy: Path) -> None:
    (place, *_) = files()
    found = spec_from_file_location("bulletin", copy / place)
    assert found is not None and found.loader is not None
    module = module_from_spec(found)
    found.loader.exec_module(module)
    wanted = [name for name in vars(Channel) if not name.startswith("_")]
    assert len(wanted) > 10
    assert [name for name in wanted if not hasattr(module.CHANNEL, name)] == []


def test_the_files_pass_the_linter(copy: Path) -> None:
    places = " ".join(files())
    run(f"{sys.executable} -m ruff check --no-cache {places}", copy)
    run(f"{sys.executable} -m ruff format --no-cache --check {places}", copy)


@pytest.mark.slow
@pytest.mark.emulator
def test_the_products_copy_publishes_on_the_new_channel_too(copy: Path) -> None:
    tested, published = (run(command, copy) for command in commands())
    assert re.search(r"^\d+ passed", tested, re.MULTILINE)
    rows = [line.split()[:2] for line in published.splitlines()]
    assert ["bulletin", "delivered"] in rows
