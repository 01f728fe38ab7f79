"""The diagrams of the page about the architecture: layers, table, states, stacks."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from chalicelib.domain.states import TABLE
from chalicelib.repositories.patterns import SHAPES, Shape
from infrastructure import synthesised
from infrastructure.synthesised import StackPart, Synthesised
from sandbox.docs import states
from sandbox.docs._blocks import replaced
from sandbox.docs.data import code

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
DRAWN = "prod"
"""The stage that is drawn: it has every stack."""


def told_in(page: str) -> str:
    """Return the page with its diagrams made anew."""
    page = replaced(page, "layers", layers(contracts()))
    page = replaced(page, "keys", keys(SHAPES))
    page = replaced(page, "states", states.diagram(TABLE))
    return replaced(page, "stacks", stacks(synthesised.read()))


def contracts() -> Sequence[Mapping[str, Any]]:
    """Return the rules that import-linter checks."""
    settings = tomllib.loads(PROJECT.read_text("utf-8"))
    found: Sequence[Mapping[str, Any]] = settings["tool"]["importlinter"]["contracts"]
    return found


def layers(rules: Sequence[Mapping[str, Any]]) -> str:
    """Return the layers, the highest first, and the names of all rules."""
    (stacked,) = (rule["layers"] for rule in rules if rule["type"] == "layers")
    nodes = [f'    layer{n}["{names}"]' for n, names in enumerate(["app.py", *stacked])]
    arrows = [f"    layer{n} --> layer{n + 1}" for n in range(len(stacked))]
    return _mermaid("flowchart TB", [*nodes, *arrows]) + "\n".join(
        f"{number}. {rule['name']}." for number, rule in enumerate(rules, 1)
    )


def keys(shapes: Iterable[Shape]) -> str:
    """Return the partitions of the table with their items, and where the indexes find them."""
    lines, found = [], list(enumerate(shapes))
    for number, (partition, held) in enumerate(groupby(found, lambda each: _pk(each[1].key))):
        lines.append(f'    subgraph partition{number}["{partition}"]')
        lines += [f'        item{n}["{shape.name}<br/>{_sk(shape.key)}"]' for n, shape in held]
        lines.append("    end")
    entries: dict[tuple[str, str], list[int]] = {}
    for n, shape in found:
        for index, entry in (("GSI1", shape.gsi1), ("GSI2", shape.gsi2)):
            if entry:
                entries.setdefault((index, _pk(entry)), []).append(n)
    for number, ((index, partition), items) in enumerate(sorted(entries.items())):
        lines.append(f'    entry{number}[("{index}<br/>{partition}")]')
        lines += [f"    item{item} --> entry{number}" for item in items]
    return _mermaid("flowchart LR", lines)


def stacks(stages: Mapping[str, Synthesised]) -> str:
    """Return the graph of the stacks, and what the other stages do without."""
    whole = stages[DRAWN].stacks
    nodes = [f'    {name}["{name}<br/>{_contents(part)}"]' for name, part in whole.items()]
    arrows = [f"    {name} --> {need}" for name, part in whole.items() for need in part.needs]
    lacking = [
        f"- `{stage}` does without: {', '.join(_lacking(whole, made.stacks)) or 'nothing of it'}."
        for stage, made in stages.items()
        if stage != DRAWN
    ]
    return _mermaid("flowchart BT", [*nodes, *arrows]) + "\n".join(lacking)


def _mermaid(kind: str, lines: Iterable[str]) -> str:
    return "\n".join(["```mermaid", kind, *lines, "```", "", ""])


def _pk(key: str) -> str:
    return key.partition(" / ")[0]


def _sk(key: str) -> str:
    return key.partition(" / ")[2]


def _contents(part: StackPart) -> str:
    held = [word if count == 1 else f"{count} {word}s" for word, count in part.holds.items()]
    return "<br/>".join(filter(None, (", ".join(part.functions), ", ".join(held))))


def _lacking(whole: Mapping[str, StackPart], made: Mapping[str, StackPart]) -> list[str]:
    """Return stacks, and kinds of resources of stacks, that are in the whole only."""
    missing = [code(name) for name in whole if name not in made]
    return missing + [
        f"{word} of {code(name)}"
        for name, part in whole.items()
        if name in made
        for word in part.holds
        if word not in made[name].holds
    ]
