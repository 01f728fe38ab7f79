"""OpenAPI 3.1 of the whole API, made from the registered routes, the operations and the models."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from http import HTTPStatus
from inspect import cleandoc
from typing import Any

from chalice.app import Chalice, RouteEntry
from pydantic import TypeAdapter

from chalicelib.domain.identity import Role
from chalicelib.edge import answers, headers, problems, webhooks
from chalicelib.edge.bodies import Edit
from chalicelib.edge.fields import CHANNEL_FORMAT
from chalicelib.edge.operations import OPERATIONS, Operation

_ITSELF = "OpenApiDocument"
_REF = "#/components/schemas/{model}"
_DESCRIPTION = """\
Announces a community's achievements on every channel, exactly once per channel.

Every error is a problem document (RFC 9457) with a stable `code`; a 400 lists every fault with its
JSON pointer. Lists end only with a null `next_cursor`. A POST that takes an `Idempotency-Key` gives
the first answer again, with `Idempotent-Replayed: true`.
"""
_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "ETag": {"description": "The revision, to be sent back as If-Match."},
    "Location": {"description": "Where the new object can be read."},
    headers.REPLAYED: {"description": "`true` if this is the first answer once more."},
    headers.CORRELATION: {"description": "Finds this request in logs and timelines."},
    "Retry-After": {"description": "After how many seconds another try makes sense."},
}
_PROBLEMS: Mapping[int, str] = {
    400: "The request is not valid; `errors` lists every fault.",
    401: "No valid ID token, or signature.",
    403: "The caller's role does not allow this.",
    404: "There is no such object for this caller.",
    409: "The request does not fit the present state.",
    412: "If-Match names a revision that is not the current one.",
    413: "The body is larger than 256 kB.",
    415: "The body is not JSON.",
    422: "The Idempotency-Key was used with another body.",
    428: "If-Match is missing.",
    500: "Something went wrong on our side.",
    503: "Our storage is not available; try again.",
}


def document(
    app: Chalice, channels: Collection[str], *, version: str, server_url: str
) -> answers.OpenApiDocument:
    """Return the document; every registered route is in it but those that speak OAuth."""
    refs, schemas = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for path, methods in sorted(app.routes.items()):
        for method, entry in methods.items():
            if OPERATIONS[entry.view_name].bridge:
                continue
            item = paths.setdefault(path, {})
            item[method.lower()] = _operation(entry, refs)
    found: answers.OpenApiDocument = {
        "openapi": "3.1.0",
        "info": {
            "title": "Omnichannel Publisher",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server_url}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "idToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An ID token of the user pool, with or without `Bearer`.",
                }
            },
        },
    }
    _name_channels(found, sorted(channels))
    return found


def _schemas() -> tuple[dict[Any, Any], dict[str, Any]]:
    """Return each model's schema, mostly a reference, and all the definitions."""
    kinds: dict[str, Any] = {"Problem": problems.Problem}
    for operation in OPERATIONS.values():
        if operation.gives is not None and operation.gives != _ITSELF:
            kinds[operation.gives] = getattr(answers, operation.gives)
        kinds.update((kind.__name__, kind) for kind in operation.takes)
    inputs = [(name, "validation", TypeAdapter(kind)) for name, kind in kinds.items()]
    refs, definitions = TypeAdapter.json_schemas(inputs, ref_template=_REF)  # type: ignore[arg-type]
    return {name: ref for (name, _), ref in refs.items()}, definitions["$defs"]


def _operation(entry: RouteEntry, refs: Mapping[str, Any]) -> dict[str, Any]:
    operation = OPERATIONS[entry.view_name]
    summary, _, description = cleandoc(entry.view_function.__doc__ or "").partition("\n")
    found: dict[str, Any] = {
        "operationId": entry.view_name,
        "tags": [_tag(entry.uri_pattern)],
        "summary": summary,
        "parameters": list(_parameters(entry, operation)),
        "responses": _responses(entry, operation, refs),
    }
    if description.strip():
        found["description"] = description.strip()
    if entry.authorizer is not None:
        found["security"] = [{"idToken": []}]
        found["x-role"] = operation.role.value
    if operation.takes:
        found["requestBody"] = _body(operation, refs)
    elif _is_signed(entry, operation):
        content = {"application/json": {"schema": {"type": "object"}}}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _is_signed(entry: RouteEntry, operation: Operation) -> bool:
    """Return whether a platform sends a body, and proves that it is its own."""
    return operation.webhook and entry.method == "POST"


