"""An export becomes tables that PostgreSQL loads, and they become the same export again."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from scripts import postgresql
from scripts.imports import Malformed
from scripts.postgresql import from_tables, rows, to_tables
from scripts.tables import TABLES
from tests.contract.samples import World as Stored
from tests.contract.test_archive import exported, fill
from tests.fakes.table import MemoryTable
from tests.unit.scripts.test_moving import edited, lived_in, written

BINARIES = ("initdb", "pg_ctl", "psql")


def whole(folder: Path) -> Path:
    """Return an export with a record of each kind."""
    stored = Stored(MemoryTable())
    fill(stored)
    exported(stored, folder, "all.jsonl")
    return folder / "all.jsonl"


def test_the_whole_round_ends_in_the_same_bytes(tmp_path: Path) -> None:
    for file in (whole(tmp_path), written(lived_in(), tmp_path)):
        folder, again = tmp_path / f"{file.stem}-tables", tmp_path / "again.jsonl"
        there = to_tables(file, folder)
        back = from_tables(folder, again)
        assert again.read_bytes() == file.read_bytes()
        assert there.total() == back.total()


def test_every_kind_has_rows_in_a_table_of_its_own(tmp_path: Path) -> None:
    counts = to_tables(whole(tmp_path), tmp_path / "tables")
    assert [table.name for table in TABLES] == list(counts)
    assert all(counts.values())


def test_pythons_own_reader_reads_the_same_rows(tmp_path: Path) -> None:
    to_tables(written(lived_in(), tmp_path), tmp_path / "tables")
    for file in (tmp_path / "tables").glob("*.csv"):
        text = file.read_text("utf-8")
        ours = [[value or "" for value in row] for row in rows(iter(text.splitlines(True)))]
        assert ours == list(csv.reader(text.splitlines(True)))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a,b\n", ["a", "b"]),
        ('"a ""b""",,""\n', ['a "b"', None, ""]),
        ('"two\nlines",x\r\n', ["two\nlines", "x"]),
        (",\n", [None, None]),
        ('"a,b"\n', ["a,b"]),
    ],
)
def test_nothing_is_told_from_an_empty_text(text: str, values: list[str | None]) -> None:
    assert list(rows(iter(text.splitlines(True)))) == [values]


@pytest.mark.parametrize("text", ['"a\n', '"a"b\n', 'a"b"\n'])
def test_what_is_no_csv_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"CSV|never closed"):
        list(rows(iter(text.splitlines(True))))


def test_a_file_that_is_no_export_makes_no_tables(tmp_path: Path) -> None:
    file = edited(written(lived_in(), tmp_path), lambda lines: lines.pop())
    with pytest.raises(Malformed):
        to_tables(file, tmp_path / "tables")
    assert not (tmp_path / "tables").exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"draft"', '"sketch"', "messages.csv, row "),
        ('"status"', '"state"', "messages.csv: its header must be"),
        ('"2026-', '"today-', "messages.csv, row "),
        ('{""announcement', "{announcement", "messages.csv, row "),
    ],
)
def test_a_fault_in_a_table_is_told_with_its_row(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    file, folder = written(lived_in(), tmp_path), tmp_path / "tables"
    to_tables(file, folder)
    table = folder / "messages.csv"
    table.write_text(table.read_text("utf-8").replace(old, new), "utf-8")
    target = tmp_path / "again.jsonl"
    with pytest.raises(Malformed, match=told):
        from_tables(folder, target)
    assert not target.exists()


def test_the_command_counts_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, folder = whole(tmp_path), tmp_path / "tables"
    assert postgresql.main([str(file), str(folder)]) == 0
    assert "       2 messages\n" in capsys.readouterr().out
    assert postgresql.main([str(tmp_path / "again"), str(folder), "--back"]) == 0
    assert postgresql.main([str(tmp_path / "gone"), str(folder)]) == 1
    assert "gone" in capsys.readouterr().err


# --- the real server ------------------------------------------------------------------------------


def binaries() -> Path | None:
    """Return the folder of a PostgreSQL server's programs, if one is installed."""
    places = [Path(found).parent for name in ("initdb",) if (found := shutil.which(name))]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next(
        (place for place in places if all((place / name).exists() for name in BINARIES)), None
    )


@contextmanager
def server(folder: Path) -> Iterator[Any]:
    """Start a server that listens on a socket in a folder; yield what runs psql against it."""
    place = binaries()
    if place is None:
        pytest.skip("No PostgreSQL server is installed (Debian: apt-get install postgresql)")
    user: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "nobody")
        user = {"user": "nobody"}
        folder.chmod(0o777)
    data, plain = folder / "data", {**os.environ, "LC_ALL": "C.UTF-8"}

    def run(*command: object, **options: Any) -> str:
        done = subprocess.run(
            [*map(str, command)],
            cwd=options.get("cwd", folder),
            env=plain,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            **user,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    run(place / "initdb", "-D", data, "-U", "me", "-A", "trust", "-E", "UTF8")
    quiet = ("-D", data, "-w", "-l", folder / "log")
    options = f"-c listen_addresses= -c unix_socket_directories={folder}"
    run(place / "pg_ctl", *quiet, "-o", options, "start")
    try:

        def psql(*arguments: object, cwd: Path) -> str:
            base = ("-h", folder, "-U", "me", "-d", "postgres", "-X", "-v", "ON_ERROR_STOP=1")
            return run(place / "psql", *base, *arguments, cwd=cwd)

        yield psql
    finally:
        run(place / "pg_ctl", *quiet, "-m", "immediate", "stop")


@pytest.fixture
def short() -> Iterator[Path]:
    """Give a folder that any user may enter, with a name short enough for a socket's."""
    with TemporaryDirectory(prefix="pg-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.mark.slow
def test_a_real_server_loads_the_tables_and_gives_them_back(short: Path) -> None:
    folder = short
    file, tables = whole(folder), folder / "tables"
    to_tables(file, tables)
    tables.chmod(0o777)
    for made in tables.iterdir():
        made.chmod(0o666)
    with server(folder) as psql:
        psql("-f", "schema.sql", "-f", "load.sql", cwd=tables)
        asked = "SELECT content->>'text' FROM messages WHERE status = 'draft'"
        assert "Hello 2" in psql("-c", asked, cwd=tables)
        psql("-f", "unload.sql", cwd=tables)
    again = folder / "again.jsonl"
    from_tables(tables, again)
    assert again.read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("{}/file", "."), "both are needed"),
        ((".", "{}"), "both are needed"),
        (("{}/file", "{}/file"), "is no folder"),
        (("{}/gone", "{}/tables"), "There is no file"),
        (("{}/back", "{}/tables", "--back"), "There is no folder"),
        (("{}/nowhere/back", "{}", "--back"), "There is no folder"),
    ],
)
def test_a_place_that_can_not_be_is_refused(
    arguments: tuple[str, ...], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()

    assert postgresql.main([part.format(tmp_path) for part in arguments]) == 1
    assert told in capsys.readouterr().err
