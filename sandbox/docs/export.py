"""The page about exports: each kind of line with its fields, and the tables made of them."""

from __future__ import annotations

from sandbox.docs.data import code, table
from scripts.exports import END, OBJECT, START, text_of
from scripts.tables import TABLES, Table

INTRODUCTION = f"""# Export: what the lines hold

<!-- Generated from chalicelib/repositories/archive.py by `make docs`; changes here are lost. -->

A file of UTF-8, one JSON object a line, keys in alphabetical order, as
[`make export`](../how-to/move.md) writes it and `make import` takes it. It begins with

```json
{text_of(START)}
```

and ends with a line of the kind `{END}` that says how many lines stand between. `kind` says what a
line is. Lines stand in the order of their place in [the table](data.md). Instants are UTC with
milliseconds, fields that end in `_ms` below are whole milliseconds and have no such ending in the
line; what has no value is left out.

Not in it: secrets and tokens, the calendar's months and other index entries, which follow from the
rest, and when an account may send next.

`make csv` makes [tables](../how-to/postgresql.md) of it: one a kind, one column a field.
"""

DELIVERY = "In a line, `message_id`, `channel` and `recipient_id` stand in the object `key`."
PICTURE = "With `missing`, the picture was not there when it was exported, and has no digest."


def render() -> str:
    """Return the page."""
    return "\n".join([INTRODUCTION, *map(_section, TABLES)])


def _section(found: Table) -> str:
    rows = [(code(c.name), c.type, "" if c.required else "may be left out") for c in found.columns]
    more = [found.note]
    if any(len(column.path) > 1 for column in found.columns):
        more.append(DELIVERY)
    if found.kind == OBJECT:
        more.append(PICTURE)
    head = f"## {found.kind}\n\n{' '.join(more)} Table `{found.name}`.\n"
    return "\n".join([head, table(("field", "type", ""), rows), ""])