def _tag(path: str) -> str:
    return path.removeprefix("/api/v1").split("/")[1].partition(".")[0]


def _parameters(entry: RouteEntry, operation: Operation) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{(\w+)}", entry.uri_pattern):
        schema: dict[str, Any] = {"type": "string"}
        if name == "channel":
            schema["format"] = CHANNEL_FORMAT
        elif name not in ("token", "recipient_id"):
            schema["format"] = "uuid"
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    for parameter in operation.query:
        yield {
            "name": parameter.name,
            "in": "query",
            "description": parameter.description,
            "schema": dict(parameter.schema),
        }
    if operation.repeatable:
        yield _header("Idempotency-Key", "Makes this request safe to send again.", 255)
    if operation.if_match:
        header = _header("If-Match", 'The ETag that was read, like `"1"`.', 66)
        yield {**header, "required": operation.if_match == "required"}
    if _is_signed(entry, operation):
        described = "`sha256=` and the hexadecimal HMAC of the body, with the app's secret as key."
        yield {**_header(webhooks.SIGNATURE, described, 71), "required": True}


def _header(name: str, description: str, max_length: int) -> dict[str, Any]:
    schema = {"type": "string", "minLength": 1, "maxLength": max_length}
    return {"name": name, "in": "header", "description": description, "schema": schema}


def _body(operation: Operation, refs: Mapping[str, Any]) -> dict[str, Any]:
    kinds = [refs[model.__name__] for model in operation.takes]
    schema = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    required = all(
        issubclass(model, Edit) or any(field.is_required() for field in model.model_fields.values())
        for model in operation.takes
    )
    return {"required": required, "content": {"application/json": {"schema": schema}}}


def _responses(entry: RouteEntry, operation: Operation, refs: Mapping[str, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {
        "description": HTTPStatus(operation.status).phrase,
        "headers": {name: _shown(name) for name in _success_headers(operation)},
    }
    if operation.gives == _ITSELF:
        success["content"] = {"application/json": {"schema": {"type": "object"}}}
    elif operation.gives is not None:
        success["content"] = {"application/json": {"schema": refs[operation.gives]}}
    found = {str(operation.status): success}
    if operation.webhook:
        success["content"] = {"text/plain": {"schema": {"type": "string"}}}
    if operation.is_page:
        success["content"] = {"text/html": {"schema": {"type": "string"}}}
        found["404"] = {**success, "description": "The link is not, or no longer, valid."}
    for status in _problem_statuses(entry, operation):
        names = [headers.CORRELATION, *(["Retry-After"] if status in (409, 503) else [])]
        found[str(status)] = {
            "description": _PROBLEMS[status],
            "headers": {name: _shown(name) for name in names},
            "content": {problems.PROBLEM_JSON: {"schema": refs["Problem"]}},
        }
    return found


def _success_headers(operation: Operation) -> Iterator[str]:
    yield headers.CORRELATION
    if operation.etag:
        yield "ETag"
    if operation.location:
        yield "Location"
    if operation.repeatable:
        yield headers.REPLAYED


def _shown(name: str) -> dict[str, Any]:
    return {**_HEADERS[name], "schema": {"type": "string"}}


def _problem_statuses(entry: RouteEntry, operation: Operation) -> list[int]:
    """Return which problems a route may answer with."""
    signed_in = entry.authorizer is not None
    conditions = {
        400: signed_in,
        401: signed_in or _is_signed(entry, operation),
        403: operation.role is not Role.MEMBER or bool(operation.query),
        404: signed_in and "{" in entry.uri_pattern,
        409: operation.conflicts,
        412: operation.if_match is not None,
        413: bool(operation.takes) or _is_signed(entry, operation),
        415: bool(operation.takes),
        422: operation.repeatable,
        428: operation.if_match == "required",
        500: True,
        503: signed_in or operation.webhook or "{" in entry.uri_pattern,
    }
    return [status for status, holds in conditions.items() if holds]


def _name_channels(part: Any, names: Collection[str]) -> None:
    """List the channels there are wherever a schema asks for one."""
    if isinstance(part, dict):
        if part.get("format") == CHANNEL_FORMAT:
            del part["format"]
            part["enum"] = list(names)
        for value in part.values():
            _name_channels(value, names)
    elif isinstance(part, list):
        for value in part:
            _name_channels(value, names)
