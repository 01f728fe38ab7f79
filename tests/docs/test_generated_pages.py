"""The generated pages are what the code says today."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from chalicelib import channels as channel_package
from chalicelib.channels import CHANNELS
from chalicelib.domain.errors import PublisherError
from chalicelib.domain.states import IN_DOUBT_TABLE, PARENT_TABLE, TABLE, Event, Status
from chalicelib.repositories.patterns import SHAPES
from chalicelib.settings import Settings
from sandbox.docs import __main__ as generator
from sandbox.docs import architecture, security
from sandbox.docs import errors as errors_page
from sandbox.docs import sandbox as sandbox_page
from sandbox.docs import settings as settings_page
from sandbox.docs import states as states_page
from sandbox.platforms.engine.doors import Doors
from sandbox.platforms.engine.faults import Kind
from sandbox.platforms.engine.outside import Outside
from tests.conformance.test_errors import FAMILY
from tests.docs.pages import ROOT, name, page

MADE = generator.pages()


@pytest.mark.parametrize("place", MADE, ids=name)
def test_a_generated_page_is_up_to_date(place: Path) -> None:
    assert place.read_text("utf-8") == MADE[place], "run: make docs"


def test_every_page_of_the_reference_is_generated() -> None:
    pages = {*generator.REFERENCE.glob("*.md"), *generator.WRITTEN}
    assert {*pages, generator.OPENAPI} == set(MADE)


def test_every_step_of_the_state_tables_is_in_the_diagram_or_stays() -> None:
    for steps in (TABLE, PARENT_TABLE, IN_DOUBT_TABLE):
        drawn = states_page.diagram(steps)
        moves = {(source, target) for (source, _), target in steps.items() if source != target}
        assert all(f"    {source} --> {target} : " in drawn for source, target in moves)


def test_every_item_of_the_table_is_drawn_once_and_leads_to_its_indexes() -> None:
    drawn = architecture.keys(SHAPES)
    entries = [entry for shape in SHAPES for entry in (shape.gsi1, shape.gsi2) if entry]
    assert [shape.name for shape in SHAPES if drawn.count(f'["{shape.name}<br/>') != 1] == []
    assert drawn.count(" --> entry") == len(entries)


@pytest.mark.parametrize("function", security.policies())
def test_every_statement_about_a_function_has_its_row(function: str) -> None:
    rows = security.permissions().splitlines()
    told = [row for row in rows if row.startswith((f"| `{function}` |", "| every function |"))]
    assert len(told) == len(security.policies()[function])


def test_every_status_and_event_is_explained() -> None:
    assert set(states_page.STATUSES) == set(Status)
    assert set(states_page.EVENTS) == set(Event)


def test_every_door_and_every_fault_of_the_sandbox_is_told(tmp_path: Path) -> None:
    outside = Outside(tmp_path)
    controls = Doors(outside).controls
    outside.stop()
    assert set(sandbox_page.DOORS) == set(controls)
    assert list(sandbox_page.FAULTS) == list(Kind)


def test_every_public_error_code_has_its_row() -> None:
    text = page("reference/errors.md")
    assert [kind.code for kind in FAMILY if f"| `{kind.code}` |" not in text] == []


def test_advice_is_given_for_errors_that_exist_only() -> None:
    assert set(errors_page.ADVICE) <= {kind for _, kind in errors_page.tree(PublisherError)}


def test_a_setting_is_told_by_its_docstring_or_here_but_not_twice() -> None:
    fields, told = set(Settings.model_fields), set(settings_page.docstrings(Settings))
    assert told | set(settings_page.WORDS) == fields
    assert not told & set(settings_page.WORDS)


def test_every_channel_of_the_package_is_in_the_matrix() -> None:
    assert channel_package.__file__ is not None
    modules = {path.stem for path in Path(channel_package.__file__).parent.glob("[!_]*.py")}
    text = page("reference/channels.md")
    assert modules == {*CHANNELS}
    assert all(f"| `{channel}` |" in text for channel in CHANNELS)


def test_the_page_of_commands_lists_what_make_help_prints() -> None:
    printed = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    said = [tuple(line.removeprefix("make ").split(maxsplit=1)) for line in printed.splitlines()]
    text = page("reference/commands.md")
    assert said
    escaped = [(target, line.replace("|", "\\|")) for target, line in said]
    assert all(f"| `make {target}` | {line} |" in text for target, line in escaped)
