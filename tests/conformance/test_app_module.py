"""``app.py`` is a table of contents: doors and nothing behind them."""

from __future__ import annotations

import ast
import gc
from pathlib import Path

import pytest

import app as doors

SOURCE = Path(doors.__file__).read_text("utf-8")
TREE = ast.parse(SOURCE)
FUNCTIONS = [node for node in TREE.body if isinstance(node, ast.FunctionDef)]
ALLOWED = {
    "__future__",
    "gc",
    "os",
    "sys",
    "collections.abc",
    "functools",
    "typing",
    "chalice.app",
    "chalicelib",
    "chalicelib.edge",
    # The wire formats of the stream and of object keys belong to the gateways that write them.
    "chalicelib.gateways.media",
    "chalicelib.gateways.stream",
    "sandbox",
    "infrastructure.native",
}
FROM_CHALICELIB = {"__version__", "edge", "precompiled", "settings", "wiring"}
LONGEST_BODY = 8
HANDLERS = {"deliver", "release_due", "prepare_media", "hear_mail"}
EVENT_SOURCES = {"on_kinesis_record", "schedule", "on_cw_event", "on_sns_message"}


def statements(function: ast.FunctionDef) -> list[ast.stmt]:
    """Return every statement of a body but its docstring, nested ones included."""
    inside = [node for node in ast.walk(function) if isinstance(node, ast.stmt)]
    return [node for node in inside if node is not function and node is not function.body[0]]


def decorators(function: ast.FunctionDef) -> list[str]:
    calls = [d.func if isinstance(d, ast.Call) else d for d in function.decorator_list]
    return [ast.unparse(call) for call in calls]


def guarded() -> list[ast.If]:
    return [node for node in TREE.body if isinstance(node, ast.If)]


def test_it_imports_only_what_a_table_of_contents_needs() -> None:
    imports = [node for node in ast.walk(TREE) if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in imports:
        modules = [n.name for n in node.names] if isinstance(node, ast.Import) else [node.module]
        assert set(modules) <= ALLOWED
        if isinstance(node, ast.ImportFrom) and node.module == "chalicelib":
            assert {name.name for name in node.names} <= FROM_CHALICELIB


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_body_is_a_handful_of_statements(function: ast.FunctionDef) -> None:
    assert len(statements(function)) <= LONGEST_BODY


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_body_decides_nothing(function: ast.FunctionDef) -> None:
    deciding = (ast.If, ast.IfExp, ast.For, ast.While, ast.Try)
    assert not [node for node in ast.walk(function) if isinstance(node, deciding)]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_function_says_what_it_promises(function: ast.FunctionDef) -> None:
    assert ast.get_docstring(function)


def test_what_is_not_deployed_is_let_in_by_exactly_three_guarded_statements() -> None:
    guards = guarded()
    assert [ast.unparse(guard.test) for guard in guards] == [
        "sandboxed()",
        "unsupplied()",
        "sandboxed()",
    ]
    assert [ast.unparse(guard).split("\n    ")[1:] for guard in guards] == [
        ["from sandbox import environment", "environment.fill()"],
        ["from infrastructure.native import handover", "handover.hand_over()"],
        ["from sandbox import attach", "attach.attach(app)"],
    ]
    assert (SOURCE.count("sandbox import"), SOURCE.count("infrastructure")) == (2, 1)


def test_the_environment_is_filled_before_settings_are_imported() -> None:
    settings = next(
        node
        for node in TREE.body
        if isinstance(node, ast.ImportFrom) and "settings" in {name.name for name in node.names}
    )
    assert guarded()[0].lineno < settings.lineno


def test_the_sandbox_is_attached_at_the_very_end() -> None:
    assert TREE.body[-1] is guarded()[-1]


def test_garbage_is_collected_once_it_is_imported_but_not_looked_for_in_what_was() -> None:
    assert gc.isenabled()
    assert gc.get_freeze_count() > len(doors.app.routes)


@pytest.mark.parametrize(
    ("environment", "arguments", "expected"),
    [
        ({"AWS_CHALICE_CLI_MODE": "true"}, ["chalice", "local"], True),
        ({"AWS_CHALICE_CLI_MODE": "true"}, ["chalice", "deploy"], False),
        ({"AWS_CHALICE_CLI_MODE": "true"}, ["local"], False),
        ({}, ["chalice", "local"], False),
        (
            {"AWS_CHALICE_CLI_MODE": "true", "AWS_LAMBDA_FUNCTION_NAME": "api"},
            ["chalice", "local"],
            False,
        ),
    ],
)
def test_only_chalice_local_counts_as_sandboxed(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    arguments: list[str],
    expected: bool,
) -> None:
    for name in ("AWS_CHALICE_CLI_MODE", "AWS_LAMBDA_FUNCTION_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", arguments)
    assert doors.sandboxed() is expected


@pytest.mark.parametrize(
    ("arguments", "pool", "expected"),
    [
        (["chalice", "deploy", "--stage", "prod"], doors.EXAMPLE, True),
        (["chalice", "deploy"], None, True),
        (["chalice", "deploy"], "arn:aws:cognito-idp:eu-west-1:210987654321:userpool/a", False),
        (["chalice", "package", "--stage", "prod", "out"], doors.EXAMPLE, False),
        (["chalice", "local"], doors.EXAMPLE, False),
    ],
)
def test_only_chalice_deploy_without_an_account_counts_as_unsupplied(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], pool: str | None, expected: bool
) -> None:
    monkeypatch.setenv("AWS_CHALICE_CLI_MODE", "true")
    monkeypatch.delenv("USER_POOL_ARN", raising=False)
    if pool is not None:
        monkeypatch.setenv("USER_POOL_ARN", pool)
    monkeypatch.setattr("sys.argv", arguments)
    assert doors.unsupplied() is expected


def test_every_handler_that_is_no_route_stands_in_app_py_itself() -> None:
    sources = {config.handler_string for config in doors.app.event_sources}
    assert sources == {f"app.{name}" for name in HANDLERS}
    written = {
        f.name for f in FUNCTIONS if {d.split(".")[-1] for d in decorators(f)} & EVENT_SOURCES
    }
    assert written == HANDLERS
    assert [f.handler_string for f in doors.app.pure_lambda_functions] == [
        "app.replay",
        "app.adapt",
    ]


def test_every_handler_of_live_connections_stands_in_app_py_itself() -> None:
    handlers = doors.app.websocket_handlers.values()
    assert {handler.handler_string for handler in handlers} == {"app.join", "app.hear", "app.leave"}
    written = [d for f in FUNCTIONS for d in decorators(f) if d.startswith("app.on_ws_")]
    assert written == ["app.on_ws_connect", "app.on_ws_message", "app.on_ws_disconnect"]


def test_every_route_is_decorated_in_app_py_itself() -> None:
    written = {f.name for f in FUNCTIONS if "app.route" in decorators(f)}
    registered = {
        entry.view_name for methods in doors.app.routes.values() for entry in methods.values()
    }
    assert written == registered


def test_the_stream_consumer_reads_as_the_architecture_says() -> None:
    consumer = next(c for c in doors.app.event_sources if c.name == "deliver")
    assert consumer.batch_size == 10
    assert consumer.maximum_batching_window_in_seconds == 5
    assert consumer.starting_position == "TRIM_HORIZON"


def test_the_schedule_is_every_minute() -> None:
    schedule = next(c for c in doors.app.event_sources if c.name == "release_due")
    assert schedule.schedule_expression.to_string() == "rate(1 minute)"
