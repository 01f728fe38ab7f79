"""Which AWS services the shipped code calls, read from the code itself.

A service is named where a client or a call is made: ``_client("s3")``, ``AwsCall("sns", …)``. Code
that passes a name on calls it `service`; any other way to choose one can't be read, and is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from infrastructure.packaging.target import PackagingError

MAKERS = frozenset({"AwsCall", "_client", "_late", "client", "create_client"})
SDK = ("boto3", "botocore", "s3transfer")
"""They make whatever client they are asked for, and name services in examples only."""


def called(dependencies: Path, code: Path) -> frozenset[str]:
    """Return the services that the Python files of both folders name."""
    names: set[str] = set()
    for path in sorted(code.rglob("*.py")):
        names.update(_named(path, strictly=True))
    for path in sorted(dependencies.rglob("*.py")):
        if path.relative_to(dependencies).parts[0] not in SDK:
            names.update(_named(path, strictly=False))
    return frozenset(names)


def _named(path: Path, *, strictly: bool) -> Iterator[str]:
    source = path.read_text("utf-8")
    if not any(f"{maker}(" in source for maker in MAKERS):
        return
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and _callee(node) in MAKERS):
            continue
        match _service(node):
            case ast.Constant(value=str(name)):
                yield name
            case ast.Name(id="service") | ast.Attribute(attr="service"):
                pass  # handed on by whoever named it
            case _ if strictly:
                raise PackagingError(
                    f"{path.name}:{node.lineno} makes an AWS client whose service can't be read "
                    "from the code. Name it there, or pass it on as `service`."
                )


def _callee(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _service(call: ast.Call) -> ast.expr | None:
    if call.args:
        return call.args[0]
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    return named.get("service") or named.get("service_name")
