"""Turn an export into files for PostgreSQL, and such files into an export again.

    python -m scripts.postgresql everything.jsonl tables           tables/*.csv, *.sql
    psql -d publisher -f tables/schema.sql -f tables/load.sql      in that folder
    python -m scripts.postgresql everything.jsonl tables --back

The CSV files are what ``COPY … CSV HEADER`` reads and writes: NULL is nothing at all, an empty text
is ``""``. The way back ends in the same bytes.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from chalicelib.repositories.archive import read_record
from scripts.exports import LAST, OBJECT, text_of, write
from scripts.imports import MOST_FAULTS, Malformed, check, read_object
from scripts.sorting import Placed
from scripts.tables import OBJECTS, TABLES, Table

_FIELD = re.compile(r'"((?:[^"]|"")*)"|([^",]*)')


# --- there ----------------------------------------------------------------------------------------


def to_tables(file: Path, folder: Path) -> Counter[str]:
    """Write the tables of a checked export, and the SQL around them; return how many rows each."""
    check(file)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schema.sql").write_text(schema(), "utf-8")
    (folder / "load.sql").write_text(loading(), "utf-8")
    (folder / "unload.sql").write_text(unloading(), "utf-8")
    by_kind = {table.kind: table for table in TABLES}
    counts: Counter[str] = Counter({table.name: 0 for table in TABLES})
    with ExitStack() as stack, file.open(encoding="utf-8") as lines:
        files = {
            kind: stack.enter_context(_opened(folder, table)) for kind, table in by_kind.items()
        }
        for text in lines:
            line = json.loads(text)
            table = by_kind.get(line["kind"])
            if table is not None:
                files[table.kind].write(_csv(table.row(line)))
                counts[table.name] += 1
    return counts


def _opened(folder: Path, table: Table) -> TextIO:
    file = (folder / f"{table.name}.csv").open("w", encoding="utf-8", newline="")
    file.write(_csv(table.header))
    return file


def _csv(values: Sequence[str | None]) -> str:
    return ",".join("" if value is None else _quoted(value) for value in values) + "\n"


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


# --- and back -------------------------------------------------------------------------------------


def from_tables(folder: Path, file: Path) -> Counter[str]:
    """Write the export that a folder of tables stands for; `Malformed` names table and row."""
    faults: list[str] = []
    counts = write(_lines(folder, faults), file.with_name(f"{file.name}.new"), _never)
    made = file.with_name(f"{file.name}.new")
    if faults:
        made.unlink()
        raise Malformed("\n".join(faults[:MOST_FAULTS]))
    made.replace(file)
    return counts


def _never(ref: str) -> str:
    raise AssertionError(f"{ref} has its own line")


def _lines(folder: Path, faults: list[str]) -> Iterator[Placed]:
    for table in TABLES:
        place = folder / f"{table.name}.csv"
        with place.open(encoding="utf-8", newline="") as lines:
            for number, row in enumerate(rows(lines)):
                try:
                    if number == 0:
                        if row != table.header:
                            faults.append(f"{place.name}: its header must be {table.header}")
                        continue
                    yield _placed(table, row)
                except (ValueError, KeyError) as error:
                    faults.append(f"{place.name}, row {number}: {error}")


def _placed(table: Table, row: Sequence[str | None]) -> Placed:
    line = table.line(row)
    found = read_object(line) if table is OBJECTS else read_record(line)
    if isinstance(found, list):
        raise ValueError("; ".join(f"{flaw.pointer} {flaw.what}" for flaw in found))
    place = (LAST, str(line["ref"])) if line["kind"] == OBJECT else tuple(found.place)  # type: ignore[union-attr] # a record
    return (place[0], place[1]), text_of(line)


def rows(lines: Iterator[str] | TextIO) -> Iterator[list[str | None]]:
    """Yield the rows of a CSV file; what is not there at all is None, an empty text is quoted."""
    text = ""
    for line in lines:
        text += line
        if text.count('"') % 2 == 0:
            yield list(_values(text.rstrip("\r\n")))
            text = ""
    if text:
        raise ValueError("a quote is never closed")


def _values(text: str) -> Iterator[str | None]:
    at = 0
    while True:
        found = _FIELD.match(text, at)
        if found is None or (found.end() < len(text) and text[found.end()] != ","):
            raise ValueError(f"what stands at character {at + 1} is no CSV")
        quoted, bare = found.groups()
        yield quoted.replace('""', '"') if quoted is not None else bare or None
        if found.end() == len(text):
            return
        at = found.end() + 1


# --- SQL ------------------------------------------------------------------------------------------


def schema() -> str:
    """Return the statements that make the tables, with what each is."""
    return "\n\n".join(["BEGIN;", *map(_table, TABLES), "COMMIT;", ""])


def _table(table: Table) -> str:
    columns = [
        f'    "{column.name}" {column.type}{" NOT NULL" if column.required else ""}'
        + (" REFERENCES messages" if column.name == table.parent else "")
        for column in table.columns
    ]
    is_key = all("(" not in part for part in table.unique)
    if is_key:
        columns.append(f"    PRIMARY KEY ({', '.join(table.unique)})")
    made = f"CREATE TABLE {table.name} (\n" + ",\n".join(columns) + "\n);"
    note = table.note.replace("'", "''")
    lines = [made, f"COMMENT ON TABLE {table.name} IS '{note}';"]
    if not is_key:
        lines.insert(1, f"CREATE UNIQUE INDEX ON {table.name} ({', '.join(table.unique)});")
    return "\n".join(lines)


def loading() -> str:
    """Return psql's commands that load the files, all or none."""
    copies = [
        f"\\copy {table.name} ({_names(table)}) FROM '{table.name}.csv' WITH (FORMAT csv, HEADER)"
        for table in TABLES
    ]
    return "\n".join(["BEGIN;", *copies, "COMMIT;", ""])


def unloading() -> str:
    """Return psql's commands that write the files anew, of one instant."""
    copies = [
        f"\\copy {table.name} ({_names(table)}) TO '{table.name}.csv' WITH (FORMAT csv, HEADER)"
        for table in TABLES
    ]
    settings = ["SET TIME ZONE 'UTC';", "SET DateStyle = 'ISO';"]
    begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    return "\n".join([*settings, begin, *copies, "COMMIT;", ""])


def _names(table: Table) -> str:
    return ", ".join(f'"{name}"' for name in table.header)


# --- the command ----------------------------------------------------------------------------------


def _require_places(options: argparse.Namespace) -> None:
    """Refuse a file or folder that can't be what it is named for, before anything is done."""
    file, folder = options.file, options.folder
    if Path() in (file, folder):
        raise ValueError("FILE says which file, FOLDER where the tables are: both are needed.")
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder} is no folder: FOLDER says where the tables are.")
    if options.back and not folder.is_dir():
        raise ValueError(f"There is no folder {folder}.")
    if options.back and not file.parent.is_dir():
        raise ValueError(f"There is no folder {file.parent}.")
    if not options.back and not file.is_file():
        raise ValueError(f"There is no file {file}.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Turn one into the other, tell how much there was, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.postgresql",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, help="the file of JSON lines")
    parser.add_argument("folder", type=Path, help="the folder of the tables")
    parser.add_argument("--back", action="store_true", help="from the folder to the file")
    options = parser.parse_args(arguments)
    turn = from_tables if options.back else to_tables
    source = options.folder if options.back else options.file
    try:
        _require_places(options)
        counts = turn(source, options.file if options.back else options.folder)
    except (Malformed, OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name, count in counts.items():
        sys.stdout.write(f"{count:8} {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
