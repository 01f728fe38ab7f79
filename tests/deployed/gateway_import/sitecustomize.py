"""Let `chalice deploy` import an API into an emulated AWS that has no way to import one.

Python loads a module of this name by itself when its folder is on PYTHONPATH; it does something
only where EXPAND_IMPORTED_APIS says so, as in these tests. Chalice and botocore stay as they are:
of all their calls two are answered here, by the calls that make the same API piece by piece.

    ImportRestApi   CreateRestApi, then each piece of the document
    PutRestApi      what was there is deleted, then each piece of the document
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace
from typing import Any

SWITCH = "EXPAND_IMPORTED_APIS"
REFUSE = "refuse"
"""Its value where an import is to fail, after Chalice has made everything but the API."""
EXTENSION = "x-amazon-apigateway"
Document = Mapping[str, Any]


def imported(params: Mapping[str, Any], **_: Any) -> tuple[Any, Any]:
    """Answer ImportRestApi."""
    if os.environ[SWITCH] == REFUSE:
        raise ConnectionError("The API can't be imported just now.")
    document, gateway = json.loads(params["body"]), client()
    kind = params["query_string"].get("endpointConfigurationTypes", "REGIONAL")
    api = gateway.create_rest_api(
        name=document["info"]["title"],
        binaryMediaTypes=document.get(f"{EXTENSION}-binary-media-types", []),
        endpointConfiguration={"types": [kind]},
        minimumCompressionSize=1024,
    )
    expand(gateway, api["id"], document)
    return SimpleNamespace(status_code=201), api


def replaced(params: Mapping[str, Any], **_: Any) -> tuple[Any, Any]:
    """Answer PutRestApi as it is asked here: what the document does not name is gone."""
    document, gateway = json.loads(params["body"]), client()
    api = params["url_path"].rpartition("/")[2]
    paths = {each["path"]: each["id"] for each in resources(gateway, api)}
    for path in sorted(paths, key=lambda each: each.count("/"), reverse=True):
        if path != "/":
            gateway.delete_resource(restApiId=api, resourceId=paths[path])
    for authorizer in gateway.get_authorizers(restApiId=api, limit=500)["items"]:
        gateway.delete_authorizer(restApiId=api, authorizerId=authorizer["id"])
    for refusal in gateway.get_gateway_responses(restApiId=api, limit=500).get("items", ()):
        if not refusal.get("defaultResponse"):
            kind = refusal["responseType"]
            gateway.delete_gateway_response(restApiId=api, responseType=kind)
    title = {"op": "replace", "path": "/name", "value": document["info"]["title"]}
    gateway.update_rest_api(restApiId=api, patchOperations=[title])
    expand(gateway, api, document)
    return SimpleNamespace(status_code=200), gateway.get_rest_api(restApiId=api)


def expand(gateway: Any, api: str, document: Document) -> None:
    """Make every piece that a document describes."""
    authorizers = {
        name: authorizer(gateway, api, name, scheme[f"{EXTENSION}-authorizer"])
        for name, scheme in document.get("securityDefinitions", {}).items()
    }
    known = {each["path"]: each["id"] for each in resources(gateway, api)}
    for path, methods in document["paths"].items():
        resource = place(gateway, api, path, known)
        for verb, operation in methods.items():
            where = {"restApiId": api, "resourceId": resource, "httpMethod": verb.upper()}
            method(gateway, where, operation, authorizers)


def place(gateway: Any, api: str, path: str, known: dict[str, str]) -> str:
    """Return the resource of a path; make it and those above it where they are missing."""
    if path not in known:
        above, _, part = path.rpartition("/")
        parent = place(gateway, api, above or "/", known)
        made = gateway.create_resource(restApiId=api, parentId=parent, pathPart=part)
        known[path] = made["id"]
    return known[path]


def authorizer(gateway: Any, api: str, name: str, described: Document) -> str:
    """Make one authorizer and return its id."""
    made = gateway.create_authorizer(
        restApiId=api,
        name=name,
        type=described["type"].upper(),
        providerARNs=described["providerARNs"],
        identitySource="method.request.header.Authorization",
    )
    return str(made["id"])


def method(
    gateway: Any, where: Mapping[str, str], operation: Document, authorizers: Mapping[str, str]
) -> None:
    """Make one method with what is behind it."""
    asked = [name for each in operation.get("security", ()) for name in each if name in authorizers]
    guard: dict[str, str] = {"authorizationType": "NONE"}
    if asked:
        guard = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": authorizers[asked[0]]}
    gateway.put_method(**where, **guard)
    for status, answer in operation.get("responses", {}).items():
        told = {f"method.response.header.{name}": False for name in answer.get("headers", {})}
        gateway.put_method_response(**where, statusCode=status, responseParameters=told)
    behind = operation[f"{EXTENSION}-integration"]
    verb = behind.get("httpMethod")
    wanted = {
        "type": behind["type"].upper(),
        "integrationHttpMethod": verb,
        "uri": behind.get("uri"),
        "requestTemplates": behind.get("requestTemplates"),
        "passthroughBehavior": behind.get("passthroughBehavior", "").upper() or None,
        "contentHandling": behind.get("contentHandling"),
    }
    gateway.put_integration(**where, **{n: v for n, v in wanted.items() if v is not None})
    for answer in behind["responses"].values():
        if behind["type"] == "mock":
            gateway.put_integration_response(
                **where,
                statusCode=str(answer["statusCode"]),
                responseParameters=answer.get("responseParameters", {}),
                responseTemplates=answer.get("responseTemplates", {}),
            )


def resources(gateway: Any, api: str) -> Iterable[Mapping[str, Any]]:
    """Return every resource of an API."""
    found: Iterable[Mapping[str, Any]] = gateway.get_resources(restApiId=api, limit=500)["items"]
    return found


def client() -> Any:
    """Return a client of the emulated AWS."""
    import botocore.session

    return botocore.session.Session().create_client("apigateway")


def answering(make: Callable[..., None]) -> Callable[..., None]:
    """Let every session that is made answer both calls."""

    def made(session: Any, *arguments: Any, **named: Any) -> None:
        make(session, *arguments, **named)
        session.register("before-call.api-gateway.ImportRestApi", imported)
        session.register("before-call.api-gateway.PutRestApi", replaced)

    return made


if os.environ.get(SWITCH):
    from botocore.session import Session

    Session.__init__ = answering(Session.__init__)  # type: ignore[method-assign]
